#include "stats/interval.hpp"

#include <algorithm>
#include <cmath>

namespace weir::inline v1 {
namespace {

constexpr double z_95 = 1.959963984540054;  // 97.5 % of a normal distribution lie below

rate_status status_of(std::int64_t n, std::int64_t of) {
    if (of == 0) return rate_status::empty;
    return n == 0 || n == of ? rate_status::boundary : rate_status::ok;
}

}  // namespace

rate wilson(std::int64_t n, std::int64_t of) {
    rate r = share(n, of);
    if (of == 0) return r;
    const double trials = static_cast<double>(of);
    const double p = static_cast<double>(n) / trials;
    const double spread = z_95 * z_95 / trials;
    const double centre = p + spread / 2;
    const double half_width = z_95 * std::sqrt((p * (1 - p) + spread / 4) / trials);
    // At the ends the formula is exact but for rounding.
    r.low = n == 0 ? 0.0 : std::clamp((centre - half_width) / (1 + spread), 0.0, p);
    r.high = n == of ? 1.0 : std::clamp((centre + half_width) / (1 + spread), p, 1.0);
    return r;
}

rate share(std::int64_t n, std::int64_t of) { return {n, of, {}, {}, status_of(n, of)}; }

rate undefined_rate() { return {0, 0, {}, {}, rate_status::undefined}; }

std::optional<duration> quantile(std::vector<std::int64_t>& values, int numerator, int denominator) {
    if (values.empty()) return std::nullopt;
    const auto size = static_cast<std::int64_t>(values.size());
    const std::int64_t rank = (size * numerator + denominator - 1) / denominator;  // ceil, from 1
    const auto at = values.begin() + (std::clamp<std::int64_t>(rank, 1, size) - 1);
    std::nth_element(values.begin(), at, values.end());
    return duration{*at};
}

}  // namespace weir::inline v1
