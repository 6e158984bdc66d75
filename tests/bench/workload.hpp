// workload.hpp - the events of the benchmark: leads, visits with touchpoints, and a rare walk through six
// further steps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace weir_bench {

inline constexpr int funnel_steps = 7;  ///< types 0 .. 6; those from 7 to 26 are touchpoints
inline constexpr int channels = 12;
inline constexpr std::int64_t day = 86'400'000'000;  ///< in microseconds
inline constexpr std::int64_t funnel_window = 30 * day;

struct workload_event {
    std::int64_t time;  ///< microseconds since 1970
    std::int64_t revenue;
    std::uint32_t lead;  ///< dense, in the order in which leads are first seen
    std::uint32_t keyword;
    std::int32_t cost;
    std::uint16_t campaign, content;
    std::uint8_t type, channel;
};

/// Makes that many events, by (time, lead, type). The same number gives the same events.
std::vector<workload_event> make_workload(std::size_t events);

/// Writes time,lead,event,channel,campaign,content,keyword,cost,revenue, all of them whole numbers.
void write_csv(const std::vector<workload_event>&, std::ostream&);

/// Puts each lead's events side by side, leads ascending; inside a lead the order stays.
void cluster(std::vector<workload_event>&);

}  // namespace weir_bench
