#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <weir/time.hpp>

#include "base/civil.hpp"
#include "base/zone.hpp"
#include "catch.hpp"

using namespace std::chrono_literals;
using weir::calendar;
using weir::calendar_unit;
using weir::duration;
using weir::errc;
using weir::instant;
using weir::to_string;
using weir::utc;
using weir_test::ContainsSubstring;

namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();

std::int64_t micros(instant t) { return t.time_since_epoch().count(); }
instant read(const std::string& text) { return weir::parse_instant(text).value(); }

bool has_zones() {
    const auto bucket = weir::bucket_of(utc(2024, 1, 1), weir::daily("Europe/Berlin"));
    if (bucket) return true;
    CHECK(bucket.error().code == errc::unsupported);
    CHECK_THAT(bucket.error().message, ContainsSubstring("WEIR_WITH_ZONES"));
    return false;
}

std::string bucket(instant t, const calendar& c) { return weir::bucket_of(t, c).value(); }

void check_refused(const std::string& text) {
    CAPTURE(text);
    const auto t = weir::parse_instant(text);
    REQUIRE(!t.has_value());
    CHECK(t.error().code == errc::bad_input);
    CHECK_THAT(t.error().message, ContainsSubstring("expected"));
}

// The instants at which the buckets in [from, until] begin; each must end where the next begins.
std::vector<std::string> begins(instant from, instant until, const calendar& c) {
    weir::bucketer buckets(c);
    std::vector<std::string> out;
    for (std::int64_t t = buckets.begin_of(micros(from)); t <= micros(until); t = buckets.end_of(t)) {
        CHECK(buckets.begin_of(t) == t);
        CHECK(weir::bucketer(c).begin_of(buckets.end_of(t) - 1) == t);
        out.push_back(to_string(weir::from_unix_microseconds(t)));
    }
    return out;
}

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("instant: reads dates, and times with and without an offset") {
    CHECK(read("2024-01-31") == utc(2024, 1, 31));
    CHECK(read("2024-01-31T10:30") == utc(2024, 1, 31, 10, 30));
    CHECK(read("2024-01-31 10:30:05") == utc(2024, 1, 31, 10, 30, 5));
    CHECK(read("2024-01-31T10:30:05Z") == utc(2024, 1, 31, 10, 30, 5));
    CHECK(read("2024-01-31T10:30:05+02:00") == utc(2024, 1, 31, 8, 30, 5));
    CHECK(read("2024-01-31T22:30:05-05:30") == utc(2024, 2, 1, 4, 0, 5));
    CHECK(read("2024-01-31T10:30:05.5Z") == utc(2024, 1, 31, 10, 30, 5) + 500ms);
    CHECK(read("2024-01-31T10:30:05.000001") == utc(2024, 1, 31, 10, 30, 5) + 1us);
    CHECK(read("2024-02-29") == utc(2024, 2, 29));
    CHECK(read("2000-02-29") == utc(2000, 2, 29));
    CHECK(read("1969-12-31T23:59:59.999999Z") == weir::from_unix_microseconds(-1));
    CHECK(read("0000-03-01") == utc(0, 3, 1));
}

TEST_CASE("instant: refuses what is no time") {
    for (const std::string text :
         {"", "2024", "2024-01", "2024-1-31", "24-01-31", "2024-01-31T", "2024-01-31 ", " 2024-01-31", "now",
          "31.01.2024", "1706697000", "2024-01-31T10", "2024-01-31T1:30", "2024-01-31t10:30"}) {
        check_refused(text);
    }
    for (const std::string text : {"2024-01-31T24:00", "2024-01-31T10:60", "2024-01-31T10:30:60",
                                   "2024-01-31T10:30:05.", "2024-01-31T10:30:05.1234567"}) {
        check_refused(text);
    }
    for (const std::string text : {"2024-01-31T10:30+2:00", "2024-01-31T10:30+0200", "2024-01-31T10:30+24:00",
                                   "2024-01-31T10:30-01:60", "2024-01-31T10:30ZZ", "2024-01-31T10:30z"}) {
        check_refused(text);
    }
}

TEST_CASE("instant: refuses what is no date of the calendar") {
    for (const std::string text : {"2024-02-30", "2023-02-29", "1900-02-29", "2024-13-01", "2024-00-10",
                                   "2024-01-00", "12024-01-31", "+1234567-01-01"}) {
        check_refused(text);
    }
}

TEST_CASE("instant: prints in UTC, with a fraction only when it is not 0") {
    CHECK(to_string(utc(2024, 1, 31, 10, 30)) == "2024-01-31T10:30:00Z");
    CHECK(to_string(instant{}) == "1970-01-01T00:00:00Z");
    CHECK(to_string(instant{500ms}) == "1970-01-01T00:00:00.5Z");
    CHECK(to_string(instant{1us}) == "1970-01-01T00:00:00.000001Z");
    CHECK(to_string(instant{-1us}) == "1969-12-31T23:59:59.999999Z");
    CHECK(to_string(utc(9999, 12, 31)) == "9999-12-31T00:00:00Z");
    CHECK(to_string(utc(10'000, 1, 1)) == "+10000-01-01T00:00:00Z");
    CHECK(to_string(utc(0, 1, 1)) == "0000-01-01T00:00:00Z");
    CHECK(to_string(utc(-1, 12, 31)) == "-0001-12-31T00:00:00Z");
}

TEST_CASE("instant: both extremes print and read back, and the next ones are refused") {
    CHECK(to_string(instant::max()) == "+294247-01-10T04:00:54.775807Z");
    CHECK(to_string(instant::min()) == "-290308-12-21T19:59:05.224192Z");
    CHECK(read(to_string(instant::max())) == instant::max());
    CHECK(read(to_string(instant::min())) == instant::min());
    for (const std::string text :
         {"+294247-01-10T04:00:54.775808Z", "+294247-01-10T04:00:55Z", "+294247-01-11",
          "-290308-12-21T19:59:05.224191Z", "-290308-12-21T19:59:05Z", "-999999-01-01", "+999999-01-01",
          "+294247-01-10T04:00:54-00:01", "-290308-12-21T19:59:06+00:01"}) {
        CAPTURE(text);
        CHECK(weir::parse_instant(text).error().code == errc::bad_input);
    }
    CHECK(read("+294247-01-10T05:00:54.775807+01:00") == instant::max());
}

TEST_CASE("instant: every one prints and reads back") {
    std::mt19937_64 random(11);
    for (int i = 0; i < 20'000; ++i) {
        const auto any = static_cast<std::int64_t>(random());
        const instant t = weir::from_unix_microseconds(any >> (i % 60));
        if (read(to_string(t)) != t) FAIL_CHECK(to_string(t));
    }
}

TEST_CASE("instant: a clock reading is rounded down") {
    using namespace std::chrono;
    CHECK(weir::to_instant(time_point<system_clock, nanoseconds>{-1ns}) == weir::from_unix_microseconds(-1));
    CHECK(weir::to_instant(time_point<system_clock, nanoseconds>{1999ns}) == weir::from_unix_microseconds(1));
}

TEST_CASE("duration: reads an integer and a unit") {
    CHECK(weir::parse_duration("90s").value() == 90s);
    CHECK(weir::parse_duration("30d").value() == 24h * 30);
    CHECK(weir::parse_duration("2w").value() == 24h * 14);
    CHECK(weir::parse_duration("5m").value() == 5min);
    CHECK(weir::parse_duration("5ms").value() == 5ms);
    CHECK(weir::parse_duration("7us").value() == 7us);
    CHECK(weir::parse_duration("36h").value() == 36h);
    CHECK(weir::parse_duration("0d").value() == 0us);
    CHECK(weir::parse_duration("-2h").value() == -2h);
    CHECK(weir::parse_duration("0007s").value() == 7s);
}

TEST_CASE("duration: beyond 64 bits it is the greatest, which no limit reaches") {
    CHECK(weir::parse_duration("9223372036854775807us").value() == duration::max());
    CHECK(weir::parse_duration("9223372036854775806us").value() == duration{most - 1});
    CHECK(weir::parse_duration("9223372036854775808us").value() == duration::max());
    CHECK(weir::parse_duration("15250284w").value() == 24h * 7 * std::int64_t{15'250'284});
    CHECK(weir::parse_duration("15250285w").value() == duration::max());
    CHECK(weir::parse_duration(std::string(100, '9') + "d").value() == duration::max());
    CHECK(weir::parse_duration("-" + std::string(100, '9') + "d").value() == -duration::max());
}

TEST_CASE("duration: refuses what has no amount or no unit") {
    for (const std::string text : {"", "d", "30", "30 d", " 30d", "30d ", "1.5d", "30D", "30days", "1d2h",
                                   "+3d", "--3d", "-", "30M", "3y", "0x3d", "3min"}) {
        CAPTURE(text);
        const auto d = weir::parse_duration(text);
        REQUIRE(!d.has_value());
        CHECK(d.error().code == errc::bad_input);
    }
}

TEST_CASE("duration: prints the two largest units") {
    CHECK(to_string(duration{26h}) == "1d 2h");
    CHECK(to_string(duration{26h + 59min}) == "1d 2h");
    CHECK(to_string(duration{185s}) == "3m 5s");
    CHECK(to_string(duration{250ms}) == "250ms");
    CHECK(to_string(duration{0}) == "0s");
    CHECK(to_string(duration{1us}) == "1us");
    CHECK(to_string(duration{1'500us}) == "1ms 500us");
    CHECK(to_string(duration{24h + 5min}) == "1d");
    CHECK(to_string(duration{24h * 365}) == "365d");
    CHECK(to_string(duration{-26h}) == "-1d 2h");
    CHECK(to_string(duration::max()) == "106751991d 4h");
    CHECK(to_string(duration::min()) == "-106751991d 4h");
}

TEST_CASE("calendar: every day of many centuries is the one after the day before") {
    using namespace weir::civil;
    constexpr std::int64_t edge = most / day_us;
    for (const std::int64_t around :
         {-edge, std::int64_t{-719'468}, std::int64_t{0}, std::int64_t{11'016}, edge}) {
        for (std::int64_t day = around - 800; day <= around + 800; ++day) {
            const ymd today = date_of(day);
            const ymd next = date_of(day + 1);
            const bool follows = next.day == today.day + 1 || (next.day == 1 && today.day >= 28);
            if (!follows || !exists(today) || days_of(today) != day) FAIL_CHECK(print_date(today));
        }
    }
    CHECK(!exists({2023, 2, 29}));
    CHECK(!exists({-1, 2, 29}));
    CHECK(exists({-4, 2, 29}));
}

TEST_CASE("bucket: named by the date at which it begins") {
    const instant t = utc(2024, 8, 29, 13, 45, 59);
    CHECK(bucket(t, weir::hourly()) == "2024-08-29T13:00+00:00");
    CHECK(bucket(t, weir::daily()) == "2024-08-29");
    CHECK(bucket(t, weir::weekly()) == "2024-08-26");
    CHECK(bucket(t, weir::monthly()) == "2024-08-01");
    CHECK(bucket(t, weir::quarterly()) == "2024-07-01");
    CHECK(bucket(t, weir::yearly()) == "2024-01-01");
}

TEST_CASE("bucket: begins on its first instant and ends before the next one's") {
    CHECK(bucket(utc(2024, 8, 26), weir::weekly()) == "2024-08-26");
    CHECK(bucket(utc(2024, 8, 26) - 1us, weir::weekly()) == "2024-08-19");
    CHECK(bucket(utc(1969, 12, 31), weir::weekly()) == "1969-12-29");
    CHECK(bucket(utc(2024, 10, 1), weir::quarterly()) == "2024-10-01");
    CHECK(bucket(utc(2024, 10, 1) - 1us, weir::quarterly()) == "2024-07-01");
    CHECK(bucket(utc(1970, 1, 1) - 1us, weir::yearly()) == "1969-01-01");
    CHECK(bucket(utc(1970, 1, 1) - 1us, weir::hourly()) == "1969-12-31T23:00+00:00");
}

TEST_CASE("bucket: months, quarters and years are as long as the calendar says") {
    CHECK(begins(utc(2024, 1, 15), utc(2024, 4, 30), weir::monthly()) ==
          texts{"2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z",
                "2024-04-01T00:00:00Z"});
    CHECK(begins(utc(2023, 1, 1), utc(2023, 12, 31), weir::quarterly()).size() == 4);
    CHECK(begins(utc(1999, 6, 1), utc(2001, 6, 1), weir::yearly()) ==
          texts{"1999-01-01T00:00:00Z", "2000-01-01T00:00:00Z", "2001-01-01T00:00:00Z"});
    CHECK(begins(utc(2024, 1, 1), utc(2024, 12, 31), weir::daily()).size() == 366);
}

TEST_CASE("bucket: fixed offsets need no database") {
    const instant t = utc(2024, 1, 31, 23, 15);
    CHECK(bucket(t, weir::daily("+02:00")) == "2024-02-01");
    CHECK(bucket(t, weir::monthly("+02:00")) == "2024-02-01");
    CHECK(bucket(t, weir::daily("Z")) == "2024-01-31");
    CHECK(bucket(t, weir::hourly("-05:30")) == "2024-01-31T17:00-05:30");
    CHECK(bucket(utc(2024, 1, 31, 23, 30), weir::hourly("-05:30")) == "2024-01-31T18:00-05:30");
    for (const std::string zone : {"", "+2:00", "+24:00", "+01:60", "02:00", "+0200", "UTC+1", "utc"}) {
        CAPTURE(zone);
        CHECK(!weir::bucket_of(t, weir::daily(zone)).has_value());
    }
}

TEST_CASE("bucket: without a unit all time is one bucket") {
    weir::bucketer all{calendar{}};
    for (const std::int64_t t : {least, std::int64_t{0}, most}) {
        CHECK(all.begin_of(t) == least);
        CHECK(all.end_of(t) == most);
    }
}

TEST_CASE("bucket: the extreme instants have buckets, too") {
    for (const std::string zone : {"UTC", "+02:00", "-02:00", "+23:59", "-23:59"}) {
        for (const auto unit : {calendar_unit::hour, calendar_unit::day, calendar_unit::week,
                                calendar_unit::month, calendar_unit::quarter, calendar_unit::year}) {
            CAPTURE(zone, static_cast<int>(unit));
            weir::bucketer buckets(calendar{unit, zone});
            CHECK(buckets.begin_of(least) == least);
            CHECK(buckets.end_of(least) > least);
            CHECK(buckets.begin_of(most) < most);
            CHECK(buckets.end_of(most) == most);
            CHECK(!buckets.label(least).empty());
        }
    }
    CHECK(bucket(instant::max(), weir::daily()) == "+294247-01-10");
    CHECK(bucket(instant::max(), weir::yearly()) == "+294247-01-01");
    CHECK(bucket(instant::min(), weir::daily()) == "-290308-12-21");
}

TEST_CASE("zone: a local time becomes an instant and back") {
    const weir::zone fixed("+02:00");
    CHECK(fixed.to_utc(micros(utc(2024, 1, 1))) == micros(utc(2023, 12, 31, 22)));
    CHECK(fixed.offset_at(0) == micros(utc(1970, 1, 1, 2)));
    CHECK(weir::zone("-02:00").to_utc(most) == std::nullopt);
    CHECK(weir::zone("+02:00").to_utc(least) == std::nullopt);
    CHECK(weir::zone("UTC").to_utc(most) == most);
    CHECK(weir::zone("UTC").to_utc(least) == least);
}

TEST_CASE("zone: an unknown name gets a suggestion") {
    if (!has_zones()) return;
    const auto wrong = weir::bucket_of(utc(2024, 1, 1), weir::daily("Europe/Berln"));
    CHECK(wrong.error().code == errc::unknown_name);
    CHECK_THAT(wrong.error().message, ContainsSubstring("did you mean \"Europe/Berlin\"?"));
    CHECK(weir::bucket_of(utc(2024, 1, 1), weir::daily("")).error().code == errc::unknown_name);
    CHECK(weir::bucket_of(utc(2024, 1, 1), weir::daily("../../etc/passwd")).error().code ==
          errc::unknown_name);
}

TEST_CASE("zone: of a local time that comes twice the earlier is meant, one that is left out is none") {
    if (!has_zones()) return;
    const weir::zone berlin("Europe/Berlin");
    CHECK(berlin.to_utc(micros(utc(2024, 10, 27, 2, 30))) == micros(utc(2024, 10, 27, 0, 30)));
    CHECK(berlin.to_utc(micros(utc(2024, 10, 27, 3))) == micros(utc(2024, 10, 27, 2)));
    CHECK(berlin.to_utc(micros(utc(2024, 3, 31, 2))) == std::nullopt);
    CHECK(berlin.to_utc(micros(utc(2024, 3, 31, 2, 59))) == std::nullopt);
    CHECK(berlin.to_utc(micros(utc(2024, 3, 31, 3))) == micros(utc(2024, 3, 31, 1)));
    CHECK(berlin.to_utc(micros(utc(2024, 3, 31, 2) - 1us)) == micros(utc(2024, 3, 31, 1) - 1us));
    CHECK(berlin.offset_at(micros(utc(2024, 7, 1))) == 2 * weir::civil::hour_us);
}

TEST_CASE("zone: days of a change of clocks have 23 and 25 hours") {
    if (!has_zones()) return;
    const auto daily = weir::daily("Europe/Berlin");
    CHECK(begins(utc(2024, 3, 31), utc(2024, 4, 1), daily) ==
          texts{"2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z"});
    CHECK(begins(utc(2024, 10, 27), utc(2024, 10, 28), daily) ==
          texts{"2024-10-26T22:00:00Z", "2024-10-27T23:00:00Z"});
    CHECK(begins(utc(2024, 3, 25), utc(2024, 4, 1), weir::weekly("Europe/Berlin")) ==
          texts{"2024-03-24T23:00:00Z", "2024-03-31T22:00:00Z"});
}

TEST_CASE("zone: the hour that comes twice is two buckets, the hour left out is none") {
    if (!has_zones()) return;
    const auto hourly = weir::hourly("Europe/Berlin");
    CHECK(bucket(utc(2024, 10, 27, 0, 30), hourly) == "2024-10-27T02:00+02:00");
    CHECK(bucket(utc(2024, 10, 27, 1, 30), hourly) == "2024-10-27T02:00+01:00");
    CHECK(bucket(utc(2024, 3, 31, 0, 59), hourly) == "2024-03-31T01:00+01:00");
    CHECK(bucket(utc(2024, 3, 31, 1), hourly) == "2024-03-31T03:00+02:00");
    CHECK(begins(utc(2024, 10, 26, 22), utc(2024, 10, 27, 22), hourly).size() == 25);
}

TEST_CASE("zone: hours follow offsets of half an hour, and changes by half an hour") {
    if (!has_zones()) return;
    CHECK(bucket(utc(2024, 1, 1, 0, 15), weir::hourly("Asia/Kolkata")) == "2024-01-01T05:00+05:30");
    CHECK(bucket(utc(2024, 1, 1, 0, 30), weir::hourly("Asia/Kolkata")) == "2024-01-01T06:00+05:30");
    // Lord Howe Island, 2024-04-07: 02:00+11:00 is 01:30+10:30.
    const auto island = weir::hourly("Australia/Lord_Howe");
    CHECK(begins(utc(2024, 4, 6, 14), utc(2024, 4, 6, 15, 30), island) ==
          texts{"2024-04-06T14:00:00Z", "2024-04-06T15:00:00Z", "2024-04-06T15:30:00Z"});
    CHECK(bucket(utc(2024, 4, 6, 15, 10), island) == "2024-04-07T01:30+10:30");
    // St. John's, 2010-11-07: 00:01-02:30 is 23:01-03:30.
    const auto city = weir::hourly("America/St_Johns");
    CHECK(begins(utc(2010, 11, 7, 2, 30), utc(2010, 11, 7, 3, 30), city) ==
          texts{"2010-11-07T02:30:00Z", "2010-11-07T02:31:00Z", "2010-11-07T03:30:00Z"});
    CHECK(bucket(utc(2010, 11, 7, 2, 31), city) == "2010-11-06T23:01-03:30");
}

TEST_CASE("zone: a day without midnight begins at its first instant") {
    if (!has_zones()) return;
    const auto daily = weir::daily("America/Sao_Paulo");
    CHECK(begins(utc(2018, 11, 3, 12), utc(2018, 11, 5, 12), daily) ==
          texts{"2018-11-03T03:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"});
    CHECK(bucket(utc(2018, 11, 4, 3), daily) == "2018-11-04");
    CHECK(bucket(utc(2018, 11, 4, 3) - 1us, daily) == "2018-11-03");
}

TEST_CASE("zone: a day that was left out has no bucket") {
    if (!has_zones()) return;
    const auto daily = weir::daily("Pacific/Apia");
    CHECK(bucket(utc(2011, 12, 30, 9, 59), daily) == "2011-12-29");
    CHECK(bucket(utc(2011, 12, 30, 10), daily) == "2011-12-31");
    CHECK(begins(utc(2011, 12, 29, 12), utc(2011, 12, 30, 12), daily) ==
          texts{"2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"});
}

TEST_CASE("zone: a midnight that comes twice begins the day once") {
    if (!has_zones()) return;
    // Havana, 2024-11-03: 01:00-04:00 is 00:00-05:00.
    CHECK(begins(utc(2024, 11, 2, 12), utc(2024, 11, 4, 12), weir::daily("America/Havana")) ==
          texts{"2024-11-02T04:00:00Z", "2024-11-03T04:00:00Z", "2024-11-04T05:00:00Z"});
    // St. John's, 2010-11-07: 00:01-02:30 is 23:01-03:30 of the day before, whose bucket has ended.
    const auto daily = weir::daily("America/St_Johns");
    CHECK(begins(utc(2010, 11, 6, 12), utc(2010, 11, 8, 12), daily) ==
          texts{"2010-11-06T02:30:00Z", "2010-11-07T02:30:00Z", "2010-11-08T03:30:00Z"});
    CHECK(bucket(utc(2010, 11, 7, 3), daily) == "2010-11-07");
}

TEST_CASE("zone: local mean time has seconds, and the extremes have buckets") {
    if (!has_zones()) return;
    CHECK(bucket(utc(1880, 1, 1, 12), weir::hourly("Europe/Berlin")) == "1880-01-01T12:00+00:53:28");
    for (const std::string name : {"Europe/Berlin", "America/New_York", "Asia/Manila"}) {
        for (const auto unit :
             {calendar_unit::hour, calendar_unit::day, calendar_unit::week, calendar_unit::year}) {
            CAPTURE(name, static_cast<int>(unit));
            weir::bucketer buckets(calendar{unit, name});
            CHECK(buckets.begin_of(least) == least);
            CHECK(buckets.end_of(least) > least);
            CHECK(buckets.begin_of(most) < most);
            CHECK(buckets.end_of(most) == most);
        }
    }
}

TEST_CASE("zone: every instant lies in its bucket, whatever was asked before") {
    std::vector<std::string> names{"UTC", "+05:30", "-09:45"};
    if (has_zones())
        names.insert(names.end(),
                     {"Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia"});
    std::mt19937_64 random(5);
    for (const auto& name : names) {
        for (const auto unit : {calendar_unit::hour, calendar_unit::day, calendar_unit::week,
                                calendar_unit::month, calendar_unit::quarter, calendar_unit::year}) {
            const calendar c{unit, name};
            weir::bucketer used(c);
            for (int i = 0; i < 300; ++i) {
                const std::int64_t t = static_cast<std::int64_t>(random()) >> (10 + i % 4);
                const std::int64_t begin = used.begin_of(t);
                const std::int64_t end = used.end_of(t);
                weir::bucketer fresh(c);
                const bool holds = begin <= t && t < end && fresh.begin_of(begin) == begin &&
                                   fresh.end_of(begin) == end && fresh.begin_of(end) == end;
                if (!holds) FAIL_CHECK(name << ' ' << static_cast<int>(unit) << ' ' << t);
            }
        }
    }
}
