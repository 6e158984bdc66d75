// flow/flow_count.hpp - the leads of a derived snapshot read one by one, each into the tallies of its
// parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <weir/flow.hpp>

#include "flow/flow_frame.hpp"
#include "flow/flow_walk.hpp"
#include "flow/valid_times.hpp"
#include "measure/grouping.hpp"
#include "scan/attribute_reader.hpp"
#include "scan/scan.hpp"
#include "scan/stage_visits.hpp"

namespace weir::inline v1 {

flow_rules rules_of(const flow&, const lifecycle&, std::int64_t as_of);

/// Counts the leads of one layer, all or some. The question and the snapshot must outlive it.
class flow_scan {
public:
    /// `only` are codes, ascending. Buckets begin with the first visit of the leads that are counted.
    flow_scan(const snapshot::impl&, const flow&, std::size_t layer, std::int64_t as_of, int threads,
              std::optional<std::vector<std::uint32_t>> only = {});
    flow_scan(const flow_scan&) = delete;

    /// Also finds out for which as_of each lead counts as it does; before run().
    void ask_validity() { asks_validity_ = true; }
    /// By code of the lead; after run().
    void tell_validity(valid_times&) const;
    /// Gives the plan.
    std::string run();

    const flow_rules& rules() const { return rules_; }
    const std::vector<flow_frame>& frames() const { return frames_; }
    const std::vector<std::string>& places() const { return layer_.places(); }
    std::span<const group_set> groups() const { return groups_; }
    std::size_t worker_count() const { return workers_.size(); }
    std::vector<flow_counter::part_tallies>& counted(std::size_t w) { return workers_[w].counter.finish(); }
    /// By number of the group, how many leads; nothing without a breakdown.
    const std::vector<std::int64_t>& leads_by_group(std::size_t w) const { return workers_[w].leads; }
    /// Leads whose group arrival decided.
    std::int64_t disputed() const;
    /// Leads in "(none)" by a value that reads so.
    std::int64_t read_none() const;

private:
    struct worker {
        explicit worker(flow_counter c) : counter(std::move(c)) {}
        flow_counter counter;
        std::size_t next_lead = 0;  // of the layer
        std::vector<stage_visit> visits{};
        std::vector<visit_amount> amounts{};
        std::vector<std::int64_t> leads{};
        std::vector<std::pair<std::uint32_t, valid_time>> valid{};
        std::int64_t disputed = 0, read_none = 0;
    };

    bool asks_for_stalled() const;
    std::optional<std::int64_t> first_visit() const;
    std::string count_with_events();
    void count_visits_alone();
    void count_some_alone();
    bool find(worker&, std::uint32_t lead) const;
    void count(worker&, std::size_t group, std::size_t lead, std::int64_t last_event) const;
    std::size_t group_of(worker&, std::size_t w, std::span<const row>);
    valid_time validity(std::size_t lead, std::int64_t last_event) const;
    visit_amount amount_of(const stage_visit&) const;
    datum group_value(worker&, std::span<const row>) const;

    const snapshot::impl& data_;
    const flow& q_;
    flow_rules rules_;
    int threads_;
    std::optional<std::vector<std::uint32_t>> only_;
    stage_visits layer_;
    attribute_reader attribute_, amount_;
    std::vector<flow_frame> frames_{};  // the whole, then perhaps its buckets
    std::deque<worker> workers_{};
    std::vector<group_set> groups_{};
    bool asks_validity_ = false;
};

/// Throws invalid_question for an exit that is named like a column of the answer.
void check_exit_names(const lifecycle&);
/// Throws limit_exceeded for more than a million parts.
void check_parts(std::size_t groups, std::span<const flow_frame>);
/// Says how many entries have a value that is no money, if any.
void note_not_money(std::int64_t entries, std::string_view attribute, std::vector<std::string>& notes);

}  // namespace weir::inline v1
