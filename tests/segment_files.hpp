// segment_files.hpp - the segments of a snapshot as files in memory, and a snapshot out of them again.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <weir/store.hpp>

#include "memory_file.hpp"
#include "segment/column_cache.hpp"
#include "segment/segment_file.hpp"
#include "world.hpp"

namespace weir_test {

weir::disk::file_identity identity_of(std::uint64_t number);
/// No events and no names.
std::shared_ptr<weir::snapshot::impl> empty_snapshot();

struct segment_files {
    std::vector<std::shared_ptr<memory_file>> all{};
    std::vector<weir::segment_entry> entries{};
    std::vector<std::vector<weir::stored_id>> ids{};

    void add(const weir::segment&, const weir::snapshot::impl& names, std::vector<weir::stored_id> = {});
    /// Without a cache all columns are loaded at once.
    weir::snapshot open(std::shared_ptr<weir::column_cache> = {},
                        const std::shared_ptr<weir::snapshot::impl>& into = empty_snapshot()) const;
};

/// Each segment as it is.
segment_files write_files(const weir::snapshot&);
/// Some runs of segments merged, each into files of a few rows. The dice decide.
segment_files write_parts(const weir::snapshot&, dice&);

}  // namespace weir_test
