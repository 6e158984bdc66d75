// load/load_rows.hpp - the rows of any source appended to a store.
#pragma once

#include <weir/ingest.hpp>
#include <weir/store.hpp>

#include "load/file_row.hpp"

namespace weir::inline v1 {

/// What load() does once the source is open and the mapping has passed check_mapping(). Files that the
/// mapping looks up have this separator. Throws what the source throws, after the batches before it were
/// appended, and what append() refuses.
load_report load_rows(store&, row_source&, const mapping&, char lookup_separator, int threads);

}  // namespace weir::inline v1
