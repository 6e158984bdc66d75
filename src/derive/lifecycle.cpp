#include <weir/lifecycle.hpp>

#include <algorithm>
#include <ostream>

#include "base/fail.hpp"
#include "base/text.hpp"
#include "segment/batch_data.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::size_t max_places = 64;  // so that a set of them is one word

// Names are separated by blanks.
struct preset_line {
    std::string_view name, stages, exits;
};
constexpr preset_line preset_lines[] = {
    {"b2b", "visitor prospect mql sql opportunity customer advocate",
     "lost disqualified no_decision inactive"},
    {"three_level", "awareness consideration conversion", "disqualified inactive"},
    {"buying", "awareness interest consideration intent purchase loyalty", "lost inactive"},
    {"attract", "attract capture nurture convert expand", "lost no_decision"},
    {"closed_loop", "anonymous lead opportunity customer advocate", "lost"},
    {"demand", "demand_generation conversion nurturing qualification sales_assignment", ""},
    {"demand_b2c", "demand_generation conversion nurturing qualification order", ""},
    {"short_four", "potential interested intending closed", "lost"},
    {"sales", "mql sql opportunity won", "lost no_decision returned_to_marketing"},
};

std::vector<std::string> words(std::string_view line) {
    std::vector<std::string> found;
    while (!line.empty()) {
        const std::size_t end = std::min(line.find(' '), line.size());
        found.emplace_back(line.substr(0, end));
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    return found;
}

rule entered_by(names event, const std::string& to) {
    rule r;
    r.to = to;
    r.event = std::move(event);
    return r;
}

lifecycle build(const preset_line& line) {
    lifecycle l;
    l.name = line.name;
    l.exits = names(words(line.exits));
    for (const std::string& stage_name : words(line.stages)) {
        l.stages.emplace_back(stage_name);
        l.rules.push_back(entered_by(stage_name, stage_name));
    }
    for (const std::string& exit_name : l.exits) l.rules.push_back(entered_by(exit_name, exit_name));
    return l;
}

// The side moves that a model has beside "an event of that name enters it".
void add_side_moves(lifecycle& l) {
    if (l.name == "sales") l.rules.front().event = {"mql", "returning_customer"};
    if (l.name == "demand" || l.name == "demand_b2c") {
        rule low_likelihood = entered_by("nurturing", "nurturing");
        low_likelihood.from = "qualification";
        l.rules.push_back(std::move(low_likelihood));
    }
}

std::string at(std::string_view list, std::size_t i, std::string_view field = {}) {
    return std::string(list) + "[" + std::to_string(i) + "]" + std::string(field);
}

void check_name(const std::string& name, const std::string& where) {
    if (const auto fault = fault_of_name(name)) {
        fail(errc::invalid_question, "the name " + quoted(name) + " cannot be used: " + *fault, where);
    }
}

std::vector<std::string> check_places(const lifecycle& l) {
    if (l.stages.empty()) fail(errc::invalid_question, "a lifecycle needs at least one stage", "stages");
    const std::size_t count = l.stages.size() + l.exits.size();
    if (count > max_places) {
        fail(errc::limit_exceeded,
             std::to_string(count) + " stages and exits are more than " + std::to_string(max_places),
             "stages");
    }
    std::vector<std::string> places;
    const auto take = [&](const std::string& name, const std::string& where) {
        check_name(name, where);
        if (std::find(places.begin(), places.end(), name) != places.end()) {
            fail(errc::invalid_question, "two stages or exits are named " + quoted(name), where);
        }
        places.push_back(name);
    };
    for (std::size_t i = 0; i < l.stages.size(); ++i) {
        take(l.stages[i].name, at("stages", i));
        if (l.stages[i].stalled_after.value_or(duration::zero()) < duration::zero()) {
            fail(errc::invalid_question, "stalled_after is negative", at("stages", i, ".stalled_after"));
        }
    }
    for (std::size_t i = 0; i < l.exits.size(); ++i) take(l.exits[i], at("exits", i));
    return places;
}

void check_place(const std::string& name, const std::vector<std::string>& places, const std::string& where) {
    if (std::find(places.begin(), places.end(), name) != places.end()) return;
    fail(errc::unknown_name, quoted(name) + " is neither a stage nor an exit" + did_you_mean(name, places),
         where);
}

void check_stage_change(const rule& r, const std::vector<std::string>& places, const std::string& where) {
    const stage_change& change = r.stage_change;
    const std::string inside = where + ".stage_change";
    if (change.event.empty())
        fail(errc::invalid_question, "a stage change names no event", inside + ".event");
    if (change.attribute.empty()) {
        fail(errc::invalid_question, "a stage change names no attribute that holds the stage",
             inside + ".attribute");
    }
    if (!r.event.empty() || r.idle)
        fail(errc::invalid_question, "a rule has two triggers and needs one", where);
    if (!r.to.empty()) {
        fail(errc::invalid_question,
             "a stage change goes where its event says, so the rule cannot name a target", where + ".to");
    }
    if (!r.reason_from.empty() && !change.reason_from.empty()) {
        fail(errc::invalid_question, "a rule reads its reason from two attributes", where + ".reason_from");
    }
    for (std::size_t i = 0; i < change.map.size(); ++i) {
        const auto& [word, target] = change.map[i];
        check_place(target, places, inside + ".map");
        for (std::size_t k = 0; k < i; ++k) {
            if (change.map[k].first == word) {
                fail(errc::invalid_question, "the word " + quoted(word) + " stands twice", inside + ".map");
            }
        }
    }
}

void check_rule(const rule& r, const std::vector<std::string>& places, const std::string& where) {
    if (r.stage_change != stage_change{}) {
        check_stage_change(r, places, where);
    } else {
        if (r.event.empty() && !r.idle) {
            fail(errc::invalid_question, "a rule needs a trigger: event, idle or stage_change", where);
        }
        if (r.to.empty())
            fail(errc::invalid_question, "a rule needs a stage or exit to go to", where + ".to");
        check_place(r.to, places, where + ".to");
    }
    if (r.idle) {
        if (*r.idle <= duration::zero())
            fail(errc::invalid_question, "idle must be more than 0", where + ".idle");
        if (!r.reason_from.empty()) {
            fail(errc::invalid_question, "a time-out has no event to read a reason from",
                 where + ".reason_from");
        }
    }
    for (const std::string& name : r.from) check_place(name, places, where + ".from");
}

void check_version(const lifecycle& l, std::size_t v, const std::vector<std::string>& places) {
    const rule_version& own = l.versions[v];
    const std::string where = at("versions", v);
    const int before = v == 0 ? l.version : l.versions[v - 1].version;
    if (own.version <= before) {
        fail(errc::invalid_question,
             "version " + std::to_string(own.version) + " follows version " + std::to_string(before) +
                 "; numbers ascend",
             where + ".version");
    }
    if (v > 0 && own.valid_from <= l.versions[v - 1].valid_from) {
        fail(errc::invalid_question,
             "version " + std::to_string(own.version) + " does not hold later than the one before it",
             where + ".valid_from");
    }
    for (std::size_t i = 0; i < own.rules.size(); ++i)
        check_rule(own.rules[i], places, where + "." + at("rules", i));
}

}  // namespace

lifecycle lifecycle::b2b() { return build(preset_lines[0]); }

result<lifecycle> lifecycle::preset(std::string_view name) {
    return guarded([&] {
        for (const preset_line& line : preset_lines) {
            if (line.name != name) continue;
            lifecycle found = build(line);
            add_side_moves(found);
            return found;
        }
        const names all = presets();
        const std::vector<std::string> known(all.begin(), all.end());
        fail(errc::unknown_name, quoted(name) + " is no built-in lifecycle" + did_you_mean(name, known),
             "preset");
    });
}

names lifecycle::presets() {
    std::vector<std::string_view> all;
    for (const preset_line& line : preset_lines) all.push_back(line.name);
    return names(all);
}

std::ostream& operator<<(std::ostream& out, const lifecycle& l) { return out << to_json(l); }

result<void> check(const lifecycle& l) {
    return guarded([&] {
        check_name(l.name, "name");
        const std::vector<std::string> places = check_places(l);
        for (std::size_t i = 0; i < l.rules.size(); ++i) check_rule(l.rules[i], places, at("rules", i));
        for (std::size_t v = 0; v < l.versions.size(); ++v) check_version(l, v, places);
    });
}

}  // namespace weir::inline v1
