// explain.cpp - why a lead is in its stage: the fold of that one lead, with all that it considered.
#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <weir/explain.hpp>

#include <fmt/format.h>

#include "base/condition_node.hpp"
#include "base/fail.hpp"
#include "base/text.hpp"
#include "derive/fold.hpp"
#include "scan/events_of.hpp"
#include "segment/batch_data.hpp"
#include "segment/column_cache.hpp"

namespace weir::inline v1 {
namespace {

instant at_instant(std::int64_t t) { return instant{duration{t}}; }

// The snapshot that a layer was derived from.
snapshot::impl below(const snapshot::impl& data, std::size_t layer) {
    snapshot::impl base = data;
    base.segments.resize(data.raw_segments() + layer);
    base.layers.resize(layer);
    base.hidden.clear();
    for (const auto& l : base.layers) {
        std::vector<std::string> places;
        for (const auto& s : l->lifecycle.stages) places.push_back(s.name);
        places.insert(places.end(), l->lifecycle.exits.begin(), l->lifecycle.exits.end());
        for (const auto& name : places) {
            const auto code = data.event_names->find(name);
            if (!code) continue;
            if (*code >= base.hidden.size()) base.hidden.resize(*code + std::size_t{1});
            base.hidden[*code] = true;
        }
    }
    return base;
}

// One lead under one lifecycle. What it refers to must outlive it.
class lead_story {
public:
    lead_story(const snapshot::impl& data, const rulebook& rules, std::span<const row> rows,
               std::int64_t as_of, lifecycle_explanation& out)
        : data_(data),
          rules_(rules),
          rows_(rows),
          as_of_(as_of),
          fold_(fold_lead(rules, rows, as_of)),
          out_(out) {}

    void tell() {
        if (fold_.present != nowhere) {
            out_.stage = name(fold_.present);
            out_.since = at_instant(fold_.since);
        }
        for (const considered& c : fold_.all) c.fate == "applied" ? tell_move(c) : tell_proposal(c);
        for (std::uint32_t r = 0; r < rules_.size(); ++r) tell_rule(r);
        tell_events();
    }

private:
    std::string name(place p) const {
        return p == nowhere ? "" : rules_.places()[static_cast<std::size_t>(p)];
    }
    std::string event_name(std::size_t row) const {
        return row == considered::no_row ? "" : std::string(data_.event_name(rows_[row].event));
    }
    void tell_move(const considered&);
    void tell_proposal(const considered& c) {
        const bound_rule& rule = rules_.rule(c.rule);
        out_.proposals.push_back({at_instant(c.time), rule.shown(), event_name(c.row), rule.version,
                                  name(c.present), name(c.to), std::string(c.fate)});
    }
    void tell_rule(std::uint32_t);
    std::optional<std::size_t> last_trigger(std::uint32_t) const;
    void ask_event(std::uint32_t, explained_rule&) const;
    void ask_idle(std::uint32_t, explained_rule&) const;
    void ask_policy(place to, explained_rule&) const;
    void tell_events();
    bool replays(const std::map<std::size_t, std::string>&) const;

    const snapshot::impl& data_;
    const rulebook& rules_;
    std::span<const row> rows_;
    std::int64_t as_of_;
    lead_fold fold_;
    lifecycle_explanation& out_;
    std::size_t told_ = 0;  // entries
};

// A move may fill stages: one entry for each.
void lead_story::tell_move(const considered& c) {
    const weir::rule& rule = *rules_.rule(c.rule).written;
    std::string reason = rule.reason;
    if (c.row != considered::no_row && rules_.rule(c.rule).reason) {
        const datum stated = rules_.rule(c.rule).reason->at(rows_[c.row]);
        const std::string text = stated.missing() ? "" : rules_.rule(c.rule).reason->text_of(stated);
        if (!text.empty()) reason = text;
    }
    for (bool last = false; !last && told_ < fold_.entries.size(); ++told_) {
        const stage_entry& e = fold_.entries[told_];
        last = e.kind != move_kind::filled;
        out_.moves.push_back({.time = at_instant(e.time),
                              .from = name(e.from),
                              .stage = name(e.to),
                              .move = std::string(move_names[static_cast<std::size_t>(e.kind)]),
                              .entry = e.number,
                              .rule = rules_.rule(c.rule).shown(),
                              .version = rules_.rule(c.rule).version,
                              .trigger = rule.idle                         ? "idle"
                                         : rule.stage_change.event.empty() ? "event"
                                                                           : "stage_change",
                              .event = event_name(c.row),
                              .reason = reason});
    }
}

// What it asks now
// ------------------------------------------------------------------------------------------

void lead_story::tell_rule(std::uint32_t r) {
    const bound_rule& bound = rules_.rule(r);
    if (!bound.from.has(fold_.present) || !bound.holds_at(as_of_)) return;
    explained_rule told{.rule = bound.shown(), .to = name(bound.to)};
    if (bound.to != nowhere && bound.to == fold_.present) return;  // it would move nobody
    bound.written->idle ? ask_idle(r, told) : ask_event(r, told);
    ask_policy(bound.to, told);
    told.nearly = std::count_if(told.conditions.begin(), told.conditions.end(),
                                [](const auto& c) { return !c.holds; }) == 1;
    out_.rules.push_back(std::move(told));
}

std::optional<std::size_t> lead_story::last_trigger(std::uint32_t r) const {
    for (std::size_t i = rows_.size(); i-- > 0;) {
        if (fold_.present != nowhere && rows_[i].time <= fold_.since) break;
        const auto& all = rules_.triggered_by(rows_[i]).rules;
        if (rules_.rule(r).holds_at(rows_[i].time) &&
            std::any_of(all.begin(), all.end(), [&](const auto& t) { return t.rule == r; }))
            return i;
    }
    return std::nullopt;
}

void lead_story::ask_event(std::uint32_t r, explained_rule& told) const {
    const weir::rule& rule = *rules_.rule(r).written;
    std::string names;
    for (const auto& n : rule.stage_change.event.empty() ? rule.event : rule.stage_change.event)
        names += (names.empty() ? "" : " or ") + quoted(n);
    const auto row = last_trigger(r);
    told.conditions.push_back({"an event " + names + " in this visit", row.has_value()});
    for (const condition& term : condition::node::terms(rule.where)) {
        const predicate asked(data_, term);
        told.conditions.push_back(
            {to_string(term), row ? asked.holds(rows_, *row) : asked.holds_after(rows_)});
    }
}

void lead_story::ask_idle(std::uint32_t r, explained_rule& told) const {
    const auto& time_outs = rules_.time_outs();
    const auto place = std::find(time_outs.begin(), time_outs.end(), r) - time_outs.begin();
    const auto& clock = fold_.clocks[static_cast<std::size_t>(place)];
    const std::int64_t since = std::max(fold_.since, clock.last_activity.value_or(fold_.since));
    const auto due = idle_until(since, rules_.rule(r).idle);
    told.conditions.push_back({fmt::format("idle for {}", to_string(duration{rules_.rule(r).idle})),
                               due.has_value() && *due <= as_of_});
    if (due && !rules_.rule(r).holds_at(*due))
        told.conditions.push_back(
            {fmt::format("version {} holds at {}", rules_.rule(r).version, to_string(at_instant(*due))),
             false});
    else if (due && *due > as_of_)
        told.remaining = duration{*due - as_of_};
    for (const condition& term : condition::node::terms(rules_.rule(r).written->where))
        told.conditions.push_back({to_string(term), predicate(data_, term).holds_after(rows_)});
}

void lead_story::ask_policy(place to, explained_rule& told) const {
    if (to == nowhere) return;
    const auto policy = refusing_policy(rules_, fold_.present, to);
    if (!policy.empty()) told.conditions.push_back({fmt::format("{} is not \"reject\"", policy), false});
}

// The evidence
// ----------------------------------------------------------------------------------------------

// Whether those rows alone lead to the same entries.
bool lead_story::replays(const std::map<std::size_t, std::string>& named) const {
    std::vector<row> rows;
    for (const auto& [row, part] : named) rows.push_back(rows_[row]);
    const lead_fold again = fold_lead(rules_, rows, as_of_);
    return std::equal(again.entries.begin(), again.entries.end(), fold_.entries.begin(), fold_.entries.end(),
                      [](const stage_entry& a, const stage_entry& b) {
                          return a.time == b.time && a.to == b.to && a.kind == b.kind && a.rule == b.rule &&
                                 a.number == b.number && a.cause_segment == b.cause_segment &&
                                 (a.cause_segment == stage_entry::no_cause || a.cause_row == b.cause_row);
                      });
}

// Fewer events can tell another story: activity that held off a time-out is missing, or what a condition
// reads.
void lead_story::tell_events() {
    std::map<std::size_t, std::string> named;
    for (const considered& c : fold_.all)
        if (c.fate == "applied" && c.row != considered::no_row) named.emplace(c.row, "fires");
    for (const auto& clock : fold_.clocks)
        if (clock.activity_row != considered::no_row) named.emplace(clock.activity_row, "activity");
    if (!replays(named))
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            const auto& time_outs = rules_.time_outs();
            bool matters = false;
            for (std::size_t t = 0; t < time_outs.size(); ++t)
                matters = matters || rules_.is_activity(t, rows_[i]);
            if (matters) named.emplace(i, "beside");
        }
    if (!replays(named))
        for (std::size_t i = 0; i < rows_.size(); ++i) named.emplace(i, "beside");
    for (const auto& [i, part] : named)
        out_.events.push_back({.part = part, .event = event_at(data_, out_.lead, rows_[i])});
}

}  // namespace

result<lifecycle_explanation> explain(const snapshot& derived, const lead_id& lead,
                                      std::string_view lifecycle) {
    return guarded([&] {
        const snapshot::impl& data = derived.data();
        const std::size_t at = data.layer_named(lifecycle);
        const derived_layer& layer = *data.layers[at];
        const snapshot::impl base = below(data, at);
        lifecycle_explanation out{.lifecycle = layer.lifecycle, .lead = lead};
        if (data.last_raw()) out.as_of = at_instant(layer.as_of);
        std::vector<row> rows;
        std::vector<segment_in_use> used;
        if (const auto code = data.find_lead(lead)) {
            used = use_raw_segments(data, *code, *code + 1);
            out.lead = lead_of(data.lead_key(*code));
            scan(base, {.as_of = layer.as_of, .hidden = true, .lead = *code},
                 [&](int, const lead_rows& found) { rows.assign(found.rows.begin(), found.rows.end()); });
        }
        if (rows.empty())
            out.notes.push_back(fmt::format("there is no event of lead {}", quoted(to_string(lead))));
        const rulebook rules(base, layer.lifecycle);
        lead_story(base, rules, rows, layer.as_of, out).tell();
        return out;
    });
}

}  // namespace weir::inline v1
