// measure/time_limits.hpp - what every measure checks and notes about its window and its period.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <weir/time.hpp>

namespace weir::inline v1 {

/// Throws invalid_question for a negative window or a period that ends before it begins.
void check_time_limits(const std::optional<duration>& within, const period&);
/// Notes a period that ends after as_of.
void note_open_period(const period&, instant as_of, std::vector<std::string>& notes);

}  // namespace weir::inline v1
