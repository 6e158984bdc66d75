// lifecycle_fold_test.cpp - how the events of a lead become visits: the vectors, then each rule of the fold.
#include <limits>

#include <weir/lifecycle.hpp>

#include "catch.hpp"
#include "lifecycle_story.hpp"

using namespace weir_test::stories;

// ---- The fold: vectors

TEST_CASE("lifecycle: L1 a jump is one direct move, fill visits what it skips, reject refuses it") {
    lifecycle l = deals();
    const std::string told_so = "lead@1 sql@4 customer@6";
    CHECK(visits(lived(told_so, l)) == "lead[1,4)#1 sql[4,6)#1 customer[6,-)#1");
    CHECK(moves(lived(told_so, l)) == "created jump advance");

    l.skipped = skipped::fill;
    const auto filled = lived(told_so, l);
    CHECK(visits(filled) == "lead[1,4)#1 mql[4,4)#1 sql[4,6)#1 customer[6,-)#1");
    CHECK(moves(filled) == "created filled advance advance");
    CHECK(filled.visits[1].filled);
    CHECK_FALSE(filled.visits[2].filled);

    l.skipped = skipped::reject;
    CHECK(visits(lived(told_so, l)) == "lead[1,-)#1");
    CHECK(violations(lived(told_so, l)) == "skipped@4:sql skipped@6:customer");
}

TEST_CASE("lifecycle: L2 a move back begins a new entry, or is a violation") {
    lifecycle l = deals();
    CHECK(visits(lived("mql@1 lead@3 mql@5", l)) == "mql[1,3)#1 lead[3,5)#2 mql[5,-)#2");
    CHECK(moves(lived("mql@1 lead@3 mql@5", l)) == "created recycle advance");
    l.backward = backward::reject;
    CHECK(visits(lived("mql@1 lead@3 mql@5", l)) == "mql[1,-)#1");
    CHECK(violations(lived("mql@1 lead@3 mql@5", l)) == "backward@3:lead");
}

TEST_CASE("lifecycle: L3 a move to the present stage is nothing, or a new entry") {
    lifecycle l = deals();
    CHECK(visits(lived("lead@1 lead@2 mql@3", l)) == "lead[1,3)#1 mql[3,-)#1");
    l.repeated = repeated::new_entry;
    CHECK(visits(lived("lead@1 lead@2 mql@3", l)) == "lead[1,2)#1 lead[2,3)#2 mql[3,-)#2");
    CHECK(moves(lived("lead@1 lead@2 mql@3", l)) == "created repeated advance");
}

TEST_CASE("lifecycle: L4 events of equal time apply in the order of stages, or as they arrived") {
    lifecycle l = deals();
    CHECK(visits(lived("lead@1 sql@2 mql@2", l)) == "lead[1,2)#1 mql[2,2)#1 sql[2,-)#1");
    CHECK(visits(lived("lead@1 mql@2 sql@2", l)) == "lead[1,2)#1 mql[2,2)#1 sql[2,-)#1");
    l.same_time = same_time::in_arrival_order;
    CHECK(visits(lived("lead@1 sql@2 mql@2", l)) == "lead[1,2)#1 sql[2,2)#1 mql[2,-)#2");
    CHECK(moves(lived("lead@1 sql@2 mql@2", l)) == "created jump recycle");
}

TEST_CASE("lifecycle: L5 an exit is left by a re-opening, or not at all") {
    lifecycle l = deals();
    CHECK(visits(lived("lead@1 lost@2 mql@9", l)) == "lead[1,2)#1 lost[2,9)#1 mql[9,-)#2");
    CHECK(moves(lived("lead@1 lost@2 mql@9", l)) == "created exit reopen");
    l.reopened = reopened::reject;
    CHECK(visits(lived("lead@1 lost@2 mql@9", l)) == "lead[1,2)#1 lost[2,-)#1");
    CHECK(violations(lived("lead@1 lost@2 mql@9", l)) == "reopened@9:mql");
}

TEST_CASE("lifecycle: L6 a word that is no stage is a violation, or ends the derivation") {
    lifecycle l = deals();
    const auto h = lived("lead@1 hot@2 mql@3", l);
    CHECK(visits(h) == "lead[1,3)#1 mql[3,-)#1");
    CHECK(violations(h) == "unknown_stage@2:hot");
    CHECK(h.violations[0].event == "stage");

    l.unknown_stage = unknown_stage::fail;
    const auto failed = derive(story("lead@1 mqll@2 zzz@3"), l);
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == errc::unknown_name);
    CHECK(failed.error().where == "rules[0].stage_change");
    CHECK_THAT(failed.error().message, weir_test::ContainsSubstring("did you mean \"mql\"?"));
    CHECK(derive(story("lead@1 mql@2"), l));
}

TEST_CASE("lifecycle: L7 a time-out fires at its own time once as_of reaches it, and activity delays it") {
    lifecycle l = deals();
    l.rules.push_back(idle(10, "no_decision"));
    CHECK(visits(lived("lead@0 !click@4", l, until(13))) == "lead[0,-)#1");
    CHECK(visits(lived("lead@0 !click@4", l, until(14))) == "lead[0,14)#1 no_decision[14,-)#1");
    CHECK(visits(lived("lead@0 !click@4 !click@14", l, until(14))) == "lead[0,-)#1");
    CHECK(visits(lived("lead@0 !click@4 !click@14", l, until(23))) == "lead[0,-)#1");
    CHECK(visits(lived("lead@0 !click@4 !click@14", l, until(24))) == "lead[0,24)#1 no_decision[24,-)#1");
    CHECK(visits(lived("lead@0 !click@4 mql@15", l)) == "lead[0,14)#1 no_decision[14,15)#1 mql[15,-)#2");
}

// ---- The fold: moves

TEST_CASE("lifecycle: a first stage that is not the first in order jumps over those before it") {
    lifecycle l = deals();
    CHECK(visits(lived("sql@2", l)) == "sql[2,-)#1");
    CHECK(moves(lived("sql@2", l)) == "created");
    l.skipped = skipped::fill;
    CHECK(visits(lived("sql@2", l)) == "lead[2,2)#1 mql[2,2)#1 sql[2,-)#1");
    CHECK(moves(lived("sql@2", l)) == "filled filled advance");
    l.skipped = skipped::reject;
    CHECK(visits(lived("sql@2 lead@3", l)) == "lead[3,-)#1");
    CHECK(violations(lived("sql@2 lead@3", l)) == "skipped@2:sql");
}

TEST_CASE("lifecycle: an exit from a terminal stage is an exit, from another exit a correction") {
    const auto h = lived("customer@1 lost@2 no_decision@3 no_decision@4", deals());
    CHECK(visits(h) == "customer[1,2)#1 lost[2,3)#1 no_decision[3,-)#1");
    CHECK(moves(h) == "created exit corrected");
}

TEST_CASE("lifecycle: any stage after a terminal one is a re-opening, whatever its place") {
    lifecycle l = deals();
    CHECK(moves(lived("customer@1 lead@2", l)) == "created reopen");
    CHECK(visits(lived("customer@1 customer@2", l)) == "customer[1,-)#1");
    l.stages[1].terminal = true;
    CHECK(moves(lived("mql@1 sql@2", l)) == "created reopen");
    l.skipped = skipped::fill;
    CHECK(visits(lived("lost@1 customer@2", l)) == "lost[1,2)#1 customer[2,-)#2");
}

TEST_CASE("lifecycle: the last stage and the exits are terminal for time-outs without from") {
    lifecycle l = deals();
    l.rules.push_back(idle(5, "no_decision"));
    CHECK(visits(lived("customer@1", l, until(100))) == "customer[1,-)#1");
    CHECK(visits(lived("lost@1", l, until(100))) == "lost[1,-)#1");
    l.stages[2].terminal = true;
    CHECK(visits(lived("sql@1", l, until(100))) == "sql[1,-)#1");
    CHECK(visits(lived("mql@1", l, until(100))) == "mql[1,6)#1 no_decision[6,-)#1");
}

TEST_CASE("lifecycle: an explicit change to an exit creates the lead there, an event rule does not") {
    lifecycle l = deals();
    l.rules.push_back(on("bounce", "lost"));
    CHECK(visits(lived("lost@1", l)) == "lost[1,-)#1");
    CHECK(moves(lived("lost@1", l)) == "created");
    CHECK(lived("!bounce@1", l).visits.empty());
    CHECK(lived("!bounce@1", l).violations.empty());
    CHECK(visits(lived("lead@1 !bounce@2", l)) == "lead[1,2)#1 lost[2,-)#1");
}

TEST_CASE("lifecycle: an event rule without from only moves forward, and that is no violation") {
    lifecycle l = deals();
    l.backward = backward::reject;
    l.reopened = reopened::reject;
    l.rules.push_back(on("download", "mql"));
    CHECK(visits(lived("!download@1", l)) == "mql[1,-)#1");
    for (const char* held :
         {"sql@1 !download@2", "mql@1 !download@2", "lost@1 !download@2", "customer@1 !download@2"}) {
        CHECK(lived(held, l).visits.size() == 1);
        CHECK(lived(held, l).violations.empty());
    }
    l.stages[0].terminal = true;  // a re-opening too needs its stage named
    CHECK(lived("lead@1 !download@2", l).visits.size() == 1);
}

TEST_CASE("lifecycle: a rule moves back or re-opens where its from says so") {
    lifecycle l = deals();
    l.rules.push_back(on("restart", "mql"));
    l.rules.back().from = {"sql", "lost", "mql"};
    CHECK(moves(lived("sql@1 !restart@2", l)) == "created recycle");
    CHECK(moves(lived("lost@1 !restart@2", l)) == "created reopen");
    CHECK(lived("!restart@2", l).visits.empty());
    CHECK(lived("lead@1 !restart@2", l).visits.size() == 1);
    l.repeated = repeated::new_entry;
    CHECK(moves(lived("mql@1 !restart@2", l)) == "created repeated");
}

TEST_CASE("lifecycle: of several proposals for one target the first whose from holds in its turn is used") {
    lifecycle l = deals();
    l.repeated = repeated::new_entry;
    l.rules = {on("a", "lead"), on("b", "mql"), on("b", "mql")};
    l.rules[1].from = "sql";
    l.rules[1].name = "never";
    l.rules[2].from = {"lead", "mql"};
    l.rules[2].name = "second";
    // b arrived first, but lead is applied first, and mql is proposed by both rules and entered once.
    const auto h = lived("!b@1 !a@1", l);
    CHECK(visits(h) == "lead[1,1)#1 mql[1,-)#1");
    CHECK(h.visits[1].cause == "second");
    CHECK(h.visits[0].cause == "rules[0]");
}

TEST_CASE("lifecycle: a target proposed again at the same instant is dropped, except in order of arrival") {
    lifecycle l = deals();
    l.repeated = repeated::new_entry;
    CHECK(visits(lived("lead@1 lead@1", l)) == "lead[1,-)#1");
    l.same_time = same_time::in_arrival_order;
    CHECK(visits(lived("lead@1 lead@1", l)) == "lead[1,1)#1 lead[1,-)#2");
}

TEST_CASE("lifecycle: a map translates the words of a CRM, and stage names need no entry") {
    lifecycle l = deals();
    l.rules[0].stage_change.map = {{"Won", "customer"}, {"Lost", "lost"}, {"lead", "mql"}};
    CHECK(visits(lived("lead@1 sql@2 Won@3", l)) == "mql[1,2)#1 sql[2,3)#1 customer[3,-)#1");
    CHECK(violations(lived("won@3", l)) == "unknown_stage@3:won");
    CHECK(lived("!stage@1", l).violations.empty());  // an event without the attribute says nothing
}

TEST_CASE("lifecycle: a reason comes from the event, or else from the rule") {
    lifecycle l = deals();
    l.rules[0].stage_change.reason_from = "why";
    l.rules[0].reason = "not given";
    store s;
    for (const char* word : {"lead@1", "lost@2", "mql@3"}) {
        event e = told(word);
        if (word == std::string("lost@2")) e.attributes.push_back({"why", "price"});
        if (word == std::string("mql@3")) e.attributes.push_back({"why", ""});
        s.append(e).value();
    }
    const auto h = history(derive(s.snapshot(), l).value()).value();
    REQUIRE(h.visits.size() == 3);
    CHECK(h.visits[0].reason == "not given");
    CHECK_FALSE(h.visits[0].stated);
    CHECK(h.visits[1].reason == "price");
    CHECK(h.visits[1].stated);
    CHECK(h.visits[2].reason == "not given");
    CHECK_FALSE(h.visits[2].stated);
}

// ---- The fold: filters and time-outs

TEST_CASE("lifecycle: lead.x in a rule is the latest value, with all events of the instant") {
    lifecycle l;
    l.stages = {"lead", "mql"};
    l.rules = {on("visit", "lead"), on("visit", "mql")};
    l.rules[1].where = latest("grade") == "A";
    store s;
    s.append({.lead = 1, .name = "visit", .time = at(1)}).value();
    s.append({.lead = 1, .name = "form", .time = at(1), .attributes = {{"grade", "A"}}}).value();
    s.append({.lead = 2, .name = "visit", .time = at(1)}).value();
    s.append({.lead = 2, .name = "form", .time = at(2), .attributes = {{"grade", "A"}}}).value();
    s.append({.lead = 3, .name = "form", .time = at(1), .attributes = {{"grade", "A"}}}).value();
    s.append({.lead = 3, .name = "form", .time = at(2), .attributes = {{"grade", "B"}}}).value();
    s.append({.lead = 3, .name = "visit", .time = at(3)}).value();
    const auto h = history(derive(s.snapshot(), l).value()).value();
    CHECK(visits(h) == "lead[1,1)#1 mql[1,-)#1 lead[1,-)#1 lead[3,-)#1");
}

TEST_CASE("lifecycle: a time-out counts the activity that it names") {
    lifecycle l = deals();
    l.rules.push_back(idle(10, "no_decision"));
    l.rules.back().event = "call";
    CHECK(visits(lived("lead@0 !click@4 !click@10", l, until(10))) == "lead[0,10)#1 no_decision[10,-)#1");
    CHECK(visits(lived("lead@0 !call@4", l, until(13))) == "lead[0,-)#1");
    CHECK(visits(lived("lead@0 !call@4", l, until(14))) == "lead[0,14)#1 no_decision[14,-)#1");
    CHECK(visits(lived("lead@0 !call@10", l, until(19))) == "lead[0,-)#1");
    CHECK(visits(lived("!call@0 lead@3", l, until(13))) == "lead[3,13)#1 no_decision[13,-)#1");
}

TEST_CASE("lifecycle: a time-out sees the stage that the events of its instant left") {
    lifecycle l = deals();
    l.rules.push_back(idle(10, "no_decision", "lead"));
    l.rules.back().event = "call";
    CHECK(visits(lived("lead@0 mql@10", l, until(50))) == "lead[0,10)#1 mql[10,-)#1");
    CHECK(visits(lived("lead@0 lead@10", l, until(50))) == "lead[0,10)#1 no_decision[10,-)#1");
}

TEST_CASE(
    "lifecycle: the earliest time-out fires first, the first rule among equals, and the clock starts anew") {
    lifecycle l = deals();
    l.rules.push_back(idle(10, "lost"));
    l.rules.push_back(idle(5, "mql", "lead"));
    CHECK(visits(lived("lead@0", l, until(50))) == "lead[0,5)#1 mql[5,15)#1 lost[15,-)#1");
    l.rules[2] = idle(10, "no_decision");
    CHECK(visits(lived("lead@0", l, until(50))) == "lead[0,10)#1 lost[10,-)#1");
}

TEST_CASE("lifecycle: a time-out whose filter fails waits for new activity or a new visit") {
    lifecycle l = deals();
    l.rules.push_back(idle(10, "lost"));
    l.rules.back().where = latest("grade") == "C";
    store s;
    s.append(told("lead@0")).value();
    s.append({.lead = "ana", .name = "form", .time = at(11), .attributes = {{"grade", "C"}}}).value();
    const auto grown = s.snapshot();
    CHECK(visits(history(derive(grown, l, until(20)).value()).value()) == "lead[0,-)#1");
    CHECK(visits(history(derive(grown, l, until(21)).value()).value()) == "lead[0,21)#1 lost[21,-)#1");
}

TEST_CASE("lifecycle: a refused time-out is one violation, without an event") {
    lifecycle l = deals();
    l.backward = backward::reject;
    l.rules.push_back(idle(10, "lead", "sql"));
    const auto h = lived("sql@0", l, until(500));
    CHECK(visits(h) == "sql[0,-)#1");
    CHECK(violations(h) == "backward@10:lead");
    CHECK(h.violations[0].event.empty());
}

TEST_CASE("lifecycle: idle rules that lead in a circle end, or meet a limit") {
    lifecycle l = deals();
    l.rules.push_back(idle(10, "mql", "lead"));
    l.rules.push_back(idle(10, "lead", "mql"));
    CHECK(visits(lived("lead@0", l, until(25))) == "lead[0,10)#1 mql[10,20)#1 lead[20,-)#2");
    const auto endless = derive(story("lead@0"), l, until(10'000'000));
    REQUIRE_FALSE(endless);
    CHECK(endless.error().code == errc::limit_exceeded);
}

TEST_CASE("lifecycle: times at both ends of the calendar do not overflow") {
    constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    lifecycle l = deals();
    l.rules.push_back(idle(10, "no_decision"));
    const std::string first = "lead@" + std::to_string(least), last = "mql@" + std::to_string(most - 5);
    CHECK(visits(lived(first + " " + last, l, until(most))) ==
          "lead[" + std::to_string(least) + "," + std::to_string(least + 10) + ")#1 no_decision[" +
              std::to_string(least + 10) + "," + std::to_string(most - 5) + ")#1 mql[" +
              std::to_string(most - 5) + ",-)#2");
    l.rules.back().idle = duration::max();  // no limit
    CHECK(visits(lived(first, l, until(most))) == "lead[" + std::to_string(least) + ",-)#1");
}
