// measure/funnel_range.hpp - what a funnel_range holds: runs of steps, lead by lead.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <weir/live.hpp>

#include "measure/step_runs.hpp"

namespace weir::inline v1 {

struct funnel_range::impl {
    funnel question{};  ///< as it was asked
    period when{};      ///< of the events that were read
    std::optional<std::int64_t> as_of{};
    std::vector<std::string> events{};         ///< that the snapshots have, sorted
    std::map<std::string, step_runs> leads{};  ///< by key, as it is stored; those that can do a step
};

/// Throws unsupported, with the reason, for a funnel of which ranges of time cannot be told apart from the
/// rest.
void check_ranges(const funnel&);

}  // namespace weir::inline v1
