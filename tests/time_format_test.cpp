#include "catch.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <weir/time.hpp>

#include "load/time_format.hpp"

namespace {

using weir::utc;
using weir_test::ContainsSubstring;

std::optional<weir::instant> read(std::string_view format, std::string_view text,
                                  std::string_view zone = "UTC") {
    const auto micros = weir::time_format(format, zone).read(text);
    if (!micros) return std::nullopt;
    return weir::from_unix_microseconds(*micros);
}

std::string refused(std::string_view format) {
    try {
        weir::time_format(format, "UTC");
    } catch (const weir::exception& e) {
        CHECK(e.error().code == weir::errc::bad_input);
        return e.error().message;
    }
    return "";
}

bool built_with_zones() {
    const auto day = weir::bucket_of(utc(2024, 1, 31), weir::daily("Europe/Berlin"));
    return day.has_value() || day.error().code != weir::errc::unsupported;
}

}  // namespace

TEST_CASE("time format: a pattern reads the date it spells, at midnight") {
    CHECK(read("%d-%m-%Y", "31-01-2018") == utc(2018, 1, 31));
    CHECK(read("%Y%m%d", "20240229") == utc(2024, 2, 29));
    CHECK(read("%m/%d/%Y", "1/2/2024") == utc(2024, 1, 2));
    CHECK(read("%F", "1969-12-31") == utc(1969, 12, 31));
    CHECK(read("%D", "12/31/99") == utc(1999, 12, 31));
    CHECK(read("%Y-%m-%d", "0001-01-01") == utc(1, 1, 1));
    CHECK(read("%Y-%m-%d", "9999-12-31") == utc(9999, 12, 31));
}

TEST_CASE("time format: time of day, fraction and half days") {
    CHECK(read("%F %T", "2024-01-31 10:30:05") == utc(2024, 1, 31, 10, 30, 5));
    CHECK(read("%FT%R", "2024-01-31T23:59") == utc(2024, 1, 31, 23, 59));
    CHECK(read("%F %T.%f", "2024-01-31 00:00:00.5") == utc(2024, 1, 31) + weir::duration{500'000});
    CHECK(read("%F %T.%f", "2024-01-31 00:00:00.000001") == utc(2024, 1, 31) + weir::duration{1});
    CHECK(read("%d.%m.%Y %I:%M %p", "31.01.2024 12:05 AM") == utc(2024, 1, 31, 0, 5));
    CHECK(read("%d.%m.%Y %I:%M %p", "31.01.2024 12:05 pm") == utc(2024, 1, 31, 12, 5));
    CHECK(read("%d.%m.%Y %I:%M %p", "31.01.2024 1:05 PM") == utc(2024, 1, 31, 13, 5));
}

TEST_CASE("time format: names of months and weekdays, in full or short, in any case") {
    CHECK(read("%b %e %Y", "Jan  5 2024") == utc(2024, 1, 5));
    CHECK(read("%b %e %Y", "JANUARY 15 2024") == utc(2024, 1, 15));
    CHECK(read("%d %B %Y", "1 may 2024") == utc(2024, 5, 1));
    CHECK(read("%a, %d %b %Y", "Wed, 31 Jan 2024") == utc(2024, 1, 31));
    CHECK(read("%A %F", "Wednesday 2024-01-31") == utc(2024, 1, 31));
    CHECK_FALSE(read("%a, %d %b %Y", "Thu, 31 Jan 2024"));
    CHECK_FALSE(read("%b %d %Y", "Janu 5 2024"));
    CHECK_FALSE(read("%b %d %Y", "Foo 5 2024"));
}

TEST_CASE("time format: two digits of a year mean 1969 to 2068") {
    CHECK(read("%d.%m.%y", "01.01.69") == utc(1969, 1, 1));
    CHECK(read("%d.%m.%y", "01.01.68") == utc(2068, 1, 1));
    CHECK(read("%d.%m.%y", "01.01.00") == utc(2000, 1, 1));
}

TEST_CASE("time format: the day of the year") {
    CHECK(read("%Y-%j", "2024-060") == utc(2024, 2, 29));
    CHECK(read("%Y-%j", "2024-366") == utc(2024, 12, 31));
    CHECK_FALSE(read("%Y-%j", "2023-366"));
    CHECK_FALSE(read("%Y-%j", "2023-000"));
}

TEST_CASE("time format: dates and times that do not exist are not read") {
    CHECK_FALSE(read("%d-%m-%Y", "31-02-2018"));
    CHECK_FALSE(read("%d-%m-%Y", "29-02-2100"));
    CHECK_FALSE(read("%d-%m-%Y", "00-01-2018"));
    CHECK_FALSE(read("%d-%m-%Y", "01-13-2018"));
    CHECK_FALSE(read("%d-%m-%Y", "01-01-0000"));
    CHECK_FALSE(read("%F %T", "2024-01-31 24:00:00"));
    CHECK_FALSE(read("%F %T", "2024-01-31 10:60:00"));
    CHECK_FALSE(read("%F %T", "2024-01-31 10:00:60"));
    CHECK_FALSE(read("%F %I %p", "2024-01-31 13 PM"));
    CHECK_FALSE(read("%F %I %p", "2024-01-31 0 AM"));
}

TEST_CASE("time format: the whole text must match") {
    CHECK_FALSE(read("%d-%m-%Y", ""));
    CHECK_FALSE(read("%d-%m-%Y", "31-01-2018 "));
    CHECK_FALSE(read("%d-%m-%Y", " 31-01-2018"));
    CHECK_FALSE(read("%d-%m-%Y", "31-01-20181"));
    CHECK_FALSE(read("%d-%m-%Y", "31-01-201"));
    CHECK_FALSE(read("%d-%m-%Y", "31/01/2018"));
    CHECK_FALSE(read("%d-%m-%Y", "+1-01-2018"));
    CHECK_FALSE(read("%F %T.%f", "2024-01-31 00:00:00.1234567"));
    CHECK_FALSE(read("%F %T.%f", "2024-01-31 00:00:00."));
    CHECK(read("100%% %F", "100% 2024-01-31") == utc(2024, 1, 31));
}

TEST_CASE("time format: an offset in the text beats the zone") {
    CHECK(read("%F %T%z", "2024-01-31 10:00:00+02:00") == utc(2024, 1, 31, 8));
    CHECK(read("%F %T %z", "2024-01-31 10:00:00 -0530") == utc(2024, 1, 31, 15, 30));
    CHECK(read("%F %T%z", "2024-01-31 10:00:00+02", "+05:00") == utc(2024, 1, 31, 8));
    CHECK(read("%F %T%z", "2024-01-31 10:00:00Z", "+05:00") == utc(2024, 1, 31, 10));
    CHECK(read("%F %T %Z", "2024-01-31 10:00:00 UTC", "+05:00") == utc(2024, 1, 31, 10));
    CHECK_FALSE(read("%F %T %Z", "2024-01-31 10:00:00 CET"));
    CHECK_FALSE(read("%F %T%z", "2024-01-31 10:00:00+2"));
    CHECK_FALSE(read("%F %T%z", "2024-01-31 10:00:00+02:0"));
    CHECK_FALSE(read("%F %T%z", "2024-01-31 10:00:00+24:00"));
    CHECK_FALSE(read("%F %T%z", "2024-01-31 10:00:00"));
}

TEST_CASE("time format: the zone holds where the text has no offset") {
    CHECK(read("%F %T", "2024-01-31 10:00:00", "+02:00") == utc(2024, 1, 31, 8));
    CHECK(read("iso", "2024-01-31T10:00:00", "+02:00") == utc(2024, 1, 31, 8));
    CHECK(read("iso", "2024-01-31", "+02:00") == utc(2024, 1, 30, 22));
    CHECK(read("iso", "2024-01-31T10:00", "-02:00") == utc(2024, 1, 31, 12));
}

TEST_CASE("time format: iso is what parse_instant reads") {
    CHECK(read("iso", "2024-01-31") == utc(2024, 1, 31));
    CHECK(read("iso", "2024-01-31 10:30") == utc(2024, 1, 31, 10, 30));
    CHECK(read("iso", "2024-01-31T10:30:00Z", "+02:00") == utc(2024, 1, 31, 10, 30));
    CHECK(read("iso", "2024-01-31T10:30:00.25+01:00", "+02:00") ==
          utc(2024, 1, 31, 9, 30) + weir::duration{250'000});
    CHECK(read("iso", "2024-01-31T10:30:00-08:00", "+02:00") == utc(2024, 1, 31, 18, 30));
    CHECK_FALSE(read("iso", "2024-02-30"));
    CHECK_FALSE(read("iso", "2024-01-31 "));
    CHECK_FALSE(read("iso", ""));
}

TEST_CASE("time format: unix times are counted from 1970 in their unit") {
    CHECK(read("unix_s", "1706697000") == utc(2024, 1, 31, 10, 30));
    CHECK(read("unix_ms", "1706697000250") == utc(2024, 1, 31, 10, 30) + weir::duration{250'000});
    CHECK(read("unix_us", "-1") == utc(1970, 1, 1) - weir::duration{1});
    CHECK(read("unix_s", "0") == utc(1970, 1, 1));
    CHECK(read("unix_s", "1706697000", "+02:00") == utc(2024, 1, 31, 10, 30));
}

TEST_CASE("time format: seconds may have up to six decimals, smaller units none") {
    CHECK(read("unix_s", "1.5") == utc(1970, 1, 1, 0, 0, 1) + weir::duration{500'000});
    CHECK(read("unix_s", "-0.000001") == utc(1970, 1, 1) - weir::duration{1});
    CHECK(read("unix_s", "-1.5") == utc(1970, 1, 1) - weir::duration{1'500'000});
    for (const char* text : {"1.0000001", "1.", ".5", "", "-", "+1", "1e9", " 1", "1 ", "1.-5", "--1", "0x1"})
        CHECK_FALSE(read("unix_s", text));
    CHECK_FALSE(read("unix_ms", "1.5"));
    CHECK_FALSE(read("unix_us", "1.0"));
}

TEST_CASE("time format: unix times reach both ends of an instant and not beyond") {
    const auto least = std::numeric_limits<std::int64_t>::min();
    const auto most = std::numeric_limits<std::int64_t>::max();
    CHECK(read("unix_us", std::to_string(least)) == weir::from_unix_microseconds(least));
    CHECK(read("unix_us", std::to_string(most)) == weir::from_unix_microseconds(most));
    CHECK(read("unix_s", "-9223372036854.775808") == weir::from_unix_microseconds(least));
    CHECK(read("unix_s", "9223372036854.775807") == weir::from_unix_microseconds(most));
    CHECK_FALSE(read("unix_us", "9223372036854775808"));
    CHECK_FALSE(read("unix_s", "9223372036854.775808"));
    CHECK_FALSE(read("unix_ms", "9223372036854776"));
    CHECK_FALSE(read("unix_s", "99999999999999999999"));
}

TEST_CASE("time format: a format that names no instant is refused with the reason") {
    CHECK_THAT(refused(""), ContainsSubstring("expected iso"));
    CHECK_THAT(refused("ios"), ContainsSubstring("did you mean \"iso\""));
    CHECK_THAT(refused("unix_sec"), ContainsSubstring("unix_s"));
    CHECK_THAT(refused("%Y-%m-%d %K"), ContainsSubstring("%K"));
    CHECK_THAT(refused("%Y-%m-%d %"), ContainsSubstring("unknown conversion"));
    CHECK_THAT(refused("%m-%d"), ContainsSubstring("no year"));
    CHECK_THAT(refused("%Y-%m"), ContainsSubstring("day"));
    CHECK_THAT(refused("%Y-%d"), ContainsSubstring("day"));
    CHECK_THAT(refused("%Y-%m-%d %j"), ContainsSubstring("day"));
    CHECK_THAT(refused("%F %y"), ContainsSubstring("twice"));
    CHECK_THAT(refused("%F %I"), ContainsSubstring("%p"));
    CHECK_THAT(refused("%F %H %p"), ContainsSubstring("%I"));
    CHECK_THAT(refused("%F %M"), ContainsSubstring("hours"));
    CHECK_THAT(refused("%F %H:%S"), ContainsSubstring("minutes"));
    CHECK_THAT(refused("%F %R.%f"), ContainsSubstring("seconds"));
}

TEST_CASE("time format: an unknown zone is refused") {
    CHECK_THROWS_AS(weir::time_format("iso", "Nowhere/Atlantis"), weir::exception);
}

TEST_CASE("time format: the reason names what was found and what was expected") {
    CHECK(weir::time_format("%d-%m-%Y", "UTC").why_not("2018-01-31") ==
          "found \"2018-01-31\", expected a time as \"%d-%m-%Y\"");
    CHECK_THAT(weir::time_format("iso", "UTC").why_not("soon"), ContainsSubstring("2024-01-31T10:30:00Z"));
    CHECK_THAT(weir::time_format("unix_s", "UTC").why_not("soon"), ContainsSubstring("unix_s"));
}

TEST_CASE("time format: a local time that daylight saving skips is not read") {
    if (!built_with_zones()) return;
    CHECK_FALSE(read("iso", "2024-03-31T02:30", "Europe/Berlin"));
    CHECK(read("iso", "2024-03-31T03:00", "Europe/Berlin") == utc(2024, 3, 31, 1));
    CHECK(read("iso", "2024-03-31T02:30+01:00", "Europe/Berlin") == utc(2024, 3, 31, 1, 30));
    CHECK_THAT(weir::time_format("iso", "Europe/Berlin").why_not("2024-03-31T02:30"),
               ContainsSubstring("daylight saving skips in Europe/Berlin"));
}

TEST_CASE("time format: of an ambiguous local time the earlier one is read") {
    if (!built_with_zones()) return;
    CHECK(read("%F %R", "2024-10-27 02:30", "Europe/Berlin") == utc(2024, 10, 27, 0, 30));
    CHECK(read("%F %R", "2024-10-27 03:00", "Europe/Berlin") == utc(2024, 10, 27, 2));
}
