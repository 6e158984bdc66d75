// What an explanation of a funnel claims, put to the engine on random worlds: the named events alone tell the
// same story, and the obstacle is the first whose removal takes the lead further.
//
// WEIR_WORLDS in the environment sets five times the number of worlds of each kind; 4,000 are the least.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "agreement.hpp"
#include "catch.hpp"
#include "world.hpp"

namespace {

using namespace weir_test;
using weir::obstacle;

int worlds() {
    const char* asked = std::getenv("WEIR_WORLDS");
    return asked == nullptr ? 4'000 : std::max(4'000, std::atoi(asked) / 5);
}

weir::snapshot store_of(const std::vector<weir::event>& events) {
    weir::store store;
    weir::batch batch;
    for (const auto& e : events) batch.add(e);
    store.append(batch).value();
    return store.snapshot();
}

weir::funnel plain(weir::funnel q) {
    q.by.clear();
    q.by_value = {};
    q.bucket = {};
    q.histogram.clear();
    q.list.reset();
    if (q.counting == weir::counting::accounts) q.counting = weir::counting::leads;
    q.account.clear();
    return q;
}

// The last required step that the only lead of a store counts at; -1 if it may not be asked.
int step_of(const weir::snapshot& s, const weir::funnel& q) {
    const auto found = measure(s, q);
    if (!found) return -1;
    int step = 0;
    for (const auto& r : found->rows)
        if (r.leads > 0 && (q.order == weir::order::any_order || !q.steps[std::size_t(r.step) - 1].optional))
            step = std::max(step, r.step);
    return step;
}

// The same constraint taken out by other hands. False: there is none, or the question cannot be asked.
bool lift(obstacle o, weir::funnel& q) {
    const weir::funnel before = q;
    switch (o) {
        case obstacle::tie: q.ties = weir::ties::together; break;
        case obstacle::window: q.within.reset(); break;
        case obstacle::gap:
            for (auto& s : q.steps) {
                s.min_gap.reset();
                if (s.max_gap) s.max_gap = weir::duration::max();
            }
            break;
        case obstacle::excluded: q.exclude.clear(); break;
        case obstacle::adjacency:
            if (q.order == weir::order::adjacent) q.order = weir::order::in_sequence;
            break;
        case obstacle::held_value: q.hold = {}; break;
        case obstacle::entry: q.entry = weir::entry::best; break;
        case obstacle::period: q.period = {}; break;
        case obstacle::order: q.order = weir::order::any_order; break;
        default: return false;
    }
    return q != before && check(q).has_value();
}

struct tried {
    int explained = 0, deadlines = 0;
    std::array<int, 12> obstacles{};
    std::array<int, 4> standings{};
};
using spoiler = std::function<void(weir::funnel_explanation&)>;

std::string wrong_obstacle(const weir::funnel_explanation& e, const weir::snapshot& own,
                           const weir::funnel& q) {
    if (e.standing == weir::standing::reached) return e.obstacle ? "reached, with an obstacle" : "";
    if (!e.obstacle) return "no obstacle";
    const bool repeats = std::any_of(q.steps.begin(), q.steps.end(),
                                     [](const auto& s) { return s.at_least > 1 || !s.members.empty(); });
    const auto goes_on = [&](obstacle o) {
        weir::funnel lifted = q;
        if (!lift(o, lifted)) return false;
        if (repeats) return explain(own, lifted, e.lead).value().level > e.level;
        return step_of(own, lifted) > e.step;
    };
    for (int o = 2; o < static_cast<int>(*e.obstacle) && *e.obstacle != obstacle::no_such_event; ++o)
        if (goes_on(obstacle(o))) return "without " + std::string(to_string(obstacle(o))) + " it goes on";
    switch (*e.obstacle) {
        case obstacle::no_such_event:
            for (int o = 2; o < 11; ++o)
                if (obstacle(o) != obstacle::order && goes_on(obstacle(o))) return "there is such an event";
            return "";
        case obstacle::event_used_once:
        case obstacle::several:
        case obstacle::order: return "";  // see the next test; gaps make an order that cannot be asked
        default:
            return goes_on(*e.obstacle) ? ""
                                        : "it does not go on without " + std::string(to_string(*e.obstacle));
    }
}

std::vector<weir::event> chain_of(const weir::funnel_explanation& e) {
    std::vector<weir::event> chain;
    for (const auto& x : e.events)
        if (x.part == "chain") chain.push_back(x.event);
    return chain;
}

std::string wrong_replay(const weir::funnel_explanation& e, const weir::funnel& q) {
    std::vector<weir::event> named;
    for (const auto& x : e.events) named.push_back(x.event);
    weir::funnel asked = q;
    asked.as_of = e.as_of;
    const auto again = explain(store_of(named), asked, e.lead).value();
    if (again.level != e.level || again.step != e.step) return "replay: another level";
    if (chain_of(again) != chain_of(e)) return "replay: another chain";
    if ((again.standing == weir::standing::excluded) != (e.standing == weir::standing::excluded))
        return "replay: excluded or not";
    return "";
}

// A window of the least width that is told does, and one of a microsecond less does not.
std::string wrong_window(const weir::funnel_explanation& e, const weir::snapshot& own,
                         const weir::funnel& q) {
    if (e.obstacle != obstacle::window || !e.missed_by) return "";
    weir::funnel wider = q;
    *wider.within += *e.missed_by;
    if (explain(own, wider, e.lead).value().level <= e.level) return "the window that is told is too narrow";
    if (q.entry == weir::entry::first && q.counting == weir::counting::entries) return "";
    *wider.within -= weir::duration{1};
    return explain(own, wider, e.lead).value().level > e.level ? "a narrower window does" : "";
}

// An event of the next step at the deadline does, and one behind it does not.
std::string wrong_deadline(const weir::funnel_explanation& e, const weir::snapshot& own,
                           const weir::funnel& q, int& asked) {
    const bool plain_steps = std::all_of(q.steps.begin(), q.steps.end(), [](const auto& s) {
        return s.where.always() && s.at_least == 1 && s.members.empty() && !s.optional && !s.min_gap;
    });
    if (!e.as_of || e.standing != weir::standing::open || !plain_steps || !q.exclude.empty() ||
        !q.hold.empty() || q.order != weir::order::in_sequence)
        return "";
    auto events = events_of(own, e.lead).value();
    std::erase_if(events, [&](const auto& x) { return x.time > *e.as_of; });
    const auto goes_on = [&](weir::instant t) {
        auto more = events;
        more.push_back({.lead = e.lead, .name = *q.steps[std::size_t(e.level)].event.begin(), .time = t});
        weir::funnel later = q;
        later.as_of = t;
        return explain(store_of(more), later, e.lead).value().level > e.level;
    };
    ++asked;
    if (!e.deadline) return goes_on(*e.as_of + weir::duration{1}) ? "" : "it is not open";
    if (!goes_on(*e.deadline)) return "it is not open at the deadline";
    return goes_on(*e.deadline + weir::duration{1}) ? "it is open behind the deadline" : "";
}

// What is wrong with the explanations of a world, or "".
std::string fault_in(const funnel_world& w, tried& t, const spoiler& spoil = {}) {
    const weir::snapshot all = make_store(w).snapshot();
    const weir::funnel q = plain(w.funnel);
    if (!check(q)) return "";
    std::set<std::string> leads;
    for (const auto& e : w.events) leads.insert(e.lead.key());
    for (const auto& lead : leads) {
        const auto told = explain(all, q, lead);
        if (!told) return to_string(told.error());
        weir::funnel_explanation e = *told;
        if (spoil) spoil(e);
        ++t.explained;
        ++t.standings[std::size_t(e.standing)];
        if (e.obstacle) ++t.obstacles[std::size_t(*e.obstacle)];
        weir::funnel asked = q;
        asked.as_of = e.as_of;
        const weir::snapshot own = store_of(events_of(all, lead).value());
        std::string wrong;
        if (step_of(own, asked) != e.step) wrong = "the funnel counts it at another step";
        if (wrong.empty()) wrong = wrong_replay(e, asked);
        if (wrong.empty()) wrong = wrong_obstacle(e, own, asked);
        if (wrong.empty()) wrong = wrong_window(e, own, asked);
        if (wrong.empty()) wrong = wrong_deadline(e, own, asked, t.deadlines);
        if (!wrong.empty()) return lead + ": " + wrong + "\n" + to_json(weir::answer(e), 1);
    }
    return "";
}

void check_worlds(funnel_world (*make)(std::uint64_t), std::uint64_t first, tried& t) {
    for (int i = 0; i < worlds(); ++i) {
        const std::uint64_t seed = first + static_cast<std::uint64_t>(i);
        const funnel_world w = make(seed);
        const std::string wrong = fault_in(w, t);
        if (!wrong.empty()) UNSCOPED_INFO("world " << seed << ": " << wrong << "\n" << print(w));
        REQUIRE(wrong.empty());
    }
}

bool finds(const spoiler& spoil) {
    tried t;
    for (std::uint64_t seed = 0; seed < 2'000; ++seed)
        if (!fault_in(make_axes_world(seed), t, spoil).empty()) return true;
    return false;
}

}  // namespace

TEST_CASE(
    "explain: the events that it names tell the same story alone, the obstacle is the first of its kind") {
    tried t;
    check_worlds(make_funnel_world, 71'000'000, t);
    CHECK(t.explained > worlds());
    for (const auto o : {obstacle::no_such_event, obstacle::event_used_once, obstacle::window,
                         obstacle::period, obstacle::order, obstacle::several})
        CHECK(t.obstacles[std::size_t(o)] > 0);
}

TEST_CASE("explain: so on every axis") {
    tried t;
    check_worlds(make_axes_world, 72'000'000, t);
    CHECK(t.explained > worlds());
    for (const int n : t.obstacles) CHECK(n > 0);
    for (const int n : t.standings) CHECK(n > 0);
    CHECK(t.deadlines > worlds() / 50);
}

TEST_CASE("explain: an obstacle that is not the first one, and evidence that is missing, are found") {
    CHECK_FALSE(finds({}));
    CHECK(finds([](weir::funnel_explanation& e) {
        if (e.obstacle == obstacle::window) e.obstacle = obstacle::period;
    }));
    CHECK(finds([](weir::funnel_explanation& e) {
        if (e.obstacle == obstacle::excluded) e.obstacle = obstacle::tie;
    }));
    CHECK(finds([](weir::funnel_explanation& e) {
        if (e.obstacle == obstacle::held_value) e.obstacle = obstacle::no_such_event;
    }));
    CHECK(finds([](weir::funnel_explanation& e) {
        if (!e.events.empty() && e.events.front().part == "chain") e.events.erase(e.events.begin());
    }));
    CHECK(finds([](weir::funnel_explanation& e) {
        std::erase_if(e.events, [](const auto& x) { return x.part == "excludes" || x.part == "between"; });
    }));
    CHECK(finds([](weir::funnel_explanation& e) { e.step += e.step == 1; }));
    CHECK(finds([](weir::funnel_explanation& e) {
        if (e.missed_by) *e.missed_by -= weir::duration{1};
    }));
    CHECK(finds([](weir::funnel_explanation& e) {
        if (e.deadline) *e.deadline -= weir::duration{1};
    }));
}

// Two selves of each event stand for an event that fills several steps, where nothing can be in their way.
TEST_CASE("explain: an event used once is the obstacle where it is the only one that is lacking") {
    int asked = 0;
    for (std::uint64_t seed = 73'000'000; seed < 73'003'000; ++seed) {
        const funnel_world w = make_axes_world(seed);
        const weir::funnel q = plain(w.funnel);
        if (!check(q) || !q.exclude.empty() || q.order == weir::order::adjacent ||
            q.counting == weir::counting::entries)
            continue;
        const weir::snapshot all = make_store(w).snapshot();
        std::set<std::string> leads;
        for (const auto& e : w.events) leads.insert(e.lead.key());
        for (const auto& lead : leads) {
            const auto e = explain(all, q, lead).value();
            if (!e.obstacle || *e.obstacle == obstacle::no_such_event) continue;
            std::vector<weir::event> copies;
            for (const auto& own : events_of(all, lead).value())
                for (std::size_t n = 0; n < q.steps.size() * 3; ++n) copies.push_back(own);
            weir::funnel again = q;
            again.as_of = e.as_of;
            const auto twice = explain(store_of(copies), again, lead).value();
            INFO(seed << " " << lead << "\n" << print(w));
            CHECK((e.obstacle == obstacle::event_used_once) == (twice.level > e.level));
            ++asked;
        }
    }
    CHECK(asked > 100);
}
