// store/manifest.hpp - the file that says what a store consists of; replaced as a whole, by renaming.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <weir/store.hpp>

#include "segment/segment_file.hpp"
#include "store/frame.hpp"

namespace weir::inline v1 {

struct manifest {
    disk::store_id store{};
    std::uint64_t generation = 0;           ///< counts the replacements
    std::uint64_t next_file = 1;            ///< files have greater numbers than any before
    std::uint64_t flushed_seq = 0;          ///< frames up to this one are in segments
    std::uint64_t first_log = 1;            ///< logs with smaller numbers are not needed any more
    std::int64_t next_arrival = 0;          ///< after flushed_seq
    bool is_clean = true;                   ///< no frame follows flushed_seq
    std::array<std::byte, 32> secret{};     ///< makes keyed hashes of leads
    std::vector<segment_entry> segments{};  ///< in order of arrival
    std::uint64_t last_erasure = 0;         ///< after flushed_seq
    std::uint64_t gone = 0;                 ///< erasures up to this one are purged: no file holds their leads
    std::vector<erasure> erasures{};        ///< of leads that are suppressed, or not yet purged
    std::vector<purge_receipt> purges{};
    friend bool operator==(const manifest&, const manifest&) = default;
};

inline constexpr const char* manifest_name = "MANIFEST";

/// Two copies, either of which is enough.
byte_vector encode_manifest(const manifest&);

struct decoded_manifest {
    manifest value{};
    std::array<bool, 2> is_good{};  ///< the copies
};
/// Throws corrupt, or unsupported, if neither copy is good.
decoded_manifest decode_manifest(std::span<const std::byte>);

}  // namespace weir::inline v1
