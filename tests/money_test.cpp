#include <cstdint>
#include <limits>
#include <sstream>
#include <string>

#include <weir/money.hpp>

#include "catch.hpp"

using weir::currency;
using weir::errc;
using weir::money;
using weir::parse_money;

namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();

}  // namespace

TEST_CASE("currency: reads three capital letters and nothing else") {
    CHECK(currency::parse("EUR").value() == currency("EUR"));
    for (const std::string text : {"", "EU", "EURO", "eur", "E1R", "EU ", "\xC3\x84"}) {
        CAPTURE(text);
        const auto read = currency::parse(text);
        REQUIRE(!read.has_value());
        CHECK(read.error().code == errc::bad_input);
    }
}

TEST_CASE("currency: decimals are those of ISO 4217") {
    CHECK(currency("EUR").decimals() == 2);
    CHECK(currency("JPY").decimals() == 0);
    CHECK(currency("KWD").decimals() == 3);
    CHECK(currency("CLF").decimals() == 4);
    CHECK(currency("ZZZ").decimals() == 2);
}

TEST_CASE("money: prints major units") {
    CHECK(to_string(money{1999, "EUR"}) == "19.99 EUR");
    CHECK(to_string(money{0, "EUR"}) == "0.00 EUR");
    CHECK(to_string(money{-5, "EUR"}) == "-0.05 EUR");
    CHECK(to_string(money{-150, "EUR"}) == "-1.50 EUR");
    CHECK(to_string(money{500, "JPY"}) == "500 JPY");
    CHECK(to_string(money{7, "KWD"}) == "0.007 KWD");
    CHECK(to_string(money{most, "EUR"}) == "92233720368547758.07 EUR");
    CHECK(to_string(money{least, "EUR"}) == "-92233720368547758.08 EUR");
    CHECK(to_string(money{least, "JPY"}) == "-9223372036854775808 JPY");
    std::ostringstream out;
    out << money{1999, "EUR"};
    CHECK(out.str() == "19.99 EUR");
}

TEST_CASE("money: reads major units exactly") {
    CHECK(parse_money("1054", "EUR").value() == money{105400, "EUR"});
    CHECK(parse_money("-3.5", "EUR").value() == money{-350, "EUR"});
    CHECK(parse_money("1054.00", "EUR").value() == money{105400, "EUR"});
    CHECK(parse_money("0.07", "USD").value() == money{7, "USD"});
    CHECK(parse_money("-0", "USD").value() == money{0, "USD"});
    CHECK(parse_money("007", "JPY").value() == money{7, "JPY"});
    CHECK(parse_money("1.5", "KWD").value() == money{1500, "KWD"});
}

TEST_CASE("money: both extreme amounts read back") {
    CHECK(parse_money("92233720368547758.07", "EUR").value().units == most);
    CHECK(parse_money("-92233720368547758.08", "EUR").value().units == least);
    CHECK(parse_money("92233720368547758.08", "EUR").error().code == errc::bad_input);
    CHECK(parse_money("-92233720368547758.09", "EUR").error().code == errc::bad_input);
    CHECK(parse_money("1000000000000000000000000000000", "JPY").error().code == errc::bad_input);
}

TEST_CASE("money: refuses what is no amount") {
    for (const std::string text : {"", "-", ".", "1.", ".5", "-.5", "1e3", "+1", " 1", "1 ", "1,50", "1.5.0",
                                   "--1", "1.-5", "EUR", "0x1"}) {
        CAPTURE(text);
        const auto read = parse_money(text, "EUR");
        REQUIRE(!read.has_value());
        CHECK(read.error().code == errc::bad_input);
    }
}

TEST_CASE("money: refuses more decimals than the currency has, even zeros") {
    CHECK(parse_money("19.990", "EUR").error().message ==
          "\"19.990\" has 3 decimals, expected at most 2 of EUR");
    CHECK(parse_money("1.0", "JPY").error().code == errc::bad_input);
    CHECK(parse_money("1.234", "KWD").value().units == 1234);
}

TEST_CASE("money: adds exactly") {
    CHECK(add(money{1999, "EUR"}, money{1, "EUR"}).value() == money{2000, "EUR"});
    CHECK(add(money{most, "EUR"}, money{least, "EUR"}).value() == money{-1, "EUR"});
    CHECK(add(money{most - 1, "EUR"}, money{1, "EUR"}).value().units == most);
    CHECK(add(money{least + 1, "EUR"}, money{-1, "EUR"}).value().units == least);
}

TEST_CASE("money: two currencies have no sum, and a sum stays within 64 bits") {
    CHECK(add(money{1, "EUR"}, money{1, "USD"}).error().code == errc::mismatch);
    CHECK(add(money{0, "EUR"}, money{0, "USD"}).error().code == errc::mismatch);
    CHECK(add(money{most, "EUR"}, money{1, "EUR"}).error().code == errc::limit_exceeded);
    CHECK(add(money{least, "EUR"}, money{-1, "EUR"}).error().code == errc::limit_exceeded);
    CHECK(add(money{-1, "EUR"}, money{least, "EUR"}).error().code == errc::limit_exceeded);
}
