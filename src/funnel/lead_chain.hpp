// funnel/lead_chain.hpp - the chain of one lead that counts, by the same engine that counts all leads; also
// where something is supposed of the lead's events.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <weir/funnel.hpp>

#include "funnel/entries.hpp"
#include "funnel/held_values.hpp"
#include "funnel/step_matcher.hpp"
#include "funnel/step_plan.hpp"

namespace weir::inline v1 {

/// All events of one lead up to as_of.
std::vector<row> rows_of(const snapshot::impl&, std::uint32_t lead, std::int64_t as_of);

/// Begins a lead, and gives its events that matter to the finder and those that may fill optional steps.
void feed(entry_finder&, std::vector<optional_row>&, std::span<const step_matcher::role>);

/// Of two chains of a lead, by row: whether the first is the one that counts. It goes further, ends earlier,
/// begins later, or has the earlier events; of equal times those that stand ahead among the lead's roles.
bool counts_before(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b, std::span<const row>,
                   std::span<const step_matcher::role>);

/// What is supposed of a lead's events.
struct supposition {
    bool reuse = false;  ///< one event may fill several steps
    struct event {
        std::int64_t time;
        std::uint64_t steps;  ///< of a chain, that it may fill
    };
    std::optional<event> extra{};  ///< one more, that arrived last of its time
};

struct lead_chain {
    int level = 0;                     ///< 0 also for a lead that an exclusion takes out
    std::vector<std::uint32_t> ids{};  ///< by row; the one behind all rows is the extra event
    filled_steps filled{};
    bool excluded = false;
};

/// Finds chains under a funnel that is resolved. What it is made of must outlive it.
class lead_chains {
public:
    lead_chains(const snapshot::impl&, const funnel&);

    const step_plan& plan() const { return plan_; }
    /// The roles of these rows; those that play none are left out.
    std::vector<step_matcher::role> roles(std::span<const row>) const;
    lead_chain find(std::span<const row>, const supposition& = {});
    /// The best chain of every start, in order of time.
    std::vector<lead_chain> of_starts(std::span<const row>);
    /// The events that have to be given; empty: all.
    event_set needed() const;

private:
    void find_in(entry_finder&, std::span<const step_matcher::role>, std::span<const row>,
                 const supposition&);

    step_plan plan_;
    step_matcher matcher_;
    bool holds_;
    held_values held_;
    entry_finder finder_;
    std::vector<optional_row> optional_{};
    std::vector<step_matcher::role> stream_{};
    std::vector<lead_chain> found_{};
    bool complete_ = false, excluded_ = false;
};

}  // namespace weir::inline v1
