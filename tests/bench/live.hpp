// live.hpp - what it costs to keep a funnel up to date after an append, beside measuring it anew.
#pragma once

#include <cstddef>
#include <iosfwd>

namespace weir_bench {

/// Loads that many events, seals, appends 1,000 more at a time, and prints a table of both ways. Throws
/// std::runtime_error if they do not answer the same.
void print_live(std::size_t events, int runs, std::ostream&);

}  // namespace weir_bench
