// weir/identity.hpp - many keys, one lead: rules that join keys; derive() puts the events of a lead together.
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

/// Which keys an event joins. with_lead: its lead's own with those that it carries. keys_alone: only those
/// that it carries, as when an administrator links two leads.
enum class joins : std::uint8_t { with_lead, keys_alone };
/// Whose events a lead has before a merge. whole_history: all those of all its keys. from_merge_time: two
/// histories up to the merge, as reports of that day showed them; unsupported.
enum class merges : std::uint8_t { whole_history, from_merge_time };

/// Says which events join keys, or cancel a merge. A key is a kind and a value: {"user", "42"}.
struct identity_rule {
    names event{};  ///< empty: any event
    condition where{};
    /// By kind, the attributes that hold a key's value: {{"user", "user_id"}}. A missing value and "" are no
    /// key. An event merges all its keys; one that carries none of them says nothing.
    std::vector<std::pair<std::string, names>> keys{};
    weir::joins joins = weir::joins::with_lead;
    /// Attribute that names the merge, so that it can be cancelled; empty, or missing: nothing cancels it.
    std::string merge_id{};
    /// Attribute that names a merge to be cancelled; a rule has this or keys. The un-merge may come before
    /// the merge, and a cancelled id stays cancelled.
    std::string cancels{};
    friend bool operator==(const identity_rule&, const identity_rule&) = default;
};

/// Rules that say which keys are one lead, and what the lead is then called.
///
/// The key of an event's lead is its kind and key; one without a kind is of `lead_kind`. Attributes named
/// "keys.KIND", as a mapping's `keys` make them, are keys of their event and join it without a rule.
struct WEIR_API identity {
    std::string name = "identity";
    int version = 1;
    std::vector<identity_rule> rules{};
    std::string lead_kind{};  ///< keys of this kind and keys without a kind are the same, and print without
    /// Kinds: the key of the first of these names the lead, the least value by bytes if it has several. Kinds
    /// that are not here come last, by name.
    names ranks{};
    names shared{};      ///< kinds that carry events but join nobody: a kiosk, a family's telephone
    names anonymous{};   ///< kinds that do not tell who somebody is; empty: lead_kind
    int max_keys = 100;  ///< leads of more keys are listed as oversized; they are never cut
    weir::merges merges = weir::merges::whole_history;
    friend bool operator==(const identity&, const identity&) = default;
    friend WEIR_API std::ostream& operator<<(std::ostream&, const identity&);  ///< the JSON form
};
/// Prints {"identity": {...}}, leaving out what is default.
WEIR_API std::string to_json(const identity&);
/// Reads what to_json prints. Errors: bad_input (no JSON), invalid_question (a value of the wrong kind),
/// unknown_name (a key, a word).
WEIR_API result<identity> identity_from_json(std::string_view);
/// Finds the first fault. Errors: invalid_question, limit_exceeded (64 rules), unsupported.
WEIR_API result<void> check(const identity&);

/// Puts the events of each lead's keys together, so that funnels and lifecycles see one lead.
///
/// A lead is all keys that merges with time <= scope.as_of join, if no un-merge with time <= as_of names them
/// (default: the last event's); events later than that come along. It depends on the set of events alone, not
/// on their order. It is named by its first key (`ranks`), and found by any: events_of(s, key). Equal times
/// of several keys stand key by key, and of one key in order of arrival.
/// Derive identities first, stages after. Errors: those of check(); invalid_question (identities or stages
/// are derived already), limit_exceeded, out_of_memory. Cost: one pass over all events; if anything is
/// joined, each event is rewritten once, into one segment.
WEIR_API result<snapshot> derive(const snapshot&, const identity&, const scope& = {});

/// A merge that an un-merge cancelled.
struct cancelled_merge {
    std::string merge_id{};
    instant cancelled{};        ///< by the first un-merge
    bool still_joined = false;  ///< other merges hold its keys together
    friend bool operator==(const cancelled_merge&, const cancelled_merge&) = default;
};
/// A lead with more keys than `max_keys`.
struct oversized_lead {
    lead_id lead{};
    std::int64_t keys = 0, events = 0;
    friend bool operator==(const oversized_lead&, const oversized_lead&) = default;
};
/// Merges and un-merges of one kind that joined and cancelled nothing.
struct ignored_merges {
    /// "one_key" (fewer than two different keys), "shared_kind" (nor without shared ones), "no_merge_id",
    /// "unknown_merge" (an un-merge of what no merge is named).
    std::string reason{};
    std::int64_t events = 0;
    friend bool operator==(const ignored_merges&, const ignored_merges&) = default;
};
/// What derive() did to the leads. All counts are of events up to as_of and of leads that have some.
struct WEIR_API identity_report {
    weir::identity identity{};
    std::optional<instant> as_of{};
    std::int64_t leads_before = 0, leads_after = 0;
    std::int64_t merges = 0;     ///< events that merge keys and are not cancelled
    std::int64_t cancelled = 0;  ///< events that would, but for an un-merge
    std::vector<ignored_merges> ignored{};
    /// Of leads_after, and of the events: those of leads with keys of anonymous and shared kinds alone.
    rate anonymous_leads{}, anonymous_events{};
    std::vector<cancelled_merge> cancelled_merges{};  ///< by merge id
    std::vector<oversized_lead> oversized{};          ///< most keys first
    operator answer() const;
};
/// Tells what became of the leads. Errors: invalid_question (no identities were derived).
WEIR_API result<identity_report> identities(const snapshot& derived);

}  // namespace v1
}  // namespace weir
