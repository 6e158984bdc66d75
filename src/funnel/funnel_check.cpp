// funnel_check.cpp - what is wrong with a funnel, before anything is counted.
//
// First what no version could answer, then what this one does not.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <weir/funnel.hpp>

#include <fmt/format.h>

#include "base/fail.hpp"
#include "funnel/block_orders.hpp"
#include "funnel/chain_rules.hpp"
#include "funnel/funnel_words.hpp"
#include "funnel/preset.hpp"
#include "measure/time_limits.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::size_t most_members = 6;  // of a block

[[noreturn]] void wrong(std::string message, std::string where) {
    fail(errc::invalid_question, std::move(message), std::move(where));
}

std::string step_at(std::size_t i, std::string_view member = {}) {
    return member.empty() ? fmt::format("steps[{}]", i) : fmt::format("steps[{}].{}", i, member);
}

void check_gap(const std::optional<duration>& gap, std::size_t i, std::string_view member) {
    if (gap && *gap < duration::zero())
        wrong(fmt::format("step {} has a negative {}; a gap is 0 or more", i + 1, member),
              step_at(i, member));
}

// A member is an event and a condition; what else it says would have to hold for the block.
void check_member(const step& m, std::size_t i, std::size_t k) {
    const auto at = fmt::format("steps[{}].any_order[{}]", i, k);
    const auto who = fmt::format("member {} of step {}", k + 1, i + 1);
    if (!m.members.empty()) wrong(who + " is a block in any order itself", at);
    if (m.event.empty()) wrong(who + " has no event", at);
    for (const auto& name : m.event)
        if (name.empty()) wrong(who + " has an event without a name", at);
    if (m.optional || m.at_least != 1 || m.min_gap || m.max_gap)
        wrong(who + " can have no gap limit, not be optional and not be asked for several times", at);
}

void check_block(const step& s, std::size_t i) {
    if (s.members.size() < 2)
        wrong(fmt::format("step {} is a block of 1 step; it needs 2 or more", i + 1), step_at(i));
    if (s.members.size() > most_members)
        fail(errc::limit_exceeded,
             fmt::format("step {} is a block of {} steps; at most {} are possible", i + 1, s.members.size(),
                         most_members),
             step_at(i));
    if (s.optional || s.at_least != 1)
        wrong(fmt::format("step {} is a block; it cannot be optional or be asked for several times", i + 1),
              step_at(i));
    if (!s.event.empty() || !s.where.always())
        wrong(fmt::format("step {} is a block; its members have events and conditions", i + 1), step_at(i));
    for (std::size_t k = 0; k < s.members.size(); ++k) check_member(s.members[k], i, k);
}

void check_event(const step& s, std::size_t i) {
    if (s.event.empty()) wrong(fmt::format("step {} has no event", i + 1), step_at(i));
    for (const auto& name : s.event)
        if (name.empty()) wrong(fmt::format("step {} has an event without a name", i + 1), step_at(i));
}

void check_step(const step& s, std::size_t i, std::size_t steps) {
    s.members.empty() ? check_event(s, i) : check_block(s, i);
    if (s.at_least < 1)
        wrong(fmt::format("step {} asks for at least {} events; 1 is the least", i + 1, s.at_least),
              step_at(i, "at_least"));
    check_gap(s.min_gap, i, "min_gap");
    check_gap(s.max_gap, i, "max_gap");
    if (s.min_gap && s.max_gap && *s.min_gap > *s.max_gap)
        wrong(fmt::format("step {} has a min_gap above its max_gap", i + 1), step_at(i, "min_gap"));
    if (i == 0 && s.at_least == 1 && s.members.empty() && (s.min_gap || s.max_gap))
        wrong("step 1 has a gap limit; there is no step before it",
              step_at(i, s.min_gap ? "min_gap" : "max_gap"));
    if (!s.optional) return;
    if (s.at_least > 1)
        wrong(fmt::format("step {} is optional and asks for at least {} events; it can have but one", i + 1,
                          s.at_least),
              step_at(i, "at_least"));
    if (i == 0 || i + 1 == steps)
        wrong(fmt::format("step {} is optional; the first and the last step cannot be", i + 1),
              step_at(i, "optional"));
    if (s.min_gap || s.max_gap)
        wrong(fmt::format("step {} is optional and has a gap limit; it can have but one", i + 1),
              step_at(i, s.min_gap ? "min_gap" : "max_gap"));
}

void check_steps(const funnel& q) {
    if (q.steps.empty()) wrong("a funnel needs a step", "steps");
    std::int64_t expanded = 0;
    for (std::size_t i = 0; i < q.steps.size(); ++i) {
        check_step(q.steps[i], i, q.steps.size());
        const auto members = static_cast<std::int64_t>(q.steps[i].members.size());
        expanded += std::max<std::int64_t>(q.steps[i].at_least, members);
    }
    if (expanded > max_steps)
        fail(errc::limit_exceeded,
             fmt::format("the funnel has {} steps; at most {} are possible", expanded, max_steps), "steps");
}

void check_exclusion(const funnel& q, std::size_t i) {
    const exclusion& x = q.exclude[i];
    const auto where = fmt::format("exclude[{}]", i);
    if (x.event.empty()) wrong(fmt::format("exclusion {} has no event", i + 1), where);
    const auto steps = static_cast<int>(q.steps.size());
    if (x.after == 0 && x.before == 0) return;  // spans all steps
    if (x.after < 1 || x.after >= x.before || x.before > steps)
        wrong(fmt::format("an exclusion after step {} and before step {} of {} spans nothing", x.after,
                          x.before, steps),
              where);
    for (const int k : {x.after, x.before})
        if (q.steps[static_cast<std::size_t>(k - 1)].optional)
            wrong(fmt::format("an exclusion names step {}, which is optional", k), where);
}

// An order without places has no previous step.
void check_any_order(const funnel& q) {
    if (q.order != order::any_order) return;
    if (q.clock != clock::from_first_step)
        wrong("steps in any order have no previous step to count from", "clock");
    for (std::size_t i = 0; i < q.steps.size(); ++i) {
        const step& s = q.steps[i];
        if (!s.members.empty())
            wrong(fmt::format("step {} is a block in any order, and so are all steps; write its members "
                              "as steps",
                              i + 1),
                  step_at(i));
        if (s.min_gap || s.max_gap || s.optional)
            wrong(fmt::format("step {} is in any order and can have no gap limit and not be optional", i + 1),
                  step_at(i));
        if (s.at_least > 1)
            wrong(
                fmt::format("step {} is in any order and asks for at least {} events; write it so many times",
                            i + 1, s.at_least),
                step_at(i, "at_least"));
    }
    for (std::size_t i = 0; i < q.exclude.size(); ++i)
        if (q.exclude[i].after != 0 || q.exclude[i].before != 0)
            wrong("an exclusion among steps in any order cannot name steps", fmt::format("exclude[{}]", i));
}

void check_limits(const funnel& q) {
    check_time_limits(q.within, q.period, q.bucket);
    const int k = q.by_value.step();
    if (q.by_value.which() == by_value::kind::at_step &&
        (k < 1 || static_cast<std::size_t>(k) > q.steps.size()))
        wrong(fmt::format("by_value names step {} of {}", k, q.steps.size()), "by_value");
    if (q.by_value.which() == by_value::kind::at_step && q.steps[static_cast<std::size_t>(k - 1)].optional)
        wrong(fmt::format("by_value names step {}, which is optional", k), "by_value");
    for (const auto& name : q.hold)
        if (name.empty()) wrong("hold has an attribute without a name", "hold");
    if (q.exclude.size() > static_cast<std::size_t>(max_steps))
        fail(
            errc::limit_exceeded,
            fmt::format("the funnel has {} exclusions; at most {} are possible", q.exclude.size(), max_steps),
            "exclude");
}

void check_list(const funnel& q) {
    if (!q.list) return;
    const lead_list& l = *q.list;
    if (q.counting == counting::entries) wrong("a list names leads; entries are counted", "list");
    if ((l.at != 0) == (l.lost_after != 0))
        wrong("a list names leads at a step or lost after one; found " +
                  std::string(l.at == 0 ? "neither" : "both"),
              "list");
    const int k = l.at != 0 ? l.at : l.lost_after;
    const auto member = l.at != 0 ? "list.at" : "list.lost_after";
    const int steps = static_cast<int>(q.steps.size());
    if (k < 1 || k > steps || (l.lost_after != 0 && k == steps))
        wrong(fmt::format("found step {} of {}{}", k, steps,
                          l.lost_after == steps ? "; nobody is lost after the last" : ""),
              member);
    if (l.lost_after != 0 && q.steps[static_cast<std::size_t>(k - 1)].optional)
        wrong(fmt::format("step {} is optional; nobody is lost after it", k), member);
    if (l.offset < 0 || l.limit < 0) wrong("a page begins at 0 or later and has 0 leads or more", "list");
}

void check_account(const funnel& q) {
    if (q.counting == counting::accounts && q.account.empty())
        wrong("accounts are counted by an attribute; none is named", "account");
    if (q.counting != counting::accounts && !q.account.empty())
        wrong("an account is named, but accounts are not counted", "account");
}

void check_histogram(const funnel& q) {
    for (std::size_t i = 0; i < q.histogram.size(); ++i)
        if (q.histogram[i] < duration::zero() || (i > 0 && q.histogram[i] <= q.histogram[i - 1]))
            wrong(fmt::format("limit {} of the histogram is {}; limits are 0 or more and ascend", i + 1,
                              to_string(q.histogram[i])),
                  fmt::format("histogram[{}]", i));
}

// What this version does not do
// ------------------------------------------------------------------------------

void check_blocks(const funnel& q) {
    std::vector<step_block> blocks;
    for (const step& s : q.steps)
        if (!s.members.empty()) blocks.push_back({0, static_cast<int>(s.members.size())});
    if (blocks.empty()) return;
    if (!has_few_orders(blocks))
        fail(errc::limit_exceeded,
             fmt::format("the blocks of the funnel can be done in more than {} orders, which is the most",
                         most_orders),
             "steps");
    if (q.on_exclusion == on_exclusion::disqualify && !q.exclude.empty())
        fail(errc::unsupported,
             "where an exclusion disqualifies, this version knows no blocks: it would have to say of which "
             "order of a block the exclusion ended the chain",
             "on_exclusion");
}

void check_supported(const funnel& q) {
    check_blocks(q);
    if (q.order == order::adjacent && q.on_exclusion == on_exclusion::disqualify && !q.exclude.empty() &&
        q.ties != ties::in_arrival_order)
        fail(errc::unsupported,
             "of equal times, a foreign event may end a chain of adjacent steps before an exclusion "
             "disqualifies "
             "the lead: only ties \"in_arrival_order\" say which",
             "on_exclusion");
}

}  // namespace

result<void> check(const funnel& asked) {
    return guarded([&] {
        check_steps(asked);
        const funnel q = resolved(asked);
        check_limits(q);
        check_any_order(q);
        check_list(q);
        check_histogram(q);
        check_account(q);
        for (std::size_t i = 0; i < q.exclude.size(); ++i) check_exclusion(q, i);
        check_supported(q);
    });
}

}  // namespace weir::inline v1
