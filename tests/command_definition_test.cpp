// command_definition_test.cpp - the command refuses wrong questions, lifecycles, mappings and reports.
#ifdef WEIR_COMMAND

#include <string>
#include <vector>

#include "catch.hpp"
#include "command.hpp"

namespace {

struct wrong {
    std::string text;
    std::string says;  // behind "weir: "
};

// Writes each text into a file, in turn, and expects the command to refuse it.
void check_each(const std::vector<wrong>& all, const std::string& file, const std::string& arguments) {
    const folder f;
    for (const wrong& w : all) {
        INFO(w.text);
        f.write(file, w.text);
        CHECK(refusal(f.weir(arguments)) == w.says);
    }
}

void check_questions(const std::vector<wrong>& all) {
    check_each(all, "q.json", "measure q.json events.csv");
}

// A member of a funnel whose steps are right.
void check_members(std::vector<wrong> all) {
    for (wrong& w : all) {
        w.text = R"({"funnel": {"steps": ["visit", "won"], )" + w.text + "}}";
        w.says = "q.json: " + w.says;
    }
    check_questions(all);
}

// A second step.
void check_second_steps(std::vector<wrong> all) {
    for (wrong& w : all) {
        w.text = R"({"funnel": {"steps": ["visit", )" + w.text + R"(, "won"]}})";
        w.says = "q.json: " + w.says;
    }
    check_questions(all);
}

// What stands in the braces of {"lifecycle": {}}.
void check_lifecycles(std::vector<wrong> all) {
    for (wrong& w : all) {
        w.text = R"({"lifecycle": {)" + w.text + "}}";
        w.says = "l.json: " + w.says;
    }
    check_each(all, "l.json", "derive l.json stages.csv");
}

// A rule of a lifecycle with the stages mql and sql.
void check_rules(std::vector<wrong> all) {
    for (wrong& w : all) w.text = R"("stages": ["mql", "sql"], "rules": [)" + w.text + "]";
    check_lifecycles(all);
}

// What stands in the braces of a mapping.
void check_mappings(std::vector<wrong> all) {
    for (wrong& w : all) w.text = "{" + w.text + "}";
    check_each(all, "m.json", "measure q.json events.csv --map m.json");
}

// The answers of a report.
void check_answers(std::vector<wrong> all) {
    for (wrong& w : all) w.text = R"({"report": {"answers": [)" + w.text + "]}}";
    check_each(all, "r.json", "report r.json events.csv -o r.html");
}

std::string many_names(int n) {
    std::string list;
    for (int i = 0; i < n; ++i) list += (i == 0 ? "\"s" : ", \"s") + std::to_string(i) + '"';
    return list;
}

const std::string no_duration =
    " is not a duration, expected an integer and one of us, ms, s, m, h, d, w, like \"30d\" "
    "(invalid_question)";
const std::string no_time =
    " is not a time, expected one like \"2024-01-31\" or \"2024-01-31T10:30:00.5+02:00\" (invalid_question)";
const std::string no_berln =
    "no time zone is named \"Europe/Berln\", expected one like \"Europe/Berlin\" or \"+02:00\"; did you mean "
    "\"Europe/Berlin\"? (unknown_name)";

}  // namespace

TEST_CASE("command: what is no JSON is refused with line and column") {
    check_questions({
        {"", "q.json: 1:1: found the end of the text, expected the rest of a JSON value (bad_input)"},
        {"nonsense", R"(q.json: 1:1: found "nonsense", which is not JSON at this place (bad_input))"},
        {"{\"funnel\":\n {\"steps\": [\"visit\"]",
         "q.json: 2:21: found the end of the text, expected the rest of a JSON value (bad_input)"},
        {R"({"funnel": {"steps": ["visit",]}})",
         R"(q.json: 1:31: found "]}}", which is not JSON at this place (bad_input))"},
        {R"({"funnel": {"steps": ["visit"]}} x)",
         R"(q.json: 1:34: found "x" after the JSON value, expected the end of the text (bad_input))"},
        {R"({"funnel": {"steps": ["visit"], "by": "a", "by": "b"}})",
         R"(q.json: 1:53: found the key "by" twice in the object that ends here, expected once (bad_input))"},
        {std::string(33, '['),
         "q.json: 1:33: found more than 32 levels of arrays and objects, expected at most 32 (bad_input)"},
        {"{\"funnel\": {\"steps\": [\"v\xff\"]}}",
         R"(q.json: 1:25: found "\xff\"]}}", which is not JSON at this place (bad_input))"},
    });
}

TEST_CASE("command: a question of no known form is refused") {
    const std::string form =
        "q.json: a question is an object with one key: \"funnel\", \"flow\", \"compare\", \"drop_off\" or "
        "\"what_if\" (bad_input)";
    check_questions({
        {"{}", form},
        {"[]", form},
        {R"({"funnel": {}, "flow": {}})", form},
        {R"({"funnle": {}})",
         R"(q.json: funnle: there is no question "funnle"; did you mean "funnel"? (unknown_name))"},
        {R"({"compare": {"after": {}}})",
         R"(q.json: compare: the funnel "before" is missing (invalid_question))"},
        {R"({"drop_off": {"funnel": {"steps": ["a"], "windw": 1}}})",
         R"(q.json: drop_off.funnel.windw: found "windw", expected steps, within, preset, clock, order, )"
         R"(ties, entry, counting, account, exclude, on_exclusion, breaks, hold, by, by_value, period, )"
         R"(bucket, as_of, max_groups, histogram, list (unknown_name))"},
        {R"({"what_if": {}})", R"(q.json: what_if: the lifecycle "before" is missing (invalid_question))"},
        {R"({"what_if": {"before": "b2b"}})",
         R"(q.json: what_if: the lifecycle "after" is missing (invalid_question))"},
        {R"({"what_if": {"before": "b2b", "after": "b2c"}})",
         R"(q.json: what_if.after: "b2c" is no built-in lifecycle; did you mean "b2b"? (unknown_name))"},
        {R"({"sql": {}})",
         R"(q.json: sql: a question of the form "sql" cannot be answered yet (unsupported))"},
        {R"({"funnel": []})", "q.json: funnel: found an array, expected an object (invalid_question)"},
    });
}

TEST_CASE("command: a funnel without right steps is refused") {
    check_questions({
        {R"({"funnel": {}})", "q.json: steps: a funnel needs a step (invalid_question)"},
        {R"({"funnel": {"steps": []}})", "q.json: steps: a funnel needs a step (invalid_question)"},
        {R"({"funnel": {"steps": "visit"}})",
         R"(q.json: funnel.steps: found "visit", expected an array (invalid_question))"},
        {R"({"funnel": {"steps": [)" + many_names(65) + "]}}",
         "q.json: steps: the funnel has 65 steps; at most 64 are possible (limit_exceeded)"},
        {R"({"funnel": {"stepz": ["visit"]}})",
         "q.json: funnel.stepz: found \"stepz\", expected steps, within, preset, clock, order, ties, "
         "entry, counting, account, exclude, on_exclusion, breaks, hold, by, by_value, period, bucket, "
         "as_of, "
         "max_groups, histogram, list; did you mean \"steps\"? (unknown_name)"},
    });
    check_second_steps({
        {"7", "funnel.steps[1]: found 7, expected an object (invalid_question)"},
        {R"("")", "steps[1]: step 2 has an event without a name (invalid_question)"},
        {R"({"where": "a == 1"})", "steps[1]: step 2 has no event (invalid_question)"},
        {R"({"evnt": "demo"})",
         "funnel.steps[1].evnt: found \"evnt\", expected name, event, where, optional, min_gap, max_gap, "
         "at_least; did you mean \"event\"? (unknown_name)"},
        {R"({"event": "demo", "optional": "yes"})",
         "funnel.steps[1].optional: found \"yes\", expected a truth value (invalid_question)"},
        {R"({"event": "demo", "max_gap": 60})",
         "funnel.steps[1].max_gap: found 60, expected a text (invalid_question)"},
        {R"({"event": "demo", "max_gap": "-1h"})",
         "steps[1].max_gap: step 2 has a negative max_gap; a gap is 0 or more (invalid_question)"},
        {R"({"event": "demo", "at_least": 0})",
         "steps[1].at_least: step 2 asks for at least 0 events; 1 is the least (invalid_question)"},
    });
}

TEST_CASE("command: a condition that cannot be read is refused with its column") {
    check_second_steps({
        {R"({"event": "demo", "where": "channel = 'ads'"})",
         R"(funnel.steps[1].where: column 9: found "= 'ads'", expected "==" (invalid_question))"},
        {R"({"event": "demo", "where": "channel == \"ads\""})",
         "funnel.steps[1].where: column 12: found \"\\\"ads\\\"\", expected a text in single quotes, "
         "'like this' (invalid_question)"},
        {R"({"event": "demo", "where": "amount >"})",
         "funnel.steps[1].where: column 9: found the end, expected a text in single quotes, a number, true "
         "or false (invalid_question)"},
        {R"({"event": "demo", "where": "has(x"})",
         "funnel.steps[1].where: column 6: found the end, expected \")\" (invalid_question)"},
        {R"({"event": "demo", "where": ""})",
         "funnel.steps[1].where: column 1: found the end, expected a name, has, true, false, \"!\" or \"(\" "
         "(invalid_question)"},
        {R"({"event": "demo", "where": 5})",
         "funnel.steps[1].where: found 5, expected a text (invalid_question)"},
    });
}

TEST_CASE("command: durations and times that cannot be read, or contradict each other, are refused") {
    check_members({
        {R"("within": "30 days")", "funnel.within: \"30 days\"" + no_duration},
        {R"("within": "1d2h")", "funnel.within: \"1d2h\"" + no_duration},
        {R"("within": 30)", "funnel.within: found 30, expected a text (invalid_question)"},
        {R"("within": "-1d")", "within: the window is -1d; it cannot be negative (invalid_question)"},
        {R"("as_of": "yesterday")", "funnel.as_of: \"yesterday\"" + no_time},
        {R"("as_of": "2024-02-30")", "funnel.as_of: \"2024-02-30\"" + no_time},
        {R"("as_of": "2024-01-01T25:00")", "funnel.as_of: \"2024-01-01T25:00\"" + no_time},
        {R"("as_of": 5)", "funnel.as_of: found 5, expected a text (invalid_question)"},
        {R"("period": {"from": "2024-02-01", "until": "2024-01-01"})",
         "period: the period ends at 2024-01-01T00:00:00Z, before it begins at 2024-02-01T00:00:00Z "
         "(invalid_question)"},
        {R"("period": {"form": "2024-01-01"})",
         "funnel.period.form: found \"form\", expected from, until; did you mean \"from\"? "
         "(unknown_name)"},
        {R"("period": "2024")", R"(funnel.period: found "2024", expected an object (invalid_question))"},
        {R"("bucket": {"unit": "wek"})",
         "funnel.bucket.unit: found \"wek\", expected none, hour, day, week, month, quarter, year; did "
         "you "
         "mean \"week\"? (unknown_name)"},
        {R"("bucket": {})",
         R"(funnel.bucket: found no unit, expected one, such as {"unit": "week"} (invalid_question))"},
        {R"("bucket": {"unit": "week", "zone": "Europe/Berln"})", "bucket.zone: " + no_berln},
    });
}

TEST_CASE("command: groups that cannot be formed are refused") {
    check_members({
        {R"("by": ["channel"])", "funnel.by: found an array, expected a text (invalid_question)"},
        {R"("by_value": {"at_step": 3})", "by_value: by_value names step 3 of 2 (invalid_question)"},
        {R"("by_value": {"at_step": 0})", "by_value: by_value names step 0 of 2 (invalid_question)"},
        {R"("by_value": {"step": 1})",
         R"(funnel.by_value.step: found "step", expected at_step (unknown_name))"},
        {R"("by_value": "first")",
         "funnel.by_value: found \"first\", expected first_touch, last_touch, each_value "
         "(unknown_name)"},
        {R"("max_groups": 99999999999)",
         "funnel.max_groups: found 99999999999, expected an integer of at most 32 bits "
         "(invalid_question)"},
        {R"("max_groups": 1.5)",
         "funnel.max_groups: found 1.5, expected an integer without point or exponent "
         "(invalid_question)"},
    });
    check_questions(
        {{R"({"funnel": {"steps": ["visit"], "by": "channel", "max_groups": 1}})",
          "q.json: max_groups: the breakdown has more than 1 groups; raise max_groups (limit_exceeded)"}});
}

TEST_CASE("command: what this version cannot answer is refused, not answered otherwise") {
    check_members({
        {R"("counting": "accounts")",
         "account: accounts are counted by an attribute; none is named (invalid_question)"},
        {R"("order": "adjacent", "exclude": [{"event": "refund"}], "on_exclusion": "disqualify")",
         "on_exclusion: of equal times, a foreign event may end a chain of adjacent steps before an "
         "exclusion "
         "disqualifies the lead: only ties \"in_arrival_order\" say which (unsupported)"},
    });
    std::vector<wrong> later;
    for (const std::string key : {"lead_where", "lost_on", "stalled_after"})
        later.push_back({'"' + key + "\": \"x\"", "funnel." + key + ": \"" + key +
                                                      "\" is not supported by this version (unsupported)"});
    check_members(later);
    check_second_steps({
        {R"({"any_order": []})",
         "funnel.steps[1].any_order: a block needs 2 steps or more (invalid_question)"},
        {R"({"any_order": ["demo"]})",
         "steps[1]: step 2 is a block of 1 step; it needs 2 or more (invalid_question)"},
        {R"({"any_order": ["demo", "call"], "optional": true})",
         "funnel.steps[1].optional: found \"optional\", expected any_order, name, min_gap, max_gap "
         "(unknown_name)"},
        {R"({"any_order": ["demo", {"any_order": ["call", "mail"]}]})",
         "steps[1].any_order[1]: member 2 of step 2 is a block in any order itself (invalid_question)"},
        {R"({"any_order": ["demo", {"event": "call", "at_least": 2}]})",
         "steps[1].any_order[1]: member 2 of step 2 can have no gap limit, not be optional and not be asked "
         "for several times (invalid_question)"},
        {R"({"any_order": ["a", "b", "c", "d", "e", "f", "g"]})",
         "steps[1]: step 2 is a block of 7 steps; at most 6 are possible (limit_exceeded)"},
    });
    check_questions(
        {{R"({"funnel": {"steps": [{"any_order": ["a", "b", "c", "d"]}, {"any_order": ["e", "f", "g", "h"]},
              {"any_order": ["i", "j"]}]}})",
          "q.json: steps: the blocks of the funnel can be done in more than 720 orders, which is the most "
          "(limit_exceeded)"},
         {R"({"funnel": {"steps": ["a", {"any_order": ["b", "c"]}], "order": "any_order"}})",
          "q.json: steps[1]: step 2 is a block in any order, and so are all steps; write its members as "
          "steps "
          "(invalid_question)"},
         {R"({"funnel": {"steps": ["a", {"any_order": ["b", "c"]}], "exclude": [{"event": "x"}],
              "on_exclusion": "disqualify"}})",
          "q.json: on_exclusion: where an exclusion disqualifies, this version knows no blocks: it would "
          "have "
          "to say of which order of a block the exclusion ended the chain (unsupported)"}});
}

TEST_CASE("command: a wrong word of an axis or an exclusion is refused with what is near") {
    check_members({
        {R"("order": "sequence")",
         "funnel.order: found \"sequence\", expected in_sequence, any_order, adjacent; did you mean "
         "\"in_sequence\"? (unknown_name)"},
        {R"("exclude": [{"evnt": "refund"}])",
         "funnel.exclude[0].evnt: found \"evnt\", expected event, where, after, before; did you mean "
         "\"event\"? (unknown_name)"},
        {R"("exclude": [{"event": "refund", "after": 2, "before": 1}])",
         "exclude[0]: an exclusion after step 2 and before step 1 of 2 spans nothing (invalid_question)"},
        {R"("exclude": [{"where": "a == 1"}])", "exclude[0]: exclusion 1 has no event (invalid_question)"},
        {R"("order": "any_order", "clock": "from_previous_step")",
         "clock: steps in any order have no previous step to count from (invalid_question)"},
        {R"("hold": [""])", "hold: hold has an attribute without a name (invalid_question)"},
    });
}

TEST_CASE("command: a wrong flow is refused") {
    check_each(
        {
            {R"({"flow": {"lifcycle": "b2b"}})",
             "f.json: flow.lifcycle: found \"lifcycle\", expected lifecycle, by, by_value, period, "
             "bucket, "
             "within, reach, amount, as_of, max_groups; did you mean \"lifecycle\"? (unknown_name)"},
            {R"({"flow": {"lifecycle": "b2c"}})",
             R"(f.json: lifecycle: no lifecycle is named "b2c" (unknown_name))"},
            {R"({"flow": {"by_value": {"at_step": 1}}})",
             "f.json: by_value: a flow has no steps; by_value is first_touch or last_touch "
             "(invalid_question)"},
            {R"({"flow": {"by_value": "each_value"}})",
             "f.json: by_value: in a flow a lead has one group for all its visits; by_value is "
             "first_touch or "
             "last_touch (invalid_question)"},
            {R"({"flow": {"within": "-90m"}})",
             "f.json: within: the window is -90m; it cannot be negative (invalid_question)"},
            {R"({"flow": {"reach": "exactly"}})",
             "f.json: flow.reach: found \"exactly\", expected or_later, exact; did you mean \"exact\"? "
             "(unknown_name)"},
            {R"({"flow": {"bucket": {"unit": "month", "zone": "Europe/Berln"}}})",
             "f.json: bucket.zone: " + no_berln},
            {R"({"flow": {"by": "why", "max_groups": 0}})",
             "f.json: max_groups: the breakdown has more than 0 groups; raise max_groups (limit_exceeded)"},
        },
        "f.json", "measure f.json stages.csv --lifecycle l.json");
}

TEST_CASE("command: a flow without a lifecycle is refused") {
    check_each({{R"({"flow": {}})",
                 "f.json: a flow is over the stages of a lifecycle; give --lifecycle (invalid_question)"}},
               "f.json", "measure f.json stages.csv");
}

TEST_CASE("command: a flow over an exit that is named like a column is refused") {
    check_each({{R"({"lifecycle": {"stages": ["mql", "sql"], "exits": ["entries"]}})",
                 "l.json: lifecycle.exits: the exit \"entries\" has the name of a column of the answer "
                 "(invalid_question)"}},
               "l.json", "measure f.json stages.csv --lifecycle l.json");
}

TEST_CASE("command: a wrong lifecycle is refused") {
    check_each(
        {{R"({"stages": ["mql"]})", "l.json: stages: found \"stages\", expected lifecycle (unknown_name)"},
         {R"({"lifecycle": "b2b"})",
          "l.json: lifecycle: found \"b2b\", expected an object (invalid_question)"}},
        "l.json", "derive l.json stages.csv");
    check_lifecycles({
        {"", "stages: a lifecycle needs at least one stage (invalid_question)"},
        {R"("stages": ["mql"], "exts": ["lost"])",
         "lifecycle.exts: found \"exts\", expected name, version, stages, exits, rules, "
         "versions, skipped, backward, "
         "repeated, same_time, reopened, unknown_stage; did you mean \"exits\"? (unknown_name)"},
        {R"("stages": [{"name": "mql", "terminl": true}])",
         "lifecycle.stages[0].terminl: found \"terminl\", expected name, stalled_after, terminal; did "
         "you "
         "mean \"terminal\"? (unknown_name)"},
        {R"("stages": ["mql", "mql"])",
         R"(stages[1]: two stages or exits are named "mql" (invalid_question))"},
        {R"("stages": ["mql"], "exits": ["mql"])",
         R"(exits[0]: two stages or exits are named "mql" (invalid_question))"},
        {R"("stages": [)" + many_names(65) + "]",
         "stages: 65 stages and exits are more than 64 (limit_exceeded)"},
        {R"("stages": [{"name": "mql", "stalled_after": "-1d"}])",
         "stages[0].stalled_after: stalled_after is negative (invalid_question)"},
        {R"("stages": [{"name": "mql", "terminal": 1}])",
         "lifecycle.stages[0].terminal: found 1, expected a truth value (invalid_question)"},
        {R"("stages": ["mql"], "stages": ["sql"])",
         R"(1:52: found the key "stages" twice in the object that ends here, expected once (bad_input))"},
        {R"("stages": ["mql"], "skipped": "keepjump")",
         "lifecycle.skipped: found \"keepjump\", expected keep_jump, fill, reject; did you mean "
         "\"keep_jump\"? (unknown_name)"},
        {R"("stages": ["mql"], "version": "2")",
         R"(lifecycle.version: found "2", expected a number (invalid_question))"},
        {R"("stages": ["mql"], "name": "")",
         R"(name: the name "" cannot be used: a name is empty (invalid_question))"},
    });
}

TEST_CASE("command: a rule that is wrong, or names an unknown stage, is refused") {
    const std::string places = R"("stages": ["mql", "sql"], )";
    check_rules({
        {R"({"to": "slq", "event": "x"})",
         "lifecycle.rules[0].to: \"slq\" is neither a stage nor an exit; did you mean \"sql\"? "
         "(unknown_name)"},
        {R"({"to": "sql", "event": "x", "from": ["mlq"]})",
         "lifecycle.rules[0].from: \"mlq\" is neither a stage nor an exit; did you mean \"mql\"? "
         "(unknown_name)"},
        {R"({"stage_change": {"event": "e", "attribute": "to", "map": {"Won": "customer"}}})",
         "lifecycle.rules[0].stage_change.map: \"customer\" is neither a stage nor an exit "
         "(unknown_name)"},
        {R"({"to": "sql", "evnt": "x"})",
         "lifecycle.rules[0].evnt: found \"evnt\", expected name, to, event, where, idle, stage_change, "
         "from, "
         "reason, reason_from; did you mean \"event\"? (unknown_name)"},
        {R"({"stage_change": {"event": "e", "atribute": "to"}})",
         "lifecycle.rules[0].stage_change.atribute: found \"atribute\", expected event, attribute, map, "
         "reason_from; did you mean \"attribute\"? (unknown_name)"},
        {R"({"stage_change": {"event": "e", "attribute": "to", "map": ["Won"]}})",
         "lifecycle.rules[0].stage_change.map: the map of a stage change is an object: word, then stage "
         "or "
         "exit (invalid_question)"},
        {R"({"to": "sql"})",
         "rules[0]: a rule needs a trigger: event, idle or stage_change (invalid_question)"},
        {R"({"event": "sql"})", "rules[0].to: a rule needs a stage or exit to go to (invalid_question)"},
        {R"({"to": "sql", "idle": "0d"})", "rules[0].idle: idle must be more than 0 (invalid_question)"},
        {R"({"to": "sql", "idle": "90 days"})", "lifecycle.rules[0].idle: \"90 days\"" + no_duration},
        {R"({"to": "sql", "event": "e", "where": "a >= "})",
         "lifecycle.rules[0].where: column 6: found the end, expected a text in single quotes, a number, "
         "true "
         "or false (invalid_question)"},
        {R"({"to": "sql", "event": "e", "stage_change": {"event": "e", "attribute": "x"}})",
         "rules[0]: a rule has two triggers and needs one (invalid_question)"},
    });
    check_lifecycles({
        {places + R"("rules": {"to": "sql"})",
         "lifecycle.rules: found an object, expected an array (invalid_question)"},
        {places + R"("unknown_stage": "fail", )" +
             R"("rules": [{"stage_change": {"event": "lost", "attribute": "why"}}])",
         "rules[0].stage_change: an event says the stage \"price\", which is no stage, exit or word of "
         "the map "
         "(unknown_name)"},
    });
}

TEST_CASE("command: a mapping whose text is wrong is refused") {
    check_mappings({
        {R"("led": "lead")",
         "m.json: mapping.led: found \"led\", expected lead, lead_kind, time_format, zone, events, lookup, "
         "keys; did you "
         "mean "
         "\"lead\"? (unknown_name)"},
        {R"("lead": 5)", "m.json: mapping.lead: found 5, expected a text (bad_input)"},
        {R"("lead": "a",)", R"(m.json: 1:14: found "}", which is not JSON at this place (bad_input))"},
        {R"("lead": "a", "lead": "b")",
         "m.json: 1:26: found the key \"lead\" twice in the object that ends here, expected once "
         "(bad_input)"},
        {R"("events": "x")", R"(m.json: mapping.events: found "x", expected an array (bad_input))"},
        {R"("events": [{"event": "x", "tim": "time"}])",
         "m.json: mapping.events[0].tim: found \"tim\", expected event, time, time_format, id, "
         "attributes; did "
         "you mean \"time\"? (unknown_name)"},
        {R"("events": [{"time": "time"}])",
         "m.json: mapping.events[0].event: found neither a fixed name nor a column for the event's name, "
         "expected one of them (bad_input)"},
        {R"("events": [{"event": {"colum": "event"}}])",
         "m.json: mapping.events[0].event.colum: found \"colum\", expected column; did you mean "
         "\"column\"? "
         "(unknown_name)"},
        {R"("events": [{"event": "x", "attributes": [{"name": "channel", "typ": "text"}]}])",
         "m.json: mapping.events[0].attributes[0].typ: found \"typ\", expected name, column, currency, "
         "type; "
         "did you mean \"type\"? (unknown_name)"},
        {R"("events": [{"event": "x", "attributes": [{"name": "channel", "type": "integr"}]}])",
         "m.json: mapping.events[0].attributes[0].type: found \"integr\", expected text, integer, "
         "number, "
         "money, time, boolean; did you mean \"integer\"? (unknown_name)"},
        {R"("events": [{"event": "x", "attributes": )"
         R"([{"name": "p", "type": "money", "currency": "euro"}]}])",
         "m.json: mapping.events[0].attributes[0].currency: \"euro\" is not a currency, expected three "
         "capital letters like \"EUR\" (bad_input)"},
        {R"("events": [{"event": "x", "attributes": ["channel", "channel"]}])",
         "m.json: mapping.events[0].attributes[1]: attribute \"channel\" stands twice, expected once "
         "(bad_input)"},
        {R"("time_format": "is")",
         "m.json: mapping.time_format: the time format is \"is\", expected iso, unix_s, unix_ms, unix_us "
         "or a "
         "pattern like \"%d.%m.%Y\"; did you mean \"iso\"? (bad_input)"},
        {R"("time_format": "%d.%m")",
         "m.json: mapping.time_format: the time format \"%d.%m\" has no year, expected %Y or %y "
         "(bad_input)"},
        {R"("zone": "Europe/Berln")", "m.json: mapping.zone: " + no_berln},
        {R"("lookup": [{"fil": "more.csv"}])",
         "m.json: mapping.lookup[0].fil: found \"fil\", expected file, key, attributes; did you mean "
         "\"file\"? (unknown_name)"},
        {R"("lookup": [{"file": "more.csv", "key": "lead", "attributes": []}])",
         "m.json: mapping.lookup[0].attributes: found no attributes, expected at least one to join "
         "(bad_input)"},
    });
}

TEST_CASE("command: a mapping that names a wrong column or file is refused") {
    check_mappings({
        {R"("lead": "leed")",
         R"(events.csv:1: column "leed" is not in the header; did you mean "lead"? (unknown_name))"},
        {R"("events": [{"event": "x", "time": "tme"}])",
         R"(events.csv:1: column "tme" is not in the header; did you mean "time"? (unknown_name))"},
        {R"("events": [{"event": {"column": "evnt"}}])",
         R"(events.csv:1: column "evnt" is not in the header; did you mean "event"? (unknown_name))"},
        {R"("events": [{"event": "x", "attributes": ["chanel"]}])",
         R"(events.csv:1: column "chanel" is not in the header; did you mean "channel"? (unknown_name))"},
        {R"("events": [{"event": "x", "id": "number"}])",
         R"(events.csv:1: column "number" is not in the header (unknown_name))"},
        {R"("lookup": [{"file": "more.csv", "key": "lead", "attributes": ["size"]}])",
         "more.csv: cannot open the file: No such file or directory (io)"},
    });
}

TEST_CASE("command: a joined file that is wrong is refused") {
    const folder f;
    f.write("m.json", R"({"lookup": [{"file": "more.csv", "key": "lead", "attributes": ["size"]}]})");
    const std::vector<wrong> all{
        {"", "more.csv:1: found nothing, expected a header that names the columns (bad_input)"},
        {"led,size\na,1\n",
         R"(more.csv:1: column "lead" is not in the header; did you mean "led"? (unknown_name))"},
        {"lead,sze\na,1\n",
         R"(more.csv:1: column "size" is not in the header; did you mean "sze"? (unknown_name))"},
        {"lead,size\na\n", "more.csv:2: found 1 fields, expected 2 as in the header (bad_input)"},
        {"lead,size\na,\"1\n", "more.csv:2:2: found a quote that is never closed (bad_input)"},
        {"lead,size\na,1\na,2\n",
         R"(more.csv:3: key "a" stands twice in column "lead", expected once (bad_input))"},
    };
    for (const wrong& w : all) {
        INFO(w.text);
        f.write("more.csv", w.text);
        CHECK(refusal(f.weir("measure q.json events.csv --map m.json")) == w.says);
    }
}

TEST_CASE("command: a wrong report is refused") {
    check_each(
        {{"{}", R"(r.json: a report is an object with the key "report" (bad_input))"},
         {R"({"report": {}})", "r.json: report.answers: a report needs an answer (invalid_question)"},
         {R"({"report": {"titel": "x"}})",
          "r.json: report.titel: found \"titel\", expected title, identity, lifecycle, answers; did you mean "
          "\"title\"? "
          "(unknown_name)"},
         {R"({"report": {"title": 3}})", "r.json: report.title: found 3, expected a text (invalid_question)"},
         {R"({"report": {"lifecycle": "b2c"}})",
          "r.json: report.lifecycle: \"b2c\" is no built-in lifecycle; did you mean \"b2b\"? (unknown_name)"},
         {R"({"report": {"lifecycle": {"stages": ["a"], "exist": ["b"]}}})",
          "r.json: report.lifecycle.exist: found \"exist\", expected name, version, stages, exits, rules, "
          "versions, skipped, backward, repeated, same_time, reopened, unknown_stage; did you mean "
          "\"exits\"? "
          "(unknown_name)"},
         {R"({"report": {"lifecycle": {"stages": ["a", "a"]}, "answers": [
             {"question": {"flow": {}}}, {"question": {"flow": {}}}]}})",
          "r.json: report.lifecycle.stages[1]: two stages or exits are named \"a\" (invalid_question)"},
         {R"({"report": {"answers": {}}})",
          "r.json: report.answers: found an object, expected an array (invalid_question)"}},
        "r.json", "report r.json events.csv -o r.html");
    const std::string fine = R"({"question": {"funnel": {"steps": ["visit"]}}}, )";
    check_answers({
        {"7", "r.json: answers[0]: found 7, expected an object (invalid_question)"},
        {R"({"title": "A"})", "r.json: answers[0]: an answer of a report needs a question (bad_input)"},
        {R"({"tilte": "A", "question": {"flow": {}}})",
         "r.json: answers[0].tilte: found \"tilte\", expected title, lifecycle, question; did you mean "
         "\"title\"? (unknown_name)"},
        {R"({"question": {"flwo": {}}})",
         "r.json: answers[0].question.flwo: there is no question \"flwo\"; did you mean \"flow\"? "
         "(unknown_name)"},
        {fine + R"({"question": {"funnel": {"steps": ["a"], "within": "x"}}})",
         "r.json: answers[1].question.funnel.within: \"x\"" + no_duration},
        {R"({"lifecycle": "b2c", "question": {"flow": {}}})",
         "r.json: answers[0].lifecycle: \"b2c\" is no built-in lifecycle; did you mean \"b2b\"? "
         "(unknown_name)"},
        {R"({"lifecycle": {"stages": ["a"], "exist": ["b"]}, "question": {"flow": {}}})",
         "r.json: answers[0].lifecycle.exist: found \"exist\", expected name, version, stages, exits, "
         "rules, "
         "versions, skipped, backward, repeated, same_time, reopened, unknown_stage; did you mean \"exits\"? "
         "(unknown_name)"},
        {R"({"lifecycle": 3, "question": {"flow": {}}})",
         "r.json: answers[0].lifecycle: found 3, expected an object (invalid_question)"},
        {fine + R"({"lifecycle": {"stages": ["a", "a"]}, "question": {"flow": {}}})",
         R"(r.json: answers[1].lifecycle.stages[1]: two stages or exits are named "a" (invalid_question))"},
        {fine + R"({"question": {"funnel": {"steps": ["visit"], "by": "channel", "max_groups": 1}}})",
         "r.json: answers[1].max_groups: the breakdown has more than 1 groups; raise max_groups "
         "(limit_exceeded)"},
        {fine + R"({"question": {"flow": {}}})",
         "r.json: answers[1].lifecycle: the snapshot has no lifecycle; derive one first (invalid_question)"},
        {fine + R"({"question": {"funnel": {"steps": ["a"], "counting": "accounts"}}})",
         "r.json: answers[1].account: accounts are counted by an attribute; none is named "
         "(invalid_question)"},
    });
}

#endif
