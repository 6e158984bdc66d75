// Every file in tests/cases: the engine gives the written answer, and so does the oracle.
#include <algorithm>
#include <filesystem>
#include <map>

#include "agreement.hpp"
#include "case_file.hpp"
#include "catch.hpp"

namespace {

using namespace weir_test;

std::vector<std::string> case_files() {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(WEIR_SOURCE_DIR "/tests/cases"))
        if (entry.path().extension() == ".case") out.push_back(entry.path().string());
    std::sort(out.begin(), out.end());
    return out;
}

std::string print(weir::instant t) { return std::to_string(t.time_since_epoch().count()); }

// The visits and violations as a case writes them.
std::map<std::string, std::string> visits_by_lead(const weir::stage_history& h) {
    std::map<std::string, std::string> out;
    for (const auto& v : h.visits)
        out[v.lead.key()] += " " + v.stage + "[" + print(v.from) + "," + (v.until ? print(*v.until) : "-") +
                             ")#" + std::to_string(v.entry);
    return out;
}
std::map<std::string, std::string> violations_by_lead(const weir::stage_history& h) {
    std::map<std::string, std::string> out;
    for (const auto& v : h.violations) out[v.lead.key()] += " @" + print(v.time);
    return out;
}

void check_history(const case_text& c, const weir::stage_history& h) {
    auto visits = visits_by_lead(h), violations = violations_by_lead(h);
    for (const auto& line : c.visits) {
        const auto colon = line.find(':');
        CHECK(visits[line.substr(0, colon)] == line.substr(colon + 1));
    }
    for (const auto& line : c.violations) {
        const auto colon = line.find(':');
        CHECK(violations[line.substr(0, colon)] == line.substr(colon + 1));
        violations.erase(line.substr(0, colon));
    }
    if (!c.visits.empty()) CHECK(violations.empty());
}

// "ads: visit 1 demo 0 after 2d": name and count of each step, of the whole or of a group.
void check_funnel(const weir::funnel_table& got, const std::string& line) {
    auto w = words_of(line);
    std::optional<std::string> group;
    if (w[0].back() == ':') {
        group = w[0].substr(0, w[0].size() - 1);
        w.erase(w.begin());
    }
    std::vector<const weir::funnel_row*> rows;
    for (const auto& row : got.rows)
        if (row.group == group && !row.bucket) rows.push_back(&row);
    std::size_t k = 0;
    for (std::size_t i = 0; i + 1 < w.size(); i += 2) {
        if (w[i] == "after") {
            CHECK(rows[k - 1]->median_wait == read_duration(w[i + 1]));
            continue;
        }
        REQUIRE(k < rows.size());
        CHECK(rows[k]->name == w[i]);
        CHECK(std::to_string(rows[k]->leads) == w[i + 1]);
        ++k;
    }
    CHECK(k == rows.size());
}

bool row_is(const weir::table& t, std::size_t row, const std::vector<std::string>& texts) {
    std::size_t next = 0;
    for (const auto& column : t.columns()) {
        if (next == texts.size()) return true;
        if (column.name == "group" || column.name == "bucket") {
            if (!std::holds_alternative<std::monostate>(column.cells[row])) return false;
            continue;
        }
        const auto* text = std::get_if<std::string>(&column.cells[row]);
        const bool none = std::holds_alternative<std::monostate>(column.cells[row]);
        if (none ? texts[next] != "-" : text == nullptr || *text != texts[next]) return false;
        ++next;
    }
    return next == texts.size();
}

std::string print_cell(const weir::cell& c) {
    if (const auto* i = std::get_if<std::int64_t>(&c)) return std::to_string(*i);
    if (const auto* d = std::get_if<weir::duration>(&c)) return std::to_string(d->count());
    if (const auto* r = std::get_if<weir::rate>(&c))
        return std::to_string(r->n) + "/" + std::to_string(r->of);
    if (const auto* t = std::get_if<std::string>(&c)) return *t;
    return "-";
}

// "outcome lead entries=4 leads=4": a table, the texts that name its row, the columns; counts not named are
// 0.
void check_flow(const weir::answer& got, const std::string& line) {
    std::vector<std::string> texts;
    std::map<std::string, std::string> expected;
    const auto w = words_of(line);
    for (std::size_t i = 1; i < w.size(); ++i) {
        const auto sign = w[i].find('=');
        if (sign != std::string::npos)
            expected[w[i].substr(0, sign)] = w[i].substr(sign + 1);
        else if (w[i] != ">")
            texts.push_back(w[i]);
    }
    const weir::table* t = got.find(w[0]);
    REQUIRE(t != nullptr);
    std::size_t row = 0;
    while (row < t->row_count() && !row_is(*t, row, texts)) ++row;
    REQUIRE(row < t->row_count());
    for (const auto& column : t->columns()) {
        const auto named = expected.find(column.name);
        INFO(w[0] << " " << column.name);
        if (named != expected.end())
            CHECK(print_cell(column.cells[row]) == named->second);
        else if (column.type == weir::column_type::integer)
            CHECK(print_cell(column.cells[row]) == "0");
        expected.erase(column.name);
    }
    CHECK(expected.empty());
}

void check_answer(const weir::snapshot& s, const case_question& q) {
    INFO("question in line " << q.line);
    CHECK((q.answers.empty() != q.error.empty()));
    if (const auto* f = std::get_if<weir::funnel>(&q.question)) {
        const auto got = measure(s, *f);
        CHECK((got ? "" : std::string(to_string(got.error().code))) == q.error);
        if (got)
            for (const auto& line : q.answers) check_funnel(*got, line);
    } else {
        const auto got = measure(s, std::get<weir::flow>(q.question));
        CHECK((got ? "" : std::string(to_string(got.error().code))) == q.error);
        if (got)
            for (const auto& line : q.answers) check_flow(*got, line);
    }
}

// The oracle must give the engine's answer, and so the written one.
std::string oracle_differs(const case_text& c, const case_question& q) {
    if (!q.error.empty()) return "";
    if (!c.lifecycle) {
        funnel_world w;
        w.events = c.events;
        w.funnel = std::get<weir::funnel>(q.question);
        return disagreement(w);
    }
    lifecycle_world w;
    w.events = c.events;
    w.lifecycle = *c.lifecycle;
    w.scope.as_of = c.as_of;
    const bool is_flow = std::holds_alternative<weir::flow>(q.question);
    if (is_flow)
        w.flow = std::get<weir::flow>(q.question);
    else
        w.funnel = std::get<weir::funnel>(q.question);
    const lifecycle_trial trial(w);
    return is_flow ? trial.flow() : trial.funnel();
}

void check_lifecycle(const case_text& c, weir::snapshot& s) {
    weir::scope scope;
    scope.as_of = c.as_of;
    const auto derived = derive(s, *c.lifecycle, scope);
    CHECK((derived ? "" : std::string(to_string(derived.error().code))) == c.error);
    lifecycle_world w;
    w.events = c.events;
    w.lifecycle = *c.lifecycle;
    w.scope = scope;
    CHECK(lifecycle_trial(w).history().empty());
    if (!derived) return;
    check_history(c, history(*derived).value());
    s = *derived;
}

}  // namespace

TEST_CASE("cases: engine and oracle give every answer that is written in tests/cases") {
    for (const auto& path : case_files()) {
        const auto cases = read_cases(path);
        CHECK_FALSE(cases.empty());
        for (const auto& c : cases) {
            DYNAMIC_SECTION(std::filesystem::path(path).filename().string()
                            << ":" << c.line << " " << c.title) {
                weir::snapshot s = make_store(c.events).snapshot();
                if (c.lifecycle) check_lifecycle(c, s);
                for (const auto& q : c.questions) {
                    check_answer(s, q);
                    CHECK(oracle_differs(c, q) == "");
                }
            }
        }
    }
}

TEST_CASE("cases: a wrong answer is noticed") {
    const auto store = make_store({{.lead = "l", .name = "A", .time = weir::from_unix_microseconds(1)}});
    const auto got = measure(store.snapshot(), weir::funnel{.steps = {"A", "B"}}).value();
    CHECK(got.rows.at(0).leads == 1);
    CHECK(got.rows.at(1).leads == 0);
    CHECK_THROWS_AS(read_cases(WEIR_SOURCE_DIR "/tests/cases"), std::exception);
}
