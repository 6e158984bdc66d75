// funnel/step_runs.hpp - what a lead does in a range of time, as far as a chain of steps in sequence can
// care: ranges that follow one another combine to what the whole of them does.
//
// For A before B, a run of steps in both together is one in A, one in B, or one in A that one in B continues.
// Of all runs of the same steps the one that ends first serves best; of those that begin with the first step,
// the one that begins last. So a lead needs one time for each pair of steps, however many events it has.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <vector>

#include "funnel/instants.hpp"
#include "funnel/tie_group.hpp"

namespace weir::inline v1 {

/// Steps first .. end - 1, counted from 0, can be done one after another.
struct step_run {
    int first = 0, end = 0;
    std::int64_t time =
        0;  ///< when the last is done, at the earliest; if first is 0: when the first is, at the latest

    friend bool operator==(const step_run&, const step_run&) = default;
};

/// By first and end, one of each. A run of all steps stands alone: nothing can be added to it.
using step_runs = std::vector<step_run>;

/// The runs of two ranges of time, the first before the second.
step_runs combined(const step_runs& before, const step_runs& behind, const chain_rules&);

/// How many steps the longest chain has.
int level_of(const step_runs&);

/// Finds runs. Used for lead after lead; not shared.
class run_finder {
public:
    explicit run_finder(const chain_rules& rules) : rules_(rules), tie_(rules.steps) {}
    /// The runs of some instants.
    step_runs find(const instants&);

private:
    step_runs at_instant(std::span<const candidate>, std::int64_t time);

    chain_rules rules_;
    tie_group tie_;
};

}  // namespace weir::inline v1
