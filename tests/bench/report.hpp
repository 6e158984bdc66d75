// report.hpp - records of all engines: read back, compared, put into one table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stopwatch.hpp"

namespace weir_bench {

/// Reads files of records.
std::vector<timing> read_timings(const std::vector<std::string>& files);

/// Throws if two engines answered one question differently.
void compare_answers(const std::vector<timing>&);

/// A Markdown table, and JSON: {"events": n, "timings": [{...}]}.
std::string to_markdown(const std::vector<timing>&, std::int64_t events);
std::string to_json(const std::vector<timing>&, std::int64_t events);
/// Draws what two threads took for each question.
std::string to_svg(const std::vector<timing>&);

}  // namespace weir_bench
