// store/segment_merge.hpp - one segment out of several.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "store/segment.hpp"

namespace weir::inline v1 {

inline constexpr std::uint32_t no_lead = UINT32_MAX;

/// Merges segments of raw events, which come in order of arrival; one lead may be left out.
std::shared_ptr<segment> merge_segments(std::span<const std::shared_ptr<const segment>>,
                                        std::uint32_t without = no_lead);

}  // namespace weir::inline v1
