// funnel/sequence.hpp - chains whose steps follow one another: in sequence or adjacent, with gaps and
// exclusions, under any rule for equal times. See docs/semantics.md for why one pass is exact.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "funnel/instants.hpp"
#include "funnel/tie_group.hpp"

namespace weir::inline v1 {

/// Finds chains of one lead. Used for lead after lead; not shared.
class sequence_search {
public:
    explicit sequence_search(const chain_rules& rules) : rules_(rules), tie_(rules.steps) {}

    /// Forgets all chains; with `only`, no chain begins at another instant.
    void begin(std::optional<std::size_t> only = std::nullopt) {
        only_ = only;
        alive_ = 0;
        best_ = {};
        if (waiting_levels_ != 0) drop(waiting_levels_);
    }
    /// Takes the next instant.
    void extend(const instants&, std::size_t i);
    /// Of the chains that fill most steps, and of those the ones that end first: where the one lies that
    /// begins last.
    const chain_span& best() const { return best_; }

    bool begins_at(const instants&, std::size_t i) const;
    /// The best() of the chains that begin and end at instants first .. end - 1; a chain of `target` steps
    /// ends the search.
    chain_span find(const instants&, std::size_t first, std::size_t end, int target,
                    std::optional<std::size_t> only = std::nullopt, stop = stop::behind_its_time);
    /// The events of a chain that lies so, by id: those with the earliest times, then the first to arrive. It
    /// may begin at any instant of that time from `from` on, and end at any before `until`.
    void witness(const instants&, const chain_span&, std::size_t from, std::size_t until,
                 std::vector<std::uint32_t>& ids);
    /// Whether another event of which `differs` holds could stand at a step of that witness if events of
    /// equal time had arrived in another order. The chain's ids are given by `ids`.
    bool has_rival(const instants&, const chain_span&, std::span<const std::uint32_t> ids, int step,
                   const std::function<bool(std::uint32_t id)>& differs);
    /// Whether a chain of that many steps can lie at the very instants of that one.
    bool admits(const instants&, const chain_span&, std::span<const std::uint32_t> ids);
    /// Where a chain that begins at this instant, and is not complete, can go on no longer; size(): it can.
    std::size_t ends_at(const instants&, std::size_t start);
    /// Whether an exclusion ends a chain that begins at this instant, where it stands furthest and in every
    /// order of equal times, before it is complete.
    bool is_excluded(const instants&, std::size_t start);

private:
    struct chain {
        std::int64_t last;   ///< time of its last event
        std::int64_t begin;  ///< time of its first
        std::size_t start;   ///< and its instant
    };
    const chain* chain_for(int step, std::int64_t time);
    void admit(int step, std::int64_t time);
    bool prolong(std::int64_t time, std::size_t i, int step, chain& longer);
    void keep(int level, const chain&);
    void drop(std::uint64_t levels);
    void found(int level, const chain&, std::size_t end);
    void extend_alone(const instants&, std::size_t i);
    void extend_tied(const instants&, std::size_t i);
    int live_level(std::int64_t time) const;
    bool ends_excluded(const instants&, std::size_t i, int level);

    void look_back(const instants&, const chain_span&, std::size_t first, std::size_t until);
    int run_end(std::int64_t time, int step, int level);
    void block_entries(std::uint64_t levels);
    void add_entries(std::uint64_t steps, std::int64_t time);
    bool enters_later(int step, std::int64_t time) const;
    void choose_run(std::span<const candidate> group, int first, int end, int level,
                    std::vector<std::uint32_t>& ids);
    bool fits(int step, int first, int end, int level);

    chain_rules rules_;
    tie_group tie_;

    std::optional<std::size_t> only_{};
    std::uint64_t alive_ = 0;                ///< bit c: newest_[c] means something
    std::array<chain, max_steps> newest_{};  ///< by level; the newest that its next step's min_gap admits
    std::uint64_t waiting_levels_ = 0;       ///< bit c: waiting_[c] holds chains
    std::array<std::vector<chain>, max_steps> waiting_{};  ///< by level: oldest first, for min_gap to pass
    chain_span best_{};
    std::int64_t best_begin_ = 0, best_end_ = 0;  ///< times of that

    std::uint64_t entered_ = 0;  ///< bit k: entry_[k] means something
    std::array<std::int64_t, max_steps>
        entry_{};  ///< by step: the next time at which a chain can go on with it
    std::array<std::vector<std::int64_t>, max_steps>
        entries_{};  ///< all of them, latest first, for a min_gap
    std::vector<std::uint8_t>
        run_ends_{};  ///< by instant of the span, by step: where its run ends; 0: no run
};

}  // namespace weir::inline v1
