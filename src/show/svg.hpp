// show/svg.hpp - the chart of an answer as an SVG element, for a file of its own or inside a page.
#pragma once

#include <string>
#include <string_view>

#include <weir/render.hpp>

namespace weir::inline v1 {

/// Escapes a clean text for XML and HTML, in content as in attributes.
std::string escaped(std::string_view clean);
/// The rules that colour a chart, for light and dark.
std::string_view chart_style();
/// The element, or "" where there is nothing to draw. Its style and heading are those of a file if `alone`,
/// else the page has them.
std::string chart_element(const answer&, int width, bool alone);

}  // namespace weir::inline v1
