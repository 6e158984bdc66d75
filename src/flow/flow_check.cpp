// flow_check.cpp - what is wrong with a flow, before anything is counted.
#include <weir/flow.hpp>

#include "base/fail.hpp"
#include "measure/time_limits.hpp"

namespace weir::inline v1 {

result<void> check(const flow& q) {
    return guarded([&] {
        check_time_limits(q.within, q.period, q.bucket);
        const auto which = q.by_value.which();
        if (which == by_value::kind::at_step)
            fail(errc::invalid_question, "a flow has no steps; by_value is first_touch or last_touch",
                 "by_value");
        if (which == by_value::kind::each_value)
            fail(errc::invalid_question,
                 "in a flow a lead has one group for all its visits; by_value is first_touch or last_touch",
                 "by_value");
    });
}

}  // namespace weir::inline v1
