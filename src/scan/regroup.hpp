// scan/regroup.hpp - the same events with leads put together under other keys.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "segment/segment_merge.hpp"
#include "segment/snapshot_data.hpp"

namespace weir::inline v1 {

/// Says whose the events of each lead will be.
struct regrouping {
    std::shared_ptr<dictionary> keys{};  ///< of the leads that will be
    std::vector<std::uint32_t>
        owners{};  ///< by lead code: a code in `keys`; no_lead: its events are left out
};

/// Puts the events of leads together, as one segment of raw events and one for each layer.
///
/// Inside a lead they stand in total order. Of equal times that come from several leads, those of the lead
/// with the smaller key (by bytes) come first, and of one lead the earlier arrival: segments do not keep
/// arrival from lead to lead, and this order follows from the events alone. Time-outs still come after all
/// events of their time. Layers go along as events; read as visits, they would mix those of several leads.
/// Throws limit_exceeded for 2^32 events or more. Cost: each event is rewritten once.
std::shared_ptr<snapshot::impl> regroup(const snapshot::impl&, const regrouping&);

}  // namespace weir::inline v1
