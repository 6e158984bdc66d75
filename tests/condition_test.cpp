// condition_test.cpp - building, printing and parsing conditions; what they judge is tested with the store.
#include <weir/condition.hpp>
#include <weir/funnel.hpp>
#include <weir/store.hpp>

#include <limits>
#include <random>
#include <sstream>

#include "catch.hpp"

#include "base/condition_node.hpp"

using weir::attribute;
using weir::condition;
using weir::latest;
using weir::parse_condition;
using weir::to_string;
using weir_test::ContainsSubstring;

namespace {

using node = condition::node;

std::string reprinted(std::string_view text) { return to_string(parse_condition(text).value()); }

weir::error error_of(std::string_view text) {
    const auto c = parse_condition(text);
    if (c) FAIL("read as " << to_string(*c));
    return c.error();
}

std::string repeated(int times, const std::string& text) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
}

constexpr int million = 1'000'000;

// Asks a condition of one event, in which x is 1.
bool holds_for_one(const condition& c) {
    weir::store store;
    store.append({.lead = "l", .name = "A", .time = {}, .attributes = {{"x", 1}}}).value();
    const auto counted = measure(store.snapshot(), weir::funnel{.steps = {{"A", c}}});
    return counted.value().rows.front().leads == 1;
}

// The operands of a chain of the same junction, however it was bracketed.
void flatten(const node& n, node::junction join, std::vector<const node*>& out) {
    if (n.is_leaf || n.join != join) {
        out.push_back(&n);
    } else {
        for (const auto& child : n.children) flatten(*child, join, out);
    }
}

bool same(const node& a, const node& b) {
    if (a.is_leaf != b.is_leaf) return false;
    if (a.is_leaf)
        return a.of_lead == b.of_lead && a.attribute == b.attribute && a.rel == b.rel && a.values == b.values;
    if (a.join != b.join) return false;
    if (a.join == node::junction::none) return same(*a.children.front(), *b.children.front());
    std::vector<const node*> of_a, of_b;
    flatten(a, a.join, of_a);
    flatten(b, b.join, of_b);
    if (of_a.size() != of_b.size()) return false;
    for (std::size_t i = 0; i < of_a.size(); ++i)
        if (!same(*of_a[i], *of_b[i])) return false;
    return true;
}

class grower {
public:
    grower(unsigned seed, bool nasty) : random_(seed), nasty_(nasty) {}

    condition tree(int depth) {
        if (depth == 0 || pick(4) == 0) return leaf();
        switch (pick(5)) {
            case 0: return !tree(depth - 1);
            case 1:
            case 2: return tree(depth - 1) && tree(depth - 1);
            default: return tree(depth - 1) || tree(depth - 1);
        }
    }

private:
    std::size_t pick(std::size_t n) { return random_() % n; }

    std::string name() {
        static const std::vector<std::string> tame{"a", "b", "amount", "utm.source", "x-1", "_", "$p"};
        static const std::vector<std::string> all{
            "a",  "lead.a", "lead.", "",  "true",     "has",  "in",   "like", "a b",  "`",   "``x`",
            "a`", "1st",    "-x",    "'", "\xC3\xA9", "a(b)", "a\nb", "lead", "LIKE", "Ab9$"};
        return nasty_ ? all[pick(all.size())] : tame[pick(tame.size())];
    }

    weir::value literal() {
        constexpr double infinity = std::numeric_limits<double>::infinity();
        if (!nasty_) return static_cast<int>(pick(5));
        switch (pick(8)) {
            case 0: return pick(2) == 0;
            case 1: return std::numeric_limits<std::int64_t>::min() + static_cast<std::int64_t>(pick(2));
            case 2: return static_cast<double>(static_cast<std::int64_t>(random_())) / 1e3;
            case 3: return name() + "'" + name();
            case 4: return weir::money{static_cast<std::int64_t>(pick(1000)) - 500, "EUR"};
            case 5: return weir::utc(2024, 1, 31) + weir::duration(pick(3));
            case 6:
                return std::ldexp(static_cast<double>(pick(999'999)) / 1e6,
                                  static_cast<int>(pick(2000)) - 1000);
            default: break;
        }
        constexpr double nan = std::numeric_limits<double>::quiet_NaN(), beyond = 9223372036854775808.0;
        const std::vector<weir::value> odd{{},       -0.0,      3.0,    1e18, 1e300,   beyond,  -beyond,
                                           infinity, -infinity, 5e-324, "",   "19.99", "false", nan};
        return odd[pick(odd.size())];
    }

    condition leaf() {
        const attribute a = pick(3) == 0 ? latest(name()) : attribute(name());
        switch (pick(10)) {
            case 0: return a == literal();
            case 1: return a != literal();
            case 2: return a < literal();
            case 3: return a <= literal();
            case 4: return a > literal();
            case 5: return a >= literal();
            case 6: return a.exists();
            case 7: return a.missing();
            case 8: return a.like(nasty_ ? name() + "*" : "x*");
            default: break;
        }
        std::vector<weir::value> values;
        for (std::size_t n = pick(4); n > 0; --n) values.push_back(literal());
        return a.one_of(values);
    }

    std::mt19937_64 random_;
    bool nasty_;
};

}  // namespace

TEST_CASE("condition: prints the way it is written") {
    const attribute source("source"), amount("amount");
    CHECK(to_string(source == "ads") == "source == 'ads'");
    CHECK(to_string(source != "ads") == "source != 'ads'");
    CHECK(to_string(amount < 1) == "amount < 1");
    CHECK(to_string(amount <= 2.5) == "amount <= 2.5");
    CHECK(to_string(amount > -3) == "amount > -3");
    CHECK(to_string(amount >= 10 && source.exists()) == "amount >= 10 && has(source)");
    CHECK(to_string(source.missing()) == "!has(source)");
    CHECK(to_string(source.like("g*")) == "source like 'g*'");
    CHECK(to_string(amount.one_of({1, 2.5, "x", true})) == "amount in (1, 2.5, 'x', true)");
    CHECK(to_string(amount == true || amount == false) == "amount == true || amount == false");
    std::ostringstream out;
    out << (source == "it's");
    CHECK(out.str() == "source == 'it''s'");
}

TEST_CASE("condition: prints the brackets that it needs and no others") {
    const condition a = attribute("a") == 1, b = attribute("b").exists(), c = attribute("c") == 3;
    CHECK(to_string(a && b && c) == "a == 1 && has(b) && c == 3");
    CHECK(to_string(a && (b && c)) == "a == 1 && has(b) && c == 3");
    CHECK(to_string(a || (b || c)) == "a == 1 || has(b) || c == 3");
    CHECK(to_string(a || (b && c)) == "a == 1 || has(b) && c == 3");
    CHECK(to_string((a || b) && c) == "(a == 1 || has(b)) && c == 3");
    CHECK(to_string(!a) == "!(a == 1)");
    CHECK(to_string(!b && a) == "!has(b) && a == 1");
    CHECK(to_string(!(b && a)) == "!(has(b) && a == 1)");
}

TEST_CASE("condition: always and never vanish from what they are combined with") {
    const condition always, never = !always, a = attribute("a") == 1;
    CHECK(always.always());
    CHECK(to_string(always) == "true");
    CHECK(to_string(never) == "false");
    CHECK((always && a) == a);
    CHECK((a && always) == a);
    CHECK((always || a).always());
    CHECK((a || always).always());
    CHECK((never && a) == never);
    CHECK((a && never) == never);
    CHECK((never || a) == a);
    CHECK((a || never) == a);
    CHECK((!never).always());
    CHECK((always && always).always());
    CHECK((never || never) == never);
    CHECK((!!a) == a);
    CHECK((!a) != a);
}

TEST_CASE("condition: what no value can meet is false") {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const attribute x("x");
    const weir::value missing, nan = std::numeric_limits<double>::quiet_NaN();
    CHECK(to_string(x == missing) == "false");
    CHECK(to_string(x < nan) == "false");
    CHECK(to_string(x == nan) == "false");
    CHECK(to_string(x != missing) == "true");
    CHECK(to_string(x == infinity) == "false");
    CHECK(to_string(x != infinity) == "true");
    CHECK(to_string(x > infinity) == "false");
    CHECK(to_string(x < -infinity) == "false");
    CHECK(to_string(x.one_of({})) == "false");
    CHECK(to_string(x.one_of({missing, nan, infinity})) == "false");
    CHECK(to_string(x.one_of({missing, 1})) == "x in (1)");
}

TEST_CASE("condition: every number lies below infinity") {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const attribute x("x");
    CHECK((x < infinity) == (x <= std::numeric_limits<double>::max()));
    CHECK((x <= infinity) == (x <= std::numeric_limits<double>::max()));
    CHECK((x >= -infinity) == (x >= std::numeric_limits<double>::lowest()));
    CHECK((x > -infinity) == (x >= std::numeric_limits<double>::lowest()));
}

TEST_CASE("condition: money and instants stand for their text, whole numbers are integers") {
    const attribute x("x");
    CHECK(to_string(x >= weir::money{1999, "EUR"}) == "x >= '19.99 EUR'");
    CHECK((x >= weir::money{1999, "EUR"}) == (x >= "19.99 EUR"));
    CHECK(to_string(x < weir::utc(2024, 1, 31)) == "x < '2024-01-31T00:00:00Z'");
    CHECK(to_string(x == 3.0) == "x == 3");
    CHECK(to_string(x == -0.0) == "x == 0");
    CHECK((x == 1e18).root()->values.front() == weir::value(1'000'000'000'000'000'000));
    for (const double beyond : {9223372036854775808.0, -9223372036854777856.0})
        CHECK((x == beyond).root()->values.front() == weir::value(beyond));
    CHECK(to_string(x == std::numeric_limits<std::int64_t>::min()) == "x == -9223372036854775808");
    CHECK(to_string(x == 0.1) == "x == 0.1");
}

TEST_CASE("condition: a name that could mean something else stands in backquotes") {
    CHECK(to_string(attribute("utm.source-1").exists()) == "has(utm.source-1)");
    CHECK(to_string(attribute("a b").exists()) == "has(`a b`)");
    CHECK(to_string(attribute("1st").exists()) == "has(`1st`)");
    CHECK(to_string(attribute("in").exists()) == "has(`in`)");
    CHECK(to_string(attribute("a`b").exists()) == "has(`a``b`)");
    CHECK(to_string(attribute("").exists()) == "has(``)");
    CHECK(to_string(attribute("lead.x").exists()) == "has(`lead.x`)");
    CHECK(to_string(latest("x").exists()) == "has(lead.x)");
    CHECK(to_string(latest("true").exists()) == "has(lead.true)");
    CHECK(to_string(latest("a b").exists()) == "has(lead.`a b`)");
    CHECK(to_string(latest("").exists()) == "has(lead.``)");
    CHECK(to_string(attribute("lead").exists()) == "has(lead)");
}

TEST_CASE("condition: lead.x is the lead's, `lead.x` the event's own") {
    CHECK(parse_condition("lead.x == 1").value() == (latest("x") == 1));
    CHECK(parse_condition("`lead.x` == 1").value() == (attribute("lead.x") == 1));
    CHECK(parse_condition("lead.`a b` == 1").value() == (latest("a b") == 1));
    CHECK(parse_condition("lead.lead.x == 1").value() == (latest("lead.x") == 1));
    CHECK(parse_condition("lead.x == 1").value() != parse_condition("`lead.x` == 1").value());
}

TEST_CASE("condition: ! binds before &&, and && before ||") {
    const condition a = attribute("a") == 1, b = attribute("b").exists(), c = attribute("c") == 3;
    CHECK(parse_condition("a == 1 || has(b) && c == 3").value() == (a || (b && c)));
    CHECK(parse_condition("(a == 1 || has(b)) && c == 3").value() == ((a || b) && c));
    CHECK(parse_condition("!has(b) && c == 3").value() == (!b && c));
    CHECK(parse_condition("!(has(b) && c == 3)").value() == !(b && c));
    CHECK(parse_condition("!!has(b)").value() == b);
    CHECK(parse_condition("!!!has(b)").value() == !b);
}

TEST_CASE("condition: reads with any blanks between its words, or none") {
    const condition big = attribute("amount") >= 10, coupon = attribute("coupon").exists();
    const std::string text =
        to_string(attribute("source") == "ads" && (big || coupon) && !attribute("page").like("/b/*"));
    CHECK(text == "source == 'ads' && (amount >= 10 || has(coupon)) && !(page like '/b/*')");
    CHECK(reprinted(text) == text);
    CHECK(reprinted("source=='ads'&&(amount>=10||has(coupon))&&!(page like'/b/*')") == text);
    CHECK(reprinted("\tsource\n== 'ads' &&\r\n(amount >= 10||has ( coupon )) && ! ( page like '/b/*' ) ") ==
          text);
}

TEST_CASE("condition: reads literals exactly") {
    CHECK(reprinted("x == 9223372036854775807") == "x == 9223372036854775807");
    CHECK(reprinted("x == -9223372036854775808") == "x == -9223372036854775808");
    CHECK(parse_condition("x == 9223372036854775808").value() == (attribute("x") == 9223372036854775808.0));
    CHECK(reprinted("x == 1e3") == "x == 1000");
    CHECK(reprinted("x == 2.50") == "x == 2.5");
    CHECK(reprinted("x == 1E+2") == "x == 100");
    CHECK(reprinted("x == -0") == "x == 0");
    CHECK(reprinted("x == ''") == "x == ''");
    CHECK(reprinted("x == ''''") == "x == ''''");
    CHECK(reprinted("x == 'true'") == "x == 'true'");
    CHECK(parse_condition("x == 'true'").value() != parse_condition("x == true").value());
    CHECK(parse_condition("x == '1'").value() != parse_condition("x == 1").value());
    CHECK(reprinted("x in (1, 'a' ,true)") == "x in (1, 'a', true)");
}

TEST_CASE("condition: true and false are conditions") {
    CHECK(parse_condition("true").value().always());
    CHECK(parse_condition("(true)").value().always());
    CHECK(reprinted("false") == "false");
    CHECK(reprinted("!true") == "false");
    CHECK(reprinted("false || x == 1") == "x == 1");
}

TEST_CASE("condition: an error says what was found, what was expected and in which column") {
    struct wrong {
        const char* text;
        const char* where;
        const char* found;
        const char* expected;
    };
    const wrong all[] = {
        {"", "column 1", "found the end", "a name"},
        {"   ", "column 4", "found the end", "a name"},
        {"x", "column 2", "found the end", "comparison"},
        {"x ==", "column 5", "found the end", "a text in single quotes, a number"},
        {"x == y", "column 6", "found \"y\"", "a text in single quotes"},
        {"x = 1", "column 3", "found \"= 1\"", "expected \"==\""},
        {"x == 1 & y == 2", "column 8", "found \"& y", "expected \"&&\""},
        {"x == 1 and y == 2", "column 8", "found \"and\"", "\"&&\""},
        {"x == \"ads\"", "column 6", "ads", "single quotes"},
        {"x == 'ads", "column 6", "without its end", "closing '"},
        {"`x == 1", "column 1", "without its end", "closing `"},
        {"x == 1.2.3", "column 6", "found \"1.2.3\"", "a number"},
        {"x == 1e999", "column 6", "found \"1e999\"", "a number"},
        {"x == -", "column 6", "found \"-\"", "a number"},
        {"10 < x", "column 1", "found \"10\"", "a name"},
        {"!x == 1", "column 2", "found \"x\"", "brackets"},
        {"(x == 1", "column 8", "found the end", "\")\""},
        {"x == 1)", "column 7", "found \")\"", "the end"},
        {"x == 1 y == 2", "column 8", "found \"y\"", "\"&&\""},
        {"has x", "column 5", "found \"x\"", "\"(\""},
        {"has(in)", "column 5", "found \"in\"", "backquotes"},
        {"x like 5", "column 8", "found \"5\"", "a text in single quotes"},
        {"x in ()", "column 7", "found \")\"", "a number"},
        {"x in (1,)", "column 9", "found \")\"", "a number"},
        {"x in (1 2)", "column 9", "found \"2\"", "\")\""},
        {"lead. == 1", "column 6", "found \"lead.\" alone", "name"},
        {"x == 1 ;", "column 8", "found \";\"", "an operator"},
        {"`\xC3\xA9\xC3\xA9` = 1", "column 6", "found \"= 1\"", "\"==\""},
    };
    for (const wrong& w : all) {
        CAPTURE(w.text);
        const weir::error e = error_of(w.text);
        CHECK(e.code == weir::errc::bad_input);
        CHECK(e.where == w.where);
        CHECK_THAT(e.message, ContainsSubstring(w.found));
        CHECK_THAT(e.message, ContainsSubstring(w.expected));
    }
}

TEST_CASE("condition: a text has at most 1,000 terms") {
    const std::string thousand = repeated(999, "x == 1 || ") + "x == 1";
    CHECK(reprinted(thousand) == thousand);
    CHECK(error_of(thousand + " || x == 1").code == weir::errc::limit_exceeded);
    CHECK(error_of(repeated(100'000, "true && ") + "true").code == weir::errc::limit_exceeded);
}

TEST_CASE("condition: a text has at most 100 levels of brackets") {
    CHECK(reprinted(repeated(100, "(") + "x == 1" + repeated(100, ")")) == "x == 1");
    const weir::error e = error_of(repeated(1'000'000, "("));
    CHECK(e.code == weir::errc::limit_exceeded);
    CHECK(e.where == "column 102");
    CHECK(error_of(repeated(101, "(") + "x == 1" + repeated(101, ")")).code == weir::errc::limit_exceeded);
    CHECK(reprinted(repeated(200, "(x == 1) && ") + "x == 1") == repeated(200, "x == 1 && ") + "x == 1");
    CHECK(reprinted(repeated(1'000'001, "!") + "has(x)") == "!has(x)");
}

TEST_CASE("condition: a million terms joined by && are printed, judged and destroyed like one") {
    const condition yes = attribute("x") == 1;
    condition c = yes, from_behind = yes;
    for (int i = 1; i < million; ++i) {
        c = c && yes;
        from_behind = yes && from_behind;
    }
    CHECK(to_string(c) == repeated(million - 1, "x == 1 && ") + "x == 1");
    CHECK(c == from_behind);
    const condition copy = c;
    c = {};
    CHECK(holds_for_one(copy));
}

TEST_CASE("condition: a million terms joined by || are printed, judged and destroyed like one") {
    const condition no = attribute("x") == 2;
    condition c = no;
    for (int i = 1; i < million; ++i) c = c || no;
    CHECK(to_string(c) == repeated(million - 1, "x == 2 || ") + "x == 2");
    CHECK_FALSE(holds_for_one(c));
}

TEST_CASE(
    "condition: a million terms, each behind a ! of its own, are printed, judged and destroyed like one") {
    const condition yes = attribute("x") == 1;
    condition c = yes;
    for (int i = 1; i < million; ++i) c = !(c && yes);
    CHECK(to_string(c) == repeated(million - 1, "!(") + "x == 1" + repeated(million - 1, " && x == 1)"));
    CHECK_FALSE(holds_for_one(c));  // after an odd number of turns
}

TEST_CASE("condition: what is printed reads back as the same tree") {
    for (unsigned seed = 0; seed < 20'000; ++seed) {
        const condition c = grower(seed, true).tree(static_cast<int>(seed % 6));
        const std::string text = to_string(c);
        const auto again = parse_condition(text);
        INFO(seed << ": " << text);
        REQUIRE(again);
        REQUIRE(to_string(*again) == text);
        REQUIRE(c.always() == again->always());
        REQUIRE((c.always() || same(*c.root(), *again->root())));
    }
}

TEST_CASE("condition: without any one pair of its brackets it means something else") {
    int pairs = 0;
    for (unsigned seed = 0; seed < 3'000; ++seed) {
        const condition c = grower(seed, false).tree(4);
        const std::string text = to_string(c);
        for (std::size_t open = 0; open < text.size(); ++open) {
            const std::string_view before = std::string_view(text).substr(0, open);
            if (text[open] != '(' || before.ends_with("has") || before.ends_with(" in ")) continue;
            std::size_t close = open;
            for (int depth = 1; depth > 0;) {
                ++close;
                depth += text[close] == '(' ? 1 : text[close] == ')' ? -1 : 0;
            }
            std::string bare = text;
            bare.erase(close, 1).erase(open, 1);
            const auto other = parse_condition(bare);
            if (other && *other == c) FAIL(text << " equals " << bare);
            ++pairs;
        }
    }
    CHECK(pairs > 1'000);
}

TEST_CASE("condition: any damage to a text is refused or read, never worse") {
    std::mt19937 random(7);
    const std::string alphabet = "ax1.'`()!=<>&|,- \"\xC3\x80" + std::string(1, '\0');
    for (unsigned seed = 0; seed < 20'000; ++seed) {
        std::string text = to_string(grower(seed, true).tree(3));
        for (int edits = 0; edits < 3 && !text.empty(); ++edits)
            text[random() % text.size()] = alphabet[random() % alphabet.size()];
        const auto c = parse_condition(text);
        INFO(text);
        if (c) REQUIRE(reprinted(to_string(*c)) == to_string(*c));
        if (!c) REQUIRE(c.error().where.find("column ") == 0);
    }
}
