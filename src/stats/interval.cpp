#include "stats/interval.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace weir::inline v1 {
namespace {

constexpr double z_95 = 1.959963984540054;  // 97.5 % of a normal distribution lie below

// The k-th smallest, from 0. Of many values only those are put in order that lie in one of some thousand
// equal parts of the range: that part in which it lies.
std::int64_t nth(std::vector<std::int64_t>& values, std::size_t k) {
    constexpr std::size_t many = 1 << 14;
    std::vector<std::int64_t> some;
    if (values.size() >= many) {
        std::int64_t least = values.front(), greatest = least;
        for (const std::int64_t v : values) {  // std::minmax_element would guess at each
            least = std::min(least, v);
            greatest = std::max(greatest, v);
        }
        const auto base = static_cast<std::uint64_t>(least);
        const int shift =
            std::max(0, static_cast<int>(std::bit_width(static_cast<std::uint64_t>(greatest) - base)) - 12);
        const auto part_of = [&](std::int64_t v) {
            return static_cast<std::size_t>((static_cast<std::uint64_t>(v) - base) >> shift);
        };
        std::vector<std::size_t> sizes(1 << 12);
        for (const std::int64_t v : values) ++sizes[part_of(v)];
        std::size_t part = 0;
        for (; k >= sizes[part]; ++part) k -= sizes[part];
        for (const std::int64_t v : values)
            if (part_of(v) == part) some.push_back(v);
    }
    std::vector<std::int64_t>& among = some.empty() ? values : some;
    const auto at = among.begin() + static_cast<std::ptrdiff_t>(k);
    std::nth_element(among.begin(), at, among.end());
    return *at;
}

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
    return duration{nth(values, static_cast<std::size_t>(std::clamp<std::int64_t>(rank, 1, size) - 1))};
}

}  // namespace weir::inline v1
