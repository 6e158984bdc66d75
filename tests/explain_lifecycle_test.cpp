// explain_lifecycle_test.cpp - why one lead is in its stage, and what could move it.
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "agreement.hpp"
#include "catch.hpp"
#include "lifecycle_story.hpp"
#include "world.hpp"

namespace {

using namespace weir_test;
using namespace weir_test::stories;

lifecycle_explanation ask(const std::string& words, const lifecycle& l, const scope& how = {}) {
    return explain(derive(story(words), l, how).value(), "ana").value();
}

const explained_rule* find(const lifecycle_explanation& e, const std::string& rule) {
    for (const auto& r : e.rules)
        if (r.rule == rule) return &r;
    return nullptr;
}

lifecycle pipeline() {
    lifecycle l;
    l.name = "deals";
    l.version = 3;
    l.stages = {"new", "mql", "won"};
    l.exits = {"lost"};
    l.rules = {on("form", "new"), on("demo", "mql"), on("order", "won"), idle(10, "lost", {"new", "mql"})};
    l.rules[2].where = parse_condition("amount >= 10 && has(lead.to)").value();
    l.rules[3].name = "silence";
    l.rules[3].reason = "no answer";
    return l;
}

// The evidence of a lead, alone in a store, derives other visits; or "".
using spoiler = std::function<void(lifecycle_explanation&)>;
std::string fault_in(const lifecycle_world& w, int& asked, const spoiler& spoil = {}) {
    const auto derived = derive(make_store(w).snapshot(), w.lifecycle, w.scope);
    if (!derived) return "";
    const stage_history all = history(*derived).value();
    std::set<std::string> leads;
    for (const auto& e : w.events) leads.insert(e.lead.key());
    for (const auto& lead : leads) {
        lifecycle_explanation e = explain(*derived, lead).value();
        if (spoil) spoil(e);
        std::vector<visit> own;
        for (const auto& v : all.visits)
            if (v.lead == lead_id(lead)) own.push_back(v);
        store s;
        for (const auto& x : e.events) s.append(x.event).value();
        const auto again = derive(s.snapshot(), w.lifecycle, {.threads = 1, .as_of = all.as_of}).value();
        if (history(again).value().visits != own) return lead + ": the evidence tells another story";
        if (e.stage != (own.empty() ? "" : own.back().stage)) return lead + ": another stage";
        if (e.moves.size() != own.size()) return lead + ": other moves";
        for (std::size_t i = 0; i < own.size(); ++i)
            if (e.moves[i].rule != own[i].cause || e.moves[i].version != own[i].version ||
                e.moves[i].move != own[i].move || e.moves[i].time != own[i].from ||
                e.moves[i].reason != own[i].reason)
                return lead + ": another rule";
        const auto refused = std::count_if(e.proposals.begin(), e.proposals.end(), [](const auto& p) {
            return p.why == "skipped" || p.why == "backward" || p.why == "reopened" ||
                   p.why == "unknown_stage";
        });
        if (refused != std::count_if(all.violations.begin(), all.violations.end(),
                                     [&](const auto& v) { return v.lead == lead_id(lead); }))
            return lead + ": other refusals";
        ++asked;
    }
    return "";
}

bool finds(const spoiler& spoil) {
    int asked = 0;
    for (std::uint64_t seed = 0; seed < 300; ++seed)
        if (!fault_in(make_lifecycle_world(seed), asked, spoil).empty()) return true;
    return false;
}

}  // namespace

TEST_CASE(
    "explain a stage: the rules in force at as_of are told, and a time-out that another version lets pass") {
    lifecycle l = pipeline();
    l.versions = {
        {.version = 4, .valid_from = at(8), .rules = {on("call", "mql"), idle(5, "lost", {"new"})}}};
    const auto e = ask("!form@1 !demo@9", l, until(20));
    CHECK(e.stage == "lost");  // idle since 9
    CHECK(e.moves.back().version == 4);
    CHECK(e.moves.back().rule == "versions[0].rules[1]");
    const auto quiet = ask("!form@1", l, until(20));
    CHECK(quiet.stage == "new");
    CHECK(find(quiet, "silence") == nullptr);
    const auto* timeout = find(quiet, "versions[0].rules[1]");
    REQUIRE(timeout != nullptr);
    REQUIRE(timeout->conditions.size() == 2);
    CHECK(timeout->conditions[0].holds);
    CHECK(timeout->conditions[1].text == "version 4 holds at 1970-01-01T00:00:00.000006Z");
    CHECK(timeout->nearly);
    CHECK(find(quiet, "versions[0].rules[0]") != nullptr);
}

TEST_CASE("explain a stage: each move has its rule, its trigger and the event that fired it") {
    const auto e = ask("!form@1 !demo@4 !form@5", pipeline(), until(20));
    CHECK(e.stage == "lost");
    CHECK(e.since == at(15));
    REQUIRE(e.moves.size() == 3);
    CHECK(e.moves[0].rule == "rules[0]");
    CHECK(e.moves[0].trigger == "event");
    CHECK(e.moves[0].event == "form");
    CHECK(e.moves[1].from == "new");
    CHECK(e.moves[2].rule == "silence");
    CHECK(e.moves[2].trigger == "idle");
    CHECK(e.moves[2].event.empty());
    CHECK(e.moves[2].reason == "no answer");
    REQUIRE(e.proposals.size() == 1);
    CHECK(e.proposals[0].why == "from");
    REQUIRE(e.events.size() == 3);
    CHECK(e.events[2].part == "activity");
    CHECK(answer(e).title == "ana is in lost since 1970-01-01T00:00:00.000015Z, by silence");
}

TEST_CASE("explain a stage: what could move the lead now, and what nearly did") {
    const auto e = ask("!form@1 mql@2 !demo@4 !order@6", pipeline(), until(9));
    CHECK(e.stage == "mql");
    const auto* order = find(e, "rules[2]");
    REQUIRE(order != nullptr);
    REQUIRE(order->conditions.size() == 3);
    CHECK(order->conditions[0].text == "an event \"order\" in this visit");
    CHECK(order->conditions[0].holds);
    CHECK(order->conditions[1].text == "amount >= 10");
    CHECK_FALSE(order->conditions[1].holds);
    CHECK(order->conditions[2].holds);
    CHECK(order->nearly);
    const auto* silence = find(e, "silence");
    REQUIRE(silence != nullptr);
    CHECK(silence->remaining == duration{7});
    CHECK(silence->nearly);
    CHECK(find(e, "rules[1]") == nullptr);  // it leads forward only
    CHECK(e.proposals.back().why == "condition");
}

TEST_CASE("explain a stage: a move that a policy refused, and one that it would refuse") {
    lifecycle l = pipeline();
    l.skipped = skipped::reject;
    l.rules[2].where = {};
    const auto e = ask("!form@1 !order@2", l, until(3));
    CHECK(e.stage == "new");
    REQUIRE(e.proposals.size() == 1);
    CHECK(e.proposals[0].why == "skipped");
    CHECK(e.proposals[0].to == "won");
    REQUIRE(find(e, "rules[2]") != nullptr);
    CHECK(find(e, "rules[2]")->conditions.back().text == "skipped is not \"reject\"");
    CHECK_FALSE(find(e, "rules[2]")->conditions.back().holds);
    CHECK(find(e, "rules[2]")->nearly);
}

TEST_CASE("explain a stage: a lead that is not there is in none, and of several lifecycles one is named") {
    const snapshot derived = derive(story("!form@1"), pipeline()).value();
    const auto none = explain(derived, "bob").value();
    CHECK(none.stage.empty());
    CHECK(none.notes == std::vector<std::string>{"there is no event of lead \"bob\""});
    CHECK(answer(none).title == "bob is in no stage of deals");
    CHECK(explain(story("!form@1"), "ana").error().code == errc::invalid_question);
    lifecycle other = deals();
    other.name = "other";
    const snapshot both = derive(derived, other).value();
    CHECK(explain(both, "ana").error().code == errc::invalid_question);
    CHECK(explain(both, "ana", "deals").value().stage == "new");
    CHECK(explain(both, "ana", "other").value().stage.empty());
    CHECK(explain(both, "ana", "no").error().code == errc::unknown_name);
}

TEST_CASE("explain a stage: the evidence alone derives the same visits, on random worlds") {
    const char* given = std::getenv("WEIR_WORLDS");
    const int worlds = given == nullptr ? 4'000 : std::atoi(given) / 5;
    int asked = 0;
    for (int i = 0; i < worlds; ++i) {
        const std::uint64_t seed = 74'000'000 + static_cast<std::uint64_t>(i);
        const lifecycle_world w = make_lifecycle_world(seed);
        if (const std::string wrong = fault_in(w, asked); !wrong.empty())
            FAIL("world " << seed << ": " << wrong << "\n" << print(w));
    }
    CHECK(asked > worlds);
}

TEST_CASE("explain a stage: evidence that is missing and a wrong rule are found") {
    CHECK_FALSE(finds({}));
    CHECK(finds([](lifecycle_explanation& e) {
        std::erase_if(e.events, [](const auto& x) { return x.part == "fires"; });
    }));
    CHECK(finds([](lifecycle_explanation& e) {
        std::erase_if(e.events, [](const auto& x) { return x.part == "beside"; });
    }));
    CHECK(finds([](lifecycle_explanation& e) {
        if (!e.moves.empty()) e.moves.back().rule = "another";
    }));
    CHECK(finds([](lifecycle_explanation& e) { e.proposals.clear(); }));
}
