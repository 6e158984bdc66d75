// sequence.cpp - one pass finds where the chain that counts lies, a second one, backwards, finds its events.
#include "measure/sequence.hpp"

#include <algorithm>
#include <bit>

#include "measure/elapsed.hpp"

namespace weir::inline v1 {
namespace {

constexpr int last_of(std::uint64_t set) { return 63 - std::countl_zero(set); }

std::uint64_t steps_of(std::span<const candidate> group) {
    std::uint64_t steps = 0;
    for (const candidate& e : group) steps |= e.steps;
    return steps;
}

}  // namespace

// The level
// ----------------------------------------------------------------------------------------------------

void sequence_search::begin(std::optional<std::size_t> only) {
    only_ = only;
    alive_ = 0;
    for (; waiting_levels_ != 0; waiting_levels_ &= waiting_levels_ - 1)
        waiting_[static_cast<std::size_t>(std::countr_zero(waiting_levels_))].clear();
    best_ = {};
}

chain_span sequence_search::find(const instants& all, std::size_t first, std::size_t end, int target,
                                 std::optional<std::size_t> only, stop where) {
    begin(only);
    for (std::size_t i = only.value_or(first); i < end; ++i) {
        if (best_.level >= target && (where == stop::at_once || all.time(i) != all.time(best_.last))) break;
        extend(all, i);
        if (only && rules_.within != no_limit && !in_window(all, *only, all.time(i))) break;
    }
    return best_;
}

void sequence_search::extend(const instants& all, std::size_t i) {
    if (all[i].size() == 1)
        extend_alone(all, i);
    else
        extend_tied(all, i);
}

bool sequence_search::in_window(const instants& all, std::size_t start, std::int64_t time) const {
    return elapsed(all.time(start), time) <= rules_.within;
}

bool sequence_search::begins_at(const instants& all, std::size_t i) const {
    return (steps_of(all[i]) & 1) != 0 && rules_.may_begin_at(all.time(i));
}

// Of all chains that end just before `step` the newest that min_gap admits begins last as well, so that no
// other does better in any window or under any max_gap.
const sequence_search::chain* sequence_search::chain_for(int step, std::int64_t time) {
    if (has(waiting_levels_, step)) {
        auto& waiting = waiting_[at(step)];
        const auto ready = std::find_if(waiting.begin(), waiting.end(), [&](const chain& c) {
            return elapsed(c.last, time) < rules_.min_gap[at(step)];
        });
        if (ready != waiting.begin()) {
            newest_[at(step)] = *std::prev(ready);
            alive_ |= bit(step);
            waiting.erase(waiting.begin(), ready);
            if (waiting.empty()) waiting_levels_ &= ~bit(step);
        }
    }
    if (!has(alive_, step)) return nullptr;
    const chain& c = newest_[at(step)];
    return elapsed(c.last, time) <= rules_.max_gap[at(step)] ? &c : nullptr;
}

// Where the chain begins that this step would prolong.
std::optional<std::size_t> sequence_search::start_for(const instants& all, std::size_t i, int step) {
    const std::int64_t time = all.time(i);
    if (step == 0) {
        const bool may = only_ ? *only_ == i : rules_.may_begin_at(time);
        return may ? std::optional(i) : std::nullopt;
    }
    const chain* c = chain_for(step, time);
    if (c == nullptr || !in_window(all, c->start, time)) return std::nullopt;
    return c->start;
}

void sequence_search::keep(int level, std::int64_t time, std::size_t start) {
    if (level == rules_.steps) return;
    if (rules_.min_gap[at(level)] > 0) {
        waiting_[at(level)].push_back({time, start});
        waiting_levels_ |= bit(level);
    } else if (!has(alive_, level) || newest_[at(level)].start <= start) {
        newest_[at(level)] = {time, start};
        alive_ |= bit(level);
    }
}

void sequence_search::drop(std::uint64_t levels) {
    alive_ &= ~levels;
    for (std::uint64_t rest = levels & waiting_levels_; rest != 0; rest &= rest - 1)
        waiting_[static_cast<std::size_t>(std::countr_zero(rest))].clear();
    waiting_levels_ &= ~levels;
}

void sequence_search::found(const instants& all, int level, std::size_t start, std::size_t end) {
    const bool better =
        level > best_.level || (level == best_.level && all.time(end) == all.time(best_.last) &&
                                all.time(start) > all.time(best_.first));
    if (better) best_ = {level, start, end};
}

// Descending, so that a step sees the chains from before this event: one event fills one step.
void sequence_search::extend_alone(const instants& all, std::size_t i) {
    const candidate& event = all[i].front();
    std::uint64_t blocked = event.blocks;
    for (std::uint64_t rest = event.steps; rest != 0; rest &= ~bit(last_of(rest))) {
        const int step = last_of(rest);
        const auto start = start_for(all, i, step);
        if (!start) continue;
        const std::uint64_t own = blocked & bits(step + 1, std::min(step + 1, max_steps - 1));
        drop(own);  // those that did not use it
        blocked &= ~own;
        keep(step + 1, event.time, *start);
        found(all, step + 1, *start, i);
    }
    if (blocked != 0) drop(blocked);
}

// The steps that a chain fills at one instant follow one another: a prefix from before, then a run of steps.
void sequence_search::extend_tied(const instants& all, std::size_t i) {
    const auto group = all[i];
    const bool runs = rules_.ties == weir::ties::together;
    std::uint64_t kept = 0;
    std::array<std::size_t, max_steps> starts{};  // by level less 1
    tie_.load(group);
    for (std::uint64_t rest = steps_of(group); rest != 0; rest &= rest - 1) {
        const int first = std::countr_zero(rest);
        const auto start = start_for(all, i, first);
        if (!start) continue;
        tie_.clear();
        for (int step = first; step < rules_.steps; ++step) {
            if (step > first && (!runs || rules_.min_gap[at(step)] > 0)) break;
            if (!tie_.fill(step)) break;
            found(all, step + 1, *start, i);
            if (step + 1 == rules_.steps || !tie_.let_pass(first, step)) continue;
            starts[at(step)] = has(kept, step) ? std::max(starts[at(step)], *start) : *start;
            kept |= bit(step);
        }
    }
    drop(tie_.blocked());
    for (; kept != 0; kept &= kept - 1)
        keep(std::countr_zero(kept) + 1, all.time(i),
             starts[static_cast<std::size_t>(std::countr_zero(kept))]);
}

// How a chain ends
// ----------------------------------------------------------------------------------------------------

// The greatest level of a chain that could go on after `time`.
int sequence_search::live_level(const instants& all, std::int64_t time) const {
    for (int level = rules_.steps - 1; level > 0; --level) {
        const bool waits = has(waiting_levels_, level);
        if (!waits && !has(alive_, level)) continue;
        const chain& c = waits ? waiting_[at(level)].back() : newest_[at(level)];
        if (in_window(all, c.start, time) && elapsed(c.last, time) <= rules_.max_gap[at(level)]) return level;
    }
    return 0;
}

std::size_t sequence_search::ends_at(const instants& all, std::size_t start) {
    begin(start);
    for (std::size_t i = start; i < all.size(); ++i) {
        if (i > start && live_level(all, all.time(i)) == 0) return i;
        extend(all, i);
        if (live_level(all, all.time(i)) == 0) return i;
    }
    return all.size();
}

bool sequence_search::is_excluded(const instants& all, std::size_t start) {
    begin(start);
    for (std::size_t i = start; i < all.size() && best_.level < rules_.steps; ++i) {
        const int level = i == start ? 0 : live_level(all, all.time(i));
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
    if (start_for(all, i, level))
        while (end < (runs ? rules_.steps : level + 1) && (end == level || rules_.min_gap[at(end)] == 0) &&
               tie_.fill(end))
            ++end;
    if (end == rules_.steps) return false;
    const std::uint64_t levels = bits(level, end);
    return std::any_of(group.begin(), group.end(), [&](const candidate& e) {
        const bool takes_place = has(e.steps, level - 1) && start_for(all, i, level - 1);
        return (e.kills & levels) == levels && !takes_place;
    });
}

// The events of the chain that counts
// ------------------------------------------------------------------------

void sequence_search::witness(const instants& all, const chain_span& where, std::size_t from,
                              std::size_t until, std::vector<std::uint32_t>& ids) {
    ids.clear();
    if (where.level == 0) return;
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

// For each instant and each step: how far a chain gets there that fills this step first, if the rest can
// follow.
void sequence_search::look_back(const instants& all, const chain_span& where, std::size_t first,
                                std::size_t until) {
    for (int step = 0; step < where.level; ++step) entries_[at(step)].clear();
    run_ends_.assign((until - first) * at(where.level), 0);
    for (std::size_t i = until; i-- > first;) {
        const auto group = all[i];
        std::uint64_t steps = steps_of(group) & bits(0, where.level - 1);
        if (i > where.first) steps &= ~std::uint64_t{1};
        if (i == first) steps &= 1;
        tie_.load(group);
        std::uint64_t entered = 0;
        for (; steps != 0; steps &= steps - 1) {
            const int step = std::countr_zero(steps);
            const int end = run_end(all, i, step, where.level);
            run_ends_[(i - first) * at(where.level) + at(step)] = static_cast<std::uint8_t>(end);
            if (end != 0) entered |= bit(step);
        }
        for (std::uint64_t b = tie_.blocked() & bits(0, where.level - 1); b != 0; b &= b - 1)
            entries_[static_cast<std::size_t>(std::countr_zero(b))].clear();
        for (; entered != 0; entered &= entered - 1) {
            auto& list = entries_[static_cast<std::size_t>(std::countr_zero(entered))];
            if (rules_.min_gap[static_cast<std::size_t>(std::countr_zero(entered))] == 0) list.clear();
            list.push_back(i);
        }
    }
}

// The longest run from this step on, so that the times that follow are the earliest.
int sequence_search::run_end(const instants& all, std::size_t i, int first, int level) {
    const bool runs = rules_.ties == weir::ties::together && all[i].size() > 1;
    int best = 0;
    tie_.clear();
    for (int step = first; step < level; ++step) {
        if (step > first && (!runs || rules_.min_gap[at(step)] > 0)) break;
        if (!tie_.fill(step)) break;
        if (step + 1 == level || (tie_.let_pass(first, step) && enters_later(step + 1, all.time(i), all)))
            best = step + 1;
    }
    return best;
}

bool sequence_search::enters_later(int step, std::int64_t time, const instants& all) const {
    const auto& list = entries_[at(step)];  // the latest instant first
    const auto near = std::partition_point(list.begin(), list.end(), [&](std::size_t i) {
        return elapsed(time, all.time(i)) >= rules_.min_gap[at(step)];
    });
    return near != list.begin() && elapsed(time, all.time(*std::prev(near))) <= rules_.max_gap[at(step)];
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
