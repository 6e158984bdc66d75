// segment/segment_builder.hpp - a segment out of the rows of a batch.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "segment/batch_data.hpp"
#include "segment/segment.hpp"

namespace weir::inline v1 {

/// A batch with the codes of the store in place of its own.
struct coded_batch {
    const batch::impl& from;
    std::vector<std::uint32_t> rows{};                        ///< which to take, ascending
    std::vector<std::uint32_t> leads{}, events{}, columns{};  ///< by code (column: index) of the batch
    std::vector<std::vector<std::uint32_t>> texts{};          ///< by column of the batch, by code
    std::int64_t first_arrival = 0;                           ///< of the first row taken
};
/// Throws limit_exceeded for 2^32 rows or more.
std::shared_ptr<segment> build_segment(const coded_batch&);

}  // namespace weir::inline v1
