// store/frame.hpp - what one frame of the log says: the events of a batch, or leads that are erased.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "disk/block.hpp"
#include "segment/batch_data.hpp"

namespace weir::inline v1 {

using byte_vector = std::vector<std::byte>;

enum class frame_type : std::uint16_t { events = 1, erase = 2, erase_many = 3 };

/// A frame before it has its place in a log.
struct frame {
    frame_type type;
    byte_vector payload;
};

/// The rows of a batch that were kept, with dictionaries of their own: what else the batch held leaves no
/// byte.
byte_vector encode_events(const batch::impl&, std::span<const std::uint32_t> rows,
                          std::int64_t first_arrival);

struct framed_events {
    batch::impl events{};
    std::int64_t first_arrival = 0;
};
/// Throws corrupt for bytes that encode_events() does not give. Takes at most a small multiple of their size.
framed_events decode_events(disk::field_reader);

/// A lead that is erased, by the keyed hash of its key.
struct erasure {
    std::uint64_t id = 0;  ///< 1, 2, ... over the life of the store
    std::int64_t when = 0;
    content_hash lead{};
    friend bool operator==(const erasure&, const erasure&) = default;
};
/// What is erased by one call: numbers follow one another, the time is the same.
frame encode_erasures(std::span<const erasure>);
std::vector<erasure> decode_erasures(frame_type, disk::field_reader);

}  // namespace weir::inline v1
