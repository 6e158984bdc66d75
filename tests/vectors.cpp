#include "vectors.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>

#include <weir.hpp>

#include "base/json.hpp"

namespace weir_test {
namespace {

using weir::json::kind;
using weir::json::node;
using verdict = vector_result::verdict;

// Says why a case cannot be put.
struct not_covered : std::runtime_error {
    using std::runtime_error::runtime_error;
};

bool is_null(const node* n) { return n == nullptr || n->kind == kind::null; }
std::string text_of(const node* n) { return is_null(n) ? "" : n->text; }
std::int64_t integer_of(const node& n) { return std::stoll(n.text); }

// A step is an attribute: an event matches it or not, whatever its name.
std::string step_attribute(std::int64_t step) { return "s" + std::to_string(step); }

weir::step make_step(std::size_t k) {
    return {"e",
            weir::attribute(step_attribute(static_cast<std::int64_t>(k))) == true,
            {.name = "step " + std::to_string(k + 1)}};
}

// Seconds, with a fraction, or the text of an instant.
weir::instant time_of(const node& ts, weir::duration unit) {
    if (ts.kind == kind::text) return weir::parse_instant(ts.text).value();
    return weir::instant{} +
           weir::duration{std::llround(std::stod(ts.text) * static_cast<double>(unit.count()))};
}

weir::event make_event(const node& e, weir::duration unit) {
    weir::event out;
    out.lead = text_of(e.find("user")) + text_of(e.find("person"));
    out.name = "e";
    out.time = time_of(*e.find("ts"), unit);
    const node* matches = e.find("matches_steps");
    if (is_null(matches)) throw not_covered("conditions on persons");
    for (const node& step : matches->items)
        out.attributes.push_back({step_attribute(integer_of(step)), true});
    out.attributes.push_back({"who", out.lead.key()});
    return out;
}

// The level of each person: a group of one.
std::map<std::string, std::int64_t> levels_of(const weir::snapshot& s, weir::funnel q) {
    q.by = "who";
    q.by_value = weir::by_value::first_touch;
    std::map<std::string, std::int64_t> levels;
    for (const auto& row : measure(s, q).value().rows)
        if (row.group && row.leads > 0) levels[*row.group] = row.step;
    return levels;
}

std::string print(const std::map<std::string, std::int64_t>& levels) {
    std::string out;
    for (const auto& [who, level] : levels) out += who + ": " + std::to_string(level) + " ";
    return out;
}

weir::duration unit_of(const std::string& unit) {
    using namespace std::chrono;
    static const std::map<std::string, weir::duration> units{
        {"", seconds{1}},   {"int", seconds{1}}, {"second", seconds{1}}, {"minute", minutes{1}},
        {"hour", hours{1}}, {"day", days{1}},    {"week", days{7}},      {"month", days{30}}};
    const auto found = units.find(unit);
    if (found == units.end()) throw not_covered("windows in " + unit);
    return found->second;
}

// The levels of the window functions of ClickHouse and its kin.
std::string run_window_funnel(const node& c) {
    weir::funnel q{.preset = "clickhouse_window_funnel_0882b32b"};
    if (const std::string mode = text_of(c.find("mode")); !mode.empty() && mode != "default")
        throw not_covered("mode " + mode + " of another engine");
    if (const node* modes = c.find("modes"))
        for (const node& mode : modes->items) q.preset += "+" + mode.text;
    for (std::size_t k = 0; k < c.find("steps")->items.size(); ++k) q.steps.push_back(make_step(k));
    const std::int64_t window = integer_of(*c.find("window"));
    const bool bounded = window < weir::duration::max() / weir::duration{std::chrono::seconds{1}};
    if (bounded) q.within = window * weir::duration{std::chrono::seconds{1}};
    weir::store store;
    weir::batch events;
    for (const node& e : c.find("events")->items) events.add(make_event(e, std::chrono::seconds{1}));
    store.append(events).value();
    const auto got = levels_of(store.snapshot(), q);
    std::map<std::string, std::int64_t> expected;
    const node& levels = *c.find("expected_level");
    for (std::size_t i = 0; i < levels.keys.size(); ++i)
        if (integer_of(levels.items[i]) > 0) expected[levels.keys[i]] = integer_of(levels.items[i]);
    return got == expected ? "" : "expected " + print(expected) + "got " + print(got);
}

weir::instant bound(const std::string& text, bool end) {
    auto t = weir::parse_instant(text).value();
    if (end && text.size() == 10) t += std::chrono::days{1} - weir::duration{1};
    return t;
}

// The attribution of a breakdown; an empty list is one value that reads so.
std::string group_of(const node& value) {
    if (value.kind == kind::array) return value.items.size() == 1 ? group_of(value.items[0]) : "";
    return value.text;
}

void read_breakdown(const node& filter, weir::funnel& q) {
    const node* by = filter.find("breakdown");
    if (is_null(by)) return;
    if (text_of(filter.find("breakdown_type")) != "event")
        throw not_covered("a breakdown by person or cohort");
    if (by->kind == kind::array && by->items.size() != 1)
        throw not_covered("a breakdown by several properties");
    q.by = group_of(*by);
    const std::string rule = text_of(filter.find("breakdown_attribution_type"));
    if (rule.empty() || rule == "first_touch")
        q.by_value = weir::by_value::first_touch;
    else if (rule == "last_touch")
        q.by_value = weir::by_value::last_touch;
    else if (rule == "all_events")
        q.by_value = weir::by_value::each_value;
    else if (rule == "step")
        q.by_value = weir::by_value::at_step(
            1 + static_cast<int>(integer_of(*filter.find("breakdown_attribution_value"))));
    else
        throw not_covered("attribution " + rule);
    if (filter.find("breakdown_limit") != nullptr)
        throw not_covered("a limit that joins groups into \"Other\"");
}

void read_exclusions(const node& filter, weir::funnel& q) {
    const node* all = filter.find("exclusions");
    if (is_null(all)) return;
    for (const node& x : all->items) {
        weir::exclusion out{.event = weir::names(text_of(x.find("id")))};
        if (text_of(x.find("type")) != "events") throw not_covered("an exclusion by action");
        const auto from = integer_of(*x.find("funnel_from_step")), to = integer_of(*x.find("funnel_to_step"));
        if (q.preset.find("unordered") == std::string::npos) {
            out.after = static_cast<int>(from) + 1;
            out.before = static_cast<int>(to) + 1;
        }
        q.exclude.push_back(out);
    }
}

void read_period(const node& c, weir::funnel& q) {
    const std::string from = text_of(c.find("date_from")), to = text_of(c.find("date_to"));
    for (const auto& text : {from, to})
        if (!text.empty() && text.find_first_not_of("0123456789-: TZ.") != std::string::npos)
            throw not_covered("a relative date");
    for (const node& tag : c.find("tags")->items)
        if (tag.text == "default_date_range") {
            q.period.from = weir::parse_instant(text_of(c.find("now"))).value() - std::chrono::days{7};
            return;
        }
    if (from.empty() || from[0] == '-' || to.empty()) throw not_covered("a relative date");
    q.period.from = bound(from, false);
    q.as_of = bound(to, true);
}

weir::store read_people(const node& c, const std::string& by, const weir::funnel& q) {
    weir::store store;
    weir::batch events;
    for (const node& e : c.find("events")->items) {
        weir::event out = make_event(e, std::chrono::seconds{1});
        const std::string name = text_of(e.find("event"));
        for (const auto& x : q.exclude)
            if (x.event[0] == name) out.name = name;
        if (out.name == name && !e.find("matches_steps")->items.empty())
            throw not_covered("an exclusion that is a step");
        const node* props = e.find("props");
        const node* value = is_null(props) || by.empty() ? nullptr : props->find(by);
        if (!is_null(value)) out.attributes.push_back({by, group_of(*value)});
        // What is read ends with the period, and begins with it.
        if (q.period.from && out.time < *q.period.from) continue;
        events.add(out);
    }
    store.append(events).value();
    return store;
}

// Compares what is not null.
std::string compare_counts(const node& expected, const std::vector<std::int64_t>& got) {
    std::string wrong;
    for (std::size_t k = 0; k < expected.items.size(); ++k) {
        if (expected.items[k].kind == kind::null) continue;
        const std::int64_t count = integer_of(expected.items[k]);
        if (k >= got.size() || got[k] != count)
            wrong += "step " + std::to_string(k + 1) + " expected " + std::to_string(count) + " got " +
                     (k < got.size() ? std::to_string(got[k]) : "none") + "; ";
    }
    return wrong;
}

std::string compare_groups(const node& expected, const weir::funnel_table& answer) {
    std::string wrong;
    for (const node& group : expected.items) {
        const auto& steps = group.find("steps")->items;
        if (steps.empty() || is_null(steps.front().find("breakdown"))) continue;
        const std::string name = group_of(*steps.front().find("breakdown"));
        std::size_t k = 0;
        for (const auto& row : answer.rows) {
            const std::string own =
                row.group.value_or("(whole)") == "(none)" ? "" : row.group.value_or("(whole)");
            if (own != name || k >= steps.size()) continue;
            const std::int64_t count = integer_of(*steps[k].find("count"));
            if (row.leads != count)
                wrong += name + " step " + std::to_string(k + 1) + " expected " + std::to_string(count) +
                         " got " + std::to_string(row.leads) + "; ";
            ++k;
        }
        if (k < steps.size() && integer_of(*steps.front().find("count")) > 0) wrong += name + " is missing; ";
    }
    return wrong;
}

std::string compare_people(const node& expected, const std::map<std::string, std::int64_t>& levels,
                           const std::map<std::string, std::string>& person_of) {
    std::string wrong;
    for (std::size_t i = 0; i < expected.keys.size(); ++i) {
        if (expected.keys[i].find('|') != std::string::npos) continue;  // of a group
        const std::int64_t k = std::stoll(expected.keys[i]);
        std::multiset<std::string> want, got;
        for (const node& who : expected.items[i].items) want.insert(who.text);
        for (const auto& [who, level] : levels)
            if (k > 0 ? level >= k : level == -k - 1)
                got.insert(person_of.count(who) ? person_of.at(who) : who);
        if (want != got) wrong += "other people at step " + expected.keys[i] + "; ";
    }
    return wrong;
}

std::string run_posthog(const node& c) {
    const std::string mode = text_of(c.find("mode")), asked = text_of(c.find("kind"));
    if (asked != mode) throw not_covered(asked);
    weir::funnel q{.preset = "posthog_funnel_2022_" + mode};
    for (std::size_t k = 0; k < c.find("steps")->items.size(); ++k) q.steps.push_back(make_step(k));
    const node& filter = *c.find("other_filter");
    if (filter.find("filter_test_accounts") != nullptr) throw not_covered("a filter of test accounts");
    if (q.steps.empty()) throw not_covered("a funnel without steps");
    read_breakdown(filter, q);
    read_exclusions(filter, q);
    read_period(c, q);
    const node& window = *c.find("window");
    q.within = integer_of(*window.find("value")) * unit_of(text_of(window.find("unit")));
    const weir::store store = read_people(c, q.by, q);
    const auto answer = measure(store.snapshot(), q).value();
    const node& expected = *c.find("expected");
    std::vector<std::int64_t> counts;
    for (const auto& row : answer.rows)
        if (!row.group) counts.push_back(row.leads);
    std::string wrong;
    bool compared = false;
    if (const node* n = expected.find("step_counts")) {
        wrong += compare_counts(*n, counts);
        compared = compared || std::any_of(n->items.begin(), n->items.end(),
                                           [](const node& k) { return k.kind != kind::null; });
    }
    if (const node* n = expected.find("breakdown_groups")) {
        wrong += compare_groups(*n, answer);
        compared = true;
    }
    if (const node* n = expected.find("people_at_step")) {
        wrong += compare_people(*n, levels_of(store.snapshot(), q), {});
        compared = true;
    }
    if (const node* n = expected.find("dropped_at_step")) {
        wrong += compare_people(*n, levels_of(store.snapshot(), q), {});
        compared = true;
    }
    if (!compared) throw not_covered("no count that the test states");
    return wrong;
}

// Paths of a table of rows: funnels with weir's own rules.
std::string run_paths(const node& c) {
    std::string wrong;
    bool compared = false;
    for (std::size_t r = 0; r < c.find("runs")->items.size(); ++r) {
        const node& run = c.find("runs")->items[r];
        if (text_of(run.find("call")) != "funnel_data") throw not_covered("patterns of paths");
        const node& kwargs = *run.find("kwargs");
        if (kwargs.keys.size() != 1 || kwargs.keys[0] != "steps" || kwargs.items[0].items.empty())
            throw not_covered("more than steps");
        weir::funnel q;
        for (const node& s : kwargs.items[0].items) q.steps.emplace_back(s.text);
        weir::store store;
        weir::batch events;
        for (const node& row : run.find("rows")->items)
            events.add({.lead = row.items[0].text,
                        .name = row.items[1].text,
                        .time = weir::parse_instant(row.items[2].text).value()});
        store.append(events).value();
        const auto answer = measure(store.snapshot(), q).value();
        for (const node& check : c.find("asserts")->items) {
            const auto& path = check.find("path")->items;
            if (integer_of(*check.find("run")) != static_cast<std::int64_t>(r) || path.size() != 3) continue;
            if (path[2].text != "unique_paths") continue;
            compared = true;
            const auto k = static_cast<std::size_t>(integer_of(path[1]));
            if (answer.rows[k].leads != integer_of(*check.find("expected")))
                wrong += "step " + std::to_string(k + 1) + " expected " + check.find("expected")->text +
                         " got " + std::to_string(answer.rows[k].leads) + "; ";
        }
    }
    if (!compared) throw not_covered("no count that the test states");
    return wrong;
}

vector_result run_case(const node& c) {
    vector_result r{text_of(c.find("id"))};
    try {
        r.why = c.find("expected_level") != nullptr ? run_window_funnel(c)
                : c.find("kind") != nullptr         ? run_posthog(c)
                : c.find("runs") != nullptr         ? run_paths(c)
                                                    : throw not_covered("another form");
        r.what = r.why.empty() ? verdict::agrees : verdict::differs;
    } catch (const not_covered& e) {
        r.why = e.what();
    } catch (const weir::exception& e) {
        r.what = verdict::differs;
        r.why = e.what();
    }
    return r;
}

}  // namespace

std::vector<vector_result> run_vectors(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) throw std::runtime_error("cannot read " + path);
    std::vector<vector_result> out;
    const node root = weir::json::parse(text.str());
    for (const node& c : root.items) out.push_back(run_case(c));
    return out;
}

}  // namespace weir_test
