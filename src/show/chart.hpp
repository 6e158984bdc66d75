// show/chart.hpp - what a chart of an answer shows, before anybody draws it: panels of bars on one scale.
//
// A screen and a picture draw the same chart. It is read from the answer's tables alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <weir/table.hpp>

namespace weir::inline v1 {

/// One bar, from 0 to 1 of those who could have come this far.
struct bar {
    std::string label{};
    rate share{};     ///< its length, and its interval
    rate previous{};  ///< funnel: of the step before; its denominator is the length of the ghost behind it
    std::int64_t lost = 0, recycled = 0, stalled = 0, open = 0;  ///< flow: what became of the others
    std::optional<duration> median_wait{};
};
struct panel {
    std::string title{};  ///< "" for the whole
    std::vector<bar> bars{};
};

enum class chart_kind : std::uint8_t { none, funnel, flow };

struct chart {
    chart_kind kind = chart_kind::none;
    std::string first{};          ///< heading of the labels
    bool ends_only = false;       ///< funnel: of two steps the second alone
    std::vector<panel> panels{};  ///< the whole, then the largest groups by text
    std::size_t groups_left_out = 0;
    std::vector<bar> entries{};        ///< flow: the whole by entries, if that is not what it is by leads
    std::string trend_title{};         ///< "mql to customer by bucket"
    std::vector<bar> trend{};          ///< by bucket: those who began in it and came to the end
    std::size_t buckets_left_out = 0;  ///< earlier ones
};

/// The chart of a funnel or a flow; of kind none for any other answer.
chart chart_of(const answer&);

}  // namespace weir::inline v1
