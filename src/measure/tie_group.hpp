// measure/tie_group.hpp - events of one instant, each of which may fill one of several steps.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace weir::inline v1 {

inline constexpr int max_steps = 64;

/// An event that may fill steps. Steps count from 0 inside the engine: bit k stands for step k.
struct candidate {
    std::int64_t time;
    std::uint64_t steps;
    std::uint32_t id;  ///< of the caller
};

/// A bipartite matching of steps to events, grown one step at a time (Kuhn's algorithm).
///
/// At most `steps` other events can be in the way of a step, so its first `steps` candidates are enough.
class tie_group {
public:
    explicit tie_group(int steps) : steps_(steps) {}

    void load(std::span<const candidate> events);
    /// Indices into the events of load(), ascending.
    std::span<const std::uint32_t> candidates(int step) const {
        return candidates_[static_cast<std::size_t>(step)];
    }
    /// Takes every step's event away again; pinned events stay pinned.
    void clear();
    /// Finds an event for one more step; steps that have one keep one, perhaps another. False: there is none.
    bool fill(int step);
    /// Keeps an event out of the matching. Only while no step has it.
    void pin(std::uint32_t event) { owner_[event] = pinned; }
    void unpin(std::uint32_t event) { owner_[event] = nobody; }
    bool is_pinned(std::uint32_t event) const { return owner_[event] == pinned; }

private:
    static constexpr int nobody = -1;
    static constexpr int pinned = -2;
    bool augment(int step);

    int steps_;
    std::array<std::vector<std::uint32_t>, max_steps> candidates_{};  ///< by step
    std::vector<int> owner_{};            ///< by event: the step that has it, nobody, or pinned
    std::vector<std::uint32_t> owned_{};  ///< events that steps have
    std::vector<std::uint64_t> seen_{};   ///< by event: the round in which it was last tried
    std::uint64_t round_ = 0;
};

}  // namespace weir::inline v1
