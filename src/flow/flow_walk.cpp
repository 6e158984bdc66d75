#include "flow/flow_walk.hpp"

#include <algorithm>
#include <bit>

#include "measure/elapsed.hpp"

namespace weir::inline v1 {
namespace {

reason_key key_of(std::size_t stage, std::size_t exit, std::string_view reason, bool stated) {
    constexpr std::string_view no_reason = "(none)";
    const bool none = reason.empty() || reason == no_reason;
    return {stage, exit, none, none ? no_reason : reason, stated};
}

std::uint64_t bit(std::size_t place) { return std::uint64_t{1} << place; }

}  // namespace

void flow_counter::add(std::size_t group, const lead_visits& lead) {
    lead_ = lead;
    stalled_ = is_stalled(lead.visits.back().place, lead.visits.back().from, lead.last_event);
    walk(group);
}

inline std::optional<flow_counter::stayer> flow_counter::as_stayer(std::size_t group, const long_stay& stay,
                                                                   std::int64_t last_event) const {
    if (rules_->shape.is_exit(stay.place)) return std::nullopt;
    const std::int64_t first = layer_->time(stay.row), last = layer_->time(stay.row + stay.visits - 1);
    stayer s{.group = static_cast<std::uint32_t>(group),
             .visits = stay.visits,
             .place = stay.place,
             .move = stay.move};
    s.stalled = is_stalled(stay.place, last, last_event);
    s.mature = is_mature(first);
    if (s.mature != is_mature(last)) return std::nullopt;
    for (std::size_t f = 0; f < frames_.size(); ++f) {
        const std::size_t border = frames_[f].border_after(first);
        if (frames_[f].border_after(last, border) != border) return std::nullopt;
        s.borders |= std::uint64_t{border} << (32 * f);
    }
    return s;
}

bool flow_counter::add(std::size_t group, const long_stay& stay, std::int64_t last_event) {
    const auto key = as_stayer(group, stay, last_event);
    if (!key) return false;
    const std::uint64_t hash =
        key->visits + 31 * key->borders + 37 * (key->borders >> 32) + 1021 * group + 7U * key->place;
    stayers& alike = stayers_[hash % most_alike];
    if (alike.leads > 0 && alike.key == *key) {
        ++alike.leads;
        list_stays(*key, stay.row);
    } else {
        if (alike.leads > 0) walk(alike);
        alike = {*key, 1, stay.row};
    }
    return true;
}

std::vector<flow_counter::part_tallies>& flow_counter::finish() {
    for (stayers& alike : stayers_) {
        if (alike.leads > 0) walk(alike);
        alike.leads = 0;
    }
    return tallies_;
}

// Leads that stay
// ---------------------------------------------------------------------------------------------------

// The times of a lead that is not walked itself.
void flow_counter::list_stays(const stayer& key, std::uint32_t row) {
    if (key.visits == 1) return;
    for (std::size_t f = 0; f < frames_.size(); ++f) {
        const std::size_t border = key.border(f);
        if (border == 0 || border == frames_[f].borders.size()) continue;
        auto& stays = tally(f, key.group, border - 1).stays[key.place];
        std::int64_t from = layer_->time(row);
        for (std::uint32_t i = 1; i < key.visits; ++i) {
            const std::int64_t until = layer_->time(row + i);
            stays.push_back(lasted(from, until));
            from = until;
        }
    }
}

void flow_counter::walk(const stayers& alike) {
    visits_.clear();
    for (std::uint32_t i = 0; i < alike.key.visits; ++i) visits_.push_back(layer_->at(alike.row + i));
    lead_ = {visits_, {}, 0};
    stalled_ = alike.key.stalled;
    leads_ = alike.leads;
    walk(alike.key.group);
    leads_ = 1;
}

// Counting
// ---------------------------------------------------------------------------------------------------

void flow_counter::walk(std::size_t group) {
    places_ = 0;
    for (const stage_visit& v : lead_.visits) places_ |= bit(v.place);
    runs_.clear();
    for (std::size_t f = 0; f < frames_.size(); ++f) cut_into_runs(f, group);
    for (const run& r : runs_) {
        count_visits(r);
        if (!lead_.amounts.empty()) count_amounts(r);
    }
    if (runs_.empty()) return;
    for (std::size_t p = 0; p < pairs_.size(); ++p) {
        if ((places_ & bit(pairs_[p].first)) == 0) continue;
        look_ahead(p);
        for (const run& r : runs_) count_conversions(r, p);
    }
}

flow_tally& flow_counter::tally(std::size_t frame, std::size_t group, std::size_t period) {
    const part at{group, period};
    recent& r = recent_[(31 * group + 2 * period + frame) % recent_.size()];
    if (r.tally == nullptr || r.frame != frame || r.at != at)
        r = {frame, at, &tallies_[frame].try_emplace(at, rules_->shape).first->second};
    return *r.tally;
}

// A visit is in the balance of every border with from < border <= until. Of those that begin in one period
// only the last can be: the others end before its border.
void flow_counter::cut_into_runs(std::size_t frame, std::size_t group) {
    const flow_frame& f = frames_[frame];
    const auto& visits = lead_.visits;
    std::size_t border = f.border_after(visits.front().from);
    for (std::size_t first = 0, i = 0; i < visits.size(); ++i) {
        const bool ended = i + 1 < visits.size();
        const std::size_t past = ended ? f.border_after(visits[i + 1].from, border) : f.borders.size();
        if (past == border) continue;
        tally(frame, group, border).rise[visits[i].place] += leads_;
        if (past < f.borders.size()) tally(frame, group, past).rise[visits[i].place] -= leads_;
        if (border > 0) runs_.push_back({&tally(frame, group, border - 1), first, i + 1});
        first = i + 1;
        border = past;
    }
}

// Each visit by itself; then what the lead did in each stage.
void flow_counter::count_visits(const run& r) {
    flow_tally& t = *r.tally;
    stages_ = 0;
    for (std::size_t i = r.first; i < r.last; ++i) {
        count_move(t, i);
        if (!rules_->shape.is_exit(lead_.visits[i].place)) count_outcome(t, i);
    }
    count_leads(t);
}

void flow_counter::count_move(flow_tally& t, std::size_t visit) {
    const std::size_t to = lead_.visits[visit].place;
    if (visit == 0) {
        t.created[to] += leads_;
        t.moves.to(to) += leads_;
    } else {
        const std::size_t from = lead_.visits[visit - 1].place;
        t.out[from] += leads_;
        t.in[to] += leads_;
        t.moves.between(from, to) += leads_;
    }
}

void flow_counter::count_outcome(flow_tally& t, std::size_t visit) {
    const stage_visit& v = lead_.visits[visit];
    count_skipped(t, visit);
    stay_in_stage& own = in_stage(v.place);
    own.entered = true;
    own.fate = fate_of(visit);
    own.advanced = own.advanced || own.fate == fate_advanced;
    t.by_visit.entered[v.place] += leads_;
    t.by_visit.fates[v.place][own.fate] += leads_;
    if (v.move == move_kind::filled) {
        own.filled = true;
        t.by_visit.filled[v.place] += leads_;
    }
    count_ended(t, visit);
}

void flow_counter::count_skipped(flow_tally& t, std::size_t visit) {
    const stage_visit& v = lead_.visits[visit];
    if (v.move != move_kind::created && v.move != move_kind::jump) return;
    for (std::size_t s = visit == 0 ? 0 : lead_.visits[visit - 1].place + std::size_t{1}; s < v.place; ++s) {
        t.by_visit.skipped_past[s] += leads_;
        in_stage(s).skipped = true;
    }
}

void flow_counter::count_ended(flow_tally& t, std::size_t visit) {
    if (visit + 1 == lead_.visits.size()) return;
    const stage_visit& v = lead_.visits[visit];
    const stage_visit& next = lead_.visits[visit + 1];
    t.stays[v.place].push_back(lasted(v.from, next.from));
    if (rules_->shape.is_exit(next.place))
        t.reasons[key_of(v.place, next.place - rules_->shape.stages, layer_->reason(next),
                         layer_->is_stated(next))] += leads_;
}

flow_counter::stay_in_stage& flow_counter::in_stage(std::size_t stage) {
    if ((stages_ & bit(stage)) == 0) in_stage_[stage] = {};
    stages_ |= bit(stage);
    return in_stage_[stage];
}

void flow_counter::count_leads(flow_tally& t) {
    outcome_tally& all = t.by_lead;
    for (std::uint64_t left = stages_; left != 0; left &= left - 1) {
        const auto s = static_cast<std::size_t>(std::countr_zero(left));
        const stay_in_stage& own = in_stage_[s];
        if (own.skipped) all.skipped_past[s] += leads_;
        if (own.filled) all.filled[s] += leads_;
        if (!own.entered) continue;
        all.entered[s] += leads_;
        all.fates[s][own.advanced ? std::size_t{fate_advanced} : own.fate] += leads_;
    }
}

void flow_counter::count_amounts(const run& r) {
    for (std::size_t i = r.first; i < r.last; ++i) {
        const visit_amount& a = lead_.amounts[i];
        if (a.not_money) ++r.tally->not_money;
        if (!a.amount) continue;
        amount_sum& sum = r.tally->amounts[{lead_.visits[i].place, a.amount->currency}];
        ++sum.entries;
        sum.units += a.amount->units;
    }
}

bool flow_counter::is_stalled(std::size_t place, std::int64_t since, std::int64_t last_event) const {
    if (rules_->shape.is_exit(place)) return false;
    const auto& limit = rules_->stalled_after[place];
    const std::int64_t idle_since = std::max(last_event, since);
    return limit && elapsed(idle_since, rules_->as_of) > static_cast<std::uint64_t>(limit->count());
}

std::size_t flow_counter::fate_of(std::size_t visit) const {
    if (visit + 1 == lead_.visits.size()) return stalled_ ? fate_stalled : fate_open;
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

bool flow_counter::is_mature(std::int64_t since) const {
    return rules_->within && elapsed(since, rules_->as_of) >= *rules_->within;
}

bool flow_counter::in_time(std::size_t visit, std::size_t later) const {
    return !rules_->within || elapsed(lead_.visits[visit].from, lead_.visits[later].from) <= *rules_->within;
}

void flow_counter::look_ahead(std::size_t pair) {
    const auto [start, target] = pairs_[pair];
    const std::size_t n = lead_.visits.size();
    if (ahead_.size() < n) ahead_.resize(n);
    ahead_[n - 1] = {n, n};
    for (std::size_t i = n - 1; i > 0; --i) {
        const std::size_t place = lead_.visits[i].place;
        ahead_[i - 1] = ahead_[i];
        if (reaches(place, target)) ahead_[i - 1].reached = i;
        if (place == start || rules_->shape.is_exit(place)) ahead_[i - 1].stopped = i;
    }
}

conversion_end flow_counter::standing() const {
    if (rules_->shape.is_exit(lead_.visits.back().place)) return end_lost;
    return stalled_ ? end_stalled : end_open;
}

// The nearest visit that reaches the target decides: later ones are no earlier.
conversion_end flow_counter::end_of_lead(std::size_t visit) const {
    const std::size_t reached = ahead_[visit].reached;
    return reached < lead_.visits.size() && in_time(visit, reached) ? end_converted : standing();
}

conversion_end flow_counter::end_of_entry(std::size_t visit) const {
    const auto [reached, stopped] = ahead_[visit];
    if (reached < stopped && in_time(visit, reached)) return end_converted;
    if (stopped == lead_.visits.size()) return standing();
    return rules_->shape.is_exit(lead_.visits[stopped].place) ? end_lost : end_recycled;
}

void flow_counter::count_entrant(conversion_tally& t, std::size_t visit, conversion_end end) const {
    const std::int64_t start = lead_.visits[visit].from;
    const bool mature = is_mature(start);
    t.ends[end] += leads_;
    if (mature) t.mature += leads_;
    if (end != end_converted) return;
    if (mature) t.mature_converted += leads_;
    t.waits.push_back(lasted(start, lead_.visits[ahead_[visit].reached].from));
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
