// funnel/block_orders.hpp - chains with blocks of steps that may be done in any order among themselves.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "funnel/sequence.hpp"

namespace weir::inline v1 {

inline constexpr int most_orders = 720;  ///< of all blocks of a funnel together

/// Whether the blocks can be done, one with the other, in no more orders than that.
bool has_few_orders(std::span<const step_block>);

/// Finds chains of one lead; the same verbs as sequence_search. Each order in which the blocks can be done
/// makes them a sequence, and of the chains of all these sequences the one counts that counts among those of
/// one.
class block_search {
public:
    explicit block_search(const chain_rules&);

    /// Begins a lead. The verbs are asked with these events.
    void load(const instants&);

    bool begins_at(const instants&, std::size_t i) const;
    chain_span find(const instants&, std::size_t first, std::size_t end, int target,
                    std::optional<std::size_t> only = std::nullopt, stop = stop::behind_its_time);
    void witness(const instants&, const chain_span&, std::size_t from, std::size_t until,
                 std::vector<std::uint32_t>& ids);
    bool has_rival(const instants&, const chain_span&, std::span<const std::uint32_t> ids, int step,
                   const std::function<bool(std::uint32_t id)>& differs);
    std::size_t ends_at(const instants&, std::size_t start);

private:
    using places = std::array<std::uint8_t, max_steps>;  ///< by step: the one of the sequence that it is
    /// An order that the lead needs, and its events as that sees them.
    struct one_order {
        places place{};
        int reach = 0;  ///< no chain of it has more steps
        /// By step of it: no chain has done that at an earlier instant.
        std::array<std::uint32_t, max_steps> ends{};
        std::optional<std::size_t> own{};  ///< index in in_order_, once it was looked at
    };
    void choose_orders(const instants&);
    void add_orders(int level, std::uint64_t done, one_order&);
    std::optional<std::size_t> reached(int step, std::size_t from) const;
    std::uint64_t placed(const places&, const candidate&) const;
    const instants& seen_by(one_order&, const instants&);
    static bool may_lie_at(const one_order&, const instants&, const chain_span&);

    chain_rules rules_;
    sequence_search sequence_;
    std::uint64_t in_blocks_ = 0;
    std::array<step_block, max_steps> block_of_{};            ///< by step; of size 0: it is in none
    std::array<std::vector<std::size_t>, max_steps> when_{};  ///< by step: the instants that may fill it
    std::vector<one_order> orders_{};
    std::vector<std::uint32_t> by_promise_{};  ///< their indices, the most promising first
    std::uint64_t first_steps_ = 0;            ///< with which one of them begins
    std::vector<instants> in_order_{};
    std::size_t used_ = 0;
    std::vector<std::uint32_t> ids_{};
};

}  // namespace weir::inline v1
