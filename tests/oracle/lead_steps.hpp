// oracle/lead_steps.hpp - how far each lead gets, by trying every chain: what comparisons of funnels and
// losses are made of.
#pragma once

#include <map>
#include <optional>
#include <string>

#include <weir/funnel.hpp>

#include "oracle/facts.hpp"
#include "oracle/sheet.hpp"

namespace oracle {

/// By lead, or by account where they are counted: the number, as written, of the last required step that it
/// reaches; 0: none. Those without a fact by as_of are not in it. Breakdowns and buckets play no part.
std::map<std::string, int> steps_of(const people&, const weir::funnel&, std::optional<micros> as_of,
                                    fault = fault::none);

/// How many leads reach which step under the one and which under the other; columns before, after, leads.
sheet compared(const people&, const weir::funnel& before, std::optional<micros> before_at,
               const weir::funnel& after, std::optional<micros> after_at, fault = fault::none);

/// How many leads come to each required step, reach it, and are lost; columns step, name, came, reached,
/// lost.
sheet lost(const people&, const weir::funnel&, std::optional<micros> as_of, fault = fault::none);

}  // namespace oracle
