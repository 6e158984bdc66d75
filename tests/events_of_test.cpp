// A journey shows what a question sees of one lead.
#include <string>
#include <vector>

#include <weir.hpp>

#include "catch.hpp"

namespace {

weir::instant at(std::int64_t second) { return weir::from_unix_microseconds(second * 1'000'000); }

// "name@second attribute=value ..."
std::vector<std::string> lines(const std::vector<weir::event>& events) {
    std::vector<std::string> all;
    for (const auto& e : events) {
        std::string line = e.name + '@' + std::to_string(e.time.time_since_epoch().count() / 1'000'000);
        for (const auto& a : e.attributes) line += ' ' + a.name + '=' + to_string(a.value);
        all.push_back(line);
    }
    return all;
}

std::vector<std::string> journey(const weir::snapshot& s, const weir::lead_id& lead) {
    return lines(weir::events_of(s, lead).value());
}

}  // namespace

TEST_CASE("events_of: a lead's events in order of time, equal times in order of arrival, over all segments") {
    weir::store s;
    s.append({.lead = 1, .name = "c", .time = at(5), .attributes = {{"z", 1}, {"a", "x"}}}).value();
    s.append({.lead = 2, .name = "other", .time = at(1)}).value();
    s.append({.lead = 1, .name = "b", .time = at(5), .id = "kept nowhere"}).value();
    s.append({.lead = 1, .name = "a", .time = at(2), .attributes = {{"price", weir::money{1999, "EUR"}}}})
        .value();
    const std::vector<std::string> wanted{"a@2 price=19.99 EUR", "c@5 a=x z=1", "b@5"};
    CHECK(journey(s.snapshot(), 1) == wanted);
    s.seal().value();
    CHECK(journey(s.snapshot(), 1) == wanted);
    const auto events = weir::events_of(s.snapshot(), 1).value();
    CHECK(events.front().lead == weir::lead_id(1));
    CHECK(events.back().id.empty());
}

TEST_CASE("events_of: an unknown lead, an erased one and an empty snapshot have no events") {
    weir::store s;
    CHECK(journey(weir::snapshot(), "nobody").empty());
    s.append({.lead = "a", .name = "x", .time = at(1)}).value();
    const auto before = s.snapshot();
    CHECK(journey(before, "nobody").empty());
    CHECK(journey(before, weir::lead_id("email", "a")).empty());
    s.erase("a").value();
    CHECK(journey(s.snapshot(), "a").empty());
    CHECK(journey(before, "a").size() == 1);
}

TEST_CASE("events_of: a stage event stands behind its cause and shows its attributes") {
    weir::store s;
    s.append({.lead = 1, .name = "signup", .time = at(3), .attributes = {{"channel", "ads"}}}).value();
    const weir::lifecycle l{
        .name = "l", .stages = {{"visitor"}}, .rules = {{.to = "visitor", .event = "signup"}}};
    const auto derived = derive(s.snapshot(), l).value();
    const auto events = weir::events_of(derived, 1).value();
    REQUIRE(events.size() == 2);
    CHECK(events[0].name == "signup");
    CHECK(events[1].name != "signup");
    const auto shown = lines(events)[1];
    CHECK(shown.find(" channel=ads") != std::string::npos);
    CHECK(shown.find(" entry=1") != std::string::npos);
}

TEST_CASE("explain_plan: a note says what was read, and only if it was asked for") {
    weir::store s;
    for (int lead = 0; lead < 10; ++lead) {
        s.append({.lead = lead, .name = "a", .time = at(1)}).value();
        if (lead < 3) s.append({.lead = lead, .name = "b", .time = at(2)}).value();
    }
    s.seal().value();
    const weir::funnel q{.steps = {"a", "b"}};
    const auto plain = measure(s.snapshot(), q).value();
    const auto told = measure(s.snapshot(), q, {.explain_plan = true}).value();
    CHECK(plain.notes.empty());
    REQUIRE(told.notes.size() == 1);
    CHECK(told.notes[0].find("plan: 1 of 1 segments, 10 masks of leads") == 0);
    CHECK(told.notes[0].find("7 leads counted by masks alone, 3 leads and 6 of 13 events read") !=
          std::string::npos);
    CHECK((told.rows == plain.rows));

    const weir::lifecycle l{.name = "l",
                            .stages = {"one", "two"},
                            .rules = {{.to = "one", .event = "a"}, {.to = "two", .event = "b"}}};
    const auto stages = derive(s.snapshot(), l).value();
    const auto flow = measure(stages, weir::flow{}, {.explain_plan = true}).value();
    REQUIRE(flow.notes.size() == 1);
    CHECK(flow.notes[0] == "plan: 13 visits of 10 leads read from the stages alone; 1 threads");
}
