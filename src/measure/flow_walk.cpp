#include "measure/flow_walk.hpp"

#include <algorithm>

#include "measure/elapsed.hpp"

namespace weir::inline v1 {
namespace {

reason_key key_of(std::size_t stage, std::size_t exit, const stage_visit& next) {
    constexpr std::string_view no_reason = "(none)";
    const bool none = next.reason.empty() || next.reason == no_reason;
    return {stage, exit, none, none ? no_reason : next.reason, next.stated};
}

}  // namespace

void flow_counter::add(std::size_t group, const lead_visits& lead) {
    lead_ = lead;
    runs_.clear();
    for (std::size_t f = 0; f < frames_.size(); ++f) {
        count_balances(f, group);
        find_runs(f, group);
    }
    for (const run& r : runs_) {
        count_moves(r);
        count_outcomes(r);
        count_leads(r);
        count_amounts(r);
    }
    if (runs_.empty()) return;
    for (std::size_t p = 0; p < pairs_.size(); ++p) {
        look_ahead(p);
        for (const run& r : runs_) count_conversions(r, p);
    }
}

flow_tally& flow_counter::tally(std::size_t frame, std::size_t group, std::size_t period) {
    return tallies_[frame].try_emplace({group, period}, rules_->shape).first->second;
}

// A visit is in the balance of every border with from < border <= until.
void flow_counter::count_balances(std::size_t frame, std::size_t group) {
    const flow_frame& f = frames_[frame];
    for (std::size_t i = 0; i < lead_.visits.size(); ++i) {
        const stage_visit& v = lead_.visits[i];
        const bool ended = i + 1 < lead_.visits.size();
        const std::size_t first = f.border_after(v.from);
        const std::size_t past = ended ? f.border_after(lead_.visits[i + 1].from) : f.borders.size();
        if (first == past) continue;
        ++tally(frame, group, first).rise[v.place];
        if (past < f.borders.size()) --tally(frame, group, past).rise[v.place];
    }
}

void flow_counter::find_runs(std::size_t frame, std::size_t group) {
    const auto& visits = lead_.visits;
    for (std::size_t first = 0, last = 0; first < visits.size(); first = last) {
        const auto period = frames_[frame].period_of(visits[first].from);
        for (last = first + 1; last < visits.size(); ++last)
            if (frames_[frame].period_of(visits[last].from) != period) break;
        if (period) runs_.push_back({&tally(frame, group, *period), first, last});
    }
}

void flow_counter::count_moves(const run& r) {
    for (std::size_t i = r.first; i < r.last; ++i) {
        const stage_visit& v = lead_.visits[i];
        move_key move{std::nullopt, v.place};
        if (i == 0) {
            ++r.tally->created[v.place];
        } else {
            move.from = lead_.visits[i - 1].place;
            ++r.tally->in[v.place];
            ++r.tally->out[*move.from];
        }
        ++r.tally->moves[move];
    }
}

// Each visit by itself; and for count_leads() what the lead did in each stage.
void flow_counter::count_outcomes(const run& r) {
    in_stage_.assign(rules_->shape.stages, {});
    for (std::size_t i = r.first; i < r.last; ++i) {
        const stage_visit& v = lead_.visits[i];
        if (rules_->shape.is_exit(v.place)) continue;
        count_skipped(*r.tally, i);
        outcome_tally& all = r.tally->by_visit;
        stay_in_stage& own = in_stage_[v.place];
        own.entered = true;
        own.fate = fate_of(i);
        own.advanced = own.advanced || own.fate == fate_advanced;
        ++all.entered[v.place];
        ++all.fates[v.place][own.fate];
        if (v.move == move_kind::filled) {
            own.filled = true;
            ++all.filled[v.place];
        }
        count_ended(*r.tally, i);
    }
}

void flow_counter::count_skipped(flow_tally& t, std::size_t visit) {
    const stage_visit& v = lead_.visits[visit];
    if (v.move != move_kind::created && v.move != move_kind::jump) return;
    for (std::size_t s = visit == 0 ? 0 : lead_.visits[visit - 1].place + 1; s < v.place; ++s) {
        ++t.by_visit.skipped_past[s];
        in_stage_[s].skipped = true;
    }
}

void flow_counter::count_ended(flow_tally& t, std::size_t visit) {
    if (visit + 1 == lead_.visits.size()) return;
    const stage_visit& v = lead_.visits[visit];
    const stage_visit& next = lead_.visits[visit + 1];
    t.stays[v.place].push_back(lasted(v.from, next.from));
    if (rules_->shape.is_exit(next.place))
        ++t.reasons[key_of(v.place, next.place - rules_->shape.stages, next)];
}

void flow_counter::count_leads(const run& r) {
    outcome_tally& all = r.tally->by_lead;
    for (std::size_t s = 0; s < in_stage_.size(); ++s) {
        const stay_in_stage& own = in_stage_[s];
        if (own.skipped) ++all.skipped_past[s];
        if (own.filled) ++all.filled[s];
        if (!own.entered) continue;
        ++all.entered[s];
        ++all.fates[s][own.advanced ? std::size_t{fate_advanced} : own.fate];
    }
}

void flow_counter::count_amounts(const run& r) {
    for (std::size_t i = r.first; i < r.last; ++i) {
        const stage_visit& v = lead_.visits[i];
        if (v.not_money) ++r.tally->not_money;
        if (!v.amount) continue;
        amount_sum& sum = r.tally->amounts[{v.place, v.amount->currency}];
        ++sum.entries;
        sum.units += v.amount->units;
    }
}

bool flow_counter::stalled() const {
    const stage_visit& present = lead_.visits.back();
    if (rules_->shape.is_exit(present.place)) return false;
    const auto& limit = rules_->stalled_after[present.place];
    const std::int64_t idle_since = std::max(lead_.last_event, present.from);
    return limit && elapsed(idle_since, rules_->as_of) > static_cast<std::uint64_t>(limit->count());
}

std::size_t flow_counter::fate_of(std::size_t visit) const {
    if (visit + 1 == lead_.visits.size()) return stalled() ? fate_stalled : fate_open;
    const stage_visit& next = lead_.visits[visit + 1];
    if (rules_->shape.is_exit(next.place)) return fate_exits + next.place - rules_->shape.stages;
    switch (next.move) {
        case move_kind::advance:
        case move_kind::jump:
        case move_kind::filled: return fate_advanced;
        case move_kind::recycle: return fate_recycled;
        default: return fate_repeated;
    }
}

// Conversion
// ---------------------------------------------------------------------------------------------------

bool flow_counter::reaches(std::size_t place, std::size_t target) const {
    if (rules_->shape.is_exit(place)) return false;
    return rules_->reach == reach::or_later ? place >= target : place == target;
}

bool flow_counter::in_time(std::size_t visit, std::size_t later) const {
    return !rules_->within || elapsed(lead_.visits[visit].from, lead_.visits[later].from) <= *rules_->within;
}

void flow_counter::look_ahead(std::size_t pair) {
    const auto [start, target] = pairs_[pair];
    const std::size_t n = lead_.visits.size();
    reached_.assign(n, n);
    stopped_.assign(n, n);
    for (std::size_t i = n - 1; i > 0; --i) {
        const std::size_t place = lead_.visits[i].place;
        reached_[i - 1] = reaches(place, target) ? i : reached_[i];
        stopped_[i - 1] = rules_->shape.is_exit(place) || place == start ? i : stopped_[i];
    }
}

conversion_end flow_counter::standing() const {
    if (rules_->shape.is_exit(lead_.visits.back().place)) return end_lost;
    return stalled() ? end_stalled : end_open;
}

// The nearest visit that reaches the target decides: later ones are no earlier.
conversion_end flow_counter::end_of_lead(std::size_t visit) const {
    const std::size_t reached = reached_[visit];
    return reached < lead_.visits.size() && in_time(visit, reached) ? end_converted : standing();
}

conversion_end flow_counter::end_of_entry(std::size_t visit) const {
    const std::size_t stopped = stopped_[visit];
    if (reached_[visit] < stopped && in_time(visit, reached_[visit])) return end_converted;
    if (stopped == lead_.visits.size()) return standing();
    return rules_->shape.is_exit(lead_.visits[stopped].place) ? end_lost : end_recycled;
}

void flow_counter::count_entrant(conversion_tally& t, std::size_t visit, conversion_end end) const {
    const std::int64_t start = lead_.visits[visit].from;
    const bool mature = rules_->within && elapsed(start, rules_->as_of) >= *rules_->within;
    ++t.ends[end];
    if (mature) ++t.mature;
    if (end != end_converted) return;
    if (mature) ++t.mature_converted;
    t.waits.push_back(lasted(start, lead_.visits[reached_[visit]].from));
}

void flow_counter::count_conversions(const run& r, std::size_t pair) {
    bool first = true;
    for (std::size_t i = r.first; i < r.last; ++i) {
        if (lead_.visits[i].place != pairs_[pair].first) continue;
        if (first) count_entrant(r.tally->by_leads[pair], i, end_of_lead(i));
        first = false;
        count_entrant(r.tally->by_entries[pair], i, end_of_entry(i));
    }
}

}  // namespace weir::inline v1
