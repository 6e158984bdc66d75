// Answers that follow a store must equal, byte for byte, those that are measured anew.
//
// WEIR_HISTORIES and WEIR_OPERATIONS in the environment set how many histories are told, and how long each
// is.
#include <functional>
#include <memory>
#include <string>

#include "catch.hpp"
#include "segment/snapshot_data.hpp"
#include "told_history.hpp"

namespace {

using namespace weir_test;
using namespace weir;

struct told {
    std::string difference{};
    std::int64_t operations = 0, news = 0;
};
told tell_histories(int histories, int operations, const tampering& tamper = {}) {
    told all;
    for (int i = 0; i < histories; ++i) {
        const std::uint64_t seed = 110'000'000 + static_cast<std::uint64_t>(i);
        told_history h(seed);
        for (int n = 0; n < operations; ++n) {
            h.change();
            const std::string found = h.difference(tamper);
            ++all.operations;
            if (found.empty()) continue;
            all.difference =
                "history " + std::to_string(seed) + ", operation " + std::to_string(n) + ": " + found;
            return all;
        }
        all.news += h.news();
    }
    return all;
}

snapshot with(const snapshot& s, const std::function<void(snapshot::impl&)>& change) {
    auto changed = std::make_shared<snapshot::impl>(s.data());
    change(*changed);
    return snapshot(std::move(changed));
}

store few_leads() {
    store s;
    batch b;
    const auto at = [](int hour) { return utc(2024, 3, 1) + std::chrono::hours{hour}; };
    for (const char* lead : {"ana", "ben", "eve"})
        b.add({lead, "visit", at(1), {{"channel", "ads"}}, {}}).add({lead, "won", at(5), {}, {}});
    s.append(b).value();
    return s;
}
const funnel visit_to_won{.steps = {"visit", "won"}, .by = "channel"};

}  // namespace

TEST_CASE("live: the answer equals the one measured anew after every operation") {
    const told all =
        tell_histories(from_environment("WEIR_HISTORIES", 40), from_environment("WEIR_OPERATIONS", 60));
    CHECK(all.difference == "");
    CHECK(all.news > all.operations / 4);
}

TEST_CASE("live: histories tell an update that misses rows, or whose they are") {
    constexpr auto npos = std::string::npos;
    const auto misses_a_segment = [](const snapshot& s) {
        return with(s, [](snapshot::impl& data) {
            if (data.layers.empty() && data.segments.size() > 1) data.segments.erase(data.segments.begin());
        });
    };
    // As if all keys had the owners and rows of the last time: their number is all that is left.
    const auto misses_origins = [](const snapshot& s) {
        return with(s, [](snapshot::impl& data) {
            if (!data.origins) return;
            auto same = std::make_shared<lead_origins>(*data.origins);
            for (auto& rows : same->rows) rows = rows > 0 ? 1 : 0;
            data.origins = same;
        });
    };
    CHECK(tell_histories(60, 100, {.of_funnel = misses_a_segment}).difference != "");
    CHECK(tell_histories(60, 100, {.of_funnel = misses_origins}).difference != "");
    CHECK(tell_histories(60, 100, {.of_flow = misses_a_segment}).difference.find("flow in full") != npos);
    CHECK(tell_histories(60, 100, {.of_flow = misses_origins}).difference.find("flow in full") != npos);
}

TEST_CASE("live: before the first update there are no events") {
    const live_funnel live(visit_to_won);
    CHECK(print(live.answer()) == print(measure(snapshot{}, visit_to_won)));
}

TEST_CASE("live: an update reads the leads whose events differ, and no other") {
    store s = few_leads();
    live_funnel live(visit_to_won);
    CHECK(live.update(s.snapshot()).value() == live_update{.all = true});
    s.append({"ben", "won", utc(2024, 2, 1), {}, {}}).value();
    s.append({"new", "visit", utc(2024, 3, 9), {}, {}}).value();
    CHECK(live.update(s.snapshot()).value() == live_update{.leads = 2});
    s.seal().value();
    CHECK(live.update(s.snapshot()).value() == live_update{});
    s.erase("ana").value();
    CHECK(live.update(s.snapshot()).value() == live_update{.leads = 1});
    CHECK(print(live.answer()) == print(measure(s.snapshot(), visit_to_won)));
}

TEST_CASE("live: it may go back to an earlier snapshot") {
    store s = few_leads();
    const snapshot before = s.snapshot();
    live_funnel live(visit_to_won);
    s.append({"ben", "won", utc(2024, 3, 9), {}, {}}).value();
    live.update(s.snapshot()).value();
    CHECK(live.update(before).value() == live_update{.leads = 1});
    CHECK(print(live.answer()) == print(measure(before, visit_to_won)));
}

TEST_CASE("live: keys put together or parted cost the leads concerned") {
    store s = few_leads();
    live_funnel live(visit_to_won);
    const auto update = [&] {
        const snapshot now = derive(s.snapshot(), keys_and_merges()).value();
        const auto done = live.update(now).value();
        CHECK(print(live.answer()) == print(measure(now, visit_to_won)));
        return done;
    };
    CHECK(update().all);
    const instant t = utc(2024, 3, 1);
    s.append({"ana", "said", t, {{"user_id", "u"}, {"link", "m"}}, {}}).value();
    CHECK(update() == live_update{.leads = 1});
    s.append({"ben", "said", t, {{"user_id", "u"}, {"link", "n"}}, {}}).value();
    CHECK(update() == live_update{.leads = 2});
    s.append({"eve", "said", t, {{"undo", "n"}}, {}}).value();
    CHECK(update() == live_update{.leads = 3});
}

TEST_CASE("live: of accounts those are counted again that a changed lead is in, left or came to") {
    store s = few_leads();
    const instant t = utc(2024, 3, 1);
    const auto tell = [&](const char* lead, const char* firm) {
        s.append({lead, "said", t, {{"firm", firm}}, {}}).value();
    };
    tell("ana", "Adler");
    tell("ben", "Adler");
    funnel q{.steps = {"visit", "won"},
             .counting = counting::accounts,
             .account = "firm",
             .list = lead_list{.at = 2}};
    live_funnel live(q);
    const auto update = [&] {
        const auto done = live.update(s.snapshot()).value();
        CHECK(print(live.answer()) == print(measure(s.snapshot(), q)));
        return done;
    };
    CHECK(update().all);
    CHECK(live.answer()->leads.size() == 1);
    tell("eve", "Egger");
    CHECK(update() == live_update{.leads = 1});
    CHECK(live.answer()->leads.size() == 2);
    tell("ben", "Egger");
    CHECK(update() == live_update{.leads = 1});
    s.erase("ana").value();
    CHECK(update() == live_update{.leads = 1});
    CHECK(live.answer()->leads.size() == 1);
    CHECK(update() == live_update{});
}

TEST_CASE("live: a question that cannot be answered says so and changes nothing") {
    store s = few_leads();
    live_funnel none(funnel{});
    CHECK(none.update(s.snapshot()).error().where == "steps");
    CHECK(none.answer().error().where == "steps");
    funnel q = visit_to_won;
    q.max_groups = 1;
    live_funnel live(q);
    live.update(s.snapshot()).value();
    const std::string before = print(live.answer());
    s.append({"new", "visit", utc(2024, 3, 9), {{"channel", "mail"}}, {}}).value();
    CHECK(live.update(s.snapshot()).error() == measure(s.snapshot(), q).error());
    CHECK(print(live.answer()) == before);
    s.erase("new").value();
    live.update(s.snapshot()).value();
    CHECK(print(live.answer()) == print(measure(s.snapshot(), q)));
}
