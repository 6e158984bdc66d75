// segment/content_hash.hpp - 128 bits that stand for a text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/tuned.hpp"

namespace weir::inline v1 {

/// 128 bits of a text or of an event's content (XXH3); that two differing ones agree is not to be expected.
struct content_hash {
    std::uint64_t low = 0, high = 0;
    friend bool operator==(const content_hash&, const content_hash&) = default;
    struct hasher {
        using is_avalanching = void;
        std::size_t operator()(const content_hash& h) const {
            return static_cast<std::size_t>(h.low & tuned(~std::uint64_t{0}, std::uint64_t{0x7F}));
        }
    };
};
content_hash hash_of_text(std::string_view);

}  // namespace weir::inline v1
