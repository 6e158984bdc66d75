#include "base/zone.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <vector>

#ifdef WEIR_WITH_ZONES
#include <date/tz.h>
#endif

#include "base/civil.hpp"
#include "base/fail.hpp"
#include "base/text.hpp"

namespace weir::inline v1 {
namespace {

using namespace civil;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads "UTC", "Z" and "+02:00".
std::optional<std::int64_t> fixed_offset(std::string_view name) {
    if (name == "UTC" || name == "Z") return 0;
    if (name.size() != 6 || (name[0] != '+' && name[0] != '-') || name[3] != ':') return std::nullopt;
    for (const std::size_t i : {1U, 2U, 4U, 5U}) {
        if (!is_digit(name[i])) return std::nullopt;
    }
    const std::int64_t hours = (name[1] - '0') * 10 + (name[2] - '0');
    const std::int64_t minutes = (name[4] - '0') * 10 + (name[5] - '0');
    if (hours > 23 || minutes > 59) return std::nullopt;
    return (name[0] == '-' ? -1 : 1) * (hours * hour_us + minutes * minute_us);
}

#ifdef WEIR_WITH_ZONES
// The database is read at its first use; a zone's own file at the first question about it.
const date::time_zone* find_zone(std::string_view name) {
    try {
        const auto& zones = date::get_tzdb().zones;
        const auto at =
            std::find_if(zones.begin(), zones.end(), [&](const auto& z) { return z.name() == name; });
        if (at != zones.end()) {
            at->get_info(date::sys_seconds{});
            return &*at;
        }
        std::vector<std::string> known{"UTC"};
        for (const auto& z : zones) known.push_back(z.name());
        fail(errc::unknown_name, "no time zone is named " + quoted(name) +
                                     ", expected one like \"Europe/Berlin\" or \"+02:00\"" +
                                     did_you_mean(name, known));
    } catch (const std::runtime_error& e) {
        fail(errc::io, std::string("the time zone database cannot be read: ") + e.what(), std::string(name));
    }
}
#else
const void* find_zone(std::string_view name) {
    fail(errc::unsupported,
         "time zone " + quoted(name) +
             " needs a build with WEIR_WITH_ZONES, expected \"UTC\" or an offset like \"+02:00\"");
}
#endif

constexpr std::int64_t last_day = most_us / day_us;  // whose midnight an int64 holds
constexpr std::int64_t first_full_day = least_us / day_us;

std::int64_t first_day(calendar_unit unit, std::int64_t day) {
    constexpr std::int64_t monday = -3;  // 1970-01-01 was a Thursday
    if (unit == calendar_unit::day) return day;
    if (unit == calendar_unit::week) return day - floor_mod(day - monday, 7);
    const ymd d = date_of(day);
    switch (unit) {
        case calendar_unit::month: return days_of({d.year, d.month, 1});
        case calendar_unit::quarter: return days_of({d.year, (d.month - 1) / 3 * 3 + 1, 1});
        default: return days_of({d.year, 1, 1});
    }
}

// The first day of the bucket after the one that begins with `day`. The longest month, quarter and year lead
// from it into the next, never past it.
std::int64_t first_day_after(calendar_unit unit, std::int64_t day) {
    switch (unit) {
        case calendar_unit::day: return day + 1;
        case calendar_unit::week: return day + 7;
        case calendar_unit::month: return first_day(unit, day + 31);
        case calendar_unit::quarter: return first_day(unit, day + 92);
        default: return first_day(unit, day + 366);
    }
}

// "13:00", of microseconds into a day.
std::string print_minutes(std::int64_t micros) {
    return print_2(micros / hour_us) + ':' + print_2(micros % hour_us / minute_us);
}

// "+01:00"; local mean times before 1900 have seconds, too.
std::string print_offset(std::int64_t offset) {
    const std::int64_t size = offset < 0 ? -offset : offset;
    const std::int64_t seconds = size % minute_us / second_us;
    std::string text(1, offset < 0 ? '-' : '+');
    text += print_minutes(size);
    if (seconds != 0) text += ':' + print_2(seconds);
    return text;
}

}  // namespace

zone::zone(std::string_view name) {
    if (const auto offset = fixed_offset(name)) {
        fixed_ = *offset;
    } else {
        tz_ = find_zone(name);
    }
}

zone::span_of_offset zone::span_at(std::int64_t utc) const {
#ifdef WEIR_WITH_ZONES
    if (tz_ != nullptr) {
        using namespace std::chrono;
        const seconds at{floor_div(utc, second_us)};
        const auto info = static_cast<const date::time_zone*>(tz_)->get_info(date::sys_seconds{at});
        // The database's first and last span end with the years of its calendar; ours with the instants.
        const auto first = date::sys_days{date::year::min() / 1 / 1};
        const auto last = date::sys_days{date::year::max() / 12 / 31};
        const std::int64_t begin = microseconds{info.begin.time_since_epoch()}.count();
        const std::int64_t end = microseconds{info.end.time_since_epoch()}.count();
        return {info.begin <= first ? least_us : begin, info.end >= last ? most_us : end,
                microseconds{info.offset}.count()};
    }
#endif
    static_cast<void>(utc);
    return {least_us, most_us, fixed_};
}

std::int64_t zone::offset_at(std::int64_t utc) const { return tz_ == nullptr ? fixed_ : span_at(utc).offset; }

std::int64_t zone::first_at(std::int64_t local) const {
    span_of_offset s = span_at(saturating_add(local, -day_us));  // no offset is a day or more
    for (;;) {
        const std::int64_t utc = saturating_add(local, -s.offset);
        if (utc < s.end || s.end == most_us) return std::max(utc, s.begin);
        s = span_at(s.end);
    }
}

std::optional<std::int64_t> zone::to_utc(std::int64_t local) const {
    const std::int64_t utc = first_at(local);
    if (saturating_add(utc, offset_at(utc)) != local) return std::nullopt;
    return utc;
}

bucketer::bucketer(const calendar& c) : zone_(c.zone), unit_(c.unit) {}

std::int64_t bucketer::begin_of(std::int64_t t) {
    locate(t);
    return begin_;
}

std::int64_t bucketer::end_of(std::int64_t t) {
    locate(t);
    return end_;
}

void bucketer::locate(std::int64_t t) {
    if (t >= begin_ && t < end_) return;
    if (unit_ == calendar_unit::none) {
        begin_ = least_us;
        end_ = most_us;
    } else if (unit_ == calendar_unit::hour) {
        locate_hour(t);
    } else {
        locate_days(t);
    }
}

std::int64_t bucketer::begin_of_day(std::int64_t day) const {
    if (day > last_day) return most_us;
    if (day < first_full_day) return least_us;
    return zone_.first_at(day * day_us);
}

// A change of the offset ends an hour, so that the two hours of a clock set back are two buckets.
void bucketer::locate_hour(std::int64_t t) {
    const auto span = zone_.span_at(t);
    const std::int64_t into = floor_mod(floor_mod(t, hour_us) + span.offset, hour_us);
    begin_ = saturating_add(t, -into);
    end_ = saturating_add(t, hour_us - into);
    // Some spans of the database differ in their abbreviation alone.
    const auto changes_at = [&](std::int64_t edge) {
        return zone_.offset_at(edge - 1) != zone_.offset_at(edge);
    };
    if (begin_ < span.begin && changes_at(span.begin)) begin_ = span.begin;
    if (end_ > span.end && changes_at(span.end)) end_ = span.end;
}

void bucketer::locate_days(std::int64_t t) {
    const std::int64_t local = saturating_add(t, zone_.offset_at(t));
    std::int64_t day = first_day(unit_, floor_div(local, day_us));
    std::int64_t next = first_day_after(unit_, day);
    begin_ = begin_of_day(day);
    end_ = begin_of_day(next);
    // Clocks set back across midnight: the day before comes again, but its bucket has ended.
    while (t >= end_ && end_ != most_us) {
        next = first_day_after(unit_, next);
        begin_ = end_;
        end_ = begin_of_day(next);
    }
}

std::string bucketer::label(std::int64_t begin) {
    const std::int64_t offset = zone_.offset_at(begin);
    const std::int64_t local = saturating_add(begin, offset);
    const std::string date = print_date(date_of(floor_div(local, day_us)));
    if (unit_ != calendar_unit::hour) return date;
    return date + 'T' + print_minutes(floor_mod(local, day_us)) + print_offset(offset);
}

}  // namespace weir::inline v1
