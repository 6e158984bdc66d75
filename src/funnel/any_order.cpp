// any_order.cpp - from each start on, events join the chain as long as each still has a step of its own.
//
// Sets of events that can fill different steps are the independent sets of a transversal matroid: taking
// every event that fits, in order of time, gives the deepest chain, its first possible end, and the earliest
// events.
#include "funnel/any_order.hpp"

#include <algorithm>
#include <bit>

#include "measure/elapsed.hpp"

namespace weir::inline v1 {
namespace {

bool is_cut(std::span<const candidate> group) {
    return std::any_of(group.begin(), group.end(), [](const candidate& e) { return e.kills != 0; });
}

// Chains of the same times as a given one that contain a given event: a flow from instants through events to
// steps.
class same_times {
public:
    same_times(const instants& all, const chain_span& where) {
        for (std::size_t i = where.first; i <= where.last; ++i)
            for (const candidate& e : all[i]) events_.push_back({&e, i});
        owner_.fill(-1);
    }
    bool contain(std::uint32_t id, std::span<const std::uint32_t> chain) {
        for (std::size_t i = 0; i < events_.size(); ++i)
            if (events_[i].event->id == id) forced_ = static_cast<int>(i);
        if (!place(forced_)) return false;
        events_[at(forced_)].selected = true;
        bool forced_left = true;
        for (const std::uint32_t other : chain) {
            const std::size_t group = std::find_if(events_.begin(), events_.end(), [&](const flow& f) {
                                          return f.event->id == other;
                                      })->group;
            if (forced_left && group == events_[at(forced_)].group) {
                forced_left = false;
                continue;
            }
            seen_steps_ = 0;
            for (flow& f : events_) f.seen = false;
            if (!route(group)) return false;
        }
        return true;
    }

private:
    struct flow {
        const candidate* event;
        std::size_t group;
        bool selected = false, seen = false;
    };
    bool route(std::size_t group) {
        for (std::size_t i = 0; i < events_.size(); ++i) {
            flow& f = events_[i];
            if (f.group != group || f.selected || f.seen) continue;
            f.seen = true;
            if (place(static_cast<int>(i))) return f.selected = true;
        }
        return false;
    }
    bool place(int who) {
        for (std::uint64_t rest = events_[at(who)].event->steps & ~seen_steps_; rest != 0;
             rest = rest & (rest - 1) & ~seen_steps_) {
            const int step = std::countr_zero(rest);
            seen_steps_ |= bit(step);
            const int before = owner_[at(step)];
            if (before >= 0 && !place(before)) {
                if (before == forced_ || !route(events_[at(before)].group)) continue;
                events_[at(before)].selected = false;
            }
            owner_[at(step)] = who;
            return true;
        }
        return false;
    }

    std::vector<flow> events_{};
    std::array<int, max_steps> owner_{};
    std::uint64_t seen_steps_ = 0;
    int forced_ = -1;
};

}  // namespace

bool any_order_search::begins_at(const instants& all, std::size_t i) const {
    return steps_of(all[i]) != 0 && rules_.may_begin_at(all.time(i));
}

bool any_order_search::join(const part& p) {
    parts_.push_back(p);
    seen_ = 0;
    if (place(static_cast<int>(parts_.size()) - 1)) return true;
    parts_.pop_back();
    return false;
}

bool any_order_search::place(int who) {
    for (std::uint64_t rest = parts_[at(who)].steps & ~seen_; rest != 0; rest = rest & (rest - 1) & ~seen_) {
        const int step = std::countr_zero(rest);
        seen_ |= bit(step);
        if (owner_[at(step)] >= 0 && !place(owner_[at(step)])) continue;
        owner_[at(step)] = who;
        return true;
    }
    return false;
}

chain_span any_order_search::from(const instants& all, std::size_t start, std::size_t end, int target,
                                  std::vector<std::uint32_t>* ids) {
    chain_span where{0, start, start};
    parts_.clear();
    owner_.fill(-1);
    const bool alone = rules_.ties == weir::ties::strictly_later;
    for (std::size_t i = start; i < end && elapsed(all.time(start), all.time(i)) <= rules_.within; ++i) {
        const auto group = all[i];
        for (const candidate& e : group) {
            if (!join({alone ? steps_of(group) : e.steps, i})) continue;
            if (ids != nullptr) ids->push_back(e.id);
            where.level = static_cast<int>(parts_.size());
            where.last = i;
            if (where.level == target) return where;
            if (alone) break;
        }
        if (i > start && is_cut(group)) break;
    }
    return where;
}

chain_span any_order_search::find(const instants& all, std::size_t first, std::size_t end, int target,
                                  std::optional<std::size_t> only, stop where) {
    chain_span best;
    for (std::size_t i = only.value_or(first); i < (only ? *only + 1 : end); ++i) {
        if (best.level == target && all.time(i) > all.time(best.last)) break;
        if (!only && !begins_at(all, i)) continue;
        const chain_span found = from(all, i, end, target, nullptr);
        const bool ends_with = where == stop::at_once ? found.last <= best.last
                                                      : found.level > 0 && best.level > 0 &&
                                                            all.time(found.last) <= all.time(best.last);
        if (found.level > best.level || (found.level == best.level && ends_with)) best = found;
    }
    return best;
}

void any_order_search::witness(const instants& all, const chain_span& where, std::size_t first,
                               std::size_t until, std::vector<std::uint32_t>& ids) {
    ids.clear();
    if (where.level == 0) return;
    for (std::size_t i = first; i <= where.first; ++i) {
        ids.clear();
        if (i < where.first && !begins_at(all, i)) continue;
        if (from(all, i, until, where.level, &ids).level == where.level) break;
    }
    if (rules_.ties == weir::ties::strictly_later) choose_alone(all, ids);
}

// Takes of each instant the first event that leaves the others a step.
void any_order_search::choose_alone(const instants& all, std::vector<std::uint32_t>& ids) {
    std::vector<part> chosen = parts_;
    const auto fit = [&] {
        parts_.clear();
        owner_.fill(-1);
        return std::all_of(chosen.begin(), chosen.end(), [this](const part& p) { return join(p); });
    };
    for (std::size_t k = 0; k < chosen.size(); ++k)
        for (const candidate& e : all[chosen[k].group]) {
            chosen[k].steps = e.steps;
            ids[k] = e.id;
            if (fit()) break;
        }
}

bool any_order_search::has_rival(const instants& all, const chain_span& where,
                                 std::span<const std::uint32_t> ids, int step,
                                 const std::function<bool(std::uint32_t)>& differs) {
    if (rules_.ties == weir::ties::in_arrival_order) return false;
    for (std::size_t i = where.first; i <= where.last; ++i) {
        const auto group = all[i];
        if (std::none_of(group.begin(), group.end(),
                         [&](const candidate& e) { return e.id == ids[at(step)]; }))
            continue;
        return std::any_of(group.begin(), group.end(), [&](const candidate& e) {
            return e.id != ids[at(step)] && e.steps != 0 && differs(e.id) &&
                   same_times(all, where).contain(e.id, ids);
        });
    }
    return false;
}

std::size_t any_order_search::ends_at(const instants& all, std::size_t start) const {
    for (std::size_t i = start + 1; i < all.size(); ++i)
        if (is_cut(all[i]) || elapsed(all.time(start), all.time(i)) > rules_.within) return i;
    return all.size();
}

bool any_order_search::is_excluded(const instants& all, std::size_t start) {
    for (std::size_t i = start + 1; i < all.size(); ++i) {
        if (elapsed(all.time(start), all.time(i)) > rules_.within) return false;
        if (is_cut(all[i])) return from(all, start, i + 1, rules_.steps, nullptr).level < rules_.steps;
    }
    return false;
}

}  // namespace weir::inline v1
