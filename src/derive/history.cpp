#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include <weir/lifecycle.hpp>

#include "base/fail.hpp"
#include "base/text.hpp"
#include "base/wording.hpp"
#include "derive/fold.hpp"
#include "scan/attribute_reader.hpp"
#include "scan/stage_visits.hpp"
#include "segment/batch_data.hpp"

namespace weir::inline v1 {
namespace {

instant instant_at(std::int64_t t) { return instant{duration{t}}; }

// Leads in the order of their keys: codes depend on which lead came first.
bool by_lead(const lead_id& a, const lead_id& b) {
    return std::tie(a.kind(), a.key()) < std::tie(b.kind(), b.key());
}

int version_of(const attribute_reader& versions, const row& stage_event) {
    const value v = versions.value_of(versions.at(stage_event));
    return static_cast<int>(*v.get<std::int64_t>());
}

std::vector<visit> read_visits(const snapshot::impl& data, std::size_t layer) {
    const stage_visits stored(data, layer);
    const lifecycle& rules = data.layers[layer]->lifecycle;
    const attribute_reader versions(data, "version");
    std::vector<visit> visits;
    std::vector<stage_visit> of_lead;
    for (std::size_t i = 0; i < stored.leads().size(); ++i) {
        const lead_id lead = lead_of(data.lead_key(stored.leads()[i]));
        stored.read(i, std::numeric_limits<std::int64_t>::max(), of_lead);
        for (std::size_t v = 0; v < of_lead.size(); ++v) {
            const stage_visit& one = of_lead[v];
            visit told{.lead = lead, .stage = stored.places()[one.place], .from = instant_at(one.from)};
            if (v + 1 < of_lead.size()) told.until = instant_at(of_lead[v + 1].from);
            told.entry = stored.entry(one);
            told.move = move_names[static_cast<std::size_t>(one.move)];
            told.cause = stored.cause(one);
            told.version = rules.versions.empty() ? rules.version : version_of(versions, stored.event(one));
            told.reason = stored.reason(one);
            told.stated = stored.is_stated(one);
            told.filled = one.move == move_kind::filled;
            visits.push_back(std::move(told));
        }
    }
    std::stable_sort(visits.begin(), visits.end(),
                     [](const visit& a, const visit& b) { return by_lead(a.lead, b.lead); });
    return visits;
}

std::vector<violation> read_violations(const snapshot::impl& data, const derived_layer& layer) {
    std::vector<violation> violations;
    for (const derived_layer::refusal& r : layer.refusals) {
        const bool time_out = r.event == refused_move::no_event;
        violations.push_back({lead_of(data.lead_key(r.lead)), instant_at(r.time),
                              time_out ? std::string() : std::string(data.event_name(r.event)), r.policy,
                              r.target});
    }
    // Inside an instant they have no order but that of their texts: arrival must not show.
    std::sort(violations.begin(), violations.end(), [](const violation& a, const violation& b) {
        if (a.lead != b.lead) return by_lead(a.lead, b.lead);
        return std::tie(a.time, a.target, a.policy, a.event) < std::tie(b.time, b.target, b.policy, b.event);
    });
    return violations;
}

cell or_null(const std::string& text) { return text.empty() ? cell{} : cell{text}; }

// The version is told where there are several.
table visits_table(const std::vector<visit>& visits, bool versions) {
    std::vector<column> columns{{"lead", column_type::text},       {"stage", column_type::text},
                                {"from", column_type::instant_us}, {"until", column_type::instant_us},
                                {"entry", column_type::integer},   {"move", column_type::text},
                                {"cause", column_type::text},      {"reason", column_type::text},
                                {"filled", column_type::boolean}};
    if (versions) columns.push_back({"version", column_type::integer});
    table t("visits", std::move(columns));
    for (const visit& v : visits) {
        std::vector<cell> cells{to_string(v.lead), v.stage, v.from,  v.until ? cell{*v.until} : cell{},
                                v.entry,           v.move,  v.cause, or_null(v.reason),
                                v.filled};
        if (versions) cells.emplace_back(std::int64_t{v.version});
        t.add_row(std::move(cells));
    }
    return t;
}

table violations_table(const std::vector<violation>& violations) {
    table t("violations", {{"lead", column_type::text},
                           {"time", column_type::instant_us},
                           {"event", column_type::text},
                           {"policy", column_type::text},
                           {"target", column_type::text}});
    for (const violation& v : violations) {
        t.add_row({to_string(v.lead), v.time, or_null(v.event), v.policy, v.target});
    }
    return t;
}

std::string counted(std::size_t n, const std::string& one) {
    return with_commas(static_cast<std::int64_t>(n)) + " " + one + (n == 1 ? "" : "s");
}

std::size_t leads_in(const std::vector<visit>& visits) {
    std::size_t leads = 0;
    for (std::size_t i = 0; i < visits.size(); ++i) {
        if (i == 0 || visits[i].lead != visits[i - 1].lead) ++leads;
    }
    return leads;
}

}  // namespace

result<stage_history> history(const snapshot& derived, std::string_view name) {
    return guarded([&] {
        const snapshot::impl& data = derived.data();
        const std::size_t at = data.layer_named(name);
        const derived_layer& layer = *data.layers[at];
        stage_history h;
        h.lifecycle = layer.lifecycle;
        if (data.last_raw()) h.as_of = instant_at(layer.as_of);
        h.notes = data.notes_of_layer(at);
        h.visits = read_visits(data, at);
        h.violations = read_violations(data, layer);
        return h;
    });
}

stage_history::operator answer() const {
    answer a;
    a.title = lifecycle.name + ": " + counted(visits.size(), "visit") + " of " +
              counted(leads_in(visits), "lead") + ", " + counted(violations.size(), "violation");
    a.question = to_json(lifecycle);
    a.as_of = as_of;
    a.notes = notes;
    a.tables = {visits_table(visits, !lifecycle.versions.empty()), violations_table(violations)};
    return a;
}

}  // namespace weir::inline v1
