// funnel/funnel_state.hpp - what a funnel's answer is made of, as sums over leads: it can be added to and
// taken from.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <weir/funnel.hpp>

#include "funnel/funnel_count.hpp"
#include "funnel/funnel_tally.hpp"

namespace weir::inline v1 {

/// Groups are told by text, because numbers of groups differ from count to count. Waits and durations ascend.
struct funnel_state {
    using part = std::pair<std::string, tally_key>;  ///< a group, "" if there are none, and rows of it
    std::map<part, std::shared_ptr<const funnel_tally>> tallies{};
    std::map<std::string, std::int64_t> met{};  ///< by group, if each value is one: leads with that value
    std::map<std::string, std::int64_t> disputed{};  ///< by attribute: leads of whom arrival decided it
    std::int64_t excluded = 0;
    std::int64_t read_none = 0;                   ///< how often a value that reads "(none)" named a group
    std::map<std::string, listed_lead> listed{};  ///< by key
};

/// What a counter has counted; it is of no use afterwards.
funnel_state take_state(funnel_counter&, const snapshot::impl&, const funnel&);

/// The sums without those of some leads and with those of others. `less` must be part of `all`, but a lead
/// that `less` lists may be listed by `more` again. Throws limit_exceeded for more than max_groups.
funnel_state changed(funnel_state all, const funnel_state& less, const funnel_state& more, const funnel&);

/// Ascending values without some of them and with others, which ascend too.
std::vector<std::int64_t> changed(const std::vector<std::int64_t>& all, const std::vector<std::int64_t>& less,
                                  const std::vector<std::int64_t>& more);

}  // namespace weir::inline v1
