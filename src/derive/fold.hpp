// derive/fold.hpp - the fold: a lead's events, instant by instant, become entries into stages and exits.
//
// Of each instant all events are read first; then their proposals are applied one after another, each against
// the place that the one before it left; then the time-outs that are due. The fold knows neither the clock
// nor other leads, so that any cut of the leads into workers gives the same entries.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "derive/rulebook.hpp"
#include "scan/stage_event.hpp"
#include "segment/packed.hpp"
#include "segment/text_table.hpp"

namespace weir::inline v1 {

/// One entry of a lead into a place: what becomes a stage event.
struct stage_entry {
    std::int64_t time, arrival;
    std::uint32_t order;                     ///< 1, 2, ... among the events of one (time, arrival)
    std::uint32_t cause_segment, cause_row;  ///< of the event; segment no_cause: a time-out
    std::uint32_t rule;
    std::uint32_t number;  ///< of the passage, from 1
    std::uint32_t reason;  ///< that the event states: its code in `findings::reasons`, or no_reason
    std::int8_t from, to;  ///< places
    move_kind kind;

    static constexpr std::uint32_t no_cause = UINT32_MAX, no_reason = UINT32_MAX;
    /// The segment as a layer holds it: -1 for a time-out.
    std::int64_t source_segment() const {
        return cause_segment == no_cause ? std::int64_t{-1} : std::int64_t{cause_segment};
    }
};

/// A move that a policy refused, or a word that is no place.
struct refused_move {
    std::uint32_t lead;
    std::uint32_t rule;
    std::int64_t time;
    std::uint32_t event;  ///< code of the name; no_event: a time-out
    std::string_view policy;
    std::string target;

    static constexpr std::uint32_t no_event = UINT32_MAX;
};

/// Arrival of what happens after all events of an instant.
inline constexpr std::int64_t after_all = std::numeric_limits<std::int64_t>::max();

/// What was found of a range of leads, by lead code, then in total order.
struct findings {
    struct lead {
        std::uint32_t code;
        std::uint32_t entries;  ///< at least one
        std::uint64_t places;   ///< that it entered, a bit each
    };
    std::vector<lead> leads{};
    std::vector<std::vector<stage_entry>> blocks{};   ///< of entries, for they are many
    bounds times{}, arrivals{}, orders{}, numbers{};  ///< of all entries
    bounds segments{}, rows{};                        ///< of their causes; segment -1: none
    text_table reasons{};
    std::vector<refused_move> refused{};
    /// Codes of leads of whom arrival decided what a rule read, or which event moved them.
    std::vector<std::uint32_t> disputed{};
};

/// A proposal of a rule, or a time-out, and what became of it.
struct considered {
    std::uint32_t rule;
    std::int64_t time;
    std::size_t row;  ///< of the event; no_row: a time-out
    place present;    ///< before it
    place to;         ///< nowhere: a word that is no place
    /// "applied"; "condition" (it fails), "from" (the rule does not lead from here), "same target" (another
    /// proposal came first), "same stage" (the lead is there), or the policy that refused it.
    std::string_view fate;

    static constexpr std::size_t no_row = SIZE_MAX;
};

/// The end of a span of idleness; none if no time is that late.
std::optional<std::int64_t> idle_until(std::int64_t since, std::int64_t idle);

/// One lead, folded by the same rules, with all that they considered.
struct lead_fold {
    struct clock {
        std::optional<std::int64_t> last_activity{};
        std::size_t activity_row = considered::no_row;
    };
    std::vector<stage_entry> entries{};
    std::vector<considered> all{};
    std::vector<clock> clocks{};  ///< by time-out
    place present = nowhere;
    std::int64_t since = 0;  ///< start of the present visit
};
/// Folds the rows of one lead, hidden ones too, none after as_of.
lead_fold fold_lead(const rulebook&, std::span<const row>, std::int64_t as_of);
/// The policy that refuses a move, or "".
std::string_view refusing_policy(const rulebook&, place present, place to);

/// Folds leads of a snapshot, given by their codes (none: all), up to as_of, on that many threads. The parts
/// follow one another by lead code. The rulebook must outlive the call alone.
std::deque<findings> fold(const snapshot::impl&, const rulebook&, std::int64_t as_of, int threads,
                          const std::vector<bool>& leads = {});

}  // namespace weir::inline v1
