#include <weir/time.hpp>

#include <array>
#include <optional>

#include "base/civil.hpp"
#include "base/fail.hpp"
#include "base/text.hpp"
#include "base/zone.hpp"

namespace weir::inline v1 {
namespace {

using namespace civil;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes the parts of a written instant from the front of a text.
class cursor {
public:
    explicit cursor(std::string_view text) : rest_(text) {}

    bool done() const { return rest_.empty(); }
    bool next_is(char c) const { return rest_.starts_with(c); }
    bool take(char c) {
        if (!next_is(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    std::size_t digits() const {
        std::size_t n = 0;
        while (n < rest_.size() && is_digit(rest_[n])) ++n;
        return n;
    }
    // Takes exactly n digits; -1 if they are not there.
    std::int64_t number(std::size_t n) {
        if (rest_.size() < n) return -1;
        std::int64_t value = 0;
        for (const char c : rest_.substr(0, n)) {
            if (!is_digit(c)) return -1;
            value = value * 10 + (c - '0');
        }
        rest_.remove_prefix(n);
        return value;
    }
    // Takes two digits from 0 to `most`, else -1.
    std::int64_t two_digits(std::int64_t most) {
        const std::int64_t value = number(2);
        return value <= most ? value : -1;
    }

private:
    std::string_view rest_;
};

constexpr std::size_t short_year = 4, long_year = 6;  // digits; more than four need a sign
constexpr std::size_t fraction_digits = 6;

bool take_date(cursor& in, ymd& d) {
    const bool before_0 = in.next_is('-');
    const bool has_sign = in.take('-') || in.take('+');
    const std::size_t digits = in.digits();
    if (digits < short_year || digits > (has_sign ? long_year : short_year)) return false;
    const std::int64_t year = in.number(digits);
    d.year = before_0 ? -year : year;
    if (!in.take('-')) return false;
    d.month = static_cast<int>(in.number(2));
    if (!in.take('-')) return false;
    d.day = static_cast<int>(in.number(2));
    return exists(d);
}

// Takes `HH:MM[:SS[.1-6 digits]]`.
bool take_time_of_day(cursor& in, std::int64_t& seconds, std::int64_t& fraction) {
    const std::int64_t hour = in.two_digits(23);
    if (hour < 0 || !in.take(':')) return false;
    const std::int64_t minute = in.two_digits(59);
    if (minute < 0) return false;
    seconds = (hour * 60 + minute) * 60;
    if (!in.take(':')) return true;
    const std::int64_t second = in.two_digits(59);
    if (second < 0) return false;
    seconds += second;
    if (!in.take('.')) return true;
    const std::size_t digits = in.digits();
    if (digits == 0 || digits > fraction_digits) return false;
    fraction = in.number(digits);
    for (std::size_t n = digits; n < fraction_digits; ++n) fraction *= 10;
    return true;
}

// Takes `Z`, `+HH:MM` or nothing.
bool take_offset(cursor& in, std::int64_t& seconds) {
    if (in.done() || in.take('Z')) return true;
    const bool west = in.next_is('-');
    if (!in.take('-') && !in.take('+')) return false;
    const std::int64_t hours = in.two_digits(23);
    if (hours < 0 || !in.take(':')) return false;
    const std::int64_t minutes = in.two_digits(59);
    seconds = (west ? -1 : 1) * (hours * 60 + minutes) * 60;
    return minutes >= 0;
}

// Joins whole seconds and 0 <= fraction < 1e6, if an int64 holds it. Below 0 the second after is the base:
// that of the least instant is no int64 of microseconds itself.
std::optional<std::int64_t> to_micros(std::int64_t seconds, std::int64_t fraction) {
    const std::int64_t up = seconds < 0 ? 1 : 0;
    const std::int64_t base = seconds + up;
    const std::int64_t rest = fraction - up * second_us;
    if (base > most_us / second_us || base < least_us / second_us) return std::nullopt;
    if (rest > 0 && base * second_us > most_us - rest) return std::nullopt;
    if (rest < 0 && base * second_us < least_us - rest) return std::nullopt;
    return base * second_us + rest;
}

instant read_instant(std::string_view text) {
    cursor in(text);
    ymd d;
    std::int64_t seconds = 0, fraction = 0, offset = 0;
    bool fits = take_date(in, d);
    if (fits && (in.take('T') || in.take(' '))) fits = take_time_of_day(in, seconds, fraction);
    fits = fits && take_offset(in, offset) && in.done();
    if (!fits) {
        fail(errc::bad_input, quoted(text) +
                                  " is not a time, expected one like \"2024-01-31\" or "
                                  "\"2024-01-31T10:30:00.5+02:00\"");
    }
    const std::int64_t since_1970 = days_of(d) * (day_us / second_us) + seconds - offset;
    const auto micros = to_micros(since_1970, fraction);
    if (!micros) {
        fail(errc::bad_input, quoted(text) +
                                  " is further from 1970 than 64 bits of microseconds, expected a time "
                                  "between the years -290308 and 294247");
    }
    return from_unix_microseconds(*micros);
}

struct unit {
    std::string_view name;
    std::int64_t micros;
};
constexpr std::array<unit, 7> units{{{"us", 1},
                                     {"ms", 1'000},
                                     {"s", second_us},
                                     {"m", minute_us},
                                     {"h", hour_us},
                                     {"d", day_us},
                                     {"w", 7 * day_us}}};
constexpr std::size_t first_unit_to_print = 5;  // days: weeks are rarely what people count in

// The number times the unit, at most the greatest int64.
std::int64_t saturating_amount(std::string_view digits, std::int64_t micros) {
    std::int64_t amount = 0;
    for (const char c : digits) {
        const int digit = c - '0';
        if (amount > (most_us - digit) / 10) return most_us;
        amount = amount * 10 + digit;
    }
    return amount > most_us / micros ? most_us : amount * micros;
}

duration read_duration(std::string_view text) {
    const bool negative = text.starts_with('-');
    const std::string_view amount = text.substr(negative ? 1 : 0);
    std::size_t digits = 0;
    while (digits < amount.size() && is_digit(amount[digits])) ++digits;
    if (digits > 0) {
        for (const unit& u : units) {
            if (amount.substr(digits) != u.name) continue;
            const std::int64_t micros = saturating_amount(amount.substr(0, digits), u.micros);
            return duration{negative ? -micros : micros};
        }
    }
    fail(errc::bad_input, quoted(text) +
                              " is not a duration, expected an integer and one of us, ms, s, m, h, d, w, "
                              "like \"30d\"");
}

std::string print_fraction(std::int64_t micros) {
    if (micros == 0) return {};
    std::string digits = std::to_string(micros + second_us);  // a 1 in front keeps the leading zeros
    digits.front() = '.';
    digits.erase(digits.find_last_not_of('0') + 1);
    return digits;
}

}  // namespace

result<instant> parse_instant(std::string_view text) {
    return guarded([&] { return read_instant(text); });
}

result<duration> parse_duration(std::string_view text) {
    return guarded([&] { return read_duration(text); });
}

std::string to_string(instant t) {
    const std::int64_t us = t.time_since_epoch().count();
    const std::int64_t of_day = floor_mod(us, day_us);
    return print_date(date_of(floor_div(us, day_us))) + 'T' + print_2(of_day / hour_us) + ':' +
           print_2(of_day % hour_us / minute_us) + ':' + print_2(of_day % minute_us / second_us) +
           print_fraction(of_day % second_us) + 'Z';
}

std::string to_string(duration d) {
    const bool negative = d.count() < 0;
    std::uint64_t rest = static_cast<std::uint64_t>(d.count());
    if (negative) rest = 0 - rest;  // the size of the least int64 is none of int64
    if (rest == 0) return "0s";
    std::size_t i = first_unit_to_print;
    while (rest < static_cast<std::uint64_t>(units[i].micros)) --i;

    std::string out = negative ? "-" : "";
    const auto append = [&](const unit& u) {
        out += std::to_string(rest / static_cast<std::uint64_t>(u.micros));
        out += u.name;
        rest %= static_cast<std::uint64_t>(u.micros);
    };
    append(units[i]);
    if (i > 0 && rest >= static_cast<std::uint64_t>(units[i - 1].micros)) {
        out += ' ';
        append(units[i - 1]);
    }
    return out;
}

result<std::string> bucket_of(instant t, const calendar& c) {
    return guarded([&] {
        bucketer buckets(c);
        return buckets.label(buckets.begin_of(t.time_since_epoch().count()));
    });
}

}  // namespace weir::inline v1
