// explain_answer.cpp - why a lead is in its stage, as an answer.
#include <algorithm>
#include <string>
#include <utility>

#include <weir/explain.hpp>

#include <fmt/format.h>

namespace weir::inline v1 {
namespace {

template <class T> cell or_null(const std::optional<T>& v) { return v ? cell(*v) : cell(); }
cell or_null(const std::string& text) { return text.empty() ? cell() : cell(text); }

std::string title_of(const lifecycle_explanation& e) {
    const std::string lead = to_string(e.lead);
    if (e.moves.empty()) return fmt::format("{} is in no stage of {}", lead, e.lifecycle.name);
    const explained_move& last = e.moves.back();
    return fmt::format("{} is in {} since {}, by {}", lead, e.stage, to_string(*e.since), last.rule);
}

table moves_table(const lifecycle_explanation& e) {
    table out("moves", {{"time", column_type::instant_us},
                        {"from", column_type::text},
                        {"stage", column_type::text},
                        {"move", column_type::text},
                        {"entry", column_type::integer},
                        {"rule", column_type::text},
                        {"version", column_type::integer},
                        {"trigger", column_type::text},
                        {"event", column_type::text},
                        {"reason", column_type::text}});
    for (const auto& m : e.moves)
        out.add_row({m.time, or_null(m.from), m.stage, m.move, m.entry, m.rule, std::int64_t{m.version},
                     m.trigger, or_null(m.event), or_null(m.reason)});
    return out;
}

table proposals_table(const lifecycle_explanation& e) {
    table out("proposals", {{"time", column_type::instant_us},
                            {"rule", column_type::text},
                            {"event", column_type::text},
                            {"from", column_type::text},
                            {"to", column_type::text},
                            {"why_not", column_type::text}});
    for (const auto& p : e.proposals)
        out.add_row({p.time, p.rule, or_null(p.event), or_null(p.from), or_null(p.to), p.why});
    return out;
}

table rules_table(const lifecycle_explanation& e) {
    table out("rules", {{"rule", column_type::text},
                        {"to", column_type::text},
                        {"condition", column_type::text},
                        {"holds", column_type::boolean},
                        {"nearly_fired", column_type::boolean},
                        {"remaining", column_type::duration_us}});
    for (const auto& r : e.rules)
        for (const auto& c : r.conditions)
            out.add_row({r.rule, or_null(r.to), c.text, c.holds, r.nearly, or_null(r.remaining)});
    return out;
}

table events_table(const lifecycle_explanation& e) {
    table out("events", {{"time", column_type::instant_us},
                         {"event", column_type::text},
                         {"part", column_type::text},
                         {"attributes", column_type::text}});
    for (const auto& x : e.events) {
        std::string text;
        for (const auto& a : x.event.attributes)
            text += fmt::format("{}{}={}", text.empty() ? "" : " ", a.name, to_string(a.value));
        out.add_row({x.event.time, x.event.name, x.part, text});
    }
    return out;
}

}  // namespace

lifecycle_explanation::operator answer() const {
    answer a{.title = title_of(*this), .question = to_json(lifecycle), .as_of = as_of, .notes = notes};
    a.tables = {moves_table(*this), proposals_table(*this), rules_table(*this), events_table(*this)};
    return a;
}

}  // namespace weir::inline v1
