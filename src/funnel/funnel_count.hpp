// funnel/funnel_count.hpp - a funnel bound to a snapshot: reads the leads and counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <weir/funnel.hpp>

#include "base/zone.hpp"
#include "funnel/code_counts.hpp"
#include "funnel/entries.hpp"
#include "funnel/funnel_tally.hpp"
#include "funnel/held_values.hpp"
#include "funnel/step_matcher.hpp"
#include "funnel/step_plan.hpp"
#include "measure/grouping.hpp"

namespace weir::inline v1 {

/// Counts a funnel that check() has passed. What it is made of must outlive it.
class funnel_counter {
public:
    /// A lead that the question's list names.
    struct listed {
        std::uint32_t lead;
        std::size_t group;
        int level;
        std::int64_t first, last;
    };
    /// What one thread counted.
    struct worker {
        entry_finder finder;
        bucketer buckets;
        funnel_tallies tallies;
        funnel_tallies whole;    ///< what belongs to no group, where groups do not sum to the whole
        held_values held, each;  ///< of the question's hold; of that and each value of the breakdown
        std::vector<step_matcher::role> roles{};
        std::vector<optional_row> optional{};
        code_counts codes{};                             ///< of leads that stop at their first event
        std::map<std::string, std::int64_t> disputed{};  ///< by attribute: leads of whom arrival decided it
        std::int64_t excluded = 0;                       ///< leads that an exclusion disqualifies
        std::int64_t read_none = 0;       ///< how often a value that reads "(none)" named a group
        std::vector<std::int64_t> met{};  ///< by group, if each value is one: leads with that value
        std::vector<listed> list{};
        std::uint32_t lead = 0;  ///< at hand
    };

    /// With `only`, reads the leads of these codes alone, which ascend.
    funnel_counter(const snapshot::impl&, const funnel&, std::int64_t as_of, int threads,
                   std::optional<std::vector<std::uint32_t>> only = {});

    /// Gives the plan.
    std::string run();
    std::vector<worker>& workers() { return workers_; }
    std::span<const group_set> groups() const { return groups_; }
    /// A lead that worker w has listed, as the answer names it.
    listed_lead describe(const listed&, std::size_t w) const;

private:
    /// A chain that counts, with what the answer needs to know of it.
    struct counted {
        std::vector<std::uint32_t> ids{};
        filled_steps filled{};
        datum value{};  ///< of its group
        bool disputed = false;
        std::int64_t bucket = 0;
    };

    bool by_touch() const;
    bool by_each_value() const { return q_.by_value.which() == by_value::kind::each_value && !q_.by.empty(); }
    bool holds() const { return !q_.hold.empty() || by_each_value(); }
    std::size_t group_step() const;
    bool reads_all_events() const;
    event_set needed_events() const;
    std::vector<bool> needed_segments() const;
    lead_filter filter() const;

    void count(std::size_t w, const lead_rows&);
    void count_stopped(std::size_t w, std::span<const row>);
    void count_firsts(std::size_t w, const first_events&);
    void add_codes(std::size_t w);
    void add_stopped(std::size_t w, const datum& value, std::int64_t time);
    std::size_t group_number(std::size_t w, const datum& value, std::int64_t n = 1);

    struct found {
        std::vector<counted> entries{};
        bool complete = false, excluded = false;
    };
    void count_plainly(std::size_t w, std::span<const row>);
    void count_chains(std::size_t w, std::span<const row>, std::set<std::string>& disputed);
    void count_each_value(std::size_t w, std::span<const row>, std::set<std::string>& disputed);
    void find_entries(worker&, std::span<const step_matcher::role>, std::span<const row>, found&) const;
    void add_entries(worker&, std::span<const row>, found&) const;
    bool is_listed(const counted&) const;
    void count_found(worker&, funnel_tallies&, const found&, tally_key, std::size_t w, std::span<const row>,
                     std::set<std::string>& disputed);
    std::pair<const counted*, bool> first_of(const worker&, std::span<const counted>,
                                             std::span<const row>) const;
    touch group_of(worker&, const counted_chain&, std::span<const row>) const;
    touch touch_of(std::span<const row>, std::int64_t end) const;
    std::set<std::string> disputed_reads(std::span<const row>) const;

    const snapshot::impl& data_;
    const funnel& q_;
    std::int64_t as_of_;
    std::optional<std::vector<std::uint32_t>> only_;
    bool bucketed_;
    bool plainly_ = false;  ///< one chain of a lead counts, and no more than its steps
    step_plan plan_;
    step_matcher matcher_;
    attribute_reader attribute_;
    std::vector<worker> workers_{};
    std::vector<group_set> groups_{};
};

}  // namespace weir::inline v1
