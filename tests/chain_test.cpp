// chain_test.cpp - the chain of one lead, against worked examples and against exhaustive search.
#include "funnel/entries.hpp"
#include "measure/elapsed.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "catch.hpp"

using weir::candidate;
using weir::chain_rules;
using weir::elapsed;
using weir::entry_finder;

namespace {

using ids = std::vector<std::uint32_t>;
constexpr std::int64_t first_time = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t last_time = std::numeric_limits<std::int64_t>::max();

// One event: its time, and a letter for each step that it may fill ("a" is the first step).
struct happening {
    std::int64_t time;
    std::string steps;
};

std::vector<candidate> events_of(const std::vector<happening>& lead) {
    std::vector<candidate> events;
    for (const auto& h : lead) {
        std::uint64_t mask = 0;
        for (const char c : h.steps) mask |= std::uint64_t{1} << (c - 'a');
        events.push_back({h.time, mask, static_cast<std::uint32_t>(events.size())});
    }
    return events;
}

ids find(entry_finder& finder, const std::vector<candidate>& events) {
    finder.clear();
    for (const auto& e : events)
        if (e.steps != 0 && !finder.add(e)) break;
    const auto chains = finder.find();
    return chains.empty() ? ids{} : chains.front().ids;
}

ids find(const chain_rules& rules, const std::vector<happening>& lead) {
    entry_finder finder({.chain = rules});
    return find(finder, events_of(lead));
}

std::size_t level(const chain_rules& rules, const std::vector<happening>& lead) {
    return find(rules, lead).size();
}

chain_rules within(int steps, std::uint64_t window) { return {.steps = steps, .within = window}; }

// Exhaustive search: tries every sequence of different events. Written from the definition alone.
struct search {
    const chain_rules& rules;
    const std::vector<candidate>& events;
    ids chain{};
    ids best{};

    bool better() const {
        if (chain.size() != best.size()) return chain.size() > best.size();
        const auto end = [&](const ids& c) { return events[c.back()].time; };
        const auto start = [&](const ids& c) { return events[c.front()].time; };
        if (end(chain) != end(best)) return end(chain) < end(best);
        if (start(chain) != start(best)) return start(chain) > start(best);
        const auto times = [&](const ids& c) {
            std::vector<std::int64_t> out;
            for (const auto id : c) out.push_back(events[id].time);
            return out;
        };
        return std::pair(times(chain), chain) < std::pair(times(best), best);
    }
    bool may_follow(const candidate& e) const {
        if (!(e.steps >> chain.size() & 1)) return false;
        if (std::find(chain.begin(), chain.end(), e.id) != chain.end()) return false;
        if (chain.empty())
            return (!rules.from || *rules.from <= e.time) && (!rules.until || e.time < *rules.until);
        if (e.time < events[chain.back()].time) return false;
        return elapsed(events[chain.front()].time, e.time) <= rules.within;
    }
    void run() {
        if (!chain.empty() && better()) best = chain;
        if (chain.size() == static_cast<std::size_t>(rules.steps)) return;
        for (const auto& e : events) {
            if (!may_follow(e)) continue;
            chain.push_back(e.id);
            run();
            chain.pop_back();
        }
    }
};

ids search_for(const chain_rules& rules, const std::vector<candidate>& events) {
    search s{rules, events};
    s.run();
    return s.best;
}

struct world {
    chain_rules rules;
    std::vector<candidate> events;
};

world random_world(std::mt19937& random, int max_events) {
    const auto upto = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n + 1)); };
    world w;
    w.rules.steps = 1 + upto(4);
    if (upto(3) > 0) w.rules.within = static_cast<std::uint64_t>(upto(8));
    if (upto(3) == 0) w.rules.from = upto(6);
    if (upto(3) == 0) w.rules.until = upto(10);
    const int dense = 1 + upto(3);
    const int span = 1 + upto(9);
    const int n = upto(max_events);
    for (int i = 0; i < n; ++i) {
        std::uint64_t mask = 0;
        for (int k = 0; k < dense; ++k) mask |= std::uint64_t{1} << upto(w.rules.steps - 1);
        w.events.push_back({upto(span), mask, 0});
    }
    std::stable_sort(w.events.begin(), w.events.end(),
                     [](const candidate& a, const candidate& b) { return a.time < b.time; });
    for (std::size_t i = 0; i < w.events.size(); ++i) w.events[i].id = static_cast<std::uint32_t>(i);
    return w;
}

}  // namespace

TEST_CASE("chain: without events there is none") {
    CHECK(find({.steps = 1}, {}).empty());
    CHECK(find({.steps = 64}, {}).empty());
}

TEST_CASE("chain: events between the steps do not matter") {
    CHECK(find({.steps = 3}, {{1, "a"}, {2, ""}, {3, "b"}}) == ids{0, 2});
    CHECK(find({.steps = 2}, {{1, "b"}, {2, ""}, {3, "a"}}) == ids{2});
}

TEST_CASE("chain: one event fills at most one step") {
    CHECK(level({.steps = 2}, {{1, "ab"}}) == 1);
    CHECK(level({.steps = 3}, {{1, "abc"}, {2, "abc"}, {3, "abc"}}) == 3);
    CHECK(level({.steps = 3}, {{1, "abc"}, {1, "abc"}}) == 2);
    CHECK(level({.steps = 3}, {{1, "ab"}, {2, "c"}}) == 1);
}

TEST_CASE("chain: a step written twice needs two events") {
    CHECK(level({.steps = 3}, {{1, "ab"}, {2, "c"}}) == 1);
    CHECK(level({.steps = 3}, {{1, "ab"}, {2, "ab"}, {3, "c"}}) == 3);
}

TEST_CASE("chain: events of equal time stand in any order") {
    CHECK(find({.steps = 2}, {{5, "b"}, {5, "a"}}) == ids{1, 0});
    CHECK(find({.steps = 2}, {{5, "a"}, {5, "b"}}) == ids{0, 1});
    CHECK(find({.steps = 3}, {{5, "b"}, {5, "a"}, {6, "c"}}) == ids{1, 0, 2});
}

TEST_CASE("chain: events of equal time are shared out among the steps") {
    CHECK(find({.steps = 2}, {{5, "ab"}, {5, "a"}}) == ids{1, 0});
    CHECK(find({.steps = 3}, {{5, "abc"}, {5, "ab"}, {5, "a"}}) == ids{2, 1, 0});
    CHECK(level({.steps = 3}, {{5, "ab"}, {5, "ab"}, {5, "ab"}}) == 2);
}

TEST_CASE("chain: one instant may hold a whole run of steps beside what came before") {
    CHECK(find(within(2, 3), {{1, "a"}, {5, "b"}, {5, "a"}}) == ids{2, 1});
}

TEST_CASE("chain: triples of equal time climb all steps") {
    const std::vector<happening> lead{{1, "a"}, {2, "b"}, {2, "c"}, {2, "d"}, {3, "b"},
                                      {3, "c"}, {3, "d"}, {4, "b"}, {4, "c"}, {4, "d"}};
    CHECK(find({.steps = 4}, lead) == ids{0, 1, 2, 3});
}

TEST_CASE("chain: the edge of the window is inside") {
    CHECK(level(within(2, 10), {{0, "a"}, {10, "b"}}) == 2);
    CHECK(level(within(2, 10), {{0, "a"}, {11, "b"}}) == 1);
    CHECK(level(within(4, 1800), {{0, "a"}, {600, "b"}, {1200, "c"}, {1800, "d"}}) == 4);
    CHECK(level(within(4, 1799), {{0, "a"}, {600, "b"}, {1200, "c"}, {1800, "d"}}) == 3);
}

TEST_CASE("chain: a window of nothing asks for one instant") {
    CHECK(level(within(2, 0), {{0, "a"}, {1, "b"}}) == 1);
    CHECK(level(within(2, 0), {{1, "b"}, {1, "a"}}) == 2);
}

TEST_CASE("chain: a later start may reach what an earlier one cannot") {
    CHECK(find(within(2, 5), {{1, "a"}, {8, "a"}, {12, "b"}}) == ids{1, 2});
    CHECK(find(within(3, 60), {{780, "a"}, {810, "a"}, {825, "b"}, {855, "c"}}) == ids{1, 2, 3});
}

TEST_CASE("chain: an earlier start that is deeper wins over a later one") {
    CHECK(find(within(3, 10), {{0, "a"}, {5, "b"}, {8, "a"}, {10, "c"}}) == ids{0, 1, 3});
    CHECK(find({.steps = 3}, {{1, "a"}, {2, "b"}, {3, "b"}, {3, "c"}}) == ids{0, 1, 3});
}

TEST_CASE("chain: the period says where it begins and clips nothing else") {
    const auto in_period = [](std::int64_t from, std::int64_t until) {
        return chain_rules{.steps = 2, .within = 10, .from = from, .until = until};
    };
    CHECK(level(in_period(0, 10), {{9, "a"}, {15, "b"}}) == 2);
    CHECK(level(in_period(0, 10), {{-1, "a"}, {5, "b"}}) == 0);
    CHECK(level(in_period(0, 10), {{0, "a"}}) == 1);
    CHECK(level(in_period(0, 10), {{10, "a"}}) == 0);
    CHECK(level(in_period(3, 3), {{3, "a"}}) == 0);
    CHECK(find(in_period(0, 5), {{3, "a"}, {6, "a"}, {7, "b"}}) == ids{0, 2});
}

TEST_CASE("chain: it ends as soon as it can, then begins as late as it can") {
    CHECK(find({.steps = 2}, {{1, "a"}, {3, "a"}, {5, "b"}, {6, "b"}}) == ids{1, 2});
}

TEST_CASE("chain: the order of arrival moves no step to another time") {
    CHECK(find({.steps = 3}, {{1, "a"}, {1, "ab"}, {2, "b"}, {3, "c"}}) == ids{0, 1, 3});
    CHECK(find({.steps = 3}, {{1, "ab"}, {1, "a"}, {2, "b"}, {3, "c"}}) == ids{1, 0, 3});
}

TEST_CASE("chain: among equals the first events in total order count") {
    CHECK(find({.steps = 3}, {{1, "a"}, {2, "b"}, {3, "b"}, {4, "c"}}) == ids{0, 1, 3});
    CHECK(find({.steps = 2}, {{1, "a"}, {1, "a"}, {2, "b"}, {2, "b"}}) == ids{0, 2});
    CHECK(find({.steps = 2}, {{1, "b"}, {1, "ab"}, {1, "a"}}) == ids{1, 0});
    CHECK(find({.steps = 2}, {{1, "ab"}, {1, "b"}, {1, "a"}}) == ids{0, 1});
}

TEST_CASE("chain: both extreme times are ordinary times") {
    CHECK(level({.steps = 2}, {{first_time, "a"}, {last_time, "b"}}) == 2);
    CHECK(level(within(2, 5), {{first_time, "a"}, {last_time, "b"}}) == 1);
    CHECK(level(within(2, std::uint64_t{1} << 63), {{first_time, "a"}, {0, "b"}}) == 2);
    CHECK(level(within(2, (std::uint64_t{1} << 63) - 1), {{first_time, "a"}, {0, "b"}}) == 1);
    CHECK(find(within(2, 0), {{last_time, "b"}, {last_time, "a"}}) == ids{1, 0});
}

TEST_CASE("chain: 64 steps are the most") {
    std::vector<candidate> lead;
    for (std::uint32_t i = 0; i < 64; ++i) lead.push_back({7, std::uint64_t{1} << (63 - i), i});
    entry_finder finder({.chain = {.steps = 64, .within = 0}});
    const ids all = find(finder, lead);
    REQUIRE(all.size() == 64);
    CHECK(all.front() == 63);
    CHECK(all.back() == 0);
}

TEST_CASE("chain: an instant of many events is shared out exactly") {
    // 64 steps, each event fits every step: as many steps as events, and always the first events.
    entry_finder finder({.chain = {.steps = 64}});
    for (const std::uint32_t events : {63U, 64U, 5000U}) {
        std::vector<candidate> lead;
        for (std::uint32_t i = 0; i < events; ++i) lead.push_back({1, ~std::uint64_t{0}, i});
        const ids chain = find(finder, lead);
        REQUIRE(chain.size() == std::min(events, 64U));
        for (std::uint32_t i = 0; i < chain.size(); ++i) CHECK(chain[i] == i);
    }
}

TEST_CASE("chain: nothing more is read once the last step is final") {
    entry_finder finder({.chain = {.steps = 2}});
    CHECK(finder.add({1, 1, 0}));
    CHECK(finder.add({2, 2, 1}));
    CHECK(finder.add({2, 2, 2}));  // the instant is not over
    CHECK_FALSE(finder.add({3, 2, 3}));
    const auto chains = finder.find();
    REQUIRE(chains.size() == 1);
    CHECK(chains.front().ids == ids{0, 1});
}

TEST_CASE("chain: a finder forgets the lead before") {
    entry_finder finder({.chain = {.steps = 2}});
    CHECK(find(finder, events_of({{1, "a"}, {2, "b"}})).size() == 2);
    CHECK(find(finder, events_of({{1, "b"}})).empty());
    CHECK(find(finder, events_of({{3, "a"}})) == ids{0});
}

TEST_CASE("chain: agrees with exhaustive search on random leads") {
    std::mt19937 random(20240101);
    for (int i = 0; i < 40'000; ++i) {
        const world w = random_world(random, 7);
        entry_finder finder({.chain = w.rules});
        const ids expected = search_for(w.rules, w.events);
        INFO("world " << i << ": expected a chain of " << expected.size());
        REQUIRE(find(finder, w.events) == expected);
    }
}

TEST_CASE("chain: the exhaustive search finds a planted fault") {
    // A window that is one too narrow must show on some lead, or the comparison above proves nothing.
    std::mt19937 random(20240101);
    int differences = 0;
    for (int i = 0; i < 2'000; ++i) {
        const world w = random_world(random, 7);
        chain_rules wrong = w.rules;
        if (wrong.within == 0 || wrong.within > 8) continue;
        --wrong.within;
        entry_finder finder({.chain = wrong});
        if (find(finder, w.events) != search_for(w.rules, w.events)) ++differences;
    }
    CHECK(differences > 0);
}

TEST_CASE("chain: an event that ends chains is between no two events of one") {
    entry_finder finder({.chain = within(3, weir::no_limit)});
    const auto chain_of = [&](std::uint64_t ended) {
        finder.clear();
        finder.add({.time = 1, .steps = 1, .id = 0});
        finder.add({.time = 2, .steps = 2, .id = 1});
        finder.add({.time = 3, .id = 2, .blocks = ended, .kills = ended});
        finder.add({.time = 4, .steps = 2, .id = 3});
        finder.add({.time = 5, .steps = 4, .id = 4});
        const auto found = finder.find();
        return found.empty() ? ids{} : found.front().ids;
    };
    CHECK(chain_of(0) == ids{0, 1, 4});
    CHECK(chain_of(4) == ids{0, 3, 4});  // of two steps, so the second step is done again
    CHECK(chain_of(2) == ids{0, 1, 4});  // of one step: that one has two
    CHECK(chain_of(6) == ids{0, 1});
}
