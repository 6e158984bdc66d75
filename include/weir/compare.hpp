// weir/compare.hpp - one funnel under two policies: which leads reach another step, and what decides it.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <weir/error.hpp>
#include <weir/event.hpp>
#include <weir/funnel.hpp>
#include <weir/store.hpp>
#include <weir/table.hpp>
#include <weir/time.hpp>

namespace weir {
inline namespace v1 {

/// Asks of each lead how far it gets under two funnels.
///
/// They may differ in anything that decides how far a lead gets: steps, policies, window, period, as_of, or a
/// preset. Breakdowns, buckets, histograms and lists play no part.
struct compare {
    funnel before{}, after{};
    std::int64_t offset = 0, limit = 100;  ///< which of the leads that differ are told, by key

    friend bool operator==(const compare&, const compare&) = default;
    friend WEIR_API std::ostream& operator<<(std::ostream&, const compare&);  ///< the JSON form
};
/// Prints {"compare": {"before", "after", "offset", "limit"}}, leaving out what is default.
WEIR_API std::string to_json(const compare&);
/// Reads what to_json prints; a funnel is {"funnel": {...}} or what stands inside that. Errors: bad_input,
/// unknown_name, invalid_question.
WEIR_API result<compare> compare_from_json(std::string_view);
/// Finds the first fault. Errors: those of check() of a funnel, with "before" or "after" in `where`;
/// invalid_question (entries are counted, or leads under one and accounts under the other).
WEIR_API result<void> check(const compare&);

/// Leads by the last required step that they reach under each; 0: none.
struct compared_steps {
    int before = 0, after = 0;
    std::int64_t leads = 0;
    friend bool operator==(const compared_steps&, const compared_steps&) = default;
};
/// Leads that differ, by what decides it: the first of "steps", "within", "clock", "order", "ties", "entry",
/// "exclude", "on_exclusion", "breaks", "hold", "period", "as_of", "preset" that alone, taken over from
/// `after`, takes the lead from the one step to the other; "several" if none does.
struct compared_cause {
    std::string cause{};
    std::int64_t leads = 0;
    friend bool operator==(const compared_cause&, const compared_cause&) = default;
};
struct compared_lead {
    lead_id lead{};
    int before = 0, after = 0;
    std::string cause{};
    std::string reason{};  ///< as explain() tells of the one under which it gets less far
    friend bool operator==(const compared_lead&, const compared_lead&) = default;
};
struct WEIR_API compare_table {
    compare question{};
    std::optional<instant> as_of{};  ///< of `before`
    std::vector<std::string> notes{};
    std::vector<compared_steps> steps{};  ///< those that some lead has, ascending; not (0, 0)
    std::vector<compared_cause> causes{};
    std::vector<compared_lead> leads{};  ///< the page
    std::int64_t differ = 0;             ///< leads on all pages
    std::int64_t total = 0;              ///< leads that reach a step under either

    operator answer() const;
};

/// Compares, lead by lead, how far two funnels let it get.
///
/// Steps are compared by their number as written. Equal funnels differ nowhere. Where accounts are counted,
/// accounts are compared. Errors: those of check(); invalid_question (as_of, or accounts at two times). Cost:
/// one pass over the leads; of each that differs, its own events once for each axis that does, and for those
/// of the page what explain() costs.
WEIR_API result<compare_table> measure(const snapshot&, const compare&, const scope& = {});

}  // namespace v1
}  // namespace weir
