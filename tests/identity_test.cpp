#include <sstream>
#include <string>
#include <vector>

#include <weir.hpp>

#include "catch.hpp"

namespace {

using weir::from_unix_seconds;
using weir::identity;
using weir::lead_id;

weir::event happened(const lead_id& lead, const char* name, std::int64_t t,
                     std::vector<weir::named_value> attributes = {}) {
    return {.lead = lead, .name = name, .time = from_unix_seconds(t), .attributes = std::move(attributes)};
}

// An administrator's "link" joins the leads that it names, "unlink" cancels one by its number.
weir::event link(const char* a, const char* b, std::int64_t t, const char* id = "") {
    return happened("admin", "link", t, {{"a", a}, {"b", b}, {"id", id}});
}
weir::event unlink(const char* id, std::int64_t t) { return happened("admin", "unlink", t, {{"id", id}}); }

identity links() {
    return {.rules = {{.event = "link",
                       .keys = {{"", weir::names{"a", "b"}}},
                       .joins = weir::joins::keys_alone,
                       .merge_id = "id"},
                      {.event = "unlink", .cancels = "id"}}};
}

identity logins() { return {.rules = {{.event = "login", .keys = {{"user", "user_id"}}}}, .ranks = "user"}; }

weir::snapshot made_of(const std::vector<weir::event>& events) {
    weir::store store;
    weir::batch b;
    for (const auto& e : events) b.add(e);
    store.append(b).value();
    return store.snapshot();
}

std::string lead_of(const weir::snapshot& s, const lead_id& key) {
    const auto events = events_of(s, key).value();
    return events.empty() ? "nobody" : to_string(events.front().lead);
}

std::string story(const weir::snapshot& s, const lead_id& key) {
    std::string out;
    for (const auto& e : events_of(s, key).value()) out += e.name + " ";
    return out;
}

std::vector<weir::event> abc() {
    return {happened("a", "x", 1), happened("b", "x", 2), happened("c", "x", 3)};
}

std::vector<std::int64_t> leads_at(const weir::snapshot& s, const weir::funnel& f) {
    std::vector<std::int64_t> leads;
    for (const auto& r : measure(s, f).value().rows) leads.push_back(r.leads);
    return leads;
}

}  // namespace

TEST_CASE("identity: merges in any order give one lead, named by its smallest key") {
    const std::vector<std::vector<weir::event>> orders{{link("a", "b", 4), link("b", "c", 5)},
                                                       {link("b", "c", 4), link("a", "b", 5)},
                                                       {link("c", "b", 5), link("b", "a", 5)}};
    for (const auto& order : orders) {
        auto events = order;
        for (const auto& e : abc()) events.push_back(e);
        const auto s = derive(made_of(events), links()).value();
        for (const char* key : {"a", "b", "c"}) {
            CHECK(lead_of(s, key) == "a");
            CHECK(story(s, key) == "x x x ");
        }
        CHECK(s.leads() == 2);  // and the administrator
    }
}

TEST_CASE("identity: an un-merge takes one merge away") {
    auto events = abc();
    for (const auto& e : {link("a", "b", 4, "1"), link("b", "c", 5, "2"), unlink("2", 6)})
        events.push_back(e);
    const auto s = derive(made_of(events), links()).value();
    CHECK(lead_of(s, "b") == "a");
    CHECK(lead_of(s, "c") == "c");
    const auto report = identities(s).value();
    CHECK(report.merges == 1);
    CHECK(report.cancelled == 1);
    CHECK(report.cancelled_merges == std::vector<weir::cancelled_merge>{{"2", from_unix_seconds(6), false}});
}

TEST_CASE("identity: keys that another merge still holds stay one lead, and the report says so") {
    auto events = abc();
    for (const auto& e : {link("a", "b", 4, "1"), link("a", "b", 5, "2"), unlink("2", 6)})
        events.push_back(e);
    const auto s = derive(made_of(events), links()).value();
    CHECK(lead_of(s, "b") == "a");
    CHECK(identities(s).value().cancelled_merges ==
          std::vector<weir::cancelled_merge>{{"2", from_unix_seconds(6), true}});
}

TEST_CASE("identity: as_of decides which merges count") {
    const auto raw = made_of({happened({"cookie", "k"}, "A", 1), happened({"mail", "e"}, "B", 5),
                              happened({"cookie", "k"}, "known", 9, {{"address", "e"}})});
    const identity rules{.rules = {{.event = "known", .keys = {{"mail", "address"}}}}};
    const weir::funnel f{.steps = {"A", "B"}};
    const auto late = derive(raw, rules, {.as_of = from_unix_seconds(10)}).value();
    CHECK(leads_at(late, f) == std::vector<std::int64_t>{1, 1});
    const auto early = derive(raw, rules, {.as_of = from_unix_seconds(8)}).value();
    CHECK(leads_at(early, f) == std::vector<std::int64_t>{1, 0});
    CHECK(early.leads() == 2);
    // The question is asked at the time of the derivation, and at no later one.
    CHECK(measure(early, f).value().as_of == from_unix_seconds(8));
    const auto refused = measure(early, weir::funnel{.steps = {"A"}, .as_of = from_unix_seconds(9)});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == weir::errc::invalid_question);
    CHECK(refused.error().message ==
          "as_of 1970-01-01T00:00:09Z is after 1970-01-01T00:00:08Z, where leads were put together; put them "
          "together at a later as_of");
    // Stages on top are judged there, too.
    const auto staged = derive(early, weir::lifecycle{.stages = {"A"}, .rules = {{.to = "A", .event = "A"}}});
    CHECK(history(*staged).value().as_of == from_unix_seconds(8));
}

TEST_CASE("identity: an un-merge may come before its merge, and counts from its own time on") {
    auto events = abc();
    events.push_back(unlink("1", 2));
    events.push_back(link("a", "b", 4, "1"));
    events.push_back(link("b", "c", 4, "2"));
    events.push_back(unlink("2", 9));
    const auto raw = made_of(events);
    const auto s = derive(raw, links(), {.as_of = from_unix_seconds(8)}).value();
    CHECK(lead_of(s, "b") == "b");
    CHECK(lead_of(s, "c") == "b");
    CHECK(lead_of(derive(raw, links()).value(), "c") == "c");
}

TEST_CASE("identity: a cancelled id stays cancelled") {
    auto events = abc();
    for (const auto& e : {link("a", "b", 4, "1"), unlink("1", 5), link("a", "b", 6, "1")})
        events.push_back(e);
    CHECK(lead_of(derive(made_of(events), links()).value(), "b") == "b");
    events.push_back(link("a", "b", 7, "new"));
    CHECK(lead_of(derive(made_of(events), links()).value(), "b") == "a");
}

TEST_CASE("identity: a log-in joins what was done before it and after it") {
    const auto raw = made_of({happened("c1", "visit", 1), happened("c1", "login", 2, {{"user_id", 42}}),
                              happened("c2", "login", 3, {{"user_id", "42"}}), happened("c2", "won", 4),
                              happened("c3", "visit", 5)});
    const auto s = derive(raw, logins()).value();
    CHECK(lead_of(s, {"user", "42"}) == "user:42");
    CHECK(lead_of(s, "c1") == "user:42");
    CHECK(story(s, "c2") == "visit login login won ");
    CHECK(lead_of(s, "c3") == "c3");
    CHECK(lead_of(s, "nobody knows") == "nobody");
    CHECK(leads_at(s, {.steps = {"visit", "won"}}) == std::vector<std::int64_t>{2, 1});
    CHECK(leads_at(raw, {.steps = {"visit", "won"}}) == std::vector<std::int64_t>{2, 0});

    const auto report = identities(s).value();
    CHECK(report.leads_before == 3);
    CHECK(report.leads_after == 2);
    CHECK(report.anonymous_leads.n == 1);
    CHECK(report.anonymous_leads.of == 2);
    CHECK(report.anonymous_events.n == 1);
    CHECK(report.anonymous_events.of == 5);
    CHECK(weir::answer(report).title == "identity: 3 leads became 2, 20 % of events anonymous");
}

TEST_CASE("identity: stages are derived of the whole lead") {
    const auto s = derive(made_of({happened("c1", "visit", 1), happened("c2", "login", 3, {{"user_id", 1}}),
                                   happened("c1", "login", 2, {{"user_id", 1}}), happened("c2", "won", 4)}),
                          logins())
                       .value();
    const weir::lifecycle l{
        .stages = {"visitor", "customer"},
        .rules = {{.to = "visitor", .event = "visit"}, {.to = "customer", .event = "won"}}};
    const auto visits = history(derive(s, l).value()).value().visits;
    REQUIRE(visits.size() == 2);
    CHECK(visits[0].stage == "visitor");
    CHECK(visits[0].until == from_unix_seconds(4));
    CHECK(to_string(visits[1].lead) == "user:1");
}

TEST_CASE("identity: equal times stand key by key, and of one key as they arrived") {
    const auto s = derive(made_of({happened("b", "b1", 5), happened("a", "a1", 5), happened("b", "b2", 5),
                                   link("a", "b", 9)}),
                          links())
                       .value();
    CHECK(story(s, "a") == "a1 b1 b2 ");
}

TEST_CASE("identity: keys of lead_kind and keys without a kind are the same") {
    identity rules = logins();
    rules.lead_kind = "cookie";
    rules.ranks = weir::names{"cookie", "user"};
    const auto s = derive(made_of({happened("c1", "visit", 1), happened({"cookie", "c1"}, "more", 2),
                                   happened("c1", "login", 3, {{"user_id", "u"}})}),
                          rules)
                       .value();
    CHECK(s.leads() == 1);
    CHECK(lead_of(s, {"cookie", "c1"}) == "c1");
    CHECK(lead_of(s, {"user", "u"}) == "c1");
}

TEST_CASE("identity: shared kinds carry events but join nobody") {
    identity rules = logins();
    rules.rules.front().keys = {{"user", "user_id"}, {"kiosk", "kiosk"}};
    rules.shared = "kiosk";
    const auto s = derive(made_of({happened({"kiosk", "1"}, "login", 1, {{"user_id", "a"}}),
                                   happened({"kiosk", "1"}, "login", 2, {{"user_id", "b"}}),
                                   happened("c1", "login", 3, {{"user_id", "a"}, {"kiosk", "1"}}),
                                   happened("c2", "login", 4, {{"user_id", "b"}, {"kiosk", "1"}})}),
                          rules)
                       .value();
    CHECK(lead_of(s, "c1") == "user:a");
    CHECK(lead_of(s, "c2") == "user:b");
    CHECK(story(s, {"kiosk", "1"}) == "login login ");
    CHECK(identities(s).value().ignored ==
          std::vector<weir::ignored_merges>{
              {"one_key", 0}, {"shared_kind", 2}, {"no_merge_id", 0}, {"unknown_merge", 0}});
}

TEST_CASE("identity: what joins nothing is counted by reason") {
    auto events = abc();
    for (const auto& e : {link("a", "a", 4), link("a", "", 5), unlink("", 6), unlink("never", 7)})
        events.push_back(e);
    const auto report = identities(derive(made_of(events), links()).value()).value();
    CHECK(report.ignored ==
          std::vector<weir::ignored_merges>{
              {"one_key", 2}, {"shared_kind", 0}, {"no_merge_id", 1}, {"unknown_merge", 1}});
    CHECK(report.merges == 0);
    CHECK(report.leads_after == report.leads_before);
}

TEST_CASE("identity: a lead of too many keys is listed, and not cut") {
    identity rules = links();
    rules.max_keys = 2;
    auto events = abc();
    for (const auto& e : {link("a", "b", 4), link("b", "c", 5)}) events.push_back(e);
    const auto s = derive(made_of(events), rules).value();
    CHECK(lead_of(s, "c") == "a");
    const auto report = identities(s).value();
    CHECK(report.oversized == std::vector<weir::oversized_lead>{{"a", 3, 3}});
    CHECK(weir::answer(report).notes == std::vector<std::string>{"1 lead has more than 2 keys"});
}

TEST_CASE("identity: keys that an event bears by itself join its lead without a rule") {
    const auto s = derive(made_of({happened("c1", "visit", 1, {{"keys.mail", "a@b"}}),
                                   happened("c2", "visit", 2, {{"keys.mail", "a@b"}})}),
                          identity{})
                       .value();
    CHECK(s.leads() == 1);
    CHECK(lead_of(s, {"mail", "a@b"}) == "c1");
}

TEST_CASE("identity: where nothing is joined nothing is rewritten") {
    const auto raw = made_of(abc());
    const auto s = derive(raw, links()).value();
    CHECK(s.leads() == 3);
    CHECK(identities(s).value().leads_after == 3);
    CHECK(identities(derive(weir::snapshot(), links()).value()).value().leads_before == 0);
    CHECK(identities(raw).error().code == weir::errc::invalid_question);
}

TEST_CASE("identity: leads are put together once, and before stages") {
    const auto raw = made_of(abc());
    const auto joined = derive(raw, links()).value();
    CHECK(derive(joined, links()).error().message == "the snapshot's leads are put together already");
    const auto staged = derive(raw, weir::lifecycle::b2b()).value();
    CHECK(derive(staged, links()).error().code == weir::errc::invalid_question);
}

TEST_CASE("identity: an unsound definition is refused where it is unsound") {
    const auto where = [](const identity& i) { return check(i) ? "" : check(i).error().where; };
    CHECK(where(links()) == "");
    CHECK(where({.name = ""}) == "name");
    CHECK(where({.rules = {{.event = "x"}}}) == "rules[0]");
    CHECK(where({.rules = {{.keys = {{"user", "u"}}, .cancels = "id"}}}) == "rules[0]");
    CHECK(where({.rules = {{.keys = {{"user", "u"}}, .joins = weir::joins::keys_alone}}}) == "rules[0].keys");
    CHECK(where({.rules = {{.keys = {{"user", ""}}}}}) == "rules[0].keys");
    CHECK(where({.rules = {{.merge_id = "m", .cancels = "id"}}}) == "rules[0]");
    CHECK(where({.ranks = weir::names{"a", "a"}}) == "ranks");
    CHECK(where({.max_keys = 0}) == "max_keys");
    CHECK(check(identity{.rules = std::vector<weir::identity_rule>(65, {.cancels = "x"})}).error().code ==
          weir::errc::limit_exceeded);
    const auto later = check(identity{.merges = weir::merges::from_merge_time});
    CHECK(later.error().code == weir::errc::unsupported);
    CHECK(later.error().where == "merges");
}

TEST_CASE("identity: the JSON form reads back") {
    identity full = links();
    full.name = "people";
    full.version = 3;
    full.rules.push_back({.where = weir::attribute("age") >= 18, .keys = {{"user", "user_id"}}});
    full.lead_kind = "cookie";
    full.ranks = weir::names{"user", "cookie"};
    full.shared = "kiosk";
    full.anonymous = "cookie";
    full.max_keys = 7;
    const std::string text = to_json(full);
    CHECK(text ==
          R"({"identity":{"name":"people","version":3,"rules":[{"event":"link","keys":{"":["a","b"]},)"
          R"("joins":"keys_alone","merge_id":"id"},{"event":"unlink","cancels":"id"},)"
          R"({"where":"age >= 18","keys":{"user":"user_id"}}],"lead_kind":"cookie",)"
          R"("ranks":["user","cookie"],"shared":"kiosk","anonymous":"cookie","max_keys":7}})");
    CHECK(weir::identity_from_json(text).value() == full);
    std::ostringstream out;
    out << full;
    CHECK(out.str() == text);
    CHECK(weir::identity_from_json(R"({"identity":{}})").value() == identity{});
    CHECK(weir::identity_from_json(R"({"identity":{"rank":[]}})").error().code == weir::errc::unknown_name);
    CHECK(weir::identity_from_json(R"({"identity":{"rules":[{"joins":"all"}]}})").error().where ==
          "identity.rules[0].joins");
    CHECK(weir::identity_from_json("{}").error().where == "identity");
}
