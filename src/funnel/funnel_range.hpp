// funnel/funnel_range.hpp - what a funnel_range holds: runs of steps, lead by lead.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <weir/live.hpp>

#include "funnel/step_runs.hpp"

namespace weir::inline v1 {

/// By lead, by key as it is stored, and the texts of the values that are held equal.
using held_runs = std::map<std::pair<std::string, std::vector<std::string>>, step_runs>;

struct funnel_range::impl {
    funnel question{};  ///< as it was asked
    period when{};      ///< of the events that were read
    std::optional<std::int64_t> as_of{};
    std::vector<std::string> events{};      ///< that the snapshots have, sorted
    std::vector<std::string> attributes{};  ///< likewise; that of the breakdown alone, if it is there
    held_runs leads{};                      ///< those that can do a step
    held_runs groups{};  ///< the same with each value of the breakdown held, which stands last
};

/// Throws unsupported, with the reason, for a funnel of which ranges of time cannot be told apart from the
/// rest.
void check_ranges(const funnel&);

}  // namespace weir::inline v1
