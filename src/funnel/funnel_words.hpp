// funnel/funnel_words.hpp - the spelling of a funnel's axes, in the order of their enums.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace weir::inline v1::words {

inline constexpr std::array<std::string_view, 3> order{"in_sequence", "any_order", "adjacent"};
inline constexpr std::array<std::string_view, 3> ties{"together", "in_arrival_order", "strictly_later"};
inline constexpr std::array<std::string_view, 2> clock{"from_first_step", "from_previous_step"};
inline constexpr std::array<std::string_view, 3> entry{"best", "first", "every"};
inline constexpr std::array<std::string_view, 3> counting{"leads", "entries", "accounts"};
inline constexpr std::array<std::string_view, 2> on_exclusion{"restart", "disqualify"};
inline constexpr std::array<std::string_view, 2> breaks{"every_event", "step_events"};

template <class Axis, std::size_t N>
std::string_view word_of(const std::array<std::string_view, N>& axis, Axis value) {
    return axis[static_cast<std::size_t>(value)];
}

}  // namespace weir::inline v1::words
