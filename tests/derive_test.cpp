// derive_test.cpp - stage events in a snapshot, their history, and what holds in every world.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <weir/flow.hpp>
#include <weir/funnel.hpp>
#include <weir/lifecycle.hpp>

#include "catch.hpp"
#include "lifecycle_story.hpp"
#include "scan/attribute_reader.hpp"

using namespace weir_test::stories;

namespace {

// A small reproducible source of worlds.
struct dice {
    std::uint64_t state;
    std::uint64_t roll(std::uint64_t sides) {
        state += 0x9E3779B97F4A7C15U;
        std::uint64_t z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
        return (z ^ (z >> 31)) % sides;
    }
};

std::vector<event> world(std::uint64_t seed, std::int64_t times) {
    dice d{seed};
    const std::vector<std::string> words = {"lead", "mql",         "sql",   "customer",
                                            "lost", "no_decision", "!click"};
    std::vector<event> events;
    for (int lead = 0; lead < 12; ++lead) {
        const auto n = d.roll(9);
        for (std::uint64_t i = 0; i < n; ++i) {
            const auto t = d.roll(static_cast<std::uint64_t>(times));
            events.push_back(told(words[d.roll(words.size())] + "@" + std::to_string(t), lead));
        }
    }
    return events;
}

snapshot stored(const std::vector<event>& events, std::size_t cut, bool sealed) {
    store s;
    batch b;
    for (const event& e : events) {
        b.add(e);
        if (b.size() < cut) continue;
        s.append(b).value();
        b.clear();
    }
    s.append(b).value();
    if (sealed) s.seal().value();
    return s.snapshot();
}

lifecycle restless(std::uint64_t seed) {
    dice d{seed};
    lifecycle l = deals();
    l.skipped = static_cast<skipped>(d.roll(3));
    l.backward = static_cast<backward>(d.roll(2));
    l.repeated = static_cast<repeated>(d.roll(2));
    l.reopened = static_cast<reopened>(d.roll(2));
    if (d.roll(2) == 1) l.rules.push_back(idle(3, "no_decision"));
    if (d.roll(2) == 1) l.rules.push_back(on("click", "mql"));
    return l;
}

}  // namespace

// ---- Stage events

TEST_CASE("derive: a stage event carries the attributes of its cause and, over these, its own") {
    lifecycle l = deals();
    l.version = 7;
    l.rules[0].name = "crm";
    store s;
    event e = told("mql@5");
    e.attributes.push_back({"channel", "ads"});
    e.attributes.push_back({"move", "overruled"});
    e.attributes.push_back({"from", "nowhere"});
    s.append(told("lead@1")).value();
    s.append(e).value();
    const snapshot derived = derive(s.snapshot(), l).value();
    const auto& data = derived.data();
    std::map<std::string, std::string> read;
    scan_options only;
    only.segments.resize(data.segments.size());
    only.segments.back() = true;
    scan(data, only, [&](int, const lead_rows& lead) {
        REQUIRE(lead.rows.size() == 2);
        CHECK(data.event_name(lead.rows[1].event) == "mql");
        CHECK(lead.rows[1].order == 1);
        for (const char* name : {"channel", "to", "lifecycle", "version", "from", "move", "cause", "reason",
                                 "stated", "entry", "none"}) {
            const attribute_reader reader(data, name);
            read[name] = reader.text_of(reader.at(lead.rows[1]));
        }
    });
    CHECK(read == std::map<std::string, std::string>{{"channel", "ads"},
                                                     {"to", "mql"},
                                                     {"lifecycle", "deals"},
                                                     {"version", "7"},
                                                     {"from", "lead"},
                                                     {"move", "advance"},
                                                     {"cause", "crm"},
                                                     {"reason", ""},
                                                     {"stated", "false"},
                                                     {"entry", "1"},
                                                     {"none", ""}});
}

TEST_CASE("derive: a raw event named like a stage is hidden by the stage events, and a note says so") {
    lifecycle l = deals();
    l.rules = {on("lead", "lead"), on("mql", "mql")};
    const snapshot raw = story("!lead@1 !mql@2 !lead@3 !click@4");
    const snapshot derived = derive(raw, l).value();
    CHECK(raw.size() == 4);
    CHECK(derived.size() == 3);  // click, and two entries
    CHECK(derived.leads() == 1);
    CHECK(derived.last() == at(4));
    const auto h = history(derived).value();
    CHECK(h.notes ==
          std::vector<std::string>{"3 raw events named like a stage are hidden by the stage events"});
    CHECK(history(derive(story("!click@4"), l).value()).value().notes.empty());
}

TEST_CASE("derive: notes count refused moves and name a misspelt trigger") {
    lifecycle l = deals();
    l.rules.push_back(on("clikc", "mql"));
    CHECK(lived("hot@1 !click@2", l).notes ==
          std::vector<std::string>{"1 move was refused by a policy",
                                   "rules[1]: \"clikc\" names no event; did you mean \"click\"?"});
}

TEST_CASE("derive: several lifecycles stand side by side, and a later one reads the stages of an earlier") {
    lifecycle marketing = deals();
    marketing.name = "marketing";
    lifecycle sales;
    sales.name = "sales";
    sales.stages = {"sql", "won"};
    sales.rules = {on("sql", "sql"), idle(10, "won", "sql")};
    const snapshot one = derive(story("lead@1 sql@4 !click@9"), marketing).value();
    const snapshot two = derive(one, sales).value();
    CHECK(visits(history(two, "marketing").value()) == "lead[1,4)#1 sql[4,-)#1");
    CHECK(visits(history(two, "sales").value()) == "sql[4,-)#1");
    CHECK(visits(history(one).value()) == "lead[1,4)#1 sql[4,-)#1");

    const auto unnamed = history(two);
    REQUIRE_FALSE(unnamed);
    CHECK(unnamed.error().code == errc::invalid_question);
    const auto unknown = history(two, "sale");
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().code == errc::unknown_name);
    CHECK_THAT(unknown.error().message, weir_test::ContainsSubstring("did you mean \"sales\"?"));
}

TEST_CASE("derive: stage events of several lifecycles keep one total order, each after its cause") {
    lifecycle first = deals(), second = deals();
    first.skipped = skipped::fill;
    second.name = "second";
    second.skipped = skipped::fill;
    second.stages = {"x", "y"};
    second.exits = {};
    second.rules = {on("sql", "y")};
    const snapshot both = derive(derive(story("sql@4"), first).value(), second).value();
    std::vector<std::tuple<std::int64_t, std::int64_t, std::uint32_t>> positions;
    std::string order;
    scan(both.data(), {}, [&](int, const lead_rows& lead) {
        for (const row& r : lead.rows) {
            positions.emplace_back(r.time, r.arrival, r.order);
            order += std::string(both.data().event_name(r.event)) + " ";
        }
    });
    CHECK(order == "stage lead mql sql x y ");
    CHECK(std::set(positions.begin(), positions.end()).size() == positions.size());
}

TEST_CASE("derive: faults of the call are answered, not thrown") {
    const snapshot one = derive(story("lead@1"), deals()).value();
    const auto twice = derive(one, deals());
    REQUIRE_FALSE(twice);
    CHECK(twice.error().code == errc::invalid_question);
    CHECK(twice.error().where == "name");

    lifecycle other = deals();
    other.name = "other";
    CHECK(derive(one, other));
    const auto late = derive(one, other, until(2));
    REQUIRE_FALSE(late);
    CHECK(late.error().code == errc::invalid_question);

    for (const int threads : {0, -1, 257}) {
        const auto crowded = derive(story("lead@1"), deals(), {.threads = threads});
        REQUIRE_FALSE(crowded);
        CHECK(crowded.error().where == "threads");
    }
    CHECK(derive(story("lead@1"), lifecycle{}).error().where == "stages");
    CHECK(history(story("lead@1")).error().code == errc::invalid_question);
}

TEST_CASE("derive: without events there are no stages and no as_of") {
    const auto h = history(derive(snapshot(), deals()).value()).value();
    CHECK(h.visits.empty());
    CHECK(h.violations.empty());
    CHECK_FALSE(h.as_of);
    CHECK(derive(store().snapshot(), lifecycle::b2b(), {.threads = 3}));
}

TEST_CASE("derive: events after as_of are not read, and as_of is the last raw event by default") {
    CHECK(visits(lived("lead@1 mql@5 sql@9", deals(), until(5))) == "lead[1,5)#1 mql[5,-)#1");
    CHECK(lived("lead@1 mql@5", deals()).as_of == at(5));
    CHECK(lived("lead@1 mql@5", deals(), until(77)).as_of == at(77));
    CHECK(lived("lead@1 mql@5", deals(), until(0)).visits.empty());
}

TEST_CASE("history: by lead key, then in order, and an answer has both tables") {
    store s;
    for (const char* lead : {"zoe", "ana"}) {
        s.append(told("lead@1", lead)).value();
        s.append(told("hot@2", lead)).value();
        s.append(told("lost@3", lead)).value();
    }
    const auto h = history(derive(s.snapshot(), deals()).value()).value();
    REQUIRE(h.visits.size() == 4);
    CHECK(h.visits[0].lead == lead_id("ana"));
    CHECK(h.visits[2].lead == lead_id("zoe"));
    REQUIRE(h.violations.size() == 2);
    CHECK(h.violations[0].lead == lead_id("ana"));

    const answer a = h;
    CHECK(a.title == "deals: 4 visits of 2 leads, 2 violations");
    CHECK(a.question == to_json(deals()));
    CHECK(a.as_of == at(3));
    const table* visited = a.find("visits");
    REQUIRE(visited != nullptr);
    CHECK(visited->row_count() == 4);
    CHECK(visited->get<std::string>(1, "stage").value() == "lost");
    CHECK(visited->get<instant>(0, "until").value() == at(3));
    CHECK_FALSE(visited->get<instant>(1, "until").value());
    CHECK_FALSE(visited->get<std::string>(1, "reason").value());
    const table* refused = a.find("violations");
    REQUIRE(refused != nullptr);
    CHECK(refused->get<std::string>(0, "target").value() == "hot");
}

// ---- Properties on random worlds

TEST_CASE("derive: threads, cuts into batches and sealing change nothing") {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        const auto events = world(seed, 20);
        const lifecycle l = restless(seed);
        const auto expected = history(derive(stored(events, 1000, false), l, until(25)).value()).value();
        for (const int threads : {1, 2, 3, 8}) {
            for (const std::size_t cut : {std::size_t{1}, std::size_t{5}, std::size_t{1000}}) {
                const scope how{.threads = threads, .as_of = at(25)};
                const auto h = history(derive(stored(events, cut, cut == 5), l, how).value()).value();
                REQUIRE(h.visits == expected.visits);
                REQUIRE(h.violations == expected.violations);
                REQUIRE(h.notes == expected.notes);
            }
        }
    }
}

TEST_CASE("derive: the arrival of equal-time events changes no visit in stage order") {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        auto events = world(seed, 4);
        const lifecycle l = restless(seed);
        const auto forward = history(derive(stored(events, 1000, false), l, until(9)).value()).value();
        std::reverse(events.begin(), events.end());
        const auto backward = history(derive(stored(events, 1000, false), l, until(9)).value()).value();
        REQUIRE(forward.visits == backward.visits);
    }
}

TEST_CASE("derive: the history at an earlier as_of is the later one, cut there") {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const snapshot s = stored(world(seed, 12), 1000, false);
        const lifecycle l = restless(seed);
        const auto early = history(derive(s, l, until(6)).value()).value();
        auto late = history(derive(s, l, until(20)).value()).value().visits;
        std::erase_if(late, [](const visit& v) { return v.from > at(6); });
        for (visit& v : late)
            if (v.until && *v.until > at(6)) v.until.reset();
        REQUIRE(early.visits == late);
    }
}

TEST_CASE("derive: lead, entry and stage name one visit, and filling only adds visits of no length") {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const snapshot s = stored(world(seed, 12), 1000, false);
        lifecycle l = restless(seed);
        l.skipped = skipped::keep_jump;
        const auto kept = history(derive(s, l, until(20)).value()).value();
        std::set<std::tuple<std::string, std::int64_t, std::string>> seen;
        for (const visit& v : kept.visits) {
            if (v.stage == "lost" || v.stage == "no_decision") continue;
            REQUIRE(seen.emplace(v.lead.key(), v.entry, v.stage).second);
        }
        l.skipped = skipped::fill;
        auto filled = history(derive(s, l, until(20)).value()).value().visits;
        for (const visit& v : filled) REQUIRE((!v.filled || v.from == v.until));
        std::erase_if(filled, [](const visit& v) { return v.filled; });
        REQUIRE(filled.size() == kept.visits.size());
        for (std::size_t i = 0; i < filled.size(); ++i) REQUIRE(shown(filled[i]) == shown(kept.visits[i]));
    }
}

TEST_CASE("derive: a raw event that stage events hide is no activity that a later lifecycle names") {
    lifecycle first = {.name = "first", .stages = {"mql"}, .rules = {{.to = "mql", .event = "form"}}};
    lifecycle later = {.name = "later", .stages = {"cold", "warm"}, .exits = "gone"};
    later.rules = {{.to = "cold", .event = "form"},
                   {.to = "gone", .event = "mql", .idle = weir::duration{5}, .name = "mql idle"}};
    const snapshot s = stored(
        {{.lead = 1, .name = "form", .time = at(0)}, {.lead = 1, .name = "mql", .time = at(3)}}, 10, false);
    const auto one = derive(s, later, until(9)).value();
    CHECK(history(one).value().visits.back().from == at(8));
    const auto two = derive(derive(s, first, until(9)).value(), later, until(9)).value();
    CHECK(history(two, "later").value().visits.back().from == at(5));
}

TEST_CASE("derive: violations of one instant stand in the same order whatever the arrival") {
    lifecycle l = {.stages = {"a", "b", "c"}, .skipped = skipped::reject};
    for (const char* stage : {"b", "c"}) l.rules.push_back({.to = stage, .event = stage});
    const event b{.lead = 1, .name = "b", .time = at(1)}, c{.lead = 1, .name = "c", .time = at(1)};
    const auto one = history(derive(stored({b, c}, 10, false), l).value()).value();
    const auto other = history(derive(stored({c, b}, 1, false), l).value()).value();
    CHECK(one.violations.size() == 2);
    CHECK(one.violations == other.violations);

    l.rules = {{.stage_change = {.event = "move", .attribute = "to"}}};
    const event x{.lead = 1, .name = "move", .time = at(1), .attributes = {{"to", "x"}}};
    const event y{.lead = 1, .name = "move", .time = at(1), .attributes = {{"to", "y"}}};
    CHECK(history(derive(stored({x, y}, 10, false), l).value()).value().violations ==
          history(derive(stored({y, x}, 10, false), l).value()).value().violations);
}

TEST_CASE("derive: without events no answer has an as_of, whatever time is asked") {
    const snapshot nothing = derive(snapshot(), deals(), until(9)).value();
    CHECK_FALSE(history(nothing).value().as_of);
    CHECK_FALSE(measure(nothing, weir::flow{.as_of = at(3)}).value().as_of);
    CHECK_FALSE(measure(nothing, weir::funnel{.steps = {"a"}, .as_of = at(3)}).value().as_of);
}
