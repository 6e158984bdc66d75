// tie_group.cpp - who may have which event of an instant.
#include "funnel/tie_group.hpp"

#include <bit>

namespace weir::inline v1 {

void tie_group::load(std::span<const candidate> events) {
    events_ = events;
    blocked_ = 0;
    for (int step = 0; step < steps_; ++step) candidates_[at(step)].clear();
    for (std::size_t i = 0; i < events.size(); ++i) {
        blocked_ |= events[i].blocks;
        for (std::uint64_t rest = events[i].steps; rest != 0; rest &= rest - 1) {
            auto& list = candidates_[static_cast<std::size_t>(std::countr_zero(rest))];
            if (list.size() < at(steps_) || events[i].blocks != 0)
                list.push_back(static_cast<std::uint32_t>(i));
        }
    }
    owner_.assign(events.size(), nobody);
    owned_.clear();
    seen_.assign(events.size(), 0);
    round_ = 0;
}

void tie_group::clear() {
    for (const std::uint32_t event : owned_)
        if (owner_[event] != pinned) owner_[event] = nobody;
    owned_.clear();
}

bool tie_group::fill(int step) {
    ++round_;
    return augment(step);
}

bool tie_group::augment(int step) {
    for (const std::uint32_t event : candidates(step)) {
        const int owner = owner_[event];
        if (owner == pinned || seen_[event] == round_) continue;
        seen_[event] = round_;
        if (owner == nobody)
            owned_.push_back(event);
        else if (!augment(owner))
            continue;
        owner_[event] = step;
        event_of_[at(step)] = event;
        return true;
    }
    return false;
}

// If all steps can be filled, and those events can be placed that must be, then both at once (Mendelsohn and
// Dulmage, 1958): each such event takes over a step, from one that need not be placed, or moves another on.
bool tie_group::let_pass(int first, int last) {
    const std::uint64_t levels = bits(first, last + 1);
    if (first == 0 || (blocked_ & levels) != levels) return true;
    for (std::uint32_t event = 0; event < events_.size(); ++event) {
        if (owner_[event] != nobody || !stands_in_the_way(event, levels)) continue;
        ++round_;
        if (!claim(event, bits(first, last), levels)) return false;
    }
    return true;
}

bool tie_group::claim(std::uint32_t event, std::uint64_t steps, std::uint64_t levels) {
    seen_[event] = round_;
    for (std::uint64_t rest = events_[event].steps & steps; rest != 0; rest &= rest - 1) {
        const int step = std::countr_zero(rest);
        const std::uint32_t before = event_of_[at(step)];
        if (owner_[before] != step || seen_[before] == round_) continue;
        if (stands_in_the_way(before, levels)) {
            if (!claim(before, steps, levels)) continue;
        } else {
            owner_[before] = nobody;
        }
        owner_[event] = step;
        event_of_[at(step)] = event;
        owned_.push_back(event);
        return true;
    }
    return false;
}

}  // namespace weir::inline v1
