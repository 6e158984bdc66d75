// terminal.cpp - an answer for a screen of fixed width: bars of eighths, then the tables.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include <weir/render.hpp>

#include "base/wording.hpp"
#include "show/chart.hpp"
#include "show/grid.hpp"
#include "show/text_width.hpp"
#include "show/words.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::size_t most_rows = 40;
constexpr std::size_t gap = 2;

std::string padded(const std::string& text, std::size_t width, bool to_the_right) {
    const std::size_t taken = screen_width(text);
    const std::string blank(taken < width ? width - taken : 0, ' ');
    return to_the_right ? blank + text : text + blank;
}

// A bar of so many columns, in eighths of one.
std::string bar_text(double share, std::size_t width) {
    static constexpr const char* eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const double exact = std::clamp(share, 0.0, 1.0) * static_cast<double>(width) * 8;
    auto parts = static_cast<std::size_t>(std::llround(exact));
    if (parts == 0 && share > 0) parts = 1;
    std::string out;
    for (std::size_t i = 0; i < parts / 8; ++i) out += "█";
    return out + eighths[parts % 8];
}

class screen {
public:
    explicit screen(const terminal& t)
        : width_(static_cast<std::size_t>(std::clamp(t.width, 40, 400))), charset_(t.charset) {}

    void line(const std::string& text) {
        std::string fitted = fit_screen(text, width_);
        while (!fitted.empty() && fitted.back() == ' ') fitted.pop_back();
        out_ += charset_ == charset::ascii ? to_ascii(fitted) : fitted;
        out_ += '\n';
    }
    void paragraph(const std::string& text, const std::string& indent = {}) {
        for (const auto& part : wrap_screen(text, width_ - indent.size())) line(indent + part);
    }
    // Rows of cells, each column as wide as it may be.
    void columns(const std::vector<std::vector<std::string>>& rows, std::vector<std::size_t> widths,
                 const std::vector<bool>& to_the_right) {
        shrink(widths);
        for (const auto& row : rows) {
            std::string text;
            for (std::size_t c = 0; c < row.size(); ++c) {
                if (c > 0) text += std::string(gap, ' ');
                text += padded(fit_screen(row[c], widths[c]), widths[c], to_the_right[c]);
            }
            line(text);
        }
    }
    std::size_t width() const { return width_; }
    std::string take() { return std::move(out_); }

private:
    // Cuts the widest columns first until all fit.
    void shrink(std::vector<std::size_t>& widths) const {
        const auto total = [&] {
            std::size_t sum = widths.empty() ? 0 : gap * (widths.size() - 1);
            for (const std::size_t w : widths) sum += w;
            return sum;
        };
        while (total() > width_) {
            const auto widest = std::max_element(widths.begin(), widths.end());
            if (*widest <= 4) return;
            --*widest;
        }
    }

    std::size_t width_;
    weir::charset charset_;
    std::string out_{};
};

// Each column as wide as its widest text.
std::vector<std::size_t> widths_of(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths(rows.front().size());
    for (const auto& row : rows)
        for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], screen_width(row[c]));
    return widths;
}

std::string wait_words(const bar& b) { return b.median_wait ? to_string(*b.median_wait) : std::string(); }

// What stands beside the bars of some panels.
enum class beside : std::uint8_t { steps, ends, leads, entries };

std::vector<std::string> texts_of(const bar& b, beside what) {
    const std::string n = with_commas(b.share.n), of = with_commas(b.share.of);
    if (what == beside::steps)
        return {b.label, n, rate_words(b.share), rate_words(b.previous), wait_words(b)};
    if (what == beside::ends) return {b.label, n, of, rate_words(b.share), wait_words(b)};
    return {b.label,
            n,
            of,
            rate_words(b.share),
            wait_words(b),
            with_commas(b.lost),
            with_commas(b.recycled),
            with_commas(b.stalled),
            with_commas(b.open)};
}

std::vector<std::string> headings_of(beside what, const std::string& first) {
    if (what == beside::steps) return {first, "leads", "of first", "of previous", "median wait"};
    if (what == beside::ends) return {first, "leads", "of", "of first", "median wait"};
    const char* counted = what == beside::leads ? "leads" : "entries";
    return {first, counted, "of", "observed", "median wait", "lost", "recycled", "stalled", "open"};
}

// Of what became of those who did not convert, what became of nobody says nothing.
void drop_columns_of_zeros(std::vector<std::vector<std::string>>& rows) {
    constexpr std::size_t first = 5;
    for (std::size_t c = rows.front().size(); c-- > first;)
        if (std::all_of(rows.begin() + 1, rows.end(), [c](const auto& row) { return row[c] == "0"; }))
            for (auto& row : rows) row.erase(row.begin() + static_cast<std::ptrdiff_t>(c));
}

// One layout serves all panels, so that their bars compare.
void draw_panels(screen& out, const std::vector<panel>& panels, beside what, const std::string& first) {
    std::vector<std::vector<std::string>> rows{headings_of(what, first)};
    for (const panel& p : panels)
        for (const bar& b : p.bars) rows.push_back(texts_of(b, what));
    drop_columns_of_zeros(rows);
    std::vector<std::size_t> widths = widths_of(rows);
    const std::size_t taken = std::accumulate(widths.begin(), widths.end(), gap * widths.size());
    const std::size_t room = out.width() > taken + 8 ? std::min<std::size_t>(out.width() - taken, 40) : 8;
    widths.insert(widths.begin() + 1, room);
    std::vector<bool> right(widths.size(), true);
    right[0] = right[1] = false;
    std::size_t row = 0;
    const auto line = [&](double share) {
        rows[row].insert(rows[row].begin() + 1, bar_text(share, room));
        out.columns({rows[row++]}, widths, right);
    };
    for (const panel& p : panels) {
        out.line("");
        if (!p.title.empty()) out.line(p.title);
        if (row == 0) line(0);
        for (const bar& b : p.bars) line(b.share.value().value_or(0));
    }
}

std::string left_out(std::size_t n, const std::string& what) {
    return with_commas(static_cast<std::int64_t>(n)) + " " + what + (n == 1 ? " is" : "s are") +
           " left out here; JSON and CSV have all.";
}

void draw_chart(screen& out, const chart& c) {
    const bool flow = c.kind == chart_kind::flow;
    draw_panels(out, c.panels, flow ? beside::leads : c.ends_only ? beside::ends : beside::steps, c.first);
    if (c.groups_left_out > 0) {
        out.line("");
        out.paragraph(left_out(c.groups_left_out, "smaller group"));
    }
    if (!c.entries.empty()) draw_panels(out, {{"by entries", c.entries}}, beside::entries, c.first);
    if (c.trend.empty()) return;
    draw_panels(out, {{"by bucket: " + c.trend_title, c.trend}}, flow ? beside::leads : beside::ends,
                "bucket");
    if (c.buckets_left_out > 0) out.paragraph(left_out(c.buckets_left_out, "earlier bucket"));
}

void draw_table(screen& out, const table& t, bool named) {
    if (t.row_count() == 0) return;
    const grid g = grid_of(t, most_rows);
    out.line("");
    if (named) out.line(name_words(t.name()));
    std::vector<std::vector<std::string>> rows{g.headings};
    for (const auto& row : g.rows) {
        auto& texts = rows.emplace_back();
        for (const auto& text : row) texts.push_back(text.main);
    }
    out.columns(rows, widths_of(rows), g.to_the_right);
    if (g.rows_left_out > 0) out.paragraph(left_out(g.rows_left_out, "more row"));
}

}  // namespace

std::string render(const answer& a, const terminal& t) {
    screen out(t);
    const chart c = chart_of(a);
    out.paragraph(clean(a.title.empty() ? "an answer without a title" : a.title));
    out.paragraph(as_of_words(a));
    draw_chart(out, c);
    for (const table& one : a.tables)
        if (one.name() != (c.kind == chart_kind::none   ? ""
                           : c.kind == chart_kind::flow ? "conversion"
                                                        : "steps"))
            draw_table(out, one, a.tables.size() > 1);
    if (!a.notes.empty()) out.line("");
    for (const auto& note : a.notes) out.paragraph("note: " + clean(note));
    return out.take();
}

}  // namespace weir::inline v1
