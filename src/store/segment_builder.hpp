// store/segment_builder.hpp - segments out of rows, and out of the rows of a batch.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "store/segment.hpp"

namespace weir::inline v1 {

/// Collects rows in their final order, then columns, and packs them.
class segment_builder {
public:
    explicit segment_builder(std::size_t rows);
    /// Rows come clustered by lead ascending, inside a lead in total order.
    void add_row(std::uint32_t lead, std::uint32_t event, std::int64_t time);
    /// Of a text the bits are its code + 1, 0 where it is missing. Of others `present` has a bit for each row
    /// that has a value, and is empty if all do.
    void add_column(std::uint32_t column, bool is_text, std::vector<std::int64_t> bits,
                    std::vector<std::uint64_t> present = {});
    std::shared_ptr<segment> finish();

private:
    std::shared_ptr<segment> built_;
    std::vector<std::int64_t> events_{}, times_{};
};

/// A batch with the codes of the store in place of its own.
struct coded_batch {
    const batch::impl& from;
    std::vector<std::uint32_t> rows{};                        ///< which to take, ascending
    std::vector<std::uint32_t> leads{}, events{}, columns{};  ///< by code (column: index) of the batch
    std::vector<std::vector<std::uint32_t>> texts{};          ///< by column of the batch, by code
    std::int64_t first_arrival = 0;                           ///< of the first row taken
};
std::shared_ptr<segment> build_segment(const coded_batch&);

}  // namespace weir::inline v1
