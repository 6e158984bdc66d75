// preset_test.cpp - what other engines would say, by the vectors that tell them apart.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <weir.hpp>

#include "catch.hpp"

namespace {

using events =
    std::vector<std::pair<std::string, int>>;  // letters of the steps that one matches, and its time

weir::snapshot lead_with(const events& all) {
    weir::store store;
    for (const auto& [letters, time] : all) {
        weir::event e{.lead = "l", .name = "e", .time = weir::from_unix_microseconds(time)};
        for (const char c : letters) e.attributes.push_back({std::string(1, c), true});
        store.append(e).value();
    }
    return store.snapshot();
}

weir::funnel question(const std::string& preset, const std::string& steps, int within) {
    weir::funnel q{.within = weir::duration{within}, .preset = preset};
    for (const char c : steps)
        q.steps.push_back({"e", weir::attribute(std::string(1, c)) == true, {.name = std::string(1, c)}});
    return q;
}

std::int64_t level(const std::string& preset, const std::string& steps, const events& all, int within = 10) {
    std::int64_t level = 0;
    for (const auto& row : measure(lead_with(all), question(preset, steps, within)).value().rows)
        level += row.leads;
    return level;
}

const std::string clickhouse = "clickhouse_window_funnel_0882b32b";
const std::string increase = clickhouse + "+strict_increase", once = clickhouse + "+strict_once",
                  in_order = clickhouse + "+strict_order", unique = clickhouse + "+strict_deduplication";

std::string refusal(const weir::funnel& q) {
    const auto checked = check(q);
    return checked ? "" : to_string(checked.error());
}

}  // namespace

TEST_CASE("preset: one event climbs several steps of windowFunnel, and only one under strict_once") {
    CHECK(level(clickhouse, "AB", {{"AB", 1}}) == 2);
    CHECK(level(increase, "AB", {{"AB", 1}}) == 1);
    CHECK(level(once, "AB", {{"AB", 1}}) == 1);
    CHECK(level("", "AB", {{"AB", 1}}) == 1);
    CHECK(level(clickhouse, "ABC", {{"ABC", 1}, {"ABC", 2}, {"ABC", 3}}) == 3);
    CHECK(level(increase, "ABC", {{"ABC", 1}, {"ABC", 2}, {"ABC", 3}}) == 1);
}

TEST_CASE("preset: windowFunnel takes equal times in the order of the steps, its window with the edge") {
    CHECK(level(clickhouse, "AB", {{"B", 1}, {"A", 1}}) == 2);
    CHECK(level(increase, "AB", {{"A", 1}, {"B", 1}}) == 1);
    CHECK(level(clickhouse, "AB", {{"A", 0}, {"B", 10}}) == 2);
    CHECK(level(clickhouse, "AB", {{"A", 0}, {"B", 11}}) == 1);
    CHECK(level(clickhouse, "AB", {{"A", 1}, {"A", 8}, {"B", 12}}, 5) == 2);
    CHECK(level(clickhouse, "AB", {}) == 0);
}

TEST_CASE("preset: strict_increase knows one state of each step, and counts too little") {
    const events v7{{"A", 1}, {"B", 2}, {"B", 3}, {"C", 3}};
    CHECK(level(increase, "ABC", v7) == 2);
    CHECK(level(clickhouse, "ABC", v7) == 3);
    const events a{{"A", 1}, {"B", 2}, {"C", 2}, {"D", 2}, {"B", 3},
                   {"C", 3}, {"D", 3}, {"B", 4}, {"C", 4}, {"D", 4}};
    CHECK(level(increase, "ABCD", a) == 2);
    CHECK(level(clickhouse, "ABCD", a) == 4);
}

TEST_CASE("preset: strict_order ends at a foreign event, strict_deduplication at a step that comes again") {
    CHECK(level(in_order, "ABC", {{"A", 1}, {"B", 2}, {"", 3}, {"C", 4}}) == 2);
    CHECK(level(clickhouse, "ABC", {{"A", 1}, {"B", 2}, {"", 3}, {"C", 4}}) == 3);
    CHECK(level(in_order, "ABC", {{"A", 1}, {"A", 2}, {"B", 3}, {"C", 4}}) == 3);
    CHECK(level(in_order, "ABC", {{"A", 1}, {"B", 2}, {"A", 3}, {"C", 4}}) == 2);
    CHECK(level(in_order + "+allow_reentry", "ABC", {{"A", 1}, {"B", 2}, {"A", 3}, {"C", 4}}) == 3);
    CHECK(level(in_order, "ABC", {{"A", 1}, {"C", 2}, {"B", 3}}) == 1);
    CHECK(level(unique, "ABCD", {{"A", 1}, {"B", 2}, {"C", 3}, {"B", 4}, {"D", 5}}) == 3);
}

TEST_CASE("preset: PostHog's funnels are axes, and 14 days if no window is given") {
    const std::string posthog = "posthog_funnel_2022_";
    CHECK(level(posthog + "ordered", "ABC", {{"A", 1}, {"", 2}, {"B", 3}}) == 2);
    CHECK(level(posthog + "strict", "ABC", {{"A", 1}, {"", 2}, {"B", 3}}) == 1);
    CHECK(level(posthog + "unordered", "ABC", {{"B", 1}, {"", 2}, {"A", 3}}) == 2);
    const auto days = [](int n) { return weir::instant{} + std::chrono::days{n}; };
    weir::store store;
    store.append({.lead = "l", .name = "a", .time = days(0)}).value();
    store.append({.lead = "l", .name = "b", .time = days(15)}).value();
    weir::funnel q{.steps = {"a", "b"}, .preset = posthog + "ordered"};
    CHECK(measure(store.snapshot(), q).value().rows.back().leads == 0);
    q.within = std::chrono::days{15};
    const auto answer = measure(store.snapshot(), q).value();
    CHECK(answer.find("b")->leads == 1);
    CHECK(to_json(answer.question) ==
          R"({"funnel":{"steps":["a","b"],"within":"15d","preset":"posthog_funnel_2022_ordered"}})");
    CHECK(weir::funnel_from_json(to_json(q)).value() == q);
}

TEST_CASE("preset: what a preset decides, or does not know, is refused beside it") {
    weir::funnel q{.steps = {"a", "b"}, .preset = clickhouse};
    CHECK(refusal(q).empty());
    q.ties = weir::ties::strictly_later;
    CHECK(refusal(q) == "ties: the preset \"" + clickhouse + "\" decides ties itself (invalid_question)");
    q = {.steps = {"a", "b"}, .preset = clickhouse, .exclude = {{.event = "x"}}};
    CHECK(refusal(q) == "exclude: the preset \"" + clickhouse + "\" has no exclusions (invalid_question)");
    q = {.steps = {"a", {"b", {.max_gap = weir::duration{1}}}}, .preset = clickhouse};
    CHECK(refusal(q) == "steps[1]: the preset \"" + clickhouse +
                            "\" has no optional or repeated steps, no blocks and no gaps (invalid_question)");
    q = {.steps = {"a", "b"}, .preset = "posthog_funnel_2022_ordred"};
    CHECK(refusal(q) ==
          "preset: found \"posthog_funnel_2022_ordred\", expected "
          "clickhouse_window_funnel_0882b32b, posthog_funnel_2022_ordered, "
          "posthog_funnel_2022_strict, posthog_funnel_2022_unordered; did you mean "
          "\"posthog_funnel_2022_ordered\"? (unknown_name)");
    q.preset = clickhouse + "+strict_odrer";
    CHECK(refusal(q) ==
          "preset: found \"strict_odrer\", expected strict_deduplication, strict_order, "
          "strict_increase, strict_once, allow_reentry; did you mean \"strict_order\"? (unknown_name)");
}
