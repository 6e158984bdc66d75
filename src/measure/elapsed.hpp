// measure/elapsed.hpp - the time between two events, which int64 cannot always hold.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace weir::inline v1 {

/// Microseconds from one time to a later one.
constexpr std::uint64_t elapsed(std::int64_t from, std::int64_t to) {
    return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
}
/// The same for a duration: the longest one stands for all beyond.
constexpr std::int64_t lasted(std::int64_t from, std::int64_t to) {
    constexpr std::uint64_t longest = std::numeric_limits<std::int64_t>::max();
    return static_cast<std::int64_t>(std::min(elapsed(from, to), longest));
}

}  // namespace weir::inline v1
