#include "scan/predicate.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <compare>
#include <optional>

#include "base/condition_node.hpp"
#include "base/text.hpp"

namespace weir::inline v1 {
namespace {

using relation = condition::node::relation;
using junction = condition::node::junction;
using ordering = std::optional<std::partial_ordering>;  // none: the two do not compare

// A literal with the other readings that its text has: conditions that print alike must judge alike.
struct literal {
    value::storage content{};
    std::optional<instant> as_time{};
    std::optional<money> as_money{};
};

std::optional<money> money_in(std::string_view text) {
    const auto blank = text.rfind(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    const auto unit = currency::parse(text.substr(blank + 1));
    if (!unit) return std::nullopt;
    const auto amount = parse_money(text.substr(0, blank), *unit);
    return amount ? std::optional(*amount) : std::nullopt;
}

literal literal_of(const value& v) {
    literal l{.content = v.data()};
    if (v.get<money>() != nullptr || v.get<instant>() != nullptr) l.content = to_string(v);
    if (const auto* text = std::get_if<std::string>(&l.content)) {
        if (const auto t = parse_instant(*text)) l.as_time = *t;
        l.as_money = money_in(*text);
    }
    return l;
}

// Exact also where a double cannot hold the integer.
std::partial_ordering compare_numbers(std::int64_t a, double b) {
    constexpr double beyond = 9223372036854775808.0;
    if (b >= beyond) return std::partial_ordering::less;
    if (b < -beyond) return std::partial_ordering::greater;
    const double whole = std::floor(b);
    const auto integer = static_cast<std::int64_t>(whole);
    if (a != integer) return a <=> integer;
    return b > whole ? std::partial_ordering::less : std::partial_ordering::equivalent;
}

std::partial_ordering flip(std::partial_ordering o) { return 0 <=> o; }

ordering compare_number(std::int64_t a, const value::storage& b) {
    if (const auto* i = std::get_if<std::int64_t>(&b)) return a <=> *i;
    if (const auto* d = std::get_if<double>(&b)) return compare_numbers(a, *d);
    return std::nullopt;
}

ordering compare_number(double a, const value::storage& b) {
    if (const auto* i = std::get_if<std::int64_t>(&b)) return flip(compare_numbers(*i, a));
    if (const auto* d = std::get_if<double>(&b)) return a <=> *d;
    return std::nullopt;
}

ordering compare_text(std::string_view a, const value::storage& b) {
    if (const auto* text = std::get_if<std::string>(&b)) return a.compare(*text) <=> 0;
    std::int64_t integer = 0;
    const auto [end, fault] = std::from_chars(a.data(), a.data() + a.size(), integer);
    if (fault == std::errc{} && end == a.data() + a.size()) return compare_number(integer, b);
    if (const auto number = as_number(a)) return compare_number(*number, b);
    return std::nullopt;
}

// A number literal means major units: 10 is 10.00 of whatever currency.
ordering compare_money(std::int64_t units, currency unit, const literal& b) {
    if (b.as_money)
        return b.as_money->currency == unit ? ordering(units <=> b.as_money->units) : std::nullopt;
    std::int64_t scale = 1;
    for (int d = 0; d < unit.decimals(); ++d) scale *= 10;
    if (const auto* i = std::get_if<std::int64_t>(&b.content)) {
        std::int64_t scaled = 0;
        if (__builtin_mul_overflow(*i, scale, &scaled))
            return *i > 0 ? ordering(-1 <=> 0) : ordering(1 <=> 0);
        return units <=> scaled;
    }
    if (const auto* d = std::get_if<double>(&b.content)) {
        const double scaled = *d * static_cast<double>(scale), whole = std::round(scaled);
        // 0.29 * 100 is not 29: what is that near to a whole minor unit was meant as one.
        return compare_numbers(units, std::abs(scaled - whole) < 1e-6 ? whole : scaled);
    }
    return std::nullopt;
}

ordering compare(const store_column& column, std::int64_t bits, const literal& b) {
    switch (column.name.kind) {
        case value_kind::text:
            return compare_text(column.texts->at(static_cast<dictionary::code>(bits)), b.content);
        case value_kind::integer: return compare_number(bits, b.content);
        case value_kind::number: return compare_number(std::bit_cast<double>(bits), b.content);
        case value_kind::money: return compare_money(bits, column.name.currency, b);
        case value_kind::time:
            return b.as_time ? ordering(bits <=> b.as_time->time_since_epoch().count()) : std::nullopt;
        case value_kind::boolean:
            if (const auto* truth = std::get_if<bool>(&b.content)) return bits <=> std::int64_t{*truth};
            return std::nullopt;
    }
    return std::nullopt;
}

bool satisfies(relation r, std::partial_ordering o) {
    switch (r) {
        case relation::less: return o < 0;
        case relation::at_most: return o <= 0;
        case relation::more: return o > 0;
        case relation::at_least: return o >= 0;
        default: return o == 0;
    }
}

// What a leaf says of one value that is there.
bool judge(relation r, const std::vector<literal>& literals, const store_column& column, std::int64_t bits) {
    if (r == relation::exists) return true;
    if (r == relation::like) {
        const auto* glob = std::get_if<std::string>(&literals.front().content);
        return glob != nullptr && column.name.kind == value_kind::text &&
               glob_matches(*glob, column.texts->at(static_cast<dictionary::code>(bits)));
    }
    return std::any_of(literals.begin(), literals.end(), [&](const literal& l) {
        const ordering o = compare(column, bits, l);
        return o && satisfies(r, *o);
    });
}

// One comparison, with the verdict on each text of small dictionaries worked out before.
class leaf {
public:
    leaf(const snapshot::impl& data, const condition::node& n)
        : of_lead(n.of_lead),
          negated_(n.rel == relation::unequal),
          relation_(negated_ ? relation::equal : n.rel),
          reader_(data, n.attribute),
          columns_(&data.columns),
          verdicts_(data.columns.size()) {
        for (const value& v : n.values) literals_.push_back(literal_of(v));
        for (std::size_t c = 0; c < data.columns.size(); ++c) {
            const store_column& column = data.columns[c];
            if (column.name.attribute != n.attribute || !column.texts) continue;
            const dictionary::code size = column.texts->size();
            if (size > most_texts) continue;
            for (dictionary::code t = 0; t < size; ++t)
                verdicts_[c].push_back(judge(relation_, literals_, column, static_cast<std::int64_t>(t)));
        }
    }

    datum read(const row& r) const { return reader_.at(r); }
    bool holds(datum d) const { return judged(d) != negated_; }

    bool of_lead;

private:
    static constexpr dictionary::code most_texts = 1 << 16;

    bool judged(datum d) const {
        if (d.missing()) return false;
        const auto& known = verdicts_[d.column];
        if (static_cast<std::uint64_t>(d.bits) < known.size()) return known[static_cast<std::size_t>(d.bits)];
        return judge(relation_, literals_, (*columns_)[d.column], d.bits);
    }

    bool negated_;
    relation relation_;
    attribute_reader reader_;
    const std::vector<store_column>* columns_;
    std::vector<literal> literals_{};
    std::vector<std::vector<bool>> verdicts_;  // by column, by text
};

}  // namespace

struct predicate::impl {
    // The condition in post-order: a leaf pushes its verdict, a junction combines the last ones. No
    // recursion, so that depth is no danger.
    struct op {
        bool is_leaf;
        std::size_t leaf;
        junction join;
    };
    std::vector<op> ops{};
    std::vector<leaf> leaves{};
    std::vector<std::string> lead_attributes{};
    std::size_t depth = 0;

    void add(const snapshot::impl& data, const condition::node& root) {
        struct frame {
            const condition::node* node;
            std::size_t child;
        };
        std::vector<frame> stack{{&root, 0}};
        while (!stack.empty()) {
            frame& f = stack.back();
            depth = std::max(depth, stack.size() + 1);
            if (f.child < f.node->children.size()) {
                const auto* child = f.node->children[f.child++].get();
                stack.push_back({child, 0});
                continue;
            }
            emit(data, *f.node);
            stack.pop_back();
        }
    }
    void emit(const snapshot::impl& data, const condition::node& n) {
        if (n.is_leaf) {
            ops.push_back({true, leaves.size(), {}});
            leaves.emplace_back(data, n);
            if (n.of_lead) lead_attributes.push_back(n.attribute);
        } else {
            ops.push_back({false, 0, n.join});
        }
    }

    // `read` gives the datum that a leaf judges.
    template <class Read> bool evaluate(Read&& read) const {
        if (ops.size() == 1) return leaves.front().holds(read(leaves.front()));
        std::vector<bool> stack;
        stack.reserve(depth);
        for (const op& o : ops) {
            if (o.is_leaf) {
                stack.push_back(leaves[o.leaf].holds(read(leaves[o.leaf])));
            } else if (o.join == junction::none) {
                stack.back() = !stack.back();
            } else {
                const bool right = stack.back();
                stack.pop_back();
                stack.back() = o.join == junction::all ? stack.back() && right : stack.back() || right;
            }
        }
        return stack.back();
    }
};

namespace {

datum latest(const leaf& l, std::span<const row> rows) {
    for (std::size_t i = rows.size(); i-- > 0;)
        if (const datum d = l.read(rows[i]); !d.missing()) return d;
    return {};
}

bool is_disputed(const leaf& l, std::span<const row> rows) {
    datum found;
    for (std::size_t i = rows.size(), at = 0; i-- > 0;) {
        if (!found.missing() && rows[i].time != rows[at].time) return false;
        const datum d = l.read(rows[i]);
        if (d.missing()) continue;
        if (!found.missing() && d != found) return true;
        found = d;
        at = i;
    }
    return false;
}

}  // namespace

predicate::predicate(const snapshot::impl& data, const condition& c) : impl_(std::make_unique<impl>()) {
    if (c.root() != nullptr) impl_->add(data, *c.root());
}
predicate::predicate(predicate&&) noexcept = default;
predicate& predicate::operator=(predicate&&) noexcept = default;
predicate::~predicate() = default;

bool predicate::always() const { return impl_->ops.empty(); }

bool predicate::holds(std::span<const row> rows, std::size_t at) const {
    if (always()) return true;
    return impl_->evaluate([&](const leaf& l) {
        if (!l.of_lead) return l.read(rows[at]);
        std::size_t end = at + 1;
        while (end < rows.size() && rows[end].time == rows[at].time) ++end;
        return latest(l, rows.first(end));
    });
}

bool predicate::holds_after(std::span<const row> rows) const {
    if (always()) return true;
    return impl_->evaluate([&](const leaf& l) { return l.of_lead ? latest(l, rows) : datum{}; });
}

bool predicate::is_disputed(std::span<const row> past) const {
    return !of_lead().empty() && std::any_of(impl_->leaves.begin(), impl_->leaves.end(), [&](const leaf& l) {
        return l.of_lead && v1::is_disputed(l, past);
    });
}

const std::vector<std::string>& predicate::of_lead() const { return impl_->lead_attributes; }

}  // namespace weir::inline v1
