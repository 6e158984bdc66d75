// command_test.cpp - the program weir: its words, its files, its rows, and what it answers.
#ifdef WEIR_COMMAND

#include <string>
#include <vector>

#include "catch.hpp"
#include "command.hpp"

using weir_test::ContainsSubstring;

namespace {

struct wrong {
    std::string arguments;
    std::string says;  // behind "weir: "
};

void check_each(const folder& f, const std::vector<wrong>& all) {
    for (const wrong& w : all) {
        INFO(w.arguments);
        CHECK(refusal(f.weir(w.arguments)) == w.says);
    }
}

void check_command_line(std::vector<wrong> all) {
    for (wrong& w : all) w.says = "command line: " + w.says;
    check_each(folder(), all);
}

const std::string no_time =
    " is not a time, expected one like \"2024-01-31\" or \"2024-01-31T10:30:00.5+02:00\" (invalid_question)";

struct source {
    std::string content;
    std::string says;  // of the whole, or behind "row rejected: " and its place
};

const std::string header = "lead,event,time\n";
const std::string good_row = "a,visit,2024-01-01\n";
const std::string good_object = "{\"lead\": \"a\", \"event\": \"visit\", \"time\": \"2024-01-01\"}\n";

// Each content has one row that gives an event, and one that is rejected.
void check_rejected(const folder& f, const std::vector<source>& all, const std::string& file,
                    const std::string& arguments = {}) {
    for (const source& s : all) {
        INFO(s.content.substr(0, 200));
        f.write(file, s.content);
        const ended e = f.weir("measure q.json " + file + " --format csv " + arguments);
        CHECK(e.err ==
              file + s.says + "\n" + file + ": 2 rows, 1 events, 0 rows without an event, 1 rejected\n");
        CHECK(e.status == 0);
        CHECK(counts(e.out) == "visit 1, won 0");
    }
}

// What a funnel counts; the program has to end well and to accept every row.
std::string counted(const folder& f, const std::string& arguments) {
    const ended e = f.weir("measure " + arguments + " --format csv");
    CHECK(e.status == 0);
    CHECK_THAT(e.err, !ContainsSubstring("row rejected"));
    return counts(e.out);
}

}  // namespace

// The harness
// ------------------------------------------------------------------------------

TEST_CASE("command: the harness sees both outputs, the status and a crash") {
    const folder f;
    const ended e = f.run("cat l.json >/dev/null; echo out; echo err >&2; exit 3");
    CHECK(e.status == 3);
    CHECK(e.out == "out\n");
    CHECK(e.err == "err\n");
    CHECK(f.run("kill -ABRT $$").status >= 128);
    CHECK(refusal({1, "", "weir: no\n"}) == "no");
    for (const ended& other :
         {ended{0, "", "weir: no\n"}, ended{1, "answer", "weir: no\n"}, ended{1, "", ""},
          ended{1, "", "no\n"}, ended{1, "", "weir: no\nmore\n"}, ended{134, "", "weir: no\n"}})
        CHECK(refusal(other).starts_with("status "));
    CHECK(counts("group,step,name,leads\n,1,visit,2\nads,1,visit,1\n") == "visit 2, ads: visit 1");
}

// What is refused
// ------------------------------------------------------------------------------

TEST_CASE("command: wrong words on the command line are refused") {
    const std::string measure = "measure q.json events.csv ";
    check_command_line({
        {"", "no command is given; see weir --help (invalid_question)"},
        {"measur q.json events.csv", "there is no command \"measur\"; see weir --help (invalid_question)"},
        {"measure", "weir measure needs a QUESTION and a SOURCE; see weir --help (invalid_question)"},
        {"measure q.json", "weir measure needs a QUESTION and a SOURCE; see weir --help (invalid_question)"},
        {"derive b2b", "weir derive needs a LIFECYCLE and a SOURCE; see weir --help (invalid_question)"},
        {"explain q.json events.csv", "weir explain needs a --lead (invalid_question)"},
        {"explain q.json --lead a",
         "weir explain needs a QUESTION and a SOURCE; see weir --help (invalid_question)"},
        {"explain q.json events.csv --lead a --format csv",
         "weir explain has no format \"csv\"; it has text json (invalid_question)"},
        {"measure q.json events.csv --lead a", "weir measure takes no --lead (invalid_question)"},
        {"append store", "weir append needs a STORE and a SOURCE; see weir --help (invalid_question)"},
        {"append store events.csv --lifecycle b2b", "weir append takes no --lifecycle (invalid_question)"},
        {"append store events.csv --as-of 2024-01-01", "weir append takes no --as-of (invalid_question)"},
        {"append store events.csv --format csv", "weir append takes no --format (invalid_question)"},
        {"append store events.csv -o out", "weir append takes no --output (invalid_question)"},
        {"append store events.csv --identity i.json", "weir append takes no --identity (invalid_question)"},
        {"verify", "weir verify needs a STORE; see weir --help (invalid_question)"},
        {"verify store more", "weir verify takes one STORE (invalid_question)"},
        {"verify store --map m.json", "weir verify takes no --map (invalid_question)"},
        {measure + "--thread 2", "unrecognised option '--thread' (invalid_question)"},
        {measure + "-x", "unrecognised option '-x' (invalid_question)"},
        {measure + "--threads", "the required argument for option '--threads' is missing (invalid_question)"},
        {measure + "--threads two",
         "the argument ('two') for option '--threads' is invalid (invalid_question)"},
        {measure + "--threads 0", "--threads is 0; give 1 to 256 (invalid_question)"},
        {measure + "--threads 257", "--threads is 257; give 1 to 256 (invalid_question)"},
        {measure + "--memory 0", "--memory is 0; give a number of bytes (invalid_question)"},
        {measure + "--memory 1GB",
         "the argument ('1GB') for option '--memory' is invalid (invalid_question)"},
        {measure + "--format xml",
         "weir measure has no format \"xml\"; it has text json csv svg html (invalid_question)"},
        {measure + "--format json --format csv",
         "option '--format' cannot be specified more than once (invalid_question)"},
        {measure + "--as-of yesterday", "--as-of: \"yesterday\"" + no_time},
        {measure + "--as-of 2024-13-01", "--as-of: \"2024-13-01\"" + no_time},
        {measure + "events.csv events.csv --map m.json --map m.json",
         "there are 2 --map for 3 sources; give none, one, or one for each source (invalid_question)"},
        {measure + "--lifecycle b2", "\"b2\" is no built-in lifecycle; did you mean \"b2b\"? (unknown_name)"},
        {"derive b2bb stages.csv", "\"b2bb\" is no built-in lifecycle; did you mean \"b2b\"? (unknown_name)"},
        {"derive zebra stages.csv", "\"zebra\" is no built-in lifecycle (unknown_name)"},
        {"derive l.json stages.csv --lifecycle b2b", "weir derive takes no --lifecycle (invalid_question)"},
        {"derive l.json stages.csv --format html",
         "weir derive has no format \"html\"; it has csv json (invalid_question)"},
        {"report r.json events.csv --format text",
         "weir report has no format \"text\"; it has html (invalid_question)"},
    });
}

TEST_CASE("command: files that cannot be read or written are refused") {
    const folder f;
    f.write("m.json", R"({"lookup": [{"file": "folder", "key": "lead", "attributes": ["size"]}]})");
    f.write("folder/events.csv", header);
    check_each(
        f,
        {
            {"measure no.json events.csv", "no.json: the file cannot be opened (io)"},
            {"measure q.json no.csv", "no.csv: cannot open the file: No such file or directory (io)"},
            {"measure q.json events.csv no.csv",
             "no.csv: cannot open the file: No such file or directory (io)"},
            {"measure q.json no.jsonl", "no.jsonl: cannot open the file: No such file or directory (io)"},
            {"measure q.json events.csv --map no.json", "no.json: the file cannot be opened (io)"},
            {"measure f.json stages.csv --lifecycle no.json", "no.json: the file cannot be opened (io)"},
            {"report no.json events.csv", "no.json: the file cannot be opened (io)"},
            {"measure folder events.csv", "folder: found a directory, expected a file (io)"},
            {"derive folder stages.csv", "folder: found a directory, expected a file (io)"},
            {"report folder events.csv", "folder: found a directory, expected a file (io)"},
            {"measure f.json stages.csv --lifecycle folder",
             "folder: found a directory, expected a file (io)"},
            {"measure q.json events.csv --map folder", "folder: found a directory, expected a file (io)"},
            {"measure q.json events.csv --map m.json", "folder: cannot read the file: Is a directory (io)"},
            {"measure q.json folder", "folder: the directory holds other files and no store (bad_input)"},
            {"measure q.json folder events.csv",
             "folder: found a directory, expected a file; a store on disk is the only SOURCE, "
             "or that of weir append (invalid_question)"},
            {"measure q.json events.csv -o no/answer", "no/answer: the file cannot be written (io)"},
            {"measure q.json events.csv -o folder", "folder: the file cannot be written (io)"},
            {"report r.json events.csv -o no/r.html", "no/r.html: the file cannot be written (io)"},
        });
}

TEST_CASE("command: an answer that standard output cannot take is an error") {
    const ended e = folder().weir("measure q.json events.csv >/dev/full");
    CHECK(refusal(e) == "standard output cannot be written (io)");
}

TEST_CASE("command: limits that are exceeded are refused") {
    const folder f;
    f.write("circle.json", R"({"lifecycle": {"stages": ["a", "b"], "rules": [{"to": "a", "event": "mql"},
        {"to": "b", "idle": "1d", "from": "a"}, {"to": "a", "idle": "1d", "from": "b"}]}})");
    check_each(
        f,
        {{"derive circle.json stages.csv --as-of 9999-01-01",
          "circle.json: rules: more than 100000 time-outs of a lead follow one another without an event; do "
          "idle rules lead in a circle? (limit_exceeded)"}});
    const std::string memory = refusal(f.weir("measure q.json events.csv --memory 1000"));
    CHECK(memory.starts_with("memory_budget: the events would take "));
    CHECK(memory.ends_with(" bytes, memory_budget is 1000 (limit_exceeded)"));
}

// Sources
// ------------------------------------------------------------------------------

TEST_CASE("command: a source whose header is wrong is refused") {
    const folder f;
    const std::vector<source> all{
        {"", ":1: found nothing, expected a header that names the columns (bad_input)"},
        {"\n\n", ":1: found nothing, expected a header that names the columns (bad_input)"},
        {"leed,event,time\na,visit,2024-01-01\n",
         ":1: column \"lead\" is not in the header; did you mean \"leed\"? (unknown_name)"},
        {"lead,event\na,visit\n", ":1: column \"time\" is not in the header (unknown_name)"},
        {"lead;event;time\na;visit;2024-01-01\n",
         ":1: column \"lead\" is not in the header, which has the column \"lead;event;time\" alone "
         "(unknown_name)"},
        {"lead,event,lead,time\na,visit,a,2024-01-01\n",
         ":1: column \"lead\" stands twice in the header, expected once (bad_input)"},
        {"lead,event,time,x,x\na,visit,2024-01-01,1,2\n",
         ":1: column \"x\" stands twice in the header, expected once (bad_input)"},
        {"lead,ev\xff,time\n",
         ":1:2: the header cannot be read: found \"ev\\xff\", which is not valid UTF-8 (bad_input)"},
        {"lead,event,\"time\n",
         ":1:3: the header cannot be read: found a quote that is never closed (bad_input)"},
        {header + "", ": found no rows (bad_input)"},
        {header + "a,visit,\n", ": none of 1 rows gave an event (bad_input)"},
    };
    for (const source& s : all) {
        INFO(s.content);
        f.write("s.csv", s.content);
        CHECK(refusal(f.weir("measure q.json s.csv")) == "s.csv" + s.says);
    }
    f.write("s.jsonl", "\n");
    CHECK(refusal(f.weir("measure q.json s.jsonl")) == "s.jsonl: found no rows (bad_input)");
}

TEST_CASE("command: a row that cannot be read is counted and named, and the rest is answered") {
    const std::string two = header + good_row;
    const std::string field = ":3:2: row rejected: event: ";
    check_rejected(
        folder(),
        {
            {two + "b,visit,01.02.2024\n",
             ":3:3: row rejected: time: found \"01.02.2024\", expected a time as iso, like "
             "2024-01-31T10:30:00Z"},
            {two + "b,visit,2024-02-30\n",
             ":3:3: row rejected: time: found \"2024-02-30\", expected a time as iso, like "
             "2024-01-31T10:30:00Z"},
            {two + "b,vi\xffsit,2024-01-01\n", field + "found \"vi\\xffsit\", which is not valid UTF-8"},
            {two + "b,vi" + std::string(1, '\0') + "sit,2024-01-01\n",
             field + "found a NUL byte, expected text"},
            {two + "b,visit\n", ":3: row rejected: found 2 fields, expected 3 as in the header"},
            {two + "b,visit,2024-01-01,x\n", ":3: row rejected: found 4 fields, expected 3 as in the header"},
            {two + "b,\"visit,2024-01-01\nc,visit,2024-01-01\n",
             field + "found a quote that is never closed"},
            {two + "b,vi\"sit,2024-01-01\n",
             field + "found a quote inside a field that does not begin with one"},
            {two + "b,\"vi\"sit,2024-01-01\n",
             field + "found text after the closing quote, expected a separator or the end of the line"},
            {two + ",visit,2024-01-01\n",
             ":3:1: row rejected: lead: found nothing, expected a lead as text or as a whole number"},
            {two + "b,,2024-01-01\n",
             field + "found nothing, expected the name of an event as text or as a whole number"},
            {two + "b," + std::string(129, 'v') + ",2024-01-01\n",
             field + "name has 129 bytes, at most 128 are allowed"},
            {two + "b,visit," + std::string((std::size_t{1} << 20) + 1, '9') + "\n",
             ":3:3: row rejected: time: found a field of 1048577 bytes, at most 1048576 are allowed"},
            {header + "b,visit,\"2024-\n01\"\n" + good_row,
             ":2:3: row rejected: time: found \"2024-\\n01\", expected a time as iso, like "
             "2024-01-31T10:30:00Z"},
        },
        "s.csv");
}

TEST_CASE("command: a value that is not of the type of its mapping rejects the row") {
    const folder f;
    f.write("m.json", R"({"zone": "Europe/Berlin", "time_format": "%Y-%m-%d %H:%M", "events": [{
        "event": {"column": "event"}, "attributes": [
            {"name": "price", "type": "money", "currency": "EUR"}, {"name": "pages", "type": "integer"},
            {"name": "paid", "type": "boolean"}, {"name": "score", "type": "number"}]}]})");
    const auto rows = [](const std::string& values) {
        return "lead,event,time,price,pages,paid,score\na,visit,2024-03-01 10:00,1.99,3,yes,-0.5\nb,visit," +
               values + "\n";
    };
    check_rejected(
        f,
        {
            {rows("2024-03-31 02:30,1,1,no,1"),
             ":3:3: row rejected: time: found \"2024-03-31 02:30\", which daylight saving skips in "
             "Europe/Berlin, expected a time that exists"},
            {rows("2024-03-01,1,1,no,1"),
             ":3:3: row rejected: time: found \"2024-03-01\", expected a time as \"%Y-%m-%d %H:%M\""},
            {rows("2024-03-01 10:00,1.999,1,no,1"),
             ":3:4: row rejected: price: found \"1.999\", expected an amount in EUR with at most 2 decimals"},
            {rows("2024-03-01 10:00,1,1.5,no,1"),
             ":3:5: row rejected: pages: found \"1.5\", expected a whole number of 64 bits"},
            {rows("2024-03-01 10:00,1,1,maybe,1"),
             ":3:6: row rejected: paid: found \"maybe\", expected true or false, yes or no, 1 or 0"},
            {rows("2024-03-01 10:00,1,1,no,nan"),
             ":3:7: row rejected: score: found \"nan\", expected a finite number like -12.5"},
        },
        "s.csv", "--map m.json");
}

TEST_CASE("command: a line that is no event in JSON is counted and named") {
    check_rejected(
        folder(),
        {
            {good_object + "[1, 2]\n",
             ":2: row rejected: found JSON that is not an object, expected one like {\"lead\": ...}"},
            {good_object + "nonsense\n",
             ":2: row rejected: found \"nonsense\", which is not JSON at this place"},
            {good_object + "{\"lead\": \"b\"\n",
             ":2: row rejected: found the end of the text, expected the rest of a JSON value"},
            {good_object + R"({"event": "visit", "time": "2024-01-01"})",
             ":2: row rejected: lead: found nothing, expected a lead as text or as a whole number"},
            {good_object + R"({"lead": 1.5, "event": "visit", "time": "2024-01-01"})",
             ":2: row rejected: lead: found 1.5, expected a lead as text or as a whole number"},
            {good_object + R"({"lead": "b", "event": "visit", "time": 5})",
             ":2: row rejected: time: found \"5\", expected a time as iso, like 2024-01-31T10:30:00Z"},
            {good_object + R"({"lead": "b", "event": "visit", "time": "2024-01-01", "x": {"y": 1}})",
             ":2: row rejected: x: found an object, expected a single value"},
            {good_object + R"({"lead": "b", "lead": "c", "event": "visit", "time": "2024-01-01"})",
             ":2: row rejected: found the key \"lead\" twice in the object that ends here, expected once"},
            {good_object + R"({"lead": "b\u0000", "event": "visit", "time": "2024-01-01"})",
             ":2: row rejected: lead: found \"b\\x00\", expected a lead without NUL characters"},
        },
        "s.jsonl");
}

TEST_CASE("command: without an accepted row the rejected ones are named, and the status is 1") {
    const folder f;
    f.write("s.csv", header + "a,visit,soon\n");
    const ended e = f.weir("measure q.json s.csv");
    CHECK(e.err ==
          "s.csv:2:3: row rejected: time: found \"soon\", expected a time as iso, like 2024-01-31T10:30:00Z\n"
          "weir: s.csv: none of 1 rows gave an event (bad_input)\n");
    CHECK(e.status == 1);
    CHECK(e.out == "");
}

TEST_CASE("command: of many rejected rows the first ten are named and all are counted") {
    const folder f;
    std::string content = header + good_row, named;
    for (int line = 3; line < 15; ++line) {
        content += "b,visit\n";
        if (line < 13)
            named += "s.csv:" + std::to_string(line) +
                     ": row rejected: found 2 fields, expected 3 as in the header\n";
    }
    f.write("s.csv", content);
    const ended e = f.weir("measure q.json s.csv");
    CHECK(e.err == named + "s.csv: 13 rows, 1 events, 0 rows without an event, 12 rejected\n");
    CHECK(e.status == 0);
}

// What is answered
// ------------------------------------------------------------------------------

TEST_CASE("command: --help says how it is used") {
    const ended e = folder().weir("--help");
    CHECK(e.status == 0);
    CHECK_THAT(e.out, ContainsSubstring("weir measure QUESTION.json SOURCE..."));
    CHECK(e.err == "");
}

TEST_CASE("command: a funnel is answered as CSV and as JSON") {
    const folder f;
    const ended csv = f.weir("measure q.json events.csv --format csv");
    CHECK(csv.out ==
          "group,step,name,leads,of_first.n,of_first.of,of_first.value,of_first.low,of_first.high,"
          "of_first.status,of_previous.n,of_previous.of,of_previous.value,of_previous.low,of_previous.high,"
          "of_previous.status,median_wait,p90_wait\n"
          ",1,visit,2,2,2,1,0.3423802275066531,1,boundary,2,2,1,0.3423802275066531,1,boundary,,\n"
          ",2,won,1,1,2,0.5,0.09453120573423071,0.9054687942657693,ok,1,2,0.5,0.09453120573423071,"
          "0.9054687942657693,ok,172800000000,172800000000\n");
    CHECK(csv.err == "events.csv: 3 rows, 3 events, 0 rows without an event, 0 rejected\n");
    CHECK(csv.status == 0);

    const ended json = f.weir("measure q.json events.csv --format json");
    CHECK(json.out.starts_with("{\n  \"question\": {\n    \"funnel\": {\n      \"steps\": ["));
    CHECK_THAT(json.out, ContainsSubstring("\"title\": \"50 % of 2 reach won\""));
    CHECK(json.out.ends_with("}\n"));
    CHECK(json.status == 0);
}

TEST_CASE("command: --as-of beats the question, and may lie behind the last event") {
    const folder f;
    f.write("q.json", R"({"funnel": {"steps": ["visit", "won"], "as_of": "2024-01-03"}})");
    CHECK(counted(f, "q.json events.csv") == "visit 2, won 1");
    CHECK(counted(f, "q.json events.csv --as-of 2024-01-02") == "visit 2, won 0");
    const std::string flow = "measure f.json stages.csv --lifecycle l.json --format json";
    f.write("f.json", R"({"flow": {"as_of": "2030-01-01"}})");
    CHECK_THAT(f.weir(flow).out, ContainsSubstring("\"as_of\": \"2030-01-01T00:00:00Z\""));
    CHECK_THAT(f.weir(flow + " --as-of 2024-01-02").out,
               ContainsSubstring("\"as_of\": \"2024-01-02T00:00:00Z\""));
}

TEST_CASE("command: a flow is over a lifecycle from a file, or over a built-in one") {
    const folder f;
    const ended own = f.weir("measure f.json stages.csv --lifecycle l.json --format csv");
    CHECK(own.status == 0);
    CHECK_THAT(own.out,
               ContainsSubstring("\n,mql,lost,1\n") && ContainsSubstring("\n,mql,lost,price,true,1\n"));
    const ended built_in = f.weir("measure f.json stages.csv --lifecycle b2b --format csv");
    CHECK(built_in.status == 0);
    CHECK_THAT(built_in.out,
               ContainsSubstring("\n,mql,lost,1\n") && ContainsSubstring("\n,mql,lost,(none),false,1\n"));
}

TEST_CASE("command: what derive prints can be read as a source") {
    const folder f;
    const ended derived = f.weir("derive l.json stages.csv -o derived.csv");
    CHECK(derived.status == 0);
    CHECK(derived.out == "");
    CHECK(f.read("derived.csv") ==
          "lead,event,time,lifecycle,version,from,move,cause,reason,stated,entry\n"
          "a,mql,2024-01-01T00:00:00Z,lifecycle,1,,created,rules[0],,false,1\n"
          "a,lost,2024-01-03T00:00:00Z,lifecycle,1,mql,exit,rules[2],price,true,1\n"
          "b,mql,2024-01-02T00:00:00Z,lifecycle,1,,created,rules[0],,false,1\n"
          "b,sql,2024-01-04T00:00:00Z,lifecycle,1,mql,advance,rules[1],,false,1\n");
    f.write("q.json", R"({"funnel": {"steps": ["mql", {"event": "lost", "where": "reason == 'price'"}]}})");
    CHECK(counted(f, "q.json derived.csv") == "mql 2, lost 1");
    CHECK_THAT(f.weir("derive l.json stages.csv --format json").out,
               ContainsSubstring("\"title\": \"lifecycle: 4 visits of 2 leads, 0 violations\""));
}

TEST_CASE("command: each source has its mapping, or all have one") {
    const folder f;
    f.write("deals.csv", "who,signed\na,05.01.2024\nb,\n");
    f.write("more_deals.csv", "who,signed\nb,06.01.2024\n");
    f.write("deals.json", R"({"lead": "who", "time_format": "%d.%m.%Y",
        "events": [{"event": "won", "time": "signed"}]})");
    f.write("events.json", "{}");
    f.write("visits.csv", header + "a,visit,2024-01-01\nb,visit,2024-01-01\n");
    CHECK(counted(f, "q.json visits.csv deals.csv --map events.json --map deals.json") == "visit 2, won 1");
    f.write("q.json", R"({"funnel": {"steps": ["won"]}})");
    CHECK(counted(f, "q.json deals.csv more_deals.csv --map deals.json") == "won 2");
}

TEST_CASE("command: a joined file lies beside the mapping, or else beside the source") {
    const folder f;
    f.write("q.json", R"({"funnel": {"steps": ["visit"], "by": "size"}})");
    f.write("maps/m.json", R"({"lookup": [{"file": "sizes.csv", "key": "lead", "attributes": ["size"]}]})");
    f.write("data/visits.csv", header + "a,visit,2024-01-01\nb,visit,2024-01-01\n");
    f.write("data/sizes.csv", "lead,size\na,small\n");
    const std::string arguments = "q.json data/visits.csv --map maps/m.json";
    CHECK(counted(f, arguments) == "visit 2, small: visit 1, (none): visit 1");
    f.write("maps/sizes.csv", "lead,size\na,large\nb,large\n");
    CHECK(counted(f, arguments) == "visit 2, large: visit 2");
}

TEST_CASE("command: two threads print the bytes of one") {
    const folder f;
    std::string content = "lead,event,time,channel\n";
    for (int i = 0; i < 3000; ++i)
        content += std::to_string(i % 701) + (i % 3 == 0 ? ",won," : ",visit,") + "2024-01-" +
                   (i % 28 < 9 ? "0" : "") + std::to_string(i % 28 + 1) + ",c" + std::to_string(i % 5) + "\n";
    f.write("s.csv", content);
    f.write("q.json", R"({"funnel": {"steps": ["visit", "won"], "by": "channel"}})");
    const ended one = f.weir("measure q.json s.csv --format json");
    const ended two = f.weir("measure q.json s.csv --format json --threads 2");
    CHECK(one.status == 0);
    CHECK(two.status == 0);
    CHECK_THAT(one.out, ContainsSubstring("\"c4\""));
    CHECK(one.out == two.out);
}

TEST_CASE("command: a byte-order mark, any line end and JSON lines make no difference") {
    const folder f;
    f.write("bom.csv", "\xEF\xBB\xBF" + header + "a,visit,2024-01-01\na,won,2024-01-02\n");
    f.write("crlf.csv", "lead,event,time\r\na,visit,2024-01-01\r\na,won,2024-01-02\r\n");
    f.write("cr.csv", "lead,event,time\ra,visit,2024-01-01\ra,won,2024-01-02\r");
    f.write("open.csv", header + "a,visit,2024-01-01\na,won,2024-01-02");
    f.write("lines.jsonl", good_object + "\r\n" + R"({"lead": "a", "event": "won", "time": "2024-01-02"})");
    for (const std::string file : {"bom.csv", "crlf.csv", "cr.csv", "open.csv", "lines.jsonl"}) {
        INFO(file);
        CHECK(counted(f, "q.json " + file) == "visit 1, won 1");
    }
}

TEST_CASE("command: a local time that clocks show twice is the earlier one") {
    const folder f;
    f.write("m.json", R"({"zone": "Europe/Berlin"})");
    f.write("s.csv", header + "a,visit,2024-10-27T02:30\n");
    CHECK_THAT(f.weir("measure q.json s.csv --map m.json --format json").out,
               ContainsSubstring("\"as_of\": \"2024-10-27T00:30:00Z\""));
}

TEST_CASE("command: -o writes the answer into a file") {
    const folder f;
    const ended printed = f.weir("measure q.json events.csv --format csv");
    const ended written = f.weir("measure q.json events.csv --format csv -o answer.csv");
    CHECK(written.status == 0);
    CHECK(written.out == "");
    CHECK(counts(printed.out) == "visit 2, won 1");
    CHECK(f.read("answer.csv") == printed.out);
}

TEST_CASE("command: a report answers each question and accounts for the rows") {
    const folder f;
    f.write("s.csv", header + good_row + "b,visit\n");
    const ended e = f.weir("report r.json s.csv -o r.html");
    CHECK(e.status == 0);
    CHECK(e.out == "");
    CHECK_THAT(f.read("r.html"),
               ContainsSubstring("Wins") && ContainsSubstring("Sources") &&
                   ContainsSubstring("s.csv:3: row rejected: found 2 fields, expected 3 as in the header"));
}

TEST_CASE("command: a report's lifecycle is that of the answers that have none of their own") {
    const folder f;
    f.write("r.json", R"({"report": {"lifecycle": {"stages": ["mql", "sql"], "rules": [
        {"to": "mql", "event": "mql"}, {"to": "sql", "event": "sql"}]}, "answers": [
        {"title": "One", "question": {"flow": {}}},
        {"title": "Two", "question": {"funnel": {"steps": [{"event": "sql", "where": "entry == 1"}]}}},
        {"title": "Three", "lifecycle": {"stages": ["new", "sold"], "rules": [
            {"to": "new", "event": "mql"}, {"to": "sold", "event": "sql"}]}, "question": {"flow": {}}}]}})");
    CHECK(f.weir("report r.json stages.csv -o r.html").status == 0);
    CHECK_THAT(f.read("r.html"), ContainsSubstring("One</a> <span>50 % of 2 in mql reach sql<") &&
                                     ContainsSubstring("Two</a> <span>1 lead reaches sql<") &&
                                     ContainsSubstring("Three</a> <span>50 % of 2 in new reach sold<"));
}

TEST_CASE("command: the report of a CRM's sales tells the win rate, won of closed") {
    const folder f;
    f.write("sales.csv",
            "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
            "1,Ana,A,X,Won,2024-01-01,2024-01-05,100\n"
            "2,Ana,A,X,Lost,2024-01-01,2024-01-06,0\n"
            "3,Ben,A,X,Won,2024-01-01,2024-01-01,50\n"
            "4,Ben,A,X,Engaging,2024-01-02,,\n"
            "5,Ben,A,X,Prospecting,,,\n");
    f.write("sales_teams.csv", "sales_agent,manager\nAna,Mia\nBen,Noa\n");
    const std::string example = " '" WEIR_SOURCE_DIR "/examples/crm_sales/";
    CHECK(f.weir("report" + example + "report.json' sales.csv --map" + example + "mapping.json' -o r.html")
              .status == 0);
    const std::string page = f.read("r.html");
    CHECK_THAT(page, ContainsSubstring("by manager</a> <span>66.7 % of 3 reach won<") &&
                         ContainsSubstring("2 of 3") && ContainsSubstring("1 of 2") &&
                         ContainsSubstring("1 of 1"));
}

#endif
