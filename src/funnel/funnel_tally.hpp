// funnel/funnel_tally.hpp - what a funnel counts: steps reached and waits, for each part of the answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "funnel/step_plan.hpp"
#include "measure/elapsed.hpp"
#include "scan/scan.hpp"

namespace weir::inline v1 {

/// One part of an answer: a group, a bucket, or the whole.
struct funnel_tally {
    explicit funnel_tally(std::size_t steps) : reached(steps), waits(steps) {}

    std::int64_t chains = 0;            ///< that were added
    std::vector<std::int64_t> reached;  ///< by step as written
    std::vector<std::vector<std::int64_t>>
        waits;  ///< by step: since the required one before; none at the first

    std::vector<std::int64_t> durations{};  ///< of complete chains, if a histogram is asked for

    /// Adds chains of a first step and no more.
    void add_first_steps(std::int64_t n) {
        chains += n;
        reached.front() += n;
    }
    void add(const step_plan& plan, const filled_steps& filled, std::span<const row> rows) {
        ++chains;
        for (std::size_t k = 0; k < filled.rows.size(); ++k) {
            if (filled.rows[k] == filled_steps::none) continue;
            ++reached[k];
            if (k > 0)
                waits[k].push_back(
                    lasted(rows[filled.rows[plan.required_before(k)]].time, rows[filled.rows[k]].time));
        }
    }
    /// The same for a chain of which every step was written.
    void add(std::span<const std::uint32_t> chain, std::span<const row> rows) {
        ++chains;
        ++reached.front();
        for (std::size_t k = 1; k < chain.size(); ++k) {
            ++reached[k];
            waits[k].push_back(lasted(rows[chain[k - 1]].time, rows[chain[k]].time));
        }
    }
};

/// Which rows of the answer a tally belongs to.
struct tally_key {
    std::int64_t bucket = 0;
    bool in_whole = true;  ///< also outside its group
    bool in_group = true;
    bool in_total = true;  ///< also outside its bucket
    bool in_bucket = true;
    friend auto operator<=>(const tally_key&, const tally_key&) = default;
};

/// The tallies of one worker, by number of the group.
class funnel_tallies {
public:
    explicit funnel_tallies(std::size_t steps) : steps_(steps) {}

    funnel_tally& of(std::size_t group, const tally_key& key = {}) {
        if (group >= all_.size()) {
            all_.resize(group + 1);
            recent_.resize(group + 1);
        }
        auto& [last, found] = recent_[group];
        if (found == nullptr || last != key) {
            found = &all_[group].try_emplace(key, steps_).first->second;
            last = key;
        }
        return *found;
    }
    std::size_t groups() const { return all_.size(); }
    const std::map<tally_key, funnel_tally>& of_group(std::size_t group) const { return all_[group]; }

private:
    std::size_t steps_;
    std::vector<std::map<tally_key, funnel_tally>> all_{};
    std::vector<std::pair<tally_key, funnel_tally*>> recent_{};  ///< by group: the one asked for last
};

}  // namespace weir::inline v1
