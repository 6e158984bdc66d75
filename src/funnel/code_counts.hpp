// funnel/code_counts.hpp - how often each text of a column occurs in many rows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "scan/attribute_reader.hpp"

namespace weir::inline v1 {

/// Counts by code + 1; 0 stands for rows without a text. All rows must be of one column.
class code_counts {
public:
    /// Not of a column with so many texts that counting them one by one takes less memory.
    static bool may_count(const segment_column& texts) { return texts.bits.greatest() < 1 << 16; }

    void count(const segment_column& texts, std::span<const std::uint32_t> rows) {
        column_ = texts.column;
        const auto codes = static_cast<std::size_t>(texts.bits.greatest()) + 1;
        for (auto& half : halves_)
            if (half.size() < codes) half.resize(codes);
        // Rows next to one another often have the same text: two halves need not wait for each other.
        const auto bits = texts.bits.look();
        std::int64_t *const even = halves_[0].data(), *const odd = halves_[1].data();
        std::size_t i = 0;
        for (; i + 2 <= rows.size(); i += 2) {
            ++even[bits[rows[i]]];
            ++odd[bits[rows[i + 1]]];
        }
        if (i < rows.size()) ++even[bits[rows[i]]];
    }

    std::size_t size() const { return halves_[0].size(); }
    std::int64_t operator[](std::size_t i) const { return halves_[0][i] + halves_[1][i]; }
    /// What the rows of a count have.
    datum value(std::size_t i) const {
        return i == 0 ? datum{} : datum{column_, static_cast<std::int64_t>(i) - 1};
    }

private:
    std::uint32_t column_ = datum::none;
    std::array<std::vector<std::int64_t>, 2> halves_{};
};

}  // namespace weir::inline v1
