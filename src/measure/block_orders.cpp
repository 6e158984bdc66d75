#include "measure/block_orders.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

namespace weir::inline v1 {
namespace {

std::vector<std::int64_t> times_of(const instants& all, std::size_t from,
                                   std::span<const std::uint32_t> ids) {
    std::vector<std::int64_t> times;
    for (const std::uint32_t id : ids) {
        std::size_t i = from;
        while (std::none_of(all[i].begin(), all[i].end(), [&](const candidate& e) { return e.id == id; }))
            ++i;
        times.push_back(all.time(i));
    }
    return times;
}

// Of two spans of chains the one that counts.
bool counts_before(const instants& all, const chain_span& a, const chain_span& b, stop where) {
    if (a.level != b.level || a.level == 0) return a.level > b.level;
    if (where == stop::at_once) return a.last != b.last ? a.last < b.last : a.first > b.first;
    if (all.time(a.last) != all.time(b.last)) return all.time(a.last) < all.time(b.last);
    return all.time(a.first) > all.time(b.first);
}

}  // namespace

bool has_few_orders(std::span<const step_block> blocks) {
    std::int64_t orders = 1;
    for (const step_block& b : blocks)
        for (int n = 2; n <= b.size; ++n)
            if ((orders *= n) > most_orders) return false;
    return true;
}

block_search::block_search(const chain_rules& rules) : rules_(rules), sequence_(rules) {
    for (const step_block& b : rules.blocks) {
        in_blocks_ |= b.steps();
        for (int step = b.first; step < b.first + b.size; ++step) block_of_[at(step)] = b;
    }
}

// The first instant, from one on, that may fill a step.
std::optional<std::size_t> block_search::reached(int step, std::size_t from) const {
    const auto& all = when_[at(step)];
    const auto found = std::lower_bound(all.begin(), all.end(), from);
    return found == all.end() ? std::nullopt : std::optional(*found);
}

// Orders that begin alike have the same chains as far as they do. So of those that go on with a step that no
// event fills any more, one will do, and none is needed where another step can be filled.
void block_search::choose_orders(const instants& all) {
    for (int step = 0; step < rules_.steps; ++step) when_[at(step)].clear();
    for (std::size_t i = 0; i < all.size(); ++i)
        for (std::uint64_t rest = steps_of(all[i]); rest != 0; rest &= rest - 1)
            when_[static_cast<std::size_t>(std::countr_zero(rest))].push_back(i);
    orders_.clear();
    places written{};
    std::iota(written.begin(), written.end(), std::uint8_t{0});
    add_orders(0, 0, 0, written);
    std::sort(orders_.begin(), orders_.end());
}

// `done`: steps that have their places, the first `level` of all; the next event stands at an instant from
// `from` on. Gaps, windows and exclusions may let fewer chains get there, never more.
void block_search::add_orders(int level, std::size_t from, std::uint64_t done, places& so_far) {
    if (level == rules_.steps) return orders_.push_back(so_far);
    const std::size_t step_on = rules_.ties == weir::ties::together ? 0 : 1;
    const step_block b = block_of_[at(level)];
    const places before = so_far;
    const std::uint64_t left = (b.size > 0 ? b.steps() : bit(level)) & ~done;
    bool any = false;
    for (std::uint64_t rest = left; rest != 0; rest &= rest - 1) {
        const int step = std::countr_zero(rest);
        const auto i = reached(step, from);
        if (!i) continue;
        any = true;
        so_far[at(step)] = static_cast<std::uint8_t>(level);
        add_orders(level + 1, *i + step_on, done | bit(step), so_far);
        so_far = before;
    }
    if (any) return;
    for (std::uint64_t rest = left; rest != 0; rest &= rest - 1)
        so_far[static_cast<std::size_t>(std::countr_zero(rest))] = static_cast<std::uint8_t>(level++);
    orders_.push_back(so_far);
    so_far = before;
}

std::uint64_t block_search::placed(const places& order, const candidate& e) const {
    std::uint64_t steps = e.steps & ~in_blocks_;
    for (std::uint64_t rest = e.steps & in_blocks_; rest != 0; rest &= rest - 1)
        steps |= bit(order[static_cast<std::size_t>(std::countr_zero(rest))]);
    return outside(e.kills, steps);
}

void block_search::load(const instants& all) {
    choose_orders(all);
    used_ = 0;
    for (const places& order : orders_) {
        if (used_ == in_order_.size()) in_order_.emplace_back(rules_.ties);
        instants& own = in_order_[used_++];
        own.clear();
        for (candidate e : all.events()) {
            e.steps = placed(order, e);
            own.add(e);
        }
    }
}

bool block_search::begins_at(const instants&, std::size_t i) const {
    const auto all = orders();
    return std::any_of(all.begin(), all.end(),
                       [&](const instants& own) { return sequence_.begins_at(own, i); });
}

chain_span block_search::find(const instants& all, std::size_t first, std::size_t end, int target,
                              std::optional<std::size_t> only, stop where) {
    chain_span best;
    for (const instants& own : orders()) {
        const chain_span found = sequence_.find(own, first, end, target, only, where);
        if (counts_before(all, found, best, where)) best = found;
    }
    return best;
}

void block_search::witness(const instants& all, const chain_span& where, std::size_t from, std::size_t until,
                           std::vector<std::uint32_t>& ids) {
    ids.clear();
    if (where.level == 0) return;
    for (const instants& own : orders()) {
        const auto leads_there = [&](std::size_t start) {
            if (!sequence_.begins_at(own, start)) return false;
            const chain_span found = sequence_.find(own, start, until, where.level, start);
            return found.level == where.level && all.time(found.last) == all.time(where.last);
        };
        std::size_t start = from;
        while (start <= where.first && !leads_there(start)) ++start;
        if (start > where.first) continue;
        sequence_.witness(own, where, start, until, ids_);
        if (ids.empty() || (ids != ids_ && std::pair(times_of(all, from, ids_), ids_) <
                                               std::pair(times_of(all, from, ids), ids)))
            ids = ids_;
    }
}

bool block_search::has_rival(const instants&, const chain_span& where, std::span<const std::uint32_t> ids,
                             int step, const std::function<bool(std::uint32_t)>& differs) {
    if (rules_.ties == weir::ties::in_arrival_order) return false;
    const auto all = orders();
    return std::any_of(all.begin(), all.end(), [&](const instants& own) {
        return sequence_.admits(own, where, ids) && sequence_.has_rival(own, where, ids, step, differs);
    });
}

std::size_t block_search::ends_at(const instants&, std::size_t start) {
    std::size_t end = start;
    for (const instants& own : orders()) end = std::max(end, sequence_.ends_at(own, start));
    return end;
}

}  // namespace weir::inline v1
