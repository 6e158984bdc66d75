// weir/flow.hpp - per stage: who came, who went on, who was lost and why, who is still open; the balance that
// proves it.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <weir/breakdown.hpp>
#include <weir/error.hpp>
#include <weir/money.hpp>
#include <weir/store.hpp>
#include <weir/table.hpp>
#include <weir/time.hpp>

namespace weir {
inline namespace v1 {

/// What counts as reaching B. or_later: B or any later stage. exact: B itself.
enum class reach : std::uint8_t { or_later, exact };
/// What a conversion counts. leads: leads ever in A. entries: visits to A.
enum class basis : std::uint8_t { leads, entries };

/// Asks how leads move through the stages that derive() found.
struct flow {
    std::string lifecycle{};  ///< empty: the only one in the snapshot
    std::string by{};         ///< attribute; empty: no breakdown
    weir::by_value
        by_value{};         ///< first_touch (default) or last_touch over all events of the lead up to as_of
    weir::period period{};  ///< selects visits that begin, and moves that happen, in it
    calendar bucket{};      ///< each bucket is a period of its own
    std::optional<duration> within{};  ///< horizon of conversion, edge included; none: by as_of
    weir::reach reach = weir::reach::or_later;
    std::string amount{};            ///< attribute of money to add up at each entry, for the table `amounts`
    std::optional<instant> as_of{};  ///< none: the derivation's; a later one is invalid_question
    int max_groups = 10'000;         ///< more give limit_exceeded

    friend bool operator==(const flow&, const flow&) = default;
    friend WEIR_API std::ostream& operator<<(std::ostream&, const flow&);  ///< the JSON form
};
/// Prints {"flow": {...}}, leaving out what is default.
WEIR_API std::string to_json(const flow&);
/// Reads what to_json prints. Errors: bad_input, unknown_name (a key or a value).
WEIR_API result<flow> flow_from_json(std::string_view);
/// Finds the first fault without asking anything. Errors: invalid_question, unknown_name (a zone).
WEIR_API result<void> check(const flow&);

/// To which part of the answer a row belongs: the whole first, groups by text, "(none)" last; inside by
/// bucket.
struct flow_part {
    std::optional<std::string> group{};   ///< none: the whole; "(none)": the attribute is missing
    std::optional<std::string> bucket{};  ///< civil date at which it begins; none: the whole period
    friend bool operator==(const flow_part&, const flow_part&) = default;
};
/// Moves in the period: balance_until == balance_from + created + in - out - merged - erased.
struct movement_row {
    flow_part part{};
    std::string stage{};
    std::int64_t balance_from = 0, created = 0, in = 0, out = 0, merged = 0, erased = 0, balance_until = 0;
    friend bool operator==(const movement_row&, const movement_row&) = default;
};
/// How often leads went from one stage to another in the period; no `from`: created.
struct move_row {
    flow_part part{};
    std::optional<std::string> from{};
    std::string to{};
    std::int64_t moves = 0;
    friend bool operator==(const move_row&, const move_row&) = default;
};
/// What became of the visits that began in the period, judged at as_of:
/// entries == advanced + recycled + repeated + sum of exits + merged + stalled + open.
struct outcome_row {
    flow_part part{};
    std::string stage{};
    std::int64_t entries = 0;  ///< visits; in outcome_leads equal to leads
    std::int64_t leads = 0;    ///< distinct leads
    std::int64_t advanced = 0, recycled = 0, repeated = 0;
    std::vector<std::int64_t> exits{};  ///< in the order of flow_table::exits
    std::int64_t merged = 0, stalled = 0, open = 0;
    std::int64_t skipped_past = 0;  ///< jumps over the stage in the period, beside the sum
    std::int64_t filled = 0;        ///< visits that the policy `fill` made up, part of entries
    friend bool operator==(const outcome_row&, const outcome_row&) = default;
};
struct reason_row {
    flow_part part{};
    std::string stage{}, exit{};
    std::string reason{};  ///< "(none)" where there is none
    bool stated = false;   ///< by the event, not by the rule
    std::int64_t entries = 0;
    friend bool operator==(const reason_row&, const reason_row&) = default;
};
/// Time in stage of the visits that began in the period and have ended.
struct stay_row {
    flow_part part{};
    std::string stage{};
    std::int64_t ended = 0;
    std::optional<duration> mean{}, median{}, p90{};
    friend bool operator==(const stay_row&, const stay_row&) = default;
};
/// From one stage to a later one. On the basis of leads lost + stalled + open, on that of entries
/// lost + recycled + stalled + open, are those who did not convert.
struct conversion_row {
    flow_part part{};
    std::string from{}, to{};
    weir::basis basis = weir::basis::leads;
    rate observed{};                 ///< so far
    rate mature{};                   ///< of those alone who entered at least `within` before as_of
    std::optional<rate> adjusted{};  ///< none until censored estimates are built
    std::int64_t lost = 0, recycled = 0, stalled = 0, open = 0;
    std::optional<duration> median_wait{};  ///< over those who converted only
    friend bool operator==(const conversion_row&, const conversion_row&) = default;
};
struct amount_row {
    flow_part part{};
    std::string stage{};
    std::string currency{};    ///< one row for each
    std::int64_t entries = 0;  ///< that carry an amount
    money amount{};
    friend bool operator==(const amount_row&, const amount_row&) = default;
};
struct WEIR_API flow_table {
    flow question{};
    std::optional<instant> as_of{};
    std::vector<std::string> notes{};
    std::vector<std::string> exits{};
    std::vector<movement_row> movement{};
    std::vector<move_row> moves{};
    std::vector<outcome_row> outcome{};        ///< by visits
    std::vector<outcome_row> outcome_leads{};  ///< by leads
    std::vector<reason_row> reasons{};
    std::vector<stay_row> stay{};
    std::vector<conversion_row> conversion{};  ///< consecutive stages, then first to last
    std::vector<amount_row> amounts{};

    /// The conversion between two stages of the whole period, or nullptr.
    const conversion_row* find(std::string_view from, std::string_view to, basis = basis::leads) const&;
    const conversion_row* find(std::string_view, std::string_view, basis = basis::leads) const&& = delete;
    operator answer() const;
};

/// Measures the flow between the stages of a derived snapshot.
///
/// The law of conservation is checked for every stage before the answer is given.
/// Errors: those of check(); invalid_question (no lifecycle derived, as_of after the derivation's, an exit
/// named like a column); unknown_name; limit_exceeded (max_groups, a sum beyond 64 bits); out_of_memory.
/// Cost: one pass over the stage events, and over all events where `by` or stalled_after asks for them.
WEIR_API result<flow_table> measure(const snapshot&, const flow&, const scope& = {});

}  // namespace v1
}  // namespace weir
