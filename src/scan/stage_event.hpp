// scan/stage_event.hpp - the words that stage events share: derivations write them, measures read them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace weir::inline v1 {

/// How a lead came into a stage or exit: the attribute "move" of a stage event.
enum class move_kind : std::uint8_t {
    created,
    advance,
    jump,
    filled,
    recycle,
    repeated,
    exit,
    corrected,
    reopen
};
inline constexpr std::array<std::string_view, 9> move_names{
    "created", "advance", "jump", "filled", "recycle", "repeated", "exit", "corrected", "reopen"};

}  // namespace weir::inline v1
