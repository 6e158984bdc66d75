// segment/segment_reader.hpp - a segment out of a file: what stays in memory first, columns when asked for.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "segment/segment_file.hpp"
#include "segment/segment_footer.hpp"

namespace weir::inline v1 {

/// Reads one file. Whatever its checksums say, every number is checked before it is used: a file may come
/// from anywhere. Errors as those of open_segment().
class segment_reader {
public:
    segment_reader(std::shared_ptr<const disk::file>, const disk::file_identity&, const segment_entry&);

    /// Fills a new segment, but gives its columns no values. Call it once, and before the others.
    std::vector<stored_id> open(segment&, snapshot::impl& names);
    /// Gives events and times their values.
    void load_rows(segment&) const;
    /// Gives a column of the segment, by its index there, its values.
    void load_column(segment&, std::size_t column) const;
    /// Closes the file; nothing is loaded any more.
    void close() { file_.reset(); }
    /// Bytes that a column takes once it is loaded.
    std::int64_t bytes_of_column(const segment&, std::size_t column) const;

private:
    using code_map = std::vector<std::uint32_t>;  // by code of the file; nothing: the store has the same
    struct column_source {
        std::size_t number;  // in the footer
        code_map codes;      // by code + 1
    };

    segment_footer read_footer(const segment_entry&) const;
    std::unique_ptr<std::byte[]> read(const file_block&) const;
    packed integers(const file_block&, std::uint64_t count) const;
    std::vector<std::uint64_t> words(const file_block&) const;
    std::vector<std::uint64_t> bits(const file_block&, std::uint64_t count) const;
    template <class Fault>
    code_map insert(const text_blocks&, std::uint64_t count, dictionary&, Fault&&) const;
    code_map open_leads(segment&, dictionary& keys) const;
    void open_event_names(segment&, dictionary& names);
    void open_masks(segment&) const;
    void open_columns(segment&, snapshot::impl& names);
    packed unloaded(const file_block&, std::uint64_t count, const code_map&) const;
    std::vector<stored_id> read_ids(const code_map& leads) const;
    void sort_leads(segment&);
    packed arranged(packed, const packed& like, const code_map&) const;
    std::vector<std::uint64_t> arranged(std::vector<std::uint64_t> bits) const;
    void check_events(const segment&, const packed& events) const;
    void check_times(const segment&, const packed& times) const;
    [[noreturn]] void refuse(const file_block&, std::string message) const;

    std::shared_ptr<const disk::file> file_;
    disk::file_identity who_;
    segment_footer footer_;
    code_map event_codes_{};
    std::vector<column_source> columns_{};  // by index in the segment
    std::vector<packed_run> runs_{};        // rows by ascending lead; nothing: the file has them so
};

}  // namespace weir::inline v1
