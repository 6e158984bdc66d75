// crowd_test.cpp - worlds that no oracle can search: bots with thousands of events, more event names than a
// mask has bits, batches of nothing. What can be counted by hand is, and no layout changes a byte.
#include <algorithm>
#include <string>
#include <vector>

#include <weir.hpp>

#include "catch.hpp"
#include "world.hpp"

namespace {

using weir_test::dice;

constexpr int event_names = 150;

std::vector<weir::event> make_crowd(dice& d) {
    std::vector<weir::event> events;
    const auto add = [&](const std::string& lead, int count) {
        for (int i = 0; i < count; ++i)
            events.push_back({.lead = lead,
                              .name = "e" + std::to_string(d.below(event_names)),
                              .time = weir::from_unix_microseconds(d.below(3 * count)),
                              .attributes = {{"channel", d.chance(50) ? "ads" : "mail"}}});
    };
    for (int bot = 0; bot < 2; ++bot) add("bot " + std::to_string(bot), 2'000 + d.below(2'000));
    for (int lead = 0; lead < 60; ++lead) add("lead " + std::to_string(lead), d.below(40));
    d.shuffle(events);
    return events;
}

enum class layout { one_batch, small_batches, maintained, sealed };

weir::snapshot lay_out(const std::vector<weir::event>& events, layout how) {
    weir::store store(weir::store_options{.merge_on_append = how == layout::sealed});
    weir::batch batch;
    for (const auto& e : events) {
        batch.add(e);
        if (how == layout::one_batch || batch.size() < 97) continue;
        store.append(batch).value();
        batch.clear();
        store.append(batch).value();  // nothing
    }
    store.append(batch).value();
    if (how == layout::maintained)
        while (store.maintain().value() > 0) {
        }
    if (how == layout::sealed) store.seal().value();
    return store.snapshot();
}

// Steps one after another without limits: each lead by its own events, in order, counted by hand.
std::vector<std::int64_t> by_hand(std::vector<weir::event> events, const std::vector<std::string>& steps) {
    std::stable_sort(events.begin(), events.end(),
                     [](const auto& a, const auto& b) { return a.time < b.time; });
    std::vector<std::string> leads;
    for (const auto& e : events) leads.push_back(e.lead.key());
    std::sort(leads.begin(), leads.end());
    leads.erase(std::unique(leads.begin(), leads.end()), leads.end());
    std::vector<std::int64_t> reached(steps.size());
    for (const auto& lead : leads) {
        std::size_t level = 0;
        for (const auto& e : events)
            if (level < steps.size() && e.lead.key() == lead && e.name == steps[level]) ++reached[level++];
    }
    return reached;
}

std::vector<weir::funnel> questions(dice& d) {
    const auto name = [&] { return "e" + std::to_string(d.below(event_names)); };
    weir::funnel plain{.steps = {name(), name(), name(), name()}};
    std::vector<weir::funnel> all(6, plain);
    all[1].within = weir::duration{500};
    all[1].by = "channel";
    all[2].entry = weir::entry::every;
    all[2].counting = weir::counting::entries;
    all[3].order = weir::order::any_order;
    all[3].within = weir::duration{200};
    all[4].exclude = {{.event = name()}};
    all[4].hold = "channel";
    all[5].counting = weir::counting::entries;
    all[5].period.from = weir::from_unix_microseconds(300);
    return all;
}

std::string answer_to(const weir::snapshot& events, const weir::funnel& q, int threads) {
    return to_json(weir::answer(measure(events, q, {.threads = threads}).value()));
}

}  // namespace

TEST_CASE("crowd: bots, many event names and empty batches change no byte of a funnel in any layout") {
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
        dice d(seed);
        const auto events = make_crowd(d);
        const auto asked = questions(d);
        const auto one = lay_out(events, layout::one_batch);
        for (const auto how : {layout::small_batches, layout::maintained, layout::sealed}) {
            const auto other = lay_out(events, how);
            for (const auto& q : asked)
                for (const int threads : {1, 3}) {
                    INFO("seed " << seed << ", layout " << static_cast<int>(how) << ", " << to_json(q));
                    REQUIRE(answer_to(other, q, threads) == answer_to(one, q, 1));
                }
        }
    }
}

TEST_CASE("crowd: leads of thousands of events are counted as by hand") {
    for (std::uint64_t seed = 10; seed < 16; ++seed) {
        dice d(seed);
        const auto events = make_crowd(d);
        std::vector<std::string> names;
        for (int k = 0; k < 5; ++k) names.push_back("e" + std::to_string(d.below(event_names)));
        weir::funnel q{.ties = weir::ties::in_arrival_order};
        for (const auto& n : names) q.steps.emplace_back(n);
        const auto answer = measure(lay_out(events, layout::small_batches), q).value();
        std::vector<std::int64_t> reached;
        for (const auto& row : answer.rows) reached.push_back(row.leads);
        INFO("seed " << seed);
        CHECK(reached == by_hand(events, names));
        CHECK(reached.front() > 2);
    }
}

TEST_CASE("crowd: stages and flows are the same bytes in any layout") {
    dice d(99);
    const auto events = make_crowd(d);
    weir::lifecycle l{.name = "crowd"};
    for (int stage = 0; stage < 4; ++stage) {
        const std::string name = "stage " + std::to_string(stage);
        l.stages.emplace_back(name);
        l.rules.push_back({.to = name, .event = "e" + std::to_string(stage * 30)});
    }
    weir::flow by_channel{.by = "channel"};
    const auto told = [&](layout how, int threads) {
        const auto staged = derive(lay_out(events, how), l, {.threads = threads}).value();
        return to_json(weir::answer(measure(staged, by_channel, {.threads = threads}).value()));
    };
    const std::string one = told(layout::one_batch, 1);
    for (const auto how : {layout::small_batches, layout::maintained, layout::sealed})
        for (const int threads : {1, 2, 3}) CHECK(told(how, threads) == one);
}
