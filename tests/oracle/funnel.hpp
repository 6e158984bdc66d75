// oracle/funnel.hpp - a funnel by trying every chain.
#pragma once

#include <weir/funnel.hpp>

#include "oracle/facts.hpp"
#include "oracle/sheet.hpp"

namespace oracle {

/// Answers a funnel over leads; `as_of` is that of the question or of the snapshot, none without events.
verdict ask(const people&, const weir::funnel&, std::optional<micros> as_of, fault = fault::none);

/// The facts of all leads of each account as one story.
people accounts_of(const people&, const weir::funnel&, micros as_of);

}  // namespace oracle
