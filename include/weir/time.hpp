// weir/time.hpp - instants (UTC, microseconds), durations, periods [from, until), calendar buckets.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <weir/error.hpp>

namespace weir {
inline namespace v1 {

using duration = std::chrono::microseconds;
/// A point in time: whole microseconds, UTC. 0, negative and both extreme values are ordinary times.
using instant = std::chrono::time_point<std::chrono::system_clock, duration>;

/// Gives midnight or a time of day in UTC: utc(2024, 1, 31), utc(2024, 1, 31, 10, 30). The date must exist.
constexpr instant utc(int year, int month, int day, int hour = 0, int minute = 0, int second = 0) {
    using namespace std::chrono;
    const auto date = std::chrono::year{year} / month / day;
    return sys_days{date} + hours{hour} + minutes{minute} + seconds{second};
}
/// Rounds a clock reading down to whole microseconds: to_instant(std::chrono::system_clock::now()).
template <class D> constexpr instant to_instant(std::chrono::time_point<std::chrono::system_clock, D> t) {
    return std::chrono::floor<duration>(t);
}
constexpr instant from_unix_seconds(std::int64_t s) { return instant{std::chrono::seconds{s}}; }
constexpr instant from_unix_milliseconds(std::int64_t ms) { return instant{std::chrono::milliseconds{ms}}; }
constexpr instant from_unix_microseconds(std::int64_t us) { return instant{duration{us}}; }

/// Reads `YYYY-MM-DD`, then optionally `T` or a space and `HH:MM[:SS[.1-6 digits]]`, then `Z` or `+HH:MM`.
/// A bare date is its midnight; without an offset the time is UTC. Errors: bad_input.
WEIR_API result<instant> parse_instant(std::string_view text);
/// Reads an integer and `us ms s m h d w` (m = minute, d = 24 h): "90s", "30d".
/// Beyond int64 microseconds it gives duration::max(), which no limit reaches. Errors: bad_input.
WEIR_API result<duration> parse_duration(std::string_view text);
/// Prints "2024-01-31T10:30:00Z"; a fraction only when it is not 0. Every instant prints and reads back.
WEIR_API std::string to_string(instant);
/// Prints the two largest units for people: "1d 2h", "3m 5s", "250ms", "0s". Not meant to be read back.
WEIR_API std::string to_string(duration);

/// A half-open span of time; both ends open by default.
struct period {
    std::optional<instant> from{};   ///< included
    std::optional<instant> until{};  ///< not included
    friend bool operator==(const period&, const period&) = default;
};

enum class calendar_unit : std::uint8_t { none, hour, day, week, month, quarter, year };

/// Civil buckets in a named zone; weeks begin on Monday. The default is no bucket at all.
///
/// "UTC" and fixed offsets ("+02:00") always work; other names are those of the tz database
/// ("Europe/Berlin").
struct calendar {
    calendar_unit unit = calendar_unit::none;
    std::string zone = "UTC";
    friend bool operator==(const calendar&, const calendar&) = default;
};
inline calendar hourly(std::string zone = "UTC") { return {calendar_unit::hour, std::move(zone)}; }
inline calendar daily(std::string zone = "UTC") { return {calendar_unit::day, std::move(zone)}; }
inline calendar weekly(std::string zone = "UTC") { return {calendar_unit::week, std::move(zone)}; }
inline calendar monthly(std::string zone = "UTC") { return {calendar_unit::month, std::move(zone)}; }
inline calendar quarterly(std::string zone = "UTC") { return {calendar_unit::quarter, std::move(zone)}; }
inline calendar yearly(std::string zone = "UTC") { return {calendar_unit::year, std::move(zone)}; }

/// Names the bucket that holds an instant by the civil date at which it begins: "2024-01-29",
/// for hours "2024-01-29T13:00+01:00". Errors: unknown_name (zone), unsupported (built without zones).
WEIR_API result<std::string> bucket_of(instant, const calendar&);

}  // namespace v1
}  // namespace weir
