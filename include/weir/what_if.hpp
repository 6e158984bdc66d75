// weir/what_if.hpp - the same events under two lifecycles: what the change of rules does to flow and leads.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <weir/error.hpp>
#include <weir/event.hpp>
#include <weir/flow.hpp>
#include <weir/lifecycle.hpp>
#include <weir/store.hpp>
#include <weir/table.hpp>
#include <weir/time.hpp>

namespace weir {
inline namespace v1 {

/// Asks what other rules would have done with the same events.
struct what_if {
    lifecycle before{}, after{};
    weir::flow flow{};                     ///< measured under both; names no lifecycle
    std::int64_t offset = 0, limit = 100;  ///< which of the leads that differ are told, by key

    friend bool operator==(const what_if&, const what_if&) = default;
    friend WEIR_API std::ostream& operator<<(std::ostream&, const what_if&);  ///< the JSON form
};
/// Prints {"what_if": {"before", "after", "flow", "offset", "limit"}}, leaving out what is default.
WEIR_API std::string to_json(const what_if&);
/// Reads what to_json prints; a lifecycle may be a preset's name. Errors: bad_input, unknown_name,
/// invalid_question.
WEIR_API result<what_if> what_if_from_json(std::string_view);
/// Finds the first fault. Errors: those of check() of its parts, with "before" or "after" in `where`.
WEIR_API result<void> check(const what_if&);

/// A number of the flow that differs.
struct flow_difference {
    std::string table{}, row{};  ///< of the answer of a flow; the texts of its row, with " / " between
    std::string column{};        ///< "observed.n" and "observed.of" of a rate
    std::int64_t before = 0, after = 0;
    friend bool operator==(const flow_difference&, const flow_difference&) = default;
};
/// A lead whose visits differ, and the first move that does.
struct moved_lead {
    lead_id lead{};
    instant time{};
    std::string before{}, before_rule{};  ///< the stage entered then, and the rule; "": no move
    std::string after{}, after_rule{};
    std::string why{};  ///< what became, under the other rules, of the move that is lacking; "": not proposed
    std::string now_before{}, now_after{};  ///< stage at as_of; "": none
    friend bool operator==(const moved_lead&, const moved_lead&) = default;
};
struct WEIR_API what_if_table {
    what_if question{};
    std::optional<instant> as_of{};
    std::vector<std::string> notes{};
    std::vector<flow_difference> differences{};
    std::vector<moved_lead> leads{};  ///< the page
    std::int64_t moved = 0;           ///< leads on all pages
    std::int64_t total = 0;           ///< leads with a visit under either

    operator answer() const;
};

/// Derives a snapshot under both lifecycles and compares flows and leads.
///
/// Counts, money in minor units and both numbers of each rate are compared, means and quantiles are not; a
/// row or a column that one of the two lacks counts 0 there. The same rules differ nowhere. Errors: those of
/// check(), derive() and measure() of a flow. Cost: twice that of deriving and measuring, and the history of
/// all leads.
WEIR_API result<what_if_table> measure(const snapshot&, const what_if&, const scope& = {});

}  // namespace v1
}  // namespace weir
