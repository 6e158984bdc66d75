// funnel/any_order.hpp - chains that fill different steps by different events, in whatever order.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "funnel/instants.hpp"

namespace weir::inline v1 {

/// Finds chains of one lead; the same verbs as sequence_search. A chain's k-th event is the k-th in time, and
/// an event that exclusions name ends all chains and fills no step.
class any_order_search {
public:
    explicit any_order_search(const chain_rules& rules) : rules_(rules) {}

    bool begins_at(const instants&, std::size_t i) const;
    chain_span find(const instants&, std::size_t first, std::size_t end, int target,
                    std::optional<std::size_t> only = std::nullopt, stop = stop::behind_its_time);
    void witness(const instants&, const chain_span&, std::size_t from, std::size_t until,
                 std::vector<std::uint32_t>& ids);
    bool has_rival(const instants&, const chain_span&, std::span<const std::uint32_t> ids, int step,
                   const std::function<bool(std::uint32_t id)>& differs);
    std::size_t ends_at(const instants&, std::size_t start) const;
    /// Whether an exclusion cuts a chain that begins at this instant, in its window and short of all steps.
    bool is_excluded(const instants&, std::size_t start);

private:
    /// The deepest chain that begins at an instant, as soon as it is that deep; `ids`: its events.
    chain_span from(const instants&, std::size_t start, std::size_t end, int target,
                    std::vector<std::uint32_t>* ids);
    void choose_alone(const instants&, std::vector<std::uint32_t>& ids);

    chain_rules rules_;

    // Who fills which step of the chain at hand. With ties strictly later an instant stands for one of its
    // events.
    struct part {
        std::uint64_t steps;  ///< that it may fill
        std::size_t group;
    };
    bool join(const part&);
    bool place(int who);
    std::vector<part> parts_{};
    std::array<int, max_steps> owner_{};  ///< by step: index of a part, or -1
    std::uint64_t seen_ = 0;
};

}  // namespace weir::inline v1
