// flow/partial_flow.hpp - what a part of a flow holds beside its sums: all that the notes and the names of
// an answer need.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <weir/live.hpp>

#include "flow/flow_state.hpp"
#include "segment/snapshot_data.hpp"

namespace weir::inline v1 {

struct partial_flow::impl {
    flow question{};
    weir::lifecycle lifecycle{};
    std::optional<std::int64_t> as_of{};  ///< none: there are no events
    std::int64_t derived_as_of = 0;
    layer_facts facts{};
    std::vector<std::string> attributes{};  ///< that events carry, sorted; those asked for alone, if all are
    std::vector<std::pair<std::string, std::int64_t>> stages{};  ///< lifecycles: leads that arrival decided
    flow_state state{};

    // What a later part may take over:
    snapshot seen{};
    bool follows = false;  ///< there is a snapshot, and the times are those of its leads
    valid_times valid{};

    flow_shape shape() const { return {lifecycle.stages.size(), lifecycle.exits.size()}; }
    std::vector<std::string> places() const;
};

}  // namespace weir::inline v1
