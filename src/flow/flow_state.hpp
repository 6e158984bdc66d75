// flow/flow_state.hpp - what a flow's answer is made of, as sums over leads: it can be added to and taken
// from.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <weir/flow.hpp>

#include "flow/flow_count.hpp"
#include "flow/kept_times.hpp"

namespace weir::inline v1 {

/// Groups are told by text and buckets by their begin, because numbers of both differ from count to count.
struct flow_key {
    std::optional<std::string> group{};    ///< none: the whole
    std::optional<std::int64_t> bucket{};  ///< none: the whole period
    friend auto operator<=>(const flow_key&, const flow_key&) = default;
};

/// One part of some leads. `rise` of the tally is the balance at the beginning of the whole period; buckets
/// have none, because nobody moves between that and the first of them.
struct flow_addend {
    explicit flow_addend(const flow_shape& s) : tally(s), rise_at_end(s.places()) {}
    flow_tally tally;
    counts rise_at_end;  ///< how the balance at the end differs from that at the beginning
};
struct flow_addends {
    std::map<flow_key, flow_addend> parts{};
    std::map<std::string, std::int64_t> groups{};  ///< leads
    std::int64_t disputed = 0, read_none = 0;
};
/// What was counted; the snapshot must outlive it, the scan is of no use afterwards.
flow_addends take_addends(flow_scan&, const flow&);

/// One part of all leads: an addend that owns its texts and keeps its times.
struct flow_sum {
    struct reason {
        std::size_t stage = 0, exit = 0;
        bool none = false;
        std::string text{};
        bool stated = false;
        friend auto operator<=>(const reason&, const reason&) = default;
    };
    explicit flow_sum(const flow_shape& s)
        : tally(s),
          rise_at_end(s.places()),
          stays(s.stages),
          by_leads(s.pairs().size()),
          by_entries(by_leads) {}

    flow_tally tally;  ///< without times and reasons
    counts rise_at_end;
    std::map<reason, std::int64_t> reasons{};
    std::vector<kept_times> stays, by_leads, by_entries;

    bool empty() const;
};
struct flow_state {
    std::map<flow_key, std::shared_ptr<const flow_sum>> parts{};
    std::map<std::string, std::int64_t> groups{};  ///< leads
    std::int64_t disputed = 0, read_none = 0;
};

/// The sums without those of some leads, which must be in them, and with those of others. Throws
/// limit_exceeded for more than max_groups.
flow_state changed(flow_state all, flow_addends less, flow_addends more, const flow_shape&, int max_groups);
/// The sums of two disjoint sets of leads. Throws likewise.
flow_state united(flow_state a, const flow_state& b, int max_groups);

}  // namespace weir::inline v1
