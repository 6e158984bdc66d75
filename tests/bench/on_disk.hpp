// on_disk.hpp - what a store on disk costs: beside one in memory, beside SQLite, beside reading its files.
#pragma once

#include <iosfwd>
#include <span>
#include <string>

#include <weir.hpp>

#include "workload.hpp"

namespace weir_bench {

/// Fills stores in the directory, which must not be there yet and is removed in the end, with a workload of
/// so many events, and prints what they take as ratios. Throws std::runtime_error if a store on disk answers
/// other bytes than one in memory.
void print_on_disk(std::size_t events, const std::string& directory, int runs, std::ostream&);

/// Appends events as durable batches of 1,000, to weir and, where it was found, to SQLite, in turn for so
/// many rounds: medians of wall times, the least of CPU times, and their ratios. The directory must be there.
void print_durable_ingest(std::span<const workload_event>, const std::string& directory, int rounds,
                          std::ostream&);

/// Turns events of the workload into those of a store, one after another.
class event_maker {
public:
    const weir::event& make(const workload_event&);

private:
    weir::event made_{};
};

}  // namespace weir_bench
