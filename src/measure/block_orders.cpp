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
    for (const step_block& b : rules.blocks) in_blocks_ |= b.steps();
    if (in_blocks_ == 0) return;
    places written(max_steps);
    std::iota(written.begin(), written.end(), std::uint8_t{0});
    add_orders(0, written);
}

void block_search::add_orders(std::size_t block, places& so_far) {
    if (block == rules_.blocks.size()) return orders_.push_back(so_far);
    const auto first = so_far.begin() + rules_.blocks[block].first;
    do add_orders(block + 1, so_far);
    while (std::next_permutation(first, first + rules_.blocks[block].size));
}

// A chain stops at a step that no event can fill: of orders that differ behind it alone, one will do.
bool block_search::is_needed(const places& order, std::uint64_t present) const {
    bool stopped = false;
    for (const step_block& b : rules_.blocks) {
        std::vector<int> steps(at(b.size));  // by place
        for (int s = b.first; s < b.first + b.size; ++s) steps[at(order[at(s)] - b.first)] = s;
        for (std::size_t i = 1; i < steps.size(); ++i)
            if ((stopped || !has(present, steps[i - 1])) &&
                (steps[i] < steps[i - 1] || (!stopped && has(present, steps[i]))))
                return false;
        stopped = stopped || (present & b.steps()) != b.steps();
    }
    return true;
}

std::uint64_t block_search::placed(const places& order, const candidate& e) const {
    std::uint64_t steps = e.steps & ~in_blocks_;
    for (std::uint64_t rest = e.steps & in_blocks_; rest != 0; rest &= rest - 1)
        steps |= bit(order[static_cast<std::size_t>(std::countr_zero(rest))]);
    return outside(e.kills, steps);
}

void block_search::load(const instants& all) {
    const std::uint64_t present = steps_of(all.events());
    used_ = 0;
    for (const places& order : orders_) {
        if (!is_needed(order, present)) continue;
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
