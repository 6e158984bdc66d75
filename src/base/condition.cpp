// condition.cpp - building conditions, and printing them with no more brackets than they need.
//
// Two conditions are equal if their texts are. So that equal texts judge alike, what prints alike is made
// alike when a condition is built: money and instants become their text, whole numbers integers, and what
// holds always or never loses its reason.
#include <weir/condition.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <ostream>
#include <string_view>
#include <utility>
#include <vector>

#include "base/condition_node.hpp"
#include "base/condition_words.hpp"
#include "base/text.hpp"

namespace weir::inline v1 {
namespace {

using node = condition::node;
using junction = node::junction;
using relation = node::relation;

using tree = std::shared_ptr<const node>;  // as in a condition: none holds always

// Nothing is one of nothing, and only this leaf has an empty list.
tree never() {
    const auto n = std::make_shared<node>();
    n->is_leaf = true;
    n->rel = relation::one_of;
    return n;
}
bool is_never(const node* n) {
    return n != nullptr && n->is_leaf && n->rel == relation::one_of && n->values.empty();
}

bool is_junction(const node& n, junction join) { return !n.is_leaf && n.join == join; }

tree negated(const tree& a) {
    if (a == nullptr) return never();
    if (is_never(a.get())) return nullptr;
    if (is_junction(*a, junction::none)) return a->children.front();
    const auto n = std::make_shared<node>();
    n->join = junction::none;
    n->children = {a};
    return n;
}

tree joined(junction join, const tree& a, const tree& b) {
    const auto decides = [join](const tree& t) {
        return join == junction::all ? is_never(t.get()) : t == nullptr;
    };
    const auto has_no_say = [join](const tree& t) {
        return join == junction::all ? t == nullptr : is_never(t.get());
    };
    if (decides(a) || has_no_say(b)) return a;
    if (decides(b) || has_no_say(a)) return b;
    const auto n = std::make_shared<node>();
    n->join = join;
    n->children = {a, b};
    return n;
}

bool is_order(relation r) {
    return r == relation::less || r == relation::at_most || r == relation::more || r == relation::at_least;
}

bool is_finite(const value& v) {
    const double* number = v.get<double>();
    return number == nullptr || std::isfinite(*number);
}

value canonical(const value& v) {
    if (v.get<money>() != nullptr || v.get<instant>() != nullptr) return to_string(v);
    constexpr double beyond_integers = 9223372036854775808.0;
    const double* number = v.get<double>();
    if (number == nullptr || std::trunc(*number) != *number) return v;
    if (*number < -beyond_integers || *number >= beyond_integers) return v;
    return static_cast<std::int64_t>(*number);
}

// Infinity has no text, but every number lies on one side of it: `a < infinity` becomes `a <= the largest
// number`. False if no number is on the side that is asked for.
bool replace_infinity(relation& rel, value& v) {
    const double* number = v.get<double>();
    if (number == nullptr || !std::isinf(*number)) return true;
    const bool above_all = *number > 0;
    const bool asks_below = rel == relation::less || rel == relation::at_most;
    if (above_all != asks_below) return false;
    rel = above_all ? relation::at_most : relation::at_least;
    v = above_all ? std::numeric_limits<double>::max() : std::numeric_limits<double>::lowest();
    return true;
}

// Drops what no attribute can equal.
void keep_comparable(std::vector<value>& values) {
    const auto in_vain = [](const value& v) { return v.missing() || !is_finite(v); };
    values.erase(std::remove_if(values.begin(), values.end(), in_vain), values.end());
}

}  // namespace

// Keeps what lies below a node that nobody else has, until the node itself is gone.
condition::node::~node() {
    std::vector<tree> below = std::move(children);
    while (!below.empty()) {
        const tree last = std::move(below.back());
        below.pop_back();
        if (last.use_count() > 1) continue;
        for (const tree& child : last->children)
            if (!child->is_leaf) below.push_back(child);
    }
}

std::vector<condition> condition::node::terms(const condition& c) {
    std::vector<condition> out;
    std::vector<tree> open;
    if (c.node_) open.push_back(c.node_);
    while (!open.empty()) {
        const tree next = std::move(open.back());
        open.pop_back();
        if (!next->is_leaf && next->join == junction::all) {
            open.insert(open.end(), next->children.rbegin(), next->children.rend());
            continue;
        }
        out.emplace_back().node_ = next;
    }
    return out;
}

condition condition::combine(junction join, const condition& a, const condition& b) {
    condition c;
    c.node_ = join == junction::none ? negated(a.node_) : joined(join, a.node_, b.node_);
    return c;
}

condition condition::leaf(bool of_lead, const std::string& name, relation rel, std::vector<value> values) {
    bool vain = is_order(rel) && !replace_infinity(rel, values.front());
    if (rel != relation::exists) {
        keep_comparable(values);
        vain = vain || values.empty();
    }
    condition c;
    if (vain) {
        if (rel != relation::unequal) c.node_ = never();
        return c;
    }
    std::transform(values.begin(), values.end(), values.begin(), canonical);
    const auto n = std::make_shared<node>();
    n->is_leaf = true;
    n->of_lead = of_lead;
    n->attribute = name;
    n->rel = rel;
    n->values = std::move(values);
    c.node_ = n;
    return c;
}

namespace {

// How strongly a printed node holds together; a weaker one inside a stronger needs brackets.
enum class binding { any, all, comparison, prefix };

binding binding_of(const node& n) {
    if (n.is_leaf) return n.rel == relation::exists ? binding::prefix : binding::comparison;
    if (is_junction(n, junction::none)) return binding::prefix;
    return n.join == junction::all ? binding::all : binding::any;
}

void print_quoted(std::string& out, char quote, std::string_view text) {
    out += quote;
    for (const char c : text) {
        if (c == quote) out += quote;
        out += c;
    }
    out += quote;
}

bool continues_all(const std::string& name) { return std::all_of(name.begin(), name.end(), continues_name); }

bool is_plain_name(const std::string& name) {
    return !name.empty() && begins_name(name.front()) && continues_all(name) && !is_condition_word(name) &&
           !name.starts_with(lead_prefix);
}

void print_name(std::string& out, const node& leaf) {
    const std::string& name = leaf.attribute;
    if (leaf.of_lead) out += lead_prefix;
    // Behind the prefix the name is begun already, and no word of the language.
    const bool plain = leaf.of_lead ? !name.empty() && continues_all(name) : is_plain_name(name);
    if (plain) {
        out += name;
    } else {
        print_quoted(out, '`', name);
    }
}

void print_literal(std::string& out, const value& v) {
    if (const auto* text = v.get<std::string>()) {
        print_quoted(out, '\'', *text);
    } else if (const auto* number = v.get<double>()) {
        out += print_number(*number);
    } else {
        out += to_string(v);
    }
}

std::string_view symbol_of(relation r) {
    switch (r) {
        case relation::equal: return " == ";
        case relation::unequal: return " != ";
        case relation::less: return " < ";
        case relation::at_most: return " <= ";
        case relation::more: return " > ";
        case relation::at_least: return " >= ";
        case relation::like: return " like ";
        case relation::one_of: return " in ";
        case relation::exists: break;
    }
    return "";
}

void print_leaf(std::string& out, const node& leaf) {
    if (leaf.rel == relation::exists) {
        out += "has(";
        print_name(out, leaf);
        out += ')';
        return;
    }
    print_name(out, leaf);
    out += symbol_of(leaf.rel);
    if (leaf.rel != relation::one_of) return print_literal(out, leaf.values.front());
    std::string_view before = "(";
    for (const value& v : leaf.values) {
        out += before;
        print_literal(out, v);
        before = ", ";
    }
    out += ')';
}

// What is still to be printed: a node, in brackets if it holds together less than `least`, or a text.
struct piece {
    const node* n = nullptr;
    binding least = binding::any;
    std::string_view text{};
};

// Takes a junction apart; the last piece is printed first.
void take_apart(std::vector<piece>& rest, const node& n, binding least) {
    const binding own = binding_of(n);
    if (own < least) rest.push_back({.text = ")"});
    if (is_junction(n, junction::none)) {
        rest.push_back({.n = n.children.front().get(), .least = binding::prefix});
        rest.push_back({.text = "!"});
    } else {
        rest.push_back({.n = n.children.back().get(), .least = own});
        rest.push_back({.text = n.join == junction::all ? " && " : " || "});
        rest.push_back({.n = n.children.front().get(), .least = own});
    }
    if (own < least) rest.push_back({.text = "("});
}

void print_leaf_within(std::string& out, const node& leaf, binding least) {
    const bool brackets = binding_of(leaf) < least;
    if (brackets) out += '(';
    print_leaf(out, leaf);
    if (brackets) out += ')';
}

void print(std::string& out, const node& root) {
    std::vector<piece> rest{{.n = &root}};
    while (!rest.empty()) {
        const piece next = rest.back();
        rest.pop_back();
        if (next.n == nullptr)
            out += next.text;
        else if (next.n->is_leaf)
            print_leaf_within(out, *next.n, next.least);
        else
            take_apart(rest, *next.n, next.least);
    }
}

}  // namespace

std::string to_string(const condition& c) {
    if (c.always()) return "true";
    if (is_never(c.root())) return "false";
    std::string out;
    print(out, *c.root());
    return out;
}

std::ostream& operator<<(std::ostream& out, const condition& c) { return out << to_string(c); }

}  // namespace weir::inline v1
