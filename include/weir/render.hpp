// weir/render.hpp - answers as text: terminal, SVG, HTML; a report is titled answers on one page.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <weir/table.hpp>

namespace weir {
inline namespace v1 {

enum class charset : std::uint8_t { utf8, ascii };

/// A table with bars for a fixed-width screen.
struct terminal {
    int width = 100;  ///< columns, 40 to 400
    weir::charset charset = weir::charset::utf8;
};
/// A chart as a picture: bars of the steps of a funnel, or of the conversions of a flow.
struct svg {
    int width = 800;  ///< pixels, 320 to 4,000
};
/// One self-contained page: charts and tables, light and dark, printable; no script, nothing from the
/// network.
struct html {
    std::string title{};  ///< empty: the answer's
};

/// Prints the same bytes for the same answer everywhere; any text of a lead is escaped.
WEIR_API std::string render(const answer&, const terminal& = {});
WEIR_API std::string render(const answer&, const svg&);
WEIR_API std::string render(const answer&, const html&);

/// Several answers on one page.
struct section {
    std::string title{};
    weir::answer answer{};
};
struct report {
    std::string title{};
    std::vector<section> sections{};
};
WEIR_API std::string render(const report&);

}  // namespace v1
}  // namespace weir
