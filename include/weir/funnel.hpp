// weir/funnel.hpp - how many leads go through the steps, where they stop, how long it takes.
#pragma once

#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weir/breakdown.hpp>
#include <weir/condition.hpp>
#include <weir/error.hpp>
#include <weir/store.hpp>
#include <weir/table.hpp>
#include <weir/time.hpp>
#include <weir/value.hpp>

namespace weir {
inline namespace v1 {

// One policy, one enum. The first value of each is the default; docs/semantics.md shows what each decides.

/// Whether steps follow one another with other events between, may come in any order, or lie side by side.
enum class order : std::uint8_t { in_sequence, any_order, adjacent };
/// How events of equal time stand: as serves the lead best, as they arrived, or not at all (each step is
/// later than the one before).
enum class ties : std::uint8_t { together, in_arrival_order, strictly_later };
/// Whether `within` runs from the first step, or anew from each (it is then the max_gap of those without
/// one).
enum class clock : std::uint8_t { from_first_step, from_previous_step };
/// Which starts count: the one that leads furthest, the first in the period, or every one.
enum class entry : std::uint8_t { best, first, every };
/// What is counted. Entries are passages through the steps that do not overlap (with entry::every: all
/// starts); their rates carry no interval. Of an account the events of all its leads are one stream.
enum class counting : std::uint8_t { leads, entries, accounts };
/// What an exclusion does to a chain: another may begin, or a lead that completes none leaves all steps.
enum class on_exclusion : std::uint8_t { restart, disqualify };
/// Which events break a chain of adjacent steps: all, or those that match a step.
enum class breaks : std::uint8_t { every_event, step_events };

/// All of a step but its event.
struct step_options {
    std::string name{};  ///< empty: the event
    condition where{};
    bool optional = false;              ///< counted where it lies between its neighbours; never required
    std::optional<duration> min_gap{};  ///< since the step before, edge included
    std::optional<duration> max_gap{};
    int at_least = 1;  ///< so many different events, with these gaps each
};

template <class E>
concept event_names = text<E> || std::same_as<E, names>;

/// One step, written in one of these ways:
///   "visit"
///   any_of{"demo", "webinar"}
///   {"demo", attribute("source") == "ads"}
///   {"call", {.name = "first call", .max_gap = days{7}}}
///   {any_of{"demo", "webinar"}, attribute("source") == "ads", {.name = "demo"}}
///   in_any_order({"profile", "invite", "import"})
struct step {
    template <event_names E> step(const E& event_) : step(step_options{}, names(event_)) {}
    template <event_names E>
    step(const E& event_, condition where_) : step(step_options{.where = std::move(where_)}, names(event_)) {}
    template <event_names E> step(const E& event_, step_options o) : step(std::move(o), names(event_)) {}
    template <event_names E>
    step(const E& event_, condition where_, step_options o)
        : step(with(std::move(o), std::move(where_)), names(event_)) {}
    step(std::nullptr_t) = delete;
    template <text A, text B>
    step(const A&, const B&) = delete;  // several events are any_of{"demo", "webinar"}

    std::string name;
    names event;
    condition where;
    bool optional;
    std::optional<duration> min_gap, max_gap;
    int at_least;
    std::vector<step> members{};  ///< of a block in any order; it has no event and no condition of its own
    friend bool operator==(const step&, const step&) = default;

private:
    friend WEIR_API step in_any_order(std::vector<step>, step_options);
    step(step_options&& o, names e)  // in this order no public form can select it
        : name(o.name.empty() && !e.empty() ? *e.begin() : std::move(o.name)),
          event(std::move(e)),
          where(std::move(o.where)),
          optional(o.optional),
          min_gap(o.min_gap),
          max_gap(o.max_gap),
          at_least(o.at_least) {}
    static step_options with(step_options o, condition w) {
        o.where = o.where.always() ? std::move(w) : o.where && w;
        return o;
    }
};

/// Makes a block, one step of 2 to 6: all of them must happen, by different events, in any order among
/// themselves, behind the step before and ahead of the step after.
///
/// It is reached when the last of them is, and has one row in the answer. Without a name it is called by
/// theirs: "profile+invite". Gap limits hold for each of its events, since the event before. Members have a
/// name and a condition and no other options. check() tells of faults. Cost: each order in which a lead could
/// do the members is looked at; of all blocks of a funnel, 720 at most.
WEIR_API step in_any_order(std::vector<step> members, step_options = {});

/// Ends every chain that has reached step `after` and not step `before`, counted from 1; it may be one of the
/// two itself. Without them it spans all steps; steps in any order know no other.
struct exclusion {
    names event{};
    condition where{};
    int after = 0;
    int before = 0;
    friend bool operator==(const exclusion&, const exclusion&) = default;
};

/// Which leads a funnel's answer names, by key, a page at a time: those that reached step `at`, or those that
/// reached `lost_after` and not the next required step. One of the two, from 1.
struct lead_list {
    int at = 0;
    int lost_after = 0;
    std::int64_t offset = 0;
    std::int64_t limit = 100;
    friend bool operator==(const lead_list&, const lead_list&) = default;
};

/// Asks how many leads do the steps one after another.
///
/// A chain is a sequence of different events of one lead that match steps 1, 2, ...; one event fills at most
/// one step. It begins in `period`, keeps to the policies, and reads no event after as_of. The level of a
/// lead is the length of its longest chain; step k counts the leads of level >= k. As written below, nothing
/// is asked of what lies between two steps, events of equal time may stand in any order, and any start may
/// lead furthest.
struct funnel {
    std::vector<step> steps{};         ///< 1 to 64, at_least counted
    std::optional<duration> within{};  ///< first step to last; none: no limit; 0: all at one instant
    /// Counts as another engine does, in a stated version; it decides all policies itself. Empty: weir's own.
    /// One of "clickhouse_window_funnel_0882b32b" (modes follow with plus signs: "...+strict_order"),
    /// "posthog_funnel_2022_ordered", "..._strict", "..._unordered"; see docs/compatibility.md.
    std::string preset{};
    weir::clock clock = weir::clock::from_first_step;
    weir::order order = weir::order::in_sequence;
    weir::ties ties = weir::ties::together;
    weir::entry entry = weir::entry::best;
    weir::counting counting = weir::counting::leads;
    std::string account{};  ///< where accounts are counted: the attribute whose latest value names a lead's
    std::vector<exclusion> exclude{};
    weir::on_exclusion on_exclusion = weir::on_exclusion::restart;
    weir::breaks breaks = weir::breaks::every_event;
    names hold{};      ///< attributes that are equal in all events of a chain
    std::string by{};  ///< attribute; empty: no breakdown
    weir::by_value by_value{};
    weir::period period{};           ///< where a chain may begin; it never clips the rest
    calendar bucket{};               ///< by the time a lead's chain begins
    std::optional<instant> as_of{};  ///< none: the snapshot's own
    int max_groups = 10'000;         ///< more give limit_exceeded
    /// Ascending limits of the time from first event to last of complete chains: counted up to each, and
    /// beyond.
    std::vector<duration> histogram{};
    std::optional<lead_list> list{};  ///< of leads, not of entries

    friend bool operator==(const funnel&, const funnel&) = default;
    friend WEIR_API std::ostream& operator<<(std::ostream&, const funnel&);  ///< the JSON form
};
/// Prints {"funnel": {...}}, leaving out what is default.
WEIR_API std::string to_json(const funnel&);
/// Reads what to_json prints and design-time files hold. Errors: bad_input, unknown_name (a key or a value).
WEIR_API result<funnel> funnel_from_json(std::string_view);
/// Finds the first fault without asking anything. Errors: invalid_question, limit_exceeded, unsupported,
/// unknown_name (a zone).
WEIR_API result<void> check(const funnel&);

/// One step of the whole or of a group. Rows: the whole first, groups by text, "(none)" last; inside by
/// bucket.
struct funnel_row {
    std::optional<std::string> group{};   ///< none: the whole; "(none)": the attribute is missing
    std::optional<std::string> bucket{};  ///< civil date at which it begins; none: all
    int step = 0;                         ///< from 1
    std::string name{};                   ///< "any-2" is the second in time of steps in any order
    std::int64_t leads = 0;               ///< or entries
    rate of_first{};
    rate of_previous{};  ///< of the required step before
    std::optional<duration>
        median_wait{};  ///< since the previous step, over those who made this one; none at step 1
    std::optional<duration> p90_wait{};
    friend bool operator==(const funnel_row&, const funnel_row&) = default;
};
/// How many chains of the whole or of a group took longer than `over` and at most `up_to`, first event to
/// last.
struct histogram_row {
    std::optional<std::string> group{}, bucket{};
    std::optional<duration> over{}, up_to{};  ///< none: no limit
    std::int64_t leads = 0;                   ///< or entries
    rate of_complete{};
    friend bool operator==(const histogram_row&, const histogram_row&) = default;
};
struct listed_lead {
    lead_id lead{};
    std::optional<std::string> group{};
    int step = 0;             ///< the last required one that it reached
    instant first{}, last{};  ///< of its chain
    friend bool operator==(const listed_lead&, const listed_lead&) = default;
};
struct WEIR_API funnel_table {
    funnel question{};
    std::optional<instant> as_of{};
    std::vector<std::string> notes{};
    std::vector<funnel_row> rows{};
    std::vector<histogram_row> histogram{};  ///< in the order of rows
    std::vector<listed_lead> leads{};        ///< the page, by key
    std::int64_t listed = 0;                 ///< leads on all pages
    std::int64_t excluded = 0;               ///< leads that on_exclusion::disqualify leaves out of all steps

    /// The row of a step over all buckets: of the whole, or of a group. nullptr if there is none.
    const funnel_row* find(std::string_view step,
                           std::optional<std::string_view> group = std::nullopt) const&;
    const funnel_row* find(std::string_view, std::optional<std::string_view> = std::nullopt) const&& = delete;
    operator answer() const;
};

/// Measures a funnel.
///
/// A step whose event nothing in the snapshot bears counts 0, and a note says so with a suggestion. Waits are
/// type-1 quantiles (an observed value) over the chains that count: of those that reach the lead's level, the
/// one that ends first, then starts last, then takes the earliest events. Errors: those of check();
/// limit_exceeded (max_groups); unknown_name (a zone); out_of_memory. Cost: one pass over the segments that
/// hold a step; a lead is read no further than its last step. entry::every and steps in any order look at
/// each start of a lead by itself.
WEIR_API result<funnel_table> measure(const snapshot&, const funnel&, const scope& = {});

}  // namespace v1
}  // namespace weir
