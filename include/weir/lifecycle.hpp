// weir/lifecycle.hpp - stages, exits and the rules that move leads; derive() turns events into stages.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weir/condition.hpp>
#include <weir/error.hpp>
#include <weir/event.hpp>
#include <weir/store.hpp>
#include <weir/table.hpp>
#include <weir/time.hpp>
#include <weir/value.hpp>

namespace weir {
inline namespace v1 {

/// What a move over one or more stages does. keep_jump: one direct move, the stages between are "skipped
/// past". fill: visits of no length in them. reject: no move, a violation.
enum class skipped : std::uint8_t { keep_jump, fill, reject };
/// What a move to an earlier stage does. recycle: applied, begins a new entry. reject: a violation.
enum class backward : std::uint8_t { recycle, reject };
/// What a move to the present stage does. ignore: nothing. new_entry: the visit ends and another begins.
enum class repeated : std::uint8_t { ignore, new_entry };
/// What happens to events of equal time. in_stage_order: applied stages ascending, then exits, whatever the
/// arrival. in_arrival_order: one by one.
enum class same_time : std::uint8_t { in_stage_order, in_arrival_order };
/// What a move out of a terminal stage or exit to a stage does. new_entry: applied. reject: a violation.
enum class reopened : std::uint8_t { new_entry, reject };
/// What a word of a CRM that is no stage does. reject: a violation. fail: derive() answers unknown_name.
enum class unknown_stage : std::uint8_t { reject, fail };

struct stage_options {
    std::optional<duration> stalled_after{};  ///< an open visit counts as stalled when idle for longer
    bool terminal = false;                    ///< exits and the last stage are so anyway, see lifecycle
};

/// "mql", or {"mql", {.stalled_after = days{30}}}.
struct stage {
    template <text S>
    stage(const S& name_, stage_options o = {})
        : name(std::string_view(name_)), stalled_after(o.stalled_after), terminal(o.terminal) {}
    template <text A, text B> stage(const A&, const B&) = delete;  // two stages are "a", "b" without braces
    std::string name;
    std::optional<duration> stalled_after;
    bool terminal;
    friend bool operator==(const stage&, const stage&) = default;
};

/// A CRM's own stage-change event: an attribute holds the stage. Off while `event` is empty.
struct stage_change {
    names event{};
    std::string attribute{};
    std::vector<std::pair<std::string, std::string>> map{};  ///< CRM's word, stage or exit; names need none
    std::string reason_from{};                               ///< attribute that holds the reason
    friend bool operator==(const stage_change&, const stage_change&) = default;
};

/// Moves a lead when its trigger fires: `event`, or `idle`, or `stage_change`.
struct rule {
    std::string to{};  ///< stage or exit; empty only for a stage_change
    names event{};     ///< the trigger; with `idle`: the activity that counts (empty: any event)
    condition where{};
    /// Stages and exits that the lead must be in. Empty: forward only (or no stage yet) for an event; any
    /// stage that is not terminal for exits and time-outs; anywhere for a stage_change. So an event moves a
    /// lead back, or re-opens it, only from a place that is named here. What does not fire is no violation.
    names from{};
    std::optional<duration> idle{};  ///< fires this long after the last activity or the visit's start
    weir::stage_change stage_change{};
    std::string reason{};       ///< fixed text, for events that state none
    std::string reason_from{};  ///< attribute of the event that holds the reason; not for time-outs
    std::string name{};         ///< shown as the cause; empty: "rules[i]", or "versions[k].rules[i]"
    friend bool operator==(const rule&, const rule&) = default;
};

/// Rules that take the place of those before from a time on.
struct rule_version {
    int version = 2;
    instant valid_from{};
    std::vector<rule> rules{};
    friend bool operator==(const rule_version&, const rule_version&) = default;
};

/// Ordered stages, exits, rules and policies. Exits and the last stage are terminal: time-outs leave them
/// alone and only a re-opening leads out of them. Stages and exits together: 1 to 64.
struct WEIR_API lifecycle {
    std::string name = "lifecycle";
    int version = 1;
    std::vector<stage> stages{};
    names exits{};
    std::vector<rule> rules{};
    /// Later versions of the rules, ascending by number and by time; stages, exits and policies are those of
    /// all. An event is judged by the rules in force at its time, a time-out by those in force when it is
    /// due: a change of rules alone moves nobody.
    std::vector<rule_version> versions{};
    weir::skipped skipped = weir::skipped::keep_jump;
    weir::backward backward = weir::backward::recycle;
    weir::repeated repeated = weir::repeated::ignore;
    weir::same_time same_time = weir::same_time::in_stage_order;
    weir::reopened reopened = weir::reopened::new_entry;
    weir::unknown_stage unknown_stage = weir::unknown_stage::reject;

    /// visitor, prospect, mql, sql, opportunity, customer, advocate; exits lost, disqualified, no_decision,
    /// inactive.
    static lifecycle b2b();
    /// A built-in lifecycle, in which an event named like a stage or exit enters it; in sales a
    /// returning_customer too enters mql, in demand a second nurturing leads back. Errors: unknown_name.
    static result<lifecycle> preset(std::string_view name);
    /// b2b, three_level, buying, attract, closed_loop, demand, demand_b2c, short_four, sales.
    static names presets();

    friend bool operator==(const lifecycle&, const lifecycle&) = default;
    friend WEIR_API std::ostream& operator<<(std::ostream&, const lifecycle&);  ///< the JSON form
};
/// Prints {"lifecycle": {...}}, leaving out what is default.
WEIR_API std::string to_json(const lifecycle&);
/// Reads what to_json prints. Errors: bad_input (no JSON), invalid_question (a value of the wrong kind),
/// unknown_name (a key, a value, a stage).
WEIR_API result<lifecycle> lifecycle_from_json(std::string_view);
/// Finds the first fault. Errors: invalid_question, unknown_name (a rule names no stage or exit),
/// limit_exceeded.
WEIR_API result<void> check(const lifecycle&);

/// Adds the stage entries to a snapshot as events named like the stages.
///
/// Each carries the attributes of the event that caused it and, over these: lifecycle, version (of the rules
/// that moved the lead), from ("": no
/// stage before), move (created, advance, jump, filled, recycle, repeated, exit, corrected, reopen), cause,
/// reason ("": none), stated, entry.
/// A raw event with a stage's name is hidden by them. Time-outs are judged at scope.as_of.
/// Several lifecycles may be derived one after another; each reads the stages of those before it, none its
/// own. Errors: those of check(); invalid_question (a lifecycle of that name is already there, as_of is after
/// an earlier derivation's); unknown_name (unknown_stage::fail); limit_exceeded (idle rules that lead in a
/// circle); out_of_memory. Cost: one pass over all events.
WEIR_API result<snapshot> derive(const snapshot&, const lifecycle&, const scope& = {});
/// Answers the same, with less work: what `before` tells of leads without new events is taken over.
///
/// For a host that keeps what it derived: derived = derive(store.snapshot(), l, derived). Work is saved if
/// `before` comes from the same store, its first lifecycle equals this one and was derived at no later as_of,
/// and the snapshot has no lifecycle yet. With any other `before`, as snapshot{}, all is derived. Errors: as
/// above. Cost: a copy of the stage events, and one pass over the events of the leads that have new ones,
/// that a time-out may have moved, or whose rows lie in several segments that a merge or erase() replaced.
WEIR_API result<snapshot> derive(const snapshot&, const lifecycle&, const snapshot& before,
                                 const scope& = {});

/// One entry into a stage or exit. Just before an instant t the lead is in it iff from < t <= until.
struct visit {
    lead_id lead{};
    std::string stage{};
    instant from{};
    std::optional<instant> until{};  ///< none: open
    std::int64_t entry = 1;          ///< + 1 at every recycle, re-opening or repeated new entry
    std::string move{};
    std::string cause{};
    int version = 1;       ///< of the rules that moved it
    std::string reason{};  ///< "": none
    bool stated = false;   ///< the reason comes from the event, not from the rule
    bool filled = false;
    friend bool operator==(const visit&, const visit&) = default;
};
/// A move that a policy refused.
struct violation {
    lead_id lead{};
    instant time{};
    std::string event{};   ///< "": a time-out
    std::string policy{};  ///< "skipped", "backward", "reopened" or "unknown_stage"
    std::string target{};  ///< the stage, or the CRM's word
    friend bool operator==(const violation&, const violation&) = default;
};
/// Every visit and violation, by lead, then in order of time; violations of one instant by target.
struct WEIR_API stage_history {
    weir::lifecycle lifecycle{};
    std::optional<instant> as_of{};
    std::vector<std::string> notes{};
    std::vector<visit> visits{};
    std::vector<violation> violations{};
    operator answer() const;
};
/// Lists what derive() found. An empty name means the only lifecycle. Errors: unknown_name, invalid_question
/// (none, or several and no name).
WEIR_API result<stage_history> history(const snapshot& derived, std::string_view lifecycle = {});

}  // namespace v1
}  // namespace weir
