// weir/money.hpp - whole minor units of one currency; never a floating-point number, never two currencies in
// one sum.
#pragma once

#include <array>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

#include <weir/error.hpp>

namespace weir {
inline namespace v1 {

/// An ISO 4217 code: three capital letters. A literal of another length does not compile.
class WEIR_API currency {
public:
    constexpr currency(const char (&code)[4]) : code_{code[0], code[1], code[2]} {}
    /// Reads "EUR". Errors: bad_input for anything but three capital letters.
    static result<currency> parse(std::string_view);
    constexpr std::string_view code() const { return {code_.data(), code_.size()}; }
    /// Decimal places of the minor unit by ISO 4217: 2 for most, 0 for JPY, 3 for KWD.
    int decimals() const noexcept;
    friend constexpr bool operator==(const currency&, const currency&) = default;
    friend constexpr auto operator<=>(const currency&, const currency&) = default;

private:
    std::array<char, 3> code_;
};

/// ISO 4217's code for what is in no currency.
inline constexpr currency no_currency{"XXX"};

/// An amount in minor units: 19.99 EUR is {1999, "EUR"}.
struct WEIR_API money {
    std::int64_t units = 0;  ///< minor units ("minor" is a macro in <sys/sysmacros.h>)
    weir::currency currency = no_currency;
    friend bool operator==(const money&, const money&) = default;
    friend WEIR_API std::ostream& operator<<(std::ostream&, const money&);
};
/// Adds exactly. Errors: mismatch (two currencies), limit_exceeded (beyond 64 bits).
WEIR_API result<money> add(const money&, const money&);
/// Reads "1054", "-3.5", "1054.00" as major units. Errors: bad_input, also for more decimals than the
/// currency has.
WEIR_API result<money> parse_money(std::string_view text, currency);
/// Prints "19.99 EUR".
WEIR_API std::string to_string(const money&);

}  // namespace v1
}  // namespace weir
