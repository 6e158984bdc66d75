#include "stats/interval.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace weir::inline v1 {
namespace {

constexpr double z_95 = 1.959963984540054;  // 97.5 % of a normal distribution lie below

// Finds smallest values, of ascending ranks. Of many values only those are put in order that lie in one of
// some thousand equal parts of the range: that part in which the one asked for lies.
class ranking {
public:
    explicit ranking(std::vector<std::int64_t>& values) : values_(values) {
        if (values.size() < many) return;
        std::int64_t least = values.front(), greatest = least;
        for (const std::int64_t v : values) {  // std::minmax_element would guess at each
            least = std::min(least, v);
            greatest = std::max(greatest, v);
        }
        base_ = static_cast<std::uint64_t>(least);
        shift_ =
            std::max(0, static_cast<int>(std::bit_width(static_cast<std::uint64_t>(greatest) - base_)) - 12);
        sizes_.resize(std::size_t{1} << 12);
        for (const std::int64_t v : values) ++sizes_[part_of(v)];
    }

    /// The k-th smallest, from 0; k is not less than the last time.
    std::int64_t nth(std::size_t k) {
        if (sizes_.empty()) return nth_of(values_, std::exchange(sorted_, k), k);
        std::size_t part = 0;
        for (; k >= sizes_[part]; ++part) k -= sizes_[part];
        std::vector<std::int64_t> some;
        some.reserve(sizes_[part]);
        for (const std::int64_t v : values_)
            if (part_of(v) == part) some.push_back(v);
        return nth_of(some, 0, k);
    }

private:
    static constexpr std::size_t many = 1 << 14;

    std::size_t part_of(std::int64_t v) const {
        return static_cast<std::size_t>((static_cast<std::uint64_t>(v) - base_) >> shift_);
    }
    // Those before `from` are known to be no greater than the others.
    static std::int64_t nth_of(std::vector<std::int64_t>& values, std::size_t from, std::size_t k) {
        const auto at = values.begin() + static_cast<std::ptrdiff_t>(k);
        std::nth_element(values.begin() + static_cast<std::ptrdiff_t>(from), at, values.end());
        return *at;
    }

    std::vector<std::int64_t>& values_;
    std::size_t sorted_ = 0;
    std::uint64_t base_ = 0;
    int shift_ = 0;
    std::vector<std::size_t> sizes_{};
};

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

std::size_t place_of(std::size_t size, int numerator, int denominator) {
    const auto n = static_cast<std::int64_t>(size);
    const std::int64_t rank = (n * numerator + denominator - 1) / denominator;
    return static_cast<std::size_t>(std::clamp<std::int64_t>(rank, 1, n) - 1);
}

std::optional<duration> quantile(std::vector<std::int64_t>& values, int numerator, int denominator) {
    if (values.empty()) return std::nullopt;
    return duration{ranking(values).nth(place_of(values.size(), numerator, denominator))};
}

quantiles median_and_p90(std::vector<std::int64_t>& values) {
    if (values.empty()) return {};
    ranking ranks(values);
    const duration median{ranks.nth(place_of(values.size(), 1, 2))};
    return {median, duration{ranks.nth(place_of(values.size(), 9, 10))}};
}

}  // namespace weir::inline v1
