// funnel/chain_rules.hpp - what a chain of steps must keep to, as integers: no names, no storage.
//
// Steps count from 0 inside the engine: bit k of a set of steps stands for step k. The level of a chain is
// the number of steps that it has filled: bit c of a set of levels stands for level c.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include <weir/funnel.hpp>

namespace weir::inline v1 {

inline constexpr int max_steps = 64;
inline constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

constexpr std::uint64_t bit(int n) { return std::uint64_t{1} << n; }
constexpr bool has(std::uint64_t set, int n) { return (set >> n & 1) != 0; }
constexpr std::size_t at(int n) { return static_cast<std::size_t>(n); }
/// Bits first .. last; none if last < first.
constexpr std::uint64_t bits(int first, int last) {
    if (last < first) return 0;
    return (~std::uint64_t{0} >> (63 - (last - first))) << first;
}

/// Of these steps, those that an event may fill which ends chains at these levels: it may end what it
/// excludes, or begin it, but not stand inside.
constexpr std::uint64_t outside(std::uint64_t kills, std::uint64_t steps) {
    return steps & ~(kills & (kills >> 1));
}

/// An event that matters to a chain.
struct candidate {
    std::int64_t time = 0;
    std::uint64_t steps = 0;  ///< that it may fill
    std::uint32_t id = 0;     ///< of the caller
    /// Levels at which a chain cannot pass it without using it: those that exclusions end there, and where
    /// steps must be adjacent all that it breaks. Never level 0.
    std::uint64_t blocks = 0;
    std::uint64_t kills = 0;  ///< those of them that exclusions end
};

/// Steps side by side that may be done in any order among themselves.
struct step_block {
    int first = 0, size = 0;
    std::uint64_t steps() const { return bits(first, first + size - 1); }
};

struct chain_rules {
    int steps = 1;  ///< 1 to max_steps
    weir::order order = weir::order::in_sequence;
    weir::ties ties = weir::ties::together;
    std::uint64_t within = no_limit;     ///< microseconds, edge included
    std::optional<std::int64_t> from{};  ///< a chain begins at from <= t < until
    std::optional<std::int64_t> until{};
    std::array<std::uint64_t, max_steps> min_gap{};  ///< since the step before; of no meaning for step 0
    std::array<std::uint64_t, max_steps> max_gap = [] {
        std::array<std::uint64_t, max_steps> none{};
        none.fill(no_limit);
        return none;
    }();
    std::vector<step_block> blocks{};  ///< of steps that follow one another; ascending

    bool may_begin_at(std::int64_t time) const {
        return (!from || *from <= time) && (!until || time < *until);
    }
};

}  // namespace weir::inline v1
