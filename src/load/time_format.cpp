// time_format.cpp - a pattern is a list of items, each of which reads its part of the text.
#include "load/time_format.hpp"

#include <algorithm>
#include <array>

#include "base/fail.hpp"
#include "base/text.hpp"
#include "load/date_parts.hpp"

namespace weir::inline v1 {
namespace {

// In the order of time_format::kind.
constexpr std::array<std::string_view, 4> fixed_formats{"iso", "unix_s", "unix_ms", "unix_us"};
constexpr std::string_view conversions = "YymdebBjaAHIpMSfzZ";

// A conversion that stands for several.
std::string_view expansion_of(char conversion) {
    switch (conversion) {
        case 'F': return "%Y-%m-%d";
        case 'D': return "%m/%d/%y";
        case 'T': return "%H:%M:%S";
        case 'R': return "%H:%M";
        default: return {};
    }
}

// Those of one class give the same part of a time, so that a pattern may have only one of them.
char part_of(char conversion) {
    switch (conversion) {
        case 'y': return 'Y';
        case 'b':
        case 'B': return 'm';
        case 'e': return 'd';
        case 'A': return 'a';
        case 'I': return 'H';
        case 'Z': return 'z';
        default: return conversion;
    }
}

std::optional<std::int64_t> read_unix(std::string_view text, std::int64_t unit, std::size_t decimals) {
    std::int64_t whole = as_digits(text);
    if (whole >= 0 && !__builtin_mul_overflow(whole, unit, &whole)) return whole;
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    const auto point = std::min(text.find('.'), text.size());
    const auto fraction = text.substr(std::min(point + 1, text.size()));
    if (point < text.size() && (fraction.empty() || fraction.size() > decimals)) return std::nullopt;

    // One number, digit by digit towards the sign: so the least instant can be read too.
    std::int64_t value = 0;
    const auto append = [&](char digit) {
        const int step = negative ? '0' - digit : digit - '0';
        return digit >= '0' && digit <= '9' && !__builtin_mul_overflow(value, 10, &value) &&
               !__builtin_add_overflow(value, step, &value);
    };
    if (point == 0) return std::nullopt;
    for (const char c : text.substr(0, point))
        if (!append(c)) return std::nullopt;
    for (const char c : fraction) {
        if (!append(c)) return std::nullopt;
        unit /= 10;
    }
    if (__builtin_mul_overflow(value, unit, &value)) return std::nullopt;
    return value;
}

// True for text that ends in Z or +02:00; a date alone ends in neither.
bool has_offset(std::string_view iso) {
    if (iso.ends_with('Z')) return true;
    if (iso.size() < 6 || iso[iso.size() - 3] != ':') return false;
    const char sign = iso[iso.size() - 6];
    return sign == '+' || sign == '-';
}

}  // namespace

time_format::time_format(std::string_view format, std::string_view zone_name)
    : format_(format), zone_name_(zone_name), zone_(zone_name) {
    const auto fixed = std::find(fixed_formats.begin(), fixed_formats.end(), format);
    kind_ = static_cast<kind>(fixed - fixed_formats.begin());
    if (kind_ != kind::pattern) return;
    if (format.find('%') == std::string_view::npos) {
        const std::vector<std::string> known(fixed_formats.begin(), fixed_formats.end());
        fail(errc::bad_input, "the time format is " + quoted(format) +
                                  ", expected iso, unix_s, unix_ms, unix_us or a pattern like \"%d.%m.%Y\"" +
                                  did_you_mean(format, known));
    }
    compile(format);
    check();
}

void time_format::compile(std::string_view pattern) {
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '%') {
            items_.push_back({'\0', pattern[i]});
            continue;
        }
        const char c = ++i < pattern.size() ? pattern[i] : '\0';
        if (c == '%') {
            items_.push_back({'\0', '%'});
        } else if (const auto several = expansion_of(c); !several.empty()) {
            compile(several);
        } else if (c != '\0' && conversions.find(c) != std::string_view::npos) {
            items_.push_back({c, '\0'});
        } else {
            fail(errc::bad_input, "the time format " + quoted(format_) + " has an unknown conversion %" +
                                      std::string(c == '\0' ? 0 : 1, c) +
                                      ", expected one of %Y %y %m %d %e %b %B %j " +
                                      "%a %A %H %I %p %M %S %f %z %Z %F %D %T %R %%");
        }
    }
}

bool time_format::has(char conversion) const {
    return std::any_of(items_.begin(), items_.end(),
                       [&](const item& i) { return i.conversion == conversion; });
}

void time_format::check() const {
    const auto refuse = [&](const std::string& why) {
        fail(errc::bad_input, "the time format " + quoted(format_) + " " + why);
    };
    std::string parts;
    for (const item& i : items_) {
        if (i.conversion == '\0') continue;
        const char part = part_of(i.conversion);
        if (parts.find(part) != std::string::npos)
            refuse(std::string("gives one part of the time twice, the second time as %") + i.conversion);
        parts += part;
    }
    const auto gives = [&](char part) { return parts.find(part) != std::string::npos; };
    if (!gives('Y')) refuse("has no year, expected %Y or %y");
    if (gives('j') == (gives('m') && gives('d')) || (gives('j') && (gives('m') || gives('d'))))
        refuse("does not name a day, expected %m and %d, or %j");
    if (has('I') != has('p')) refuse("has one of %I and %p, expected both or neither");
    if (gives('M') && !gives('H')) refuse("has minutes but no hours");
    if (gives('S') && !gives('M')) refuse("has seconds but no minutes");
    if (gives('f') && !gives('S')) refuse("has a fraction but no seconds");
}

std::optional<std::int64_t> time_format::read(std::string_view text) const {
    switch (kind_) {
        case kind::unix_s: return read_unix(text, 1'000'000, 6);
        case kind::unix_ms: return read_unix(text, 1'000, 0);
        case kind::unix_us: return read_unix(text, 1, 0);
        case kind::iso:
        case kind::pattern: break;
    }
    const auto local = read_local(text);
    if (!local || local->is_utc) return local ? std::optional(local->micros) : std::nullopt;
    return zone_.to_utc(local->micros);
}

std::string time_format::why_not(std::string_view text) const {
    if (read_local(text))
        return "found " + quoted(text) + ", which daylight saving skips in " + zone_name_ +
               ", expected a time that exists";
    if (kind_ == kind::pattern) return "found " + quoted(text) + ", expected a time as " + quoted(format_);
    return "found " + quoted(text) + ", expected a time as " + format_ +
           (kind_ == kind::iso ? ", like 2024-01-31T10:30:00Z" : ", like 1706697000");
}

// Of a time that is written with its date; none for one that is a number.
std::optional<time_format::local_time> time_format::read_local(std::string_view text) const {
    if (kind_ == kind::pattern) return read_pattern(text);
    if (kind_ != kind::iso) return std::nullopt;
    const auto read = parse_instant(text);
    if (!read) return std::nullopt;
    return local_time{read->time_since_epoch().count(), has_offset(text)};
}

std::optional<time_format::local_time> time_format::read_pattern(std::string_view text) const {
    date_parts parts;
    for (const item& i : items_) {
        if (i.conversion != '\0') {
            if (!parts.take(i.conversion, text)) return std::nullopt;
        } else if (text.starts_with(i.literal)) {
            text.remove_prefix(1);
        } else {
            return std::nullopt;
        }
    }
    const auto micros = text.empty() ? parts.local() : std::nullopt;
    if (!micros) return std::nullopt;
    if (!parts.offset_seconds) return local_time{*micros, false};
    return local_time{*micros - *parts.offset_seconds * 1'000'000, true};
}

}  // namespace weir::inline v1
