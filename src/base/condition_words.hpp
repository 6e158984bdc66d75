// base/condition_words.hpp - the spelling of conditions, shared by those who print and read them.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace weir::inline v1 {

/// Before a name: the lead's latest known value instead of the event's own.
inline constexpr std::string_view lead_prefix = "lead.";

/// Words of the language; an attribute that is called so stands in backquotes.
inline constexpr std::array<std::string_view, 5> condition_words{"true", "false", "has", "in", "like"};

inline bool is_condition_word(std::string_view name) {
    return std::find(condition_words.begin(), condition_words.end(), name) != condition_words.end();
}
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool begins_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}
constexpr bool continues_name(char c) { return begins_name(c) || is_digit(c) || c == '.' || c == '-'; }

}  // namespace weir::inline v1
