// measure/chain.hpp - the chain of steps that counts for one lead: pure algorithm, no storage.
//
// Chains are in sequence, events of equal time may stand in any order, any start in the period may begin, and
// the window runs from the first step. See docs/semantics.md for the proof of the level.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "measure/elapsed.hpp"
#include "measure/tie_group.hpp"

namespace weir::inline v1 {

struct chain_rules {
    int steps = 1;                                                     ///< 1 to max_steps
    std::uint64_t within = std::numeric_limits<std::uint64_t>::max();  ///< microseconds, edge included
    std::optional<std::int64_t> from{};  ///< a chain begins at from <= t < until
    std::optional<std::int64_t> until{};
};

/// Takes the events of one lead in total order and finds its chain. Used for lead after lead; not shared.
class chain_finder {
public:
    explicit chain_finder(const chain_rules& rules) : rules_(rules), tie_(rules.steps) {}

    /// Begins another lead.
    void clear();
    /// Takes the next event; without steps it is passed over. False: no further event of the lead is needed.
    bool add(const candidate&);
    /// The chain that counts: of those that fill most steps the one that ends first, then begins last, then
    /// has the earliest times, then takes the first to arrive. Gives the id for each step filled; valid until
    /// clear().
    std::span<const std::uint32_t> find();
    /// Whether another event than that of the chain, and one of which `differs` holds, could stand at this
    /// step if events of equal time had arrived in another order. After find(), for a step of its chain.
    bool has_rival(int step, const std::function<bool(std::uint32_t id)>& differs);

private:
    void close_instant();
    void extend(const candidate&);
    void extend(std::span<const candidate> instant);
    std::optional<std::int64_t> start_for(int step, std::int64_t time) const;
    void reach(int step, std::int64_t start, std::int64_t time);

    std::span<const candidate> span_of_chain() const;
    void look_back(std::span<const candidate>);
    void look_back_at(std::span<const candidate> instant);
    void finish(int step, std::int64_t time);
    void choose(std::span<const candidate>);
    int choose_run(std::span<const candidate> instant, int first);
    void choose_one_of(std::span<const candidate> instant, int step, int end);
    void take(const candidate&);
    bool can_fill(int first, int end, int except);
    bool rest_fits_after(int step, std::int64_t time) const;
    bool fits_alone(const candidate&, int step) const;
    bool run_ends_well(int step, std::int64_t time);

    chain_rules rules_;
    tie_group tie_;
    std::vector<candidate> events_{};
    std::size_t instant_begin_ = 0;  ///< events from here on have one time and are not yet folded

    std::uint64_t alive_ = 0;                       ///< bit k: starts_[k] means something
    std::array<std::int64_t, max_steps> starts_{};  ///< latest start of a chain that fills steps 0 .. k
    int level_ = 0;                                 ///< steps that the deepest chain fills
    std::int64_t start_ = 0, end_ = 0;              ///< of the chain that counts

    std::uint64_t finishes_ = 0;  ///< bit k: latest_[k] means something
    std::array<std::int64_t, max_steps>
        latest_{};  ///< from this time on, steps k .. level - 1 can still be filled
    std::vector<std::uint32_t> chain_{};
    std::vector<std::int64_t> times_{};  ///< of the chain
};

}  // namespace weir::inline v1
