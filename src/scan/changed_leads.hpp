// scan/changed_leads.hpp - which leads differ between two snapshots of one store.
//
// The events of a lead only become more, until erase() takes all of them and refuses the later ones: a lead
// with as many rows as before has the same rows, wherever merges have put them. Only where events went by
// their age nothing is known. Leads that were put together
// have the same rows if they are made of the same leads, with as many rows each. Stages that one lifecycle
// derives from the same rows up to a later time are those up to the earlier one, and perhaps later ones.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "segment/snapshot_data.hpp"

namespace weir::inline v1 {

struct changed_leads {
    bool all = false;                            ///< nothing is known; the lists are empty
    std::vector<std::uint32_t> before{}, now{};  ///< ascending codes there; all other leads are the same
    /// By code before the code now, or nobody, of leads that are the same; empty: codes are the same.
    std::vector<std::uint32_t> codes{};
    static constexpr std::uint32_t nobody = 0xFFFF'FFFF;
};

/// Compares what a question reads: events up to as_of. Cost: O(segments that one of them has alone), and of
/// leads that were put together O(leads).
changed_leads find_changed_leads(const snapshot::impl& before, std::optional<std::int64_t> as_of_before,
                                 const snapshot::impl& now, std::optional<std::int64_t> as_of_now);

}  // namespace weir::inline v1
