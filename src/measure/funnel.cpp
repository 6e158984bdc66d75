// funnel.cpp - counts the leads that reach each step: bind the question, scan the leads, put the parts
// together.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <weir/funnel.hpp>

#include <fmt/format.h>

#include "base/fail.hpp"
#include "base/text.hpp"
#include "base/zone.hpp"
#include "measure/chain.hpp"
#include "measure/code_counts.hpp"
#include "measure/elapsed.hpp"
#include "measure/grouping.hpp"
#include "measure/step_matcher.hpp"
#include "measure/time_limits.hpp"
#include "stats/interval.hpp"
#include "store/scan.hpp"

namespace weir::inline v1 {
namespace {

std::optional<std::int64_t> microseconds(std::optional<instant> t) {
    return t ? std::optional(t->time_since_epoch().count()) : std::nullopt;
}

chain_rules rules_of(const funnel& q) {
    chain_rules rules{.steps = static_cast<int>(q.steps.size())};
    rules.within = window_of(q.within).value_or(rules.within);
    rules.from = microseconds(q.period.from);
    rules.until = microseconds(q.period.until);
    return rules;
}

// What a worker counts
// -----------------------------------------------------------------------------------------

struct tally {
    explicit tally(std::size_t steps) : ended(steps), waits(steps) {}

    std::vector<std::int64_t> ended;               ///< by step: leads whose chain ends there
    std::vector<std::vector<std::int64_t>> waits;  ///< by step: since the step before; none at the first

    void add(std::span<const std::uint32_t> chain, std::span<const row> rows) {
        ++ended[chain.size() - 1];
        for (std::size_t k = 1; k < chain.size(); ++k) {
            waits[k].push_back(lasted(rows[chain[k - 1]].time, rows[chain[k]].time));
        }
    }
};

struct worker {
    chain_finder finder;
    bucketer buckets;
    std::vector<std::map<std::int64_t, tally>> tallies{};   ///< by group's number, by bucket's begin
    std::vector<std::pair<std::int64_t, tally*>> recent{};  ///< by group's number: the bucket met last
    code_counts codes{};                                    ///< of leads that stop at their first event
    std::map<std::string, std::int64_t> disputed{};  ///< by attribute: leads of whom arrival decided it

    tally& tally_of(std::size_t group, std::int64_t bucket, std::size_t steps) {
        if (group >= tallies.size()) {
            tallies.resize(group + 1);
            recent.resize(group + 1);
        }
        auto& [last, found] = recent[group];
        if (found == nullptr || last != bucket) {
            found = &tallies[group].try_emplace(bucket, steps).first->second;
            last = bucket;
        }
        return *found;
    }
};

class counter {
public:
    counter(const snapshot::impl& data, const funnel& q, std::int64_t as_of, int threads)
        : data_(data),
          q_(q),
          as_of_(as_of),
          bucketed_(q.bucket.unit != calendar_unit::none),
          matcher_(data, q),
          attribute_(data, q.by) {
        const bucketer buckets(bucketed_ ? q.bucket : calendar{});
        const auto n = static_cast<std::size_t>(threads);
        workers_.assign(n, worker{chain_finder(rules_of(q)), buckets});
        groups_.assign(n, group_set(attribute_, q.max_groups));
    }

    /// Gives the plan.
    std::string run() {
        const scan_options options{.as_of = as_of_,
                                   .segments = needed_segments(),
                                   .threads = static_cast<int>(workers_.size()),
                                   .events = needed_events(),
                                   .filter = filter()};
        const scan_result done = scan(
            data_, options,
            [this](int w, const lead_rows& lead) { count(static_cast<std::size_t>(w), lead); },
            [this](int w, const first_events& firsts) { count_firsts(static_cast<std::size_t>(w), firsts); });
        if (done.counted > 0) tally_of(workers_.front(), 0).ended.front() += done.counted;
        for (std::size_t w = 0; w < workers_.size(); ++w) add_codes(w);
        return plan_note(data_, options, done);
    }
    std::vector<worker>& workers() { return workers_; }
    std::span<const group_set> groups() const { return groups_; }

private:
    tally& tally_of(worker& me, std::size_t group, std::int64_t bucket = 0) const {
        return me.tally_of(group, bucket, q_.steps.size());
    }

    bool by_touch() const {
        const auto which = q_.by_value.which();
        return !q_.by.empty() &&
               (which == by_value::kind::first_touch || which == by_value::kind::last_touch);
    }

    /// Whose event decides the group, if no touch does.
    std::size_t group_step() const {
        const bool at_step = q_.by_value.which() == by_value::kind::at_step;
        return at_step ? static_cast<std::size_t>(q_.by_value.step() - 1) : 0;
    }

    bool reads_all_events() const { return !matcher_.lead_reads().empty() || by_touch(); }

    event_set needed_events() const {
        if (reads_all_events()) return {};
        event_set events = matcher_.events_of(0);
        for (std::size_t k = 1; k < q_.steps.size(); ++k) {
            const event_set more = matcher_.events_of(k);
            for (std::size_t e = 0; e < more.size(); ++e)
                if (more[e]) events[e] = true;
        }
        return events;
    }

    // Those with an event of a step; all of them where any event of the lead may matter.
    std::vector<bool> needed_segments() const {
        if (reads_all_events()) return {};
        std::vector<bool> needed;
        for (const auto& s : data_.segments)
            needed.push_back(
                std::any_of(s->event_counts.begin(), s->event_counts.end(),
                            [this](const auto& count) { return matcher_.steps_named(count.first) != 0; }));
        return needed;
    }

    // A lead without an event of step 1 has no chain. One without an event of step 2 has a chain of one
    // event, its first of step 1 in the period, unless more than the name is asked of that. Where a condition
    // reads the lead, every lead is read, to say where arrival decided.
    lead_filter filter() const {
        if (!matcher_.lead_reads().empty()) return {};
        lead_filter f{.first = matcher_.events_of(0)};
        if (q_.steps.size() > 1) f.second = matcher_.events_of(1);
        const bool name_decides = q_.steps.front().where.always();
        f.from = microseconds(q_.period.from);
        f.until = microseconds(q_.period.until);
        const bool one_part = q_.by.empty() && !bucketed_;
        if (name_decides)
            f.stops = one_part ? lead_filter::stopping::counted : lead_filter::stopping::first_instant;
        return f;
    }

    void count(std::size_t w, const lead_rows& lead) {
        if (lead.stops && (q_.by.empty() || by_touch())) return count_stopped(w, lead.rows);
        worker& me = workers_[w];
        const auto rows = lead.rows;
        me.finder.clear();
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const std::uint64_t steps = matcher_.steps_of(rows, i);
            if (steps != 0 && !me.finder.add({rows[i].time, steps, static_cast<std::uint32_t>(i)})) break;
        }
        const auto chain = me.finder.find();
        std::set<std::string> disputed = disputed_reads(chain, rows);
        if (!chain.empty()) add(w, chain, rows, disputed);
        for (const auto& attribute : disputed) ++me.disputed[attribute];
    }

    // Most leads do step 1 and no more; the rows end with the instant of that.
    void count_stopped(std::size_t w, std::span<const row> rows) {
        touch t;
        if (!q_.by.empty()) t = touch_of(rows, rows.back().time);
        if (t.disputed) ++workers_[w].disputed[q_.by];
        add_stopped(w, t.value, rows.back().time);
    }

    // The same, where step 1 comes first of all and alone.
    void count_firsts(std::size_t w, const first_events& firsts) {
        const bool reads = !q_.by.empty() && (by_touch() || group_step() == 0);
        if (reads && !bucketed_)
            if (const segment_column* const texts = attribute_.texts_in(firsts.segment))
                if (code_counts::may_count(*texts)) return workers_[w].codes.count(*texts, firsts.rows);
        const auto times = data_.segments[firsts.segment]->times.look();
        for (const std::uint32_t r : firsts.rows)
            add_stopped(w, reads ? attribute_.at(firsts.segment, r) : datum{}, times[r]);
    }

    void add_codes(std::size_t w) {
        const code_counts& codes = workers_[w].codes;
        for (std::size_t c = 0; c < codes.size(); ++c)
            if (codes[c] > 0)
                tally_of(workers_[w], groups_[w].number_of(codes.value(c))).ended.front() += codes[c];
    }

    void add_stopped(std::size_t w, const datum& value, std::int64_t time) {
        worker& me = workers_[w];
        const std::size_t group = q_.by.empty() ? 0 : groups_[w].number_of(value);
        const std::int64_t bucket = bucketed_ ? me.buckets.begin_of(time) : 0;
        ++tally_of(me, group, bucket).ended.front();
    }

    // What is read after a chain is complete changes nothing.
    std::set<std::string> disputed_reads(std::span<const std::uint32_t> chain,
                                         std::span<const row> rows) const {
        std::set<std::string> disputed;
        if (matcher_.lead_reads().empty()) return disputed;
        if (chain.size() == q_.steps.size()) {
            const auto end = std::partition_point(
                rows.begin(), rows.end(), [&](const row& r) { return r.time <= rows[chain.back()].time; });
            rows = {rows.begin(), end};
        }
        for (const auto& read : matcher_.lead_reads())
            if (matcher_.is_disputed(read, rows)) disputed.insert(read.attribute);
        return disputed;
    }

    void add(std::size_t w, std::span<const std::uint32_t> chain, std::span<const row> rows,
             std::set<std::string>& disputed) {
        worker& me = workers_[w];
        std::size_t group = 0;
        if (!q_.by.empty()) {
            const touch t = group_of(me, chain, rows);
            if (t.disputed) disputed.insert(q_.by);
            group = groups_[w].number_of(t.value);
        }
        const std::int64_t bucket = bucketed_ ? me.buckets.begin_of(rows[chain.front()].time) : 0;
        tally_of(me, group, bucket).add(chain, rows);
    }

    touch group_of(worker& me, std::span<const std::uint32_t> chain, std::span<const row> rows) const {
        if (!by_touch()) {
            const std::size_t k = group_step();
            if (k >= chain.size()) return {};
            const datum value = attribute_.at(rows[chain[k]]);
            return {value, me.finder.has_rival(static_cast<int>(k), [&](std::uint32_t other) {
                        return attribute_.reads_otherwise(value, attribute_.at(rows[other]));
                    })};
        }
        return touch_of(rows, rows[chain.back()].time);
    }

    touch touch_of(std::span<const row> rows, std::int64_t end) const {
        const bool first = q_.by_value.which() == by_value::kind::first_touch;
        return first ? first_touch(attribute_, rows, end) : last_touch(attribute_, rows, end);
    }

    const snapshot::impl& data_;
    const funnel& q_;
    std::int64_t as_of_;
    bool bucketed_;
    step_matcher matcher_;
    attribute_reader attribute_;
    std::vector<worker> workers_{};
    std::vector<group_set> groups_{};
};

// The rows of the answer
// ---------------------------------------------------------------------------------------

// Group 0 is the whole, group g + 1 the g-th of the order; no bucket stands before all buckets.
using part_key = std::pair<std::size_t, std::optional<std::int64_t>>;
using parts = std::map<part_key, std::vector<const tally*>>;

parts parts_of(const funnel& q, const std::vector<worker>& workers, const group_order& order) {
    const bool bucketed = q.bucket.unit != calendar_unit::none;
    parts all;
    all[{0, std::nullopt}];  // the whole has its rows even if nobody came
    for (std::size_t w = 0; w < workers.size(); ++w) {
        for (std::size_t g = 0; g < workers[w].tallies.size(); ++g) {
            for (const auto& [bucket, counted] : workers[w].tallies[g]) {
                std::vector<std::size_t> groups{0};
                if (!q.by.empty()) groups.push_back(1 + order.places[w][g]);
                for (const std::size_t group : groups) {
                    all[{group, std::nullopt}].push_back(&counted);
                    if (bucketed) all[{group, bucket}].push_back(&counted);
                }
            }
        }
    }
    return all;
}

std::vector<std::int64_t> waits_of(const std::vector<const tally*>& part, std::size_t step) {
    std::vector<std::int64_t> waits;
    for (const tally* t : part) waits.insert(waits.end(), t->waits[step].begin(), t->waits[step].end());
    return waits;
}

// Leads that reach each step: those whose chain ends there or later.
std::vector<std::int64_t> leads_of(const std::vector<const tally*>& part, std::size_t steps) {
    std::vector<std::int64_t> leads(steps);
    for (const tally* t : part) {
        std::int64_t reached = 0;
        for (std::size_t k = steps; k-- > 0;) leads[k] += reached += t->ended[k];
    }
    return leads;
}

void add_rows(funnel_table& answer, const std::vector<const tally*>& part, const funnel_row& like) {
    const auto& steps = answer.question.steps;
    const auto leads = leads_of(part, steps.size());
    for (std::size_t k = 0; k < steps.size(); ++k) {
        funnel_row r = like;
        r.step = static_cast<int>(k) + 1;
        r.name = steps[k].name;
        r.leads = leads[k];
        r.of_first = wilson(leads[k], leads.front());
        r.of_previous = wilson(leads[k], leads[k == 0 ? 0 : k - 1]);
        auto waits = waits_of(part, k);
        r.median_wait = quantile(waits, 1, 2);
        r.p90_wait = quantile(waits, 9, 10);
        answer.rows.push_back(std::move(r));
    }
}

void add_missing_names(funnel_table& answer, const snapshot::impl& data) {
    const auto present = data.present_events();
    for (const auto& s : answer.question.steps) {
        for (const auto& name : s.event) {
            if (std::binary_search(present.begin(), present.end(), name)) continue;
            auto note = fmt::format("funnel step {} names no event{} ({} event {} in the store)",
                                    quoted(name), did_you_mean(name, present), present.size(),
                                    present.size() == 1 ? "name" : "names");
            if (std::find(answer.notes.begin(), answer.notes.end(), note) == answer.notes.end())
                answer.notes.push_back(std::move(note));
        }
    }
}

void count_leads(funnel_table& answer, const snapshot::impl& data, const scope& how) {
    const funnel& q = answer.question;
    note_open_period(q.period, *answer.as_of, answer.notes);
    note_missing_attribute(data, q.by, answer.notes);
    counter all(data, q, answer.as_of->time_since_epoch().count(), how.threads);
    const std::string plan = all.run();
    if (how.explain_plan) answer.notes.push_back(plan);
    const group_order order = merge_groups(all.groups(), q.max_groups);
    std::map<std::string, std::int64_t> disputed;
    for (const auto& w : all.workers())
        for (const auto& [attribute, leads] : w.disputed) disputed[attribute] += leads;
    for (const auto& [attribute, leads] : disputed) answer.notes.push_back(arrival_note(attribute, leads));
    if (order.value_reads_none) answer.notes.push_back(reads_none_note(q.by));
    for (const auto& [key, part] : parts_of(q, all.workers(), order)) {
        funnel_row like;
        if (key.first > 0) like.group = order.texts[key.first - 1];
        if (key.second) like.bucket = all.workers().front().buckets.label(*key.second);
        add_rows(answer, part, like);
    }
}

}  // namespace

result<funnel_table> measure(const snapshot& s, const funnel& q, const scope& how) {
    return guarded([&] {
        check(q).value();
        check_threads(how);
        const snapshot::impl& data = s.data();
        funnel_table answer{.question = q};
        if (const auto as_of = data.as_of_for(q.as_of)) answer.as_of = instant{duration{*as_of}};
        add_missing_names(answer, data);
        data.add_arrival_notes(data.layers.size(), answer.notes);
        if (answer.as_of)
            count_leads(answer, data, how);
        else
            add_rows(answer, {}, {});
        return answer;
    });
}

const funnel_row* funnel_table::find(std::string_view step, std::optional<std::string_view> group) const& {
    for (const auto& r : rows) {
        const bool same_group = r.group.has_value() == group.has_value() && (!group || *r.group == *group);
        if (!r.bucket && same_group && r.name == step) return &r;
    }
    return nullptr;
}

}  // namespace weir::inline v1
