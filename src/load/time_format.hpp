// load/time_format.hpp - times as files write them: a format compiled once, read exactly.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/zone.hpp"

namespace weir::inline v1 {

/// `iso`, `unix_s`, `unix_ms`, `unix_us`, or a pattern of literal text and
///
///   %Y 2024   %y 24 (69 to 99: 1969 to 1999)   %m %d %e month, day   %b %B Jan, January   %j day of the year
///   %a %A Mon, Monday   %H hour   %I %p hour with AM or PM   %M %S   %f one to six digits of a second
///   %z Z, +02:00, +0200, +02   %Z UTC or GMT   %F %Y-%m-%d   %D %m/%d/%y   %T %H:%M:%S   %R %H:%M   %%
///
/// Numbers may lack a leading zero, years may not; names are English, in any case. The whole text must match,
/// and the date must exist. What the pattern leaves out of the time of day is 0.
class time_format {
public:
    /// `zone` is that of times without an offset. Throws bad_input for a pattern that cannot name an instant,
    /// and what class zone throws.
    time_format(std::string_view format, std::string_view zone);

    /// Microseconds since 1970, or none: then why_not() says why.
    std::optional<std::int64_t> read(std::string_view text) const;
    std::string why_not(std::string_view text) const;

private:
    enum class kind : std::uint8_t { iso, unix_s, unix_ms, unix_us, pattern };
    struct item {
        char conversion;  ///< '\0': the literal
        char literal;
    };
    struct local_time {
        std::int64_t micros;
        bool is_utc;  ///< the text said which offset it has, and it is taken off
    };

    void compile(std::string_view pattern);
    void check() const;
    bool has(char conversion) const;
    std::optional<local_time> read_local(std::string_view text) const;
    std::optional<local_time> read_pattern(std::string_view text) const;

    std::string format_, zone_name_;
    kind kind_ = kind::pattern;
    std::vector<item> items_{};
    zone zone_;
};

}  // namespace weir::inline v1
