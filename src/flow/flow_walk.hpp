// flow/flow_walk.hpp - what the visits of one lead add to the parts of a flow.
//
// The walk does not know where visits come from: a lead is its visits, in order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <weir/flow.hpp>

#include "flow/flow_frame.hpp"
#include "flow/flow_tally.hpp"
#include "scan/stage_visits.hpp"

namespace weir::inline v1 {

/// What a visit is worth.
struct visit_amount {
    std::optional<money> amount{};
    bool not_money = false;  ///< there is an amount, but of another kind
};

/// All visits of one lead that begin by as_of.
struct lead_visits {
    std::span<const stage_visit> visits;
    std::span<const visit_amount> amounts;  ///< of the visits; empty: the flow does not ask for them
    std::int64_t last_event;                ///< time of the lead's last event
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

    flow_counter(const flow_rules& rules, std::span<const flow_frame> frames, const stage_visits& layer)
        : rules_(&rules),
          frames_(frames),
          layer_(&layer),
          pairs_(rules.shape.pairs()),
          tallies_(frames.size()),
          stayers_(most_alike),
          in_stage_(rules.shape.stages) {}
    /// The lead has at least one visit.
    void add(std::size_t group, const lead_visits&);
    /// Adds a lead whose amounts are not asked for. False if its visits have to be added one by one.
    bool add(std::size_t group, const long_stay&, std::int64_t last_event);
    /// Call it after the last lead. By frame.
    std::vector<part_tallies>& finish();

private:
    // Leads that stayed in one stage, in one period of each frame, and are equal in this, differ in times
    // alone: they add the same to all counts, and one of them is walked for all.
    struct stayer {
        std::uint32_t group = 0, visits = 0;
        std::uint64_t borders = 0;  // after the visits: 32 bits for each frame
        std::uint8_t place = 0;
        move_kind move{};
        bool stalled = false, mature = false;
        std::size_t border(std::size_t frame) const { return borders >> (32 * frame) & UINT32_MAX; }
        friend bool operator==(const stayer&, const stayer&) = default;
    };
    struct stayers {
        stayer key{};
        std::int64_t leads = 0;
        std::uint32_t row = 0;  // of the first of them
    };
    static constexpr std::size_t most_alike = 1024;

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
    // Of a visit: the nearest later one that reaches the pair's target, and that ends an entry into its
    // start.
    struct ahead {
        std::size_t reached, stopped;
    };
    struct recent {
        std::size_t frame = 0;
        part at{};
        flow_tally* tally = nullptr;
    };

    std::optional<stayer> as_stayer(std::size_t group, const long_stay&, std::int64_t last_event) const;
    void list_stays(const stayer&, std::uint32_t row);
    void walk(const stayers&);
    void walk(std::size_t group);

    flow_tally& tally(std::size_t frame, std::size_t group, std::size_t period);
    void cut_into_runs(std::size_t frame, std::size_t group);

    void count_visits(const run&);
    void count_move(flow_tally&, std::size_t visit);
    void count_outcome(flow_tally&, std::size_t visit);
    void count_skipped(flow_tally&, std::size_t visit);
    void count_ended(flow_tally&, std::size_t visit);
    void count_leads(flow_tally&);
    void count_amounts(const run&);
    void look_ahead(std::size_t pair);
    void count_conversions(const run&, std::size_t pair);

    stay_in_stage& in_stage(std::size_t stage);
    std::size_t fate_of(std::size_t visit) const;
    bool is_stalled(std::size_t place, std::int64_t since, std::int64_t last_event) const;
    bool reaches(std::size_t place, std::size_t target) const;
    bool is_mature(std::int64_t since) const;
    bool in_time(std::size_t visit, std::size_t later) const;
    conversion_end standing() const;
    conversion_end end_of_lead(std::size_t visit) const;
    conversion_end end_of_entry(std::size_t visit) const;
    void count_entrant(conversion_tally&, std::size_t visit, conversion_end) const;

    const flow_rules* rules_;
    std::span<const flow_frame> frames_;
    const stage_visits* layer_;
    std::vector<std::pair<std::size_t, std::size_t>> pairs_;
    std::vector<part_tallies> tallies_;
    std::array<recent, 64> recent_{};  // parts that were counted into lately
    std::vector<stayers> stayers_;     // each kind at a place of its own, or in turn with others

    // Of the lead at hand:
    lead_visits lead_{};
    std::int64_t leads_ = 1;             // that it stands for
    std::vector<stage_visit> visits_{};  // if it does
    bool stalled_ = false;
    std::uint64_t places_ = 0;  // that it visited
    std::vector<run> runs_{};
    std::vector<stay_in_stage> in_stage_;
    std::uint64_t stages_ = 0;    // that in_stage_ tells of
    std::vector<ahead> ahead_{};  // by visit
};

}  // namespace weir::inline v1
