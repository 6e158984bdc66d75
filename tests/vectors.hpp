// vectors.hpp - cases recorded from the tests of other engines, put to weir under the presets that stand for
// them.
#pragma once

#include <string>
#include <vector>

namespace weir_test {

struct vector_result {
    std::string id{};
    enum class verdict { agrees, differs, not_covered } what = verdict::not_covered;
    std::string why{};  ///< what differs, or what is not covered
};

/// Runs every case of a file. A case is {"id", "steps", "events": [{"user" or "person", "ts",
/// "matches_steps"}]} and either {"window", "modes", "expected_level": {user: level}} or {"kind", "mode",
/// "window": {"value", "unit"}, "date_from", "date_to", "other_filter", "expected": {"step_counts",
/// "people_at_step", "breakdown_groups"}}; or it has "runs" with "rows" and "asserts" on their steps. Throws
/// weir::exception for a file that cannot be read.
std::vector<vector_result> run_vectors(const std::string& path);

}  // namespace weir_test
