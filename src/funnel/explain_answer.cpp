// explain_answer.cpp - an explanation as an answer, under a title that states the finding.
#include <array>
#include <string>
#include <utility>

#include <weir/explain.hpp>

#include <fmt/format.h>

#include "base/text.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::array<std::string_view, 4> standings{"reached", "open", "stopped", "excluded"};
constexpr std::array<std::string_view, 12> obstacles{
    "no_such_event", "event_used_once", "tie",   "window", "gap",   "excluded",
    "adjacency",     "held_value",      "entry", "period", "order", "several"};

template <class T> cell or_null(const std::optional<T>& v) { return v ? cell(*v) : cell(); }
cell or_null(const std::string& text) { return text.empty() ? cell() : cell(text); }
cell or_null(int n) { return n == 0 ? cell() : cell(std::int64_t{n}); }

std::string title_of(const funnel_explanation& e) {
    const std::string lead = to_string(e.lead);
    const auto steps = e.question.steps.size();
    const std::string at = e.step == 0 ? "before step 1" : fmt::format("at step {} of {}", e.step, steps);
    switch (e.standing) {
        case standing::reached: return fmt::format("{} reaches the last of {} steps", lead, steps);
        case standing::excluded: return fmt::format("{} is excluded: {}", lead, e.reason);
        case standing::open:
            if (e.remaining)
                return fmt::format("{} is {}, open for {}: {}", lead, at, to_string(*e.remaining), e.reason);
            return fmt::format("{} is {}, still open: {}", lead, at, e.reason);
        case standing::stopped: break;
    }
    return fmt::format("{} stops {}: {}", lead, at, e.reason);
}

table standing_table(const funnel_explanation& e) {
    table out("standing", {{"lead", column_type::text},
                           {"standing", column_type::text},
                           {"step", column_type::integer},
                           {"remaining", column_type::duration_us},
                           {"deadline", column_type::instant_us},
                           {"entry", column_type::integer},
                           {"span", column_type::duration_us},
                           {"slack", column_type::duration_us}});
    out.add_row({to_string(e.lead), std::string(to_string(e.standing)), std::int64_t{e.step},
                 or_null(e.remaining), or_null(e.deadline), or_null(e.entry), or_null(e.span),
                 or_null(e.slack)});
    return out;
}

// A row if there is one.
table obstacle_table(const funnel_explanation& e) {
    table out("obstacle", {{"obstacle", column_type::text},
                           {"together", column_type::text},
                           {"missed_by", column_type::duration_us},
                           {"reason", column_type::text},
                           {"change", column_type::text}});
    if (!e.obstacle) return out;
    std::string together;
    for (const obstacle o : e.together)
        together += (together.empty() ? "" : ", ") + std::string(to_string(o));
    out.add_row({std::string(to_string(*e.obstacle)), or_null(together), or_null(e.missed_by),
                 or_null(e.reason), or_null(e.change)});
    return out;
}

std::string attributes_of(const event& e) {
    std::string text;
    for (const auto& a : e.attributes)
        text += fmt::format("{}{}={}", text.empty() ? "" : " ", a.name, to_string(a.value));
    return text;
}

table events_table(const funnel_explanation& e) {
    table out("events", {{"time", column_type::instant_us},
                         {"event", column_type::text},
                         {"part", column_type::text},
                         {"step", column_type::integer},
                         {"gap", column_type::duration_us},
                         {"attributes", column_type::text}});
    for (const auto& x : e.events)
        out.add_row(
            {x.event.time, x.event.name, x.part, or_null(x.step), or_null(x.gap), attributes_of(x.event)});
    return out;
}

table starts_table(const funnel_explanation& e) {
    table out("starts", {{"time", column_type::instant_us},
                         {"level", column_type::integer},
                         {"last", column_type::instant_us},
                         {"verdict", column_type::text}});
    for (const auto& s : e.starts) out.add_row({s.time, std::int64_t{s.level}, s.last, s.verdict});
    return out;
}

}  // namespace

std::string_view to_string(standing s) noexcept { return standings[static_cast<std::size_t>(s)]; }
std::string_view to_string(obstacle o) noexcept { return obstacles[static_cast<std::size_t>(o)]; }

funnel_explanation::operator answer() const {
    answer a{.title = title_of(*this), .question = to_json(question), .as_of = as_of, .notes = notes};
    if (!change.empty()) a.notes.push_back("it would get further with: " + change);
    a.tables = {standing_table(*this), obstacle_table(*this), events_table(*this), starts_table(*this)};
    return a;
}

}  // namespace weir::inline v1
