// derive/fold.hpp - the fold: a lead's events, instant by instant, become entries into stages and exits.
//
// Of each instant all events are read first; then their proposals are applied one after another, each against
// the place that the one before it left; then the time-outs that are due. The fold knows neither the clock
// nor other leads, so that any cut of the leads into workers gives the same entries.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "derive/rulebook.hpp"
#include "store/packed.hpp"
#include "store/scan.hpp"
#include "store/stage_event.hpp"
#include "store/text_table.hpp"

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

/// What one folder found, by lead as given, then in total order.
struct findings {
    struct lead {
        std::uint32_t code;
        std::uint32_t entries;  ///< at least one
        std::uint64_t places;   ///< that it entered, a bit each
    };
    std::vector<lead> leads{};
    std::vector<std::vector<stage_entry>> blocks{};  ///< of entries, for they are many
    bounds times{}, arrivals{}, orders{}, segments{}, rows{},
        numbers{};  ///< of all entries; segment -1: none
    text_table reasons{};
    std::vector<refused_move> refused{};
    std::int64_t disputed = 0;  ///< leads of whom arrival decided what a rule read, or which event moved them
};

/// Folds lead after lead. Not shared between threads; the rulebook must outlive it.
class folder {
public:
    folder(const rulebook& rules, std::int64_t as_of)
        : rules_(&rules), as_of_(as_of), clocks_(rules.time_outs().size()) {}
    /// Takes all events of one lead, hidden ones too, in total order, none after as_of.
    void fold(const lead_rows&);

    findings found{};

private:
    // Lets a lead enter `to` because of the event rows_[row]; without a row it is a time-out.
    struct proposal {
        place to;
        std::uint32_t rule;
        std::size_t row;
    };
    struct idle_clock {
        std::optional<std::int64_t> last_activity{};
        std::optional<std::int64_t> tried{};  // the start of the span whose end was tried
    };
    struct due_rule {
        std::int64_t at;
        std::size_t time_out;
        std::int64_t since;
    };
    static constexpr std::size_t no_row = SIZE_MAX;

    void start(const lead_rows&);
    void take_instant(std::size_t first, std::size_t last);
    void take_event(std::size_t row);
    void collect(std::size_t first, std::size_t last);
    std::optional<place> target_of(std::uint32_t rule, std::size_t row);
    void apply_proposals();
    bool consider(const proposal&, place& done);
    bool is_one_of_several(std::size_t at) const;
    void run_time_outs(std::int64_t until) {
        if (!clocks_.empty()) run_due(until);
    }
    void run_due(std::int64_t until);
    std::optional<due_rule> next_due(std::int64_t until) const;

    void apply(const proposal&, std::int64_t time);
    move_kind kind_of(place to) const;
    std::string_view refusing_policy(move_kind, place to) const;
    void refuse(const proposal&, std::int64_t time, std::string_view policy, std::string target);
    void enter(const proposal&, std::int64_t time, move_kind, place to);
    void give_cause(stage_entry&, const proposal&);
    void give_position(stage_entry&, std::size_t row) const;
    stage_entry& new_entry();
    void keep(const stage_entry&);
    std::size_t last_alike(std::size_t row) const;

    const rulebook* rules_;
    std::int64_t as_of_;
    std::vector<idle_clock> clocks_;  // by time-out
    std::vector<proposal> proposals_{};

    // Of the lead at hand:
    std::uint32_t lead_ = 0;
    std::span<const row> rows_{};
    std::size_t past_ = 0;               // rows at or before the instant at hand
    std::uint32_t entries_ = 0;          // so far
    const stage_entry* last_ = nullptr;  // of these
    std::uint64_t places_ = 0;           // that it entered
    place present_ = nowhere;
    std::int64_t since_ = 0;  // start of the present visit
    std::uint32_t number_ = 1;
    bool disputed_ = false;
};

}  // namespace weir::inline v1
