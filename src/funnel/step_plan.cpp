#include "funnel/step_plan.hpp"

#include <algorithm>
#include <bit>
#include <optional>

#include "funnel/preset.hpp"
#include "funnel/tie_group.hpp"
#include "measure/time_limits.hpp"

namespace weir::inline v1 {
namespace {

std::optional<std::int64_t> microseconds(std::optional<instant> t) {
    return t ? std::optional(t->time_since_epoch().count()) : std::nullopt;
}

}  // namespace

std::vector<const step*> terms_of(const funnel& q) {
    std::vector<const step*> terms;
    for (const step& s : q.steps) {
        if (s.members.empty()) terms.push_back(&s);
        for (const step& member : s.members) terms.push_back(&member);
    }
    return terms;
}

step_plan::step_plan(const funnel& q) {
    chain_rules& rules = rules_.chain;
    const bool previous = q.clock == clock::from_previous_step;
    const std::uint64_t within = window_of(q.within).value_or(no_limit);
    int level = 0;
    for (std::size_t k = 0; k < q.steps.size(); ++k) {
        const step& s = q.steps[k];
        const auto term = static_cast<int>(fills_.size());
        if (s.optional) {
            steps_.push_back({0, level, bit(term)});
            fills_.push_back(0);
            optional_ |= bit(static_cast<int>(k));
            continue;
        }
        const auto members = static_cast<int>(s.members.size());
        const int events = members > 0 ? members : s.at_least;
        steps_.push_back(
            {bits(level, level + events - 1), level + events, bits(term, term + std::max(members, 1) - 1)});
        if (members > 0 && q.order != order::any_order) rules.blocks.push_back({level, members});
        if (members == 0) fills_.push_back(steps_.back().fills);
        for (int m = 0; m < members; ++m) fills_.push_back(bit(level + m));
        for (; level < steps_.back().level; ++level) {
            if (level == 0) continue;
            rules.min_gap[at(level)] = static_cast<std::uint64_t>(s.min_gap.value_or(duration{}).count());
            rules.max_gap[at(level)] = window_of(s.max_gap).value_or(previous ? within : no_limit);
        }
    }
    as_written_ = at(level) == q.steps.size() && optional_ == 0;
    rules.steps = level;
    rules.order = q.order;
    rules.ties = q.ties;
    rules.within = previous ? no_limit : within;
    rules.from = microseconds(q.period.from);
    rules.until = microseconds(q.period.until);
    // Without buckets the deepest of a lead's entries is the one that counts.
    const bool one = q.counting != counting::entries && q.bucket.unit == calendar_unit::none;
    rules_.entry = q.entry == entry::every && one ? entry::best : q.entry;
    rules_.passages = q.counting == counting::entries;
    rules_.window_funnel = window_funnel_of(q);
    rules_.disqualify = q.on_exclusion == on_exclusion::disqualify && !q.exclude.empty();
}

std::uint64_t step_plan::expanded(std::uint64_t terms) const {
    std::uint64_t steps = 0;
    for (; terms != 0; terms &= terms - 1) steps |= fills_[static_cast<std::size_t>(std::countr_zero(terms))];
    return steps;
}

std::uint64_t step_plan::optional_expanded(std::uint64_t terms) const {
    std::uint64_t written = 0;
    for (std::uint64_t rest = optional_; rest != 0; rest &= rest - 1)
        if ((steps_[static_cast<std::size_t>(std::countr_zero(rest))].terms & terms) != 0)
            written |= rest & -rest;
    return written;
}

std::uint64_t step_plan::next_steps(int level) const {
    const chain_rules& rules = rules_.chain;
    if (rules.order == order::any_order) return bits(0, rules.steps - 1);
    for (const step_block& b : rules.blocks)
        if (has(b.steps(), level)) return b.steps();
    return bit(level);
}

std::uint64_t step_plan::behind(std::uint64_t written) const {
    std::uint64_t levels = 0;
    for (std::uint64_t rest = written & optional_; rest != 0; rest &= rest - 1)
        levels |= bit(steps_[static_cast<std::size_t>(std::countr_zero(rest))].level);
    return levels;
}

std::size_t step_plan::required_before(std::size_t step) const {
    if (step == 0) return 0;
    do --step;
    while (is_optional(step));
    return step;
}

std::size_t step_plan::written(int step) const {
    std::size_t k = 0;
    while (is_optional(k) || steps_[k].level <= step) ++k;
    return k;
}

int step_plan::steps_done(int level) const {
    int done = 0;
    for (std::size_t k = 0; k < steps_.size(); ++k)
        if (!is_optional(k) && steps_[k].level <= level) done = static_cast<int>(k) + 1;
    return done;
}

std::uint64_t step_plan::levels_of(const exclusion& x) const {
    if (x.after == 0) return bits(1, rules_.chain.steps - 1);
    return bits(level(at(x.after - 1)), level(at(x.before - 1)) - 1);
}

void step_plan::place(std::span<const std::uint32_t> chain, std::span<const optional_row> between,
                      std::span<const row> rows, filled_steps& filled) const {
    filled.rows.assign(steps_.size(), filled_steps::none);
    const int level = static_cast<int>(chain.size());
    for (std::size_t k = 0; k < steps_.size(); ++k)
        if (!is_optional(k) && steps_[k].level <= level) filled.rows[k] = chain[at(steps_[k].level - 1)];
    std::uint64_t levels = between.empty() ? 0 : behind(optional_);
    for (; levels != 0; levels &= levels - 1)
        if (std::countr_zero(levels) < level)
            place_optional(chain, between, rows, std::countr_zero(levels), filled);
}

// As many as can be, an earlier step before a later one, each by the first event that leaves the others
// theirs.
void step_plan::place_optional(std::span<const std::uint32_t> chain, std::span<const optional_row> between,
                               std::span<const row> rows, int level, filled_steps& filled) const {
    const std::uint32_t before = chain[at(level - 1)], behind = chain[at(level)];
    const std::int64_t from = rows[before].time, until = rows[behind].time;
    std::vector<candidate> fitting;
    for (const optional_row& r : between) {
        if (std::find(chain.begin(), chain.end(), r.row) != chain.end()) continue;
        switch (rules_.chain.ties) {
            case ties::together:
                if (r.time < from || r.time > until) continue;
                break;
            case ties::in_arrival_order:
                if (r.row < before || r.row > behind) continue;
                break;
            case ties::strictly_later:
                if (r.time <= from || r.time >= until) continue;
                break;
        }
        std::uint64_t steps = r.steps;
        for (std::size_t k = 0; k < steps_.size(); ++k)
            if (!is_optional(k) || steps_[k].level != level) steps &= ~bit(static_cast<int>(k));
        if (steps != 0) fitting.push_back({r.time, steps, r.row});
    }
    tie_group group(static_cast<int>(steps_.size()));
    group.load(fitting);
    std::vector<int> fillable;
    for (int k = 0; at(k) < steps_.size(); ++k)
        if (group.fill(k)) fillable.push_back(k);
    for (auto k = fillable.begin(); k != fillable.end(); ++k) {
        for (const std::uint32_t event : group.candidates(*k)) {
            if (group.is_pinned(event)) continue;
            group.clear();
            group.pin(event);
            if (std::all_of(k + 1, fillable.end(), [&](int other) { return group.fill(other); })) {
                filled.rows[at(*k)] = fitting[event].id;
                break;
            }
            group.unpin(event);
        }
    }
}

}  // namespace weir::inline v1
