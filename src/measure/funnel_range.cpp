// funnel_range.cpp - a funnel over ranges of time: each gives the runs of steps that leads do there.
#include "measure/funnel_range.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/fail.hpp"
#include "measure/funnel_rows.hpp"
#include "measure/preset.hpp"
#include "measure/step_matcher.hpp"
#include "measure/time_limits.hpp"
#include "store/scan.hpp"

namespace weir::inline v1 {
namespace {

using range_data = funnel_range::impl;

struct reason {
    bool holds;
    const char* where;
    const char* what;
};

[[noreturn]] void refuse(const char* where, const char* what) {
    fail(errc::unsupported,
         fmt::format("ranges of time keep how far each lead comes with steps in sequence; {}", what), where);
}

bool in(const period& p, std::int64_t time) {
    return (!p.from || p.from->time_since_epoch().count() <= time) &&
           (!p.until || time < p.until->time_since_epoch().count());
}

std::map<std::string, step_runs> runs_of_leads(const snapshot::impl& data, const range_data& r, int threads) {
    const funnel q = resolved(r.question);
    const step_plan plan(q);
    const step_matcher matcher(data, q, plan);
    if (!matcher.lead_reads().empty())
        refuse("steps", "a condition that reads the lead's latest value needs the events before");
    const chain_rules& rules = plan.rules().chain;
    std::vector<std::map<std::string, step_runs>> parts(static_cast<std::size_t>(threads));
    const scan_options options{.as_of = *r.as_of, .threads = threads, .events = matcher.events()};
    scan(data, options, [&](int worker, const lead_rows& lead) {
        instants all(rules.ties);
        for (std::size_t i = 0; i < lead.rows.size(); ++i) {
            const std::uint64_t steps = in(r.when, lead.rows[i].time) ? matcher.fills(lead.rows, i) : 0;
            if (steps != 0) all.add({lead.rows[i].time, steps, static_cast<std::uint32_t>(i)});
        }
        if (all.size() == 0) return;
        step_runs runs = run_finder(rules).find(all);
        if (!runs.empty())
            parts[static_cast<std::size_t>(worker)].emplace(data.lead_key(lead.lead), std::move(runs));
    });
    for (std::size_t w = 1; w < parts.size(); ++w) parts.front().merge(parts[w]);
    return std::move(parts.front());
}

// Merging
// ----------------------------------------------------------------------------------------------------

std::string printed(const std::optional<instant>& t) { return t ? to_string(*t) : "no end"; }

bool follows(const range_data& b, const range_data& a) { return a.when.until && a.when.until == b.when.from; }

void check_neighbours(const range_data& a, const range_data& b) {
    if (a.question != b.question)
        fail(errc::invalid_question, "the ranges answer two questions; only ranges of one can be merged");
    if (!follows(b, a))
        fail(errc::invalid_question,
             fmt::format(
                 "one range ends at {} and the other begins at {}; one has to begin where the other ends",
                 printed(a.when.until), printed(b.when.from)),
             "period");
}

range_data merged(const range_data& a, const range_data& b) {
    if (!follows(b, a) && follows(a, b)) return merged(b, a);
    check_neighbours(a, b);
    range_data m{
        .question = a.question, .when = {a.when.from, b.when.until}, .as_of = std::max(a.as_of, b.as_of)};
    std::set_union(a.events.begin(), a.events.end(), b.events.begin(), b.events.end(),
                   std::back_inserter(m.events));
    const chain_rules rules = step_plan(resolved(a.question)).rules().chain;
    m.leads = a.leads;
    for (const auto& [key, runs] : b.leads) {
        step_runs& all = m.leads[key];
        all = combined(all, runs, rules);
    }
    return m;
}

}  // namespace

void check_ranges(const funnel& asked) {
    check(asked).value();
    const funnel q = resolved(asked);
    const auto has_gap = [](const step& s) { return s.min_gap || s.max_gap; };
    const auto is_optional = [](const step& s) { return s.optional; };
    const auto is_block = [](const step& s) { return !s.members.empty(); };
    for (const reason& r : std::initializer_list<reason>{
             {q.order != order::in_sequence, "order", "these are in another order"},
             {window_funnel_of(q).has_value(), "preset", "this preset counts by a rule of its own"},
             {q.clock != clock::from_first_step && q.within.has_value(), "clock", "this window begins anew"},
             {q.entry != entry::best, "entry", "this asks for certain entries"},
             {q.counting != counting::leads, "counting", "this counts something else"},
             {!q.exclude.empty(), "exclude", "this asks for what lies between steps"},
             {!q.hold.empty(), "hold", "this holds attributes equal"},
             {!q.by.empty(), "by", "this asks for groups"},
             {q.bucket.unit != calendar_unit::none, "bucket", "this asks when they begin"},
             {!q.histogram.empty(), "histogram", "this asks how long they take"},
             {q.list.has_value(), "list", "this asks for times of leads"},
             {std::any_of(q.steps.begin(), q.steps.end(), has_gap), "steps", "a step asks for a gap"},
             {std::any_of(q.steps.begin(), q.steps.end(), is_optional), "steps", "a step is optional"},
             {std::any_of(q.steps.begin(), q.steps.end(), is_block), "steps", "a step is a block"}})
        if (r.holds) refuse(r.where, r.what);
}

funnel_range::funnel_range(std::shared_ptr<const impl> data) noexcept : impl_(std::move(data)) {}

period funnel_range::when() const { return impl_->when; }

result<funnel_range> range_of(const snapshot& s, const funnel& q, const period& when, const scope& how) {
    return guarded([&] {
        check_threads(how);
        check_ranges(q);
        check_time_limits({}, when, {});
        const snapshot::impl& data = s.data();
        auto r = std::make_shared<range_data>(range_data{.question = q, .when = when});
        r->as_of = data.as_of_for(q.as_of);
        r->events = data.present_events();
        if (r->as_of) r->leads = runs_of_leads(data, *r, how.threads);
        return funnel_range(std::shared_ptr<const range_data>(std::move(r)));
    });
}

result<funnel_range> merge(const funnel_range& a, const funnel_range& b) {
    return guarded(
        [&] { return funnel_range(std::make_shared<const range_data>(merged(a.data(), b.data()))); });
}

result<funnel_table> funnel_range::answer() const {
    return guarded([&] {
        const range_data& r = *impl_;
        funnel_table answer{.question = resolved(r.question)};
        if (r.as_of) answer.as_of = instant{duration{*r.as_of}};
        note_missing_names(answer.question, r.events, answer.notes);
        if (answer.as_of) note_open_period(r.question.period, *answer.as_of, answer.notes);
        answer.notes.emplace_back("waits are not known: ranges of time keep how far leads came, not when");
        const step_plan plan(answer.question);
        funnel_tally all(plan.size());
        for (const auto& [key, runs] : r.leads)
            for (std::size_t k = 0, level = static_cast<std::size_t>(level_of(runs)); k < plan.size(); ++k)
                if (static_cast<std::size_t>(plan.level(k)) <= level) ++all.reached[k];
        add_rows(answer, {&all}, {});
        answer.question = r.question;
        return answer;
    });
}

}  // namespace weir::inline v1
