// scan/scan.hpp - THE loop over events: lead by lead, each lead's events in total order across all segments.
//
// Measures and derivations see leads and rows; only this file and segment.hpp know how rows are stored.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "scan/mask_select.hpp"
#include "segment/snapshot_data.hpp"

namespace weir::inline v1 {

/// One event as a scan gives it. Equal times of a lead are a tie; (time, arrival, order) is the total order.
struct row {
    std::int64_t time;
    std::int64_t arrival;
    std::uint32_t order;    ///< 0: raw; 1, 2, ...: derived
    std::uint32_t event;    ///< code of the name
    std::uint32_t segment;  ///< where it lies, for attribute readers
    std::uint32_t index;
};

/// A lead with its events up to as_of. The rows live until the callback returns.
struct lead_rows {
    std::uint32_t lead;
    std::span<const row> rows;
    bool stops = false;  ///< see lead_filter
};

/// A set of events, by code.
using event_set = std::vector<bool>;

/// What the types of a lead's events decide before any row is read. Two leads with the same events are not
/// always treated alike: what masks, and times of first and last events, cannot rule out is read.
struct lead_filter {
    enum class stopping : std::uint8_t {
        whole,          ///< is given like any other
        first_instant,  ///< is given as far as the instant of its first event of `first`, which it has
        counted         ///< is counted, and only if that is not certain given as far as that instant
    };
    event_set first{};   ///< a lead without an event of these is not given; empty: every lead is
    event_set second{};  ///< a lead that has none of these stops at `first`
    stopping stops = stopping::whole;
    std::optional<std::int64_t> from{}, until{};  ///< events of `first` are meant at from <= t < until only
};

struct scan_options {
    std::int64_t as_of = std::numeric_limits<std::int64_t>::max();  ///< later events are not given
    bool hidden = false;                               ///< also raw events that stage events hide
    std::vector<bool> segments{};                      ///< which to read; empty: all
    std::vector<bool> leads{};                         ///< which to read, by code; empty: all
    std::optional<std::vector<std::uint32_t>> only{};  ///< codes of few leads to read, ascending; none: all
    std::optional<std::uint32_t> lead{};  ///< the only one to read, on the calling thread; none: all
    int threads = 1;
    event_set events{};  ///< which to give; empty: all
    lead_filter filter{};
    simd instructions = widest_simd();
};

/// What a scan did.
struct scan_result {
    std::int64_t counted = 0;  ///< leads that were counted instead of given
    std::int64_t masks = 0;    ///< masks looked at: one for each lead and segment that has it
    std::int64_t leads = 0;    ///< leads whose rows were looked at
    std::int64_t rows = 0;     ///< rows looked at
    std::int64_t bytes = 0;    ///< of those masks, and of the names and times of those rows
};
/// Says in a sentence what a scan did.
std::string plan_note(const snapshot::impl&, const scan_options&, const scan_result&);

using visit_lead = std::function<void(int worker, const lead_rows&)>;
/// One raw event of each of many leads that stop: the only one of theirs up to that instant.
struct first_events {
    std::uint32_t segment;
    std::span<const std::uint32_t> rows;
};
using visit_firsts = std::function<void(int worker, const first_events&)>;

/// Throws invalid_question for a number of threads that is not 1 to 256.
void check_threads(const scope&);

/// Calls visit(worker, lead) for every lead that has rows to give: workers 0 .. n-1 run in parallel, each
/// over one contiguous range of leads in ascending order, worker 0 over the first range. Joins all before it
/// returns or throws. With `firsts`, leads that stop may be given to that instead, at any time and in any
/// order.
scan_result scan(const snapshot::impl&, const scan_options&, const visit_lead& visit,
                 const visit_firsts& firsts = {});

}  // namespace weir::inline v1
