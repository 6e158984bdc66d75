// flow.cpp - bind the question, scan the leads, put the parts together.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <weir/flow.hpp>

#include <fmt/format.h>

#include "base/fail.hpp"
#include "base/parallel.hpp"
#include "base/text.hpp"
#include "measure/flow_frame.hpp"
#include "measure/flow_rows.hpp"
#include "measure/flow_walk.hpp"
#include "measure/grouping.hpp"
#include "measure/time_limits.hpp"
#include "store/attribute_reader.hpp"
#include "store/column_cache.hpp"
#include "store/scan.hpp"
#include "store/stage_visits.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::size_t max_parts = 1'000'000;

// An exit has a column of its own in the tables of outcomes.
void check_exit_names(const lifecycle& l) {
    constexpr std::array<std::string_view, 13> taken{
        "group",    "bucket", "stage",   "entries", "leads",        "advanced", "recycled",
        "repeated", "merged", "stalled", "open",    "skipped_past", "filled"};
    for (const auto& exit : l.exits)
        if (std::find(taken.begin(), taken.end(), exit) != taken.end())
            fail(errc::invalid_question,
                 fmt::format("the exit {} has the name of a column of the answer", quoted(exit)),
                 "lifecycle.exits");
}

flow_rules rules_of(const flow& q, const lifecycle& l, std::int64_t as_of) {
    flow_rules rules{.shape = {l.stages.size(), l.exits.size()}, .reach = q.reach, .as_of = as_of};
    for (const auto& s : l.stages) rules.stalled_after.push_back(s.stalled_after);
    rules.within = window_of(q.within);
    return rules;
}

// Counting
// -----------------------------------------------------------------------------------------------------

class flow_scan {
public:
    flow_scan(const snapshot::impl& data, const flow& q, std::size_t layer, std::int64_t as_of, int threads)
        : data_(data),
          q_(q),
          rules_(rules_of(q, data.layers[layer]->lifecycle, as_of)),
          threads_(threads),
          layer_(data, layer),
          attribute_(data, q.by),
          amount_(data, q.amount) {
        frames_.push_back(whole_frame(q.period, as_of));
        if (q.bucket.unit != calendar_unit::none)
            frames_.push_back(bucket_frame(q.bucket, frames_.front(), first_visit(), as_of));
        for (int w = 0; w < threads; ++w) workers_.emplace_back(flow_counter(rules_, frames_, layer_));
        groups_.assign(workers_.size(), group_set(attribute_, q.max_groups));
    }
    flow_scan(const flow_scan&) = delete;

    /// Gives the plan.
    std::string run() {
        // The lead's own events tell its group, and how long it has been idle.
        if (!q_.by.empty() || asks_for_stalled()) return count_with_events();
        count_visits_alone();
        return fmt::format("plan: {} visits of {} leads read from the stages alone; {} threads",
                           layer_.size(), layer_.leads().size(), threads_);
    }

    const flow_rules& rules() const { return rules_; }
    const std::vector<flow_frame>& frames() const { return frames_; }
    const std::vector<std::string>& places() const { return layer_.places(); }
    std::span<const group_set> groups() const { return groups_; }
    std::size_t worker_count() const { return workers_.size(); }
    std::vector<flow_counter::part_tallies>& counted(std::size_t w) { return workers_[w].counter.finish(); }
    std::int64_t disputed() const {
        std::int64_t sum = 0;
        for (const worker& w : workers_) sum += w.disputed;
        return sum;
    }

private:
    struct worker {
        explicit worker(flow_counter c) : counter(std::move(c)) {}
        flow_counter counter;
        std::size_t next_lead = 0;  // of the layer
        std::vector<stage_visit> visits{};
        std::vector<visit_amount> amounts{};
        std::int64_t disputed = 0;  // leads whose group arrival decided
    };

    bool asks_for_stalled() const {
        return std::any_of(rules_.stalled_after.begin(), rules_.stalled_after.end(),
                           [](const auto& limit) { return limit.has_value(); });
    }

    // The first that begins in the period.
    std::optional<std::int64_t> first_visit() const {
        std::optional<std::int64_t> first;
        for (std::uint32_t r = 0; r < layer_.size(); ++r) {
            const std::int64_t t = layer_.time(r);
            if (t <= rules_.as_of && (!first || t < *first) && frames_.front().period_of(t)) first = t;
        }
        return first;
    }

    void count_visits_alone() {
        const std::vector<std::size_t> borders = layer_.split(threads_);
        in_parallel(threads_, [&](int w) {
            worker& me = workers_[static_cast<std::size_t>(w)];
            std::size_t lead = borders[static_cast<std::size_t>(w)];
            const std::size_t end = borders[static_cast<std::size_t>(w) + 1];
            if (lead == end) return;
            const auto leads = layer_.leads();
            // Amounts may be attributes of the events that caused the visits.
            in_pieces(data_, leads[lead], leads[end - 1] + 1, [&](std::uint32_t, std::uint32_t until) {
                for (; lead < end && leads[lead] < until; ++lead)
                    if (layer_.has_begun(lead, rules_.as_of))
                        count(me, 0, lead, std::numeric_limits<std::int64_t>::min());
            });
        });
    }

    std::string count_with_events() {
        scan_options options{.as_of = rules_.as_of, .hidden = true};
        options.threads = threads_;
        options.segments.resize(data_.segments.size());
        std::fill_n(options.segments.begin(), data_.raw_segments(), true);
        const scan_result done = scan(data_, options, [this](int w, const lead_rows& lead) {
            worker& me = workers_[static_cast<std::size_t>(w)];
            if (!find(me, lead.lead)) return;
            const std::size_t group =
                q_.by.empty() ? 0
                              : groups_[static_cast<std::size_t>(w)].number_of(group_value(me, lead.rows));
            count(me, group, me.next_lead, lead.rows.back().time);
        });
        return plan_note(data_, options, done);
    }

    // Leads come in ascending order. False if this one has no visit.
    bool find(worker& me, std::uint32_t lead) const {
        const auto leads = layer_.leads();
        while (me.next_lead < leads.size() && leads[me.next_lead] < lead) ++me.next_lead;
        return me.next_lead < leads.size() && leads[me.next_lead] == lead &&
               layer_.has_begun(me.next_lead, rules_.as_of);
    }

    void count(worker& me, std::size_t group, std::size_t lead, std::int64_t last_event) const {
        const auto stay = q_.amount.empty() ? layer_.stay(lead, rules_.as_of) : std::nullopt;
        if (stay && me.counter.add(group, *stay, last_event)) return;
        layer_.read(lead, rules_.as_of, me.visits);
        me.amounts.clear();
        if (!q_.amount.empty())
            for (const stage_visit& v : me.visits) me.amounts.push_back(amount_of(v));
        me.counter.add(group, {me.visits, me.amounts, last_event});
    }

    visit_amount amount_of(const stage_visit& v) const {
        const datum d = amount_.at(layer_.event(v));
        if (d.missing()) return {};
        if (amount_.kind_of(d) != value_kind::money) return {.not_money = true};
        return {.amount = money{d.bits, data_.columns[d.column].name.currency}};
    }

    datum group_value(worker& me, std::span<const row> rows) const {
        const bool last = q_.by_value == by_value::last_touch;
        const touch t = last ? last_touch(attribute_, rows, rules_.as_of, touching::raw)
                             : first_touch(attribute_, rows, rules_.as_of, touching::raw);
        if (t.disputed) ++me.disputed;
        return t.value;
    }

    const snapshot::impl& data_;
    const flow& q_;
    flow_rules rules_;
    int threads_;
    stage_visits layer_;
    attribute_reader attribute_, amount_;
    std::vector<flow_frame> frames_{};  // the whole, then perhaps its buckets
    std::deque<worker> workers_{};
    std::vector<group_set> groups_{};
};

// The rows of the answer
// ---------------------------------------------------------------------------------------

using period_tallies = std::map<std::size_t, flow_tally>;  // by period of the frame

void take(period_tallies& into, std::size_t period, flow_tally&& t) {
    const auto [at, is_first] = into.try_emplace(period, std::move(t));
    if (!is_first) at->second.add(t);
}

// Index 0 is the whole, g + 1 the g-th group.
std::vector<period_tallies> tallies_of(flow_scan& scanned, std::size_t frame, const group_order& order) {
    std::vector<period_tallies> all(1 + order.texts.size());
    for (std::size_t w = 0; w < scanned.worker_count(); ++w) {
        for (auto& [key, counted] : scanned.counted(w)[frame]) {
            const auto& [group, period] = key;
            if (!order.texts.empty()) take(all[1 + order.places[w][group]], period, flow_tally(counted));
            take(all[0], period, std::move(counted));
        }
    }
    return all;
}

bool all_zero(const counts& numbers) {
    return std::all_of(numbers.begin(), numbers.end(), [](std::int64_t n) { return n == 0; });
}

class part_writer {
public:
    part_writer(const flow_scan& scanned, flow_table& answer)
        : scanned_(scanned), writer_(answer, scanned.rules().shape, scanned.places()) {}

    void add(const std::optional<std::string>& group, const flow_frame& frame, period_tallies& tallies) {
        counts balance(scanned_.rules().shape.places());
        raise(balance, tallies, 0);
        for (std::size_t p = 0; p < frame.periods(); ++p) {
            const counts before = balance;
            raise(balance, tallies, p + 1);
            const auto found = tallies.find(p);
            if (found == tallies.end() && group && all_zero(before) && all_zero(balance)) continue;
            flow_tally t =
                found == tallies.end() ? flow_tally(scanned_.rules().shape) : std::move(found->second);
            t.balance_from = before;
            t.balance_until = balance;
            check_conservation(t, scanned_.rules().shape, scanned_.places());
            not_money_ += frame.labels.empty() && !group ? t.not_money : 0;
            flow_part part{.group = group, .bucket = {}};
            if (!frame.labels.empty()) part.bucket = frame.labels[p];
            writer_.add(part, std::move(t));
        }
    }
    std::int64_t not_money() const { return not_money_; }

private:
    static void raise(counts& balance, const period_tallies& tallies, std::size_t border) {
        if (const auto at = tallies.find(border); at != tallies.end()) add_to(balance, at->second.rise);
    }

    const flow_scan& scanned_;
    flow_writer writer_;
    std::int64_t not_money_ = 0;
};

void check_parts(const group_order& order, const std::vector<flow_frame>& frames) {
    std::size_t periods = 0;
    for (const auto& f : frames) periods += f.periods();
    if ((1 + order.texts.size()) * periods > max_parts)
        fail(errc::limit_exceeded,
             fmt::format("{} groups in {} buckets are more than {} parts; ask for fewer", order.texts.size(),
                         frames.back().periods(), max_parts),
             "bucket");
}

void write_parts(flow_scan& scanned, flow_table& answer) {
    const flow& q = answer.question;
    const group_order order = q.by.empty() ? group_order{} : merge_groups(scanned.groups(), q.max_groups);
    check_parts(order, scanned.frames());
    std::vector<std::vector<period_tallies>> by_frame;
    for (std::size_t f = 0; f < scanned.frames().size(); ++f)
        by_frame.push_back(tallies_of(scanned, f, order));
    part_writer writer(scanned, answer);
    for (std::size_t g = 0; g <= order.texts.size(); ++g) {
        const auto group = g == 0 ? std::nullopt : std::optional(order.texts[g - 1]);
        for (std::size_t f = 0; f < by_frame.size(); ++f)
            writer.add(group, scanned.frames()[f], by_frame[f][g]);
    }
    if (scanned.disputed() > 0) answer.notes.push_back(arrival_note(q.by, scanned.disputed()));
    if (order.value_reads_none) answer.notes.push_back(reads_none_note(q.by));
    if (const std::int64_t n = writer.not_money(); n > 0)
        answer.notes.push_back(fmt::format("{} {} {} that is not money and is not added up", n,
                                           n == 1 ? "entry has a value of" : "entries have a value of",
                                           quoted(q.amount)));
}

}  // namespace

result<flow_table> measure(const snapshot& s, const flow& q, const scope& how) {
    return guarded([&] {
        check(q).value();
        check_threads(how);
        const snapshot::impl& data = s.data();
        const std::size_t layer = data.layer_named(q.lifecycle);
        const lifecycle& stages = data.layers[layer]->lifecycle;
        check_exit_names(stages);
        flow_table answer{.question = q, .notes = data.notes_of_layer(layer)};
        answer.exits.assign(stages.exits.begin(), stages.exits.end());
        const auto as_of = data.as_of_for(q.as_of);
        if (as_of) {
            answer.as_of = instant{duration{*as_of}};
            note_open_period(q.period, *answer.as_of, answer.notes);
            note_missing_attribute(data, q.by, answer.notes);
            note_missing_attribute(data, q.amount, answer.notes);
        }
        flow_scan scanned(data, answer.question, layer, as_of.value_or(0), how.threads);
        const std::string plan = as_of ? scanned.run() : std::string("plan: nothing to read");
        write_parts(scanned, answer);
        if (how.explain_plan) answer.notes.push_back(plan);
        return answer;
    });
}

}  // namespace weir::inline v1
