#include "base/wording.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <fmt/format.h>

namespace weir::inline v1 {

std::string with_commas(std::int64_t n) {
    std::string digits = std::to_string(n);
    const std::ptrdiff_t first = n < 0 ? 1 : 0;
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > first; at -= 3)
        digits.insert(static_cast<std::size_t>(at), 1, ',');
    return digits;
}

std::string leads_text(std::int64_t n) { return with_commas(n) + (n == 1 ? " lead" : " leads"); }

std::string listed_text(std::size_t shown, std::int64_t of) {
    return with_commas(static_cast<std::int64_t>(shown)) + " of " + leads_text(of) + " in the list";
}

// Beyond 2^53 the product might overflow, and nobody can tell one tenth from the next.
std::int64_t tenths_of_percent(std::int64_t n, std::int64_t of) {
    constexpr std::int64_t exact = std::int64_t{1} << 53;
    if (n >= 0 && n <= exact && of > 0 && of <= exact) return (1000 * n + of / 2) / of;
    const double tenths = 1000.0 * (static_cast<double>(n) / static_cast<double>(of));
    return std::llround(std::clamp(tenths, -9e18, 9e18));
}

std::string percent(std::int64_t n, std::int64_t of) {
    const std::int64_t tenths = tenths_of_percent(n, of);
    if (tenths == 0 && n > 0) return "less than 0.1 %";
    if (tenths == 1000 && n < of) return "more than 99.9 %";
    if (tenths % 10 == 0) return fmt::format("{} %", tenths / 10);
    return fmt::format("{}.{} %", tenths / 10, tenths % 10);
}

}  // namespace weir::inline v1
