// segment/segment_footer.hpp - what a segment's file holds, and where: its last part, which is read first.
//
// A file is a header, blocks, the footer, a trailer. Each block begins where the one before it ends, rounded
// up, so there is one layout only, and nothing in a file can overlap or hide.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "disk/block.hpp"
#include "segment/column_name.hpp"
#include "segment/segment_file.hpp"

namespace weir::inline v1 {

/// Bytes of a file under one checksum, with zeros up to the next multiple of 64. Integers are stored like a
/// `packed`: their difference to `least` in as many bytes as `range` needs.
struct file_block {
    std::uint64_t offset = 0, length = 0;
    std::int64_t least = 0;   ///< of integers
    std::uint64_t range = 0;  ///< greatest - least
    std::uint64_t hash = 0;
};

/// Texts: their lengths, then all their bytes.
struct text_blocks {
    file_block lengths{}, bytes{};
};

struct segment_footer {
    struct column {
        column_name name{};
        std::uint64_t texts = 0;
        text_blocks dictionary{};  ///< of texts; only these: in code order
        file_block present{};      ///< empty: texts, or all rows have a value
        file_block values{};       ///< by row; of texts: code of this dictionary + 1, 0 = missing
    };

    std::uint64_t rows = 0, leads = 0, ids = 0;
    std::uint32_t events = 0;  ///< names
    std::int64_t min_time = 0, max_time = 0, first_arrival = 0;
    std::uint64_t last_seq = 0;     ///< of the log's frames that it holds; 0: it is of no store
    text_blocks lead_keys{};        ///< in the order of the leads' rows
    file_block lead_rows{};         ///< by lead: how many
    file_block masks{};             ///< by lead, as in a segment, with this file's codes of events
    file_block tied{};              ///< as in a segment
    text_blocks event_names{};      ///< in code order
    file_block event_rows{};        ///< by event: how many
    file_block events_of_rows{};    ///< by row
    file_block times{};             ///< by row
    file_block stored_ids{};        ///< 48 bytes each, by arrival
    std::vector<column> columns{};  ///< in the order in which the store saw them
};

inline constexpr std::size_t max_columns = 4096;
inline constexpr std::size_t stored_id_bytes = 48;
std::string columns_message(std::size_t columns);  ///< that there are too many

/// Visits all blocks in the order in which they stand in the file.
template <class Footer, class F> void each_block(Footer& f, F&& visit) {
    for (auto* b :
         {&f.lead_keys.lengths, &f.lead_keys.bytes, &f.lead_rows, &f.masks, &f.tied, &f.event_names.lengths,
          &f.event_names.bytes, &f.event_rows, &f.stored_ids, &f.events_of_rows, &f.times})
        visit(*b);
    for (auto& c : f.columns)
        for (auto* b : {&c.dictionary.lengths, &c.dictionary.bytes, &c.present, &c.values}) visit(*b);
}

/// A footer as bytes, padded to a multiple of 64.
std::vector<std::byte> encode(const segment_footer&);
/// Reads a footer that stands at an offset, and checks that its blocks are laid out in the bytes before it.
/// Errors: corrupt.
segment_footer decode_footer(std::span<const std::byte>, const disk::file_identity&, std::uint64_t offset);

struct segment_trailer {
    std::uint64_t footer_offset = 0, footer_length = 0, footer_hash = 0, rows = 0, file_length = 0;
};
/// What the two tell of the file with a number; the rest is the store's to fill in.
segment_entry entry_of(const segment_footer&, const segment_trailer&, std::uint64_t file);
inline constexpr std::size_t trailer_bytes = 64;
std::array<std::byte, trailer_bytes> encode(const segment_trailer&, const disk::file_identity&);
/// Errors: corrupt.
segment_trailer decode_trailer(std::span<const std::byte, trailer_bytes>, const disk::file_identity&,
                               std::uint64_t file_length);

}  // namespace weir::inline v1
