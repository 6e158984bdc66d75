// funnel_range.cpp - a funnel over ranges of time: each gives the runs of steps that leads do there.
#include "funnel/funnel_range.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/fail.hpp"
#include "funnel/funnel_rows.hpp"
#include "funnel/held_values.hpp"
#include "funnel/preset.hpp"
#include "funnel/step_matcher.hpp"
#include "measure/grouping.hpp"
#include "measure/time_limits.hpp"
#include "scan/scan.hpp"

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

bool by_each_value(const funnel& q) {
    return !q.by.empty() && q.by_value.which() == by_value::kind::each_value;
}

// Finds the runs of leads. Of one worker.
class runs_reader {
public:
    runs_reader(const snapshot::impl& data, const range_data& r, const funnel& q, const step_plan& plan,
                const step_matcher& matcher)
        : data_(data), r_(r), rules_(plan.rules().chain), matcher_(matcher) {
        std::vector<std::string> names(q.hold.begin(), q.hold.end());
        if (!names.empty()) held_.emplace(data, names);
        names.push_back(q.by);
        if (by_each_value(q)) each_.emplace(data, names);
    }

    void read(const lead_rows& lead) {
        roles_.clear();
        for (std::size_t i = 0; i < lead.rows.size(); ++i)
            if (const std::uint64_t steps = in(r_.when, lead.rows[i].time) ? matcher_.fills(lead.rows, i) : 0)
                roles_.push_back({.event = {lead.rows[i].time, steps, static_cast<std::uint32_t>(i)}});
        if (roles_.empty()) return;
        const std::string key(data_.lead_key(lead.lead));
        if (held_)
            read_streams(*held_, key, lead.rows, leads);
        else
            add(leads, {key, {}}, roles_);
        if (each_) read_streams(*each_, key, lead.rows, groups);
    }

    held_runs leads{}, groups{};

private:
    void read_streams(held_values& held, const std::string& key, std::span<const row> rows, held_runs& into) {
        held.for_streams(matcher_, rows, roles_,
                         [&](std::span<const step_matcher::role> stream, const datum&) {
                             add(into, {key, held.texts()}, stream);
                         });
    }
    void add(held_runs& into, held_runs::key_type key, std::span<const step_matcher::role> stream) const {
        instants all(rules_.ties);
        for (const auto& r : stream)
            if (r.event.steps != 0) all.add(r.event);
        step_runs runs = run_finder(rules_).find(all);
        if (!runs.empty()) into.emplace(std::move(key), std::move(runs));
    }

    const snapshot::impl& data_;
    const range_data& r_;
    const chain_rules& rules_;
    const step_matcher& matcher_;
    std::optional<held_values> held_{}, each_{};
    std::vector<step_matcher::role> roles_{};  // of the lead at hand
};

void read_runs(range_data& r, const snapshot::impl& data, int threads) {
    const funnel q = resolved(r.question);
    const step_plan plan(q);
    const step_matcher matcher(data, q, plan);
    if (!matcher.lead_reads().empty())
        refuse("steps", "a condition that reads the lead's latest value needs the events before");
    std::vector<runs_reader> workers;
    workers.reserve(static_cast<std::size_t>(threads));
    for (int w = 0; w < threads; ++w) workers.emplace_back(data, r, q, plan, matcher);
    const scan_options options{.as_of = *r.as_of, .threads = threads, .events = matcher.events()};
    scan(data, options,
         [&](int worker, const lead_rows& lead) { workers[static_cast<std::size_t>(worker)].read(lead); });
    for (runs_reader& w : workers) {
        r.leads.merge(w.leads);
        r.groups.merge(w.groups);
    }
}

// The answer
// ---------------------------------------------------------------------------------------------------

// Calls visit(value of the breakdown, level) for each lead; without groups the value is "".
template <class Visit> void for_levels(const held_runs& all, bool grouped, Visit&& visit) {
    std::map<std::string_view, int> levels;
    for (auto at = all.begin(); at != all.end();) {
        levels.clear();
        const std::string& lead = at->first.first;
        for (; at != all.end() && at->first.first == lead; ++at) {
            int& level = levels[grouped ? std::string_view(at->first.second.back()) : std::string_view()];
            level = std::max(level, level_of(at->second));
        }
        for (const auto& [value, level] : levels) visit(value, level);
    }
}

void add_level(funnel_tally& t, const step_plan& plan, int level) {
    for (std::size_t k = 0; k < plan.size(); ++k)
        if (plan.level(k) <= level) ++t.reached[k];
}

void add_groups(funnel_table& answer, const range_data& r, const step_plan& plan) {
    const auto none_last = [](std::string_view a, std::string_view b) {
        return std::pair(a == no_group, a) < std::pair(b == no_group, b);
    };
    std::map<std::string_view, funnel_tally, decltype(none_last)> groups(none_last);
    for_levels(r.groups, true, [&](std::string_view value, int level) {
        if (level > 0) add_level(groups.try_emplace(value, plan.size()).first->second, plan, level);
    });
    check_groups(groups.size(), answer.question.max_groups);
    if (groups.contains(no_group)) answer.notes.push_back(reads_none_note(answer.question.by));
    for (const auto& [value, tally] : groups) add_rows(answer, {&tally}, {.group = std::string(value)});
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
    std::set_union(a.attributes.begin(), a.attributes.end(), b.attributes.begin(), b.attributes.end(),
                   std::back_inserter(m.attributes));
    for (const auto runs_of : {&range_data::leads, &range_data::groups}) {
        held_runs& all = m.*runs_of = a.*runs_of;
        for (const auto& [key, more] : b.*runs_of) {
            step_runs& runs = all[key];
            runs = combined(runs, more, rules);
        }
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
             {q.counting == counting::accounts, "counting",
              "a later range may give a lead to another account"},
             {q.counting == counting::entries, "counting", "passages through the steps need the events"},
             {!q.exclude.empty(), "exclude", "this asks for what lies between steps"},
             {!q.by.empty() && !by_each_value(q), "by",
              "the group of a lead is told by one of its events (each_value is not)"},
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
        r->attributes = known_attributes(data, {q.by});
        if (r->as_of) read_runs(*r, data, how.threads);
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
        if (answer.as_of && !r.question.by.empty())
            note_missing_attribute(r.attributes, r.question.by, answer.notes);
        const step_plan plan(answer.question);
        funnel_tally all(plan.size());
        for_levels(r.leads, false, [&](std::string_view, int level) { add_level(all, plan, level); });
        add_rows(answer, {&all}, {});
        add_groups(answer, r, plan);
        answer.notes.emplace_back("waits are not known: ranges of time keep how far leads came, not when");
        answer.question = r.question;
        return answer;
    });
}

}  // namespace weir::inline v1
