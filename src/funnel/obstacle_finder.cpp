#include "funnel/obstacle_finder.hpp"

#include <bit>
#include <utility>

namespace weir::inline v1 {
namespace {

funnel without_exclusions(funnel q) {
    q.exclude.clear();
    return q;
}

}  // namespace

obstacle_finder::obstacle_finder(const snapshot::impl& data, const funnel& q)
    : data_(data), q_(q), unrestricted_(without_exclusions(q)), plain_(data, unrestricted_) {}

std::uint64_t obstacle_finder::matched(std::span<const row> rows) {
    std::uint64_t steps = 0;
    for (const auto& r : plain_.roles(rows)) steps |= r.event.steps;
    return steps;
}

obstacle_finder::without* obstacle_finder::lifted(std::size_t i) {
    if (!std::exchange(is_bound_[i], true)) {
        auto one = std::make_unique<without>(without{.q = q_});
        if (lift(tried_obstacles[i], one->q, one->supposed)) {
            one->chains = std::make_unique<lead_chains>(data_, one->q);
            lifted_[i] = std::move(one);
        }
    }
    return lifted_[i].get();
}

obstacle_finder::found obstacle_finder::find(std::span<const row> rows, const lead_chain& now) {
    // Of those that stand in any order as many as are done, and one more.
    const std::uint64_t next = plain_.plan().next_steps(now.level);
    if (std::popcount(matched(rows) & next) <= now.level - std::countr_zero(next))
        return {obstacle::no_such_event};
    for (std::size_t i = 0; i < tried_obstacles.size(); ++i) {
        without* const one = lifted(i);
        if (one == nullptr) continue;
        lead_chain beyond = one->chains->find(rows, one->supposed);
        if (beyond.level > now.level) return {tried_obstacles[i], std::move(beyond)};
    }
    return {};
}

}  // namespace weir::inline v1
