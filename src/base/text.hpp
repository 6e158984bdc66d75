// base/text.hpp - small text questions: is it UTF-8, is it a number, what was probably meant, how to quote
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weir::inline v1 {

bool valid_utf8(std::string_view) noexcept;

/// Quotes for a message: control characters escaped, cut after 60 bytes at a character's border.
std::string quoted(std::string_view);

/// `; did you mean "demo"?` for the nearest known word (edit distance, ties by order), or "" if none is near.
std::string did_you_mean(std::string_view wrong, std::span<const std::string> known);

/// The number that the whole text spells ("12", "-3.5", "1e3"; no blanks, no inf or nan), if it does.
std::optional<double> as_number(std::string_view) noexcept;

/// The number that 1 to 18 digits are; -1 for any other text.
std::int64_t as_digits(std::string_view) noexcept;

/// The shortest decimal text that reads back to the same double; never "inf" or "nan" (asserted).
std::string print_number(double);

/// True if the glob matches the whole text; `*` stands for any run of bytes.
bool glob_matches(std::string_view glob, std::string_view text) noexcept;

}  // namespace weir::inline v1
