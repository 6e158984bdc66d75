#include "agreement.hpp"

#include <algorithm>
#include <tuple>

#include "oracle/flow.hpp"
#include "oracle/funnel.hpp"
#include "oracle/lead_steps.hpp"
#include "oracle/lifecycle.hpp"
#include "oracle/sheet.hpp"

namespace weir_test {
namespace {

using moment = std::optional<oracle::micros>;

moment micros_of(const std::optional<weir::instant>& t) {
    return t ? std::optional(t->time_since_epoch().count()) : std::nullopt;
}

// Without events there is no as_of; without a time of its own a question is asked at the last event.
moment as_of(const std::optional<weir::instant>& asked, const oracle::people& all) {
    const moment last = oracle::last_time(all);
    return last && asked ? micros_of(asked) : last;
}

// Keeps an answer; false if the verb refused.
template <class Answer> bool keep(told& t, std::optional<Answer>& place, const weir::result<Answer>& got) {
    if (got)
        place = *got;
    else
        t.error = to_string(got.error());
    return bool(got);
}

std::string hold(const char* what, const oracle::verdict& expected, weir::answer got, const spoiler& spoil) {
    if (spoil) spoil(got);
    const std::string d = oracle::difference(expected, got);
    return d.empty() ? d : what + (": " + d);
}

// All that an answer prints, as it prints.
bool same(const weir::flow_table& a, const weir::flow_table& b) {
    return a.as_of == b.as_of && a.notes == b.notes && a.movement == b.movement && a.moves == b.moves &&
           a.outcome == b.outcome && a.outcome_leads == b.outcome_leads && a.reasons == b.reasons &&
           a.stay == b.stay && a.conversion == b.conversion && a.amounts == b.amounts;
}
bool same(const weir::funnel_table& a, const weir::funnel_table& b) {
    return a.as_of == b.as_of && a.notes == b.notes && a.rows == b.rows;
}
bool same(const weir::stage_history& a, const weir::stage_history& b) {
    return a.as_of == b.as_of && a.notes == b.notes && a.visits == b.visits && a.violations == b.violations;
}
template <class Answer> bool same(const std::optional<Answer>& a, const std::optional<Answer>& b) {
    return a && b ? same(*a, *b) : a.has_value() == b.has_value();
}

// One lifecycle on top of what was derived before. False if the engine had to refuse it.
bool derive_next(oracle::people& all, oracle::histories& histories, const weir::lifecycle& rules, moment at,
                 oracle::fault planted) {
    histories = oracle::derive(all, rules, at, planted);
    all = oracle::staged(all, rules, histories);
    if (rules.unknown_stage != weir::unknown_stage::fail) return true;
    return std::none_of(histories.begin(), histories.end(),
                        [](const auto& lead) { return lead.second.unknown_word; });
}

std::string hold_history(const oracle::histories& expected, const weir::stage_history& got, moment at) {
    if (micros_of(got.as_of) != at) return "history: another as_of";
    const std::string d = oracle::difference(expected, got);
    return d.empty() ? d : "history of " + got.lifecycle.name + ": " + d;
}

std::string print_events(const world& w) {
    std::string out;
    for (const auto& lead : w.erased) out += "  erased: " + lead + "\n";
    for (const auto& e : w.events) {
        out +=
            "  " + e.lead.key() + " | " + e.name + " | " + std::to_string(e.time.time_since_epoch().count());
        for (const auto& a : e.attributes) out += " " + a.name + "=" + to_string(a.value);
        out += e.id.empty() ? "\n" : "   (" + e.id + ")\n";
    }
    return out;
}

}  // namespace

told ask(const funnel_world& w, const layout& how) {
    return ask(w, make_store(w, how).snapshot(), how.threads);
}
told ask(const lifecycle_world& w, const layout& how) {
    return ask(w, make_store(w, how).snapshot(), how.threads);
}

told ask(const funnel_world& w, const weir::snapshot& s, int threads) {
    told t;
    weir::scope scope;
    scope.threads = threads;
    keep(t, t.funnel, measure(s, w.funnel, scope));
    return t;
}

told ask(const lifecycle_world& w, const weir::snapshot& raw, int threads) {
    told t;
    weir::scope scope = w.scope;
    scope.threads = threads;
    weir::snapshot s = raw;
    std::vector<const weir::lifecycle*> all{&w.lifecycle};
    if (w.second) all.push_back(&*w.second);
    for (const auto* rules : all) {
        const auto derived = derive(s, *rules, scope);
        if (!derived) {
            t.error = to_string(derived.error());
            return t;
        }
        s = *derived;
    }
    for (const auto* rules : all) t.histories.push_back(history(s, rules->name).value());
    if (keep(t, t.flow, measure(s, w.flow, scope))) keep(t, t.funnel, measure(s, w.funnel, scope));
    return t;
}

std::vector<weir::answer> answers_of(const told& t) {
    std::vector<weir::answer> out(t.histories.begin(), t.histories.end());
    if (t.flow) out.emplace_back(*t.flow);
    if (t.funnel) out.emplace_back(*t.funnel);
    return out;
}

std::string disagreement(const funnel_world& w, const told& got, oracle::fault planted,
                         const spoiler& spoil) {
    if (!got.error.empty()) return "the engine refused: " + got.error;
    const auto all = oracle::meet(w.events, w.erased, planted);
    const auto expected = oracle::ask(all, w.funnel, as_of(w.funnel.as_of, all), planted);
    return hold("funnel", expected, *got.funnel, spoil);
}

std::string disagreement(const lifecycle_world& w, const told& got, oracle::fault planted,
                         const spoiler& spoil) {
    oracle::people all = oracle::meet(w.events, w.erased, planted);
    const moment at = as_of(w.scope.as_of, all);
    oracle::histories first, second;
    const bool derives = derive_next(all, first, w.lifecycle, at, planted) &&
                         (!w.second || derive_next(all, second, *w.second, at, planted));
    const bool unknown = got.error.find("(unknown_name)") != std::string::npos;
    if (!derives) return unknown ? "" : "an unknown word was accepted";
    if (!got.error.empty()) return "the engine refused: " + got.error;

    if (auto d = hold_history(first, got.histories.front(), at); !d.empty()) return d;
    if (w.second)
        if (auto d = hold_history(second, got.histories.back(), at); !d.empty()) return d;
    const bool of_second = w.second && w.flow.lifecycle == w.second->name;
    const auto time_of = [&](const auto& question) {
        return at && question.as_of ? micros_of(question.as_of) : at;
    };
    const auto flow = oracle::ask(all, of_second ? *w.second : w.lifecycle, of_second ? second : first,
                                  w.flow, time_of(w.flow), planted);
    if (auto d = hold("flow", flow, *got.flow, spoil); !d.empty()) return d;
    return hold("funnel", oracle::ask(all, w.funnel, time_of(w.funnel), planted), *got.funnel, spoil);
}

namespace {

// Those whom a question is about, and when it is asked if it does not say so.
struct asked_people {
    oracle::people all{};
    moment at{};

    moment time_of(const weir::funnel& q) const { return at && q.as_of ? micros_of(q.as_of) : at; }
};

asked_people people_of(const funnel_world& w) {
    asked_people asked{oracle::meet(w.events, w.erased)};
    asked.at = oracle::last_time(asked.all);
    return asked;
}

asked_people people_of(const lifecycle_world& w) {
    asked_people asked{oracle::meet(w.events, w.erased)};
    asked.at = as_of(w.scope.as_of, asked.all);
    oracle::histories unused;
    derive_next(asked.all, unused, w.lifecycle, asked.at, oracle::fault::none);
    return asked;
}

using rows = std::vector<std::vector<weir::cell>>;

std::string hold_rows(const oracle::sheet& expected, const rows& found) {
    if (expected.rows == found) return "";
    std::string text = expected.name + ":";
    for (const auto* some : {&expected.rows, &found}) {
        text += some == &found ? "\n  engine" : "\n  oracle";
        for (const auto& row : *some) {
            text += " |";
            for (const auto& cell : row) {
                if (const auto* n = std::get_if<std::int64_t>(&cell)) text += ' ' + std::to_string(*n);
                if (const auto* t = std::get_if<std::string>(&cell)) text += ' ' + *t;
            }
        }
    }
    return text;
}

std::string hold(const asked_people& asked, const weir::compare_table& t, oracle::fault planted) {
    const auto& [before, after] = std::tie(t.question.before, t.question.after);
    rows found;
    for (const auto& r : t.steps) found.push_back({std::int64_t{r.before}, std::int64_t{r.after}, r.leads});
    return hold_rows(
        oracle::compared(asked.all, before, asked.time_of(before), after, asked.time_of(after), planted),
        found);
}

std::string hold(const asked_people& asked, const weir::drop_off_table& t, oracle::fault planted) {
    const weir::funnel& q = t.question.funnel;
    rows found;
    for (const auto& s : t.steps) found.push_back({std::int64_t{s.step}, s.name, s.came, s.reached, s.lost});
    return hold_rows(oracle::lost(asked.all, q, asked.time_of(q), planted), found);
}

}  // namespace

std::string disagreement(const funnel_world& w, const weir::compare_table& t, oracle::fault planted) {
    return hold(people_of(w), t, planted);
}
std::string disagreement(const funnel_world& w, const weir::drop_off_table& t, oracle::fault planted) {
    return hold(people_of(w), t, planted);
}
std::string disagreement(const lifecycle_world& w, const weir::compare_table& t) {
    return hold(people_of(w), t, oracle::fault::none);
}
std::string disagreement(const lifecycle_world& w, const weir::drop_off_table& t) {
    return hold(people_of(w), t, oracle::fault::none);
}

std::string difference(const told& a, const told& b) {
    if (a.error != b.error) return "errors \"" + a.error + "\" and \"" + b.error + "\"";
    bool equal = a.histories.size() == b.histories.size() && same(a.flow, b.flow) && same(a.funnel, b.funnel);
    for (std::size_t i = 0; equal && i < a.histories.size(); ++i)
        equal = same(a.histories[i], b.histories[i]);
    if (equal) return "";
    std::string out;
    for (const told* t : {&a, &b})
        for (const auto& answer : answers_of(*t)) out += "\n" + to_json(answer);
    return out;
}

std::string print(const funnel_world& w) { return to_json(w.funnel) + "\n" + print_events(w); }

std::string print(const lifecycle_world& w) {
    const auto at = micros_of(w.scope.as_of);
    return to_json(w.lifecycle) + "\n" + (w.second ? to_json(*w.second) + "\n" : "") + to_json(w.flow) +
           "\n" + to_json(w.funnel) + "\nderived at " + (at ? std::to_string(*at) : "the last event") + "\n" +
           print_events(w);
}

}  // namespace weir_test
