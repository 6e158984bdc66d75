// json_test.cpp - reading and writing JSON inside the library.
#include "base/json.hpp"

#include <cmath>
#include <functional>
#include <limits>

#include "catch.hpp"

namespace json = weir::json;
using weir::errc;
using weir_test::ContainsSubstring;

namespace {

weir::error error_of(const std::function<void()>& f) {
    try {
        f();
    } catch (const weir::exception& e) {
        return e.error();
    }
    FAIL("nothing was thrown");
    return {};
}

weir::error parse_error(std::string_view text) {
    return error_of([&] { json::parse(text); });
}

void copy(json::writer& w, const json::node& n) {
    switch (n.kind) {
        case json::kind::null: w.null(); return;
        case json::kind::boolean: w.boolean(n.truth); return;
        case json::kind::number: w.raw(n.text); return;
        case json::kind::text: w.text(n.text); return;
        case json::kind::array: w.begin_array(); break;
        case json::kind::object: w.begin_object(); break;
    }
    for (std::size_t i = 0; i < n.items.size(); ++i) {
        if (n.kind == json::kind::object) w.key(n.keys[i]);
        copy(w, n.items[i]);
    }
    if (n.kind == json::kind::object) {
        w.end_object();
    } else {
        w.end_array();
    }
}

std::string rewritten(std::string_view text, int indent = 0) {
    json::writer w(indent);
    copy(w, json::parse(text));
    return w.take();
}

std::string written_text(std::string_view text) { return json::writer().text(text).take(); }
std::string written_number(double d) { return json::writer().number(d).take(); }

json::node nested(int levels) {
    return json::parse(std::string(static_cast<std::size_t>(levels), '[') +
                       std::string(static_cast<std::size_t>(levels), ']'));
}

}  // namespace

TEST_CASE("json: what is read and written again is the same") {
    for (const char* text : {"null", "true", "false", "0", "-1", "\"\"", "[]", "{}", "[[],{}]",
                             "[null,[1,2],\"a\"]", R"({"b":1,"a":{"":[true]},"c":"x"})"})
        CHECK(rewritten(text) == text);
    CHECK(rewritten(" \r\n\t[ 1 , 2 ] ") == "[1,2]");
}

TEST_CASE("json: numbers keep their digits") {
    for (const char* number :
         {"123456789012345678901234567890", "0.1000", "-0", "1e3", "1E+05", "-0.0e-7", "1e400",
          "9223372036854775808", "18446744073709551616", "0.12345678901234567890123"}) {
        CHECK(json::parse(number).text == number);
        CHECK(rewritten("[" + std::string(number) + "," + number + "]") ==
              "[" + std::string(number) + "," + number + "]");
    }
}

TEST_CASE("json: texts lose their escapes") {
    CHECK(json::parse(R"("a\n\t\"\\\/\b\f\r")").text == "a\n\t\"\\/\b\f\r");
    CHECK(json::parse(R"("\u00e9\u0041\ud83d\ude00")").text == "\xC3\xA9\x41\xF0\x9F\x98\x80");
    CHECK(json::parse(R"({"\u0061b":1})").keys.front() == "ab");
    CHECK(json::parse("\"" + std::string(100'000, 'x') + "\\n\"").text == std::string(100'000, 'x') + "\n");
    CHECK(json::parse(R"("\u0000")").text == std::string(1, '\0'));
}

TEST_CASE("json: an object keeps the order of its keys and finds them") {
    const json::node n = json::parse(R"({"z":1,"a":2})");
    CHECK(n.keys == std::vector<std::string>{"z", "a"});
    REQUIRE(n.find("a") != nullptr);
    CHECK(n.find("a")->text == "2");
    CHECK(n.find("b") == nullptr);
    CHECK(json::parse("[1]").find("a") == nullptr);
}

TEST_CASE("json: a byte-order mark is skipped, and does not count as a column") {
    CHECK(json::parse("\xEF\xBB\xBF[1]").items.size() == 1);
    CHECK(parse_error("\xEF\xBB\xBF[}").where == "1:2");
}

TEST_CASE("json: a syntax error names line and column") {
    struct wrong {
        std::string text;
        const char* where;
        const char* message;
    };
    const wrong all[] = {
        {"", "1:1", "the end of the text"},
        {"  ", "1:3", "the end of the text"},
        {"[1,\n 2", "2:3", "the end of the text"},
        {"\"abc", "1:5", "the end of the text"},
        {"-", "1:2", "the end of the text"},
        {"1.", "1:3", "the end of the text"},
        {"1e", "1:3", "the end of the text"},
        {"tru", "1:4", "the end of the text"},
        {"{\"a\":1,\n\n  x}", "3:3", "found \"x}\""},
        {"[1,]", "1:4", "found \"]\""},
        {"[1 2]", "1:4", "found \"2]\""},
        {"01", "1:2", "after the JSON value"},
        {"+1", "1:1", "found \"+1\""},
        {"nul!", "1:1", "found \"nul!\""},
        {"NaN", "1:1", "found \"NaN\""},
        {"Infinity", "1:1", "found \"Infinity\""},
        {"'a'", "1:1", "found \"'a'\""},
        {"// a\n1", "1:1", "found \"// a\""},
        {"{} {}", "1:4", "found \"{}\" after the JSON value"},
        {"{a:1}", "1:2", "found \"a:1}\""},
        {"\"\xC3\xA9\n\"", "1:3", "is not JSON"},
        {"\"\xC3\x28\"", "1:2", "is not JSON"},
        {"\"a\xFF\"", "1:3", "is not JSON"},
        {std::string("[1]\0", 4), "1:4", "after the JSON value"},
        {"1e99999999999", "", "exponent"},
        {R"("\ud83d")", "", "is not JSON"},
        {R"("\x")", "", "is not JSON"},
    };
    for (const wrong& w : all) {
        CAPTURE(w.text);
        const weir::error e = parse_error(w.text);
        CHECK(e.code == errc::bad_input);
        if (*w.where != '\0') CHECK(e.where == w.where);
        CHECK_THAT(e.message, ContainsSubstring(w.message));
    }
}

TEST_CASE("json: a key stands once in an object") {
    const weir::error e = parse_error("{\"a\":1,\n\"b\":{},\"a\":2}");
    CHECK(e.code == errc::bad_input);
    CHECK(e.where == "2:13");
    CHECK_THAT(e.message, ContainsSubstring("found the key \"a\" twice"));
    CHECK_THAT(parse_error(R"({"":1,"":1})").message, ContainsSubstring("the key \"\" twice"));
    CHECK_THAT(parse_error(R"([{"x":{"ab":1,"\u0061b":1}}])").message, ContainsSubstring("\"ab\" twice"));
    CHECK(json::parse(R"([{"a":{"a":1}},{"a":1}])").items.size() == 2);
}

TEST_CASE("json: arrays and objects nest 32 deep") {
    CHECK(nested(32).items.size() == 1);
    const weir::error e = error_of([] { nested(33); });
    CHECK(e.code == errc::bad_input);
    CHECK(e.where == "1:33");
    CHECK_THAT(e.message, ContainsSubstring("32 levels"));
    CHECK(error_of([] { nested(1'000'000); }).where == "1:33");
}

TEST_CASE("json: an integer has neither point nor exponent and fits 64 bits") {
    const auto read = [](const char* text) { return json::as_integer(json::parse(text), "limit"); };
    CHECK(read("0") == 0);
    CHECK(read("-0") == 0);
    CHECK(read("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
    CHECK(read("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
    for (const char* text :
         {"1.0", "1e3", "9223372036854775808", "-9223372036854775809", "\"1\"", "true", "null", "[]"}) {
        CAPTURE(text);
        const weir::error e = error_of([&] { read(text); });
        CHECK(e.code == errc::invalid_question);
        CHECK(e.where == "limit");
        CHECK_THAT(e.message, ContainsSubstring("expected"));
    }
    CHECK_THAT(error_of([&] { read("1.0"); }).message, ContainsSubstring("found 1.0, expected an integer"));
}

TEST_CASE("json: a double is the nearest to the digits, and refused where there is none") {
    const auto read = [](const char* text) { return json::as_double(json::parse(text), "level"); };
    CHECK(read("0.1") == 0.1);
    CHECK(read("0.123456789012345") == 0.123456789012345);
    CHECK(read("1e3") == 1000.0);
    CHECK(read("18446744073709551616") == 18446744073709551616.0);
    CHECK(error_of([&] { read("1e400"); }).where == "level");
    CHECK_THAT(error_of([&] { read("-1e400"); }).message, ContainsSubstring("found -1e400"));
    CHECK_THAT(error_of([&] { read("\"x\""); }).message, ContainsSubstring("found \"x\", expected a number"));
}

TEST_CASE("json: a value of another kind is named in the error") {
    const auto message = [](const char* text) {
        return error_of([&] { json::as_text(json::parse(text), "x"); }).message;
    };
    CHECK(message("null") == "found null, expected a text");
    CHECK(message("true") == "found true, expected a text");
    CHECK(message("-2.50") == "found -2.50, expected a text");
    CHECK(message("[1]") == "found an array, expected a text");
    CHECK(message("{}") == "found an object, expected a text");
    CHECK(json::as_text(json::parse("\"a\""), "x") == "a");
    CHECK(json::as_bool(json::parse("true"), "x"));
    CHECK_FALSE(json::as_bool(json::parse("false"), "x"));
    CHECK(error_of([] { json::as_bool(json::parse("0"), "x"); }).message ==
          "found 0, expected a truth value");
    CHECK(error_of([] { json::as_array(json::parse("{}"), "x"); }).message ==
          "found an object, expected an array");
}

TEST_CASE("json: durations, instants and conditions carry the place of the question") {
    const json::node good = json::parse(R"(["30d", "2024-01-31", "a == 1"])");
    CHECK(json::as_duration(good.items[0], "within") == std::chrono::days{30});
    CHECK(json::as_instant(good.items[1], "as_of") == weir::utc(2024, 1, 31));
    CHECK(to_string(json::as_condition(good.items[2], "where")) == "a == 1");

    const json::node bad = json::parse(R"(["30x", "yesterday", "a = 1"])");
    const weir::error d = error_of([&] { json::as_duration(bad.items[0], "funnel.within"); });
    CHECK(d.code == errc::invalid_question);
    CHECK(d.where == "funnel.within");
    CHECK_THAT(d.message, ContainsSubstring("30x"));
    const weir::error t = error_of([&] { json::as_instant(bad.items[1], "funnel.as_of"); });
    CHECK(t.where == "funnel.as_of");
    CHECK_THAT(t.message, ContainsSubstring("yesterday"));
    const weir::error c = error_of([&] { json::as_condition(bad.items[2], "steps[1].where"); });
    CHECK(c.code == errc::invalid_question);
    CHECK(c.where == "steps[1].where: column 3");
    CHECK_THAT(error_of([&] { json::as_duration(json::parse("30"), "within"); }).message,
               ContainsSubstring("found 30"));
}

TEST_CASE("json: names are one text or several") {
    const auto read = [](const char* text) { return json::as_names(json::parse(text), "event"); };
    CHECK(read("\"a\"") == weir::names("a"));
    CHECK(read(R"(["a", "b"])") == weir::names{"a", "b"});
    CHECK(read("[]").empty());
    CHECK(error_of([&] { read(R"(["a", 1])"); }).where == "event[1]");
    CHECK_THAT(error_of([&] { read("1"); }).message, ContainsSubstring("a text or an array of texts"));
}

TEST_CASE("json: periods and calendars are read back as they were written") {
    const auto period = [](const weir::period& p) {
        json::writer w;
        write(w, p);
        const std::string text = w.take();
        CHECK(json::as_period(json::parse(text), "period") == p);
        return text;
    };
    CHECK(period({}) == "{}");
    CHECK(period({weir::utc(2024, 1, 1), {}}) == R"({"from":"2024-01-01T00:00:00Z"})");
    CHECK(period({weir::utc(2024, 1, 1), weir::utc(2024, 4, 1)}) ==
          R"({"from":"2024-01-01T00:00:00Z","until":"2024-04-01T00:00:00Z"})");
    CHECK(period({weir::instant::min(), weir::instant::max()}).find("from") != std::string::npos);

    const auto calendar = [](const weir::calendar& c) {
        json::writer w;
        write(w, c);
        const std::string text = w.take();
        CHECK(json::as_calendar(json::parse(text), "bucket") == c);
        return text;
    };
    CHECK(calendar({}) == R"({"unit":"none"})");
    CHECK(calendar(weir::weekly()) == R"({"unit":"week"})");
    CHECK(calendar(weir::hourly("Europe/Berlin")) == R"({"unit":"hour","zone":"Europe/Berlin"})");
    CHECK(calendar(weir::quarterly()) == R"({"unit":"quarter"})");
    CHECK(calendar(weir::yearly()) == R"({"unit":"year"})");
    CHECK(calendar(weir::monthly()) == R"({"unit":"month"})");
    CHECK(calendar(weir::daily()) == R"({"unit":"day"})");
}

TEST_CASE("json: a wrong word or key is answered with a suggestion") {
    const weir::error word = error_of([] { json::as_calendar(json::parse(R"({"unit":"weak"})"), "bucket"); });
    CHECK(word.code == errc::unknown_name);
    CHECK(word.where == "bucket.unit");
    CHECK_THAT(word.message, ContainsSubstring("found \"weak\""));
    CHECK_THAT(word.message, ContainsSubstring("did you mean \"week\""));

    const weir::error key =
        error_of([] { json::as_period(json::parse(R"({"form":"2024-01-01"})"), "period"); });
    CHECK(key.code == errc::unknown_name);
    CHECK(key.where == "period.form");
    CHECK_THAT(key.message, ContainsSubstring("did you mean \"from\""));

    const weir::error unit = error_of([] { json::as_calendar(json::parse(R"({"zone":"UTC"})"), "bucket"); });
    CHECK(unit.code == errc::invalid_question);
    CHECK(unit.where == "bucket");

    constexpr std::string_view words[] = {"zero", "one"};
    CHECK(json::as_word(json::parse("\"one\""), "x", words) == 1);
}

TEST_CASE("json: an object refuses what nobody asked for") {
    const json::node n = json::parse(R"({"a":1,"b":2})");
    json::object members(n, "funnel");
    REQUIRE(members.find("a") != nullptr);
    CHECK(members.find("c") == nullptr);
    CHECK(members.at("steps") == "funnel.steps");
    CHECK(error_of([&] { members.finish(); }).where == "funnel.b");
    CHECK(members.find("b")->text == "2");
    members.finish();
    CHECK(json::object(n, "").at("a") == "a");
    CHECK(error_of([] { json::object(json::parse("[]"), "x"); }).message ==
          "found an array, expected an object");
    CHECK_THAT(error_of([&] { json::object(n, "x").finish(); }).message, ContainsSubstring("expected none"));
}

TEST_CASE("json: the writer is compact, or indented with empty brackets on one line") {
    const char* text = R"({"a":[1,[],{}],"b":{"c":null},"d":[]})";
    CHECK(rewritten(text, 0) == text);
    CHECK(rewritten(text, 2) == R"({
  "a": [
    1,
    [],
    {}
  ],
  "b": {
    "c": null
  },
  "d": []
})");
    CHECK(rewritten(rewritten(text, 4), 0) == text);
    CHECK(rewritten("{}", 2) == "{}");
    CHECK(rewritten("1", 2) == "1");
}

TEST_CASE("json: the writer escapes what JSON forbids and nothing else") {
    CHECK(written_text("a\"\\/\n\r\t") == R"("a\"\\/\n\r\t")");
    CHECK(written_text(std::string("\0\x01\x1f\x7f", 4)) == "\"\\u0000\\u0001\\u001f\x7f\"");
    CHECK(written_text("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80") == "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"");
    for (int c = 0; c < 128; ++c) {
        const std::string text(3, static_cast<char>(c));
        CHECK(json::parse(written_text(text)).text == text);
    }
    json::writer w;
    w.begin_object().key("a\"").integer(1).end_object();
    CHECK(w.take() == R"({"a\"":1})");
}

TEST_CASE("json: bad UTF-8 is written as U+FFFD") {
    const std::string bad = "\xEF\xBF\xBD";
    CHECK(written_text("x\xFFy") == "\"x" + bad + "y\"");
    CHECK(written_text("\xC3") == "\"" + bad + "\"");
    CHECK(written_text("\xC0\x80") == "\"" + bad + bad + "\"");
    CHECK(written_text("\xED\xA0\x80") == "\"" + bad + bad + bad + "\"");
    CHECK(written_text("\xE2\x82\"") == "\"" + bad + bad + "\\\"\"");
    CHECK(written_text("\x80\xF8") == "\"" + bad + bad + "\"");
}

TEST_CASE("json: the writer prints numbers that read back, and null for those that JSON has not") {
    CHECK(written_number(2.5) == "2.5");
    CHECK(written_number(0.1) == "0.1");
    CHECK(written_number(1) == "1");
    CHECK(written_number(std::nan("")) == "null");
    CHECK(written_number(-std::numeric_limits<double>::infinity()) == "null");
    for (const double d :
         {1e300, 5e-324, 1.7976931348623157e308, -0.3, 1.0 / 3, 123456789.123456789, 1e16, 1e-5, -0.0})
        CHECK(json::as_double(json::parse(written_number(d)), "") == d);
    CHECK(json::writer().integer(std::numeric_limits<std::int64_t>::min()).take() == "-9223372036854775808");
}

TEST_CASE("json: names are written as one text or as an array") {
    const auto written = [](const weir::names& n) {
        json::writer w;
        write(w, n);
        return w.take();
    };
    CHECK(written({"a"}) == "\"a\"");
    CHECK(written({"a", "b"}) == R"(["a","b"])");
    CHECK(written({}) == "[]");
}

TEST_CASE("json: a duration prints in the largest unit that divides it, and reads back") {
    using namespace std::chrono;
    CHECK(json::print_duration(days{30}) == "30d");
    CHECK(json::print_duration(days{7}) == "7d");
    CHECK(json::print_duration(hours{36}) == "36h");
    CHECK(json::print_duration(seconds{90}) == "90s");
    CHECK(json::print_duration(minutes{90}) == "90m");
    CHECK(json::print_duration(milliseconds{250}) == "250ms");
    CHECK(json::print_duration(microseconds{7}) == "7us");
    CHECK(json::print_duration({}) == "0s");
    CHECK(json::print_duration(-hours{1}) == "-1h");
    CHECK(json::print_duration(weir::duration::max()) == "9223372036854775807us");
    for (const weir::duration d :
         {weir::duration::max(), weir::duration(1), weir::duration(days{365}), weir::duration(0)})
        CHECK(weir::parse_duration(json::print_duration(d)).value() == d);
}
