// measure/funnel_part.hpp - what a part holds beside its sums: all that the notes of an answer need.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <weir/live.hpp>

#include "measure/funnel_state.hpp"

namespace weir::inline v1 {

struct funnel_part::impl {
    funnel question{};  ///< as it was asked
    std::optional<std::int64_t> as_of{};
    std::vector<std::string> events{};      ///< that the snapshot has, sorted
    std::vector<std::string> attributes{};  ///< likewise; the one of the breakdown alone, if it is there
    std::vector<std::pair<std::string, std::int64_t>> stages{};  ///< lifecycles: leads that arrival decided
    funnel_state state{};
};

/// A part that has no sums yet. Throws what measure() would.
funnel_part::impl part_without_sums(const snapshot&, const funnel&, const scope&);
/// The sums of all leads, or of those alone with these codes, up to the part's as_of.
funnel_state sums_of(const snapshot::impl&, const funnel_part::impl&, const scope&,
                     std::optional<std::vector<std::uint32_t>> only = {});

}  // namespace weir::inline v1
