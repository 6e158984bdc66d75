#include "funnel/preset.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/fail.hpp"
#include "base/text.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::string_view clickhouse = "clickhouse_window_funnel_0882b32b";
constexpr std::array<std::string_view, 5> modes{"strict_deduplication", "strict_order", "strict_increase",
                                                "strict_once", "allow_reentry"};
constexpr std::string_view posthog_ordered = "posthog_funnel_2022_ordered";
constexpr std::string_view posthog_strict = "posthog_funnel_2022_strict";
constexpr std::string_view posthog_unordered = "posthog_funnel_2022_unordered";

[[noreturn]] void sets_itself(const funnel& q, std::string_view what) {
    fail(errc::invalid_question, fmt::format("the preset {} decides {} itself", quoted(q.preset), what),
         std::string(what));
}

// What every preset sets.
void check_axes(const funnel& q) {
    const funnel standard;
    if (q.order != standard.order) sets_itself(q, "order");
    if (q.ties != standard.ties) sets_itself(q, "ties");
    if (q.clock != standard.clock) sets_itself(q, "clock");
    if (q.entry != standard.entry) sets_itself(q, "entry");
    if (q.counting != standard.counting) sets_itself(q, "counting");
    if (q.on_exclusion != standard.on_exclusion) sets_itself(q, "on_exclusion");
    if (q.breaks != standard.breaks) sets_itself(q, "breaks");
}

[[noreturn]] void unknown(std::string_view found, const std::vector<std::string>& known) {
    std::string all;
    for (const auto& name : known) all += (all.empty() ? "" : ", ") + name;
    fail(errc::unknown_name,
         fmt::format("found {}, expected {}{}", quoted(found), all, did_you_mean(found, known)), "preset");
}

std::vector<std::string_view> modes_of(const funnel& q) {
    std::vector<std::string_view> found;
    std::string_view rest = std::string_view(q.preset).substr(clickhouse.size());
    while (!rest.empty()) {
        rest.remove_prefix(1);  // the plus
        const auto mode = rest.substr(0, rest.find('+'));
        if (std::find(modes.begin(), modes.end(), mode) == modes.end())
            unknown(mode, std::vector<std::string>(modes.begin(), modes.end()));
        found.push_back(mode);
        rest.remove_prefix(mode.size());
    }
    return found;
}

bool is_clickhouse(const funnel& q) {
    const std::string_view name = q.preset;
    return name.substr(0, name.find('+')) == clickhouse;
}

// Its steps are conditions and no more.
void check_clickhouse(const funnel& q) {
    const auto has_no = [&](std::string_view what, std::string where) {
        fail(errc::invalid_question, fmt::format("the preset {} has no {}", quoted(q.preset), what),
             std::move(where));
    };
    if (!q.exclude.empty()) has_no("exclusions", "exclude");
    if (!q.hold.empty()) has_no("hold", "hold");
    if (q.by_value.which() == by_value::kind::each_value) has_no("groups by each value", "by_value");
    for (std::size_t k = 0; k < q.steps.size(); ++k) {
        const step& s = q.steps[k];
        if (s.optional || s.at_least != 1 || s.min_gap || s.max_gap || !s.members.empty())
            has_no("optional or repeated steps, no blocks and no gaps", fmt::format("steps[{}]", k));
    }
}

}  // namespace

std::optional<window_funnel_modes> window_funnel_of(const funnel& q) {
    if (!is_clickhouse(q)) return std::nullopt;
    window_funnel_modes m;
    const auto found = modes_of(q);
    if (found.size() == 1 && found.front() == "strict_once") return std::nullopt;  // that is ties::together
    for (const auto mode : found) {
        if (mode == "strict_deduplication") m.strict_deduplication = true;
        if (mode == "strict_order") m.strict_order = true;
        if (mode == "strict_increase") m.strict_increase = true;
        if (mode == "allow_reentry") m.allow_reentry = true;
        if (mode == "strict_once")
            fail(errc::unsupported, "strict_once beside other modes is not supported by this version",
                 "preset");
    }
    return m;
}

funnel of_each_lead(funnel q) {
    q.by.clear();
    q.by_value = {};
    q.bucket = {};
    q.histogram.clear();
    q.list.reset();
    return q;
}

funnel resolved(const funnel& asked) {
    funnel q = asked;
    if (q.preset.empty()) return q;
    check_axes(q);
    if (is_clickhouse(q)) {
        check_clickhouse(q);
        const auto m = window_funnel_of(q);
        if (m && m->strict_order) q.order = order::adjacent;  // it has to see every event
        return q;
    }
    if (!q.within || *q.within <= duration{}) q.within = std::chrono::days{14};
    if (q.preset == posthog_ordered) {
        q.on_exclusion = on_exclusion::disqualify;
        return q;
    }
    if (q.preset == posthog_strict) {
        if (!q.exclude.empty())
            fail(errc::invalid_question, "adjacent steps of PostHog have no exclusions", "exclude");
        q.order = order::adjacent;
        return q;
    }
    if (q.preset != posthog_unordered)
        unknown(q.preset, {std::string(clickhouse), std::string(posthog_ordered), std::string(posthog_strict),
                           std::string(posthog_unordered)});
    q.order = order::any_order;
    return q;
}

}  // namespace weir::inline v1
