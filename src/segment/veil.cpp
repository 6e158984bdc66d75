#include "segment/veil.hpp"

#include <iterator>
#include <optional>

#include "segment/column_cache.hpp"

namespace weir::inline v1 {
namespace {

// A walk over all leads, but only of rows that are the last of theirs.
std::int64_t last_time(const segment& s, const veil& hidden) {
    std::optional<std::int64_t> last;
    auto next = hidden.leads.begin();
    for (std::size_t i = 0; i < s.leads.size(); ++i) {
        if (next != hidden.leads.end() && *next == s.leads[i]) {
            ++next;
            continue;
        }
        const std::int64_t time = s.times[s.offsets[i + 1] - std::size_t{1}];
        last = std::max(last.value_or(time), time);
    }
    return last.value_or(0);
}

}  // namespace

shared_veil with_hidden(const segment& s, const shared_veil& before, std::span<const std::uint32_t> leads) {
    std::vector<std::uint32_t> fresh;
    std::vector<std::size_t> places;
    for (const std::uint32_t lead : leads) {
        const auto at = std::lower_bound(s.leads.begin(), s.leads.end(), lead);
        if (at == s.leads.end() || *at != lead || (before && before->hides(lead))) continue;
        if (!fresh.empty() && fresh.back() == lead) continue;
        fresh.push_back(lead);
        places.push_back(static_cast<std::size_t>(at - s.leads.begin()));
    }
    if (fresh.empty()) return before;
    const segment_in_use used(s);
    s.rows_ready();
    auto next = before ? std::make_shared<veil>(*before)
                       : std::make_shared<veil>(veil{.max_time = s.max_time, .event_counts = s.event_counts});
    bool last_goes = false;
    for (const std::size_t i : places) {
        const std::size_t begin = s.offsets[i], end = s.offsets[i + 1];
        next->rows += end - begin;
        last_goes = last_goes || s.times[end - 1] == next->max_time;
        for (std::size_t r = begin; r < end; ++r) {
            const auto event = static_cast<std::uint32_t>(s.events[r]);
            --std::lower_bound(next->event_counts.begin(), next->event_counts.end(), event,
                               [](const auto& count, std::uint32_t code) { return count.first < code; })
                  ->second;
        }
    }
    std::erase_if(next->event_counts, [](const auto& count) { return count.second == 0; });
    std::vector<std::uint32_t> all;
    std::set_union(next->leads.begin(), next->leads.end(), fresh.begin(), fresh.end(),
                   std::back_inserter(all));
    next->leads = std::move(all);
    if (last_goes) next->max_time = last_time(s, *next);
    return next;
}

}  // namespace weir::inline v1
