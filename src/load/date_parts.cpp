// date_parts.cpp - each conversion of a time pattern, and the calendar that joins their parts.
#include "load/date_parts.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <span>

namespace weir::inline v1 {
namespace {

constexpr std::array<std::string_view, 12> months{"january",   "february", "march",    "april",
                                                  "may",       "june",     "july",     "august",
                                                  "september", "october",  "november", "december"};
constexpr std::array<std::string_view, 7> weekdays{"sunday",   "monday", "tuesday", "wednesday",
                                                   "thursday", "friday", "saturday"};
constexpr std::size_t short_name = 3;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool take_char(std::string_view& text, char c) {
    if (!text.starts_with(c)) return false;
    text.remove_prefix(1);
    return true;
}

// Takes as many digits as there are, within bounds; gives how many.
std::size_t take_digits(std::string_view& text, std::size_t least, std::size_t most, int& value) {
    std::size_t n = 0;
    value = 0;
    for (; n < most && n < text.size() && is_digit(text[n]); ++n) value = value * 10 + (text[n] - '0');
    text.remove_prefix(n);
    return n >= least ? n : 0;
}

bool take_number(std::string_view& text, int low, int high, int& value) {
    return take_digits(text, 1, high > 99 ? 3 : 2, value) > 0 && value >= low && value <= high;
}

// The prefix is in lower case; the text in any.
bool starts_with_word(std::string_view text, std::string_view prefix) {
    if (text.size() < prefix.size()) return false;
    for (std::size_t i = 0; i < prefix.size(); ++i) {
        const char c = text[i];
        if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != prefix[i]) return false;
    }
    return true;
}

// Takes a name in full or its first three letters; gives its index, or -1.
int take_name(std::string_view& text, std::span<const std::string_view> names) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (!starts_with_word(text, names[i].substr(0, short_name))) continue;
        text.remove_prefix(starts_with_word(text, names[i]) ? names[i].size() : short_name);
        return static_cast<int>(i);
    }
    return -1;
}

bool take_half_day(std::string_view& text, bool& afternoon) {
    afternoon = starts_with_word(text, "pm");
    if (!afternoon && !starts_with_word(text, "am")) return false;
    text.remove_prefix(2);
    return true;
}

bool take_fraction(std::string_view& text, int& microsecond) {
    std::size_t digits = take_digits(text, 1, 6, microsecond);
    if (digits == 0) return false;
    for (; digits < 6; ++digits) microsecond *= 10;
    return true;
}

bool take_offset(std::string_view& text, std::optional<std::int64_t>& seconds) {
    seconds = 0;
    if (take_char(text, 'Z')) return true;
    const bool west = text.starts_with('-');
    if (!west && !text.starts_with('+')) return false;
    text.remove_prefix(1);
    int hours = 0;
    int minutes = 0;
    if (take_digits(text, 2, 2, hours) == 0 || hours > 23) return false;
    const bool colon = take_char(text, ':');
    const bool has_minutes = colon || (!text.empty() && is_digit(text[0]));
    if (has_minutes && (take_digits(text, 2, 2, minutes) == 0 || minutes > 59)) return false;
    seconds = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

bool take_zone_name(std::string_view& text, std::optional<std::int64_t>& seconds) {
    if (!starts_with_word(text, "utc") && !starts_with_word(text, "gmt")) return false;
    text.remove_prefix(3);
    seconds = 0;
    return true;
}

bool take_short_year(std::string_view& text, int& year) {
    if (take_digits(text, 2, 2, year) == 0) return false;
    year += year < 69 ? 2000 : 1900;  // as POSIX has it
    return true;
}

}  // namespace

bool date_parts::take(char conversion, std::string_view& text) {
    switch (conversion) {
        case 'Y': return take_digits(text, 4, 4, year) > 0 && year > 0;
        case 'y': return take_short_year(text, year);
        case 'm': return take_number(text, 1, 12, month);
        case 'e': take_char(text, ' '); [[fallthrough]];
        case 'd': return take_number(text, 1, 31, day);
        case 'b':
        case 'B': return (month = take_name(text, months) + 1) > 0;
        case 'j': return take_number(text, 1, 366, day_of_year);
        case 'a':
        case 'A': return (weekday = take_name(text, weekdays)) >= 0;
        case 'H': return take_number(text, 0, 23, hour);
        case 'I': return take_number(text, 1, 12, hour_of_half_day);
        case 'p': return take_half_day(text, afternoon);
        case 'M': return take_number(text, 0, 59, minute);
        case 'S': return take_number(text, 0, 59, second);
        case 'f': return take_fraction(text, microsecond);
        case 'z': return take_offset(text, offset_seconds);
        case 'Z': return take_zone_name(text, offset_seconds);
        default: return false;
    }
}

std::optional<std::int64_t> date_parts::local() const {
    namespace c = std::chrono;
    const c::year y{year};
    const bool by_day = day_of_year > 0;
    const c::year_month_day written{y, c::month{static_cast<unsigned>(month)},
                                    c::day{static_cast<unsigned>(day)}};
    if (by_day ? day_of_year == 366 && !y.is_leap() : !written.ok()) return std::nullopt;
    const c::sys_days date =
        by_day ? c::sys_days{y / 1 / 1} + c::days{day_of_year - 1} : c::sys_days{written};
    if (weekday >= 0 && c::weekday{date} != c::weekday{static_cast<unsigned>(weekday)}) return std::nullopt;
    const int hours = hour_of_half_day > 0 ? hour_of_half_day % 12 + (afternoon ? 12 : 0) : hour;
    return c::microseconds{date.time_since_epoch()}.count() +
           ((hours * 60 + minute) * 60 + second) * std::int64_t{1'000'000} + microsecond;
}

}  // namespace weir::inline v1
