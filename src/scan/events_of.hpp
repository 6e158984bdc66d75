// scan/events_of.hpp - a row as the event that it was.
#pragma once

#include <weir/event.hpp>

#include "scan/scan.hpp"

namespace weir::inline v1 {

/// The event with the attributes that questions see, by name.
event event_at(const snapshot::impl&, const lead_id&, const row&);

}  // namespace weir::inline v1
