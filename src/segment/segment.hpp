// segment/segment.hpp - an immutable run of events, clustered by lead; inside a lead in total order.
#pragma once

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "segment/column_name.hpp"
#include "segment/dictionary.hpp"
#include "segment/packed.hpp"

namespace weir::inline v1 {

/// A column of the whole store: its name and, for text, the dictionary. Segments refer to it by its index.
struct store_column {
    column_name name;
    std::shared_ptr<dictionary> texts{};
};

/// A code of no lead.
inline constexpr std::uint32_t no_lead = UINT32_MAX;

class segment_pages;

/// Values of one store column in one segment. Where the segment came from a file, bits and presence are
/// loaded by ready(); the methods call it.
struct segment_column {
    std::uint32_t column = 0;  ///< index into the snapshot's columns
    bool is_text = false;
    packed bits{};                         ///< text: code + 1, 0 = missing
    std::vector<std::uint64_t> present{};  ///< a bit a row; empty: text, or all present
    segment_pages* pages = nullptr;        ///< where values are loaded from; nothing: they are here
    mutable bool is_here = true;           ///< atomic

    /// Loads the values if they are not here. The segment must be in use, see column_cache.hpp.
    void ready() const {
        if (!std::atomic_ref(is_here).load(std::memory_order_acquire)) load();
        assert(pages == nullptr || is_in_use());
    }
    bool has(std::size_t row) const {
        ready();
        if (!present.empty()) return (present[row / 64] >> (row % 64) & 1) != 0;
        return !is_text || bits[row] != 0;
    }
    /// The bits of the value, see value_kind; only where has(row).
    std::int64_t at(std::size_t row) const { return is_text ? bits[row] - 1 : bits[row]; }

private:
    void load() const;
    bool is_in_use() const;
};

/// The bit of an event code in the mask of a lead's events; codes beyond 64 share the bits.
inline std::uint64_t event_bit(std::uint32_t code) { return std::uint64_t{1} << (code % 64); }

/// Row r belongs to leads[i] iff offsets[i] <= r < offsets[i + 1]. A lead's rows ascend by (time, arrival,
/// order).
///
/// Segments of raw events have disjoint ranges of arrival numbers, and inside a lead rows of equal time stand
/// in order of arrival. That order is all that arrival decides, so the numbers themselves are not kept: row r
/// counts as first_arrival + r.
struct segment {
    std::vector<std::uint32_t> leads{};  ///< codes, ascending
    std::vector<std::uint32_t> offsets{0};
    std::vector<std::uint64_t> masks{};  ///< by index of the lead: event_bit() of each of its events
    std::vector<std::uint64_t> tied{};   ///< a bit a lead: its first two events have one time
    packed events{};                     ///< code of the name; like times, here once rows_ready() was called
    packed times{};                      ///< microseconds
    std::int64_t first_arrival = 0;      ///< of no meaning for derived events
    std::vector<segment_column> columns{};  ///< ascending by column

    std::uint32_t part = 0;  ///< of one that was cut by leads: 0, 1, ...; see merge_segments()
    std::shared_ptr<segment_pages> pages{};  ///< where columns are loaded from; nothing: they are here

    // Only of derived events:
    packed arrivals{};         ///< of the cause
    packed orders{};           ///< 1, 2, ... among those of one (time, arrival)
    packed source_segments{};  ///< of the cause, an index into the snapshot's segments; -1: a time-out
    packed source_rows{};

    // Statistics, exact:
    std::int64_t min_time = 0, max_time = 0;  ///< of no meaning if there are no rows
    std::vector<std::pair<std::uint32_t, std::int64_t>> event_counts{};  ///< (code, rows), ascending

    std::size_t size() const { return offsets.back(); }
    /// True if every bit of a mask stands for one code.
    bool masks_are_exact() const { return event_counts.empty() || event_counts.back().first < 64; }
    bool first_is_tied(std::size_t lead) const { return (tied[lead / 64] >> (lead % 64) & 1) != 0; }
    /// Fills `tied`; once leads, offsets and times are there.
    void find_ties();
    const segment_column* find(std::uint32_t column) const;
    /// Loads events and times if they are not here. The segment must be in use, see column_cache.hpp.
    void rows_ready() const {
        if (pages) load_rows();
    }
    /// The same, and all attributes.
    void all_ready() const {
        rows_ready();
        for (const segment_column& c : columns) c.ready();
    }
    /// Bytes, without those that a cache counts.
    std::int64_t memory() const;

private:
    void load_rows() const;
};

}  // namespace weir::inline v1
