// outlook.cpp - whether a lead can still go on, and until when.
#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/text.hpp"
#include "funnel/obstacle.hpp"
#include "measure/elapsed.hpp"

namespace weir::inline v1 {
namespace {

using time_limits = std::numeric_limits<std::int64_t>;

}  // namespace

std::int64_t later(std::int64_t t, std::uint64_t by) {
    return by > elapsed(t, time_limits::max())
               ? time_limits::max()
               : static_cast<std::int64_t>(static_cast<std::uint64_t>(t) + by);
}

std::string step_text(const funnel& q, const step_plan& plan, int step) {
    if (q.order == order::any_order)
        return fmt::format("a further step ({} of {})", step + 1, q.steps.size());
    const std::size_t k = plan.written(step);
    const int of = plan.events(k);
    const std::string name = fmt::format("step {}, {}", k + 1, quoted(q.steps[k].name));
    return of == 1 ? name : fmt::format("{} ({} of {})", name, step - plan.begin(k) + 1, of);
}

namespace {

bool goes_on(lead_chains& chains, std::span<const row> rows, const lead_chain& now, std::int64_t t) {
    const supposition::event next{t, chains.plan().next_steps(now.level)};
    return chains.find(rows, {.extra = next}).level > now.level;
}

// The first time behind as_of at which an event of the next step can count; none: there is no such time.
std::optional<std::int64_t> soonest(const step_plan& plan, const lead_chain& now, std::int64_t as_of) {
    const chain_rules& rules = plan.rules().chain;
    if (now.excluded || now.level == rules.steps) return std::nullopt;
    const std::uint64_t min_gap = now.level > 0 ? rules.min_gap[at(now.level)] : 0;
    const std::int64_t soon = later(as_of, std::max<std::uint64_t>(1, min_gap));
    return soon == time_limits::max() ? std::nullopt : std::optional(soon);
}

}  // namespace

bool is_open(lead_chains& chains, std::span<const row> rows, const lead_chain& now, std::int64_t as_of) {
    const auto soon = soonest(chains.plan(), now, as_of);
    return soon && goes_on(chains, rows, now, *soon);
}

// Every chain that can go on at some time can go on at any earlier one, once min_gap has passed since as_of;
// so the last moment is found by halving among the limits of all events.
outlook outlook_of(const lead_case& c, const lead_chain& now) {
    lead_chains chains(c.data, c.q);
    const chain_rules& rules = chains.plan().rules().chain;
    if (!is_open(chains, c.rows, now, c.as_of)) return {};
    const std::int64_t soon = *soonest(chains.plan(), now, c.as_of);
    const auto goes_on_at = [&](std::int64_t t) { return goes_on(chains, c.rows, now, t); };
    if (goes_on_at(time_limits::max())) return {.open = true};
    std::vector<std::int64_t> ends;
    const auto add = [&](std::int64_t t) {
        if (t > soon && t < time_limits::max()) ends.push_back(t);
    };
    if (rules.until) add(*rules.until - 1);
    for (const auto& r : chains.roles(c.rows)) {
        if (rules.within != no_limit) add(later(r.event.time, rules.within));
        if (rules.max_gap[at(now.level)] != no_limit) add(later(r.event.time, rules.max_gap[at(now.level)]));
    }
    std::sort(ends.begin(), ends.end());
    const auto end = std::partition_point(ends.begin(), ends.end(), goes_on_at);
    return {true, end == ends.begin() ? soon : *std::prev(end)};
}

}  // namespace weir::inline v1
