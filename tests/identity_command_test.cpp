// Keys out of files, and identities on the command line.
#include <string>

#include <weir.hpp>

#include "catch.hpp"
#include "command.hpp"

namespace {

using weir_test::ContainsSubstring;

std::string attributes_of(const weir::store& store, const weir::lead_id& lead) {
    std::string out;
    for (const auto& e : events_of(store.snapshot(), lead).value()) {
        out += e.name;
        for (const auto& a : e.attributes) out += " " + a.name + "=" + to_string(a.value);
        out += "; ";
    }
    return out;
}

std::string fault_of(const std::string& mapping) {
    const auto m = weir::mapping_from_json(mapping);
    return m ? "none" : m.error().where + ": " + m.error().message;
}

}  // namespace

TEST_CASE("ingest: a mapping's keys become attributes of every event, and their columns nothing else") {
    weir::store store;
    weir::csv file{.path = "events.csv",
                   .mapping = weir::mapping_from_json(R"({"lead": "cookie", "lead_kind": "cookie",
                       "keys": {"user": "user_id", "mail": "address"}})")
                                  .value(),
                   .content =
                       "cookie,event,time,user_id,address,page\n"
                       "c1,visit,2024-01-01,42,,home\nc1,form,2024-01-02,,a@b,\n"};
    load(store, file).value();
    CHECK(attributes_of(store, {"cookie", "c1"}) == "visit keys.user=42 page=home; form keys.mail=a@b; ");
    CHECK(attributes_of(store, "c1").empty());
    const auto joined = derive(store.snapshot(), weir::identity{}).value();
    CHECK(events_of(joined, {"user", "42"}).value().size() == 2);
    CHECK(events_of(joined, {"mail", "a@b"}).value().size() == 2);
}

TEST_CASE("ingest: a JSON line may hold keys, each of a kind") {
    weir::store store;
    const auto report =
        load(store,
             weir::json_lines{.path = "events.jsonl",
                              .content = R"({"lead":"c1","event":"a","time":"2024-01-01","keys":{"user":42}}
{"lead":"c2","event":"b","time":"2024-01-02","keys":{"user":"42","mail":"a@b"}}
{"lead":"c3","event":"c","time":"2024-01-03","keys":{"user":{"id":7}}}
{"lead":"c4","event":"d","time":"2024-01-04","keys":"text"})"})
            .value();
    CHECK(report.events == 3);
    REQUIRE(report.samples.size() == 1);
    CHECK(report.samples.front().field == "keys.user");
    CHECK(attributes_of(store, "c4") == "d keys=text; ");
    const auto joined = derive(store.snapshot(), weir::identity{.ranks = "user"}).value();
    CHECK(joined.leads() == 2);
    CHECK(to_string(events_of(joined, {"mail", "a@b"}).value().front().lead) == "user:42");
}

TEST_CASE("mapping: keys have kinds and columns, each kind once") {
    const auto m = weir::mapping_from_json(R"({"lead_kind": "cookie", "keys": {"user": "id"}})").value();
    CHECK(m.keys == std::vector<weir::key_mapping>{{"user", "id"}});
    CHECK(weir::mapping_from_json(to_json(m)).value() == m);
    CHECK(fault_of(R"({"keys": ["user"]})") ==
          "mapping.keys: keys are an object: a kind, then the column that holds the key");
    CHECK(fault_of(R"({"keys": {"user": ""}})") ==
          "mapping.keys: found an empty text, expected the name of a column");
    CHECK(fault_of(R"({"keys": {"user": 3}})") != "none");
    CHECK(
        fault_of(R"({"keys": {"user": "id"}, "events": [{"event": "x", "attributes": ["keys.user"]}]})") ==
        "mapping.keys: attribute \"keys.user\" comes from column \"keys.user\" and from a key, expected one "
        "of them");
    // A column of the name that a key becomes gives way.
    weir::store store;
    load(store, weir::csv{.path = "x.csv",
                          .mapping = m,
                          .content = "lead,event,time,id,keys.user\n"
                                     "c1,a,2024-01-01,7,8\n"})
        .value();
    CHECK(attributes_of(store, {"cookie", "c1"}) == "a keys.user=7; ");
}

TEST_CASE("report: an identity of the definition puts leads together for every answer") {
    const auto asked = weir::report_from_json(R"({"report": {"identity": {"ranks": "user"},
        "answers": [{"question": {"funnel": {"steps": ["a", "b"]}}},
                    {"question": {"funnel": {"steps": ["a", "b"], "as_of": "2024-01-01"}}}]}})")
                           .value();
    weir::store store;
    load(store, weir::csv{.path = "x.csv",
                          .content = "lead,event,time,keys.user\n"
                                     "c1,a,2024-01-01,\nc2,b,2024-01-02,7\n"
                                     "c1,c,2024-01-03,7\n"})
        .value();
    const auto page = measure(store.snapshot(), asked).value();
    CHECK(page.sections[0].answer.find("steps")->get<std::int64_t>(1, "leads").value() == 1);
    CHECK(page.sections[1].answer.find("steps")->get<std::int64_t>(1, "leads").value() == 0);
    const auto wrong =
        measure(store.snapshot(), weir::report_question{.title = {},
                                                        .identity = weir::identity{.max_keys = 0},
                                                        .lifecycle = {},
                                                        .answers = asked.answers});
    CHECK(wrong.error().where == "identity.max_keys");
    CHECK(weir::report_from_json(R"({"report": {"identity": {"rank": 1}, "answers": []}})").error().where ==
          "report.identity.rank");
}

#ifdef WEIR_COMMAND

namespace {

// Two devices of one user, neither of which gets far alone.
void write_sources(const folder& f) {
    f.write("two.csv",
            "lead,event,time,user_id\nphone,visit,2024-01-01,\nphone,login,2024-01-02,7\n"
            "desk,login,2024-01-03,7\ndesk,won,2024-01-04,\n");
    f.write("i.json", R"({"identity": {"rules": [{"event": "login", "keys": {"user": "user_id"}}]}})");
    f.write("stages.json", R"({"lifecycle": {"stages": ["in", "out"],
        "rules": [{"to": "in", "event": "visit"}, {"to": "out", "event": "won"}]}})");
    f.write("page.json", R"({"report": {"title": "t", "answers": [
        {"title": "f", "question": {"funnel": {"steps": ["visit", "won"]}}}]}})");
}

}  // namespace

TEST_CASE("command: --identity puts leads together before a question, a lifecycle and a report") {
    const folder f;
    write_sources(f);
    CHECK(counts(f.weir("measure q.json two.csv --format csv").out) == "visit 1, won 0");
    CHECK(counts(f.weir("measure q.json two.csv --identity i.json --format csv").out) == "visit 1, won 1");
    CHECK(counts(f.weir("measure q.json two.csv --identity i.json --as-of 2024-01-02 --format csv").out) ==
          "visit 1, won 0");
    const ended derived = f.weir("derive stages.json two.csv --identity i.json");
    CHECK_THAT(derived.out, ContainsSubstring("desk,in,2024-01-01T00:00:00Z"));
    CHECK_THAT(derived.out, ContainsSubstring("desk,out,2024-01-04T00:00:00Z"));
    CHECK(f.weir("report page.json two.csv --identity i.json -o page.html").status == 0);
    CHECK_THAT(f.read("page.html"), ContainsSubstring("identity: 2 leads became 1"));
}

TEST_CASE("command: a fault of an identity is said with its file") {
    const folder f;
    write_sources(f);
    f.write("wrong.json", R"({"identity": {"max_keys": 0}})");
    f.write("later.json", R"({"identity": {"merges": "from_merge_time"}})");
    f.write("no.json", R"({"funnel": {}})");
    CHECK(refusal(f.weir("measure q.json two.csv --identity wrong.json")) ==
          "wrong.json: max_keys: max_keys is 0; a lead has one key at least (invalid_question)");
    CHECK(refusal(f.weir("derive b2b two.csv --identity later.json")) ==
          "later.json: merges: leads cannot be put together from_merge_time on; whole_history puts all their "
          "events together (unsupported)");
    CHECK_THAT(refusal(f.weir("report page.json two.csv -o x.html --identity no.json")),
               ContainsSubstring("no.json: "));
    CHECK_THAT(refusal(f.weir("measure q.json two.csv --identity none.json")),
               ContainsSubstring("none.json: the file cannot be opened"));
}

#endif
