// funnel/obstacle.hpp - what keeps a lead from the next step of a funnel: asks again with one thing changed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <weir/explain.hpp>

#include "funnel/lead_chain.hpp"

namespace weir::inline v1 {

/// A lead's own events, up to as_of, and the question, resolved. What it refers to must outlive it.
struct lead_case {
    const snapshot::impl& data;
    const funnel& q;
    lead_id lead;
    std::span<const row> rows;
    std::int64_t as_of;

    lead_chain chain(const funnel& changed, const supposition& s = {}) const {
        return lead_chains(data, changed).find(rows, s);
    }
};

/// The obstacle in words, with the rows that it consists of.
struct hindrance {
    obstacle what = obstacle::several;
    std::vector<obstacle> together{};
    std::string reason{}, change{};
    std::optional<duration> missed_by{};
    std::vector<std::uint32_t> beyond{};                         ///< the chain that would reach the next step
    std::vector<std::pair<std::uint32_t, std::string>> named{};  ///< and the part that they play
};
hindrance obstacle_of(const lead_case&, const lead_chain& now);

/// Whether one more event of the next step, right after as_of, takes the lead further; and until when it
/// does.
struct outlook {
    bool open = false;
    std::optional<std::int64_t> deadline{};  ///< none: no limit
};
outlook outlook_of(const lead_case&, const lead_chain& now);
/// The first half of that, of chains that are bound already.
bool is_open(lead_chains&, std::span<const row>, const lead_chain& now, std::int64_t as_of);

/// The time so much later; the last one there is if it is none.
std::int64_t later(std::int64_t, std::uint64_t by);
/// "step 2, "demo""; of a step of a chain, from 0.
std::string step_text(const funnel&, const step_plan&, int step);

}  // namespace weir::inline v1
