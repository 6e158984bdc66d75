#include <weir/money.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <ostream>

#include "base/fail.hpp"
#include "base/text.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::int64_t least_units = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t most_units = std::numeric_limits<std::int64_t>::max();

// ISO 4217 lists these; all others have two decimals.
constexpr std::array<std::string_view, 17> without_decimals{"BIF", "CLP", "DJF", "GNF", "ISK", "JPY",
                                                            "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
                                                            "VND", "VUV", "XAF", "XOF", "XPF"};
constexpr std::array<std::string_view, 7> with_three{"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"};
constexpr std::array<std::string_view, 2> with_four{"CLF", "UYW"};

template <std::size_t N> bool holds(const std::array<std::string_view, N>& list, std::string_view code) {
    return std::find(list.begin(), list.end(), code) != list.end();
}

// At least one digit and nothing else.
bool all_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Counts away from 0 on the sign's own side: the least int64 has no positive.
std::optional<std::int64_t> units_of(bool negative, std::string_view digits) {
    std::int64_t units = 0;
    for (const char c : digits) {
        const int digit = c - '0';
        const bool fits = negative ? units >= (least_units + digit) / 10 : units <= (most_units - digit) / 10;
        if (!fits) return std::nullopt;
        units = units * 10 + (negative ? -digit : digit);
    }
    return units;
}

money read_money(std::string_view text, const currency& unit) {
    const bool negative = text.starts_with('-');
    const std::string_view amount = text.substr(negative ? 1 : 0);
    const std::size_t point = amount.find('.');
    const bool has_point = point != std::string_view::npos;
    const std::string_view whole = amount.substr(0, point);
    const std::string_view fraction = has_point ? amount.substr(point + 1) : std::string_view();
    if (!all_digits(whole) || (has_point && !all_digits(fraction))) {
        fail(errc::bad_input, quoted(text) + " is not an amount, expected one like \"1054\" or \"-3.50\"");
    }
    const auto decimals = static_cast<std::size_t>(unit.decimals());
    if (fraction.size() > decimals) {
        fail(errc::bad_input, quoted(text) + " has " + std::to_string(fraction.size()) +
                                  " decimals, expected at most " + std::to_string(decimals) + " of " +
                                  std::string(unit.code()));
    }
    std::string digits(whole);
    digits += fraction;
    digits.append(decimals - fraction.size(), '0');
    const auto units = units_of(negative, digits);
    if (!units) {
        const money edge{negative ? least_units : most_units, unit};
        fail(errc::bad_input,
             quoted(text) + " is beyond 64 bits of minor units, expected an amount up to " + to_string(edge));
    }
    return {*units, unit};
}

}  // namespace

result<currency> currency::parse(std::string_view text) {
    return guarded([&] {
        const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
        if (text.size() != 3 || !std::all_of(text.begin(), text.end(), is_capital)) {
            fail(errc::bad_input,
                 quoted(text) + " is not a currency, expected three capital letters like \"EUR\"");
        }
        const char code[4] = {text[0], text[1], text[2], '\0'};
        return currency(code);
    });
}

int currency::decimals() const noexcept {
    if (holds(without_decimals, code())) return 0;
    if (holds(with_three, code())) return 3;
    return holds(with_four, code()) ? 4 : 2;
}

result<money> add(const money& a, const money& b) {
    return guarded([&]() -> money {
        if (a.currency != b.currency) {
            fail(errc::mismatch, "an amount in " + std::string(a.currency.code()) + " and one in " +
                                     std::string(b.currency.code()) + " have no sum, expected one currency");
        }
        const bool fits = b.units < 0 ? a.units >= least_units - b.units : a.units <= most_units - b.units;
        if (!fits) {
            fail(errc::limit_exceeded,
                 "the sum of " + to_string(a) + " and " + to_string(b) + " is beyond 64 bits of minor units");
        }
        return {a.units + b.units, a.currency};
    });
}

result<money> parse_money(std::string_view text, currency unit) {
    return guarded([&] { return read_money(text, unit); });
}

std::string to_string(const money& m) {
    const auto decimals = static_cast<std::size_t>(m.currency.decimals());
    std::string digits = std::to_string(m.units);
    const std::size_t sign = m.units < 0 ? 1 : 0;
    const std::size_t least = sign + decimals + 1;  // a digit before the point
    if (digits.size() < least) digits.insert(sign, least - digits.size(), '0');
    if (decimals > 0) digits.insert(digits.size() - decimals, 1, '.');
    return digits + ' ' + std::string(m.currency.code());
}

std::ostream& operator<<(std::ostream& out, const money& m) { return out << to_string(m); }

}  // namespace weir::inline v1
