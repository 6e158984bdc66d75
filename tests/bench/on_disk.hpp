// on_disk.hpp - what a store on disk costs beside one in memory: bytes, opening, first and later answers.
#pragma once

#include <iosfwd>
#include <string>

namespace weir_bench {

/// Loads a file into a store in the directory, which must not be there yet and is removed in the end, and
/// prints a table for several memory budgets. Throws std::runtime_error if a store on disk answers other
/// bytes than one in memory.
void print_on_disk(const std::string& csv, const std::string& directory, int runs, std::ostream&);

}  // namespace weir_bench
