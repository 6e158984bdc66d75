// scan/mask_select.hpp - which leads of a block are read, decided by the masks of their events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace weir::inline v1 {

/// Instructions that the processor at hand may lack. All give the same answers.
enum class simd : std::uint8_t { none, avx2, avx512 };
/// The widest that this processor has.
simd widest_simd();

struct selection {
    std::size_t chosen = 0;    ///< masks with a bit of `first` and one of `second`
    std::int64_t counted = 0;  ///< masks with a bit of `first` and none of `second`
};
/// Writes the index of each chosen mask to `to`, ascending; `to` has room for masks.size() + 8 of them.
selection select_masks(simd, std::span<const std::uint64_t> masks, std::uint64_t first, std::uint64_t second,
                       std::uint32_t* to);

}  // namespace weir::inline v1
