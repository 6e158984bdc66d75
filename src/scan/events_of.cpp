// events_of.cpp - one lead's events put together again from columns.
#include "scan/events_of.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include <weir/store.hpp>

#include "base/fail.hpp"
#include "scan/attribute_reader.hpp"
#include "scan/scan.hpp"
#include "segment/batch_data.hpp"
#include "segment/column_cache.hpp"

namespace weir::inline v1 {
namespace {

bool by_name(const named_value& a, const named_value& b) { return a.name < b.name; }

// Adds what the event itself carries, unless an event that it caused has the attribute already.
void add_attributes(const snapshot::impl& data, const event_place& at, std::vector<named_value>& to) {
    const segment_in_use used(*data.segments[at.segment]);
    const auto known = static_cast<std::ptrdiff_t>(to.size());
    for (const segment_column& c : data.segments[at.segment]->columns) {
        if (!c.has(at.row)) continue;
        const std::string& name = data.columns[c.column].name.attribute;
        const bool has =
            std::any_of(to.begin(), to.begin() + known, [&](const named_value& v) { return v.name == name; });
        if (!has) to.push_back({name, value_of(data, {c.column, c.at(at.row)})});
    }
}

}  // namespace

event event_at(const snapshot::impl& data, const lead_id& lead, const row& r) {
    event e{.lead = lead, .name = std::string(data.event_name(r.event)), .time = instant{duration{r.time}}};
    for (std::optional<event_place> at = event_place{r.segment, r.index}; at; at = cause_of(data, *at))
        add_attributes(data, *at, e.attributes);
    std::sort(e.attributes.begin(), e.attributes.end(), by_name);
    return e;
}

result<std::vector<event>> events_of(const snapshot& s, const lead_id& lead) {
    return guarded([&] {
        const snapshot::impl& data = s.data();
        std::vector<event> events;
        const auto code = data.find_lead(lead);
        if (!code) return events;
        const lead_id id = lead_of(data.lead_key(*code));
        scan(data, {.lead = *code}, [&](int, const lead_rows& found) {
            events.reserve(found.rows.size());
            for (const row& r : found.rows) events.push_back(event_at(data, id, r));
        });
        return events;
    });
}

}  // namespace weir::inline v1
