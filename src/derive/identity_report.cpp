// identity_report.cpp - what a derivation of identities has to say, as an answer.
#include <utility>

#include <weir/identity.hpp>

#include "base/fail.hpp"
#include "base/wording.hpp"
#include "segment/snapshot_data.hpp"

namespace weir::inline v1 {
namespace {

using type = column_type;

table leads_table(const identity_report& r) {
    table t("leads", {{"before", type::integer},
                      {"after", type::integer},
                      {"merges", type::integer},
                      {"cancelled", type::integer},
                      {"anonymous_leads", type::rate},
                      {"anonymous_events", type::rate}});
    t.add_row({r.leads_before, r.leads_after, r.merges, r.cancelled, r.anonymous_leads, r.anonymous_events});
    return t;
}

table ignored_table(const identity_report& r) {
    table t("ignored", {{"reason", type::text}, {"events", type::integer}});
    for (const ignored_merges& i : r.ignored) t.add_row({i.reason, i.events});
    return t;
}

table cancelled_table(const identity_report& r) {
    table t("cancelled",
            {{"merge_id", type::text}, {"time", type::instant_us}, {"still_joined", type::boolean}});
    for (const cancelled_merge& c : r.cancelled_merges) t.add_row({c.merge_id, c.cancelled, c.still_joined});
    return t;
}

table oversized_table(const identity_report& r) {
    table t("oversized", {{"lead", type::text}, {"keys", type::integer}, {"events", type::integer}});
    for (const oversized_lead& o : r.oversized) t.add_row({to_string(o.lead), o.keys, o.events});
    return t;
}

}  // namespace

identity_report::operator answer() const {
    answer a;
    a.title = identity.name + ": " + leads_text(leads_before) + " became " + with_commas(leads_after);
    if (anonymous_events.of > 0)
        a.title += ", " + percent(anonymous_events.n, anonymous_events.of) + " of events anonymous";
    a.question = to_json(identity);
    a.as_of = as_of;
    if (!oversized.empty())
        a.notes.push_back(leads_text(static_cast<std::int64_t>(oversized.size())) +
                          (oversized.size() == 1 ? " has" : " have") + " more than " +
                          std::to_string(identity.max_keys) + " keys");
    a.tables = {leads_table(*this), ignored_table(*this), cancelled_table(*this), oversized_table(*this)};
    return a;
}

result<identity_report> identities(const snapshot& derived) {
    return guarded([&] {
        const auto& joined = derived.data().joined;
        if (!joined) fail(errc::invalid_question, "the snapshot has no identities; derive them first", {});
        return *joined;
    });
}

}  // namespace weir::inline v1
