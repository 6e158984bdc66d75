// funnel/tie_group.hpp - events of one instant, each of which may fill one of several steps.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "funnel/chain_rules.hpp"

namespace weir::inline v1 {

/// A bipartite matching of steps to events, grown one step at a time (Kuhn's algorithm).
///
/// At most `steps` other events can be in the way of a step, so its first `steps` candidates are enough.
class tie_group {
public:
    explicit tie_group(int steps) : steps_(steps) {}

    /// The events must live as long as they are asked about.
    void load(std::span<const candidate> events);
    /// Indices into the events of load(), ascending.
    std::span<const std::uint32_t> candidates(int step) const { return candidates_[at(step)]; }
    /// Takes every step's event away again; pinned events stay pinned.
    void clear();
    /// Finds an event for one more step; steps that have one keep one, perhaps another. False: there is none.
    bool fill(int step);
    /// Rearranges who fills steps first .. last, all of which have an event, so that a chain which comes in
    /// with level `first` can pass the group: no event is left over that blocks all its levels on the way.
    /// False: one is.
    bool let_pass(int first, int last);
    /// Keeps an event out of the matching: it is used already. Only while no step has it.
    void pin(std::uint32_t event) { owner_[event] = pinned; }
    void unpin(std::uint32_t event) { owner_[event] = nobody; }
    bool is_pinned(std::uint32_t event) const { return owner_[event] == pinned; }
    /// Levels that some event blocks.
    std::uint64_t blocked() const { return blocked_; }

private:
    static constexpr int nobody = -1;
    static constexpr int pinned = -2;
    bool augment(int step);
    bool claim(std::uint32_t event, std::uint64_t steps, std::uint64_t levels);
    bool stands_in_the_way(std::uint32_t event, std::uint64_t levels) const {
        return (events_[event].blocks & levels) == levels;
    }

    int steps_;
    std::span<const candidate> events_{};
    std::uint64_t blocked_ = 0;
    std::array<std::vector<std::uint32_t>, max_steps> candidates_{};  ///< by step
    std::array<std::uint32_t, max_steps> event_of_{};                 ///< by step, if it has one
    std::vector<int> owner_{};            ///< by event: the step that has it, nobody, or pinned
    std::vector<std::uint32_t> owned_{};  ///< events that steps have had
    std::vector<std::uint64_t> seen_{};   ///< by event: the round in which it was last tried
    std::uint64_t round_ = 0;
};

}  // namespace weir::inline v1
