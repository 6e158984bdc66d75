#include "case_file.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <functional>
#include <istream>
#include <map>
#include <stdexcept>

namespace weir_test {
namespace {

using words = std::vector<std::string>;

template <class T> std::optional<T> number(const std::string& text) {
    T n{};
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (text.empty() || fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return n;
}

weir::instant read_instant(const std::string& text) {
    if (const auto us = number<std::int64_t>(text)) return weir::from_unix_microseconds(*us);
    return weir::parse_instant(text).value();
}

weir::value read_value(const std::string& text) {
    if (text.size() > 1 && text.front() == '\'') return text.substr(1, text.size() - 2);
    if (text == "true" || text == "false") return text == "true";
    if (const auto i = number<std::int64_t>(text)) return *i;
    if (const auto d = number<double>(text)) return *d;
    if (text.size() > 3)
        if (const auto unit = weir::currency::parse(text.substr(text.size() - 3)))
            if (const auto amount = weir::parse_money(text.substr(0, text.size() - 3), *unit)) return *amount;
    return text;
}

std::vector<std::string> split(const std::string& text, char at) {
    std::vector<std::string> out(1);
    for (const char c : text) {
        if (c == at)
            out.emplace_back();
        else
            out.back() += c;
    }
    return out;
}

void read_events(case_text& c, const words& w) {
    for (std::size_t i = 0; i < w.size();) {
        if (w.size() - i < 3) throw std::runtime_error("an event is lead, name, time");
        weir::event e;
        e.lead = w[i];
        e.name = w[i + 1];
        e.time = read_instant(w[i + 2]);
        for (i += 3; i < w.size() && (w[i][0] == '#' || w[i].find('=') != std::string::npos); ++i) {
            if (w[i][0] == '#') {
                e.id = w[i].substr(1);
                continue;
            }
            const auto sign = w[i].find('=');
            e.attributes.push_back({w[i].substr(0, sign), read_value(w[i].substr(sign + 1))});
        }
        c.events.push_back(std::move(e));
    }
}

// "1: lead@1 mql@3   2: lead@2": gives each lead with its words.
std::vector<std::pair<std::string, words>> by_lead(const words& w) {
    std::vector<std::pair<std::string, words>> out;
    for (const auto& word : w) {
        if (word.back() == ':')
            out.push_back({word.substr(0, word.size() - 1), {}});
        else if (out.empty())
            throw std::runtime_error("which lead?");
        else
            out.back().second.push_back(word);
    }
    return out;
}

void read_moves(case_text& c, const words& w) {
    for (const auto& [lead, moves] : by_lead(w)) {
        for (const auto& m : moves) {
            const auto at = m.find('@');
            weir::event e;
            e.lead = lead;
            e.name = "move";
            e.time = read_instant(m.substr(at + 1));
            e.attributes = {{"to", m.substr(0, at)}};
            c.events.push_back(std::move(e));
        }
    }
}

std::string joined(const words& w) {
    std::string out;
    for (const auto& word : w) out += (out.empty() ? "" : " ") + word;
    return out;
}

template <class Enum> Enum word_in(const std::string& word, const std::vector<std::string>& list) {
    const auto found = std::find(list.begin(), list.end(), word);
    if (found == list.end()) throw std::runtime_error("no such value: " + word);
    return static_cast<Enum>(found - list.begin());
}

// "key value key value ...": every key is known.
using options = std::map<std::string, std::function<void(const std::string&)>>;
void read_options(const words& w, std::size_t at, const options& known) {
    for (; at < w.size(); ++at) {
        const auto found = known.find(w[at]);
        if (found == known.end()) throw std::runtime_error("no such option: " + w[at]);
        const bool flag = w[at] == "first_touch" || w[at] == "last_touch";
        if (!flag && at + 1 == w.size()) throw std::runtime_error("no value for " + w[at]);
        found->second(flag ? w[at] : w[at + 1]);
        if (!flag) ++at;
    }
}

// Reads "a > b > c" and gives the place behind it.
std::size_t read_chain(const words& w, std::size_t at, const std::function<void(const std::string&)>& link) {
    for (;;) {
        if (at == w.size()) throw std::runtime_error("nothing behind >");
        link(w[at++]);
        if (at == w.size() || w[at] != ">") return at;
        ++at;
    }
}

weir::lifecycle read_lifecycle(const words& w) {
    if (w[0].front() == '{') return weir::lifecycle_from_json(joined(w)).value();
    weir::lifecycle l;
    std::size_t at = read_chain(w, 0, [&](const std::string& s) { l.stages.emplace_back(s); });
    weir::rule r;
    r.stage_change = {.event = "move", .attribute = "to"};
    l.rules.push_back(std::move(r));
    const auto time_out = [&](const std::string& v) {
        weir::rule idle;
        const auto parts = split(v, ',');
        idle.idle = read_duration(parts.at(0));
        idle.to = parts.at(1);
        l.rules.push_back(std::move(idle));
    };
    read_options(w, at,
                 {{"exits", [&](const std::string& v) { l.exits = weir::names(split(v, ',')); }},
                  {"stalled_after",
                   [&](const std::string& v) {
                       for (auto& s : l.stages) s.stalled_after = read_duration(v);
                   }},
                  {"idle", time_out},
                  {"skipped",
                   [&](const std::string& v) {
                       l.skipped = word_in<weir::skipped>(v, {"keep_jump", "fill", "reject"});
                   }},
                  {"backward",
                   [&](const std::string& v) {
                       l.backward = word_in<weir::backward>(v, {"recycle", "reject"});
                   }},
                  {"repeated",
                   [&](const std::string& v) {
                       l.repeated = word_in<weir::repeated>(v, {"ignore", "new_entry"});
                   }},
                  {"same_time",
                   [&](const std::string& v) {
                       l.same_time = word_in<weir::same_time>(v, {"in_stage_order", "in_arrival_order"});
                   }},
                  {"reopened",
                   [&](const std::string& v) {
                       l.reopened = word_in<weir::reopened>(v, {"new_entry", "reject"});
                   }},
                  {"unknown_stage", [&](const std::string& v) {
                       l.unknown_stage = word_in<weir::unknown_stage>(v, {"reject", "fail"});
                   }}});
    return l;
}

// Options that funnels and flows share.
template <class Question> options common(Question& q) {
    return {{"within", [&](const std::string& v) { q.within = read_duration(v); }},
            {"by", [&](const std::string& v) { q.by = v; }},
            {"at_step",
             [&](const std::string& v) { q.by_value = weir::by_value::at_step(number<int>(v).value()); }},
            {"first_touch", [&](const std::string&) { q.by_value = weir::by_value::first_touch; }},
            {"last_touch", [&](const std::string&) { q.by_value = weir::by_value::last_touch; }},
            {"from", [&](const std::string& v) { q.period.from = read_instant(v); }},
            {"until", [&](const std::string& v) { q.period.until = read_instant(v); }},
            {"as_of", [&](const std::string& v) { q.as_of = read_instant(v); }},
            {"zone", [&](const std::string& v) { q.bucket.zone = v; }},
            {"bucket", [&](const std::string& v) {
                 q.bucket.unit = word_in<weir::calendar_unit>(
                     v, {"none", "hour", "day", "week", "month", "quarter", "year"});
             }}};
}

weir::step read_step(const std::string& text) {
    const auto bracket = text.find('[');
    weir::step_options o;
    if (bracket != std::string::npos)
        o.where = weir::parse_condition(text.substr(bracket + 1, text.size() - bracket - 2)).value();
    return {weir::names(split(text.substr(0, bracket), '|')), o};
}

weir::funnel read_funnel(const words& w, std::size_t at) {
    weir::funnel f;
    at = read_chain(w, at, [&](const std::string& s) { f.steps.push_back(read_step(s)); });
    read_options(w, at, common(f));
    return f;
}

weir::question read_question(const words& w) {
    if (w[0].front() == '{') return weir::question_from_json(joined(w)).value();
    if (w[0] == "drop_off") return weir::drop_off{.funnel = read_funnel(w, 1)};
    if (w[0] == "compare") {
        const auto against = std::find(w.begin(), w.end(), "against");
        if (against == w.end()) throw std::runtime_error("compare one funnel against another");
        return weir::compare{.before = read_funnel({w.begin(), against}, 1),
                             .after = read_funnel({against, w.end()}, 1)};
    }
    if (w[0] == "flow") {
        weir::flow f;
        auto known = common(f);
        known["reach"] = [&](const std::string& v) {
            f.reach = word_in<weir::reach>(v, {"or_later", "exact"});
        };
        known["amount"] = [&](const std::string& v) { f.amount = v; };
        read_options(w, 1, known);
        return f;
    }
    if (w[0] != "funnel") throw std::runtime_error("no such question: " + w[0]);
    return read_funnel(w, 1);
}

void add_lines(std::vector<std::string>& lines, const words& w) {
    for (const auto& [lead, rest] : by_lead(w)) lines.push_back(lead + ": " + joined(rest));
}

// Reads one line into the case.
void read_line(case_text& c, const std::string& text, int line) {
    words w = words_of(text);
    const std::string key = w[0];
    w.erase(w.begin());
    if (w.empty() && key != "events") throw std::runtime_error("nothing behind " + key);
    if (key == "events") return read_events(c, w);
    if (key == "moves") return read_moves(c, w);
    if (key == "visits") return add_lines(c.visits, w);
    if (key == "violations") return add_lines(c.violations, w);
    if (key == "erased") return c.erased.insert(w.begin(), w.end());
    if (key == "lifecycle") {
        c.lifecycle = read_lifecycle(w);
    } else if (key == "as_of") {
        c.as_of = read_instant(w[0]);
    } else if (key == "question") {
        c.questions.push_back({read_question(w), {}, {}, {}, line});
    } else if (key == "answer" && !c.questions.empty()) {
        c.questions.back().answers.push_back(joined(w));
    } else if (key == "note" && !c.questions.empty()) {
        c.questions.back().notes.push_back(joined(w));
    } else if (key == "error") {
        (c.questions.empty() ? c.error : c.questions.back().error) = w[0];
    } else {
        throw std::runtime_error("no such line: " + key);
    }
}

}  // namespace

std::vector<std::string> words_of(const std::string& line) {
    std::vector<std::string> out;
    std::string word;
    int depth = 0;
    bool quoted = false;
    for (const char c : line) {
        if (c == '\'') quoted = !quoted;
        // A visit lead[1,3) closes another bracket than it opens.
        if (!quoted && (c == '[' || c == '{' || c == '(')) ++depth;
        if (!quoted && (c == ']' || c == '}' || c == ')')) --depth;
        if ((c == ' ' || c == '\t' || c == '\r') && !quoted && depth == 0) {
            if (!word.empty()) out.push_back(std::move(word));
            word.clear();
        } else {
            word += c;
        }
    }
    if (!word.empty()) out.push_back(std::move(word));
    return out;
}

weir::duration read_duration(const std::string& text) {
    if (const auto us = number<std::int64_t>(text)) return weir::duration{*us};
    return weir::parse_duration(text).value();
}

std::vector<case_text> read_cases(const std::string& path) {
    std::ifstream in(path);
    if (!in || in.peek() == std::ifstream::traits_type::eof())
        throw std::runtime_error("cannot read " + path);
    return read_cases(in, path);
}

std::vector<case_text> read_cases(std::istream& in, const std::string& path) {
    std::vector<case_text> cases;
    case_text current;
    int number_of_line = 0;
    const auto finish = [&] {
        if (current.line > 0) cases.push_back(std::move(current));
        current = {};
    };
    for (std::string text; std::getline(in, text);) {
        ++number_of_line;
        if (words_of(text).empty()) {
            finish();
        } else if (text[0] == '#') {
            current.title +=
                (current.title.empty() ? "" : " ") + text.substr(std::min<std::size_t>(2, text.size()));
        } else {
            if (current.line == 0) current.line = number_of_line;
            try {
                read_line(current, text, number_of_line);
            } catch (const std::exception& e) {
                throw std::runtime_error(path + ":" + std::to_string(number_of_line) + ": " + e.what());
            }
        }
    }
    finish();
    return cases;
}

}  // namespace weir_test
