// tie_group.cpp - who may have which event of an instant.
#include "measure/tie_group.hpp"

#include <bit>
#include <cstddef>

namespace weir::inline v1 {

void tie_group::load(std::span<const candidate> events) {
    for (int step = 0; step < steps_; ++step) candidates_[static_cast<std::size_t>(step)].clear();
    for (std::size_t i = 0; i < events.size(); ++i) {
        for (std::uint64_t rest = events[i].steps; rest != 0; rest &= rest - 1) {
            auto& list = candidates_[static_cast<std::size_t>(std::countr_zero(rest))];
            if (list.size() < static_cast<std::size_t>(steps_)) list.push_back(static_cast<std::uint32_t>(i));
        }
    }
    owner_.assign(events.size(), nobody);
    owned_.clear();
    seen_.assign(events.size(), 0);
    round_ = 0;
}

void tie_group::clear() {
    for (const std::uint32_t event : owned_) owner_[event] = nobody;
    owned_.clear();
}

bool tie_group::fill(int step) {
    ++round_;
    return augment(step);
}

bool tie_group::augment(int step) {
    for (const std::uint32_t event : candidates(step)) {
        int& owner = owner_[event];
        if (owner == pinned || seen_[event] == round_) continue;
        seen_[event] = round_;
        if (owner == nobody)
            owned_.push_back(event);
        else if (!augment(owner))
            continue;
        owner = step;
        return true;
    }
    return false;
}

}  // namespace weir::inline v1
