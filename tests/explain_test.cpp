// explain_test.cpp - why one lead counts at its step and not at the next one.
#include <string>
#include <vector>

#include <weir.hpp>

#include "catch.hpp"

namespace {

using weir::duration;
using weir::obstacle;
using weir::standing;

constexpr auto us = weir::from_unix_microseconds;

struct did {
    const char* name;
    int time;
    std::vector<weir::named_value> attributes{};
};
weir::snapshot ana(const std::vector<did>& events) {
    weir::store store;
    for (const auto& e : events)
        store.append({.lead = "ana", .name = e.name, .time = us(e.time), .attributes = e.attributes}).value();
    return store.snapshot();
}

weir::funnel_explanation ask(const std::vector<did>& events, const weir::funnel& q) {
    return explain(ana(events), q, "ana").value();
}

std::string parts(const weir::funnel_explanation& e) {
    std::string all;
    for (const auto& x : e.events) {
        all += (all.empty() ? "" : " ") + x.event.name + "=" + x.part;
        if (x.step > 0) all += std::to_string(x.step);
    }
    return all;
}

}  // namespace

TEST_CASE("explain: a lead that reached the last step: chain, gaps, slack, entry, other starts") {
    const auto e = ask({{"a", 1}, {"a", 3}, {"x", 4}, {"b", 5}, {"a", 6}},
                       {.steps = {"a", "b"}, .within = duration{10}});
    CHECK(e.standing == standing::reached);
    CHECK(e.step == 2);
    CHECK(parts(e) == "a=chain1 b=chain2");
    CHECK(e.events[1].gap == duration{2});
    CHECK(e.span == duration{2});
    CHECK(e.slack == duration{8});
    CHECK(e.entry == 2);
    CHECK_FALSE(e.obstacle);
    REQUIRE(e.starts.size() == 3);
    CHECK(e.starts[0].verdict == "begins earlier");
    CHECK(e.starts[1].verdict == "counts");
    CHECK(e.starts[2].verdict == "goes less far");
    CHECK(weir::answer(e).title == "ana reaches the last of 2 steps");
}

TEST_CASE("explain: no such event, and what is near") {
    const auto e = ask({{"a", 1}, {"b", 2, {{"source", "mail"}}}, {"z", 50}},
                       {.steps = {"a", {"b", weir::attribute("source") == "ads"}}, .within = duration{10}});
    CHECK(e.standing == standing::stopped);
    CHECK(e.obstacle == obstacle::no_such_event);
    CHECK(e.step == 1);
    CHECK(parts(e) == "a=chain1 b=near");
    CHECK(e.reason ==
          "no event up to 1970-01-01T00:00:00.00005Z matches step 2, \"b\"; 1 event of that name fails "
          "source == "
          "'ads', the last at 1970-01-01T00:00:00.000002Z");
    CHECK(e.change ==
          "one more event of step 2, \"b\", as at 1970-01-01T00:00:00.000002Z or at "
          "1970-01-01T00:00:00.000011Z");
}

TEST_CASE("explain: what is missing of a block in any order") {
    const weir::funnel q{.steps = {"a", weir::in_any_order({"b", "c"}), "d"}, .within = duration{10}};
    const auto e = ask({{"a", 1}, {"c", 2}, {"z", 50}}, q);
    CHECK(e.obstacle == obstacle::no_such_event);
    CHECK(e.step == 1);
    CHECK(e.level == 2);
    CHECK(parts(e) == "a=chain1 c=chain2");
    CHECK(e.reason ==
          "no event up to 1970-01-01T00:00:00.00005Z matches step 2, \"b+c\" (2 of 2): \"b\" is missing");
    const auto late = ask({{"a", 1}, {"c", 2}, {"b", 18}}, q);
    CHECK(late.obstacle == obstacle::window);
    CHECK(late.missed_by == duration{7});
    const auto open = ask({{"a", 1}, {"b", 2}}, q);
    CHECK(open.standing == standing::open);
    CHECK(open.deadline == us(11));
    const auto one = ask({{"a", 1}, {"c", 2}, {"d", 3}},
                         {.steps = {"a", weir::in_any_order({"c", weir::any_of{"c", "e"}}), "d"}});
    CHECK(one.obstacle == obstacle::event_used_once);
}

TEST_CASE("explain: an event that would have to fill two steps") {
    const auto e = ask({{"a", 1}}, {.steps = {"a", "a"}, .within = duration{10}, .as_of = us(99)});
    CHECK(e.obstacle == obstacle::event_used_once);
    CHECK(e.reason ==
          "\"a\" at 1970-01-01T00:00:00.000001Z would have to fill two steps, step 1, \"a\" and step 2, "
          "\"a\"");
}

TEST_CASE("explain: events of equal time under stricter ties") {
    const auto e = ask(
        {{"a", 1}, {"b", 1}},
        {.steps = {"a", "b"}, .within = duration{10}, .ties = weir::ties::strictly_later, .as_of = us(99)});
    CHECK(e.obstacle == obstacle::tie);
    CHECK(e.change == "ties \"together\"");
    CHECK(e.reason.find("\"a\" and \"b\" have the same time") == 0);
}

TEST_CASE("explain: a window that was missed, and by how much at least") {
    const auto e = ask({{"a", 1}, {"b", 20}, {"a", 30}, {"b", 47}, {"z", 99}},
                       {.steps = {"a", "b"}, .within = duration{10}});
    CHECK(e.standing == standing::stopped);
    CHECK(e.obstacle == obstacle::window);
    CHECK(e.missed_by == duration{7});
    CHECK(e.change == "a window of 17us, 7us more");
    CHECK(parts(e) == "a=chain1 a=beyond1 b=beyond2");
}

TEST_CASE("explain: a gap that was missed, below and above") {
    const weir::funnel longest{.steps = {"a", {"b", {.max_gap = duration{4}}}}, .as_of = us(99)};
    const auto above = ask({{"a", 1}, {"b", 8}}, longest);
    CHECK(above.obstacle == obstacle::gap);
    CHECK(above.missed_by == duration{3});
    CHECK(above.change == "a max_gap of 7us at step 2, 3us more");
    const weir::funnel least{
        .steps = {"a", {"b", {.min_gap = duration{4}}}}, .within = duration{10}, .as_of = us(99)};
    const auto below = ask({{"a", 1}, {"b", 3}}, least);
    CHECK(below.obstacle == obstacle::gap);
    CHECK(below.missed_by == duration{2});
    CHECK(below.change == "a min_gap of 2us at step 2, 2us less");
}

TEST_CASE("explain: an exclusion, and the one event that matters") {
    const weir::funnel q{
        .steps = {"a", "b"}, .within = duration{10}, .exclude = {{.event = "x"}}, .as_of = us(99)};
    const auto e = ask({{"x", 0}, {"a", 1}, {"x", 2}, {"b", 3}}, q);
    CHECK(e.obstacle == obstacle::excluded);
    CHECK(e.change == "without \"x\" at 1970-01-01T00:00:00.000002Z");
    CHECK(parts(e) == "a=chain1 x=excludes b=beyond2");
    weir::funnel strict = q;
    strict.on_exclusion = weir::on_exclusion::disqualify;
    const auto out = ask({{"x", 0}, {"a", 1}, {"x", 2}, {"b", 3}}, strict);
    CHECK(out.standing == standing::excluded);
    CHECK(out.step == 0);
    CHECK(out.change == "without \"x\" at 1970-01-01T00:00:00.000002Z");
}

TEST_CASE("explain: events between adjacent steps") {
    const auto e =
        ask({{"a", 1}, {"x", 2}, {"y", 2}, {"b", 3}},
            {.steps = {"a", "b"}, .within = duration{5}, .order = weir::order::adjacent, .as_of = us(99)});
    CHECK(e.obstacle == obstacle::adjacency);
    CHECK(e.change == "without the events between");
    CHECK(parts(e) == "a=chain1 x=between y=between b=beyond2");
}

TEST_CASE("explain: values that are not held") {
    const auto e = ask({{"a", 1, {{"p", 1}}}, {"b", 3, {{"p", 2}}}},
                       {.steps = {"a", "b"}, .within = duration{5}, .hold = "p", .as_of = us(99)});
    CHECK(e.obstacle == obstacle::held_value);
    CHECK(e.reason ==
          "\"p\" is \"1\" at 1970-01-01T00:00:00.000001Z and \"2\" at 1970-01-01T00:00:00.000003Z");
}

TEST_CASE("explain: a later start that would do, and a start outside the period") {
    const auto e = ask({{"a", 1}, {"x", 2}, {"a", 8}, {"b", 12}}, {.steps = {"a", "b"},
                                                                   .within = duration{5},
                                                                   .entry = weir::entry::first,
                                                                   .exclude = {{.event = "x"}},
                                                                   .as_of = us(99)});
    CHECK(e.obstacle == obstacle::entry);
    CHECK(e.change == "entry \"best\"");
    CHECK(parts(e) == "a=chain1 a=beyond1 b=beyond2");
    const auto early =
        ask({{"a", 1}, {"b", 12}},
            {.steps = {"a", "b"}, .period = {.from = us(3), .until = us(50)}, .as_of = us(99)});
    CHECK(early.obstacle == obstacle::period);
    CHECK(early.missed_by == duration{2});
    CHECK(early.change == "a period from 1970-01-01T00:00:00.000001Z");
}

TEST_CASE("explain: another order, and several obstacles at once") {
    const auto e = ask({{"b", 1}, {"a", 2}}, {.steps = {"a", "b"}, .within = duration{10}, .as_of = us(99)});
    CHECK(e.obstacle == obstacle::order);
    CHECK(e.reason == "the steps were done in another order: \"b\", \"a\"");
    const auto many =
        ask({{"a", 1}, {"x", 2}, {"b", 30}},
            {.steps = {"a", "b"}, .within = duration{10}, .exclude = {{.event = "x"}}, .as_of = us(99)});
    CHECK(many.obstacle == obstacle::several);
    CHECK(many.together ==
          std::vector<obstacle>{obstacle::event_used_once, obstacle::window, obstacle::excluded});
}

TEST_CASE("explain: still open, with the time that remains") {
    const auto e = ask({{"a", 1}, {"a", 6}, {"x", 8}}, {.steps = {"a", "b"}, .within = duration{10}});
    CHECK(e.standing == standing::open);
    CHECK(e.deadline == us(16));
    CHECK(e.remaining == duration{8});
    CHECK(e.obstacle == obstacle::no_such_event);
    CHECK(e.change == "one more event of step 2, \"b\" by 1970-01-01T00:00:00.000016Z");
    CHECK(weir::answer(e).title.find("ana is at step 1 of 2, open for 8us: ") == 0);
    const auto unlimited = ask({{"a", 1}}, {.steps = {"a", "b"}});
    CHECK(unlimited.standing == standing::open);
    CHECK_FALSE(unlimited.deadline);
    const auto one_by_one = ask({{"a", 1}, {"a", 5}}, {.steps = {"a", {"b", {.max_gap = duration{3}}}}});
    CHECK(one_by_one.deadline == us(8));
}

TEST_CASE("explain: a lead that is not there stands at level 0") {
    const auto e = explain(ana({{"a", 1}}), weir::funnel{.steps = {"a", "b"}}, "bob").value();
    CHECK(e.level == 0);
    CHECK(e.events.empty());
    CHECK(e.notes == std::vector<std::string>{"there is no event of lead \"bob\""});
    CHECK(explain(weir::snapshot{}, weir::funnel{.steps = {"a"}}, "bob").value().level == 0);
    const auto refused = explain(ana({{"a", 1}}), weir::funnel{}, "ana");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == weir::errc::invalid_question);
}

TEST_CASE("explain: where accounts are counted, an account is named, and its leads' events are its own") {
    weir::store store;
    store.append({.lead = "ana", .name = "a", .time = us(1), .attributes = {{"firm", "acme"}}}).value();
    store.append({.lead = "ben", .name = "b", .time = us(2), .attributes = {{"firm", "acme"}}}).value();
    const weir::funnel q{.steps = {"a", "b"}, .counting = weir::counting::accounts, .account = "firm"};
    const auto e = explain(store.snapshot(), q, "acme").value();
    CHECK(e.step == 2);
    CHECK(parts(e) == "a=chain1 b=chain2");
    CHECK(explain(store.snapshot(), q, "ana").value().step == 0);
}

TEST_CASE("explain: an explanation is an answer of four tables") {
    const weir::answer a = ask({{"a", 1}, {"b", 2}}, {.steps = {"a", "b"}});
    REQUIRE(a.tables.size() == 4);
    CHECK(a.find("obstacle")->row_count() == 0);
    CHECK(a.notes.empty());
    CHECK(a.find("standing")->get<std::string>(0, "standing").value() == "reached");
    CHECK(a.find("events")->row_count() == 2);
    CHECK(a.find("starts")->get<std::string>(0, "verdict").value() == "counts");
    CHECK(to_json(a).find("\"name\":\"standing\"") != std::string::npos);
}
