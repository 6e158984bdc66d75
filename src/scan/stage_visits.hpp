// scan/stage_visits.hpp - a derived layer read back as visits to stages and exits.
//
// A layer is one segment in total order: nothing in it has to be merged, hidden or sorted, so its visits are
// read where they lie, without a scan.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scan/scan.hpp"
#include "scan/stage_event.hpp"
#include "segment/snapshot_data.hpp"

namespace weir::inline v1 {

/// One visit; it ends where the lead's next one begins.
struct stage_visit {
    std::int64_t from;
    std::uint32_t row;   ///< of the layer
    std::uint8_t place;  ///< the stages by number, then the exits
    move_kind move;
};

/// All visits of a lead that was in one place only.
struct long_stay {
    std::uint32_t row, visits;  ///< the first row of the layer, and how many there are
    std::uint8_t place;
    move_kind move;  ///< of the first visit; the others repeat it
};

/// Reads one derived layer. Immutable, shared by threads; the snapshot must outlive it.
class stage_visits {
public:
    stage_visits(const snapshot::impl&, std::size_t layer);

    /// Places by number: the stages, then the exits.
    const std::vector<std::string>& places() const { return places_; }
    /// Codes of the leads that have visits, ascending.
    std::span<const std::uint32_t> leads() const { return layer_->leads; }
    /// The index in leads() of a lead, if it has visits.
    std::optional<std::size_t> find(std::uint32_t lead) const {
        const auto at = std::lower_bound(layer_->leads.begin(), layer_->leads.end(), lead);
        if (at == layer_->leads.end() || *at != lead) return std::nullopt;
        return static_cast<std::size_t>(at - layer_->leads.begin());
    }
    /// The row of the first visit of a lead, given by its index in leads(); of one past the last: size().
    std::uint32_t begin_of(std::size_t lead) const { return layer_->offsets[lead]; }
    /// Borders of n ranges of leads() with about equally many visits.
    std::vector<std::size_t> split(int n) const;

    /// Whether a lead, given by its index in leads(), has a visit that begins by as_of.
    bool has_begun(std::size_t lead, std::int64_t as_of) const {
        return time(layer_->offsets[lead]) <= as_of;
    }
    /// Replaces `visits` by those of a lead that begin by as_of.
    void read(std::size_t lead, std::int64_t as_of, std::vector<stage_visit>& visits) const {
        visits.clear();
        for (std::uint32_t r = layer_->offsets[lead]; r < layer_->offsets[lead + 1]; ++r) {
            if (time(r) > as_of) return;
            visits.push_back(at(r));
        }
    }
    /// Reads visits as one stay if all begin by as_of and are known, without looking at each, to be in one
    /// place.
    std::optional<long_stay> stay(std::size_t lead, std::int64_t as_of) const {
        const std::uint64_t mask = layer_->masks[lead];
        const std::uint8_t only = place_by_bit_[static_cast<std::size_t>(std::countr_zero(mask))];
        if ((mask & (mask - 1)) != 0 || only == many) return std::nullopt;
        const std::uint32_t row = layer_->offsets[lead], end = layer_->offsets[lead + 1];
        if (time(end - 1) > as_of) return std::nullopt;
        return long_stay{row, end - row, only, move(row)};
    }
    /// Number of rows: visits of all leads.
    std::size_t size() const { return layer_->size(); }
    stage_visit at(std::uint32_t r) const {
        return {time(r), r, place_by_event_[static_cast<std::size_t>(layer_->events[r])], move(r)};
    }
    std::int64_t time(std::uint32_t r) const { return layer_->times[r]; }

    std::int64_t entry(const stage_visit& v) const { return entry_->at(v.row); }
    bool is_stated(const stage_visit& v) const { return stated_->at(v.row) != 0; }
    std::string_view cause(const stage_visit& v) const { return text(cause_, v); }
    std::string_view reason(const stage_visit& v) const { return text(reason_, v); }
    /// The stage event, for attribute readers.
    row event(const stage_visit& v) const {
        return {v.from,
                layer_->arrivals[v.row],
                static_cast<std::uint32_t>(layer_->orders[v.row]),
                static_cast<std::uint32_t>(layer_->events[v.row]),
                segment_,
                v.row};
    }

private:
    const segment_column* find(std::string_view attribute) const;
    void name_places(const lifecycle&);
    void name_moves();
    move_kind move(std::uint32_t r) const { return move_by_bits_[static_cast<std::size_t>(move_->bits[r])]; }
    std::string_view text(const segment_column* column, const stage_visit& v) const {
        return snapshot_->columns[column->column].texts->at(static_cast<dictionary::code>(column->at(v.row)));
    }

    const snapshot::impl* snapshot_;
    std::uint32_t segment_;
    const segment* layer_;
    std::vector<std::string> places_{};
    std::vector<std::uint8_t> place_by_event_{};  // by event code
    static constexpr std::uint8_t many = UINT8_MAX;
    std::array<std::uint8_t, 64> place_by_bit_{};  // of the masks of leads; many: no or several places
    std::vector<move_kind> move_by_bits_{};
    // A layer without visits has no columns.
    const segment_column *move_, *entry_, *cause_, *reason_, *stated_;
};

}  // namespace weir::inline v1
