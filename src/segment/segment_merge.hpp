// segment/segment_merge.hpp - one segment out of several.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "segment/segment.hpp"
#include "segment/veil.hpp"

namespace weir::inline v1 {

/// Which rows a merge leaves out.
struct merge_choice {
    std::span<const shared_veil> veils{};  ///< by source: what is hidden there; it may be shorter
    std::int64_t from = std::numeric_limits<std::int64_t>::min();  ///< and all that is earlier
    std::span<const std::uint32_t> without_columns{};              ///< attributes that are not read
};

/// Merges segments of raw events, which come in order of arrival.
std::shared_ptr<segment> merge_segments(std::span<const std::shared_ptr<const segment>>,
                                        const merge_choice& = {});

/// The same in parts of so many rows at most (but a lead is in one part), so that not all of them need be in
/// memory at once: `take` gets one after another, leads ascending, none empty. A part counts its arrivals
/// behind those of the part before.
void merge_in_parts(std::span<const std::shared_ptr<const segment>>, std::uint64_t most_rows,
                    const std::function<void(std::shared_ptr<segment>)>& take, const merge_choice& = {});

/// Puts a run behind others: one that goes on where the last one ends makes that longer.
inline void append_run(std::vector<packed_run>& to, const packed_run& more) {
    if (!to.empty() && to.back().column == more.column && to.back().end == more.begin)
        to.back().end = more.end;
    else
        to.push_back(more);
}

}  // namespace weir::inline v1
