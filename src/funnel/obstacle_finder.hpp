// funnel/obstacle_finder.hpp - which constraint keeps a lead from its next step: tries them in their order.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include <weir/explain.hpp>

#include "funnel/lead_chain.hpp"
#include "funnel/obstacle_lift.hpp"

namespace weir::inline v1 {

/// Constraints in the order in which they are tried.
inline constexpr std::array tried_obstacles{
    obstacle::event_used_once, obstacle::tie,        obstacle::window, obstacle::gap,    obstacle::excluded,
    obstacle::adjacency,       obstacle::held_value, obstacle::entry,  obstacle::period, obstacle::order};

/// Asks about lead after lead without one constraint of a funnel, which is resolved; each such question is
/// bound but once. What it is made of must outlive it; not shared.
class obstacle_finder {
public:
    obstacle_finder(const snapshot::impl&, const funnel&);

    struct found {
        obstacle what = obstacle::several;
        lead_chain beyond{};  ///< the chain that goes further; none of no_such_event and several
    };
    found find(std::span<const row>, const lead_chain& now);
    /// Steps of a chain that some event matches, whatever else is asked.
    std::uint64_t matched(std::span<const row>);

private:
    struct without {
        funnel q{};
        supposition supposed{};
        std::unique_ptr<lead_chains> chains{};
    };
    /// nullptr: the funnel does not have that constraint.
    without* lifted(std::size_t);

    const snapshot::impl& data_;
    funnel q_;
    funnel unrestricted_;
    lead_chains plain_;
    std::array<std::unique_ptr<without>, tried_obstacles.size()> lifted_{};
    std::array<bool, tried_obstacles.size()> is_bound_{};
};

}  // namespace weir::inline v1
