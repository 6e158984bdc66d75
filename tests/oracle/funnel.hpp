// oracle/funnel.hpp - a funnel by trying every chain.
#pragma once

#include <weir/funnel.hpp>

#include "oracle/facts.hpp"
#include "oracle/sheet.hpp"

namespace oracle {

/// Answers a funnel over leads; `as_of` is that of the question or of the snapshot, none without events.
verdict ask(const people&, const weir::funnel&, std::optional<micros> as_of, fault = fault::none);

}  // namespace oracle
