// oracle/flow.hpp - every number of a flow counted by its definition, from a list of visits.
#pragma once

#include <weir/flow.hpp>
#include <weir/lifecycle.hpp>

#include "oracle/lifecycle.hpp"

namespace oracle {

/// Answers a flow; `as_of` is that of the question or of the derivation, none without events.
verdict ask(const people&, const weir::lifecycle&, const histories&, const weir::flow&,
            std::optional<micros> as_of, fault = fault::none);

}  // namespace oracle
