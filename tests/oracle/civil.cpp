#include "oracle/civil.hpp"

#include <cstdio>
#include <cstdlib>

namespace oracle {
namespace {

constexpr micros second = 1'000'000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;

struct date {
    int year = 1970, month = 1, day = 1;
};

int days_in(int year, int month) {
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (month == 2) return leap ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

date next(date d) {
    if (++d.day <= days_in(d.year, d.month)) return d;
    d.day = 1;
    if (++d.month <= 12) return d;
    d.month = 1;
    ++d.year;
    return d;
}

date previous(date d) {
    if (--d.day > 0) return d;
    if (--d.month == 0) {
        d.month = 12;
        --d.year;
    }
    d.day = days_in(d.year, d.month);
    return d;
}

date date_of(micros day_number) {
    date d;
    for (micros i = 0; i < day_number; ++i) d = next(d);
    for (micros i = 0; i > day_number; --i) d = previous(d);
    return d;
}

micros floor_of(micros a, micros b) { return a / b - (a % b < 0 ? 1 : 0); }

micros offset_of(const std::string& zone) {
    if (zone == "UTC") return 0;
    const micros size =
        std::atoi(zone.substr(1, 2).c_str()) * hour + std::atoi(zone.substr(4, 2).c_str()) * minute;
    return zone[0] == '-' ? -size : size;
}

// Day numbers count from Thursday, 1970-01-01.
bool begins_unit(micros day_number, weir::calendar_unit unit) {
    const date d = date_of(day_number);
    switch (unit) {
        case weir::calendar_unit::week: return ((day_number + 3) % 7 + 7) % 7 == 0;
        case weir::calendar_unit::month: return d.day == 1;
        case weir::calendar_unit::quarter: return d.day == 1 && d.month % 3 == 1;
        case weir::calendar_unit::year: return d.day == 1 && d.month == 1;
        default: return true;
    }
}

std::string print(micros local, bool with_hour, micros offset) {
    const micros number = floor_of(local, day);
    const date d = date_of(number);
    char text[64];
    if (!with_hour) {
        std::snprintf(text, sizeof text, "%04d-%02d-%02d", d.year, d.month, d.day);
        return text;
    }
    const micros size = offset < 0 ? -offset : offset;
    std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:00%c%02d:%02d", d.year, d.month, d.day,
                  static_cast<int>((local - number * day) / hour), offset < 0 ? '-' : '+',
                  static_cast<int>(size / hour), static_cast<int>(size % hour / minute));
    return text;
}

}  // namespace

bucket bucket_at(micros time, const weir::calendar& c) {
    const micros offset = offset_of(c.zone), local = time + offset;
    if (c.unit == weir::calendar_unit::hour) {
        const micros begin = floor_of(local, hour) * hour;
        return {begin - offset, begin + hour - offset, print(begin, true, offset)};
    }
    micros first = floor_of(local, day);
    while (!begins_unit(first, c.unit)) --first;
    micros end = first + 1;
    while (!begins_unit(end, c.unit)) ++end;
    return {first * day - offset, end * day - offset, print(first * day, false, offset)};
}

}  // namespace oracle
