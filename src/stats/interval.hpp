// stats/interval.hpp - rates with their intervals, and quantiles of plain samples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <weir/table.hpp>
#include <weir/time.hpp>

namespace weir::inline v1 {

/// n of `of` independent trials with the 95 % interval of Wilson (1927); 0 <= n <= of.
rate wilson(std::int64_t n, std::int64_t of);
/// n of `of` without an interval: trials that may belong to the same lead.
rate share(std::int64_t n, std::int64_t of);
/// A rate that the question gives no meaning.
rate undefined_rate();

/// The type-1 quantile (inverse of the empirical distribution): the ceil(p n)-th smallest of n values, for
/// 0 < p <= 1 given as numerator / denominator. None if there are no values. Reorders them.
std::optional<duration> quantile(std::vector<std::int64_t>& values, int numerator, int denominator);

/// The place of that value, from 0, among `size` values in order; size > 0.
std::size_t place_of(std::size_t size, int numerator, int denominator);

/// Two of them for less than each alone costs.
struct quantiles {
    std::optional<duration> median{}, p90{};
};
quantiles median_and_p90(std::vector<std::int64_t>& values);

}  // namespace weir::inline v1
