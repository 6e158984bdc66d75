#include "funnel/block_orders.hpp"

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

// Of two chains that lie alike, whether `a` has the earlier events.
bool is_earlier(const instants& all, std::size_t from, std::span<const std::uint32_t> a,
                std::span<const std::uint32_t> b) {
    if (std::ranges::equal(a, b)) return false;
    const auto a_times = times_of(all, from, a), b_times = times_of(all, from, b);
    if (a_times != b_times) return a_times < b_times;
    return stands_ahead(a, b, all.events(), [](const candidate& e) { return e.id; });
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
    first_steps_ = 0;
    one_order written;
    std::iota(written.place.begin(), written.place.end(), std::uint8_t{0});
    add_orders(0, 0, written);
    by_promise_.resize(orders_.size());
    std::iota(by_promise_.begin(), by_promise_.end(), 0U);
    const auto promises_more = [this](std::uint32_t i, std::uint32_t j) {
        const one_order &a = orders_[i], &b = orders_[j];
        if (a.reach != b.reach) return a.reach > b.reach;
        return a.reach > 0 && a.ends[at(a.reach - 1)] < b.ends[at(b.reach - 1)];
    };
    std::sort(by_promise_.begin(), by_promise_.end(), promises_more);
}

// `done`: steps that have their places, the first `level` of all. Gaps, windows and exclusions may let fewer
// chains get there, or later, never more or earlier.
void block_search::add_orders(int level, std::uint64_t done, one_order& so_far) {
    so_far.reach = level;
    if (level == rules_.steps) return orders_.push_back(so_far);
    const std::size_t step_on = rules_.ties == weir::ties::together ? 0 : 1;
    const std::size_t from = level == 0 ? 0 : so_far.ends[at(level - 1)] + step_on;
    const step_block b = block_of_[at(level)];
    const std::uint64_t left = (b.size > 0 ? b.steps() : bit(level)) & ~done;
    bool any = false;
    for (std::uint64_t rest = left; rest != 0; rest &= rest - 1) {
        const int step = std::countr_zero(rest);
        const auto i = reached(step, from);
        if (!i) continue;
        any = true;
        if (level == 0) first_steps_ |= bit(step);
        const auto before = std::exchange(so_far.place[at(step)], static_cast<std::uint8_t>(level));
        so_far.ends[at(level)] = static_cast<std::uint32_t>(*i);
        add_orders(level + 1, done | bit(step), so_far);
        so_far.place[at(step)] = before;
    }
    if (any) return;
    so_far.reach = level;
    one_order& last = orders_.emplace_back(so_far);
    for (std::uint64_t rest = left; rest != 0; rest &= rest - 1)
        last.place[static_cast<std::size_t>(std::countr_zero(rest))] = static_cast<std::uint8_t>(level++);
}

std::uint64_t block_search::placed(const places& order, const candidate& e) const {
    std::uint64_t steps = e.steps & ~in_blocks_;
    for (std::uint64_t rest = e.steps & in_blocks_; rest != 0; rest &= rest - 1)
        steps |= bit(order[static_cast<std::size_t>(std::countr_zero(rest))]);
    return outside(e.kills, steps);
}

const instants& block_search::seen_by(one_order& order, const instants& all) {
    if (!order.own) {
        if (used_ == in_order_.size()) in_order_.emplace_back(rules_.ties);
        instants& own = in_order_[used_];
        own.clear();
        for (candidate e : all.events()) {
            e.steps = placed(order.place, e);
            own.add(e);
        }
        order.own = used_++;
    }
    return in_order_[*order.own];
}

void block_search::load(const instants& all) {
    used_ = 0;
    choose_orders(all);
}

bool block_search::begins_at(const instants& all, std::size_t i) const {
    return (steps_of(all[i]) & first_steps_) != 0 && rules_.may_begin_at(all.time(i));
}

// What can get no further than the best so far, and only later, is not looked at.
chain_span block_search::find(const instants& all, std::size_t first, std::size_t end, int target,
                              std::optional<std::size_t> only, stop where) {
    chain_span best;
    const one_order* of_best = nullptr;
    for (const std::uint32_t n : by_promise_) {
        one_order& order = orders_[n];
        if (order.reach < best.level) break;
        if (order.reach == best.level && best.level > 0 &&
            all.time(order.ends[at(best.level - 1)]) > all.time(best.last))
            continue;
        const chain_span found = sequence_.find(seen_by(order, all), first, end, target, only, where);
        const bool is_equal =
            !counts_before(all, best, found, where) && !counts_before(all, found, best, where);
        if (is_equal ? of_best != nullptr && order.place < of_best->place
                     : counts_before(all, found, best, where)) {
            best = found;
            of_best = &order;
        }
    }
    return best;
}

void block_search::witness(const instants& all, const chain_span& where, std::size_t from, std::size_t until,
                           std::vector<std::uint32_t>& ids) {
    ids.clear();
    if (where.level == 0) return;
    for (one_order& order : orders_) {
        if (!may_lie_at(order, all, where)) continue;
        const instants& own = seen_by(order, all);
        const auto leads_there = [&](std::size_t start) {
            if (!sequence_.begins_at(own, start)) return false;
            const chain_span found = sequence_.find(own, start, until, where.level, start);
            return found.level == where.level && all.time(found.last) == all.time(where.last);
        };
        std::size_t start = from;
        while (start <= where.first && !leads_there(start)) ++start;
        if (start > where.first) continue;
        sequence_.witness(own, where, start, until, ids_);
        if (ids.empty() || is_earlier(all, from, ids_, ids)) ids = ids_;
    }
}

bool block_search::may_lie_at(const one_order& order, const instants& all, const chain_span& where) {
    return where.level == 0 ||
           (order.reach >= where.level && all.time(order.ends[at(where.level - 1)]) <= all.time(where.last));
}

bool block_search::has_rival(const instants& all, const chain_span& where, std::span<const std::uint32_t> ids,
                             int step, const std::function<bool(std::uint32_t)>& differs) {
    if (rules_.ties == weir::ties::in_arrival_order) return false;
    return std::any_of(orders_.begin(), orders_.end(), [&](one_order& order) {
        return may_lie_at(order, all, where) && sequence_.admits(seen_by(order, all), where, ids) &&
               sequence_.has_rival(seen_by(order, all), where, ids, step, differs);
    });
}

std::size_t block_search::ends_at(const instants& all, std::size_t start) {
    std::size_t end = start;
    for (one_order& order : orders_) end = std::max(end, sequence_.ends_at(seen_by(order, all), start));
    return end;
}

}  // namespace weir::inline v1
