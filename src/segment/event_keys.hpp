// segment/event_keys.hpp - how an event bears keys beside that of its lead: as attributes named "keys.KIND".
#pragma once

#include <string>
#include <string_view>

namespace weir::inline v1 {

inline constexpr std::string_view event_key_prefix = "keys.";

inline std::string event_key_attribute(std::string_view kind) {
    return std::string(event_key_prefix) += kind;
}

}  // namespace weir::inline v1
