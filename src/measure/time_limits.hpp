// measure/time_limits.hpp - what every measure checks, reads and notes of its window and its period.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <weir/time.hpp>

namespace weir::inline v1 {

/// A window in microseconds. None, like the greatest duration, is no limit: two instants can lie further
/// apart.
std::optional<std::uint64_t> window_of(const std::optional<duration>& within);

/// Throws invalid_question for a negative window or a period that ends before it begins, unknown_name for a
/// zone of buckets that does not exist (unsupported in a build without named zones).
void check_time_limits(const std::optional<duration>& within, const period&, const calendar& bucket);
/// Notes a period that ends after as_of.
void note_open_period(const period&, instant as_of, std::vector<std::string>& notes);

}  // namespace weir::inline v1
