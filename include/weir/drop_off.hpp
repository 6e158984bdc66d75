// weir/drop_off.hpp - why leads are lost at each step of a funnel: what explain() says, of all of them.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <weir/error.hpp>
#include <weir/event.hpp>
#include <weir/explain.hpp>
#include <weir/funnel.hpp>
#include <weir/store.hpp>
#include <weir/table.hpp>
#include <weir/time.hpp>

namespace weir {
inline namespace v1 {

/// Which leads a drop_off names, by key, a page at a time.
struct drop_off_list {
    int step = 0;                              ///< that they do not reach, from 1
    std::optional<weir::obstacle> obstacle{};  ///< none: whatever keeps them from it
    std::int64_t offset = 0;
    std::int64_t limit = 100;
    friend bool operator==(const drop_off_list&, const drop_off_list&) = default;
};

/// Asks what keeps the leads from each step of a funnel. Breakdowns, buckets, histograms and the funnel's own
/// list play no part.
struct drop_off {
    weir::funnel funnel{};
    std::optional<drop_off_list> list{};

    friend bool operator==(const drop_off&, const drop_off&) = default;
    friend WEIR_API std::ostream& operator<<(std::ostream&, const drop_off&);  ///< the JSON form
};
/// Prints {"drop_off": {"funnel", "list"}}, leaving out what is default.
WEIR_API std::string to_json(const drop_off&);
/// Reads what to_json prints; the funnel is {"funnel": {...}} or what stands inside that. Errors: bad_input,
/// unknown_name, invalid_question.
WEIR_API result<drop_off> drop_off_from_json(std::string_view);
/// Finds the first fault. Errors: those of check() of a funnel, with "funnel" in `where`; invalid_question
/// (entries are counted; the list names no step that a lead can miss).
WEIR_API result<void> check(const drop_off&);

/// A required step: who came as far as the one before it, and who of them did not reach it.
struct drop_off_step {
    int step = 0;  ///< as written, from 1
    std::string name{};
    std::int64_t came = 0;     ///< at step 1: leads that have an event by as_of
    std::int64_t reached = 0;  ///< as the funnel counts them
    std::int64_t lost = 0;     ///< the difference
    std::int64_t open = 0;     ///< of those lost: one more event, right after as_of, would still do
    friend bool operator==(const drop_off_step&, const drop_off_step&) = default;
};
/// Those lost before a step whom one obstacle keeps from it. The rows of a step sum to its `lost`.
struct drop_off_reason {
    int step = 0;
    std::string name{};
    weir::obstacle obstacle = weir::obstacle::no_such_event;
    std::int64_t leads = 0;
    rate of_lost{};
    std::int64_t open = 0;
    friend bool operator==(const drop_off_reason&, const drop_off_reason&) = default;
};
struct lost_lead {
    lead_id lead{};
    int step = 0;  ///< that it does not reach
    weir::obstacle obstacle = weir::obstacle::no_such_event;
    bool open = false;
    friend bool operator==(const lost_lead&, const lost_lead&) = default;
};
struct WEIR_API drop_off_table {
    drop_off question{};
    std::optional<instant> as_of{};
    std::vector<std::string> notes{};
    std::vector<drop_off_step> steps{};
    std::vector<drop_off_reason> reasons{};  ///< by step, then in the order of obstacles
    std::vector<lost_lead> leads{};          ///< the page
    std::int64_t listed = 0;                 ///< leads on all pages

    operator answer() const;
};

/// Counts what keeps leads from the next step, for each step.
///
/// Each lead that does not reach the last step is lost before the step behind the last one that it reached,
/// and counts under the obstacle that explain() gives for it. Leads that on_exclusion::disqualify takes out
/// are lost before step 1. Errors: those of check(); invalid_question (as_of). Cost: every lead is read; of
/// each that is lost its own events are asked about once for each constraint of the funnel, until one
/// matters.
WEIR_API result<drop_off_table> measure(const snapshot&, const drop_off&, const scope& = {});

}  // namespace v1
}  // namespace weir
