#include "segment/segment.hpp"

#include <algorithm>

namespace weir::inline v1 {

const segment_column* segment::find(std::uint32_t column) const {
    const auto at = std::lower_bound(columns.begin(), columns.end(), column,
                                     [](const segment_column& c, std::uint32_t id) { return c.column < id; });
    return at != columns.end() && at->column == column ? &*at : nullptr;
}

void segment::find_ties() {
    tied.assign((leads.size() + 63) / 64, 0);
    for (std::size_t lead = 0; lead < leads.size(); ++lead) {
        const std::uint32_t first = offsets[lead];
        if (offsets[lead + 1] - first > 1 && times[first] == times[first + 1])
            tied[lead / 64] |= std::uint64_t{1} << (lead % 64);
    }
}

std::int64_t segment::memory() const {
    const auto bytes = [](const auto& v) { return static_cast<std::int64_t>(v.size() * sizeof(v[0])); };
    std::int64_t sum = static_cast<std::int64_t>(sizeof(segment)) + bytes(leads) + bytes(offsets) +
                       bytes(masks) + bytes(tied) + bytes(event_counts);
    if (pages) return sum;
    for (const packed* p : {&events, &times, &arrivals, &orders, &source_segments, &source_rows})
        sum += p->memory();
    for (const auto& c : columns)
        sum += static_cast<std::int64_t>(sizeof(c)) + c.bits.memory() + bytes(c.present);
    return sum;
}

}  // namespace weir::inline v1
