// derive/layer.hpp - stage entries become stage events, with the attributes that every stage event has.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "derive/fold.hpp"
#include "segment/segment.hpp"

namespace weir::inline v1 {

/// Builds the segment of a derivation on one thread for each part. The parts follow one another by lead code;
/// `event_codes` gives the code of each place's name. Columns are appended to `columns`. A stage event has
/// all attributes of its own, so that none of the causing event shows through under the same name: what is
/// missing is "". The texts of reasons are put to those of an earlier layer, if `reasons` are given.
std::shared_ptr<const segment> build_layer(const rulebook&, const std::deque<findings>& parts,
                                           std::span<const std::uint32_t> event_codes,
                                           std::vector<store_column>& columns,
                                           std::shared_ptr<dictionary> reasons = {});

}  // namespace weir::inline v1
