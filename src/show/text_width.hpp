// show/text_width.hpp - texts made harmless, and how much room they take on a screen and in a picture.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace weir::inline v1 {

/// Replaces by U+FFFD what neither a page nor a screen should get: bad UTF-8, control characters (line breaks
/// too), characters that change the direction of writing, and what XML forbids.
std::string clean(std::string_view);

/// Replaces bad UTF-8 by U+FFFD and leaves the rest.
std::string repair(std::string_view);

/// Each character by one of ASCII that takes the same room: blocks by #, lines by - and |, what is unknown by
/// ?.
std::string to_ascii(std::string_view clean);

// The functions below expect a clean text.

/// Columns on a screen: 2 for the wide characters of East Asia, 0 for combining ones.
std::size_t screen_width(std::string_view);
/// The text, or its beginning and an ellipsis, in at most so many columns.
std::string fit_screen(std::string_view, std::size_t columns);

/// Width in DejaVu Sans, the widest of the usual fonts, as a multiple of the font size.
double em_width(std::string_view);
/// The text, or its beginning and an ellipsis, at most so wide.
std::string fit_em(std::string_view, double em);

/// Lines of at most `room`, broken at spaces; a longer word has a line to itself and is cut.
std::vector<std::string> wrap_screen(std::string_view, std::size_t columns);
std::vector<std::string> wrap_em(std::string_view, double em);

}  // namespace weir::inline v1
