// lifecycle_test.cpp - the definition: its faults, the presets, its JSON.
#include <weir/lifecycle.hpp>

#include <sstream>

#include "catch.hpp"
#include "lifecycle_story.hpp"

using namespace weir_test::stories;

namespace {

error fault_of(const lifecycle& l) {
    const auto checked = check(l);
    REQUIRE_FALSE(checked);
    return checked.error();
}

}  // namespace

// ---- The definition

TEST_CASE("lifecycle: check finds the first fault and its place") {
    const auto with = [](auto&& change) {
        lifecycle l = deals();
        l.rules.push_back(on("form", "mql"));
        change(l);
        return fault_of(l);
    };
    struct fault {
        error found;
        errc code;
        std::string where;
    };
    const std::vector<fault> faults = {
        {with([](lifecycle& l) { l.name = ""; }), errc::invalid_question, "name"},
        {with([](lifecycle& l) { l.stages.clear(); }), errc::invalid_question, "stages"},
        {with([](lifecycle& l) { l.stages[1].name = ""; }), errc::invalid_question, "stages[1]"},
        {with([](lifecycle& l) { l.stages[1].name = "\xff"; }), errc::invalid_question, "stages[1]"},
        {with([](lifecycle& l) { l.stages[2].name = "lead"; }), errc::invalid_question, "stages[2]"},
        {with([](lifecycle& l) { l.stages[2].stalled_after = duration{-1}; }), errc::invalid_question,
         "stages[2].stalled_after"},
        {with([](lifecycle& l) {
             l.exits = {"lost", "mql"};
         }),
         errc::invalid_question, "exits[1]"},
        {with([](lifecycle& l) { l.rules[1].to = "mqll"; }), errc::unknown_name, "rules[1].to"},
        {with([](lifecycle& l) { l.rules[1].to = ""; }), errc::invalid_question, "rules[1].to"},
        {with([](lifecycle& l) {
             l.rules[1].from = {"lead", "leat"};
         }),
         errc::unknown_name, "rules[1].from"},
        {with([](lifecycle& l) { l.rules[1].event = {}; }), errc::invalid_question, "rules[1]"},
        {with([](lifecycle& l) { l.rules[1].idle = duration{0}; }), errc::invalid_question, "rules[1].idle"},
        {with([](lifecycle& l) { l.rules[0].event = "x"; }), errc::invalid_question, "rules[0]"},
        {with([](lifecycle& l) { l.rules[0].idle = duration{5}; }), errc::invalid_question, "rules[0]"},
        {with([](lifecycle& l) { l.rules[0].to = "mql"; }), errc::invalid_question, "rules[0].to"},
        {with([](lifecycle& l) { l.rules[0].stage_change.event = {}; }), errc::invalid_question,
         "rules[0].stage_change.event"},
        {with([](lifecycle& l) { l.rules[0].stage_change.attribute = ""; }), errc::invalid_question,
         "rules[0].stage_change.attribute"},
        {with([](lifecycle& l) {
             l.rules[0].stage_change.map = {{"Won", "custommer"}};
         }),
         errc::unknown_name, "rules[0].stage_change.map"},
        {with([](lifecycle& l) {
             l.rules[0].stage_change.map = {{"Won", "customer"}, {"Won", "lost"}};
         }),
         errc::invalid_question, "rules[0].stage_change.map"},
        {with([](lifecycle& l) {
             l.rules[1].idle = duration{5};
             l.rules[1].reason_from = "why";
         }),
         errc::invalid_question, "rules[1].reason_from"},
    };
    for (const fault& f : faults) {
        INFO(f.found.message);
        CHECK(f.found.code == f.code);
        CHECK(f.found.where == f.where);
    }
    CHECK(check(deals()));
}

TEST_CASE("lifecycle: 64 stages and exits are possible, 65 are not") {
    lifecycle l;
    for (int i = 0; i < 60; ++i) l.stages.emplace_back("s" + std::to_string(i));
    l.exits = {"a", "b", "c", "d"};
    l.rules = {on("go", "s59"), on("leave", "d")};
    l.rules[1].from = "s59";
    CHECK(check(l));
    CHECK(visits(lived("!go@1 !leave@2", l)) == "s59[1,2)#1 d[2,-)#1");
    l.stages.emplace_back("s60");
    CHECK(fault_of(l).code == errc::limit_exceeded);
}

TEST_CASE("lifecycle: a misspelt stage gets a suggestion") {
    lifecycle l = deals();
    l.rules.push_back(on("form", "custmer"));
    CHECK_THAT(fault_of(l).message, weir_test::ContainsSubstring("did you mean \"customer\"?"));
}

TEST_CASE("lifecycle: every preset is valid, and an event named like a stage or exit enters it") {
    CHECK(lifecycle::presets() == names{"b2b", "three_level", "buying", "attract", "closed_loop", "demand",
                                        "demand_b2c", "short_four", "sales"});
    for (const std::string& name : lifecycle::presets()) {
        const lifecycle l = lifecycle::preset(name).value();
        INFO(name);
        CHECK(l.name == name);
        REQUIRE(check(l));
        CHECK(lifecycle_from_json(to_json(l)).value() == l);
        for (const stage& s : l.stages) CHECK(visits(lived("!" + s.name + "@1", l)) == s.name + "[1,-)#1");
        for (const std::string& e : l.exits) {
            const std::string first = l.stages[0].name;
            CHECK(visits(lived("!" + first + "@1 !" + e + "@2", l)) == first + "[1,2)#1 " + e + "[2,-)#1");
        }
    }
    CHECK(lifecycle::preset("b2b").value() == lifecycle::b2b());
    const auto unknown = lifecycle::preset("b2c");
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().code == errc::unknown_name);
    CHECK_THAT(unknown.error().message, weir_test::ContainsSubstring("did you mean \"b2b\"?"));
}

TEST_CASE("lifecycle: in b2b a customer can become an advocate") {
    CHECK(visits(lived("!visitor@1 !customer@2 !advocate@3", lifecycle::b2b())) ==
          "visitor[1,2)#1 customer[2,3)#1 advocate[3,-)#1");
    CHECK(lifecycle::b2b().stages.size() == 7);
    CHECK(lifecycle::b2b().exits == names{"lost", "disqualified", "no_decision", "inactive"});
}

TEST_CASE(
    "lifecycle: sales also takes returning customers, and demand returns a low likelihood to nurturing") {
    CHECK(visits(lived("!returning_customer@1", lifecycle::preset("sales").value())) == "mql[1,-)#1");
    CHECK(moves(lived("!qualification@1 !nurturing@2", lifecycle::preset("demand").value())) ==
          "created recycle");
}

// ---- JSON

TEST_CASE("lifecycle: JSON leaves out what is default and reads back") {
    CHECK(to_json(lifecycle{}) == R"({"lifecycle":{"stages":[]}})");
    CHECK(lifecycle_from_json(R"({"lifecycle":{}})").value() == lifecycle{});

    lifecycle l = deals();
    l.version = 3;
    l.stages[1] = stage("mql", {.stalled_after = std::chrono::days{30}, .terminal = true});
    l.rules[0].stage_change.map = {{"Won", "customer"}, {"Lost \"early\"", "lost"}};
    l.rules[0].stage_change.reason_from = "why";
    rule gated = on("download", "mql");
    gated.event = {"download", "webinar"};
    gated.where = attribute("pages") >= 3 && latest("grade") == "A";
    gated.from = "lead";
    gated.name = "gate";
    rule silent = idle(90, "lost", {"mql", "sql"});
    silent.reason = "no answer";
    l.rules.push_back(gated);
    l.rules.push_back(silent);
    l.skipped = skipped::fill;
    l.backward = backward::reject;
    l.repeated = repeated::new_entry;
    l.same_time = same_time::in_arrival_order;
    l.reopened = reopened::reject;
    l.unknown_stage = unknown_stage::fail;
    l.versions = {{.version = 4, .valid_from = at(5), .rules = {gated}}, {.version = 9, .valid_from = at(6)}};
    CHECK(check(l));
    CHECK(lifecycle_from_json(to_json(l)).value() == l);
    std::ostringstream out;
    out << l;
    CHECK(out.str() == to_json(l));
}

TEST_CASE("lifecycle: the JSON form of a host reads as meant") {
    const lifecycle l = lifecycle_from_json(R"({"lifecycle": {"name": "deals", "version": 1,
        "stages": ["visitor", "prospect", {"name": "mql", "stalled_after": "30d"}, "sql", "opportunity",
                   {"name": "customer", "terminal": true}],
        "exits": ["lost", "disqualified"],
        "rules": [{"to": "prospect", "event": "form"},
                  {"to": "mql", "event": "download", "where": "pages >= 3", "from": ["prospect"]},
                  {"to": "lost", "idle": "90d", "from": ["mql", "sql"], "reason": "no answer"},
                  {"stage_change": {"event": "deal_stage", "attribute": "to",
                                    "map": {"Won": "customer", "Lost": "lost"}, "reason_from": "why"}}],
        "skipped": "keep_jump", "backward": "recycle", "repeated": "ignore", "same_time": "in_stage_order",
        "reopened": "new_entry", "unknown_stage": "reject"}})")
                            .value();
    CHECK(check(l));
    CHECK(l.stages[2].stalled_after == duration{std::chrono::days{30}});
    CHECK(l.stages[5].terminal);
    CHECK(l.rules[1].where == (attribute("pages") >= 3));
    CHECK(l.rules[2].idle == duration{std::chrono::days{90}});
    CHECK(l.rules[3].stage_change.map.size() == 2);
    CHECK(l.rules[3].stage_change.reason_from == "why");
}

TEST_CASE("lifecycle: versions of rules ascend, and each is checked") {
    lifecycle l = deals();
    const auto refused = [&](std::vector<rule_version> versions) {
        l.versions = std::move(versions);
        return to_string(check(l).error());
    };
    CHECK(refused({{.version = 1, .valid_from = at(5)}}) ==
          "versions[0].version: version 1 follows version 1; numbers ascend (invalid_question)");
    CHECK(refused({{.version = 2, .valid_from = at(5)}, {.version = 3, .valid_from = at(5)}}) ==
          "versions[1].valid_from: version 3 does not hold later than the one before it (invalid_question)");
    CHECK(refused({{.version = 2, .valid_from = at(5), .rules = {on("form", "no")}}}) ==
          "versions[0].rules[0].to: \"no\" is neither a stage nor an exit (unknown_name)");
    const auto read =
        lifecycle_from_json(R"({"lifecycle": {"stages": ["a"], "versions": [{"version": 2}]}})");
    CHECK(to_string(read.error()) ==
          "lifecycle.versions[0].valid_from: a version of the rules says from when it holds "
          "(invalid_question)");
}

TEST_CASE("lifecycle: each visit tells the version that made it") {
    lifecycle l;
    l.stages = {"new", "mql", "won"};
    l.version = 3;
    l.rules = {on("form", "new"), on("demo", "mql"), on("order", "won")};
    rule named = on("order", "won");
    named.name = "by order";
    l.versions = {{.version = 4, .valid_from = at(5), .rules = {on("call", "mql"), named}}};
    store s;
    for (const char* word : {"!form@1", "!call@4", "!demo@5", "!call@6", "!order@7"})
        s.append(told(word)).value();
    const snapshot derived = derive(s.snapshot(), l).value();
    const stage_history h = history(derived).value();
    REQUIRE(h.visits.size() == 3);
    CHECK(h.visits[0].version == 3);
    CHECK(h.visits[1].from == at(6));
    CHECK(h.visits[1].version == 4);
    CHECK(h.visits[1].cause == "versions[0].rules[0]");
    CHECK(h.visits[2].cause == "by order");
    CHECK(h.visits[2].version == 4);
    const answer told_all = h;
    CHECK(told_all.find("visits")->find("version") != nullptr);
    std::vector<value> versions;
    for (const event& e : events_of(derived, "ana").value())
        for (const auto& a : e.attributes)
            if (a.name == "version") versions.push_back(a.value);
    CHECK(versions == std::vector<value>{3, 4, 4});
}

TEST_CASE("lifecycle: JSON that is wrong names its place") {
    const auto refused = [](const std::string& inside) {
        const auto read = lifecycle_from_json(R"({"lifecycle": )" + inside + "}");
        REQUIRE_FALSE(read);
        return read.error();
    };
    CHECK(refused(R"({"stagess": []})").code == errc::unknown_name);
    CHECK_THAT(refused(R"({"stagess": []})").message,
               weir_test::ContainsSubstring("did you mean \"stages\"?"));
    CHECK(refused(R"({"stages": ["a"], "skipped": "keep"})").code == errc::unknown_name);
    CHECK(refused(R"({"stages": ["a"], "skipped": "keep"})").where == "lifecycle.skipped");
    CHECK(refused(R"({"stages": ["a"], "rules": [{"to": "b", "event": "x"}]})").code == errc::unknown_name);
    CHECK(refused(R"({"stages": ["a"], "rules": [{"to": "b", "event": "x"}]})").where ==
          "lifecycle.rules[0].to");
    CHECK(refused(R"({"stages": [{"name": "a", "terminal": 1}]})").where == "lifecycle.stages[0].terminal");
    CHECK(refused(R"({"stages": ["a"], "rules": [{"stage_change": {"map": []}}]})").where ==
          "lifecycle.rules[0].stage_change.map");
    CHECK(refused(R"({"stages": ["a"], "version": 3000000000})").where == "lifecycle.version");
    CHECK(refused("7").code == errc::invalid_question);
    CHECK(lifecycle_from_json("{}").error().code == errc::invalid_question);
    CHECK(lifecycle_from_json("{\"flow\": {}}").error().code == errc::unknown_name);
    CHECK(lifecycle_from_json("{").error().code == errc::bad_input);
}
