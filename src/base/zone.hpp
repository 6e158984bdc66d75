// base/zone.hpp - civil time: a zone resolved once, local times to instants, calendar buckets.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <weir/time.hpp>

namespace weir::inline v1 {

/// A time zone. "UTC" and fixed offsets ("+02:00") need no database. Cheap to copy, safe to share.
/// The database writes down changes of clocks until 2037; later times keep the last offset.
class zone {
public:
    /// Throws unknown_name for no such zone, unsupported for a named one in a build without the database.
    explicit zone(std::string_view name);

    /// The instant of a local time (microseconds of civil time since 1970-01-01T00:00): none in a gap of
    /// daylight saving, the earlier of two where clocks are set back.
    std::optional<std::int64_t> to_utc(std::int64_t local) const;
    /// Offset from UTC in microseconds in force at an instant.
    std::int64_t offset_at(std::int64_t utc) const;

private:
    friend class bucketer;
    struct span_of_offset {
        std::int64_t begin, end, offset;
    };
    span_of_offset span_at(std::int64_t utc) const;
    /// The first instant at which the local time is this or, in a gap, later.
    std::int64_t first_at(std::int64_t local) const;
    const void* tz_ = nullptr;  // of the database; nullptr: fixed
    std::int64_t fixed_ = 0;
};

/// Finds the civil bucket of an instant. Remembers the last one: not shared between threads, cheap to copy.
class bucketer {
public:
    explicit bucketer(const calendar&);
    /// The instant at which the bucket of t begins; for calendar_unit::none always the least instant.
    /// A bucket that would begin before the first instant begins there.
    std::int64_t begin_of(std::int64_t t);
    /// The instant at which the bucket of t ends and the next begins (saturating).
    std::int64_t end_of(std::int64_t t);
    /// The civil date, "2024-01-29"; for hours "2024-01-29T13:00+01:00".
    std::string label(std::int64_t begin);

private:
    void locate(std::int64_t t);
    void locate_hour(std::int64_t t);
    void locate_days(std::int64_t t);
    std::int64_t begin_of_day(std::int64_t day) const;
    zone zone_;
    calendar_unit unit_;
    std::int64_t begin_ = 0, end_ = 0;  // of the last bucket; empty at first
};

}  // namespace weir::inline v1
