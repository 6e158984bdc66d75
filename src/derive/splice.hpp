// derive/splice.hpp - a layer made of an earlier one and of what was derived again.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "derive/earlier.hpp"
#include "segment/segment.hpp"

namespace weir::inline v1 {

/// Puts the leads of `old` that are not `again` together with those of `fresh`, which all are. Columns are
/// those of `fresh`, whose texts have the codes of the old ones. Cost: copies both.
std::shared_ptr<const segment> splice_layers(const segment& old, const segment& fresh,
                                             const std::vector<bool>& again, const row_tracker&,
                                             std::uint32_t first_column);

}  // namespace weir::inline v1
