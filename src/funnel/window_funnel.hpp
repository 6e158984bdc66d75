// funnel/window_funnel.hpp - the rule of ClickHouse's windowFunnel, which no axis of a funnel states.
//
// It differs from weir's own rules in that one event may climb several steps. Described from the reference
// outputs of ClickHouse's tests at commit 0882b32b; docs/compatibility.md says what agrees.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "funnel/instants.hpp"

namespace weir::inline v1 {

struct window_funnel_modes {
    bool strict_order = false;          ///< an event of no step ends it, and so does one of a later step
    bool strict_deduplication = false;  ///< a step that comes again ends it
    bool strict_increase = false;       ///< each step is later than the one before
    bool allow_reentry = false;         ///< strict_order passes over a first step that comes again
    friend bool operator==(const window_funnel_modes&, const window_funnel_modes&) = default;
};

/// Finds the level and the events that climbed, by id: one for each step, perhaps some of them twice.
chain_span window_funnel(const instants&, const chain_rules&, const window_funnel_modes&,
                         std::vector<std::uint32_t>& ids);

}  // namespace weir::inline v1
