#include "flow/flow_frame.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/fail.hpp"
#include "base/zone.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::size_t max_buckets = 100'000;
constexpr std::int64_t last_instant = std::numeric_limits<std::int64_t>::max();

wide_int micros(const std::optional<instant>& t, wide_int otherwise) {
    return t ? wide_int{t->time_since_epoch().count()} : otherwise;
}

// The last bucket of all holds the last instant.
wide_int end_of(bucketer& buckets, std::int64_t t) {
    const std::int64_t end = buckets.end_of(t);
    return end == last_instant ? wide_int{end} + 1 : wide_int{end};
}

}  // namespace

std::optional<std::size_t> flow_frame::period_of(std::int64_t t) const {
    const std::size_t next = border_after(t);
    if (next == 0 || next == borders.size()) return std::nullopt;
    return next - 1;
}

flow_frame whole_frame(const period& p, std::int64_t as_of) {
    const wide_int from = micros(p.from, std::numeric_limits<std::int64_t>::min());
    return {{from, std::max(from, micros(p.until, wide_int{as_of} + 1))}, {}};
}

flow_frame bucket_frame(const calendar& c, const flow_frame& whole, std::optional<std::int64_t> first_visit,
                        std::int64_t as_of) {
    flow_frame frame;
    bucketer buckets(c);
    if (!first_visit) return frame;
    const wide_int begin = whole.borders.front(), end = whole.borders.back();
    const wide_int last = std::min(wide_int{as_of}, end - 1);
    frame.borders.push_back(std::max(begin, wide_int{buckets.begin_of(*first_visit)}));
    for (wide_int at = *first_visit; at <= last; at = end_of(buckets, static_cast<std::int64_t>(at))) {
        if (frame.labels.size() == max_buckets)
            fail(
                errc::limit_exceeded,
                fmt::format("the period has more than {} buckets; ask for a shorter one or for a larger unit",
                            max_buckets),
                "bucket");
        const auto t = static_cast<std::int64_t>(at);
        frame.labels.push_back(buckets.label(buckets.begin_of(t)));
        frame.borders.push_back(std::min(end, end_of(buckets, t)));
    }
    return frame;
}

}  // namespace weir::inline v1
