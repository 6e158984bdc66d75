#include "derive/rulebook.hpp"

#include <algorithm>
#include <set>
#include <string_view>

namespace weir::inline v1 {

rulebook::rulebook(const snapshot::impl& data, const weir::lifecycle& l) : snapshot_(&data), lifecycle_(&l) {
    for (const stage& s : l.stages) places_.push_back(s.name);
    for (const std::string& exit_name : l.exits) places_.push_back(exit_name);
    for (std::size_t i = 0; i < places_.size(); ++i) {
        const auto p = static_cast<place>(i);
        place_by_name_.emplace(places_[i], p);
        if (i + 1 >= l.stages.size() || l.stages[i].terminal) terminal_.add(p);
    }
    bind_versions();
    std::set<std::string_view> attributes;
    for (const auto& c : data.columns) attributes.insert(c.name.attribute);
    for (const auto& attribute : attributes) attributes_.emplace_back(data, attribute);
    index_triggers();
}

place rulebook::place_of(std::string_view name) const { return place_by_name_.find(name)->second; }

place_set rulebook::default_from(const weir::rule& r, place to) const {
    place_set from;
    const bool change = !r.stage_change.event.empty();
    const bool forward_only = !change && !r.idle && is_stage(to);
    if (change || forward_only) from.add(nowhere);
    for (place p = 0; p < static_cast<place>(places_.size()); ++p) {
        const bool open = !is_terminal(p) && (!forward_only || p < to);
        if (change || open) from.add(p);
    }
    return from;
}

// Each version holds until the next one does.
void rulebook::bind_versions() {
    const auto& later = lifecycle_->versions;
    const auto time_of = [&](std::size_t v) { return later[v].valid_from.time_since_epoch().count(); };
    for (std::size_t v = 0; v <= later.size(); ++v) {
        const auto& rules = v == 0 ? lifecycle_->rules : later[v - 1].rules;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            bound_rule& r = rules_.emplace_back(bind(rules[i]));
            r.path = "rules[" + std::to_string(i) + "]";
            r.version = v == 0 ? lifecycle_->version : later[v - 1].version;
            if (v > 0) r.path = "versions[" + std::to_string(v - 1) + "]." + r.path;
            if (v > 0) r.valid_from = time_of(v - 1);
            if (v < later.size()) r.valid_until = time_of(v);
        }
    }
}

bound_rule rulebook::bind(const weir::rule& r) const {
    bound_rule bound{.written = &r, .where = predicate(*snapshot_, r.where)};
    if (!r.to.empty()) bound.to = place_of(r.to);
    if (r.from.empty()) bound.from = default_from(r, bound.to);
    for (const std::string& name : r.from) bound.from.add(place_of(name));
    if (r.idle) bound.idle = r.idle->count();
    const stage_change& change = r.stage_change;
    if (!change.event.empty()) {
        bound.word.emplace(*snapshot_, change.attribute);
        for (const auto& [word, target] : change.map) bound.map.emplace(word, place_of(target));
    }
    const std::string& reason = change.reason_from.empty() ? r.reason_from : change.reason_from;
    if (!reason.empty()) bound.reason.emplace(*snapshot_, reason);
    return bound;
}

void rulebook::index_triggers() {
    const dictionary& names_of_events = *snapshot_->event_names;
    triggered_.resize(names_of_events.size());
    for (std::uint32_t i = 0; i < rules_.size(); ++i) {
        const weir::rule& r = *rules_[i].written;
        if (r.idle) {
            time_outs_.push_back(i);
            activity_.emplace_back(r.event.empty() ? 0 : triggered_.size());
        }
        for (const std::string& name : r.stage_change.event.empty() ? r.event : r.stage_change.event) {
            const auto code = names_of_events.find(name);
            if (!code || *code >= triggered_.size()) continue;
            if (r.idle)
                activity_.back()[*code] = true;
            else
                add_trigger(*code, i);
        }
    }
    for (triggers& t : triggered_)
        std::stable_sort(t.rules.begin(), t.rules.end(),
                         [](const auto& a, const auto& b) { return a.to < b.to; });
    triggered_raw_ = triggered_;
    for (std::uint32_t e = 0; e < triggered_.size(); ++e)
        if (snapshot_->is_hidden(e)) triggered_raw_[e] = {};
}

void rulebook::add_trigger(std::uint32_t event, std::uint32_t rule) {
    triggers& t = triggered_[event];
    if (!t.rules.empty() && t.rules.back().rule == rule) return;
    const bound_rule& bound = rules_[rule];
    t.rules.push_back({rule, bound.to});
    t.plain = t.plain && bound.where.always() && !bound.word && lifecycle_->versions.empty();
}

bool rulebook::differ(const row& a, const row& b) const {
    return std::any_of(attributes_.begin(), attributes_.end(),
                       [&](const attribute_reader& r) { return r.at(a) != r.at(b); });
}

// What stage events hide bears no name.
bool rulebook::is_hidden(const row& r) const { return r.order == 0 && snapshot_->is_hidden(r.event); }

bool rulebook::is_activity(std::size_t time_out, const row& r) const {
    const std::vector<bool>& named = activity_[time_out];
    if (named.empty()) return r.order == 0;
    return !is_hidden(r) && r.event < named.size() && named[r.event];
}

event_set rulebook::triggering() const {
    event_set events(triggered_.size());
    for (std::size_t e = 0; e < events.size(); ++e) events[e] = !triggered_[e].rules.empty();
    return events;
}

// Any event may be activity, carry what a condition asks of the lead, or share an instant with an entry that
// another lifecycle derived.
event_set rulebook::needed() const {
    if (!snapshot_->layers.empty()) return {};
    for (const bound_rule& r : rules_)
        if (!r.where.of_lead().empty()) return {};
    event_set events = triggering();
    for (const std::vector<bool>& named : activity_) {
        if (named.empty()) return {};
        for (std::size_t e = 0; e < named.size(); ++e)
            if (named[e]) events[e] = true;
    }
    return events;
}

std::optional<place> rulebook::find(const bound_rule& r, const std::string& word) const {
    if (const auto mapped = r.map.find(word); mapped != r.map.end()) return mapped->second;
    if (const auto named = place_by_name_.find(word); named != place_by_name_.end()) return named->second;
    return std::nullopt;
}

}  // namespace weir::inline v1
