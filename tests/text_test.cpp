#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "catch.hpp"

using namespace std::string_literals;

TEST_CASE("text: up to 18 digits are a number, any other text is none") {
    CHECK(weir::as_digits("0") == 0);
    CHECK(weir::as_digits("007") == 7);
    std::string digits;
    std::int64_t number = 0;
    for (int i = 1; i <= 18; ++i) {
        digits += static_cast<char>('0' + i % 10);
        number = 10 * number + i % 10;
        CHECK(weir::as_digits(digits) == number);
        for (std::size_t at = 0; at < digits.size(); ++at)
            for (int byte = 0; byte < 256; ++byte) {
                std::string other = digits;
                other[at] = static_cast<char>(byte);
                if (byte < '0' || byte > '9') REQUIRE(weir::as_digits(other) == -1);
            }
    }
    CHECK(weir::as_digits("999999999999999999") == 999'999'999'999'999'999);
    for (const char* none : {"", "-1", "+1", " 1", "1 ", "1000000000000000000"})
        CHECK(weir::as_digits(none) == -1);
}

TEST_CASE("text: UTF-8 is what Unicode calls well-formed") {
    for (const auto& good :
         {""s, "plain"s, "\0"s, "\xC2\x80"s, "\xDF\xBF"s, "\xE0\xA0\x80"s, "\xED\x9F\xBF"s, "\xEE\x80\x80"s,
          "\xEF\xBF\xBF"s, "\xF0\x90\x80\x80"s, "\xF4\x8F\xBF\xBF"s, "a\xC3\xA4z"s}) {
        CAPTURE(good);
        CHECK(weir::valid_utf8(good));
    }
    const std::vector<std::string> wrong{"\x80",              // begins in the middle
                                         "\xC0\xAF",          // overlong
                                         "\xC1\xBF",          // overlong
                                         "\xE0\x9F\xBF",      // overlong
                                         "\xF0\x8F\xBF\xBF",  // overlong
                                         "\xED\xA0\x80",      // a surrogate
                                         "\xF4\x90\x80\x80",  // beyond U+10FFFF
                                         "\xF5\x80\x80\x80",
                                         "\xFF",
                                         "\xC3",
                                         "\xE2\x82",
                                         "\xF0\x9F\x98",
                                         "\xC3(",
                                         "\xE2\x82(",
                                         "a\xE4 b"};
    for (const auto& text : wrong) {
        CAPTURE(text);
        CHECK(!weir::valid_utf8(text));
    }
}

TEST_CASE("text: quotes escape what a terminal would not show") {
    CHECK(weir::quoted("demo") == "\"demo\"");
    CHECK(weir::quoted("") == "\"\"");
    CHECK(weir::quoted("a\"b\\c") == R"("a\"b\\c")");
    CHECK(weir::quoted("\n\r\t\x1b\x7f\0"s) == R"("\n\r\t\x1b\x7f\x00")");
    CHECK(weir::quoted("gr\xC3\xBC\xC3\x9F") == "\"gr\xC3\xBC\xC3\x9F\"");
    CHECK(weir::quoted("gr\xFC\xDF") == R"("gr\xfc\xdf")");
}

TEST_CASE("text: quotes are cut after 60 bytes, at a character's border") {
    const std::string sixty(60, 'x');
    CHECK(weir::quoted(sixty) == '"' + sixty + '"');
    CHECK(weir::quoted(sixty + 'y') == '"' + sixty + "...\"");
    const std::string fifty_nine(59, 'x');
    CHECK(weir::quoted(fifty_nine + "\xC3\xA4") == '"' + fifty_nine + "...\"");
}

TEST_CASE("text: a suggestion is the nearest known word") {
    const std::vector<std::string> known{"visit", "signup", "demo", "won", "lost"};
    CHECK(weir::did_you_mean("dmeo", known) == "; did you mean \"demo\"?");
    CHECK(weir::did_you_mean("sign_up", known) == "; did you mean \"signup\"?");
    CHECK(weir::did_you_mean("Visits", known) == "; did you mean \"visit\"?");
    CHECK(weir::did_you_mean("DEMO", known) == "; did you mean \"demo\"?");
    CHECK(weir::did_you_mean("win", known) == "; did you mean \"won\"?");
}

TEST_CASE("text: no suggestion where nothing is near") {
    const std::vector<std::string> known{"visit", "signup", "x"};
    CHECK(weir::did_you_mean("purchase", known).empty());
    CHECK(weir::did_you_mean("", known).empty());
    CHECK(weir::did_you_mean("y", known).empty());
    CHECK(weir::did_you_mean("visit", {}).empty());
    const std::vector<std::string> long_words{std::string(65, 'a')};
    CHECK(weir::did_you_mean(std::string(64, 'a'), long_words).empty());
    CHECK(weir::did_you_mean(std::string(100'000, 'a'), known).empty());
}

TEST_CASE("text: of equally near words the first is suggested") {
    const std::vector<std::string> known{"stage_b", "stage_a"};
    CHECK(weir::did_you_mean("stage_c", known) == "; did you mean \"stage_b\"?");
}

TEST_CASE("text: a number is the whole text, without blanks or names") {
    CHECK(weir::as_number("12") == 12.0);
    CHECK(weir::as_number("-3.5") == -3.5);
    CHECK(weir::as_number("1e3") == 1000.0);
    CHECK(weir::as_number("1E-3") == 0.001);
    CHECK(weir::as_number("0") == 0.0);
    CHECK(weir::as_number("1.7976931348623157e308") == std::numeric_limits<double>::max());
    for (const std::string text : {"", " 1", "1 ", "1,5", "1.5.", "--1", "+1", "-", ".", "e3", "0x10", "inf",
                                   "-inf", "nan", "INF", "infinity", "1e999", "12a", "1_000"}) {
        CAPTURE(text);
        CHECK(weir::as_number(text) == std::nullopt);
    }
}

TEST_CASE("text: numbers of ordinary size print without an exponent") {
    CHECK(weir::print_number(2.5) == "2.5");
    CHECK(weir::print_number(100) == "100");
    CHECK(weir::print_number(0.001) == "0.001");
    CHECK(weir::print_number(0) == "0");
    CHECK(weir::print_number(-0.1) == "-0.1");
    CHECK(weir::print_number(1e15) == "1000000000000000");
    CHECK(weir::print_number(1e-5) == "0.00001");
    CHECK(weir::print_number(1e16) == "1e+16");
    CHECK(weir::print_number(-1e300) == "-1e+300");
    CHECK(weir::print_number(9.5e-6) == "9.5e-06");
}

TEST_CASE("text: a printed number reads back to the same bits") {
    for (const double number :
         {0.1 + 0.2, 1.0 / 3.0, -0.0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308,
          9007199254740993.0, 9999999999999998.0, 1.2345678901234567e-5, 9.999999999999999e-6, 123456.789}) {
        CAPTURE(number);
        const auto read = weir::as_number(weir::print_number(number));
        REQUIRE(read.has_value());
        CHECK(*read == number);
        CHECK(std::signbit(*read) == std::signbit(number));
    }
}

TEST_CASE("text: a star in a glob stands for any run of bytes") {
    const auto matches = [](std::string_view glob, std::string_view text) {
        return weir::glob_matches(glob, text);
    };
    CHECK(matches("", ""));
    CHECK(matches("*", ""));
    CHECK(matches("*", "anything"));
    CHECK(matches("ads_*", "ads_"));
    CHECK(matches("ads_*", "ads_google"));
    CHECK(matches("*_won", "deal_won"));
    CHECK(matches("a*b*c", "a-b-b-c-c"));
    CHECK(matches("**a**", "bab"));
    CHECK(matches("*ab", "aab"));
    CHECK(!matches("", "a"));
    CHECK(!matches("a", ""));
    CHECK(!matches("ads", "ads_google"));
    CHECK(!matches("ads_*", "Ads_google"));
    CHECK(!matches("a*b*c", "a-c-b"));
    CHECK(!matches("a?c", "abc"));
}

TEST_CASE("text: a glob of many stars takes no exponential time") {
    std::string glob;
    for (int i = 0; i < 30; ++i) glob += "a*";
    CHECK(!weir::glob_matches(glob + 'b', std::string(10'000, 'a')));
}
