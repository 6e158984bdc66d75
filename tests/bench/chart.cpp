// chart.cpp - the timings of two threads as bars on a logarithmic scale.
#include <algorithm>
#include <cmath>
#include <iomanip>
#include <map>
#include <sstream>
#include <string>

#include "report.hpp"

namespace weir_bench {
namespace {

constexpr double left = 250, width = 900, bar = 17, gap = 14, top = 34;
const std::vector<std::string> drawn{"Q1", "Q2", "Q3", "Q6"};

std::string class_of(const timing& t) {
    if (t.engine == "weir") return "weir";
    return t.engine == "bare loop" ? "bare" : "rival";
}

std::string label_of(const timing& t) { return t.variant.empty() ? t.engine : t.engine + ", " + t.variant; }

// What two threads took; an engine that has only one takes part with that.
std::vector<timing> timings_of(const std::vector<timing>& all, const std::string& question) {
    std::vector<timing> found;
    for (const auto& t : all)
        if (t.question == question && (t.threads == 2 || t.engine == "sqlite")) found.push_back(t);
    std::stable_sort(found.begin(), found.end(),
                     [](const timing& a, const timing& b) { return a.median_ms < b.median_ms; });
    return found;
}

}  // namespace

std::string to_svg(const std::vector<timing>& all) {
    double most = 1, least = 1e9;
    for (const auto& q : drawn)
        for (const auto& t : timings_of(all, q)) {
            most = std::max(most, t.median_ms);
            least = std::min(least, t.median_ms);
        }
    const double low = std::floor(std::log10(least)), high = std::ceil(std::log10(most));
    const auto at = [&](double ms) {
        return left + (std::log10(ms) - low) / (high - low) * (width - left - 90);
    };
    std::ostringstream body;
    body << std::fixed << std::setprecision(1);
    double y = top;
    for (const auto& q : drawn) {
        const auto timings = timings_of(all, q);
        if (timings.empty()) continue;
        body << "<text class=\"q\" x=\"8\" y=\"" << y + 13 << "\">" << q << "</text>\n";
        for (const auto& t : timings) {
            body << "<text x=\"" << left - 8 << "\" y=\"" << y + 13 << "\" text-anchor=\"end\">"
                 << label_of(t) << "</text><rect class=\"" << class_of(t) << "\" x=\"" << left << "\" y=\""
                 << y << "\" width=\"" << std::max(1.0, at(t.median_ms) - left) << "\" height=\"" << bar - 4
                 << "\"/><text x=\"" << at(t.median_ms) + 6 << "\" y=\"" << y + 12 << "\">"
                 << std::setprecision(t.median_ms < 100 ? 1 : 0) << t.median_ms << std::setprecision(1)
                 << " ms</text>\n";
            y += bar;
        }
        y += gap;
    }
    std::ostringstream out;
    out << std::fixed << std::setprecision(1);
    out << "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 " << width << ' ' << y
        << "\" width=\"" << width << "\" height=\"" << y
        << "\">\n<title>Milliseconds for each question, by engine, on a logarithmic scale</title>\n"
           "<style>text{font:12px sans-serif;fill:#1d2b38}.q{font-weight:bold}.weir{fill:#2b6cb0}"
           ".bare{fill:#9fb3c8}.rival{fill:#d9825b}.axis{stroke:#8a97a5;stroke-width:.5;stroke-dasharray:2 "
           "3}\n"
           "@media screen and (prefers-color-scheme:dark){text{fill:#e4e9ee}.weir{fill:#5b9bd8}"
           ".bare{fill:#5d6f82}.rival{fill:#c96f49}}</style>\n";
    for (double power = low; power <= high; ++power) {
        const double ms = std::pow(10, power);
        out << "<line class=\"axis\" x1=\"" << at(ms) << "\" x2=\"" << at(ms) << "\" y1=\"22\" y2=\""
            << y - gap << "\"/><text x=\"" << at(ms) << "\" y=\"16\" text-anchor=\"middle\">"
            << std::setprecision(0) << ms << std::setprecision(1) << " ms</text>\n";
    }
    return out.str() + body.str() + "</svg>\n";
}

}  // namespace weir_bench
