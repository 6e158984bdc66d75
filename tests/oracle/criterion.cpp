#include "oracle/criterion.hpp"

#include <cctype>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <vector>

namespace oracle {

struct criterion::term {
    std::string kind{};  // "||", "&&", "!", "true", "false", "has", "like", "in" or a comparison
    std::vector<std::shared_ptr<const term>> parts{};
    std::string attribute{};
    bool of_lead = false;
    std::vector<weir::value> literals{};
};

namespace {

using term = criterion::term;
using term_ptr = std::shared_ptr<const term>;

std::optional<double> number_in(const std::string& text) {
    if (text.empty() || (text[0] != '-' && std::isdigit(static_cast<unsigned char>(text[0])) == 0)) return {};
    double d = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), d);
    if (fault != std::errc{} || end != text.data() + text.size()) return {};
    return d;
}

// Reads the grammar of conditions from left to right.
class reading {
public:
    explicit reading(const std::string& text) : text_(text) {}

    term_ptr whole() {
        auto t = any();
        blanks();
        if (at_ != text_.size()) throw std::runtime_error("unread text in condition: " + text_);
        return t;
    }

private:
    void blanks() {
        while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    }
    bool take(const std::string& word) {
        blanks();
        if (text_.compare(at_, word.size(), word) != 0) return false;
        at_ += word.size();
        return true;
    }
    void need(const std::string& word) {
        if (!take(word)) throw std::runtime_error("no " + word + " in condition: " + text_);
    }
    term_ptr any() {
        auto left = all();
        while (take("||")) left = joined("||", left, all());
        return left;
    }
    term_ptr all() {
        auto left = one();
        while (take("&&")) left = joined("&&", left, one());
        return left;
    }
    static term_ptr joined(const std::string& kind, term_ptr a, term_ptr b) {
        term t;
        t.kind = kind;
        t.parts = {std::move(a), std::move(b)};
        return std::make_shared<const term>(std::move(t));
    }
    term_ptr one() {
        if (take("!")) {
            term t;
            t.kind = "!";
            t.parts = {one()};
            return std::make_shared<const term>(std::move(t));
        }
        if (take("(")) {
            auto inner = any();
            need(")");
            return inner;
        }
        return std::make_shared<const term>(leaf());
    }
    term leaf() {
        term t;
        bool quoted = false;
        const std::string word = name(quoted);
        if (!quoted && (word == "true" || word == "false")) {
            t.kind = word;
            return t;
        }
        if (!quoted && word == "has") {
            need("(");
            const std::string inner = name(quoted);
            set_name(t, inner, quoted);
            need(")");
            t.kind = "has";
            return t;
        }
        set_name(t, word, quoted);
        for (const char* relation : {"==", "!=", "<=", ">=", "<", ">"}) {
            if (!take(relation)) continue;
            t.kind = relation;
            t.literals = {literal()};
            return t;
        }
        if (take("like")) {
            t.kind = "like";
            t.literals = {literal()};
            return t;
        }
        need("in");
        t.kind = "in";
        need("(");
        do t.literals.push_back(literal());
        while (take(","));
        need(")");
        return t;
    }
    static void set_name(term& t, const std::string& name, bool quoted) {
        t.of_lead = !quoted && name.compare(0, 5, "lead.") == 0;
        t.attribute = t.of_lead ? name.substr(5) : name;
    }
    std::string name(bool& quoted) {
        blanks();
        quoted = at_ < text_.size() && text_[at_] == '`';
        if (quoted) return delimited('`');
        std::string out;
        while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 ||
                                      std::string("_$.-").find(text_[at_]) != std::string::npos))
            out += text_[at_++];
        return out;
    }
    std::string delimited(char mark) {
        std::string out;
        for (++at_; at_ < text_.size(); ++at_) {
            if (text_[at_] == mark) {
                ++at_;
                if (at_ >= text_.size() || text_[at_] != mark) return out;
            }
            out += text_[at_];
        }
        throw std::runtime_error("open quote in condition: " + text_);
    }
    weir::value literal() {
        blanks();
        if (at_ < text_.size() && text_[at_] == '\'') return delimited('\'');
        const std::string word = number_or_word();
        if (word == "true") return true;
        if (word == "false") return false;
        const auto number = number_in(word);
        if (!number) throw std::runtime_error("no literal in condition: " + text_);
        return *number;
    }
    std::string number_or_word() {
        std::string out;
        while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 ||
                                      std::string("+-.").find(text_[at_]) != std::string::npos))
            out += text_[at_++];
        return out;
    }

    const std::string& text_;
    std::size_t at_ = 0;
};

int sign(double a, double b) { return a < b ? -1 : a > b ? 1 : 0; }

// Below, at or above the literal; none if the two kinds do not compare.
std::optional<int> compare(const weir::value& v, const weir::value& literal) {
    const auto* number = literal.get<double>();
    if (const auto* i = v.get<std::int64_t>(); i && number) return sign(static_cast<double>(*i), *number);
    if (const auto* d = v.get<double>(); d && number) return sign(*d, *number);
    if (const auto* m = v.get<weir::money>(); m && number)
        return sign(static_cast<double>(m->units), *number * 100);
    if (const auto* t = v.get<std::string>()) {
        if (const auto* other = literal.get<std::string>()) return t->compare(*other);
        if (const auto own = number_in(*t); own && number) return sign(*own, *number);
    }
    if (const auto* b = v.get<bool>())
        if (const auto* other = literal.get<bool>()) return int{*b} - int{*other};
    return std::nullopt;
}

bool fits(const std::string& glob, const std::string& text) {
    if (glob.empty()) return text.empty();
    if (glob[0] != '*') return !text.empty() && glob[0] == text[0] && fits(glob.substr(1), text.substr(1));
    for (std::size_t skip = 0; skip <= text.size(); ++skip)
        if (fits(glob.substr(1), text.substr(skip))) return true;
    return false;
}

bool judge(const term& t, const weir::value& v) {
    if (t.kind == "has") return !v.missing();
    if (t.kind == "like") {
        const auto* text = v.get<std::string>();
        return text != nullptr && fits(*t.literals[0].get<std::string>(), *text);
    }
    if (t.kind == "in") {
        for (const auto& literal : t.literals)
            if (compare(v, literal) == 0) return true;
        return false;
    }
    const auto order = compare(v, t.literals[0]);
    if (t.kind == "!=") return !(order == 0);
    if (!order) return false;
    if (t.kind == "==") return *order == 0;
    if (t.kind == "<") return *order < 0;
    if (t.kind == "<=") return *order <= 0;
    if (t.kind == ">") return *order > 0;
    return *order >= 0;
}

bool evaluate(const term& t, const criterion::reader& read) {
    if (t.kind == "true") return true;
    if (t.kind == "false") return false;
    if (t.kind == "!") return !evaluate(*t.parts[0], read);
    if (t.kind == "&&") return evaluate(*t.parts[0], read) && evaluate(*t.parts[1], read);
    if (t.kind == "||") return evaluate(*t.parts[0], read) || evaluate(*t.parts[1], read);
    return judge(t, read(t.attribute, t.of_lead));
}

}  // namespace

criterion::criterion(const std::string& text) : root_(reading(text).whole()) {}

namespace {

void collect(const term& t, std::set<std::string>& of_lead) {
    if (t.of_lead) of_lead.insert(t.attribute);
    for (const auto& part : t.parts) collect(*part, of_lead);
}

}  // namespace

std::set<std::string> criterion::of_lead() const {
    std::set<std::string> out;
    collect(*root_, out);
    return out;
}

bool criterion::holds(const reader& read) const { return evaluate(*root_, read); }

std::string text_of(const weir::value& v) {
    if (const auto* t = v.get<std::string>()) return *t;
    if (const auto* i = v.get<std::int64_t>()) return std::to_string(*i);
    if (const auto* b = v.get<bool>()) return *b ? "true" : "false";
    if (const auto* d = v.get<double>()) {
        char digits[32];
        const auto end = std::to_chars(digits, digits + sizeof digits, *d, std::chars_format::fixed).ptr;
        return {digits, end};
    }
    if (const auto* m = v.get<weir::money>()) {
        const auto cents = m->units % 100;
        return std::to_string(m->units / 100) + (cents < 10 ? ".0" : ".") + std::to_string(cents) + " " +
               std::string(m->currency.code());
    }
    return {};
}

}  // namespace oracle
