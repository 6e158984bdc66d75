// bare.hpp - the same questions as bare loops over the right arrays: what this machine could do at best.
#pragma once

#include <cstddef>
#include <vector>

#include "stopwatch.hpp"

namespace weir_bench {

/// Times Q1, Q2 and Q6 over that many events, with one thread and with two.
std::vector<timing> time_bare_loops(std::size_t events, int runs);

}  // namespace weir_bench
