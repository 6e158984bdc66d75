// measure/flow_walk.hpp - what the visits of one lead add to the parts of a flow.
//
// The walk knows neither rows nor texts: a lead is its visits, in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <weir/flow.hpp>

#include "measure/flow_frame.hpp"
#include "measure/flow_tally.hpp"
#include "store/stage_event.hpp"

namespace weir::inline v1 {

/// One visit; it ends where the lead's next one begins.
struct stage_visit {
    std::int64_t from = 0;
    std::size_t place = 0;
    move_kind move = move_kind::created;
    std::string_view reason{};  ///< "": none; lives as long as the snapshot
    bool stated = false;
    std::optional<money> amount{};
    bool not_money = false;  ///< there is an amount, but of another kind
};

/// All visits of one lead that begin by as_of.
struct lead_visits {
    std::span<const stage_visit> visits;
    std::int64_t last_event;  ///< time of the lead's last event
};

struct flow_rules {
    flow_shape shape{};
    std::vector<std::optional<duration>> stalled_after{};  ///< by stage
    weir::reach reach = weir::reach::or_later;
    std::optional<std::uint64_t> within{};
    std::int64_t as_of = 0;
};

/// Counts leads, one after the other. Not shared between threads; what it is made of must outlive it.
class flow_counter {
public:
    /// A group and a period of the frame. The period after the last holds the change of balance at its end.
    using part = std::pair<std::size_t, std::size_t>;
    using part_tallies = std::map<part, flow_tally>;

    flow_counter(const flow_rules& rules, std::span<const flow_frame> frames)
        : rules_(&rules), frames_(frames), pairs_(rules.shape.pairs()), tallies_(frames.size()) {}
    /// The lead has at least one visit.
    void add(std::size_t group, const lead_visits&);
    std::vector<part_tallies>& tallies() { return tallies_; }  ///< by frame

private:
    // Visits that begin in one period.
    struct run {
        flow_tally* tally;
        std::size_t first, last;
    };
    // What a lead did in one stage during a run.
    struct stay_in_stage {
        bool entered = false, advanced = false, filled = false, skipped = false;
        std::size_t fate = fate_open;  ///< of the last visit
    };

    flow_tally& tally(std::size_t frame, std::size_t group, std::size_t period);
    void count_balances(std::size_t frame, std::size_t group);
    void find_runs(std::size_t frame, std::size_t group);

    void count_moves(const run&);
    void count_skipped(flow_tally&, std::size_t visit);
    void count_outcomes(const run&);
    void count_ended(flow_tally&, std::size_t visit);
    void count_leads(const run&);
    void count_amounts(const run&);
    void look_ahead(std::size_t pair);
    void count_conversions(const run&, std::size_t pair);

    std::size_t fate_of(std::size_t visit) const;
    bool stalled() const;
    bool reaches(std::size_t place, std::size_t target) const;
    bool in_time(std::size_t visit, std::size_t later) const;
    conversion_end standing() const;
    conversion_end end_of_lead(std::size_t visit) const;
    conversion_end end_of_entry(std::size_t visit) const;
    void count_entrant(conversion_tally&, std::size_t visit, conversion_end) const;

    const flow_rules* rules_;
    std::span<const flow_frame> frames_;
    std::vector<std::pair<std::size_t, std::size_t>> pairs_;
    std::vector<part_tallies> tallies_;

    // Of the lead at hand:
    lead_visits lead_{};
    std::vector<run> runs_{};
    std::vector<stay_in_stage> in_stage_{};
    // By visit: the nearest later one that reaches the pair's target, and that ends an entry into its start.
    std::vector<std::size_t> reached_{}, stopped_{};
};

}  // namespace weir::inline v1
