// segment/segment_file.hpp - segments of raw events, to files and back.
//
// A file stands for itself: it holds the keys, names and texts of its own events, and no code or number of
// the process that wrote it. Its leads keep the order of their codes, which is that of first sight, so that
// a reader that opens the files of a store in order of arrival finds them ascending; where it does not (a
// lead was erased, and came back), rows are put in order as they are read.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "disk/block.hpp"
#include "segment/content_hash.hpp"
#include "segment/snapshot_data.hpp"

namespace weir::inline v1 {

class column_cache;

/// What MANIFEST says of a segment.
struct segment_entry {
    std::uint64_t file = 0, file_length = 0, footer_hash = 0, rows = 0;
    std::int64_t min_time = 0, max_time = 0;
    std::uint64_t first_seq = 0, last_seq = 0;  ///< of frames of the log; the first is the store's to fill in
    std::int64_t first_arrival = 0, last_arrival = 0;
    std::uint64_t erase_epoch = 0;  ///< the store's
    std::uint32_t partition = 0;    ///< segment::part
    std::uint32_t flags = 0;        ///< the store's
    friend bool operator==(const segment_entry&, const segment_entry&) = default;
};

/// An event id that is remembered, so that a retried event counts once.
struct stored_id {
    content_hash id{}, content{};
    std::int64_t arrival = 0;
    std::uint32_t lead = 0;  ///< code
    friend bool operator==(const stored_id&, const stored_id&) = default;
};

/// Writes a segment of raw events, which has some, into a new file, front to back, and makes that durable
/// (not its name). Ids of leads that are not in the segment, as of erased ones, are left out. `last_seq`: of
/// the log's frames, the last one that it holds. Errors: limit_exceeded for more than 4096 columns, and what
/// the file fails with.
segment_entry write_segment(disk::file& to, const disk::file_identity&, const segment&,
                            const snapshot::impl& names, std::span<const stored_id> ids,
                            std::uint64_t last_seq = 0);

struct opened_segment {
    std::shared_ptr<const segment> data{};
    std::vector<stored_id> ids{};
};
/// Opens such a file. Its texts are added to those of `names`, which is worth nothing if the call fails. With
/// a cache columns are read when they are used, and checked then; without one all are, at once.
/// Errors: corrupt, unsupported, limit_exceeded; none tells anything of a lead.
opened_segment open_segment(std::shared_ptr<const disk::file>, const disk::file_identity&,
                            const segment_entry&, snapshot::impl& names,
                            std::shared_ptr<column_cache> cache = {});

/// What MANIFEST would say of such a file, as far as the file tells. Fails as open_segment() does.
segment_entry entry_of_segment(const disk::file&, const disk::file_identity&);

/// Reads and checks every byte of such a file; fails as open_segment() does.
void verify_segment(std::shared_ptr<const disk::file>, const disk::file_identity&, const segment_entry&);

}  // namespace weir::inline v1
