#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <weir/event.hpp>
#include <weir/value.hpp>

#include "catch.hpp"

using weir::lead_id;
using weir::names;
using weir::value;

TEST_CASE("value: prints its content without quotes") {
    CHECK(to_string(value("ads")) == "ads");
    CHECK(to_string(value(3)) == "3");
    CHECK(to_string(value(2.5)) == "2.5");
    CHECK(to_string(value(100.0)) == "100");
    CHECK(to_string(value(true)) == "true");
    CHECK(to_string(value(false)) == "false");
    CHECK(to_string(value(weir::money{1999, "EUR"})) == "19.99 EUR");
    CHECK(to_string(value(weir::utc(2024, 1, 31, 10, 30))) == "2024-01-31T10:30:00Z");
    CHECK(to_string(value()).empty());
    std::ostringstream out;
    out << value("ads") << '|' << value();
    CHECK(out.str() == "ads|");
}

TEST_CASE("value: a number that is not finite prints, too") {
    CHECK(to_string(value(std::numeric_limits<double>::infinity())) == "inf");
    CHECK(to_string(value(-std::numeric_limits<double>::infinity())) == "-inf");
    CHECK(to_string(value(std::nan(""))) == "nan");
}

TEST_CASE("value: takes what hosts have, each as its own type") {
    CHECK(*value("ads").get<std::string>() == "ads");
    CHECK(*value(std::string_view("ads")).get<std::string>() == "ads");
    CHECK(*value(std::uint32_t{4'000'000'000}).get<std::int64_t>() == 4'000'000'000);
    CHECK(*value(std::int64_t{-1}).get<std::int64_t>() == -1);
    CHECK(*value(2.5F).get<double>() == 2.5);
    CHECK(*value(true).get<bool>());
    CHECK(value(1).get<bool>() == nullptr);
    CHECK(value(1) != value(1.0));
    CHECK(value("1") != value(1));
    CHECK(!std::is_constructible_v<value, std::uint64_t>);
    CHECK(!std::is_constructible_v<value, char>);
    CHECK(!std::is_constructible_v<value, std::nullptr_t>);
}

TEST_CASE("value: an empty optional is a missing value") {
    CHECK(value(std::optional<int>{}).missing());
    CHECK(value(std::optional<int>{3}) == value(3));
    CHECK(!value("").missing());
    CHECK(value() == value(std::optional<std::string>{}));
}

TEST_CASE("value: a clock finer than microseconds is rounded down") {
    using namespace std::chrono;
    const time_point<system_clock, nanoseconds> before_1970{nanoseconds{-1}};
    CHECK(*value(before_1970).get<weir::instant>() == weir::from_unix_microseconds(-1));
}

TEST_CASE("names: one name or a list of names") {
    const names one = "demo";
    const names two{"demo", "webinar"};
    CHECK(one.size() == 1);
    REQUIRE(two.size() == 2);
    CHECK(two[0] == "demo");
    CHECK(two[1] == "webinar");
    CHECK(names{}.empty());
    CHECK(names(std::vector<std::string>{"demo", "webinar"}) == two);
    CHECK(one == names{"demo"});
    CHECK(one != two);
}

TEST_CASE("lead_id: prints the key, or the kind and the key") {
    CHECK(to_string(lead_id("l-7")) == "l-7");
    CHECK(to_string(lead_id(42)) == "42");
    CHECK(to_string(lead_id("cookie", "c-81")) == "cookie:c-81");
    CHECK(to_string(lead_id()).empty());
    std::ostringstream out;
    out << lead_id("cookie", "c-81");
    CHECK(out.str() == "cookie:c-81");
}

TEST_CASE("lead_id: an integer is its decimal text, and a kind makes another lead") {
    CHECK(lead_id(42) == lead_id("42"));
    CHECK(lead_id(-1) == lead_id("-1"));
    CHECK(lead_id(std::numeric_limits<std::uint64_t>::max()) == lead_id("18446744073709551615"));
    CHECK(lead_id("cookie", "42") != lead_id("42"));
    CHECK(lead_id("cookie:42") != lead_id("cookie", "42"));
}
