// oracle/facts.hpp - events as the oracle sees them: plain structs, lead by lead, in total order.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <weir/event.hpp>

#include "oracle/criterion.hpp"

namespace oracle {

/// Microseconds since 1970.
using micros = std::int64_t;

/// Faults to be planted: each is one wrong reading of the rules, which a comparison must find.
enum class fault {
    none,
    event_fills_two_steps,
    window_exclusive,
    ties_not_arranged,
    period_clips_chain,
    witness_starts_early,
    step_ignores_condition,
    recycle_keeps_entry,
    activity_in_time_ignored,
    instant_in_arrival_order,
    jump_is_advance,
    balance_at_most,
    exit_then_converted,
    mature_if_converted,
    stalled_at_limit,
    recycle_is_advance,
    bucket_in_utc,
    hidden_events_count,
    repeats_counted,
    erased_counted,
    arrival_not_told,
    gap_exclusive,
    exclusion_ignored,
    adjacent_ignored,
    first_restarts,
    hold_ignored,
    passages_overlap,
    disqualified_counts,
    optional_counts_used,
    block_in_sequence,
    versions_ignored,
    version_after_its_time,
    later_merges_count,
    shared_keys_join,
    early_un_merge_forgotten,
    joins_go_one_step,
};

struct fact {
    std::string name{};
    micros time = 0;
    std::int64_t arrival = 0;
    int order = 0;  ///< 0: raw; 1, 2, ...: derived
    std::vector<weir::named_value> attributes{};
    bool hidden = false;

    auto rank() const { return std::tuple(time, arrival, order); }
    weir::value at(const std::string& attribute) const;
};

/// The facts of one lead, in total order.
using story = std::vector<fact>;
/// All leads, by key, as to_string prints it.
using people = std::map<std::string, story>;
/// The key that prints so; no kind and no key has a colon in it.
weir::lead_id lead_of(const std::string& printed);

/// Events numbered as they stand. Those of erased leads were never there, and of one id the first stays.
people meet(const std::vector<weir::event>&, const std::set<std::string>& erased = {}, fault = fault::none);
std::optional<micros> last_time(const people&);

/// The lead's latest value at a time, all facts of that time included.
weir::value latest(const story&, const std::string& attribute, micros time);
/// Whether facts of the instant that decides the latest value differ in it.
bool latest_is_disputed(const story&, const std::string& attribute, micros time);
/// Whether a fact of the story satisfies a condition.
bool satisfies(const criterion&, const story&, const fact&);

/// Time between two instants, exact for any two.
std::uint64_t gap(micros earlier, micros later);
/// The same as a duration, which ends where the numbers end.
std::int64_t wait(micros earlier, micros later);

/// The group of a lead by the first or the last fact up to a time that carries the attribute.
struct touch {
    std::optional<std::string> value{};
    bool disputed = false;  ///< facts of that instant read differently
};
touch touch_of(const story&, const std::string& attribute, bool first, micros until);

}  // namespace oracle
