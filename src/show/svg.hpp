// show/svg.hpp - the chart of an answer as SVG, for a file of its own or inside a page.
#pragma once

#include <string>
#include <string_view>

#include <weir/render.hpp>

namespace weir::inline v1 {

/// Escapes a clean text for XML and HTML, in content as in attributes.
std::string escaped(std::string_view clean);
/// The rules that colour a chart, for light and dark.
std::string_view chart_style();
/// The chart for a page that has the style and the heading, as elements to be laid below one another: paper
/// may be changed between them. "" where there is nothing to draw.
std::string chart_inside(const answer&, int width);

}  // namespace weir::inline v1
