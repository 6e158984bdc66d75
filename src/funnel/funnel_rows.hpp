// funnel/funnel_rows.hpp - tallies of a funnel as the rows of its answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <weir/funnel.hpp>

#include "funnel/funnel_tally.hpp"

namespace weir::inline v1 {

// Group 0 is the whole, group g + 1 the g-th of the order; no bucket stands before all buckets.
using part_key = std::pair<std::size_t, std::optional<std::int64_t>>;
using parts = std::map<part_key, std::vector<const funnel_tally*>>;

/// Adds a tally to the parts that it belongs to; group 0: to none but the whole.
void add_to_parts(parts&, const tally_key&, const funnel_tally&, std::size_t group, bool bucketed);
/// The rows of one part, and of its histogram.
void add_rows(funnel_table&, const std::vector<const funnel_tally*>& part, const funnel_row& like);
void add_histogram(funnel_table&, const std::vector<const funnel_tally*>& part, const funnel_row& like);
/// Notes the names of steps that no event bears. `present` is sorted.
void note_missing_names(const funnel&, const std::vector<std::string>& present,
                        std::vector<std::string>& notes);
/// What the row of a step, from 0, is called.
std::string step_name(const funnel&, std::size_t step);
std::string excluded_note(std::int64_t leads);

}  // namespace weir::inline v1
