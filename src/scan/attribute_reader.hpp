// scan/attribute_reader.hpp - the value that an event has for one attribute, wherever it is stored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <weir/value.hpp>

#include "scan/scan.hpp"

namespace weir::inline v1 {

/// A value without its memory: which store column, which bits.
struct datum {
    std::uint32_t column = none;  ///< index into the snapshot's columns
    std::int64_t bits = 0;        ///< see value_kind

    static constexpr std::uint32_t none = UINT32_MAX;
    bool missing() const { return column == none; }
    friend bool operator==(const datum&, const datum&) = default;
};

value value_of(const snapshot::impl&, const datum&);
/// The event that caused a stage event, or an earlier one that caused that: none behind a time-out and behind
/// raw events. A cause may be a stage event of another lifecycle, with a cause of its own.
struct event_place {
    std::uint32_t segment;
    std::size_t row;
};
std::optional<event_place> cause_of(const snapshot::impl&, const event_place&);

/// Reads one attribute. Immutable; the snapshot must outlive it.
class attribute_reader {
public:
    attribute_reader(const snapshot::impl&, std::string_view attribute);
    /// The event's own value; for a stage event without one, that of the event that caused it.
    datum at(const row& r) const {
        const datum own = in_segment(r.segment, r.index);
        return own.missing() && r.order != 0 ? of_cause(r.segment, r.index) : own;
    }
    /// The value of a raw event.
    datum at(std::uint32_t segment, std::size_t row) const { return in_segment(segment, row); }
    /// The column that holds all its values in a segment, if that is one of texts.
    const segment_column* texts_in(std::uint32_t segment) const {
        const auto& found = found_[segment];
        if (found.size() != 1 || !found.front()->is_text) return nullptr;
        found.front()->ready();
        return found.front();
    }
    value value_of(datum) const;
    /// The text that names a group: a text as it stands, other values as to_string(value) prints them.
    std::string text_of(datum) const;
    /// Whether one of the two is missing, or their texts differ.
    bool reads_otherwise(datum a, datum b) const {
        return a != b && (a.missing() || b.missing() || text_of(a) != text_of(b));
    }
    value_kind kind_of(datum d) const { return snapshot_->columns[d.column].name.kind; }

private:
    datum in_segment(std::uint32_t segment, std::size_t row) const {
        for (const segment_column* c : found_[segment])
            if (c->has(row)) return {c->column, c->at(row)};
        return {};
    }
    datum of_cause(std::uint32_t segment, std::size_t row) const;
    const snapshot::impl* snapshot_;
    std::vector<std::vector<const segment_column*>> found_{};  ///< by segment
};

}  // namespace weir::inline v1
