#include "funnel/obstacle_lift.hpp"

#include <string_view>

#include "funnel/preset.hpp"

namespace weir::inline v1 {
namespace {

bool without_mode(funnel& q, std::string_view mode) {
    const auto at = q.preset.find(mode);
    if (at == std::string::npos) return false;
    q.preset.erase(at, mode.size());
    return true;
}

bool lift_gaps(funnel& q) {
    bool any = false;
    for (step& s : q.steps) {
        any = any || s.min_gap || s.max_gap;
        s.min_gap.reset();
        if (s.max_gap) s.max_gap = duration::max();  // not the window instead
    }
    return any;
}

bool lift_adjacency(funnel& q) {
    if (window_funnel_of(q)) {
        const bool order = without_mode(q, "+strict_order"),
                   repeats = without_mode(q, "+strict_deduplication");
        if (order) q.order = order::in_sequence;
        return order || repeats;
    }
    if (q.order != order::adjacent) return false;
    q.order = order::in_sequence;
    return true;
}

// The engine of the preset knows one order alone; it lets an event fill several steps.
bool lift_order(funnel& q, supposition& s) {
    if (q.order == order::any_order) return false;
    if (window_funnel_of(q)) {
        q.preset.clear();
        s.reuse = true;
    }
    q.order = order::any_order;
    return true;
}

// Where steps are adjacent and an exclusion disqualifies, no other ties say which event came first.
bool lift_ties(funnel& q) {
    if (window_funnel_of(q)) return without_mode(q, "+strict_increase");
    const bool told_by_arrival =
        q.order == order::adjacent && !q.exclude.empty() && q.on_exclusion == on_exclusion::disqualify;
    if (told_by_arrival || q.ties == ties::together) return false;
    q.ties = ties::together;
    return true;
}

template <class T> bool set(T& member, const T& value) {
    if (member == value) return false;
    member = value;
    return true;
}

}  // namespace

bool lift(obstacle what, funnel& q, supposition& s) {
    switch (what) {
        case obstacle::event_used_once: return window_funnel_of(q) ? false : set(s.reuse, true);
        case obstacle::tie: return lift_ties(q);
        case obstacle::window: return set(q.within, std::optional<duration>{});
        case obstacle::gap: return lift_gaps(q);
        case obstacle::excluded: return set(q.exclude, {});
        case obstacle::adjacency: return lift_adjacency(q);
        case obstacle::held_value: return set(q.hold, {});
        case obstacle::entry: return set(q.entry, entry::best);
        case obstacle::period: return set(q.period, {});
        case obstacle::order: return lift_order(q, s);
        case obstacle::no_such_event:
        case obstacle::several: break;
    }
    return false;
}

}  // namespace weir::inline v1
