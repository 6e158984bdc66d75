// compare_test.cpp - two funnels, lead by lead: against the lists that each of them gives by itself.
#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agreement.hpp"
#include "catch.hpp"
#include "oracle/funnel.hpp"
#include "world.hpp"

namespace {

using namespace weir_test;
using weir::compare_table;
using weir::funnel;

// By lead, the last required step that the funnel's own lists put it at.
using standings = std::map<std::string, int>;
standings listed_by(const weir::snapshot& s, funnel q) {
    q.by.clear();
    q.by_value = {};
    q.bucket = {};
    q.histogram.clear();
    standings out;
    for (int k = 1; k <= static_cast<int>(q.steps.size()); ++k) {
        if (q.steps[static_cast<std::size_t>(k - 1)].optional) continue;
        q.list = weir::lead_list{.at = k, .limit = 1'000};
        for (const auto& l : measure(s, q).value().leads) out[l.lead.key()] = k;
    }
    return out;
}

// Another funnel for the same leads: one axis or several changed, or steps of its own.
funnel changed(const funnel& before, const funnel& other, dice& d) {
    funnel after = before;
    for (int n = 1 + d.below(3); n > 0; --n) switch (d.below(11)) {
            case 0: after.steps = other.steps; break;
            case 1: after.within = other.within; break;
            case 2: after.clock = weir::clock(1 - int(before.clock)); break;
            case 3: after.order = other.order; break;
            case 4: after.ties = other.ties; break;
            case 5: after.entry = other.entry; break;
            case 6: after.exclude = other.exclude; break;
            case 7: after.on_exclusion = other.on_exclusion; break;
            case 8: after.hold = other.hold; break;
            case 9: after.period = other.period; break;
            case 10: after.as_of = other.as_of; break;
        }
    return after;
}

funnel countable(funnel q) {
    if (q.counting == weir::counting::entries) q.counting = weir::counting::leads;
    return q;
}

struct pair_world {
    funnel_world w;
    weir::compare q;
};
pair_world make_pair(std::uint64_t seed) {
    pair_world p{make_axes_world(seed), {}};
    dice d(~seed);
    p.q.before = countable(p.w.funnel);
    funnel other = countable(make_axes_world(seed + 1'000'000'000).funnel);
    other.counting = p.q.before.counting;
    other.account = p.q.before.account;
    other.as_of = d.chance(50) && !p.w.events.empty() ? std::optional(d.pick(p.w.events).time) : std::nullopt;
    p.q.after = changed(p.q.before, other, d);
    p.q.limit = 1'000;
    return p;
}

std::string print(const pair_world& p) { return to_json(p.q) + "\n" + print(p.w); }

struct tried {
    int differ = 0, several = 0;
    std::map<std::string, int> causes{};
};

// The axis of that name, taken over by other hands.
bool take(const std::string& name, funnel& into, const funnel& from) {
    const std::map<std::string, std::function<void()>> axes{
        {"steps", [&] { into.steps = from.steps; }},
        {"within", [&] { into.within = from.within; }},
        {"clock", [&] { into.clock = from.clock; }},
        {"order", [&] { into.order = from.order; }},
        {"ties", [&] { into.ties = from.ties; }},
        {"entry", [&] { into.entry = from.entry; }},
        {"exclude", [&] { into.exclude = from.exclude; }},
        {"on_exclusion", [&] { into.on_exclusion = from.on_exclusion; }},
        {"breaks", [&] { into.breaks = from.breaks; }},
        {"hold", [&] { into.hold = from.hold; }},
        {"period", [&] { into.period = from.period; }},
        {"as_of", [&] { into.as_of = from.as_of; }}};
    const auto found = axes.find(name);
    if (found != axes.end()) found->second();
    return found != axes.end();
}

std::string wrong_lead(const weir::compared_lead& l, const weir::snapshot& s, const weir::compare& q) {
    if (l.cause != "several") {
        funnel between = q.before;
        if (!take(l.cause, between, q.after)) return "a cause without a name: " + l.cause;
        if (check(between) && listed_by(s, between)[l.lead.key()] != l.after)
            return l.cause + " alone does not do it";
    }
    const auto why = explain(s, l.before < l.after ? q.before : q.after, l.lead).value();
    return why.reason == l.reason ? "" : "another reason than explain: " + why.reason;
}

std::string fault_in(const pair_world& p, tried& t, const std::function<void(compare_table&)>& spoil = {}) {
    if (!check(p.q)) return "";
    const weir::snapshot s = make_store(p.w).snapshot();
    const auto told = measure(s, p.q);
    if (!told) return told.error().where == "after.as_of" ? "" : to_string(told.error());
    compare_table c = *told;
    if (spoil) spoil(c);
    const standings before = listed_by(s, p.q.before), after = listed_by(s, p.q.after);
    std::map<std::string, std::pair<int, int>> both;
    for (const auto& [lead, step] : before) both[lead].first = step;
    for (const auto& [lead, step] : after) both[lead].second = step;
    std::map<std::pair<int, int>, std::int64_t> steps, found;
    std::vector<std::string> differ, listed;
    for (const auto& [lead, at] : both) {
        ++steps[at];
        if (at.first != at.second) differ.push_back(lead);
    }
    for (const auto& r : c.steps) found[{r.before, r.after}] = r.leads;
    if (found != steps) return "other counts";
    std::int64_t causes = 0;
    for (const auto& cause : c.causes) causes += cause.leads;
    if (causes != c.differ || c.total != static_cast<std::int64_t>(both.size())) return "other sums";
    for (const auto& l : c.leads) {
        listed.push_back(l.lead.key());
        if (both[l.lead.key()] != std::pair(l.before, l.after)) return "another step of " + l.lead.key();
        if (auto wrong = wrong_lead(l, s, p.q); !wrong.empty()) return l.lead.key() + ": " + wrong;
        ++t.causes[l.cause];
    }
    if (listed != differ) return "other leads";
    t.differ += differ.empty() ? 0 : 1;
    return "";
}

bool finds(const std::function<void(compare_table&)>& spoil) {
    tried t;
    for (std::uint64_t seed = 0; seed < 2'000; ++seed)
        if (!fault_in(make_pair(seed), t, spoil).empty()) return true;
    return false;
}

}  // namespace

TEST_CASE("compare: two leads of three reach another step, and why") {
    const auto s = store_of({{"ana", "a", 1},
                             {"ana", "b", 9},
                             {"ben", "a", 1},
                             {"ben", "b", 1},
                             {"cleo", "a", 1},
                             {"cleo", "b", 2}});
    const weir::compare q{
        .before = {.steps = {"a", "b"}},
        .after = {.steps = {"a", "b"}, .within = weir::duration{5}, .ties = weir::ties::strictly_later}};
    const auto t = measure(s, q).value();
    CHECK(t.differ == 2);
    CHECK(t.total == 3);
    CHECK(t.steps == std::vector<weir::compared_steps>{{2, 1, 2}, {2, 2, 1}});
    CHECK(t.causes == std::vector<weir::compared_cause>{{"within", 1}, {"ties", 1}});
    REQUIRE(t.leads.size() == 2);
    CHECK(t.leads[0].lead == weir::lead_id("ana"));
    CHECK(t.leads[0].cause == "within");
    CHECK(t.leads[0].reason == "step 2, \"b\" comes after the window of 5us, by 3us");
    CHECK(t.leads[1].cause == "ties");
    CHECK(weir::answer(t).title == "2 of 3 leads reach another step: 0 further, 2 less far");

    weir::compare page = q;
    page.offset = 1;
    page.limit = 1;
    const auto second = measure(s, page).value();
    CHECK(second.leads == std::vector<weir::compared_lead>{t.leads[1]});
    CHECK(second.differ == 2);
}

TEST_CASE("compare: equal funnels differ nowhere, however they are written") {
    const auto s = store_of({{"ana", "a", 1}, {"ana", "b", 9}, {"ben", "a", 1}});
    funnel by_day{.steps = {"a", "b"}, .bucket = weir::daily("UTC")};
    const auto t = measure(s, weir::compare{.before = {.steps = {"a", "b"}}, .after = by_day}).value();
    CHECK(t.differ == 0);
    CHECK(t.causes.empty());
    CHECK(t.leads.empty());
    CHECK(weir::answer(t).title == "no lead of 2 reaches another step");
    CHECK(
        measure(weir::store().snapshot(), weir::compare{{.steps = {"a"}}, {.steps = {"b"}}}).value().total ==
        0);
}

TEST_CASE("compare: the presets of other engines beside weir's own rules") {
    const auto s = store_of({{"ana", "a", 1},
                             {"ben", "a", 1},
                             {"ben", "x", 2},
                             {"ben", "a", 3},
                             {"cleo", "a", 1},
                             {"cleo", "a", 2}});
    // One event climbs both steps.
    funnel twice{.steps = {"a", "a"}, .within = weir::duration{10}};
    funnel clickhouse = twice;
    clickhouse.preset = "clickhouse_window_funnel_0882b32b";
    const auto t = measure(s, weir::compare{.before = twice, .after = clickhouse}).value();
    CHECK(t.causes == std::vector<weir::compared_cause>{{"preset", 1}});
    REQUIRE(t.leads.size() == 1);
    CHECK(t.leads[0].lead == weir::lead_id("ana"));
    CHECK(t.leads[0].reason.find("would have to fill two steps") != std::string::npos);

    clickhouse.preset += "+strict_once";
    CHECK(measure(s, weir::compare{.before = twice, .after = clickhouse}).value().differ == 0);
    clickhouse.preset = "clickhouse_window_funnel_0882b32b+strict_order";
    CHECK(measure(s, weir::compare{.before = clickhouse, .after = twice}).value().differ > 0);

    funnel excluded{.steps = {"a", "b"}, .exclude = {{.event = "x"}}};
    funnel posthog = excluded;
    posthog.preset = "posthog_funnel_2022_ordered";
    const auto p = measure(s, weir::compare{.before = excluded, .after = posthog}).value();
    CHECK(p.causes == std::vector<weir::compared_cause>{{"on_exclusion", 1}});
    CHECK(p.steps == std::vector<weir::compared_steps>{{1, 0, 1}, {1, 1, 2}});
}

TEST_CASE(
    "compare: over random worlds it says what the two funnels' own lists say, and why as explain does") {
    tried t;
    for (std::uint64_t seed = 81'000'000; seed < 81'008'000; ++seed) {
        const pair_world p = make_pair(seed);
        if (const std::string wrong = fault_in(p, t); !wrong.empty())
            FAIL(seed << ": " << wrong << "\n" << print(p));
    }
    CHECK(t.differ > 400);
    for (const char* cause : {"steps", "within", "clock", "order", "ties", "entry", "exclude", "on_exclusion",
                              "hold", "period", "as_of", "several"}) {
        INFO(cause);
        CHECK(t.causes[cause] > 0);
    }
}

TEST_CASE("compare: over random worlds the oracle puts every lead, or account, at the same two steps") {
    int differ = 0, of_accounts = 0;
    for (std::uint64_t seed = 85'000'000; seed < 85'002'000; ++seed) {
        const pair_world p = make_pair(seed);
        const auto told = measure(make_store(p.w).snapshot(), p.q);
        if (!told) continue;
        INFO(seed << "\n" << print(p));
        REQUIRE(disagreement(p.w, *told) == "");
        differ += told->differ > 0 ? 1 : 0;
        of_accounts += p.q.before.counting == weir::counting::accounts ? 1 : 0;
    }
    CHECK(differ > 100);
    CHECK(of_accounts > 50);
}

TEST_CASE("compare: a wrong rule is found lead by lead") {
    using oracle::fault;
    for (const fault planted : {fault::window_exclusive, fault::first_restarts, fault::exclusion_ignored,
                                fault::adjacent_ignored, fault::hold_ignored, fault::gap_exclusive}) {
        bool found = false;
        for (std::uint64_t seed = 85'000'000; seed < 85'002'000 && !found; ++seed) {
            const pair_world p = make_pair(seed);
            const auto told = measure(make_store(p.w).snapshot(), p.q);
            found = told && !disagreement(p.w, *told, planted).empty();
        }
        INFO(static_cast<int>(planted));
        CHECK(found);
    }
}

TEST_CASE("compare: a wrong count, step, cause, reason or list is found") {
    CHECK_FALSE(finds({}));
    CHECK(finds([](compare_table& c) {
        if (!c.steps.empty()) ++c.steps.front().leads;
    }));
    CHECK(finds([](compare_table& c) {
        if (!c.leads.empty()) std::swap(c.leads.front().before, c.leads.front().after);
    }));
    CHECK(finds([](compare_table& c) {
        if (!c.leads.empty() && c.leads.front().cause == "within") c.leads.front().cause = "period";
    }));
    CHECK(finds([](compare_table& c) {
        if (!c.leads.empty()) c.leads.front().reason += ".";
    }));
    CHECK(finds([](compare_table& c) {
        if (c.leads.size() > 1) c.leads.pop_back();
    }));
}

TEST_CASE("compare: the same bytes for any layout and number of threads") {
    for (std::uint64_t seed = 82'000'000; seed < 82'000'300; ++seed) {
        const pair_world p = make_pair(seed);
        dice d(seed);
        const layout other = make_layout(d);
        weir::scope how;
        how.threads = other.threads;
        const auto a = measure(make_store(p.w).snapshot(), p.q),
                   b = measure(make_store(p.w, other).snapshot(), p.q, how);
        REQUIRE(a.has_value() == b.has_value());
        if (a) CHECK(to_json(weir::answer(*a)) == to_json(weir::answer(*b)));
    }
}

TEST_CASE("compare: as JSON, and what is wrong with it") {
    const weir::compare q{
        .before = {.steps = {"a", "b"}}, .after = {.steps = {"a"}}, .offset = 3, .limit = 7};
    CHECK(to_json(q) ==
          R"({"compare":{"before":{"steps":["a","b"]},"after":{"steps":["a"]},"offset":3,"limit":7}})");
    CHECK(weir::compare_from_json(to_json(q)).value() == q);
    CHECK(std::get<weir::compare>(weir::question_from_json(to_json(q)).value()) == q);
    CHECK(weir::compare_from_json(
              R"({"compare":{"before":{"funnel":{"steps":["a","b"]}},"after":{"steps":["a"]},)"
              R"("offset":3,"limit":7}})")
              .value() == q);
    const auto fault = [](const char* text) {
        const auto read = weir::compare_from_json(text);
        if (!read) return to_string(read.error());
        const auto fine = check(*read);
        return fine ? std::string() : to_string(fine.error());
    };
    CHECK(fault(R"({"compare": {"before": {"steps": ["a"]}}})") ==
          "compare: the funnel \"after\" is missing (invalid_question)");
    CHECK(fault(R"({"compare": {"before": {"steps": ["a"]}, "after": {"step": ["a"]}}})")
              .find("compare.after.step: found \"step\"") == 0);
    CHECK(fault(R"({"compare": {"before": {"steps": ["a"]}, "after": {"steps": []}}})") ==
          "after.steps: a funnel needs a step (invalid_question)");
    CHECK(
        fault(
            R"({"compare": {"before": {"steps": ["a"], "counting": "entries"}, "after": {"steps": ["a"]}}})") ==
        "before.counting: leads are compared; entries are counted (invalid_question)");
    CHECK(fault(R"({"compare": {"before": {"steps": ["a"], "counting": "accounts", "account": "f"},
                    "after": {"steps": ["a"]}}})") ==
          "after.counting: leads are counted under one funnel and accounts under the other "
          "(invalid_question)");
    CHECK(fault(R"({"compare": {"before": {"steps": ["a"]}, "after": {"steps": ["a"]}, "limit": -1}})") ==
          "limit: a page begins at 0 or later and has 0 leads or more (invalid_question)");
}
