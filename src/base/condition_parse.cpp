// condition_parse.cpp - reads the text of a condition: tokens, then a descent with one function per level.
#include <weir/condition.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/condition_words.hpp"
#include "base/fail.hpp"
#include "base/text.hpp"

namespace weir::inline v1 {
namespace {

constexpr int most_terms = 1'000;
constexpr int most_brackets = 100;

// Longer ones first, where one begins another.
constexpr std::string_view symbols[] = {"==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "(", ")", ","};

enum class token_kind { end, name, word, text, number, symbol };

struct token {
    token_kind kind = token_kind::end;
    std::size_t at = 0;          // where it begins
    std::string_view spelled{};  // as it was written
    std::string content{};       // of a name or text, without quotes
    bool of_lead = false;
};

class scanner {
public:
    explicit scanner(std::string_view text) : text_(text) {}
    token next();
    [[noreturn]] void refuse(std::size_t at, std::string message, errc code = errc::bad_input) const;

private:
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    token name();
    token number();
    token symbol();
    std::string between(char quote, const char* what);

    std::string_view text_;
    std::size_t at_ = 0;
};

void scanner::refuse(std::size_t at, std::string message, errc code) const {
    const auto begins_character = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
    const std::string_view before = text_.substr(0, at);
    const auto column = std::count_if(before.begin(), before.end(), begins_character) + 1;
    fail(code, std::move(message), "column " + std::to_string(column));
}

token scanner::next() {
    at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
    const std::size_t begin = at_;
    token t;
    if (at_ == text_.size()) {
        t.kind = token_kind::end;
    } else if (begins_name(peek()) || peek() == '`') {
        t = name();
    } else if (peek() == '\'') {
        t.kind = token_kind::text;
        t.content = between('\'', "text");
    } else if (is_digit(peek()) || peek() == '-') {
        t = number();
    } else {
        t = symbol();
    }
    t.at = begin;
    t.spelled = text_.substr(begin, at_ - begin);
    return t;
}

token scanner::name() {
    token t;
    t.kind = token_kind::name;
    const std::size_t begin = at_;
    while (continues_name(peek())) ++at_;
    const std::string_view plain = text_.substr(begin, at_ - begin);
    t.of_lead = plain.starts_with(lead_prefix);
    if (t.of_lead ? plain == lead_prefix : plain.empty()) {
        if (peek() != '`') refuse(at_, "found \"lead.\" alone, expected an attribute's name behind it");
        t.content = between('`', "name");
        return t;
    }
    if (is_condition_word(plain)) t.kind = token_kind::word;
    t.content = plain.substr(t.of_lead ? lead_prefix.size() : 0);
    return t;
}

// Takes all that could have been meant as one number; the parser says whether it is.
token scanner::number() {
    token t;
    t.kind = token_kind::number;
    char last = text_[at_++];
    while (continues_name(peek()) || (peek() == '+' && (last == 'e' || last == 'E'))) last = text_[at_++];
    return t;
}

token scanner::symbol() {
    token t;
    t.kind = token_kind::symbol;
    const std::string_view rest = text_.substr(at_);
    for (const std::string_view s : symbols) {
        if (!rest.starts_with(s)) continue;
        at_ += s.size();
        return t;
    }
    std::string expected = "a name, a literal or an operator";
    if (rest.front() == '"') expected = "a text in single quotes, 'like this'";
    for (const std::string_view s : {"==", "&&", "||"})
        if (rest.front() == s.front()) expected = quoted(s);
    refuse(at_, "found " + quoted(rest) + ", expected " + expected);
}

std::string scanner::between(char quote, const char* what) {
    const std::size_t begin = at_++;
    std::string inside;
    while (at_ < text_.size()) {
        const char c = text_[at_++];
        if (c == quote) {
            if (peek() != quote) return inside;
            ++at_;
        }
        inside += c;
    }
    refuse(begin, std::string("found a ") + what + " without its end, expected a closing " + quote);
}

struct comparison {
    std::string_view symbol;
    condition (*make)(const attribute&, const value&);
};
constexpr comparison comparisons[] = {
    {"==", [](const attribute& a, const value& v) { return a == v; }},
    {"!=", [](const attribute& a, const value& v) { return a != v; }},
    {"<", [](const attribute& a, const value& v) { return a < v; }},
    {"<=", [](const attribute& a, const value& v) { return a <= v; }},
    {">", [](const attribute& a, const value& v) { return a > v; }},
    {">=", [](const attribute& a, const value& v) { return a >= v; }},
};

class parser {
public:
    explicit parser(std::string_view text) : scanner_(text), now_(scanner_.next()) {}
    condition whole();

private:
    condition disjunction();
    condition conjunction();
    condition factor();
    condition unit();
    condition about(const attribute&);
    attribute name();
    value literal();
    std::vector<value> list();

    token take();
    bool accept(std::string_view spelled);
    void expect(std::string_view spelled);
    void count_term();
    [[noreturn]] void too_much(const char* limit) const;
    [[noreturn]] void expected(const std::string& what) const;

    scanner scanner_;
    token now_;
    int terms_ = 0;
    int brackets_ = 0;
};

condition parser::whole() {
    condition c = disjunction();
    if (now_.kind != token_kind::end) expected("\"&&\", \"||\" or the end");
    return c;
}

condition parser::disjunction() {
    condition c = conjunction();
    while (accept("||")) c = c || conjunction();
    return c;
}

condition parser::conjunction() {
    condition c = factor();
    while (accept("&&")) c = c && factor();
    return c;
}

condition parser::factor() {
    const bool plain = now_.spelled != "!";
    bool negated = false;
    while (accept("!")) negated = !negated;
    if (now_.kind != token_kind::name) return negated ? !unit() : unit();
    if (!plain) expected("brackets around a comparison after \"!\", as in !(a == 1)");
    count_term();
    return about(name());
}

condition parser::unit() {
    if (accept("(")) {
        if (++brackets_ > most_brackets) too_much("100 levels of brackets");
        condition c = disjunction();
        expect(")");
        --brackets_;
        return c;
    }
    count_term();
    if (accept("true")) return {};
    if (accept("false")) return !condition();
    if (!accept("has")) expected("a name, has, true, false, \"!\" or \"(\"");
    expect("(");
    condition c = name().exists();
    expect(")");
    return c;
}

condition parser::about(const attribute& a) {
    for (const comparison& c : comparisons)
        if (accept(c.symbol)) return c.make(a, literal());
    if (accept("in")) return a.one_of(list());
    if (!accept("like")) expected("a comparison: == != < <= > >= in like");
    if (now_.kind != token_kind::text) expected("a text in single quotes");
    return a.like(take().content);
}

attribute parser::name() {
    if (now_.kind == token_kind::word) expected("a name; one that reads like this stands in backquotes");
    if (now_.kind != token_kind::name) expected("a name");
    const token t = take();
    return t.of_lead ? latest(t.content) : attribute(t.content);
}

std::optional<value> number_in(std::string_view text) {
    std::int64_t integer = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), integer);
    if (read.ec == std::errc{} && read.ptr == text.data() + text.size()) return value(integer);
    if (const auto number = as_number(text)) return value(*number);
    return std::nullopt;
}

value parser::literal() {
    std::optional<value> v;
    if (now_.kind == token_kind::text) v = value(now_.content);
    if (now_.kind == token_kind::number) v = number_in(now_.spelled);
    if (now_.spelled == "true") v = value(true);
    if (now_.spelled == "false") v = value(false);
    if (!v) expected("a text in single quotes, a number, true or false");
    take();
    return *v;
}

std::vector<value> parser::list() {
    expect("(");
    std::vector<value> values{literal()};
    while (accept(",")) values.push_back(literal());
    expect(")");
    return values;
}

token parser::take() { return std::exchange(now_, scanner_.next()); }

// The spelling is enough to know symbols and words: names and texts that look alike stand in quotes.
bool parser::accept(std::string_view spelled) {
    if (now_.spelled != spelled) return false;
    take();
    return true;
}

void parser::expect(std::string_view spelled) {
    if (!accept(spelled)) expected(quoted(spelled));
}

void parser::count_term() {
    if (++terms_ > most_terms) too_much("1,000 terms");
}

void parser::too_much(const char* limit) const {
    const std::string most = limit;
    scanner_.refuse(now_.at, "found more than " + most + ", expected at most " + most, errc::limit_exceeded);
}

void parser::expected(const std::string& what) const {
    const std::string found = now_.kind == token_kind::end ? "the end" : quoted(now_.spelled);
    scanner_.refuse(now_.at, "found " + found + ", expected " + what);
}

}  // namespace

result<condition> parse_condition(std::string_view text) {
    return guarded([&] { return parser(text).whole(); });
}

}  // namespace weir::inline v1
