// funnel_list_test.cpp - which leads stand behind a count, and how long complete chains take.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <weir.hpp>

#include "catch.hpp"
#include "world.hpp"

namespace {

using weir::duration;

weir::snapshot shop() {
    weir::store store;
    const auto add = [&](const char* lead, const char* name, int time, const char* channel) {
        store
            .append({.lead = lead,
                     .name = name,
                     .time = weir::from_unix_microseconds(time),
                     .attributes = {{"channel", channel}}})
            .value();
    };
    for (const char* lead : {"cleo", "ana", "ben"}) add(lead, "visit", 1, "ads");
    add("dora", "visit", 2, "mail");
    add("cleo", "won", 4, "ads");
    add("ana", "won", 6, "ads");
    add("dora", "call", 3, "mail");
    add("dora", "won", 9, "mail");
    return store.snapshot();
}

weir::funnel_table ask(weir::funnel q) { return measure(shop(), q).value(); }

std::vector<std::string> keys(const weir::funnel_table& t) {
    std::vector<std::string> out;
    for (const auto& l : t.leads) out.push_back(l.lead.key());
    return out;
}

std::string refusal(const weir::funnel& q) {
    const auto checked = check(q);
    return checked ? "" : to_string(checked.error());
}

}  // namespace

TEST_CASE("list: the leads at a step, or lost after it, by key and a page at a time") {
    weir::funnel q{.steps = {"visit", "won"}};
    q.list = weir::lead_list{.at = 2};
    CHECK(keys(ask(q)) == std::vector<std::string>{"ana", "cleo", "dora"});
    q.list = weir::lead_list{.lost_after = 1};
    CHECK(keys(ask(q)) == std::vector<std::string>{"ben"});
    q.list = weir::lead_list{.at = 1, .offset = 1, .limit = 2};
    const auto page = ask(q);
    CHECK(keys(page) == std::vector<std::string>{"ben", "cleo"});
    CHECK(page.listed == 4);
    CHECK(page.leads[1].step == 2);
    CHECK(page.leads[1].first == weir::from_unix_microseconds(1));
    CHECK(page.leads[1].last == weir::from_unix_microseconds(4));
    q.list->offset = 9;
    CHECK(keys(ask(q)).empty());
    CHECK(ask(q).listed == 4);
}

TEST_CASE("list: a lead is listed with its group, and an optional step has leads, too") {
    weir::funnel q{.steps = {"visit", {"call", {.optional = true}}, "won"}, .by = "channel"};
    q.list = weir::lead_list{.at = 2};
    const auto t = ask(q);
    REQUIRE(t.leads.size() == 1);
    CHECK(t.leads[0].lead.key() == "dora");
    CHECK(t.leads[0].group == "mail");
    CHECK(t.leads[0].step == 3);
    q.list = weir::lead_list{.lost_after = 1};
    CHECK(keys(ask(q)) == std::vector<std::string>{"ben"});
}

TEST_CASE("histogram: complete chains by how long they took, each limit in the bar that it ends") {
    weir::funnel q{.steps = {"visit", "won"}};
    q.histogram = {duration{3}, duration{5}};
    const auto t = ask(q);
    REQUIRE(t.histogram.size() == 3);
    CHECK(t.histogram[0].leads == 1);
    CHECK(t.histogram[1].leads == 1);
    CHECK(t.histogram[2].leads == 1);
    CHECK_FALSE(t.histogram[0].over);
    CHECK(t.histogram[1].over == duration{3});
    CHECK(t.histogram[1].up_to == duration{5});
    CHECK_FALSE(t.histogram[2].up_to);
    CHECK(t.histogram[2].of_complete.of == 3);
    q.by = "channel";
    CHECK(ask(q).histogram.size() == 9);
    const weir::answer a = ask(q);
    CHECK(a.find("histogram")->row_count() == 9);
}

TEST_CASE("list, histogram: what cannot be asked is refused, what can goes through JSON") {
    weir::funnel q{.steps = {"visit", "won"}};
    q.list = weir::lead_list{};
    CHECK(refusal(q) ==
          "list: a list names leads at a step or lost after one; found neither (invalid_question)");
    q.list = weir::lead_list{.at = 3};
    CHECK(refusal(q) == "list.at: found step 3 of 2 (invalid_question)");
    q.list = weir::lead_list{.lost_after = 2};
    CHECK(refusal(q) ==
          "list.lost_after: found step 2 of 2; nobody is lost after the last (invalid_question)");
    q.list = weir::lead_list{.at = 1, .limit = -1};
    CHECK(refusal(q) == "list: a page begins at 0 or later and has 0 leads or more (invalid_question)");
    q.list = weir::lead_list{.at = 1};
    q.counting = weir::counting::entries;
    CHECK(refusal(q) == "list: a list names leads; entries are counted (invalid_question)");
    q = {.steps = {"visit", "won"}, .histogram = {duration{2}, duration{2}}};
    CHECK(
        refusal(q) ==
        "histogram[1]: limit 2 of the histogram is 2us; limits are 0 or more and ascend (invalid_question)");
    const std::string text =
        R"({"funnel":{"steps":["visit","won"],"histogram":["1d","7d"],"list":{"lost_after":1,"offset":5,"limit":10}}})";
    CHECK(to_json(weir::funnel_from_json(text).value()) == text);
}

TEST_CASE("list, histogram: as many leads stand in a list as its cell counts, in random worlds") {
    int asked = 0;
    for (std::uint64_t seed = 0; seed < 3'000; ++seed) {
        auto w = weir_test::make_axes_world(60'000'000 + seed);
        if (w.funnel.counting != weir::counting::leads) continue;
        weir_test::dice d(seed);
        const auto store = weir_test::make_store(w, weir_test::make_layout(d));
        const int steps = static_cast<int>(w.funnel.steps.size());
        const int k = 1 + d.below(steps);
        w.funnel.list = weir::lead_list{.at = k};
        w.funnel.histogram = {duration{1}, std::chrono::hours{7}};
        const auto t = measure(store.snapshot(), w.funnel).value();
        std::int64_t at = 0, complete = 0, bars = 0;
        for (const auto& r : t.rows)
            if (!r.group && !r.bucket) {
                at += r.step == k ? r.leads : 0;
                complete += r.step == steps ? r.leads : 0;
            }
        for (const auto& r : t.histogram) bars += !r.group && !r.bucket ? r.leads : 0;
        std::set<std::string> names;
        for (const auto& l : t.leads) names.insert(l.lead.key());
        INFO("world " << seed << "\n" << to_json(w.funnel));
        REQUIRE(t.listed == at);
        REQUIRE(static_cast<std::int64_t>(names.size()) == at);
        REQUIRE(bars == complete);
        asked += at > 0 ? 1 : 0;
    }
    CHECK(asked > 200);
}

TEST_CASE("funnel: every axis and block reads as it prints") {
    for (std::uint64_t seed = 61'000'000; seed < 61'001'000; ++seed) {
        const weir::funnel q = weir_test::make_axes_world(seed).funnel;
        INFO(to_json(q));
        CHECK(weir::funnel_from_json(to_json(q)).value() == q);
    }
    const weir::funnel q{
        .steps = {"visit", weir::in_any_order({"demo", {"call", weir::attribute("x") == 1}},
                                              {.name = "both", .max_gap = std::chrono::days{7}})}};
    CHECK(to_json(q) ==
          R"({"funnel":{"steps":["visit",{"any_order":["demo",{"event":"call","where":"x == 1"}],)"
          R"("name":"both","max_gap":"7d"}]}})");
}
