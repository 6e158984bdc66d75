// again.hpp - what it costs to derive again after an append, in full and with an earlier derivation at hand.
#pragma once

#include <cstddef>
#include <iosfwd>

namespace weir_bench {

/// Loads that many events, appends a hundredth more, and prints a table of both ways, once as the store is
/// then and once sealed. Throws std::runtime_error if they do not answer the same.
void print_again(std::size_t events, int runs, std::ostream&);

}  // namespace weir_bench
