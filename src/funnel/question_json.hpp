// funnel/question_json.hpp - a funnel that stands inside other JSON.
#pragma once

#include <string>

#include <weir/funnel.hpp>

#include "base/json.hpp"

namespace weir::inline v1 {

/// Reads {"funnel": {...}}. Throws what funnel_from_json() gives, with places in the funnel itself.
funnel as_question(const json::node&, const std::string& where);

}  // namespace weir::inline v1
