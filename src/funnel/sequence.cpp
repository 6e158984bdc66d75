// sequence.cpp - one pass finds where the chain that counts lies, a second one, backwards, finds its events.
#include "funnel/sequence.hpp"

#include <algorithm>
#include <bit>

#include "measure/elapsed.hpp"

namespace weir::inline v1 {
namespace {

constexpr int last_of(std::uint64_t set) { return 63 - std::countl_zero(set); }

// The first event from an instant on with which a chain can begin.
std::uint32_t first_start(const instants& all, std::size_t i) {
    for (;; ++i)
        for (const candidate& e : all[i])
            if (has(e.steps, 0)) return e.id;
}

bool has_gaps(const chain_rules& rules, int level) {
    for (int step = 1; step < level; ++step)
        if (rules.min_gap[at(step)] > 0 || rules.max_gap[at(step)] != no_limit) return true;
    return false;
}

// Where every instant is one event that is in nobody's way, the first that fits is taken for each step: what
// can follow a later one can follow it. False, and nothing, where an instant is not so.
bool follows(const instants& all, const chain_span& where, std::vector<std::uint32_t>& ids) {
    int step = 0;
    for (std::size_t i = where.first; i <= where.last; ++i) {
        const auto group = all[i];
        const candidate& event = group.front();
        if (group.size() > 1 || event.blocks != 0) break;
        if (!has(event.steps, step)) continue;
        ids.push_back(event.id);
        if (++step == where.level) return true;
    }
    ids.clear();
    return false;
}

}  // namespace

// The level
// ----------------------------------------------------------------------------------------------------

chain_span sequence_search::find(const instants& all, std::size_t first, std::size_t end, int target,
                                 std::optional<std::size_t> only, stop where) {
    begin(only);
    for (std::size_t i = only.value_or(first); i < end; ++i) {
        if (best_.level >= target && (where == stop::at_once || all.time(i) != best_end_)) break;
        extend(all, i);
        if (only && elapsed(all.time(*only), all.time(i)) > rules_.within) break;
    }
    return best_;
}

void sequence_search::extend(const instants& all, std::size_t i) {
    if (all[i].size() == 1)
        extend_alone(all, i);
    else
        extend_tied(all, i);
}

bool sequence_search::begins_at(const instants& all, std::size_t i) const {
    return (steps_of(all[i]) & 1) != 0 && rules_.may_begin_at(all.time(i));
}

// Of all chains that end just before `step` the newest that min_gap admits begins last as well, so that no
// other does better in any window or under any max_gap.
inline const sequence_search::chain* sequence_search::chain_for(int step, std::int64_t time) {
    if (has(waiting_levels_, step)) admit(step, time);
    if (!has(alive_, step)) return nullptr;
    const chain& c = newest_[at(step)];
    return elapsed(c.last, time) <= rules_.max_gap[at(step)] ? &c : nullptr;
}

// Those that wait no longer.
void sequence_search::admit(int step, std::int64_t time) {
    auto& waiting = waiting_[at(step)];
    const auto ready = std::find_if(waiting.begin(), waiting.end(), [&](const chain& c) {
        return elapsed(c.last, time) < rules_.min_gap[at(step)];
    });
    if (ready == waiting.begin()) return;
    newest_[at(step)] = *std::prev(ready);
    alive_ |= bit(step);
    waiting.erase(waiting.begin(), ready);
    if (waiting.empty()) waiting_levels_ &= ~bit(step);
}

// The chain that this step makes longer, with it.
inline bool sequence_search::prolong(std::int64_t time, std::size_t i, int step, chain& longer) {
    if (step == 0) {
        longer = {time, time, i};
        return only_ ? *only_ == i : rules_.may_begin_at(time);
    }
    const chain* c = chain_for(step, time);
    if (c == nullptr || elapsed(c->begin, time) > rules_.within) return false;
    longer = {time, c->begin, c->start};
    return true;
}

inline void sequence_search::keep(int level, const chain& c) {
    if (level == rules_.steps) return;
    if (rules_.min_gap[at(level)] > 0) {
        waiting_[at(level)].push_back(c);
        waiting_levels_ |= bit(level);
    } else if (!has(alive_, level) || newest_[at(level)].start <= c.start) {
        newest_[at(level)] = c;
        alive_ |= bit(level);
    }
}

void sequence_search::drop(std::uint64_t levels) {
    alive_ &= ~levels;
    for (std::uint64_t rest = levels & waiting_levels_; rest != 0; rest &= rest - 1)
        waiting_[static_cast<std::size_t>(std::countr_zero(rest))].clear();
    waiting_levels_ &= ~levels;
}

inline void sequence_search::found(int level, const chain& c, std::size_t end) {
    const bool better =
        level > best_.level || (level == best_.level && c.last == best_end_ && c.begin > best_begin_);
    if (!better) return;
    best_ = {level, c.start, end};
    best_begin_ = c.begin;
    best_end_ = c.last;
}

// Descending, so that a step sees the chains from before this event: one event fills one step.
void sequence_search::extend_alone(const instants& all, std::size_t i) {
    const candidate& event = all[i].front();
    std::uint64_t blocked = event.blocks;
    chain longer{};
    for (std::uint64_t rest = event.steps; rest != 0; rest &= ~bit(last_of(rest))) {
        const int step = last_of(rest);
        if (!prolong(event.time, i, step, longer)) continue;
        if (blocked != 0) {
            const std::uint64_t own = blocked & bits(step + 1, std::min(step + 1, max_steps - 1));
            drop(own);  // those that did not use it
            blocked &= ~own;
        }
        keep(step + 1, longer);
        found(step + 1, longer, i);
    }
    if (blocked != 0) drop(blocked);
}

// The steps that a chain fills at one instant follow one another: a prefix from before, then a run of steps.
void sequence_search::extend_tied(const instants& all, std::size_t i) {
    const auto group = all[i];
    const std::int64_t time = group.front().time;
    const bool runs = rules_.ties == weir::ties::together;
    std::uint64_t kept = 0;
    std::array<chain, max_steps> longest;  // by level less 1, of those kept
    chain longer{};
    tie_.load(group);
    for (std::uint64_t rest = steps_of(group); rest != 0; rest &= rest - 1) {
        const int first = std::countr_zero(rest);
        if (!prolong(time, i, first, longer)) continue;
        tie_.clear();
        for (int step = first; step < rules_.steps; ++step) {
            if (step > first && (!runs || rules_.min_gap[at(step)] > 0)) break;
            if (!tie_.fill(step)) break;
            found(step + 1, longer, i);
            if (step + 1 == rules_.steps || !tie_.let_pass(first, step)) continue;
            if (!has(kept, step) || longest[at(step)].start < longer.start) longest[at(step)] = longer;
            kept |= bit(step);
        }
    }
    drop(tie_.blocked());
    for (; kept != 0; kept &= kept - 1)
        keep(std::countr_zero(kept) + 1, longest[static_cast<std::size_t>(std::countr_zero(kept))]);
}

// How a chain ends
// ----------------------------------------------------------------------------------------------------

// The greatest level of a chain that could go on after `time`.
int sequence_search::live_level(std::int64_t time) const {
    for (int level = rules_.steps - 1; level > 0; --level) {
        const bool waits = has(waiting_levels_, level);
        if (!waits && !has(alive_, level)) continue;
        const chain& c = waits ? waiting_[at(level)].back() : newest_[at(level)];
        if (elapsed(c.begin, time) <= rules_.within && elapsed(c.last, time) <= rules_.max_gap[at(level)])
            return level;
    }
    return 0;
}

std::size_t sequence_search::ends_at(const instants& all, std::size_t start) {
    begin(start);
    for (std::size_t i = start; i < all.size(); ++i) {
        if (i > start && live_level(all.time(i)) == 0) return i;
        extend(all, i);
        if (live_level(all.time(i)) == 0) return i;
    }
    return all.size();
}

bool sequence_search::is_excluded(const instants& all, std::size_t start) {
    begin(start);
    for (std::size_t i = start; i < all.size() && best_.level < rules_.steps; ++i) {
        const int level = i == start ? 0 : live_level(all.time(i));
        if (i > start && level == 0) return false;
        if (level > 0 && ends_excluded(all, i, level)) return true;
        extend(all, i);
    }
    return false;
}

// The further a chain gets in the instant, the more levels it has at which an exclusion does not reach it.
bool sequence_search::ends_excluded(const instants& all, std::size_t i, int level) {
    const auto group = all[i];
    if (std::none_of(group.begin(), group.end(), [](const candidate& e) { return e.kills != 0; }))
        return false;
    const bool runs = rules_.ties == weir::ties::together && group.size() > 1;
    tie_.load(group);
    int end = level;
    chain longer{};
    if (prolong(all.time(i), i, level, longer))
        while (end < (runs ? rules_.steps : level + 1) && (end == level || rules_.min_gap[at(end)] == 0) &&
               tie_.fill(end))
            ++end;
    if (end == rules_.steps) return false;
    const std::uint64_t levels = bits(level, end);
    return std::any_of(group.begin(), group.end(), [&](const candidate& e) {
        const bool takes_place = has(e.steps, level - 1) && prolong(all.time(i), i, level - 1, longer);
        return (e.kills & levels) == levels && !takes_place;
    });
}

// The events of the chain that counts
// ------------------------------------------------------------------------

void sequence_search::witness(const instants& all, const chain_span& where, std::size_t from,
                              std::size_t until, std::vector<std::uint32_t>& ids) {
    ids.clear();
    if (where.level == 0) return;
    if (where.level == 1) return ids.push_back(first_start(all, from));
    if (from == where.first && !has_gaps(rules_, where.level) && follows(all, where, ids)) return;
    look_back(all, where, from, until);
    int step = 0;
    std::int64_t last = all.time(from);
    for (std::size_t i = from; step < where.level; ++i) {
        const int end = run_ends_[(i - from) * at(where.level) + at(step)];
        const std::uint64_t gap = elapsed(last, all.time(i));
        if (end == 0 || (step > 0 && (gap < rules_.min_gap[at(step)] || gap > rules_.max_gap[at(step)])))
            continue;
        choose_run(all[i], step, end, where.level, ids);
        step = end;
        last = all.time(i);
    }
}

// A chain that waits behind a level that is blocked does not come as far as the later entries.
inline void sequence_search::block_entries(std::uint64_t levels) {
    for (std::uint64_t b = levels & entered_; b != 0; b &= b - 1)
        entries_[static_cast<std::size_t>(std::countr_zero(b))].clear();
    entered_ &= ~levels;
}

inline void sequence_search::add_entries(std::uint64_t steps, std::int64_t time) {
    entered_ |= steps;
    for (; steps != 0; steps &= steps - 1) {
        const auto step = static_cast<std::size_t>(std::countr_zero(steps));
        entry_[step] = time;
        if (rules_.min_gap[step] > 0) entries_[step].push_back(time);
    }
}

inline bool sequence_search::enters_later(int step, std::int64_t time) const {
    if (!has(entered_, step)) return false;
    if (rules_.min_gap[at(step)] == 0) return elapsed(time, entry_[at(step)]) <= rules_.max_gap[at(step)];
    const auto& list = entries_[at(step)];
    const auto near = std::partition_point(list.begin(), list.end(), [&](std::int64_t entry) {
        return elapsed(time, entry) >= rules_.min_gap[at(step)];
    });
    return near != list.begin() && elapsed(time, *std::prev(near)) <= rules_.max_gap[at(step)];
}

// For each instant and each step: how far a chain gets there that fills this step first, if the rest can
// follow.
void sequence_search::look_back(const instants& all, const chain_span& where, std::size_t first,
                                std::size_t until) {
    entered_ = 0;
    for (int step = 0; step < where.level; ++step)
        if (rules_.min_gap[at(step)] > 0) entries_[at(step)].clear();
    run_ends_.assign((until - first) * at(where.level), 0);
    const std::uint64_t wanted = bits(0, where.level - 1);
    for (std::size_t i = until; i-- > first;) {
        const auto group = all[i];
        const bool alone = group.size() == 1;
        const candidate& event = group.front();
        std::uint64_t steps = (alone ? event.steps : steps_of(group)) & wanted;
        if (i > where.first) steps &= ~std::uint64_t{1};
        if (i == first) steps &= 1;
        if (alone && (steps | event.blocks) == 0) continue;
        if (!alone) tie_.load(group);
        std::uint64_t entered = 0;
        for (; steps != 0; steps &= steps - 1) {
            const int step = std::countr_zero(steps);
            int end = step + 1;
            if (!alone)
                end = run_end(event.time, step, where.level);
            else if (end < where.level && !enters_later(end, event.time))
                continue;
            if (end == 0) continue;
            run_ends_[(i - first) * at(where.level) + at(step)] = static_cast<std::uint8_t>(end);
            entered |= bit(step);
        }
        block_entries(alone ? event.blocks : tie_.blocked());
        add_entries(entered, event.time);
    }
}

// The longest run from this step on, so that the times that follow are the earliest.
int sequence_search::run_end(std::int64_t time, int first, int level) {
    const bool runs = rules_.ties == weir::ties::together;
    int best = 0;
    tie_.clear();
    for (int step = first; step < level; ++step) {
        if (step > first && (!runs || rules_.min_gap[at(step)] > 0)) break;
        if (!tie_.fill(step)) break;
        if (step + 1 == level || (tie_.let_pass(first, step) && enters_later(step + 1, time)))
            best = step + 1;
    }
    return best;
}

// Takes for each step of the run the first event that leaves the others theirs.
void sequence_search::choose_run(std::span<const candidate> group, int first, int end, int level,
                                 std::vector<std::uint32_t>& ids) {
    if (group.size() == 1) return ids.push_back(group.front().id);
    tie_.load(group);
    for (int step = first; step < end; ++step) {
        for (const std::uint32_t event : tie_.candidates(step)) {
            if (tie_.is_pinned(event)) continue;
            tie_.clear();
            tie_.pin(event);
            if (fits(step, first, end, level)) {
                ids.push_back(group[event].id);
                break;
            }
            tie_.unpin(event);
        }
    }
}

// Whether the steps of a run behind `step` can be filled beside the events that are pinned.
bool sequence_search::fits(int step, int first, int end, int level) {
    for (int other = step + 1; other < end; ++other)
        if (!tie_.fill(other)) return false;
    return end == level || tie_.let_pass(first, end - 1);
}

bool sequence_search::admits(const instants& all, const chain_span& where,
                             std::span<const std::uint32_t> ids) {
    std::size_t i = where.first;
    for (int first = 0, end = 0; first < where.level; first = end) {
        const auto here = [&](int k) {
            return std::any_of(all[i].begin(), all[i].end(),
                               [&](const candidate& e) { return e.id == ids[at(k)]; });
        };
        while (!here(first)) ++i;
        tie_.load(all[i]);
        for (end = first; end < where.level && here(end); ++end)
            if (!tie_.fill(end)) return false;
        if (end < where.level && !tie_.let_pass(first, end - 1)) return false;
    }
    return true;
}

bool sequence_search::has_rival(const instants& all, const chain_span& where,
                                std::span<const std::uint32_t> ids, int step,
                                const std::function<bool(std::uint32_t)>& differs) {
    if (rules_.ties == weir::ties::in_arrival_order) return false;
    // The instant of the step, and the run that the chain fills there.
    const auto instant_of = [&](int k) {
        std::size_t i = where.first;
        while (std::none_of(all[i].begin(), all[i].end(),
                            [&](const candidate& e) { return e.id == ids[at(k)]; }))
            ++i;
        return i;
    };
    const std::size_t i = instant_of(step);
    const auto group = all[i];
    if (group.size() == 1) return false;
    const auto here = [&](int k) {
        return std::any_of(group.begin(), group.end(),
                           [&](const candidate& e) { return e.id == ids[at(k)]; });
    };
    int first = step, end = step + 1;
    while (first > 0 && here(first - 1)) --first;
    while (end < where.level && here(end)) ++end;
    tie_.load(group);
    for (std::uint32_t event = 0; event < group.size(); ++event) {
        const candidate& e = group[event];
        if (!has(e.steps, step) || e.id == ids[at(step)] || !differs(e.id)) continue;
        tie_.clear();
        tie_.pin(event);
        bool all_fit = true;
        for (int other = first; all_fit && other < end; ++other) all_fit = other == step || tie_.fill(other);
        if (all_fit && (end == where.level || tie_.let_pass(first, end - 1))) return true;
        tie_.unpin(event);
    }
    return false;
}

}  // namespace weir::inline v1
