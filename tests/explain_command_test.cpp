// explain_command_test.cpp - the program weir, asked why a lead is where it is.
#ifdef WEIR_COMMAND

#include <string>

#include "catch.hpp"
#include "command.hpp"

using weir_test::ContainsSubstring;

TEST_CASE("command: explain says why a lead stands at its step, as text and as JSON") {
    const folder f;
    const ended stopped = f.weir("explain q.json events.csv --lead b");
    CHECK(stopped.status == 0);
    CHECK_THAT(stopped.out, ContainsSubstring("b is at step 1 of 2, still open: no event up to "
                                              "2024-01-03T00:00:00Z matches step 2, \"won\""));
    CHECK_THAT(stopped.out,
               ContainsSubstring("it would get further with: one more event of step 2, \"won\""));
    CHECK(stopped.err == "events.csv: 3 rows, 3 events, 0 rows without an event, 0 rejected\n");
    const ended reached = f.weir("explain q.json events.csv --lead a --format json");
    CHECK(reached.status == 0);
    CHECK_THAT(reached.out, ContainsSubstring("\"title\": \"a reaches the last of 2 steps\""));
    CHECK_THAT(f.weir("explain q.json events.csv --lead a --as-of 2024-01-02").out,
               ContainsSubstring("a is at step 1 of 2, still open"));
    CHECK_THAT(f.weir("explain q.json events.csv --lead nobody").out,
               ContainsSubstring("there is no event of lead \"nobody\""));
}

TEST_CASE(
    "command: explain of a flow says why a lead is in its stage, and of a funnel over stages, both work") {
    const folder f;
    const ended lost = f.weir("explain f.json stages.csv --lead a --lifecycle l.json");
    CHECK(lost.status == 0);
    CHECK_THAT(lost.out, ContainsSubstring("a is in lost since 2024-01-03T00:00:00Z, by rules[2]"));
    CHECK_THAT(lost.out, ContainsSubstring("price"));
    f.write("s.json", R"({"funnel": {"steps": ["mql", "sql"]}})");
    CHECK_THAT(f.weir("explain s.json stages.csv --lead b --lifecycle l.json").out,
               ContainsSubstring("b reaches the last of 2 steps"));
}

TEST_CASE("command: explain finds a lead by any of its keys") {
    const folder f;
    f.write("i.json",
            R"({"identity": {"ranks": "user", "rules": [{"event": "login", "keys": {"user": "id"}}]}})");
    f.write(
        "keys.csv",
        "lead,event,time,id\nphone,visit,2024-01-01,\nphone,login,2024-01-02,42\ndesk,login,2024-01-03,42\n"
        "desk,won,2024-01-04,\n");
    for (const char* lead : {"phone", "desk", "user:42"}) {
        const ended e = f.weir("explain q.json keys.csv --identity i.json --lead " + std::string(lead));
        CHECK(e.status == 0);
        CHECK_THAT(e.out, ContainsSubstring("reaches the last of 2 steps"));
    }
}

TEST_CASE("command: explain says which file or word is wrong") {
    const folder f;
    f.write("bad.json", R"({"funnel": {"steps": []}})");
    CHECK(refusal(f.weir("explain bad.json events.csv --lead a")) ==
          "bad.json: steps: a funnel needs a step (invalid_question)");
    CHECK(refusal(f.weir("explain f.json events.csv --lead a")) ==
          "f.json: a flow is over the stages of a lifecycle; give --lifecycle (invalid_question)");
    CHECK(refusal(f.weir("explain none.json events.csv --lead a")) ==
          "none.json: the file cannot be opened (io)");
    f.write("named.json", R"({"flow": {"lifecycle": "deals"}})");
    CHECK_THAT(refusal(f.weir("explain named.json stages.csv --lead a --lifecycle l.json")),
               ContainsSubstring("unknown_name"));
}

#endif
