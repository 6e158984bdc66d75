// Random worlds with keys and merges, put to the engine and to the oracle; and what must not change a byte.
//
// WEIR_WORLDS in the environment sets the number of worlds: 3,000 if it is not there.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <weir.hpp>

#include "catch.hpp"
#include "oracle/flow.hpp"
#include "oracle/funnel.hpp"
#include "oracle/identity.hpp"
#include "oracle/lifecycle.hpp"
#include "world.hpp"

namespace {

using namespace weir_test;
using weir::names;

constexpr std::uint64_t first_seed = 90'000'000;
const std::uint64_t worlds =
    std::getenv("WEIR_WORLDS") == nullptr ? 3000 : std::strtoull(std::getenv("WEIR_WORLDS"), nullptr, 10);

struct identity_world : lifecycle_world {
    weir::identity identity{};
};

weir::identity_rule make_rule(dice& d) {
    weir::identity_rule r;
    if (d.chance(30)) r.event = d.pick(std::vector<std::string>{"crm", "click", "form", "unheard of"});
    if (d.chance(20)) r.where = weir::parse_condition(make_condition(d)).value();
    if (d.chance(15)) {
        r.cancels = "undo";
        return r;
    }
    const int kind = d.below(4);
    if (kind == 0) r.keys = {{"user", "user_id"}};
    if (kind == 1) r.keys = {{"user", "user_id"}, {"mail", "mail"}};
    if (kind == 2) r.keys = {{"", names{"partner", "other"}}};
    if (kind == 3) r.keys = {{"device", "mail"}, {"user", names{"user_id", "other"}}};
    if (kind != 0 && d.chance(40)) r.joins = weir::joins::keys_alone;
    if (d.chance(50)) r.merge_id = "link";
    return r;
}

names some_kinds(dice& d, int percent) {
    std::vector<std::string> some, all{"user", "mail", "device", ""};
    d.shuffle(all);
    for (const auto& k : all)
        if (d.chance(percent)) some.push_back(k);
    return names(some);
}

weir::identity make_identity(dice& d) {
    weir::identity i;
    for (int n = d.below(4); n >= 0; --n) i.rules.push_back(make_rule(d));
    if (d.chance(60)) i.rules.push_back({.cancels = "undo"});
    if (d.chance(20)) i.lead_kind = "device";
    i.ranks = some_kinds(d, 50);
    if (d.chance(30)) i.shared = some_kinds(d, 30);
    if (d.chance(30)) i.anonymous = some_kinds(d, 50);
    i.max_keys = 1 + d.below(4);
    return i;
}

void add_keys(dice& d, weir::event& e) {
    const std::vector<weir::value> users{"u1", "u2", 7, "7", ""};
    const std::vector<std::string> ids{"m1", "m2", "m3", "m4", ""};
    if (d.chance(25)) e.attributes.push_back({"user_id", d.pick(users)});
    if (d.chance(15)) e.attributes.push_back({"mail", d.chance(50) ? "a@b" : "u1"});
    if (d.chance(15)) e.attributes.push_back({"partner", "lead " + std::to_string(1 + d.below(5))});
    if (d.chance(15)) e.attributes.push_back({"other", "lead " + std::to_string(1 + d.below(5))});
    if (d.chance(60)) e.attributes.push_back({"link", d.pick(ids)});
    if (d.chance(15)) e.attributes.push_back({"undo", d.pick(ids)});
    if (d.chance(8)) e.attributes.push_back({"keys.mail", "k" + std::to_string(d.below(3))});
}

identity_world make_identity_world(std::uint64_t seed) {
    identity_world w{make_lifecycle_world(seed)};
    dice d(seed ^ 0x1D);
    w.second.reset();
    w.flow.lifecycle.clear();
    w.identity = make_identity(d);
    const bool with_kinds = d.chance(30);
    // Events of one id are alike, as they are in their other attributes.
    std::map<std::string, std::vector<weir::named_value>> by_id;
    for (weir::event& e : w.events) {
        const std::size_t had = e.attributes.size();
        if (const auto known = by_id.find(e.id); !e.id.empty() && known != by_id.end()) {
            e.attributes.insert(e.attributes.end(), known->second.begin(), known->second.end());
        } else {
            add_keys(d, e);
            by_id[e.id].assign(e.attributes.begin() + static_cast<std::ptrdiff_t>(had), e.attributes.end());
        }
        if (with_kinds && e.lead == weir::lead_id("lead 2")) e.lead = {"user", "u1"};
        if (with_kinds && e.lead == weir::lead_id("lead 3")) e.lead = {"device", "lead 1"};
    }
    return w;
}

std::string print(const identity_world& w) {
    std::string out = to_json(w.identity) + "\n" + to_json(w.lifecycle) + "\n";
    for (const auto& e : w.events) {
        out += "  " + to_string(e.lead) + " | " + e.name + " | " +
               std::to_string(e.time.time_since_epoch().count());
        for (const auto& a : e.attributes) out += " " + a.name + "=" + to_string(a.value);
        out += e.id.empty() ? "\n" : "   (" + e.id + ")\n";
    }
    return out;
}

std::optional<oracle::micros> micros_of(const std::optional<weir::instant>& t) {
    return t ? std::optional(t->time_since_epoch().count()) : std::nullopt;
}

std::int64_t ignored(const weir::identity_report& r, const std::string& reason) {
    for (const auto& i : r.ignored)
        if (i.reason == reason) return i.events;
    return -1;
}

std::string print_events(const std::vector<weir::event>& events) {
    std::string out;
    for (const auto& e : events) {
        out += to_string(e.lead) + " " + e.name + "@" + std::to_string(e.time.time_since_epoch().count());
        for (const auto& a : e.attributes) out += " " + a.name + "=" + to_string(a.value);
        out += "\n";
    }
    return out;
}

std::string print_story(const std::string& lead, const oracle::story& facts) {
    std::string out;
    for (const oracle::fact& f : facts) {
        out += lead + " " + f.name + "@" + std::to_string(f.time);
        auto attributes = f.attributes;
        std::sort(attributes.begin(), attributes.end(),
                  [](const auto& a, const auto& b) { return a.name < b.name; });
        for (const auto& a : attributes) out += " " + a.name + "=" + to_string(a.value);
        out += "\n";
    }
    return out;
}

std::string compare_report(const oracle::identified& expected, const weir::identity_report& got) {
    std::string wrong;
    const auto hold = [&](const char* what, std::int64_t a, std::int64_t b) {
        if (a != b)
            wrong += std::string(what) + ": " + std::to_string(a) + " expected, " + std::to_string(b) + "\n";
    };
    hold("before", expected.before, got.leads_before);
    hold("after", expected.after, got.leads_after);
    hold("merges", expected.merges, got.merges);
    hold("cancelled", expected.cancelled, got.cancelled);
    hold("one key", expected.alone, ignored(got, "one_key"));
    hold("shared", expected.shared, ignored(got, "shared_kind"));
    hold("unknown", expected.unknown_merges, ignored(got, "unknown_merge"));
    hold("anonymous leads", expected.anonymous, got.anonymous_leads.n);
    hold("of leads", expected.after, got.anonymous_leads.of);
    hold("anonymous events", expected.anonymous_events, got.anonymous_events.n);
    hold("of events", expected.events, got.anonymous_events.of);
    std::set<std::string> oversized;
    for (const auto& o : got.oversized) oversized.insert(to_string(o.lead));
    if (oversized != expected.oversized) wrong += "other oversized leads\n";
    std::map<std::string, bool> still;
    for (const auto& c : got.cancelled_merges) still[c.merge_id] = c.still_joined;
    if (still != expected.still_joined) wrong += "other cancelled merges\n";
    return wrong;
}

// The leads themselves: every key finds its lead, with all its events in order.
std::string compare_leads(const oracle::identified& expected, const weir::snapshot& got) {
    if (got.leads() != static_cast<std::int64_t>(expected.leads.size()))
        return std::to_string(expected.leads.size()) + " leads expected, " + std::to_string(got.leads());
    for (const auto& [key, lead] : expected.named) {
        const std::string found = print_events(events_of(got, oracle::lead_of(key)).value());
        const std::string story = print_story(lead, expected.leads.at(lead));
        if (found != story) return "by key " + key + " expected\n" + story + "found\n" + found;
    }
    return "";
}

std::string compare_questions(const identity_world& w, const oracle::identified& expected,
                              const weir::snapshot& joined, std::optional<oracle::micros> at) {
    const auto funnel = measure(joined, w.funnel);
    if (!funnel) return to_string(funnel.error());
    const auto time_of = [&](const auto& q) { return at && q.as_of ? micros_of(q.as_of) : at; };
    std::string d =
        oracle::difference(oracle::ask(expected.leads, w.funnel, time_of(w.funnel)), weir::answer(*funnel));
    if (!d.empty()) return "funnel: " + d;
    const auto staged = derive(joined, w.lifecycle);
    const auto histories = oracle::derive(expected.leads, w.lifecycle, at);
    const bool unknown =
        w.lifecycle.unknown_stage == weir::unknown_stage::fail &&
        std::any_of(histories.begin(), histories.end(), [](const auto& h) { return h.second.unknown_word; });
    if (unknown || !staged) return unknown != staged.has_value() ? "" : "an unknown word: " + print(w);
    d = oracle::difference(histories, weir::history(*staged).value());
    if (!d.empty()) return "history: " + d;
    const auto people = oracle::staged(expected.leads, w.lifecycle, histories);
    d = oracle::difference(oracle::ask(people, w.lifecycle, histories, w.flow, time_of(w.flow)),
                           weir::answer(measure(*staged, w.flow).value()));
    return d.empty() ? d : "flow: " + d;
}

std::string disagreement(const identity_world& w, const layout& how, oracle::fault planted) {
    weir::scope scope = w.scope;
    scope.threads = how.threads;
    const auto joined = derive(make_store(w, how).snapshot(), w.identity, scope);
    if (!joined) return to_string(joined.error());
    const auto all = oracle::meet(w.events, w.erased);
    const auto last = oracle::last_time(all);
    const auto at = last && w.scope.as_of ? micros_of(w.scope.as_of) : last;
    const auto expected = oracle::identify(all, w.identity, at, planted);
    std::string d = compare_report(expected, identities(*joined).value());
    if (d.empty()) d = compare_leads(expected, *joined);
    return d.empty() ? compare_questions(w, expected, *joined, at) : d;
}

// All answers of a world, as bytes.
std::string answers_of(const identity_world& w, const weir::snapshot& joined, bool with_report = true) {
    std::string out;
    if (with_report) out += to_json(weir::answer(identities(joined).value())) + "\n";
    const auto funnel = measure(joined, w.funnel);
    out += (funnel ? to_json(weir::answer(*funnel)) : to_string(funnel.error())) + "\n";
    const auto staged = derive(joined, w.lifecycle);
    if (!staged) return out + to_string(staged.error());
    out += to_json(weir::answer(weir::history(*staged).value())) + "\n";
    return out + to_json(weir::answer(measure(*staged, w.flow).value()));
}

std::string answers_of(const identity_world& w, const layout& how) {
    weir::scope scope = w.scope;
    scope.threads = how.threads;
    return answers_of(w, derive(make_store(w, how).snapshot(), w.identity, scope).value());
}

}  // namespace

TEST_CASE("identity agreement: engine and oracle find the same leads, funnels, stages and flows",
          "[agreement]") {
    std::uint64_t joined = 0;
    for (std::uint64_t i = 0; i < worlds; ++i) {
        const auto w = make_identity_world(first_seed + i);
        dice d(first_seed + i);
        const std::string wrong = disagreement(w, make_layout(d), oracle::fault::none);
        if (!wrong.empty()) FAIL("world " << first_seed + i << ": " << wrong << "\n" << print(w));
        const auto report = identities(derive(make_store(w).snapshot(), w.identity, w.scope).value()).value();
        joined += report.leads_after < report.leads_before;
    }
    CHECK(joined > worlds / 10);
}

TEST_CASE("identity agreement: a fault planted in the oracle is found", "[agreement]") {
    for (const auto planted : {oracle::fault::later_merges_count, oracle::fault::shared_keys_join,
                               oracle::fault::early_un_merge_forgotten, oracle::fault::joins_go_one_step}) {
        bool found = false;
        for (std::uint64_t i = 0; i < worlds && !found; ++i)
            found = !disagreement(make_identity_world(first_seed + i), {}, planted).empty();
        INFO("fault " << static_cast<int>(planted));
        CHECK(found);
    }
}

TEST_CASE("identity agreement: threads, batches and segments change no byte", "[agreement]") {
    for (std::uint64_t i = 0; i < worlds; ++i) {
        const auto w = make_identity_world(first_seed + i);
        dice d(~(first_seed + i));
        layout how = make_layout(d);
        how.erase_after = -1;
        INFO("world " << first_seed + i << "\n" << print(w));
        REQUIRE(answers_of(w, how) == answers_of(w, layout{}));
    }
}

TEST_CASE("identity agreement: the order of events and merges decides no lead and no count", "[agreement]") {
    for (std::uint64_t i = 0; i < worlds; ++i) {
        auto w = make_identity_world(first_seed + i);
        for (auto& e : w.events) e.id.clear();
        const auto before = identities(derive(make_store(w).snapshot(), w.identity, w.scope).value()).value();
        const auto leads =
            oracle::identify(oracle::meet(w.events, w.erased), w.identity, micros_of(before.as_of));
        dice d(i);
        d.shuffle(w.events);
        const auto s = derive(make_store(w).snapshot(), w.identity, w.scope).value();
        if (std::none_of(w.identity.rules.begin(), w.identity.rules.end(),
                         [](const auto& r) { return to_string(r.where).find("lead.") != std::string::npos; }))
            REQUIRE(to_json(weir::answer(identities(s).value())) == to_json(weir::answer(before)));
        std::int64_t events = 0;
        for (const auto& [lead, facts] : leads.leads) events += static_cast<std::int64_t>(facts.size());
        REQUIRE(s.size() == events);
    }
}

TEST_CASE("identity agreement: merged and then un-merged is never merged", "[agreement]") {
    std::uint64_t merged = 0;
    for (std::uint64_t i = 0; i < worlds; ++i) {
        auto w = make_identity_world(first_seed + i);
        w.scope.as_of.reset();
        w.funnel.as_of.reset();
        w.flow.as_of.reset();
        w.identity.rules.resize(1);
        auto& rule = w.identity.rules.front();
        rule = {.keys = {{"user", "user_id"}}, .merge_id = "link"};
        w.identity.lead_kind.clear();
        w.identity.rules.push_back({.cancels = "undo"});
        int n = 0;
        std::vector<weir::event> undone;
        for (auto& e : w.events) {
            e.id.clear();
            auto& all = e.attributes;
            all.erase(std::remove_if(all.begin(), all.end(),
                                     [](const auto& a) {
                                         return a.name == "link" || a.name == "undo" || a.name == "keys.mail";
                                     }),
                      all.end());
            const std::string id = "merge " + std::to_string(n++);
            e.attributes.push_back({"link", id});
            undone.push_back(
                {.lead = "somebody", .name = "undo", .time = e.time, .attributes = {{"undo", id}}});
        }
        w.events.insert(w.events.end(), undone.begin(), undone.end());
        dice d(i);
        d.shuffle(w.events);
        const auto raw = make_store(w).snapshot();
        const auto joined = derive(raw, w.identity).value();
        merged += identities(joined).value().cancelled > 0;
        INFO("world " << first_seed + i << "\n" << print(w));
        REQUIRE(answers_of(w, joined, false) == answers_of(w, raw, false));
    }
    CHECK(merged > worlds / 3);
}
