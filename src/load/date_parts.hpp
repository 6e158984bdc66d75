// load/date_parts.hpp - the parts of a written time, taken from a text one conversion after the other.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::inline v1 {

struct date_parts {
    int year = 0, month = 0, day = 0;
    int day_of_year = 0;  ///< 0: month and day say it
    int weekday = -1;     ///< from Sunday = 0; -1: not given
    int hour = 0, minute = 0, second = 0, microsecond = 0;
    int hour_of_half_day = 0;  ///< 1 to 12; 0: not given
    bool afternoon = false;
    std::optional<std::int64_t> offset_seconds{};

    /// Takes what the conversion stands for from the front of the text; false if the text begins otherwise.
    bool take(char conversion, std::string_view& text);
    /// Microseconds of civil time since 1970-01-01T00:00, if there is such a date.
    std::optional<std::int64_t> local() const;
};

}  // namespace weir::inline v1
