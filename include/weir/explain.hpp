// weir/explain.hpp - why a lead is where it is: the evidence behind one lead's count.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <weir/error.hpp>
#include <weir/event.hpp>
#include <weir/funnel.hpp>
#include <weir/lifecycle.hpp>
#include <weir/store.hpp>
#include <weir/table.hpp>
#include <weir/time.hpp>

namespace weir {
inline namespace v1 {

/// How a lead stands in a funnel. reached: at the last step. open: not yet, but one more event of the next
/// step, right after as_of, would take it further. stopped: no longer. excluded: an exclusion takes the lead
/// out of all steps.
enum class standing : std::uint8_t { reached, open, stopped, excluded };
WEIR_API std::string_view to_string(standing) noexcept;

/// What keeps a lead from its next step: the first of these, in this order, without which it gets there.
enum class obstacle : std::uint8_t {
    no_such_event,    ///< no event matches the step
    event_used_once,  ///< an event would have to fill two steps
    tie,              ///< events of equal time would have to stand in another order
    window,           ///< `within`
    gap,              ///< min_gap and max_gap
    excluded,         ///< exclusions
    adjacency,        ///< other events between adjacent steps
    held_value,       ///< `hold`
    entry,            ///< the chain would have to begin elsewhere
    period,           ///< it would have to begin outside the period
    order,            ///< the steps were done in another order
    several           ///< none of these alone
};
WEIR_API std::string_view to_string(obstacle) noexcept;

/// An event that an explanation names, and why.
struct explained_event {
    /// "chain": of the chain that counts. "optional": fills an optional step of it. "beyond": of the chain
    /// that would reach the next step, were it not for the obstacle. "excludes", "between", "first": what the
    /// obstacle consists of. "near": bears the step's name and fails its condition. "beside": without it the
    /// others alone would tell another story.
    std::string part{};
    int step = 0;  ///< as written, from 1, in "chain", "optional" and "beyond"; 0: none
    weir::event event{};
    std::optional<duration> gap{};  ///< since the event of the chain before
    friend bool operator==(const explained_event&, const explained_event&) = default;
};

/// A start of the lead, and what became of it. Starts of equal time are one.
struct explained_start {
    instant time{};
    int level = 0;   ///< steps of a chain that begins here
    instant last{};  ///< when it first got there
    std::string
        verdict{};  ///< "counts", "goes less far", "gets there later", "begins earlier", "not the first"
    friend bool operator==(const explained_start&, const explained_start&) = default;
};

struct WEIR_API funnel_explanation {
    funnel question{};
    lead_id lead{};
    std::optional<instant> as_of{};
    std::vector<std::string> notes{};
    weir::standing standing = weir::standing::stopped;
    int step = 0;   ///< the last required step, as written, that counts for the lead; 0: none
    int level = 0;  ///< events of its chain: more than steps where one is asked for several times
    std::vector<explained_event> events{};    ///< in order of time
    std::vector<explained_start> starts{};    ///< the first 100
    int entry = 0;                            ///< which of the starts counts, from 1; 0: none
    std::optional<duration> span{}, slack{};  ///< of the chain; and what `within` leaves of its limit
    // What follows is of a lead that has not reached the last step.
    std::optional<weir::obstacle> obstacle{};
    std::vector<weir::obstacle> together{};  ///< of `several`: those that it takes
    std::string reason{};
    std::optional<duration> missed_by{};  ///< of a window or a gap: the least that it would have to give
    std::string
        change{};  ///< that takes the lead a step further, as a run on the changed copy has shown; or ""
    std::optional<instant>
        deadline{};  ///< of an open lead: the last moment for the next step; none: no limit
    std::optional<duration> remaining{};  ///< from as_of to it

    operator answer() const;
};

/// Says why a lead counts at its step of a funnel and not at the next one.
///
/// Asks the same engine again about the lead's own events, with one thing changed at a time; groups, buckets,
/// lists and histograms play no part. The events that it names, alone in a store, give the same level and
/// chain at the same as_of. A lead without events stands at level 0, and a note says so. Where
/// accounts are counted, the lead is an account, by name. Errors: those of
/// check(); invalid_question (as_of). Cost: some hundred times that of the lead's own events.
WEIR_API result<funnel_explanation> explain(const snapshot&, const funnel&, const lead_id&);

/// A move of a lead, and the rule that made it.
struct explained_move {
    instant time{};
    std::string from{};  ///< "": no stage before
    std::string stage{};
    std::string move{};
    std::int64_t entry = 1;
    std::string rule{};     ///< its name, or "rules[i]"
    int version = 1;        ///< of the rules that hold at the time
    std::string trigger{};  ///< "event", "stage_change" or "idle"
    std::string event{};    ///< name of the event that fired it; "": a time-out
    std::string reason{};
    friend bool operator==(const explained_move&, const explained_move&) = default;
};

/// A proposal of a rule that moved nobody.
struct explained_proposal {
    instant time{};
    std::string rule{}, event{};  ///< event "": a time-out
    int version = 1;              ///< of the rules that hold at the time
    std::string from{}, to{};     ///< the stage at the time; to "": a word that is no stage
    /// "condition" (it fails), "from" (the rule does not lead from there), "same target" (another proposal of
    /// that instant came first), "same stage" (the lead is there), or the policy that refused it: "skipped",
    /// "backward", "reopened", "unknown_stage".
    std::string why{};
    friend bool operator==(const explained_proposal&, const explained_proposal&) = default;
};

/// What a rule that holds at as_of and leads on from the present stage asks, and whether that is so at as_of.
struct explained_rule {
    struct condition {
        std::string text{};
        bool holds = false;
        friend bool operator==(const condition&, const condition&) = default;
    };
    std::string rule{}, to{};  ///< to "": what the event says
    std::vector<condition> conditions{};
    bool nearly = false;                  ///< exactly one fails
    std::optional<duration> remaining{};  ///< of a time-out that is still to come
    friend bool operator==(const explained_rule&, const explained_rule&) = default;
};

struct WEIR_API lifecycle_explanation {
    weir::lifecycle lifecycle{};
    lead_id lead{};
    std::optional<instant> as_of{};
    std::vector<std::string> notes{};
    std::string stage{};  ///< or exit; "": none
    std::optional<instant> since{};
    std::vector<explained_move> moves{};
    std::vector<explained_proposal> proposals{};
    std::vector<explained_rule> rules{};
    std::vector<explained_event>
        events{};  ///< parts "fires", "activity" (from which idleness counts), "beside"

    operator answer() const;
};

/// Says why a lead is in its stage: which rule made each move, what else was proposed, what could move it
/// now.
///
/// The snapshot is derived; an empty name means the only lifecycle. An event rule asks for an event of its
/// names since the visit began, and its condition is judged by the last of these. The events that it names,
/// alone in a store, derive the same visits at the same as_of. A lead without events is in no stage, and a
/// note says so. Errors: those of history(). Cost: some times that of the lead's own events.
WEIR_API result<lifecycle_explanation> explain(const snapshot& derived, const lead_id&,
                                               std::string_view lifecycle = {});

}  // namespace v1
}  // namespace weir
