// svg.cpp - bars of a funnel or of the conversions of a flow, drawn with room reserved for every text.
#include "show/svg.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "base/wording.hpp"
#include "show/chart.hpp"
#include "show/text_width.hpp"
#include "show/words.hpp"

namespace weir::inline v1 {
namespace {

constexpr double font = 13, small_font = 11.5, title_font = 17;
constexpr double margin = 16, gap = 14, row_height = 30, bar_height = 18, least_bar = 72;

class picture {
public:
    explicit picture(double width) : width_(width) {}

    void text(double x, double y, std::string_view style, std::string_view words, bool ends_here = false) {
        body_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\"{}>{}</text>\n", x, y, style,
                             ends_here ? " text-anchor=\"end\"" : "", escaped(words));
    }
    void box(double x, double y, double w, double h, std::string_view style, std::string_view tip = {}) {
        const std::string inside = tip.empty() ? "" : "<title>" + escaped(tip) + "</title>";
        body_ += fmt::format(
            "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"2\" "
            "class=\"{}\">{}</rect>\n",
            x, y, std::max(w, 0.0), h, style, inside);
    }
    void line(double x1, double y1, double x2, double y2, std::string_view style) {
        body_ += fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>\n",
                             x1, y1, x2, y2, style);
    }
    // What is drawn from here on, below y, may stand on another page of paper.
    void cut(double y) { cuts_.push_back({body_.size(), y}); }

    struct strip {
        std::string_view body{};
        double top = 0, height = 0;
    };
    std::vector<strip> strips(double bottom) const {
        std::vector<strip> all;
        place last;
        for (const place& next : cuts_) {
            all.push_back({between(last, next), last.y, next.y - last.y});
            last = next;
        }
        all.push_back({between(last, {body_.size(), bottom}), last.y, bottom - last.y});
        return all;
    }
    double width() const { return width_; }
    const std::string& body() const { return body_; }

private:
    struct place {
        std::size_t in_body = 0;
        double y = 0;
    };
    std::string_view between(const place& from, const place& to) const {
        return std::string_view(body_).substr(from.in_body, to.in_body - from.in_body);
    }

    double width_;
    std::string body_{};
    std::vector<place> cuts_{};
};

struct text_column {
    std::string heading{};
    std::vector<std::string> texts{};
    double width = 0;
};

double needed(const text_column& c) {
    double em = em_width(c.heading) * small_font;
    for (const auto& t : c.texts) em = std::max(em, em_width(t) * font);
    return em;
}

// Of bars that are the ends of different funnels, each has a denominator of its own.
std::vector<text_column> columns_of(const std::vector<bar>& bars, chart_kind kind, bool ends_only) {
    std::vector<text_column> columns;
    const auto add = [&](const char* heading, auto text_of) {
        text_column c{heading, {}, 0};
        for (const bar& b : bars) c.texts.push_back(text_of(b));
        c.width = needed(c);
        columns.push_back(std::move(c));
    };
    if (kind == chart_kind::funnel && !ends_only) {
        add("leads", [](const bar& b) { return with_commas(b.share.n); });
        add("of first", [](const bar& b) { return rate_words(b.share); });
        add("of previous", [](const bar& b) { return rate_words(b.previous); });
    } else {
        add(kind == chart_kind::flow ? "observed" : "of first",
            [](const bar& b) { return rate_words(b.share); });
        add("leads", [](const bar& b) { return parts_words(b.share); });
    }
    add("median wait",
        [](const bar& b) { return b.median_wait ? to_string(*b.median_wait) : std::string(no_value); });
    return columns;
}

// The room of labels and bars on one line; columns that leave too little are dropped from the right.
struct frame {
    double labels = 0, bars_begin = 0, bars = 0;
    std::vector<text_column> columns{};
};

// One layout serves all panels, so that their bars compare.
frame lay_out(const std::vector<bar>& bars, chart_kind kind, bool ends_only, double width,
              std::string_view first) {
    frame f;
    f.columns = columns_of(bars, kind, ends_only);
    double widest = em_width(first) * small_font;
    for (const bar& b : bars) widest = std::max(widest, em_width(b.label) * font);
    f.labels = std::min(widest, width * 0.3);
    const auto rest = [&] {
        double room = width - 2 * margin - f.labels - gap;
        for (const auto& c : f.columns) room -= gap + c.width;
        return room;
    };
    while (!f.columns.empty() && rest() < least_bar) f.columns.pop_back();
    // Long labels may have what bars can spare.
    f.labels += std::clamp(rest() - width * 0.22, 0.0, widest - f.labels);
    f.bars_begin = margin + f.labels + gap;
    f.bars = rest();
    return f;
}

double length(double share, const frame& f) { return std::clamp(share, 0.0, 1.0) * f.bars; }

double fraction(std::int64_t n, std::int64_t of) {
    return of == 0 ? 0 : static_cast<double>(n) / static_cast<double>(of);
}

void draw_whisker(picture& p, const rate& r, const frame& f, double y) {
    if (!r.value() || !r.low || !r.high) return;
    const double low = f.bars_begin + length(*r.low, f), high = f.bars_begin + length(*r.high, f);
    const double middle = y + bar_height / 2;
    if (high - low < 1.5) return;
    p.line(low, middle, high, middle, "w-whisker");
    p.line(low, middle - 4, low, middle + 4, "w-whisker");
    p.line(high, middle - 4, high, middle + 4, "w-whisker");
}

// Behind the bar of a step the lead's of the step before: what was lost on the way.
void draw_funnel_bar(picture& p, const bar& b, const frame& f, double y) {
    const double before = length(fraction(b.previous.of, b.share.of), f);
    const double here = length(b.share.value().value_or(0), f);
    p.box(f.bars_begin, y, before, bar_height, "w-ghost", parts_words(b.previous) + " went on");
    p.box(f.bars_begin, y, here, bar_height, "w-bar",
          b.label + ": " + parts_words(b.share) + ", " + rate_words(b.share));
}

// After those who converted come the lost, the recycled, the stalled, and as an outline the open.
void draw_flow_bar(picture& p, const bar& b, const frame& f, double y) {
    double x = f.bars_begin;
    const auto part = [&](std::int64_t n, std::string_view style, const char* what) {
        const double w = length(fraction(n, b.share.of), f);
        if (n > 0) p.box(x, y, w, bar_height, style, with_commas(n) + " " + what);
        x += w;
    };
    part(b.share.n, "w-bar", "converted");
    part(b.lost, "w-lost", "lost");
    part(b.recycled, "w-stalled", "recycled");
    part(b.stalled, "w-stalled", "stalled");
    part(b.open, "w-open", "open");
}

double draw_headings(picture& p, const frame& f, std::string_view first, double y) {
    p.text(margin, y, "w-small", first);
    double x = f.bars_begin + f.bars;
    for (const auto& c : f.columns) p.text(x += gap + c.width, y, "w-small", c.heading, true);
    return y + 10;
}

double draw_bars(picture& p, std::span<const bar> bars, std::size_t from, chart_kind kind, const frame& f,
                 double y) {
    for (std::size_t i = 0; i < bars.size(); ++i) {
        const double base = y + row_height / 2 + font * 0.35, top = y + (row_height - bar_height) / 2;
        p.text(margin, base, "w-label", fit_em(bars[i].label, f.labels / font));
        kind == chart_kind::funnel ? draw_funnel_bar(p, bars[i], f, top) : draw_flow_bar(p, bars[i], f, top);
        draw_whisker(p, bars[i].share, f, top);
        double x = f.bars_begin + f.bars;
        for (const auto& c : f.columns) p.text(x += gap + c.width, base, "w-number", c.texts[from + i], true);
        y += row_height;
    }
    return y;
}

double draw_panels(picture& p, const chart& c, double y) {
    std::vector<bar> all;
    for (const panel& one : c.panels) all.insert(all.end(), one.bars.begin(), one.bars.end());
    const frame f = lay_out(all, c.kind, c.ends_only, p.width(), c.first);
    std::size_t drawn = 0;
    for (const panel& one : c.panels) {
        if (drawn > 0) p.cut(y - 8);
        if (!one.title.empty()) {
            p.text(margin, y + 6, "w-group", fit_em(one.title, (p.width() - 2 * margin) / font));
            y += 22;
        }
        if (drawn == 0) y = draw_headings(p, f, c.panels.size() == 1 || one.title.empty() ? c.first : "", y);
        y = draw_bars(p, one.bars, drawn, c.kind, f, y) + 16;
        drawn += one.bars.size();
    }
    return y;
}

double draw_legend(picture& p, double y) {
    double x = margin;
    const auto mark = [&](std::string_view style, std::string_view words) {
        if (x + 16 + em_width(words) * small_font > p.width() - margin) return;
        p.box(x, y - 9, 10, 10, style);
        p.text(x + 15, y, "w-small", words);
        x += 15 + em_width(words) * small_font + 16;
    };
    mark("w-bar", "converted");
    mark("w-lost", "lost");
    mark("w-stalled", "stalled or recycled");
    mark("w-open", "open");
    return y + 16;
}

double draw_heading(picture& p, const answer& a, double y) {
    for (const auto& part : wrap_em(clean(a.title), (p.width() - 2 * margin) / title_font)) {
        p.text(margin, y, "w-title", part);
        y += title_font * 1.3;
    }
    p.text(margin, y - 2, "w-small", fit_em(as_of_words(a), (p.width() - 2 * margin) / small_font));
    return y + 22;
}

double draw_note(picture& p, std::size_t n, const char* what, double y) {
    if (n == 0) return y;
    p.text(
        margin, y + 8, "w-small",
        with_commas(static_cast<std::int64_t>(n)) + " " + what + (n == 1 ? " is" : "s are") + " not drawn");
    return y + 22;
}

double draw(picture& p, const answer& a, const chart& c, bool alone) {
    double y = alone ? margin + title_font : margin;
    if (alone) y = draw_heading(p, a, y);
    if (c.kind == chart_kind::flow) y = draw_legend(p, y) + 6;
    y = draw_panels(p, c, y);
    y = draw_note(p, c.groups_left_out, "smaller group", y);
    if (!c.trend.empty()) {
        p.cut(y - 8);
        p.text(margin, y + 6, "w-group",
               fit_em("By bucket: " + c.trend_title, (p.width() - 2 * margin) / font));
        // Of a bucket's funnel only the end is drawn: a ghost would be the step before it.
        std::vector<bar> ends = c.trend;
        for (bar& b : ends) b.previous = b.share;
        const frame f = lay_out(ends, c.kind, true, p.width(), "bucket");
        y = draw_bars(p, ends, 0, c.kind, f, draw_headings(p, f, "bucket", y + 24)) + 18;
        y = draw_note(p, c.buckets_left_out, "earlier bucket", y);
    }
    return y;
}

std::string described(const chart& c) {
    std::string text;
    for (const bar& b : c.panels.empty() ? std::vector<bar>{} : c.panels.front().bars)
        text += b.label + ": " + parts_words(b.share) + ", " + rate_words(b.share) + ". ";
    return text;
}

}  // namespace

std::string escaped(std::string_view clean_text) {
    std::string out;
    for (const char c : clean_text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            case '\'': out += "&#39;"; break;
            default: out += c;
        }
    }
    return out;
}

std::string_view chart_style() {
    return "svg text{font-family:system-ui,-apple-system,\"Segoe UI\",\"DejaVu "
           "Sans\",sans-serif;fill:#1d2733}\n"
           ".w-title{font-size:17px;font-weight:600}.w-group{font-size:13px;font-weight:600}\n"
           ".w-label,.w-number{font-size:13px}.w-number{font-variant-numeric:tabular-nums}\n"
           "svg .w-small{font-size:11.5px;fill:#586675}\n"
           ".w-bar{fill:#2b6cb0}.w-ghost{fill:#d5e1ee}.w-lost{fill:#d9825b}.w-stalled{fill:#c9b458}\n"
           ".w-open{fill:none;stroke:#7b8a99;stroke-width:1;stroke-dasharray:3 2}\n"
           ".w-whisker{stroke:#0b2239;stroke-width:1.2}\n"
           "@media screen and (prefers-color-scheme:dark){svg text{fill:#e4e9ee}svg .w-small{fill:#a3b0bd}\n"
           ".w-bar{fill:#5b9bd8}.w-ghost{fill:#2c3d4f}.w-lost{fill:#c96f49}.w-stalled{fill:#a8943c}\n"
           ".w-open{stroke:#8b99a7}.w-whisker{stroke:#f2f5f8}}\n";
}

// The page has margins of its own: the chart is drawn wider by its own, and they are left out of the view.
std::string chart_inside(const answer& a, int width) {
    const chart c = chart_of(a);
    if (c.kind == chart_kind::none) return {};
    picture p(width + 2 * margin);
    const double height = std::ceil(draw(p, a, c, false));
    std::string told = fmt::format("role=\"img\" aria-label=\"{}\"", escaped(described(c)));
    std::string out;
    for (const auto& strip : p.strips(height)) {
        out += fmt::format(
            "<svg {} viewBox=\"{:.0f} {:.1f} {} {:.1f}\" width=\"{}\" height=\"{:.1f}\">\n{}</svg>\n", told,
            margin, strip.top, width, strip.height, width, strip.height, strip.body);
        told = "aria-hidden=\"true\"";
    }
    return out;
}

std::string render(const answer& a, const svg& s) {
    const int width = std::clamp(s.width, 320, 4000);
    const chart c = chart_of(a);
    picture p(width);
    const double height = std::ceil(draw(p, a, c, true));
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {} {:.0f}\" width=\"{}\" "
        "height=\"{:.0f}\">\n<title>{}</title>\n<desc>{}</desc>\n<style>{}</style>\n{}</svg>\n",
        width, height, width, height, escaped(clean(a.title)), escaped(described(c)), chart_style(),
        p.body());
}

}  // namespace weir::inline v1
