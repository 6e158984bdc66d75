// base/civil.hpp - the calendar for every int64 of microseconds: std::chrono knows years up to 32767 only.
//
// The Gregorian calendar repeats every 400 years, so that std::chrono does the work within one such era.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>

namespace weir::inline v1::civil {

inline constexpr std::int64_t second_us = 1'000'000;
inline constexpr std::int64_t minute_us = 60 * second_us;
inline constexpr std::int64_t hour_us = 60 * minute_us;
inline constexpr std::int64_t day_us = 24 * hour_us;
inline constexpr std::int64_t era_years = 400;
inline constexpr std::int64_t era_days = 146'097;
inline constexpr std::int64_t least_us = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t most_us = std::numeric_limits<std::int64_t>::max();

struct ymd {
    std::int64_t year = 1970;
    int month = 1, day = 1;
};

constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
/// The remainder that belongs to floor_div: 0 <= r < b.
constexpr std::int64_t floor_mod(std::int64_t a, std::int64_t b) { return a % b + (a % b < 0 ? b : 0); }

constexpr std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
    if (b > 0 && a > most_us - b) return most_us;
    if (b < 0 && a < least_us - b) return least_us;
    return a + b;
}

constexpr bool exists(const ymd& d) {
    using namespace std::chrono;
    if (d.month < 1 || d.month > 12 || d.day < 1) return false;
    const std::chrono::year y{static_cast<int>(floor_mod(d.year, era_years))};
    return (y / d.month / d.day).ok();
}

/// Days since 1970-01-01 of a date that exists.
constexpr std::int64_t days_of(const ymd& d) {
    using namespace std::chrono;
    const std::chrono::year y{static_cast<int>(floor_mod(d.year, era_years))};
    return sys_days{y / d.month / d.day}.time_since_epoch().count() + floor_div(d.year, era_years) * era_days;
}

constexpr ymd date_of(std::int64_t days) {
    using namespace std::chrono;
    const std::chrono::days within{static_cast<int>(floor_mod(days, era_days))};
    const year_month_day d{sys_days{within}};
    return {int{d.year()} + floor_div(days, era_days) * era_years, static_cast<int>(unsigned{d.month()}),
            static_cast<int>(unsigned{d.day()})};
}

/// "2024-01-31"; years beyond 9999 and before 0 have a sign.
std::string print_date(const ymd&);
/// Two digits.
std::string print_2(std::int64_t);

}  // namespace weir::inline v1::civil
