// html.cpp - answers on one page that needs nothing else: no script, no network.
#include <algorithm>
#include <string>

#include <weir/render.hpp>

#include <fmt/format.h>

#include "base/wording.hpp"
#include "show/chart.hpp"
#include "show/grid.hpp"
#include "show/svg.hpp"
#include "show/text_width.hpp"
#include "show/words.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::size_t most_rows = 500, rows_open = 25, rows_worth_folding = 10;
constexpr int wide_chart = 972, narrow_chart = 336;

constexpr std::string_view page_style = R"(
:root{--ink:#1d2733;--soft:#586675;--line:#dde3ea;--paper:#fff;--ground:#f5f7f9;--accent:#2b6cb0}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}
main{max-width:66rem;margin:0 auto;padding:2rem 1rem 4rem}
h1{font-size:1.7rem;line-height:1.25;margin:0 0 .3rem}
h2{font-size:.95rem;font-weight:600;color:var(--soft);margin:0 0 .2rem}
.finding{font-size:1.3rem;font-weight:600;line-height:1.3;margin:0}
.meta{color:var(--soft);font-size:.88rem;margin:.25rem 0 0}
nav ol{padding-left:1.4rem;margin:1rem 0 0}nav li{margin:.25rem 0}nav span{color:var(--soft)}
a{color:var(--accent)}
section{background:var(--paper);border:1px solid var(--line);border-radius:10px;
padding:1.4rem 1.5rem;margin-top:1.4rem}
figure{margin:1rem 0 0}figure svg{max-width:100%;height:auto;display:block}.narrow{display:none}
.wide{overflow-x:auto;margin-top:.4rem}
table{border-collapse:collapse;font-size:.87rem;font-variant-numeric:tabular-nums;width:100%}
th,td{padding:.32rem .7rem .32rem 0;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600;color:var(--soft);vertical-align:bottom}
.n{text-align:right}.n,.d,td small span{white-space:nowrap}
td small{display:block;color:var(--soft);font-size:.87em;white-space:normal}
h3,summary{font-size:.92rem;font-weight:600;margin:1.3rem 0 .2rem}
summary{cursor:pointer}
.notes{color:var(--soft);font-size:.86rem;margin:1rem 0 0;padding-left:1.2rem}
.cut{color:var(--soft);font-size:.86rem;margin:.4rem 0 0}
@media screen and (max-width:40rem){section{padding:1rem}figure{display:none}.narrow{display:block}
table{font-size:.8rem}th,td{padding-right:.5rem}}
@media screen and (prefers-color-scheme:dark){:root{--ink:#e4e9ee;--soft:#a3b0bd;--line:#31404e;
--paper:#18212a;--ground:#10171e;--accent:#7db4ea}}
@media print{body{background:#fff}main{max-width:none;padding:0}section{border:0;padding:0;margin-top:1.5rem}
table{font-size:7.5pt}th,td{padding:.2rem .45rem .2rem 0}.wide{overflow:visible}td{overflow-wrap:break-word}
tr,svg,nav{break-inside:avoid}h1,h2,h3,summary,.finding,.meta{break-after:avoid}
summary{list-style:none}details::details-content{content-visibility:visible;display:block;block-size:auto}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
@page{size:A4;margin:16mm}
)";

std::string text(std::string_view words) { return escaped(clean(words)); }

std::string style_of(const grid& g, std::size_t c) {
    return g.to_the_right[c] ? " class=\"n\"" : g.one_line[c] ? " class=\"d\"" : "";
}

void write_row(std::string& out, const grid& g, std::size_t r) {
    out += "<tr>";
    for (std::size_t c = 0; c < g.headings.size(); ++c) {
        const auto& words = g.rows[r][c];
        out += "<td" + style_of(g, c) + ">" + text(words.main);
        if (!words.parts.empty()) {
            out += "<small><span>" + text(words.parts);
            if (!words.interval.empty()) out += ",</span> <span>" + text(words.interval);
            out += "</span></small>";
        }
        out += "</td>";
    }
    out += "</tr>\n";
}

void write_rows(std::string& out, const grid& g, std::size_t first, std::size_t last) {
    out += "<div class=\"wide\"><table><thead><tr>";
    for (std::size_t c = 0; c < g.headings.size(); ++c)
        out += "<th" + std::string(g.to_the_right[c] ? " class=\"n\"" : "") + ">" + text(g.headings[c]) +
               "</th>";
    out += "</tr></thead><tbody>\n";
    for (std::size_t r = first; r < last; ++r) write_row(out, g, r);
    out += "</tbody></table></div>\n";
}

void write_zero_columns(std::string& out, const grid& g) {
    if (g.always_zero.empty()) return;
    std::string names;
    for (const auto& name : g.always_zero) names += (names.empty() ? "" : ", ") + name;
    out += "<p class=\"cut\">0 everywhere: " + text(names) + ".</p>\n";
}

// The tables that answer most lie open, the others unfold.
void write_table(std::string& out, const table& t, bool named, bool open) {
    if (t.row_count() == 0) return;
    const grid g = grid_of(t, most_rows);
    const bool all_open = g.rows.size() <= rows_open + rows_worth_folding;
    const std::size_t shown = all_open ? g.rows.size() : rows_open;
    if (named && open) out += "<h3>" + text(name_words(t.name())) + "</h3>\n";
    if (!open)
        out += "<details><summary>" + text(name_words(t.name())) + ", " + rows_words(t.row_count()) +
               "</summary>\n";
    write_rows(out, g, 0, open ? shown : g.rows.size());
    if (open && shown < g.rows.size()) {
        out += "<details><summary>" + with_commas(static_cast<std::int64_t>(g.rows.size() - shown)) +
               " more rows</summary>\n";
        write_rows(out, g, shown, g.rows.size());
        out += "</details>\n";
    }
    if (g.rows_left_out > 0)
        out += "<p class=\"cut\">Shown are the first " +
               with_commas(static_cast<std::int64_t>(g.rows.size())) + " of " + rows_words(t.row_count()) +
               "; the answer as CSV or JSON has all.</p>\n";
    write_zero_columns(out, g);
    if (!open) out += "</details>\n";
}

// Without a chart the tables are all there is to see.
bool lies_open(const table& t, const answer& a, bool has_chart) {
    return !has_chart || a.tables.size() <= 2 || t.name() == "conversion" || t.name() == "outcome" ||
           t.name() == "amounts";
}

void write_answer(std::string& out, const answer& a) {
    out += "<p class=\"finding\">" + text(a.title) + "</p>\n";
    if (a.as_of || !a.question.empty()) out += "<p class=\"meta\">" + text(as_of_words(a)) + "</p>\n";
    const std::string picture = chart_inside(a, wide_chart);
    if (!picture.empty())
        out += "<figure>\n" + picture + "</figure>\n<figure class=\"narrow\">\n" +
               chart_inside(a, narrow_chart) + "</figure>\n";
    for (const bool open : {true, false})
        for (const table& t : a.tables)
            if (lies_open(t, a, !picture.empty()) == open) write_table(out, t, a.tables.size() > 1, open);
    if (a.notes.empty()) return;
    out += "<ul class=\"notes\">\n";
    for (const auto& note : a.notes) out += "<li>" + text(note) + "</li>\n";
    out += "</ul>\n";
}

std::string page(std::string_view title, const std::string& body) {
    return fmt::format(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light "
        "dark\">\n<title>{}</title>\n<style>{}{}</style>\n</head>\n"
        "<body>\n<main>\n{}</main>\n</body>\n</html>\n",
        text(title), page_style, chart_style(), body);
}

}  // namespace

std::string render(const answer& a, const html& h) {
    const std::string title = h.title.empty() ? a.title : h.title;
    std::string body;
    if (!h.title.empty()) body += "<h1>" + text(h.title) + "</h1>\n";
    body += "<section>\n";
    write_answer(body, a);
    return page(title, body + "</section>\n");
}

std::string render(const report& r) {
    std::string body = "<h1>" + text(r.title) + "</h1>\n";
    if (r.sections.size() > 1) {
        body += "<nav><ol>\n";
        for (std::size_t i = 0; i < r.sections.size(); ++i) {
            const section& s = r.sections[i];
            const std::string name = s.title.empty() ? s.answer.title : s.title;
            body += fmt::format("<li><a href=\"#s{}\">{}</a>", i + 1, text(name));
            if (!s.title.empty()) body += " <span>" + text(s.answer.title) + "</span>";
            body += "</li>\n";
        }
        body += "</ol></nav>\n";
    }
    for (std::size_t i = 0; i < r.sections.size(); ++i) {
        body += fmt::format("<section id=\"s{}\">\n", i + 1);
        if (!r.sections[i].title.empty()) body += "<h2>" + text(r.sections[i].title) + "</h2>\n";
        write_answer(body, r.sections[i].answer);
        body += "</section>\n";
    }
    return page(r.title, body);
}

}  // namespace weir::inline v1
