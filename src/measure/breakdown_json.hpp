// measure/breakdown_json.hpp - by_value as JSON: {"at_step": 2}, "first_touch", "last_touch", "each_value".
#pragma once

#include <string>

#include <weir/breakdown.hpp>

#include "base/json.hpp"

namespace weir::inline v1 {

by_value read_by_value(const json::node&, const std::string& where);
/// Writes nothing for the question's own default.
void write_by_value(json::writer&, const by_value&);

}  // namespace weir::inline v1
