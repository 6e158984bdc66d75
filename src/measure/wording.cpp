#include "measure/wording.hpp"

#include <cstddef>

#include <fmt/format.h>

namespace weir::inline v1 {

std::string with_commas(std::int64_t n) {
    std::string digits = std::to_string(n);
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
        digits.insert(static_cast<std::size_t>(at), 1, ',');
    return digits;
}

std::string leads_text(std::int64_t n) { return with_commas(n) + (n == 1 ? " lead" : " leads"); }

// Counts of leads are below 2^32: a thousand of them cannot overflow.
std::string percent(std::int64_t n, std::int64_t of) {
    const std::int64_t tenths = (1000 * n + of / 2) / of;
    if (tenths == 0 && n > 0) return "less than 0.1 %";
    if (tenths == 1000 && n < of) return "more than 99.9 %";
    if (tenths % 10 == 0) return fmt::format("{} %", tenths / 10);
    return fmt::format("{}.{} %", tenths / 10, tenths % 10);
}

}  // namespace weir::inline v1
