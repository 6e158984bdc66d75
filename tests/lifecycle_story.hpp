// lifecycle_story.hpp - stories of leads in short words, and their histories as the semantics write them.
#pragma once

#include <sstream>
#include <string>

#include <weir/lifecycle.hpp>

#include "catch.hpp"

namespace weir_test::stories {

using namespace weir;

inline instant at(std::int64_t us) { return instant{duration{us}}; }

inline lifecycle deals() {
    lifecycle l;
    l.name = "deals";
    l.stages = {"lead", "mql", "sql", "customer"};
    l.exits = {"lost", "no_decision"};
    rule change;
    change.stage_change.event = "stage";
    change.stage_change.attribute = "to";
    l.rules = {change};
    return l;
}

inline rule on(const std::string& event, const std::string& to) {
    rule r;
    r.event = names(event);
    r.to = to;
    return r;
}

inline rule idle(std::int64_t us, const std::string& to, names from = {}) {
    rule r;
    r.idle = duration{us};
    r.to = to;
    r.from = std::move(from);
    return r;
}

// A word of a story: "mql@3" is a stage change to mql at 3, "!click@4" an event named click.
inline event told(const std::string& word, const lead_id& lead = "ana") {
    const auto sign = word.find('@');
    const std::string what = word.substr(0, sign);
    event e;
    e.lead = lead;
    e.time = at(std::stoll(word.substr(sign + 1)));
    if (what[0] == '!') {
        e.name = what.substr(1);
    } else {
        e.name = "stage";
        e.attributes = {{"to", what}};
    }
    return e;
}

// Events of one lead, in the order in which they arrive.
inline snapshot story(const std::string& words) {
    std::istringstream in(words);
    store s;
    for (std::string word; in >> word;) s.append(told(word)).value();
    return s.snapshot();
}

inline scope until(std::int64_t as_of) { return {.threads = 1, .as_of = at(as_of)}; }

inline stage_history lived(const std::string& words, const lifecycle& l, const scope& how = {}) {
    return history(derive(story(words), l, how).value()).value();
}

inline std::string shown(const visit& v) {
    const auto us = [](instant t) { return std::to_string(t.time_since_epoch().count()); };
    return v.stage + "[" + us(v.from) + "," + (v.until ? us(*v.until) : "-") + ")#" + std::to_string(v.entry);
}

// "lead[1,4)#1 sql[4,-)#1", as the semantics write it.
inline std::string visits(const stage_history& h) {
    std::string line;
    for (const visit& v : h.visits) line += (line.empty() ? "" : " ") + shown(v);
    return line;
}

inline std::string moves(const stage_history& h) {
    std::string line;
    for (const visit& v : h.visits) line += (line.empty() ? "" : " ") + v.move;
    return line;
}

// "skipped@4:sql": policy, time, target.
inline std::string violations(const stage_history& h) {
    std::string line;
    for (const violation& v : h.violations) {
        line += (line.empty() ? "" : " ") + v.policy + "@" +
                std::to_string(v.time.time_since_epoch().count()) + ":" + v.target;
    }
    return line;
}

}  // namespace weir_test::stories
