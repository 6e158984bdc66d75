// flow/flow_frame.hpp - the periods that a flow counts over: the one that was asked for, and its buckets.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <weir/time.hpp>

#include "flow/flow_tally.hpp"

namespace weir::inline v1 {

/// Periods that follow one another without a gap: period i is [borders[i], borders[i + 1]).
struct flow_frame {
    std::vector<wide_int> borders{};
    std::vector<std::string> labels{};  ///< of the periods, if they are buckets

    std::size_t periods() const { return borders.empty() ? 0 : borders.size() - 1; }
    std::optional<std::size_t> period_of(std::int64_t t) const;
    /// The first border after t, or the number of borders; it is known to be no earlier than border `least`.
    std::size_t border_after(std::int64_t t, std::size_t least = 0) const {
        std::size_t border = least;
        // Most often the next visit begins in the same period, or in one of the next.
        for (int few = 0; few < 4; ++few, ++border)
            if (border == borders.size() || t < borders[border]) return border;
        return static_cast<std::size_t>(
            std::upper_bound(borders.begin() + static_cast<std::ptrdiff_t>(border), borders.end(),
                             wide_int{t}) -
            borders.begin());
    }
};

/// The period as one; an open end lies just after as_of.
flow_frame whole_frame(const period&, std::int64_t as_of);
/// The buckets of a whole from that of its first visit to that of its end, or of as_of; none without a visit.
/// Throws limit_exceeded for more than 100,000.
flow_frame bucket_frame(const calendar&, const flow_frame& whole, std::optional<std::int64_t> first_visit,
                        std::int64_t as_of);

}  // namespace weir::inline v1
