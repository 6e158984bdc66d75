// funnel/entries.hpp - which chains of a lead count: the deepest, the first, each, or passages that follow
// one another.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "funnel/any_order.hpp"
#include "funnel/block_orders.hpp"
#include "funnel/sequence.hpp"
#include "funnel/window_funnel.hpp"

namespace weir::inline v1 {

struct entry_rules {
    chain_rules chain{};
    weir::entry entry = weir::entry::best;
    bool passages = false;                               ///< entries are counted, not leads
    bool disqualify = false;                             ///< by exclusions
    std::optional<window_funnel_modes> window_funnel{};  ///< counts by that rule alone
};

/// A chain that counts, with its events by id.
struct counted_chain {
    chain_span where{};
    std::vector<std::uint32_t> ids{};
};

/// Takes the events of one lead in total order and finds its chains. Used for lead after lead; not shared.
class entry_finder {
public:
    explicit entry_finder(const entry_rules&);

    /// Begins another lead, of which it is known that it fills no more than the first `most` steps.
    void clear(int most = max_steps) {
        target_ = std::min(most, rules_.chain.steps);
        all_.clear();
        sequence_.begin();
        used_ = 0;
        excluded_ = false;
    }
    /// Takes the next event. False: no further event of the lead is needed.
    bool add(const candidate& event) {
        if (!all_.add(event) || !streams_ || all_.size() == 1) return true;
        sequence_.extend(all_, all_.size() - 2);
        return sequence_.best().level < target_ ||
               all_.time(sequence_.best().last) == all_.time(all_.size() - 1);
    }
    /// The chains, each of one step or more: at most one, unless every entry or passages are asked for. Valid
    /// until clear().
    std::span<const counted_chain> find();
    /// Whether exclusions disqualify the lead: none of its chains counts. After find().
    bool excluded() const { return excluded_; }
    /// See sequence_search.
    bool has_rival(const counted_chain&, int step, const std::function<bool(std::uint32_t id)>& differs);

private:
    void find_window_funnel();
    void find_in_blocks();
    template <class Search> void find_with(Search&);
    template <class Search> void find_first(Search&);
    template <class Search> void find_every(Search&);
    template <class Search> void find_open_passages(Search&);
    template <class Search> void find_passages(Search&, std::size_t first, std::size_t end, int target);
    template <class Search> void keep(Search&, const chain_span&, std::size_t from, std::size_t until);
    template <class Search> void keep_first(Search&, const chain_span&, std::size_t from);
    template <class Search> bool is_disqualified(Search&);

    entry_rules rules_;
    bool any_order_, blocks_;
    bool streams_;  ///< the search goes along with add()
    int target_;    ///< the level at which it ends
    instants all_;
    sequence_search sequence_;
    any_order_search any_order_search_;
    block_search block_search_;
    std::vector<counted_chain> chains_{};
    std::size_t used_ = 0;  ///< of chains_, whose memory is kept
    bool excluded_ = false;
};

}  // namespace weir::inline v1
