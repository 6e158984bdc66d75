// store/segment_builder.hpp - segments out of batches and out of other segments.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "store/segment.hpp"

namespace weir::inline v1 {

/// Collects rows in their final order, then columns, and packs them.
class segment_builder {
public:
    explicit segment_builder(std::size_t rows);
    /// Rows come clustered by lead ascending, inside a lead by (time, arrival).
    void add_row(std::uint32_t lead, std::uint32_t event, std::int64_t time, std::int64_t arrival);
    /// `has` says which rows have a value; the bits of the others are ignored. A text's bits are its code.
    void add_column(std::uint32_t column, bool is_text, std::vector<std::int64_t> bits,
                    const std::vector<bool>& has);
    std::size_t size() const { return times_.size(); }
    std::shared_ptr<segment> finish();

private:
    std::shared_ptr<segment> built_;
    std::vector<std::int64_t> events_{}, times_{}, arrivals_{};
};

/// A batch with the codes of the store in place of its own.
struct coded_batch {
    const batch::impl& from;
    std::vector<std::uint32_t> rows{};                ///< of the batch, those to keep, in order of arrival
    std::vector<std::uint32_t> leads{};               ///< by code of the batch
    std::vector<std::uint32_t> events{};              ///< by code of the batch
    std::vector<std::uint32_t> columns{};             ///< by column of the batch
    std::vector<std::vector<std::uint32_t>> texts{};  ///< by column, by code
    std::int64_t first_arrival = 0;
};
std::shared_ptr<segment> build_segment(const coded_batch&);

/// All rows of the segments but those of one lead (none if `without` is UINT32_MAX).
std::shared_ptr<segment> merge_segments(std::span<const std::shared_ptr<const segment>>,
                                        std::uint32_t without = UINT32_MAX);

}  // namespace weir::inline v1
