#include "funnel/block_orders.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <random>
#include <vector>

#include "catch.hpp"
#include "funnel/entries.hpp"

using weir::block_search;
using weir::candidate;
using weir::chain_rules;
using weir::entry_finder;

namespace {

using order = std::vector<int>;  // by step: its place
using ids = std::vector<std::uint32_t>;

// Every order of every block, one after another.
std::vector<order> all_orders(const chain_rules& rules) {
    order written(static_cast<std::size_t>(rules.steps));
    std::iota(written.begin(), written.end(), 0);
    std::vector<order> all{written};
    for (const auto& b : rules.blocks) {
        std::vector<order> more;
        for (order o : all) {
            const auto first = o.begin() + b.first, last = first + b.size;
            std::sort(first, last);
            do more.push_back(o);
            while (std::next_permutation(first, last));
        }
        all = std::move(more);
    }
    return all;
}

// The best chain of a lead, as events: the longest, then that which ends first, begins last, has the earliest
// times and events.
ids best_by_orders(const chain_rules& rules, const std::vector<candidate>& events) {
    chain_rules plain = rules;
    plain.blocks.clear();
    const auto key = [&](const ids& chain) {
        std::vector<std::int64_t> times;
        for (const auto id : chain) times.push_back(events[id].time);
        const std::int64_t last = times.empty() ? 0 : times.back(), first = times.empty() ? 0 : times.front();
        return std::tuple(-static_cast<int>(chain.size()), last, -first, times, chain);
    };
    ids best;
    for (const order& o : all_orders(rules)) {
        entry_finder finder({.chain = plain});
        finder.clear();
        for (candidate e : events) {
            std::uint64_t placed = 0;
            for (std::uint64_t rest = e.steps; rest != 0; rest &= rest - 1)
                placed |= weir::bit(o[static_cast<std::size_t>(std::countr_zero(rest))]);
            e.steps = weir::outside(e.kills, placed);
            if (!finder.add(e)) break;
        }
        const auto found = finder.find();
        if (!found.empty() && key(found.front().ids) < key(best)) best = found.front().ids;
    }
    return best;
}

ids best_by_blocks(const chain_rules& rules, const std::vector<candidate>& events) {
    entry_finder finder({.chain = rules});
    finder.clear();
    for (const candidate& e : events)
        if (!finder.add(e)) break;
    const auto found = finder.find();
    return found.empty() ? ids{} : found.front().ids;
}

std::string shown(const chain_rules& rules, const std::vector<candidate>& events) {
    std::string text = "ties " + std::to_string(static_cast<int>(rules.ties));
    for (const auto& e : events)
        text +=
            "; " + std::to_string(e.time) + ": " + std::to_string(e.steps) + '/' + std::to_string(e.blocks);
    return text;
}

}  // namespace

TEST_CASE("block orders: those that a lead needs find what all orders find") {
    int complete = 0, tied = 0;
    for (unsigned seed = 0; seed < 6000; ++seed) {
        std::mt19937 random(seed);
        const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
        chain_rules rules;
        const int shape = below(5);
        if (shape == 0) rules.blocks = {{0, 3}};
        if (shape == 1) rules.blocks = {{1, 4}};
        if (shape == 2) rules.blocks = {{0, 2}, {2, 3}};
        if (shape == 3) rules.blocks = {{0, 2}, {3, 2}};
        if (shape == 4) rules.blocks = {{0, 5}};
        rules.steps = std::min(6, rules.blocks.back().first + rules.blocks.back().size + below(2));
        rules.ties = static_cast<weir::ties>(below(3));
        if (below(3) == 0) rules.within = static_cast<std::uint64_t>(1 + below(12));
        if (below(4) == 0) rules.max_gap.fill(static_cast<std::uint64_t>(1 + below(5)));
        if (below(4) == 0) rules.min_gap.fill(static_cast<std::uint64_t>(1 + below(2)));
        if (below(5) == 0) rules.from = below(6);
        const bool blocks = below(4) == 0, several = below(3) == 0;
        std::vector<candidate> events;
        std::int64_t time = 0;
        for (int n = 3 + below(9); n > 0; --n) {
            time += below(3) == 0 ? 0 : 1 + below(2);
            tied += !events.empty() && events.back().time == time;
            candidate e{time, weir::bit(below(rules.steps)), static_cast<std::uint32_t>(events.size())};
            if (several && below(3) == 0) e.steps |= weir::bit(below(rules.steps));
            if (blocks && below(4) == 0) {
                e.kills = e.blocks = weir::bits(1, rules.steps - 1) & random();
                if (below(2) == 0) e.steps = 0;
            }
            events.push_back(e);
        }
        const ids expected = best_by_orders(rules, events);
        complete += std::ssize(expected) == rules.steps;
        INFO("seed " << seed << ", " << shown(rules, events));
        REQUIRE(best_by_blocks(rules, events) == expected);
    }
    CHECK(complete > 300);  // else this asks for too little
    CHECK(tied > 1000);
}
