// funnel/obstacle_lift.hpp - a funnel without one of its constraints.
#pragma once

#include <weir/explain.hpp>

#include "funnel/lead_chain.hpp"

namespace weir::inline v1 {

/// Takes a constraint out of a question, or supposes that it is not there. False: it has no such constraint.
bool lift(obstacle, funnel&, supposition&);

}  // namespace weir::inline v1
