#include "oracle/civil.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

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

int days_in(int year) { return 337 + days_in(year, 2); }

// Day numbers count from Thursday, 1970-01-01.
date date_of(micros day_number) {
    date d;
    while (day_number < 0) day_number += days_in(--d.year);
    while (day_number >= days_in(d.year)) day_number -= days_in(d.year++);
    while (day_number >= days_in(d.year, d.month)) day_number -= days_in(d.year, d.month++);
    d.day += static_cast<int>(day_number);
    return d;
}

micros number_of(date d) {
    micros n = d.day - 1;
    while (d.month > 1) n += days_in(d.year, --d.month);
    while (d.year > 1970) n += days_in(--d.year);
    while (d.year < 1970) n -= days_in(d.year++);
    return n;
}

bool is_sunday(micros day_number) { return ((day_number + 4) % 7 + 7) % 7 == 0; }

// The n-th Sunday of a month; the last one for n = 0.
micros sunday(int year, int month, int n) {
    if (n > 0) {
        micros at = number_of({year, month, 1});
        while (!is_sunday(at)) ++at;
        return at + (n - 1) * 7;
    }
    micros at = number_of({year, month, days_in(year, month)});
    while (!is_sunday(at)) --at;
    return at;
}

micros floor_of(micros a, micros b) { return a / b - (a % b < 0 ? 1 : 0); }

// A zone: an offset, and another one from some Sunday to some other of each year. The rules hold from 2008
// on.
struct rules {
    micros offset = 0, summer = 0;  // local time minus UTC
    // Summer time begins and ends this long after midnight UTC of the n-th Sunday of a month.
    int begin_month = 0, begin_sunday = 0;
    micros begin_after = 0;
    int end_month = 0, end_sunday = 0;
    micros end_after = 0;

    bool changes() const { return begin_month != 0; }
};

rules rules_of(const std::string& zone) {
    if (zone == "UTC") return {};
    if (zone == "Europe/Berlin") return {hour, 2 * hour, 3, 0, hour, 10, 0, hour};
    if (zone == "America/New_York") return {-5 * hour, -4 * hour, 3, 2, 7 * hour, 11, 1, 6 * hour};
    // Half an hour of summer time, and in the south.
    if (zone == "Australia/Lord_Howe")
        return {10 * hour + 30 * minute, 11 * hour, 10, 1, -8 * hour - 30 * minute, 4, 1, -9 * hour};
    // The clock goes forward, and back, at midnight.
    if (zone == "Asia/Beirut") return {2 * hour, 3 * hour, 3, 0, -2 * hour, 10, 0, -3 * hour};
    const micros size =
        std::atoi(zone.substr(1, 2).c_str()) * hour + std::atoi(zone.substr(4, 2).c_str()) * minute;
    rules fixed;
    fixed.offset = fixed.summer = zone[0] == '-' ? -size : size;
    return fixed;
}

struct change {
    micros at = 0, offset = 0;
};

// All changes of the offset around a time, ascending.
std::vector<change> changes_near(const rules& r, micros t) {
    std::vector<change> out;
    if (!r.changes()) return out;
    const int year = date_of(floor_of(t, day)).year;
    for (int y = year - 2; y <= year + 2; ++y) {
        const micros begin = sunday(y, r.begin_month, r.begin_sunday) * day + r.begin_after;
        const micros end = sunday(y, r.end_month, r.end_sunday) * day + r.end_after;
        out.push_back({begin, r.summer});
        out.push_back({end, r.offset});
    }
    std::sort(out.begin(), out.end(), [](const change& a, const change& b) { return a.at < b.at; });
    return out;
}

micros offset_at(const rules& r, micros t) {
    micros offset = r.offset;
    for (const change& c : changes_near(r, t))
        if (c.at <= t) offset = c.offset;
    return offset;
}

// The first instant at which clocks show a local time or a later one.
micros first_at(const rules& r, micros local) {
    std::vector<micros> candidates{local - r.offset, local - r.summer};
    for (const change& c : changes_near(r, local))
        if (c.at > local - 2 * day && c.at < local + 2 * day) candidates.push_back(c.at);
    std::sort(candidates.begin(), candidates.end());
    for (const micros t : candidates)
        if (t + offset_at(r, t) >= local) return t;
    return candidates.back();
}

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
    std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d%c%02d:%02d", d.year, d.month, d.day,
                  static_cast<int>((local - number * day) / hour),
                  static_cast<int>((local - number * day) % hour / minute), offset < 0 ? '-' : '+',
                  static_cast<int>(size / hour), static_cast<int>(size % hour / minute));
    return text;
}

}  // namespace

bucket bucket_at(micros time, const weir::calendar& c, fault planted) {
    const rules zone = rules_of(planted == fault::bucket_in_utc ? "UTC" : c.zone);
    const micros offset = offset_at(zone, time), local = time + offset;
    if (c.unit == weir::calendar_unit::hour) {
        const micros begin = floor_of(local, hour) * hour - offset;
        bucket b{begin, begin + hour, {}};
        // A change of the offset ends an hour and begins another.
        for (const change& change : changes_near(zone, time)) {
            if (change.at > b.begin && change.at <= time) b.begin = change.at;
            if (change.at > time && change.at < b.end) b.end = change.at;
        }
        b.label = print(b.begin + offset, true, offset);
        return b;
    }
    micros first = floor_of(local, day);
    while (!begins_unit(first, c.unit)) --first;
    micros end = first + 1;
    while (!begins_unit(end, c.unit)) ++end;
    return {first_at(zone, first * day), first_at(zone, end * day), print(first * day, false, offset)};
}

}  // namespace oracle
