#include "measure/time_limits.hpp"

#include <fmt/format.h>

#include "base/fail.hpp"

namespace weir::inline v1 {

void check_time_limits(const std::optional<duration>& within, const period& p) {
    if (within && *within < duration::zero())
        fail(errc::invalid_question,
             fmt::format("the window is {} us; it cannot be negative", within->count()), "within");
    if (p.from && p.until && *p.until < *p.from)
        fail(errc::invalid_question,
             fmt::format("the period ends at {}, before it begins at {}", to_string(*p.until),
                         to_string(*p.from)),
             "period");
}

void note_open_period(const period& p, instant as_of, std::vector<std::string>& notes) {
    if (p.until && *p.until > as_of) notes.emplace_back("period not over");
}

}  // namespace weir::inline v1
