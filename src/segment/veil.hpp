// segment/veil.hpp - erased leads whose rows still stand in a segment: hidden by their codes, not rewritten.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "segment/segment.hpp"

namespace weir::inline v1 {

/// Leads of one segment whose rows there count no more. A lead that came back has other rows elsewhere.
struct veil {
    std::vector<std::uint32_t> leads{};  ///< codes, ascending; each is in the segment
    std::size_t rows = 0;                ///< of theirs
    // Exact, of the rows that are left:
    std::int64_t max_time = 0;                                           ///< of no meaning if none is
    std::vector<std::pair<std::uint32_t, std::int64_t>> event_counts{};  ///< as those of a segment

    bool hides(std::uint32_t lead) const { return std::binary_search(leads.begin(), leads.end(), lead); }
    std::int64_t memory() const {
        return static_cast<std::int64_t>(sizeof(veil) + leads.size() * sizeof(leads[0]) +
                                         event_counts.size() * sizeof(event_counts[0]));
    }
};

using shared_veil = std::shared_ptr<const veil>;

/// A segment and what is hidden of it: perhaps nothing, and then there is no veil.
struct veiled_segment {
    std::shared_ptr<const segment> data{};
    shared_veil hidden{};
};

/// Hides more leads, ascending; gives the veil that there was if it has none of them.
/// Cost: O(leads × log + rows of theirs); reads names and times, and of all leads if the last event goes.
shared_veil with_hidden(const segment&, const shared_veil& before, std::span<const std::uint32_t> leads);

}  // namespace weir::inline v1
