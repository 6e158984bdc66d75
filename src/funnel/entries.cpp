// entries.cpp - from where chains lie to those that count.
#include "funnel/entries.hpp"

#include <algorithm>
#include <type_traits>

namespace weir::inline v1 {

entry_finder::entry_finder(const entry_rules& rules)
    : rules_(rules),
      any_order_(rules.chain.order == order::any_order),
      blocks_(!rules.chain.blocks.empty()),
      streams_(!any_order_ && !blocks_ && !rules.window_funnel && rules.entry == entry::best &&
               !rules.passages),
      target_(rules.chain.steps),
      all_(rules.chain.ties),
      sequence_(rules.chain),
      any_order_search_(rules.chain),
      block_search_(rules.chain) {}

std::span<const counted_chain> entry_finder::find() {
    if (rules_.window_funnel)
        find_window_funnel();
    else if (any_order_)
        find_with(any_order_search_);
    else if (blocks_)
        find_in_blocks();
    else
        find_with(sequence_);
    return std::span<const counted_chain>(chains_).first(used_);
}

void entry_finder::find_window_funnel() {
    if (chains_.empty()) chains_.emplace_back();
    counted_chain& c = chains_.front();
    c.where = window_funnel(all_, rules_.chain, *rules_.window_funnel, c.ids);
    used_ = c.where.level > 0 ? 1 : 0;
}

void entry_finder::find_in_blocks() {
    block_search_.load(all_);
    find_with(block_search_);
}

template <class Search> void entry_finder::find_with(Search& search) {
    const std::size_t size = all_.size();
    if (size == 0) return;
    switch (rules_.entry) {
        case entry::best:
            if (rules_.passages) {
                find_passages(search, 0, size, rules_.chain.steps);
            } else if constexpr (std::is_same_v<Search, sequence_search>) {
                const chain_span& best = search.best();
                if (best.level < target_ || all_.time(best.last) == all_.time(size - 1))
                    search.extend(all_, size - 1);
                keep_first(search, best, 0);
            } else {
                keep_first(search, search.find(all_, 0, size, rules_.chain.steps), 0);
            }
            break;
        case entry::first: rules_.passages ? find_open_passages(search) : find_first(search); break;
        case entry::every: find_every(search); break;
    }
    if constexpr (!std::is_same_v<Search, block_search>)
        excluded_ = rules_.disqualify && is_disqualified(search);
}

template <class Search>
void entry_finder::keep(Search& search, const chain_span& where, std::size_t from, std::size_t until) {
    if (used_ == chains_.size()) chains_.emplace_back();
    chains_[used_].where = where;
    search.witness(all_, where, from, until, chains_[used_].ids);
    ++used_;
}

// It may begin with any event of that time from `from` on, and end with any of its last time.
template <class Search>
void entry_finder::keep_first(Search& search, const chain_span& where, std::size_t from) {
    if (where.level > 0)
        keep(search, where, all_.first_of_time(where.first, from), all_.end_of_time(where.last));
}

template <class Search> void entry_finder::find_first(Search& search) {
    for (std::size_t i = 0; i < all_.size(); ++i)
        if (search.begins_at(all_, i))
            return keep_first(search, search.find(all_, i, all_.size(), rules_.chain.steps, i), i);
}

template <class Search> void entry_finder::find_every(Search& search) {
    for (std::size_t i = 0; i < all_.size(); ++i)
        if (search.begins_at(all_, i))
            keep_first(search, search.find(all_, i, all_.size(), rules_.chain.steps, i), i);
}

// No other opens until it is complete, or can go on no longer.
template <class Search> void entry_finder::find_open_passages(Search& search) {
    for (std::size_t i = 0; i < all_.size();) {
        if (!search.begins_at(all_, i)) {
            ++i;
            continue;
        }
        const chain_span where = search.find(all_, i, all_.size(), rules_.chain.steps, i, stop::at_once);
        keep(search, where, i, where.last + 1);
        const std::size_t next = where.last + 1;
        i = where.level == rules_.chain.steps ? next : std::max(next, search.ends_at(all_, i));
    }
}

// Complete chains first, each the first to end behind the one before, which gives the most of them; between
// them those of one step less, and so on.
template <class Search>
void entry_finder::find_passages(Search& search, std::size_t first, std::size_t end, int target) {
    if (target == 0 || first >= end) return;
    chain_span where;
    while (true) {
        where = search.find(all_, first, end, target, std::nullopt, stop::at_once);
        if (where.level < target) break;
        find_passages(search, first, where.first, target - 1);
        keep(search, where, where.first, where.last + 1);
        first = where.last + 1;
    }
    find_passages(search, first, end, where.level);  // none goes further
}

template <class Search> bool entry_finder::is_disqualified(Search& search) {
    const auto begin = chains_.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(used_);
    if (std::any_of(begin, end, [this](const auto& c) { return c.where.level == rules_.chain.steps; }))
        return false;
    const auto events = all_.events();
    if (std::none_of(events.begin(), events.end(), [](const candidate& e) { return e.kills != 0; }))
        return false;
    if (rules_.entry == entry::first)
        return std::any_of(begin, end,
                           [&](const auto& c) { return search.is_excluded(all_, c.where.first); });
    for (std::size_t i = 0; i < all_.size(); ++i)
        if (search.begins_at(all_, i) && search.is_excluded(all_, i)) return true;
    return false;
}

bool entry_finder::has_rival(const counted_chain& c, int step,
                             const std::function<bool(std::uint32_t)>& differs) {
    if (rules_.window_funnel) return false;
    if (blocks_) return block_search_.has_rival(all_, c.where, c.ids, step, differs);
    return any_order_ ? any_order_search_.has_rival(all_, c.where, c.ids, step, differs)
                      : sequence_.has_rival(all_, c.where, c.ids, step, differs);
}

}  // namespace weir::inline v1
