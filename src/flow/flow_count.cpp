// flow_count.cpp - which leads are read, from the stages alone or with their events, and what else of them.
#include "flow/flow_count.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

#include <fmt/format.h>

#include "base/fail.hpp"
#include "base/parallel.hpp"
#include "base/text.hpp"
#include "measure/time_limits.hpp"
#include "segment/column_cache.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::size_t max_parts = 1'000'000;
constexpr std::int64_t no_event = std::numeric_limits<std::int64_t>::min();

}  // namespace

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

flow_scan::flow_scan(const snapshot::impl& data, const flow& q, std::size_t layer, std::int64_t as_of,
                     int threads, std::optional<std::vector<std::uint32_t>> only)
    : data_(data),
      q_(q),
      rules_(rules_of(q, data.layers[layer]->lifecycle, as_of)),
      threads_(threads),
      only_(std::move(only)),
      layer_(data, layer),
      attribute_(data, q.by),
      amount_(data, q.amount) {
    frames_.push_back(whole_frame(q.period, as_of));
    if (q.bucket.unit != calendar_unit::none)
        frames_.push_back(bucket_frame(q.bucket, frames_.front(), first_visit(), as_of));
    for (int w = 0; w < threads; ++w) workers_.emplace_back(flow_counter(rules_, frames_, layer_));
    groups_.assign(workers_.size(), group_set(attribute_, q.max_groups));
}

std::string flow_scan::run() {
    // The lead's own events tell its group, and how long it has been idle.
    if (!q_.by.empty() || asks_for_stalled()) return count_with_events();
    if (only_)
        count_some_alone();
    else
        count_visits_alone();
    return fmt::format("plan: {} visits of {} leads read from the stages alone; {} threads", layer_.size(),
                       layer_.leads().size(), threads_);
}

std::int64_t flow_scan::disputed() const {
    std::int64_t sum = 0;
    for (const worker& w : workers_) sum += w.disputed;
    return sum;
}

std::int64_t flow_scan::read_none() const {
    std::int64_t sum = 0;
    for (const worker& w : workers_) sum += w.read_none;
    return sum;
}

bool flow_scan::asks_for_stalled() const {
    return std::any_of(rules_.stalled_after.begin(), rules_.stalled_after.end(),
                       [](const auto& limit) { return limit.has_value(); });
}

// The first that begins in the period.
std::optional<std::int64_t> flow_scan::first_visit() const {
    std::optional<std::int64_t> first;
    const auto look_at = [&](std::uint32_t r) {
        const std::int64_t t = layer_.time(r);
        if (t <= rules_.as_of && (!first || t < *first) && frames_.front().period_of(t)) first = t;
    };
    if (!only_) {
        for (std::uint32_t r = 0; r < layer_.size(); ++r) look_at(r);
        return first;
    }
    for (const std::uint32_t lead : *only_)
        if (const auto at = layer_.find(lead))
            for (std::uint32_t r = layer_.begin_of(*at); r < layer_.begin_of(*at + 1); ++r) look_at(r);
    return first;
}

void flow_scan::count_visits_alone() {
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
                if (layer_.has_begun(lead, rules_.as_of)) count(me, 0, lead, no_event);
        });
    });
}

void flow_scan::count_some_alone() {
    in_parallel(threads_, [&](int w) {
        worker& me = workers_[static_cast<std::size_t>(w)];
        const std::size_t n = only_->size(), threads = workers_.size(), at = static_cast<std::size_t>(w);
        const std::size_t end = n * (at + 1) / threads;
        std::size_t i = n * at / threads;
        if (i == end) return;
        in_pieces(data_, (*only_)[i], (*only_)[end - 1] + 1, [&](std::uint32_t, std::uint32_t until) {
            for (; i < end && (*only_)[i] < until; ++i)
                if (const auto lead = layer_.find((*only_)[i]); lead && layer_.has_begun(*lead, rules_.as_of))
                    count(me, 0, *lead, no_event);
        });
    });
}

std::string flow_scan::count_with_events() {
    scan_options options{.as_of = rules_.as_of, .hidden = true};
    options.threads = threads_;
    options.only = only_;
    options.segments.resize(data_.segments.size());
    std::fill_n(options.segments.begin(), data_.raw_segments(), true);
    const scan_result done = scan(data_, options, [this](int w, const lead_rows& lead) {
        worker& me = workers_[static_cast<std::size_t>(w)];
        if (!find(me, lead.lead)) return;
        const std::size_t group = q_.by.empty() ? 0 : group_of(me, static_cast<std::size_t>(w), lead.rows);
        count(me, group, me.next_lead, lead.rows.back().time);
    });
    return plan_note(data_, options, done);
}

bool flow_scan::find(worker& me, std::uint32_t lead) const {
    const auto leads = layer_.leads();
    if (only_)
        me.next_lead = static_cast<std::size_t>(
            std::lower_bound(leads.begin() + static_cast<std::ptrdiff_t>(me.next_lead), leads.end(), lead) -
            leads.begin());
    while (me.next_lead < leads.size() && leads[me.next_lead] < lead) ++me.next_lead;
    return me.next_lead < leads.size() && leads[me.next_lead] == lead &&
           layer_.has_begun(me.next_lead, rules_.as_of);
}

void flow_scan::count(worker& me, std::size_t group, std::size_t lead, std::int64_t last_event) const {
    if (asks_validity_) me.valid.emplace_back(layer_.leads()[lead], validity(lead, last_event));
    const auto stay = q_.amount.empty() ? layer_.stay(lead, rules_.as_of) : std::nullopt;
    if (stay && me.counter.add(group, *stay, last_event)) return;
    layer_.read(lead, rules_.as_of, me.visits);
    me.amounts.clear();
    if (!q_.amount.empty())
        for (const stage_visit& v : me.visits) me.amounts.push_back(amount_of(v));
    me.counter.add(group, {me.visits, me.amounts, last_event});
}

visit_amount flow_scan::amount_of(const stage_visit& v) const {
    const datum d = amount_.at(layer_.event(v));
    if (d.missing()) return {};
    if (amount_.kind_of(d) != value_kind::money) return {.not_money = true};
    return {.amount = money{d.bits, data_.columns[d.column].name.currency}};
}

datum flow_scan::group_value(worker& me, std::span<const row> rows) const {
    const bool last = q_.by_value == by_value::last_touch;
    const touch t = last ? last_touch(attribute_, rows, rules_.as_of, touching::raw)
                         : first_touch(attribute_, rows, rules_.as_of, touching::raw);
    if (t.disputed) ++me.disputed;
    return t.value;
}

std::size_t flow_scan::group_of(worker& me, std::size_t w, std::span<const row> rows) {
    const datum value = group_value(me, rows);
    const std::size_t group = groups_[w].number_of(value);
    if (group >= me.leads.size()) me.leads.resize(group + 1);
    ++me.leads[group];
    if (!value.missing() && groups_[w].is_none(group)) ++me.read_none;
    return group;
}

// A lead counts otherwise as soon as it is idle for too long, or as one of its visits is old enough.
valid_time flow_scan::validity(std::size_t lead, std::int64_t last_event) const {
    valid_time valid;
    const auto changes_at = [&](wide_int t) { valid.cut(t, rules_.as_of); };
    std::int64_t from = 0;
    std::size_t place = 0;
    for (std::uint32_t r = layer_.begin_of(lead); r < layer_.begin_of(lead + 1); ++r) {
        if (layer_.time(r) > rules_.as_of) break;
        const stage_visit v = layer_.at(r);
        from = v.from;
        place = v.place;
        if (rules_.within && !rules_.shape.is_exit(place)) changes_at(wide_int{from} + *rules_.within);
    }
    if (!rules_.shape.is_exit(place))
        if (const auto& limit = rules_.stalled_after[place])
            changes_at(wide_int{std::max(last_event, from)} + limit->count() + 1);
    return valid;
}

void flow_scan::tell_validity(valid_times& into) const {
    into.reserve(data_.lead_limit());
    for (const worker& w : workers_)
        for (const auto& [lead, valid] : w.valid) into.set(lead, valid);
    into.settle();
}

void check_parts(std::size_t groups, std::span<const flow_frame> frames) {
    std::size_t periods = 0;
    for (const auto& f : frames) periods += f.periods();
    if ((1 + groups) * periods > max_parts)
        fail(errc::limit_exceeded,
             fmt::format("{} groups in {} buckets are more than {} parts; ask for fewer", groups,
                         frames.back().periods(), max_parts),
             "bucket");
}

void note_not_money(std::int64_t entries, std::string_view attribute, std::vector<std::string>& notes) {
    if (entries > 0)
        notes.push_back(fmt::format("{} {} {} that is not money and is not added up", entries,
                                    entries == 1 ? "entry has a value of" : "entries have a value of",
                                    quoted(attribute)));
}

}  // namespace weir::inline v1
