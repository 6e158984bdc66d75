// funnel/preset.hpp - funnels that count as another engine does.
#pragma once

#include <optional>

#include <weir/funnel.hpp>

#include "funnel/window_funnel.hpp"

namespace weir::inline v1 {

/// The funnel with the axes that its preset stands for. Throws unknown_name; invalid_question for an axis
/// beside a preset that sets it.
funnel resolved(const funnel&);
/// The funnel without what is asked of many leads: groups, buckets, a histogram, a list.
funnel of_each_lead(funnel);
/// What the preset of a funnel asks for beyond axes.
std::optional<window_funnel_modes> window_funnel_of(const funnel&);

}  // namespace weir::inline v1
