// render_test.cpp - answers on a screen, as a picture, as a page: whole, escaped, in proportion.
#include <cstdlib>
#include <sstream>

#include <weir/funnel.hpp>
#include <weir/render.hpp>

#include "catch.hpp"
#include "markup.hpp"
#include "show/text_width.hpp"

using namespace weir;

namespace {

std::size_t times(const std::string& text, const std::string& part) {
    std::size_t n = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
    return n;
}

double number_after(const std::string& text, std::size_t from, const std::string& key) {
    const auto at = text.find(key, from);
    return std::strtod(text.c_str() + at + key.size(), nullptr);
}

// The widths of all bars of a class, in order.
std::vector<double> widths(const std::string& picture, const std::string& style) {
    std::vector<double> found;
    for (auto at = picture.find("<rect"); at != std::string::npos; at = picture.find("<rect", at + 1)) {
        const std::string tag = picture.substr(at, picture.find('>', at) - at);
        if (tag.find("class=\"" + style + "\"") != std::string::npos)
            found.push_back(number_after(tag, 0, " width=\""));
    }
    return found;
}

answer pipeline(std::string_view by = {}, calendar bucket = {}) {
    store s;
    const auto live = [&](int lead, std::initializer_list<const char*> events, const char* channel) {
        int day = lead;
        for (const char* name : events)
            s.append({.lead = lead,
                      .name = name,
                      .time = utc(2024, 1, ++day),
                      .attributes = {{"channel", channel}}})
                .value();
    };
    live(1, {"visit", "signup", "won"}, "ads");
    live(2, {"visit", "signup"}, "ads");
    live(9, {"visit", "signup"}, "mail");
    live(12, {"visit"}, "mail");
    return measure(s.snapshot(), funnel{.steps = {"visit", "signup", "won"},
                                        .by = std::string(by),
                                        .bucket = std::move(bucket)})
        .value();
}

// An answer in which every text is out to break something.
answer hostile() {
    const std::string text = "<script>alert(1)</script>&amp;\"'\x01\xFF\n\xE2\x80\xAE";
    answer a{.title = text, .notes = {text}};
    table steps("steps", {{"group", column_type::text, {}},
                          {"name", column_type::text, {}},
                          {"of_first", column_type::rate, {}},
                          {"of_previous", column_type::rate, {}}});
    const rate r{1, 2, 0.1, 0.9, rate_status::ok};
    steps.add_row({cell{}, text, r, r});
    steps.add_row({text, text, r, r});
    a.tables = {steps, table(text, {{text, column_type::text, {cell{text}}}})};
    return a;
}

}  // namespace

TEST_CASE("render: the checker of markup finds what is wrong") {
    CHECK(weir_test::fault_of_markup("<a><b/>x &lt; y</a>").empty());
    CHECK(weir_test::fault_of_markup("<a>x < y</a>") != "");
    CHECK(weir_test::fault_of_markup("<a>x & y</a>") != "");
    CHECK(weir_test::fault_of_markup("<a><b></a></b>") != "");
    CHECK(weir_test::fault_of_markup("<a>") != "");
    CHECK(weir_test::fault_of_markup("<a>\x01</a>") != "");
}

TEST_CASE("render: a screen shows the finding, bars in proportion, and the notes") {
    CHECK(render(pipeline(), terminal{.width = 79}) ==
          "no step stands out: 25 % of 4 reach won\n"
          "as of 2024-01-13 00:00:00 UTC\n"
          "\n"
          "step                                  leads  of first  of previous  median wait\n"
          "visit   ████████████████████████████      4   100.0 %      100.0 %\n"
          "signup  █████████████████████             3    75.0 %       75.0 %           1d\n"
          "won     ███████                           1    25.0 %       33.3 %           1d\n"
          "\n"
          "note: waits are over those who made the step (converted only)\n");
}

TEST_CASE("render: a screen keeps to its width and to ASCII") {
    for (const int width : {1, 40, 57, 100, 1000}) {
        const int kept = std::clamp(width, 40, 400);
        for (const auto& a : {pipeline("channel", weekly()), hostile()}) {
            std::istringstream lines(render(a, terminal{.width = width, .charset = charset::ascii}));
            for (std::string line; std::getline(lines, line);) {
                CHECK(line.size() <= static_cast<std::size_t>(kept));
                CHECK(std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c < 0x7F; }));
            }
        }
    }
}

TEST_CASE("render: groups and buckets have bars of their own") {
    const std::string text = render(pipeline("channel", weekly()));
    CHECK(text.find("\nads\n") != std::string::npos);
    CHECK(text.find("\nmail\n") != std::string::npos);
    CHECK(text.find("by bucket: won") != std::string::npos);
    CHECK(text.find("2024-01-08") != std::string::npos);
}

TEST_CASE("render: an answer of no measure is a plain table, cut with a word") {
    table t("leads", {{"lead", column_type::text, {}}, {"n", column_type::integer, {}}});
    for (std::int64_t i = 0; i < 100; ++i) t.add_row({"lead " + std::to_string(i), 1000 * i});
    const answer a{.title = "all", .tables = {t}};
    const std::string text = render(a);
    CHECK(text.find("lead 1    1,000\n") != std::string::npos);
    CHECK(text.find("60 more rows are left out here; JSON and CSV have all.") != std::string::npos);
    CHECK(weir_test::fault_of_markup(render(a, html{})) == "");
}

TEST_CASE("render: a picture's bars are in proportion to its counts") {
    const std::string picture = render(pipeline(), svg{});
    CHECK(weir_test::fault_of_markup(picture) == "");
    const auto bars = widths(picture, "w-bar");
    REQUIRE(bars.size() == 3);
    CHECK(bars[1] == Approx(bars[0] * 3 / 4).margin(0.06));
    CHECK(bars[2] == Approx(bars[0] / 4).margin(0.06));
    const auto ghosts = widths(picture, "w-ghost");
    CHECK(ghosts[2] == Approx(bars[1]).margin(0.06));
}

TEST_CASE("render: no text of a picture leaves it") {
    for (const int width : {320, 500, 800, 4000}) {
        const std::string picture = render(pipeline("channel", weekly()), svg{width});
        for (auto at = picture.find("<text"); at != std::string::npos; at = picture.find("<text", at + 1)) {
            const double x = number_after(picture, at, "x=\"");
            const auto begin = picture.find('>', at) + 1;
            const std::string words = picture.substr(begin, picture.find('<', begin) - begin);
            const std::string tag = picture.substr(at, begin - at);
            const double size = tag.find("w-title") != std::string::npos ? 17 : 13;
            const bool ends_here = tag.find("text-anchor") != std::string::npos;
            INFO(width << ": " << words);
            CHECK(x - (ends_here ? em_width(words) * size : 0) >= 0);
            CHECK(x + (ends_here ? 0 : em_width(words) * size) <= width);
        }
    }
}

TEST_CASE("render: a flow's bar is split into what became of all, open as an outline") {
    answer a{.title = "t"};
    table t("conversion", {{"from", column_type::text, {}},
                           {"to", column_type::text, {}},
                           {"basis", column_type::text, {}},
                           {"observed", column_type::rate, {}},
                           {"lost", column_type::integer, {}},
                           {"recycled", column_type::integer, {}},
                           {"stalled", column_type::integer, {}},
                           {"open", column_type::integer, {}}});
    t.add_row({"a", "b", "leads", rate{5, 20, 0.1, 0.5, rate_status::ok}, std::int64_t{10}, std::int64_t{0},
               std::int64_t{1}, std::int64_t{4}});
    t.add_row({"a", "b", "entries", rate{9, 20, {}, {}, rate_status::ok}, std::int64_t{11}, std::int64_t{0},
               std::int64_t{0}, std::int64_t{0}});
    a.tables = {t};
    const std::string picture = render(a, svg{});
    // The legend has one box of each, 10 wide.
    const double unit = widths(picture, "w-bar")[1] / 5;
    CHECK(widths(picture, "w-lost")[1] == Approx(10 * unit).margin(0.3));
    CHECK(widths(picture, "w-stalled")[1] == Approx(unit).margin(0.3));
    CHECK(widths(picture, "w-open")[1] == Approx(4 * unit).margin(0.3));
    CHECK(widths(picture, "w-bar").size() == 2);
}

TEST_CASE("render: a page needs nothing but itself") {
    const std::string page =
        render(report{"Report", {{"First", pipeline("channel")}, {"Second", hostile()}}});
    CHECK(weir_test::fault_of_markup(page) == "");
    CHECK(times(page, "<script") == 0);
    CHECK(times(page, "http") == times(page, "http://www.w3.org/2000/svg"));
    CHECK(times(page, "<section id=\"s2\">") == 1);
    CHECK(times(page, "href=\"#s2\"") == 1);
    CHECK(page.find("prefers-color-scheme:dark") != std::string::npos);
    CHECK(page.find("@media print") != std::string::npos);
}

TEST_CASE("render: a page says which rows it shows and where all are, and folds few rows nowhere") {
    const auto page_of = [](std::int64_t n) {
        table t("leads", {{"lead", column_type::text, {}}, {"n", column_type::integer, {}}});
        for (std::int64_t i = 1; i <= n; ++i) t.add_row({"lead " + std::to_string(i), i});
        return render(answer{.title = "all", .tables = {t}}, html{});
    };
    const std::string cut = page_of(1600);
    CHECK(times(cut, "<td>lead ") == 500);
    CHECK(times(cut, "Shown are the first 500 of 1,600 rows; the answer as CSV or JSON has all.") == 1);
    CHECK(times(cut, "<summary>475 more rows</summary>") == 1);
    CHECK(times(page_of(500), "Shown are the first") == 0);
    CHECK(times(page_of(36), "<summary>11 more rows</summary>") == 1);
    CHECK(times(page_of(35), "<details>") == 0);
    CHECK(times(page_of(35), "<td>lead ") == 35);
}

TEST_CASE("render: where there is no chart, every table of a page lies open") {
    table t("leads", {{"lead", column_type::text, {}}});
    t.add_row({"ana"});
    CHECK(times(render(answer{.title = "all", .tables = {t, t, t}}, html{}), "<details>") == 0);
    answer charted = pipeline();
    charted.tables.insert(charted.tables.end(), {t, t});
    CHECK(times(render(charted, html{}), "<details>") == 3);
}

TEST_CASE("render: a page has a chart for a narrow screen, and paper may break between its panels") {
    const std::string page = render(pipeline("channel", weekly()), html{});
    CHECK(times(page, "<figure>") == 1);
    CHECK(times(page, "<figure class=\"narrow\">") == 1);
    // The whole, two groups and the buckets.
    CHECK(times(page, "<svg ") == 2 * 4);
    CHECK(times(page, "role=\"img\"") == 2);
    const auto at = page.find("@media print");
    CHECK(page.find("details::details-content{content-visibility:visible", at) != std::string::npos);
    double bottom = 0;
    for (auto svg = page.find("<svg "); svg < page.find("class=\"narrow\"");
         svg = page.find("<svg ", svg + 1)) {
        const double top = number_after(page, svg, "viewBox=\"16 ");
        CHECK(top == Approx(bottom).margin(0.11));
        bottom = top + number_after(page, svg, "\" height=\"");
    }
    CHECK(bottom > 400);
}

TEST_CASE("render: on a narrow screen names are whole where bars can spare the room") {
    answer a{.title = "t"};
    table t("conversion", {{"from", column_type::text, {}},
                           {"to", column_type::text, {}},
                           {"basis", column_type::text, {}},
                           {"observed", column_type::rate, {}}});
    t.add_row({"opportunity", "customer", "leads", rate{9538, 20000, 0.47, 0.484, rate_status::ok}});
    a.tables = {t};
    const std::string page = render(a, html{});
    CHECK(times(page, ">opportunity → customer<") == 2);
    CHECK(times(page, ">47.7 %<") == 2 + 1);  // the table has it, too
}

TEST_CASE("render: of two steps by group each bar says its own denominator") {
    store s;
    for (const auto& [lead, channel, won] :
         {std::tuple{1, "ads", true}, {2, "ads", false}, {3, "mail", true}}) {
        s.append(
             {.lead = lead, .name = "visit", .time = utc(2024, 1, 1), .attributes = {{"channel", channel}}})
            .value();
        if (won) s.append({.lead = lead, .name = "won", .time = utc(2024, 1, 2)}).value();
    }
    const auto a = measure(s.snapshot(), funnel{.steps = {"visit", "won"}, .by = "channel"}).value();
    CHECK(render(a, terminal{.width = 60}) ==
          "66.7 % of 3 reach won\n"
          "as of 2024-01-02 00:00:00 UTC\n"
          "\n"
          "visit → won\n"
          "group                       leads  of  of first  median wait\n"
          "all    ████████████▋            2   3    66.7 %           1d\n"
          "ads    █████████▌               1   2    50.0 %           1d\n"
          "mail   ███████████████████      1   1   100.0 %           1d\n"
          "\n"
          "note: waits are over those who made the step (converted\n"
          "only)\n");
    const std::string picture = render(a, svg{});
    CHECK(times(picture, ">2 of 3<") == 1);
    CHECK(times(picture, ">of previous<") == 0);
    CHECK(times(picture, ">group<") == 1);
}

TEST_CASE("render: buckets show who came to the end, of those who began in them") {
    const std::string picture = render(pipeline({}, monthly()), svg{});
    const auto trend = picture.find("By bucket: won");
    REQUIRE(trend != std::string::npos);
    CHECK(picture.find(">of previous<", trend) == std::string::npos);
    CHECK(picture.find(">1 of 4<", trend) != std::string::npos);
    CHECK(render(pipeline({}, monthly())).find("bucket      ") != std::string::npos);
}

TEST_CASE("render: a screen shows conversion by entries where it is not that by leads") {
    answer a{.title = "t"};
    table t("conversion", {{"group", column_type::text, {}},
                           {"from", column_type::text, {}},
                           {"to", column_type::text, {}},
                           {"basis", column_type::text, {}},
                           {"observed", column_type::rate, {}},
                           {"lost", column_type::integer, {}},
                           {"recycled", column_type::integer, {}},
                           {"stalled", column_type::integer, {}},
                           {"open", column_type::integer, {}},
                           {"median_wait", column_type::duration_us, {}}});
    const auto add = [&](const cell& group, const char* basis, std::int64_t of, std::int64_t recycled) {
        t.add_row({group, "opportunity", "customer", basis, rate{1200, of, {}, {}, rate_status::ok},
                   std::int64_t{1000}, recycled, std::int64_t{400}, std::int64_t{1400},
                   duration(std::chrono::hours{500})});
    };
    add({}, "leads", 4000, 0);
    add({}, "entries", 4000, 0);
    add("ads", "leads", 4000, 0);
    add("ads", "entries", 5000, 1000);
    a.tables = {t};
    CHECK(render(a).find("by entries") == std::string::npos);
    table whole = t;
    t = table("conversion", std::vector<column>(t.columns().begin(), t.columns().end()));
    add({}, "entries", 5000, 1000);
    a.tables = {t};
    const std::string text = render(a, terminal{.width = 100});
    CHECK(text.find("\nby entries\n") != std::string::npos);
    CHECK(text.find("entries     of  observed  median wait   lost  recycled  stalled   open\n") !=
          std::string::npos);
    CHECK(text.find("  leads     of  observed  median wait   lost  stalled   open\n") != std::string::npos);
    CHECK(text.find("  1,200  5,000    24.0 %      20d 20h  1,000     1,000      400  1,400\n") !=
          std::string::npos);
}

TEST_CASE("render: money is read with commas, a share of nobody as such") {
    table t("t", {{"m", column_type::money, {}}, {"r", column_type::rate, {}}});
    t.add_row({money{1000553400, "USD"}, rate{}});
    t.add_row({money{-123456, "EUR"}, rate{}});
    t.add_row({money{1234567, "JPY"}, rate{1, 2, {}, {}, rate_status::ok}});
    const std::string text = render(answer{.title = "t", .tables = {t}});
    CHECK(text.find("10,005,534.00 USD  – of 0\n") != std::string::npos);
    CHECK(text.find("-1,234.56 EUR") != std::string::npos);
    CHECK(text.find("1,234,567 JPY  50.0 %\n") != std::string::npos);
}

TEST_CASE("render: hostile texts are escaped everywhere") {
    for (const std::string& out :
         {render(hostile(), html{}), render(hostile(), svg{}), render(hostile(), html{"<b>\x02"}),
          render(report{"<i>", {{"<u>", hostile()}}})}) {
        CHECK(weir_test::fault_of_markup(out) == "");
        for (const char* bad : {"<script>", "<b>", "<i>", "<u>", "\x01", "\xFF", "\xE2\x80\xAE"})
            CHECK(times(out, bad) == 0);
    }
    const std::string text = render(hostile());
    for (const char* bad : {"\x01", "\xFF", "\xE2\x80\xAE"}) CHECK(times(text, bad) == 0);
}

TEST_CASE("render: nothing is an answer, too") {
    const answer nothing{};
    CHECK(render(nothing) == "an answer without a title\nno events\n");
    CHECK(weir_test::fault_of_markup(render(nothing, svg{})) == "");
    CHECK(weir_test::fault_of_markup(render(nothing, html{})) == "");
    CHECK(weir_test::fault_of_markup(render(report{})) == "");
    const answer empty = measure(snapshot(), funnel{.steps = {"a", "b"}}).value();
    CHECK(render(empty).find("no lead reaches a") == 0);
    CHECK(weir_test::fault_of_markup(render(empty, svg{})) == "");
}

TEST_CASE("render: the same answer gives the same bytes") {
    const auto a = pipeline("channel", daily());
    CHECK(render(a) == render(a));
    CHECK(render(a, svg{}) == render(answer(a), svg{}));
}
