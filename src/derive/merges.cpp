#include "derive/merges.hpp"

#include <algorithm>

#include "segment/event_keys.hpp"
#include "segment/segment_merge.hpp"

namespace weir::inline v1 {
namespace {

event_set events_named(const snapshot::impl& data, const names& all) {
    event_set set;
    if (all.empty()) return set;
    set.resize(data.event_names->size() + std::size_t{1});  // never empty: that would be any event
    for (const std::string& name : all)
        if (const auto code = data.event_names->find(name); code && *code < set.size()) set[*code] = true;
    return set;
}

}  // namespace

std::string text_of(const snapshot::impl& data, const datum& d) { return to_string(value_of(data, d)); }

merge_rules::merge_rules(const snapshot::impl& data, const identity& i) : snapshot_(data) {
    for (const identity_rule& r : i.rules) rules_.push_back(bind(r));
    bind_event_keys();
}

merge_rules::rule merge_rules::bind(const identity_rule& r) {
    rule bound{.events = events_named(snapshot_, r.event), .where = predicate(snapshot_, r.where)};
    for (const auto& [kind, attributes] : r.keys)
        for (const std::string& attribute : attributes) add_key(bound, kind, attribute);
    bound.with_lead = r.joins == joins::with_lead;
    bound.cancels = !r.cancels.empty();
    const std::string& id = bound.cancels ? r.cancels : r.merge_id;
    if (!id.empty()) bound.id.emplace(snapshot_, id);
    return bound;
}

// The keys that events bear by themselves.
void merge_rules::bind_event_keys() {
    rule bound{.events = {}, .where = predicate(snapshot_, {})};
    std::vector<std::string> attributes;
    for (const store_column& c : snapshot_.columns)
        if (c.name.attribute.starts_with(event_key_prefix)) attributes.push_back(c.name.attribute);
    std::sort(attributes.begin(), attributes.end());
    attributes.erase(std::unique(attributes.begin(), attributes.end()), attributes.end());
    for (const std::string& a : attributes) add_key(bound, a.substr(event_key_prefix.size()), a);
    if (!bound.keys.empty()) rules_.push_back(std::move(bound));
}

void merge_rules::add_key(rule& r, const std::string& kind, const std::string& attribute) {
    const auto at = std::find(kinds_.begin(), kinds_.end(), kind);
    const auto number = static_cast<std::uint32_t>(at - kinds_.begin());
    if (at == kinds_.end()) kinds_.push_back(kind);
    r.keys.push_back({number, attribute_reader(snapshot_, attribute)});
}

void merge_rules::read(const lead_rows& lead, said_of_keys& to) const {
    for (std::size_t at = 0; at < lead.rows.size(); ++at) {
        const row& event = lead.rows[at];
        for (const rule& r : rules_) {
            if (!r.events.empty() && (event.event >= r.events.size() || !r.events[event.event])) continue;
            if (!r.where.holds(lead.rows, at)) continue;
            if (r.cancels)
                cancel(r, event, to);
            else
                merge(r, lead.lead, event, to);
        }
    }
}

// An empty text is no key and no name.
datum merge_rules::text_in(const attribute_reader& attribute, const row& r) const {
    const datum found = attribute.at(r);
    if (found.missing() || attribute.kind_of(found) != value_kind::text) return found;
    const auto& texts = *snapshot_.columns[found.column].texts;
    return texts.at(static_cast<dictionary::code>(found.bits)).empty() ? datum{} : found;
}

void merge_rules::cancel(const rule& r, const row& event, said_of_keys& to) const {
    const datum id = text_in(*r.id, event);
    if (id.missing())
        ++to.without_id;
    else
        to.un_merges.push_back({id, event.time});
}

// A lead that says the same again and again, as at every log-in, is noted once.
void merge_rules::merge(const rule& r, std::uint32_t lead, const row& event, said_of_keys& to) const {
    const auto first = static_cast<std::uint32_t>(to.keys.size());
    for (const carried_key& k : r.keys)
        if (const datum value = text_in(k.value, event); !value.missing()) to.keys.push_back({k.kind, value});
    const auto count = static_cast<std::uint32_t>(to.keys.size()) - first;
    if (count == 0) return;
    const datum id = r.id ? text_in(*r.id, event) : datum{};
    const said_of_keys::merge one{r.with_lead ? lead : no_lead, first, count, id, 1};
    if (!to.merges.empty()) {
        said_of_keys::merge& last = to.merges.back();
        const bool again =
            last.lead == one.lead && last.count == count && last.id == id &&
            std::equal(to.keys.begin() + first, to.keys.end(), to.keys.begin() + last.first,
                       [](const auto& a, const auto& b) { return a.kind == b.kind && a.value == b.value; });
        if (again) {
            to.keys.resize(first);
            ++last.events;
            return;
        }
    }
    to.merges.push_back(one);
}

}  // namespace weir::inline v1
