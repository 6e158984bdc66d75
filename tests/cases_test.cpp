// Every file in tests/cases: the engine gives the written answer, and so does the oracle.
#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>

#include "agreement.hpp"
#include "case_file.hpp"
#include "catch.hpp"

namespace {

using namespace weir_test;

// What is wrong with a case, in order.
using complaints = std::vector<std::string>;

std::vector<std::string> case_files() {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(WEIR_SOURCE_DIR "/tests/cases"))
        if (entry.path().extension() == ".case") out.push_back(entry.path().string());
    std::sort(out.begin(), out.end());
    return out;
}

void expect(complaints& wrong, const std::string& what, const std::string& expected, const std::string& got) {
    if (expected != got) wrong.push_back(what + ": expected \"" + expected + "\", got \"" + got + "\"");
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

void check_history(complaints& wrong, const case_text& c, const weir::stage_history& h) {
    auto visits = visits_by_lead(h), violations = violations_by_lead(h);
    for (const auto& line : c.visits) {
        const auto colon = line.find(':');
        expect(wrong, "visits", line.substr(colon + 1), visits[line.substr(0, colon)]);
    }
    for (const auto& line : c.violations) {
        const auto colon = line.find(':');
        expect(wrong, "violations", line.substr(colon + 1), violations[line.substr(0, colon)]);
        violations.erase(line.substr(0, colon));
    }
    if (c.visits.empty()) return;
    for (const auto& [lead, found] : violations) expect(wrong, "violations of " + lead, "", found);
}

// A line of an answer without its part: "of ads in 2024-01-01 ..." or "ads: ...".
struct answer_line {
    std::optional<std::string> group{}, bucket{};
    std::vector<std::string> words{};
};
answer_line read_answer(const std::string& line) {
    answer_line a;
    a.words = words_of(line);
    // Quotes hold a text together and are no part of it.
    for (auto& w : a.words) w.erase(std::remove(w.begin(), w.end(), '\''), w.end());
    const auto drop = [&](std::ptrdiff_t n) { a.words.erase(a.words.begin(), a.words.begin() + n); };
    if (a.words[0].back() == ':') {
        a.group = a.words[0].substr(0, a.words[0].size() - 1);
        drop(1);
    }
    if (a.words[0] == "of") {
        a.group = a.words.at(1);
        drop(2);
    }
    if (a.words[0] == "in") {
        a.bucket = a.words.at(1);
        drop(2);
    }
    return a;
}

// "visit 1 demo 0 after 2d": name and count of each step.
void check_funnel(complaints& wrong, const weir::funnel_table& got, const std::string& line) {
    const auto a = read_answer(line);
    std::vector<const weir::funnel_row*> rows;
    for (const auto& row : got.rows)
        if (row.group == a.group && row.bucket == a.bucket) rows.push_back(&row);
    std::string expected, found;
    for (std::size_t i = 0, k = 0; i + 1 < a.words.size(); i += 2) {
        const auto* row = k < rows.size() ? rows[k] : nullptr;
        if (a.words[i] == "after") {
            expected += " after " + std::to_string(read_duration(a.words[i + 1]).count());
            const auto* last = k > 0 && k <= rows.size() ? rows[k - 1] : nullptr;
            if (last && last->median_wait) found += " after " + std::to_string(last->median_wait->count());
            continue;
        }
        expected += " " + a.words[i] + " " + a.words[i + 1];
        if (row != nullptr) found += " " + row->name + " " + std::to_string(row->leads);
        ++k;
    }
    const auto steps = static_cast<std::size_t>(
        std::count_if(a.words.begin(), a.words.end(), [](const auto& w) { return w == "after"; }));
    if (rows.size() != a.words.size() / 2 - steps) found += " in " + std::to_string(rows.size()) + " rows";
    expect(wrong, "answer", expected, found);
}

std::string print_cell(const weir::cell& c) {
    if (const auto* i = std::get_if<std::int64_t>(&c)) return std::to_string(*i);
    if (const auto* d = std::get_if<weir::duration>(&c)) return std::to_string(d->count());
    if (const auto* r = std::get_if<weir::rate>(&c))
        return r->status == weir::rate_status::undefined ? "undefined"
                                                         : std::to_string(r->n) + "/" + std::to_string(r->of);
    if (const auto* b = std::get_if<bool>(&c)) return *b ? "true" : "false";
    if (const auto* m = std::get_if<weir::money>(&c)) return to_string(*m);
    if (const auto* t = std::get_if<std::string>(&c)) return *t;
    return "-";
}

// Whether a row is that of a group, a bucket and the texts that name it.
bool row_is(const weir::table& t, std::size_t row, const answer_line& a,
            const std::vector<std::string>& texts) {
    std::size_t next = 0;
    for (const auto& column : t.columns()) {
        const std::string cell = print_cell(column.cells[row]);
        if (column.name == "group" || column.name == "bucket") {
            if (cell != (column.name == "group" ? a.group : a.bucket).value_or("-")) return false;
        } else if (next < texts.size()) {
            if (cell != texts[next++]) return false;
        }
    }
    return next == texts.size();
}

// "outcome lead entries=4 leads=4": a table, the texts that name its row, the columns; counts not named are
// 0.
void check_table(complaints& wrong, const weir::answer& got, const std::string& line) {
    const auto a = read_answer(line);
    std::vector<std::string> texts;
    std::map<std::string, std::string> expected;
    for (std::size_t i = 1; i < a.words.size(); ++i) {
        const auto sign = a.words[i].find('=');
        if (sign != std::string::npos)
            expected[a.words[i].substr(0, sign)] = a.words[i].substr(sign + 1);
        else if (a.words[i] != ">")
            texts.push_back(a.words[i]);
    }
    const weir::table* t = got.find(a.words[0]);
    std::size_t row = 0;
    while (t != nullptr && row < t->row_count() && !row_is(*t, row, a, texts)) ++row;
    if (t == nullptr || row == t->row_count()) return wrong.push_back("no such row: " + line);
    std::size_t next = 0;
    for (const auto& column : t->columns()) {
        if (column.name != "group" && column.name != "bucket" && next++ < texts.size()) continue;
        const auto named = expected.find(column.name);
        const std::string what = a.words[0] + " " + column.name;
        if (named != expected.end())
            expect(wrong, what, named->second, print_cell(column.cells[row]));
        else if (column.type == weir::column_type::integer)
            expect(wrong, what, "0", print_cell(column.cells[row]));
        expected.erase(column.name);
    }
    for (const auto& [column, value] : expected) wrong.push_back("no column " + column + ": " + line);
}

template <class Check>
void check_answer(complaints& wrong, const case_question& q, const auto& got, const Check& check) {
    expect(wrong, "error", q.error, got ? "" : std::string(to_string(got.error().code)));
    if (!got) return;
    for (const auto& line : q.answers) check(wrong, *got, line);
    for (const auto& text : q.notes) {
        const bool said = std::any_of(got->notes.begin(), got->notes.end(),
                                      [&](const auto& note) { return note.find(text) != std::string::npos; });
        if (!said) wrong.push_back("no note says: " + text);
    }
}

void check_question(complaints& wrong, const weir::snapshot& s, const case_question& q) {
    if (q.answers.empty() == q.error.empty()) wrong.push_back("neither an answer nor an error, or both");
    const auto check = [&](const auto& question) {
        if constexpr (std::is_same_v<std::decay_t<decltype(question)>, weir::funnel>)
            check_answer(wrong, q, measure(s, question), check_funnel);
        else
            check_answer(wrong, q, measure(s, question), check_table);
    };
    std::visit(check, q.question);
}

lifecycle_world world_of(const case_text& c) {
    lifecycle_world w;
    w.events = c.events;
    w.erased = c.erased;
    w.scope.as_of = c.as_of;
    if (!c.lifecycle) return w;
    w.lifecycle = *c.lifecycle;
    w.funnel.steps = {w.lifecycle.stages.front().name};
    return w;
}

// The oracle must give the engine's answer, and so the written one.
std::string oracle_differs(const case_text& c, const weir::snapshot& s, const case_question& q) {
    if (!q.error.empty()) return "";
    lifecycle_world w = world_of(c);
    const auto hold_steps = [&](const auto& question) {
        const auto got = measure(s, question);
        if (!got) return to_string(got.error());
        return c.lifecycle ? disagreement(w, *got) : disagreement(funnel_world{w, {}}, *got);
    };
    if (const auto* d = std::get_if<weir::drop_off>(&q.question)) return hold_steps(*d);
    if (const auto* d = std::get_if<weir::compare>(&q.question)) return hold_steps(*d);
    if (const auto* f = std::get_if<weir::flow>(&q.question)) w.flow = *f;
    if (const auto* f = std::get_if<weir::funnel>(&q.question)) w.funnel = *f;
    if (c.lifecycle) return disagreement(w, ask(w));
    funnel_world raw{w, w.funnel};
    return disagreement(raw, ask(raw));
}

complaints check_case(const case_text& c) {
    complaints wrong;
    const lifecycle_world w = world_of(c);
    weir::snapshot s = make_store(w).snapshot();
    if (c.lifecycle) {
        const auto derived = derive(s, *c.lifecycle, w.scope);
        expect(wrong, "error", c.error, derived ? "" : std::string(to_string(derived.error().code)));
        if (c.questions.empty()) expect(wrong, "oracle", "", disagreement(w, ask(w)));
        if (!derived) return wrong;
        check_history(wrong, c, history(*derived).value());
        s = *derived;
    }
    for (const auto& q : c.questions) {
        complaints own;
        check_question(own, s, q);
        expect(own, "oracle", "", oracle_differs(c, s, q));
        for (const auto& complaint : own)
            wrong.push_back("line " + std::to_string(q.line) + ": " + complaint);
    }
    return wrong;
}

}  // namespace

TEST_CASE("cases: engine and oracle give every answer that is written in tests/cases") {
    for (const auto& path : case_files()) {
        const auto cases = read_cases(path);
        CHECK_FALSE(cases.empty());
        for (const auto& c : cases) {
            INFO(std::filesystem::path(path).filename().string() << ":" << c.line << " " << c.title);
            const complaints wrong = check_case(c);
            for (const auto& complaint : wrong) UNSCOPED_INFO(complaint);
            CHECK(wrong.empty());
        }
    }
}

TEST_CASE("cases: each has a title, and something to be checked") {
    for (const auto& path : case_files()) {
        for (const auto& c : read_cases(path)) {
            INFO(path << ":" << c.line);
            CHECK_FALSE(c.title.empty());
            CHECK((!c.questions.empty() || !c.visits.empty() || !c.error.empty()));
        }
    }
}

TEST_CASE("cases: a wrong answer is noticed") {
    const auto complaints_of = [](const std::string& text) {
        std::istringstream in(text);
        return check_case(read_cases(in, "text").front());
    };
    const std::string funnel = "events l A 1 x=1  l B 2\nquestion funnel A > B by x\n";
    CHECK(complaints_of(funnel + "answer A 1 B 1 after 1\nanswer 1: A 1 B 1").empty());
    for (const char* wrong :
         {"answer A 1 B 0", "answer A 1", "answer A 1 C 1", "answer A 1 B 1 after 2", "answer 2: A 1 B 1",
          "error invalid_question", "answer A 1 B 1\nnote nothing"}) {
        INFO(wrong);
        CHECK_FALSE(complaints_of(funnel + wrong).empty());
    }
    const std::string flow = "lifecycle lead > mql exits lost\nmoves 1: lead@1 mql@3\n";
    CHECK(complaints_of(flow + "visits 1: lead[1,3)#1 mql[3,-)#1\nquestion flow\n"
                               "answer outcome lead entries=1 leads=1 advanced=1")
              .empty());
    for (const char* wrong : {"visits 1: lead[1,3)#1", "violations 1: @3", "error unknown_name",
                              "question flow\nanswer outcome lead",
                              "question flow\nanswer outcome lead entries=1 leads=1 advanced=1 lost=1",
                              "question flow\nanswer outcome lead entries=1 leads=1 advanced=1 won=1",
                              "question flow\nanswer outcome won"}) {
        INFO(wrong);
        CHECK_FALSE(complaints_of(flow + wrong).empty());
    }
    const std::string steps = "events l A 1  l B 9  m A 1\n";
    const std::string lost = steps + "question drop_off A > B within 5\n";
    CHECK(complaints_of(lost + "answer lost 2 B came=2 lost=2\nanswer reasons 2 B window leads=1").empty());
    for (const char* wrong : {"answer lost 2 B came=2 lost=1", "answer reasons 2 B window leads=2",
                              "answer reasons 2 B window leads=1 open=1", "answer reasons 2 B gap leads=1"}) {
        INFO(wrong);
        CHECK_FALSE(complaints_of(lost + wrong).empty());
    }
    const std::string compared = steps + "question compare A > B within 5 against A > B\n";
    CHECK(complaints_of(compared + "answer reached 1 A 2 B leads=1\nanswer causes within leads=1").empty());
    for (const char* wrong : {"answer reached 1 A 2 B leads=2", "answer reached 2 B 1 A leads=1",
                              "answer causes period leads=1", "answer leads l 1 2 period"}) {
        INFO(wrong);
        CHECK_FALSE(complaints_of(compared + wrong).empty());
    }
    std::istringstream unknown("events l A 1\nqestion funnel A");
    CHECK_THROWS_WITH(read_cases(unknown, "text"), "text:2: no such line: qestion");
    CHECK_THROWS_AS(read_cases(WEIR_SOURCE_DIR "/tests/no.case"), std::exception);
}
