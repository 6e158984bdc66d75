// derive/earlier.hpp - what an earlier derivation of a growing store tells about a later snapshot.
//
// The events of a lead only become more, until erase() takes all of them and refuses the later ones: a lead
// with as many rows as before has the same rows, wherever merges have put them. After a removal by age, which
// takes some of a lead's rows, nothing is told: see snapshot::impl::cuts.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "derive/fold.hpp"
#include "derive/rulebook.hpp"
#include "segment/snapshot_data.hpp"

namespace weir::inline v1 {

/// What a stage event says of its cause, see segment.
struct cause_numbers {
    std::int64_t segment, row, arrival;
};
/// What it says of a time-out, which has none.
inline constexpr cause_numbers time_out{-1, 0, after_all};

struct cause_bounds {
    bounds segments{}, rows{}, arrivals{};
    void take(const cause_numbers& c) {
        segments.take(c.segment);
        rows.take(c.row);
        arrivals.take(c.arrival);
    }
};

/// Follows raw rows from a snapshot to another one of the same store. Segments that both share are not
/// looked at; of the others a lead may have rows in one before and in one after.
class row_tracker {
public:
    row_tracker(const snapshot::impl& before, const snapshot::impl& now);

    /// Lead codes of both snapshots are below this.
    std::uint32_t lead_limit() const { return static_cast<std::uint32_t>(was_.size()); }
    /// Whether the lead has the events that it had, and all of them can be followed.
    bool follows(std::uint32_t lead) const {
        const part &was = was_[lead], &is = is_[lead];
        return was.rows == is.rows && was.segment != several && is.segment != several;
    }
    /// Whether all rows have their old numbers.
    bool nothing_moved() const { return nothing_moved_; }
    /// Of the numbers of all raw rows.
    cause_bounds bounds_now() const;
    /// The numbers that the cause of a stage event of such a lead has now.
    cause_numbers moved(std::uint32_t lead, cause_numbers c) const {
        if (c.segment == time_out.segment) return c;
        const part &was = was_[lead], &is = is_[lead];
        const std::int64_t shared = numbers_[static_cast<std::size_t>(c.segment)];
        c.segment = shared != gone ? shared : is.segment;
        if (shared == gone) c.row += std::int64_t{is.first} - was.first;
        // The arrival may be that of another event of the instant, which lies elsewhere.
        const std::int64_t from = before_->segments[was.segment]->first_arrival + was.first;
        if (c.arrival >= from && c.arrival < from + was.rows)
            c.arrival += now_->segments[is.segment]->first_arrival + is.first - from;
        return c;
    }

private:
    // A lead's rows in the segments that the other snapshot does not have.
    struct part {
        std::uint32_t segment = 0, first = 0, rows = 0;
    };
    static constexpr std::uint32_t several = UINT32_MAX;
    static constexpr std::int64_t gone = -1;

    void list(const snapshot::impl&, std::size_t segment, std::vector<part>&);

    const snapshot::impl *before_, *now_;
    std::vector<std::int64_t> numbers_;    // by segment of before: its number now, or gone
    std::vector<part> was_, is_;           // by lead code
    std::vector<std::uint32_t> hidden_{};  // leads erased since, or before, of segments that both share
    bool nothing_moved_ = true;
};

/// By lead code, which leads have to be folded again, because the first layer of `before` does not tell what
/// they do up to as_of; that is not before the layer's.
std::vector<bool> leads_to_fold(const snapshot::impl& before, const snapshot::impl& now, const rulebook&,
                                std::span<const std::uint32_t> event_codes, const row_tracker&,
                                std::int64_t as_of);

}  // namespace weir::inline v1
