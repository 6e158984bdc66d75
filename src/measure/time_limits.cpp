#include "measure/time_limits.hpp"

#include <fmt/format.h>

#include "base/fail.hpp"
#include "base/json.hpp"
#include "base/zone.hpp"

namespace weir::inline v1 {
namespace {

void check_zone(const std::string& name, const char* where) {
    const auto found = guarded([&] { zone{name}; });
    if (!found) fail(found.error().code, found.error().message, where);
}

}  // namespace

std::optional<std::uint64_t> window_of(const std::optional<duration>& within) {
    if (!within || *within == duration::max()) return std::nullopt;
    return static_cast<std::uint64_t>(within->count());
}

void check_time_limits(const std::optional<duration>& within, const period& p, const calendar& bucket) {
    if (within && *within < duration::zero())
        fail(errc::invalid_question,
             fmt::format("the window is {}; it cannot be negative", json::print_duration(*within)), "within");
    if (p.from && p.until && *p.until < *p.from)
        fail(errc::invalid_question,
             fmt::format("the period ends at {}, before it begins at {}", to_string(*p.until),
                         to_string(*p.from)),
             "period");
    if (bucket.unit != calendar_unit::none) check_zone(bucket.zone, "bucket.zone");
}

void note_open_period(const period& p, instant as_of, std::vector<std::string>& notes) {
    if (p.until && *p.until > as_of) notes.emplace_back("period not over");
}

}  // namespace weir::inline v1
