#include "catch.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <weir/ingest.hpp>
#include <weir/store.hpp>

#include "load/load_rows.hpp"
#include "scan/attribute_reader.hpp"
#include "scan/scan.hpp"
#include "segment/batch_data.hpp"

namespace {

using weir_test::ContainsSubstring;
using lines = std::vector<std::string>;

// One event for each line, by lead as they came, then in total order: `lead event time name=kind:value ...`,
// attributes by name.
lines events_in(const weir::store& store) {
    static const char* const kinds[] = {"none", "boolean", "integer", "number", "text", "money", "time"};
    const weir::snapshot snapshot = store.snapshot();
    const auto& data = snapshot.data();
    std::set<std::string> names;
    for (const auto& c : data.columns) names.insert(c.name.attribute);
    lines all;
    weir::scan(data, {}, [&](int, const weir::lead_rows& lead) {
        for (const auto& row : lead.rows) {
            std::string line = to_string(weir::lead_of(data.lead_key(lead.lead))) + " ";
            line += std::string(data.event_name(row.event)) + " ";
            line += weir::to_string(weir::from_unix_microseconds(row.time));
            for (const auto& name : names) {
                const weir::attribute_reader reader(data, name);
                const weir::value value = reader.value_of(reader.at(row));
                if (!value.missing())
                    line += " " + name + "=" + kinds[value.data().index()] + ":" + to_string(value);
            }
            all.push_back(std::move(line));
        }
    });
    return all;
}

struct loaded {
    weir::load_report report{};
    lines events{};
};

template <class File> loaded load_all(const File& file) {
    weir::store store;
    loaded all;
    all.report = load(store, file).value();
    all.events = events_in(store);
    const auto& r = all.report;
    CHECK(r.rows >= r.without_event + r.rejected);
    CHECK(static_cast<std::int64_t>(r.samples.size()) == std::min<std::int64_t>(r.rejected, 10));
    return all;
}

loaded load_csv(const std::string& text, const weir::mapping& m = {}) {
    return load_all(weir::csv{.path = "events.csv", .mapping = m, .content = text});
}

loaded load_json(const std::string& text, const weir::mapping& m = {}) {
    return load_all(weir::json_lines{.path = "events.jsonl", .mapping = m, .content = text});
}

weir::error csv_error(const std::string& text, const weir::mapping& m = {}) {
    weir::store store;
    const auto report = load(store, weir::csv{.path = "events.csv", .mapping = m, .content = text});
    REQUIRE_FALSE(report.has_value());
    CHECK(store.snapshot().size() == 0);
    return report.error();
}

// The reason why the only data row was rejected.
weir::rejected_row rejected(const loaded& all) {
    REQUIRE(all.report.rejected == 1);
    CHECK(all.events.empty());
    return all.report.samples.at(0);
}

weir::mapping from_json(const std::string& text) { return weir::mapping_from_json(text).value(); }

weir::mapping with_attribute(const weir::attribute_mapping& a) {
    return {.events = {{.event = "e", .attributes = std::vector<weir::attribute_mapping>{a}}}};
}

// A file that lives as long as the test.
class temporary_file {
public:
    explicit temporary_file(const std::string& content) {
        static int number = 0;
        path_ = (std::filesystem::temp_directory_path() /
                 ("weir_ingest_test_" + std::to_string(reinterpret_cast<std::uintptr_t>(this)) + "_" +
                  std::to_string(number++) + ".csv"))
                    .string();
        std::ofstream(path_, std::ios::binary) << content;
    }
    ~temporary_file() { std::filesystem::remove(path_); }
    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace

TEST_CASE("ingest: the default reads lead, event and time, and all other columns are attributes") {
    const auto all = load_csv(
        "channel,lead,event,time,city\n"
        "ads,ana,visit,2024-01-01,Rome\n"
        "seo,bob,signup,2024-01-02 10:30,\n");
    CHECK(all.report == weir::load_report{.rows = 2, .events = 2});
    CHECK(all.events == lines{"ana visit 2024-01-01T00:00:00Z channel=text:ads city=text:Rome",
                              "bob signup 2024-01-02T10:30:00Z channel=text:seo"});
}

TEST_CASE("ingest: a file and its content load alike") {
    const std::string text = "lead,event,time\r\nana,visit,2024-01-01\r\nbob,visit,2024-01-02\r\n";
    const temporary_file file(text);
    CHECK(load_all(weir::csv{.path = file.path()}).events == load_csv(text).events);
    CHECK(load_csv(text).events.size() == 2);
}

TEST_CASE("ingest: the separator is chosen by the caller") {
    const auto all =
        load_all(weir::csv{.content = "lead;event;time;note\na;e;2024-01-01;x,y\n", .separator = ';'});
    CHECK(all.events == lines{"a e 2024-01-01T00:00:00Z note=text:x,y"});
}

TEST_CASE("ingest: a column without a name is no attribute") {
    CHECK(load_csv(",lead,event,time\n0,a,e,2024-01-01\n").events == lines{"a e 2024-01-01T00:00:00Z"});
}

TEST_CASE("ingest: a file without a header is an error, one without rows is not") {
    CHECK(csv_error("").code == weir::errc::bad_input);
    CHECK(csv_error("\n\n").code == weir::errc::bad_input);
    CHECK(load_csv("lead,event,time").report == weir::load_report{});
    CHECK(load_json("").report == weir::load_report{});
}

TEST_CASE("ingest: a file that is not there is an io error that names it") {
    weir::store store;
    const auto csv = load(store, weir::csv{"/nowhere/events.csv"});
    REQUIRE_FALSE(csv.has_value());
    CHECK(csv.error().code == weir::errc::io);
    CHECK(csv.error().where == "/nowhere/events.csv");
    CHECK(load(store, weir::json_lines{"/nowhere/events.jsonl"}).error().code == weir::errc::io);
}

TEST_CASE("ingest: a mapped column that is not in the header is an error with a suggestion") {
    const auto e = csv_error("lead,event,tme\na,e,2024-01-01\n");
    CHECK(e.code == weir::errc::unknown_name);
    CHECK_THAT(e.message, ContainsSubstring("\"time\"") && ContainsSubstring("did you mean \"tme\""));
    CHECK(e.where == "events.csv:1");
    CHECK(csv_error("\n\nlead,event\n").where == "events.csv:3");
}

TEST_CASE("ingest: a name that stands twice in the header is an error only where it is used") {
    const std::string text = "lead,event,time,x,x\na,e,2024-01-01,1,2\n";
    CHECK(csv_error(text).code == weir::errc::bad_input);
    CHECK_THAT(csv_error(text).message, ContainsSubstring("\"x\" stands twice"));
    const weir::mapping unused{
        .events = {{.event = "e", .attributes = std::vector<weir::attribute_mapping>{}}}};
    CHECK(load_csv(text, unused).events == lines{"a e 2024-01-01T00:00:00Z"});
}

TEST_CASE("ingest: a header that cannot be read is an error") {
    CHECK(csv_error("lead,ev\"ent,time\n").where == "events.csv:1:2");
    CHECK(csv_error(std::string("lead,\xFF\xFE,time\n")).where == "events.csv:1:2");
    CHECK(csv_error("lead,event,time," + std::string(129, 'n') + "\n").code == weir::errc::bad_input);
}

TEST_CASE("ingest: a header may have 16,384 columns and no more") {
    std::string header = "lead,event,time";
    for (std::size_t i = 3; i < 16'384; ++i) header += ",c" + std::to_string(i);
    CHECK(load_csv(header).report.rows == 0);
    CHECK(csv_error(header + ",last").code == weir::errc::limit_exceeded);
}

TEST_CASE("ingest: a wide row yields one event for each time that it has") {
    const auto m = from_json(R"({"lead": "id", "time_format": "%d-%m-%Y",
        "events": [{"event": "mql", "time": "contacted", "attributes": ["origin"]},
                   {"event": "won", "time": "won_at", "attributes": []}]})");
    const auto all = load_csv(
        "id,contacted,won_at,origin\n"
        "a,31-01-2018,01-03-2018,email\n"
        "b,01-02-2018,,\n"
        "c,,  ,email\n",
        m);
    CHECK(all.report == weir::load_report{.rows = 3, .events = 3, .without_event = 1, .late = 1});
    CHECK(all.events == lines{"a mql 2018-01-31T00:00:00Z origin=text:email", "a won 2018-03-01T00:00:00Z",
                              "b mql 2018-02-01T00:00:00Z"});
}

TEST_CASE("ingest: without a list, attributes are the columns that no event uses for who, what or when") {
    const auto m =
        from_json(R"({"events": [{"event": "a", "time": "t1"}, {"event": "b", "time": "t2", "id": "key"},
                                            {"event": {"column": "what"}, "time": "t3",
                                              "attributes": ["t1"]}]})");
    const auto all = load_csv("lead,t1,t2,t3,key,what,x\nl,2024-01-01,2024-01-02,2024-01-03,k,c,1\n", m);
    CHECK(all.events == lines{"l a 2024-01-01T00:00:00Z x=text:1", "l b 2024-01-02T00:00:00Z x=text:1",
                              "l c 2024-01-03T00:00:00Z t1=text:2024-01-01"});
}

TEST_CASE("ingest: a row of which one event cannot be read is rejected as a whole") {
    const auto m = from_json(R"({"events": [{"event": "a", "time": "t1"}, {"event": "b", "time": "t2"}]})");
    const auto all = load_csv("lead,t1,t2\nl,2024-01-01,soon\nm,2024-01-01,\n", m);
    CHECK(all.report.rejected == 1);
    CHECK(all.events == lines{"m a 2024-01-01T00:00:00Z"});
    CHECK(all.report.samples.at(0) ==
          weir::rejected_row{.line = 2,
                             .column = 3,
                             .field = "t2",
                             .reason = "found \"soon\", expected a time as iso, like 2024-01-31T10:30:00Z"});
}

TEST_CASE("ingest: an event may have its own time format, all share the zone") {
    const auto m = from_json(R"({"time_format": "%d.%m.%Y %R", "zone": "+02:00", "events": [
        {"event": "a", "time": "t1"}, {"event": "b", "time": "t2", "time_format": "unix_s"},
        {"event": "c", "time": "t3", "time_format": "iso"}]})");
    const auto all = load_csv("lead,t1,t2,t3\nl,31.01.2024 10:30,1706697000,2024-01-31\n", m);
    CHECK(all.events ==
          lines{"l c 2024-01-30T22:00:00Z", "l a 2024-01-31T08:30:00Z", "l b 2024-01-31T10:30:00Z"});
}

TEST_CASE("ingest: a ragged row is rejected with both counts") {
    const auto all = load_csv("lead,event,time\na,e,2024-01-01,x\nb,e\nc,e,2024-01-01\n");
    CHECK(all.report.rows == 3);
    CHECK(all.events.size() == 1);
    REQUIRE(all.report.samples.size() == 2);
    CHECK(all.report.samples[0] ==
          weir::rejected_row{.line = 2, .reason = "found 4 fields, expected 3 as in the header"});
    CHECK(all.report.samples[1].line == 3);
}

TEST_CASE("ingest: a row that is no CSV is rejected at its field") {
    const auto all = load_csv("lead,event,time\na,e\"e,2024-01-01\nb,e,2024-01-01\nc,\"e,2024-01-01\n");
    REQUIRE(all.report.samples.size() == 2);
    CHECK(all.report.samples[0].column == 2);
    CHECK(all.report.samples[0].field == "event");
    CHECK(all.report.samples[1].line == 4);
    CHECK(all.events == lines{"b e 2024-01-01T00:00:00Z"});
}

TEST_CASE("ingest: text that is not UTF-8 rejects the row, in whichever column it stands") {
    const weir::mapping m{.events = {{.event = "e", .attributes = std::vector<weir::attribute_mapping>{}}}};
    const auto sample = rejected(load_csv("lead,time,unused\na,2024-01-01,M\xFCller\n", m));
    CHECK(sample.field == "unused");
    CHECK_THAT(sample.reason, ContainsSubstring("UTF-8"));
}

TEST_CASE("ingest: a row needs a lead only if it yields an event") {
    const auto sample = rejected(load_csv("lead,event,time\n,e,2024-01-01\n"));
    CHECK(sample.field == "lead");
    CHECK_THAT(sample.reason, ContainsSubstring("found nothing, expected a lead"));
    CHECK(load_csv("lead,event,time\n,e,\n").report.without_event == 1);
}

TEST_CASE("ingest: an event column that is blank rejects a row that has a time") {
    const auto sample = rejected(load_csv("lead,event,time\na,,2024-01-01\n"));
    CHECK(sample.field == "event");
    CHECK(load_csv("lead,event,time\na,,\n").report.without_event == 1);
}

TEST_CASE("ingest: names, leads and texts keep within the limits of a store") {
    const std::string name(128, 'n'), text(64 * 1024, 't');
    CHECK(load_csv("lead,event,time\na," + name + ",2024-01-01\n").events.size() == 1);
    CHECK(rejected(load_csv("lead,event,time\na," + name + "n,2024-01-01\n")).field == "event");
    CHECK(load_csv("lead,event,time,x\n" + text + ",e,2024-01-01," + text + "\n").events.size() == 1);
    CHECK(rejected(load_csv("lead,event,time\n" + text + "t,e,2024-01-01\n")).field == "lead");
    CHECK(rejected(load_csv("lead,event,time,x\na,e,2024-01-01," + text + "t\n")).field == "x");
    const weir::mapping with_id{.events = {{.event = "e", .id = "id"}}};
    CHECK(rejected(load_csv("lead,time,id\na,2024-01-01," + text + "t\n", with_id)).field == "id");
}

TEST_CASE("ingest: an event id that was seen makes a duplicate, a blank one does not") {
    const weir::mapping m{.events = {{.event = "e", .id = "id"}}};
    const auto all = load_csv(
        "lead,time,id,x\n"
        "a,2024-01-01,k1,1\n"
        "a,2024-01-01,k1,1\n"
        "a,2024-01-01,k1,2\n"
        "a,2024-01-01,,1\n"
        "a,2024-01-01,,1\n",
        m);
    CHECK(all.report == weir::load_report{.rows = 5, .events = 3, .duplicate = 2, .conflicting = 1});
}

TEST_CASE("ingest: events of an erased lead are left out and counted") {
    weir::store store;
    const weir::csv file{.content = "lead,event,time\na,e,2024-01-01\nb,e,2024-01-01\n"};
    REQUIRE(load(store, file).has_value());
    REQUIRE(store.erase("a").value() == 1);
    CHECK(load(store, file).value() == weir::load_report{.rows = 2, .events = 1, .erased = 1});
}

TEST_CASE("ingest: cells are text unless they are typed") {
    const auto read = [](const std::string& cell, weir::attribute_type type,
                         const std::string& currency = "") {
        const auto m = with_attribute({.column = "x", .type = type, .currency = currency});
        return load_csv("lead,time,x\nl,2024-01-01," + cell + "\n", m).events.at(0).substr(25);
    };
    using enum weir::attribute_type;
    CHECK(read("12", as_read) == "x=text:12");
    CHECK(read("12", text) == "x=text:12");
    CHECK(read(" ", text) == "x=text: ");
    CHECK(read("-9223372036854775808", integer) == "x=integer:-9223372036854775808");
    CHECK(read("-2.50", number) == "x=number:-2.5");
    CHECK(read("1e3", number) == "x=number:1000");
    CHECK(read("-0.0", number) == read("0", number));
    CHECK(read("19.9", money, "EUR") == "x=money:19.90 EUR");
    CHECK(read("1054", money, "JPY") == "x=money:1054 JPY");
    CHECK(read("2024-02-29 12:00", time) == "x=time:2024-02-29T12:00:00Z");
    for (const char* yes : {"true", "TRUE", "Yes", "1"}) CHECK(read(yes, boolean) == "x=boolean:true");
    for (const char* no : {"false", "False", "NO", "0"}) CHECK(read(no, boolean) == "x=boolean:false");
}

TEST_CASE("ingest: a typed cell that cannot be read rejects the row and says what was expected") {
    const auto reason = [](const std::string& cell, weir::attribute_type type,
                           const std::string& currency = "") {
        const auto m = with_attribute({.column = "x", .type = type, .currency = currency});
        const auto sample = rejected(load_csv("lead,time,x\nl,2024-01-01," + cell + "\n", m));
        CHECK(sample.column == 3);
        CHECK(sample.field == "x");
        CHECK_THAT(sample.reason, ContainsSubstring("found \"" + cell + "\""));
        return sample.reason;
    };
    using enum weir::attribute_type;
    for (const char* cell : {"1.5", "9223372036854775808", "+1", " 1", "1 ", " ", "x"})
        CHECK_THAT(reason(cell, integer), ContainsSubstring("whole number"));
    for (const char* cell : {"1,5", "inf", "nan", "1e999", " 1", "0x10"}) {
        if (std::string(cell) == "1,5") continue;  // two cells
        CHECK_THAT(reason(cell, number), ContainsSubstring("finite number"));
    }
    CHECK_THAT(reason("19.999", money, "EUR"), ContainsSubstring("EUR with at most 2 decimals"));
    CHECK_THAT(reason("19.9", money, "JPY"), ContainsSubstring("at most 0 decimals"));
    CHECK_THAT(reason("EUR 5", money, "EUR"), ContainsSubstring("an amount"));
    CHECK_THAT(reason("31.01.2024", time), ContainsSubstring("iso"));
    CHECK_THAT(reason("2", boolean), ContainsSubstring("yes or no"));
}

TEST_CASE("ingest: a blank cell is a missing value of every type") {
    using enum weir::attribute_type;
    for (const auto type : {as_read, text, integer, number, money, time, boolean}) {
        const auto m = with_attribute({.column = "x", .type = type, .currency = type == money ? "EUR" : ""});
        CHECK(load_csv("lead,time,x\nl,2024-01-01,\n", m).events == lines{"l e 2024-01-01T00:00:00Z"});
    }
    CHECK(load_csv("lead,time,x\nl,2024-01-01, \n", with_attribute({.column = "x", .type = time}))
              .events.size() == 1);
}

TEST_CASE("ingest: an attribute may have another name than its column, and one column may give several") {
    const weir::mapping m{
        .events = {{.event = "e",
                    .attributes = std::vector<weir::attribute_mapping>{
                        {.column = "x", .name = "as_text"},
                        {.column = "x", .name = "as_number", .type = weir::attribute_type::integer},
                        {.column = "lead"}}}}};
    CHECK(load_csv("lead,time,x\nl,2024-01-01,7\n", m).events ==
          lines{"l e 2024-01-01T00:00:00Z as_number=integer:7 as_text=text:7 lead=text:l"});
}

TEST_CASE("ingest: the report adds up and keeps the first ten rejected rows") {
    std::string text = "lead,event,time\n";
    for (int i = 0; i < 100; ++i)
        text += i % 4 == 0 ? "a,e,never\n" : i % 4 == 1 ? "a,e,\n" : "a,e,2024-01-01\n";
    const auto r = load_csv(text).report;
    CHECK(r.rows == 100);
    CHECK(r.rejected == 25);
    CHECK(r.without_event == 25);
    CHECK(r.events == 50);
    REQUIRE(r.samples.size() == 10);
    for (std::size_t i = 0; i < 10; ++i) CHECK(r.samples[i].line == static_cast<std::int64_t>(2 + 4 * i));
}

TEST_CASE("ingest: many batches give the same as one append of all events") {
    std::string text = "lead,event,time,x\n";
    weir::batch events;
    for (int i = 0; i < 150'000; ++i) {
        const auto lead = "l" + std::to_string(i % 1000);
        const auto x = std::to_string(i);
        text += lead + ",e,2024-01-01,";
        text += x + "\n";
        events.add({.lead = lead, .name = "e", .time = weir::utc(2024, 1, 1), .attributes = {{"x", x}}});
    }
    weir::store from_file, from_host;
    CHECK(load(from_file, weir::csv{.content = text}).value() ==
          weir::load_report{.rows = 150'000, .events = 150'000});
    REQUIRE(from_host.append(events).has_value());
    CHECK((events_in(from_file) == events_in(from_host)));  // too long to print
}

TEST_CASE("ingest: beyond the memory budget the load ends, and whole batches of 65,536 rows stay") {
    std::string text = "lead,event,time,x\n";
    for (int i = 0; i < 400'000; ++i)
        text += "lead" + std::to_string(i) + ",e,2024-01-01,value" + std::to_string(i) + "\n";
    weir::store store(weir::store_options{.memory_budget = std::int64_t{16} << 20});
    const auto report = load(store, weir::csv{.content = text});
    REQUIRE_FALSE(report.has_value());
    CHECK(report.error().code == weir::errc::limit_exceeded);
    CHECK(store.snapshot().size() > 0);
    CHECK(store.snapshot().size() % 65'536 == 0);
}

namespace {

// All that a load leaves behind, for comparison: the report or the error, and the store.
struct outcome {
    std::optional<weir::load_report> report{};
    std::optional<weir::error> error{};
    lines events{};
    std::int64_t memory = 0;
    friend bool operator==(const outcome&, const outcome&) = default;
};

// The store had events before, and has an erased lead.
template <class File>
outcome load_with(int threads, const File& file, const weir::store_options& options = {}) {
    weir::store store(options);
    store.append({.lead = "l7", .name = "before", .time = weir::utc(2023, 1, 1), .id = "id12"}).value();
    store.erase("l9").value();
    const auto report = load(store, file, {.threads = threads});
    outcome all;
    if (report)
        all.report = *report;
    else
        all.error = report.error();
    all.events = events_in(store);
    all.memory = store.memory();
    return all;
}

template <class File>
outcome same_for_any_threads(const File& file, const weir::store_options& options = {}) {
    const outcome one = load_with(1, file, options);
    for (const int threads : {2, 3}) CHECK((load_with(threads, file, options) == one));  // long to print
    return one;
}

// Rows of all kinds: with repeated ids, an erased lead, no time, one field too many, a wrong time. Line 2 + i
// has row i.
std::string mixed_rows(int n) {
    std::string text = "lead,event,time,id,x\n";
    for (int i = 0; i < n; ++i) {
        const auto number = std::to_string(i);
        const char* const time = i % 1000 == 1 ? "" : i % 1000 == 2 ? "soon" : "2024-01-01";
        text += "l" + std::to_string(i % 10'000 * 7919 % 10'000) + ",e" + std::to_string(i % 70) + "," + time;
        text +=
            ",id" + std::to_string(i % 3 == 0 ? i / 2 : i) + ",x" + number + (i % 1000 == 3 ? ",\n" : "\n");
    }
    return text;
}

const weir::mapping with_ids{.events = {{.event_column = "event", .id = "id"}}};

}  // namespace

TEST_CASE("ingest: threads change neither the report nor an event") {
    const auto all = same_for_any_threads(weir::csv{.mapping = with_ids, .content = mixed_rows(140'000)});
    REQUIRE(all.report.has_value());
    const auto& r = *all.report;
    CHECK(r.rows == 140'000);
    CHECK(r.without_event == 140);
    CHECK(r.rejected == 280);
    CHECK(r.samples.at(9).line == 2 + 4003);
    CHECK(r.duplicate > 20'000);
    CHECK(r.conflicting == r.duplicate);
    CHECK(r.erased > 0);
    CHECK(r.events + r.duplicate + r.erased == 140'000 - 420);
}

TEST_CASE("ingest: threads change nothing where keys come late, be it to a second batch") {
    std::string text;
    for (int i = 0; i < 70'000; ++i) {
        text += R"({"lead":"l)" + std::to_string(i % 100) + R"(","event":"e","time":"2024-01-01","x":)";
        text += (i % 7 == 0 ? "\"a\"" : std::to_string(i));
        if (i > 66'000 && i % 5 == 0) text += R"(,"late":true)";
        if (i > 68'000) text += R"(,"x2":0.5,"a":1)";
        text += "}\n";
    }
    const auto all = same_for_any_threads(weir::json_lines{.content = text});
    REQUIRE(all.report.has_value());
    CHECK(all.report->events == 69'300);
    CHECK(all.report->erased == 700);
}

TEST_CASE("ingest: threads change nothing about an error in the middle, before which all batches stay") {
    weir::store_options small{.memory_budget = std::int64_t{6} << 20};
    const auto refused =
        same_for_any_threads(weir::csv{.mapping = with_ids, .content = mixed_rows(200'000)}, small);
    REQUIRE(refused.error.has_value());
    CHECK(refused.error->code == weir::errc::limit_exceeded);
    CHECK(refused.events.size() > 50'000);
}

namespace {

// Rows lead, event, time, and after them an error.
class failing_rows final : public weir::row_source {
public:
    explicit failing_rows(int rows) : left_(rows) { columns_ = {"lead", "event", "time"}; }
    bool next(weir::file_row& to) override {
        if (left_-- == 0) throw weir::exception({weir::errc::io, "the wire was cut", "wire"});
        to.line = 1;
        lead_ = std::to_string(left_);
        to.cells.assign(3, {weir::cell_kind::text, "2024-01-01"});
        to.cells[0].text = lead_;
        return true;
    }
    std::size_t column(const std::string& name) override {
        return static_cast<std::size_t>(std::find(columns_.begin(), columns_.end(), name) - columns_.begin());
    }
    std::size_t add_column(const std::string&) override { return 0; }
    std::size_t place(std::size_t column) const override { return column; }

private:
    int left_;
    std::string lead_{};
};

}  // namespace

TEST_CASE("ingest: what ends the reading comes after all whole batches before it, unless one was refused") {
    for (const int threads : {1, 2, 3}) {
        weir::store store, full({.memory_budget = std::int64_t{5} << 20});
        failing_rows some(140'000), again(140'000);
        CHECK_THROWS_WITH(load_rows(store, some, {}, ',', threads), ContainsSubstring("wire was cut"));
        CHECK(store.snapshot().size() == 2 * 65'536);
        CHECK_THROWS_WITH(load_rows(full, again, {}, ',', threads), ContainsSubstring("memory_budget"));
        CHECK(full.snapshot().size() % 65'536 == 0);
        CHECK(full.snapshot().size() > 0);
    }
}

TEST_CASE("ingest: a number of threads that is not 1 to 256 is refused before a file is opened") {
    weir::store store;
    for (const int threads : {0, -1, 257}) {
        CHECK(load(store, weir::csv{"/nowhere.csv"}, {.threads = threads}).error().code ==
              weir::errc::invalid_question);
        CHECK(load(store, weir::json_lines{"/nowhere.jsonl"}, {.threads = threads}).error().where ==
              "threads");
    }
}

TEST_CASE("ingest: local times that daylight saving skips reject the row, ambiguous ones are the earlier") {
    const weir::mapping m{.zone = "Europe/Berlin"};
    weir::store store;
    const auto report = load(store, weir::csv{.mapping = m,
                                              .content = "lead,event,time\na,e,2024-03-31T02:30\n"
                                                         "a,e,2024-10-27T02:30\n"});
    if (!report && report.error().code == weir::errc::unsupported) return;  // built without zones
    REQUIRE(report.has_value());
    CHECK(events_in(store) == lines{"a e 2024-10-27T00:30:00Z"});
    CHECK_THAT(report->samples.at(0).reason, ContainsSubstring("daylight saving"));
}

TEST_CASE("ingest: JSON lines keep the types of their values") {
    const auto all = load_json(
        R"({"lead": "a", "event": "e", "time": "2024-01-01", "s": "x", "i": -3, "d": 2.50, "b": true, "n": null, "empty": ""})"
        "\n\n"
        R"({"time": "2024-01-02T00:00:00Z", "event": "f", "lead": 42, "later": 1e2, "big": 9223372036854775808})"
        "\r\n");
    CHECK(all.report == weir::load_report{.rows = 2, .events = 2});
    CHECK(all.events ==
          lines{"a e 2024-01-01T00:00:00Z b=boolean:true d=number:2.5 empty=text: i=integer:-3 s=text:x",
                "42 f 2024-01-02T00:00:00Z big=number:9.223372036854776e+18 later=number:100"});
}

TEST_CASE("ingest: a key of several types is one attribute") {
    const auto all = load_json(R"({"lead": 1, "event": "e", "time": "2024-01-01", "x": 1}
{"lead": 1, "event": "e", "time": "2024-01-01", "x": "1"}
{"lead": 1, "event": "e", "time": "2024-01-01", "x": true})");
    CHECK(all.events == lines{"1 e 2024-01-01T00:00:00Z x=integer:1", "1 e 2024-01-01T00:00:00Z x=text:1",
                              "1 e 2024-01-01T00:00:00Z x=boolean:true"});
}

TEST_CASE("ingest: a JSON line that cannot be read is rejected and the next one goes on") {
    const auto all = load_json(
        "{\"lead\": 1, \"event\": \"e\", \"time\": \"2024-01-01\"\n"
        "[1]\n"
        "{\"lead\": 1, \"event\": \"e\", \"time\": \"2024-01-01\"} x\n"
        "{\"lead\": 1, \"lead\": 2, \"event\": \"e\", \"time\": \"2024-01-01\"}\n"
        "{\"lead\": \"\xFF\", \"event\": \"e\", \"time\": \"2024-01-01\"}\n"
        "{\"lead\": 1, \"event\": \"e\", \"time\": \"2024-01-01\", \"\": 1}\n"
        "   \n"
        "{\"lead\": 7, \"event\": \"e\", \"time\": \"2024-01-01\"}");
    CHECK(all.report.rows == 7);
    CHECK(all.report.rejected == 6);
    for (std::size_t i = 0; i < all.report.samples.size(); ++i) {
        CAPTURE(all.report.samples[i].reason);
        CHECK(all.report.samples[i].line == static_cast<std::int64_t>(i + 1));
        CHECK(all.report.samples[i].column == 0);
        CHECK(all.report.samples[i].reason != "");
    }
    CHECK(all.events == lines{"7 e 2024-01-01T00:00:00Z"});
}

TEST_CASE("ingest: JSON lines may be cut anywhere, and may have any length up to 16 MiB") {
    std::string text;
    for (int i = 0; i < 20'000; ++i)
        text += "{\"lead\": " + std::to_string(i) + ", \"event\": \"e\", \"time\": \"2024-01-01\"}\n";
    text += "{\"lead\": 1, \"event\": \"e\", \"time\": \"2024-01-01\"" + std::string(3 << 20, ' ') + "}\n";
    text += std::string(17 << 20, ' ') + "\n";
    text += "{\"lead\": \"last\", \"event\": \"e\", \"time\": \"2024-01-01\"}";
    const auto all = load_json(text);
    CHECK(all.report.rows == 20'003);
    CHECK(all.report.events == 20'002);
    REQUIRE(all.report.rejected == 1);
    CHECK(all.report.samples[0].line == 20'002);
    CHECK_THAT(all.report.samples[0].reason, ContainsSubstring("16777216 bytes"));
    CHECK(all.events.front() == "0 e 2024-01-01T00:00:00Z");
    CHECK(all.events.back() == "last e 2024-01-01T00:00:00Z");
}

TEST_CASE("ingest: JSON lines may have 16,384 keys in all, and a row with one more is rejected") {
    std::string row = R"({"lead": 1, "event": "e", "time": "2024-01-01")";
    for (std::size_t i = 3; i < 16'384; ++i) row += ", \"k" + std::to_string(i) + "\": null";
    const auto all = load_json(row + "}\n" + R"({"lead": 1, "event": "e", "time": "2024-01-01", "more": 1})");
    CHECK(all.report.events == 1);
    REQUIRE(all.report.rejected == 1);
    CHECK(all.report.samples[0].field == "more");
}

TEST_CASE("ingest: a nested value rejects the row where it is read, and names its key") {
    const std::string text = R"({"lead": 1, "event": "e", "time": "2024-01-01", "x": [1], "y": {}})";
    const auto sample = rejected(load_json(text));
    CHECK(sample.field == "x");
    CHECK_THAT(sample.reason, ContainsSubstring("an array"));
    const weir::mapping unused{
        .events = {{.event = "e", .attributes = std::vector<weir::attribute_mapping>{}}}};
    CHECK(load_json(text, unused).events.size() == 1);
    CHECK(rejected(load_json(R"({"lead": {}, "event": "e", "time": "2024-01-01"})")).field == "lead");
    CHECK(rejected(load_json(R"({"lead": 1, "event": "e", "time": ["2024-01-01"]})")).field == "time");
}

TEST_CASE("ingest: leads and names in JSON are text or whole numbers") {
    CHECK(rejected(load_json(R"({"lead": 1.5, "event": "e", "time": "2024-01-01"})")).field == "lead");
    CHECK(rejected(load_json(R"({"lead": true, "event": "e", "time": "2024-01-01"})")).field == "lead");
    CHECK(rejected(load_json(R"({"event": "e", "time": "2024-01-01"})")).field == "lead");
    CHECK(rejected(load_json(R"({"lead": "", "event": "e", "time": "2024-01-01"})")).field == "lead");
    CHECK(rejected(load_json(R"({"lead": "a\u0000b", "event": "e", "time": "2024-01-01"})")).field == "lead");
    CHECK(rejected(load_json(R"({"lead": 1, "event": "", "time": "2024-01-01"})")).field == "event");
    CHECK(load_json(R"({"lead": 12345678901234567890, "event": 5, "time": "2024-01-01"})").events ==
          lines{"12345678901234567890 5 2024-01-01T00:00:00Z"});
}

TEST_CASE("ingest: a JSON row without a time yields nothing") {
    const auto all = load_json(R"({"lead": 1, "event": "e"}
{"lead": 1, "event": "e", "time": null}
{"lead": 1, "event": "e", "time": ""}
{})");
    CHECK(all.report == weir::load_report{.rows = 4, .without_event = 4});
}

TEST_CASE("ingest: typed JSON attributes are read from numbers as they are written") {
    const auto m = from_json(R"({"time_format": "unix_ms", "events": [{"event": "e", "attributes": [
        {"column": "m", "type": "money", "currency": "EUR"}, {"column": "t", "type": "time"},
        {"column": "b", "type": "boolean"}, {"column": "i", "type": "integer"}, 
         {"column": "s", "type": "text"}]}]})");
    const auto all =
        load_json(R"({"lead": 1, "time": 0, "m": 19.90, "t": 1000, "b": 1, "i": "7", "s": 1.50})", m);
    CHECK(all.events ==
          lines{"1 e 1970-01-01T00:00:00Z b=boolean:true i=integer:7 m=money:19.90 EUR s=text:1.50 "
                "t=time:1970-01-01T00:00:01Z"});
    CHECK(rejected(load_json(R"({"lead": 1, "time": 0, "i": ""})", m)).field == "i");
    CHECK(rejected(load_json(R"({"lead": 1, "time": 0, "i": 7.0})", m)).field == "i");
}

TEST_CASE("ingest: a lookup joins the columns of a second file by key") {
    const temporary_file second("id,segment,size\na,shop,3\nb,,5\n");
    const weir::mapping m{
        .lookups = {{.file = second.path(), .key = "id", .attributes = {"segment", "size"}}}};
    const std::string text =
        "lead,event,time,id\nl,e,2024-01-01,a\nl,e,2024-01-02,b\nl,e,2024-01-03,zzz\nl,e,2024-01-04,\n";
    CHECK(load_csv(text, m).events ==
          lines{"l e 2024-01-01T00:00:00Z id=text:a segment=text:shop size=text:3",
                "l e 2024-01-02T00:00:00Z id=text:b size=text:5", "l e 2024-01-03T00:00:00Z id=text:zzz",
                "l e 2024-01-04T00:00:00Z"});
    CHECK(load_json(R"({"lead": "l", "event": "e", "time": "2024-01-01", "id": "a"})", m).events ==
          lines{"l e 2024-01-01T00:00:00Z id=text:a segment=text:shop size=text:3"});
}

TEST_CASE(
    "ingest: a joined column serves as any other, and one that no event mentions belongs to all events") {
    const temporary_file second("lead,won,segment,size\na,2024-02-01,shop,3\n");
    const weir::mapping m{
        .events = {{.event = "first", .attributes = std::vector<weir::attribute_mapping>{}},
                   {.event = "won",
                    .time = "won",
                    .attributes =
                        std::vector<weir::attribute_mapping>{
                            {.column = "size", .type = weir::attribute_type::integer}}}},
        .lookups = {{.file = second.path(), .key = "lead", .attributes = {"won", "segment", "size"}}}};
    CHECK(load_csv("lead,time\na,2024-01-01\nb,2024-01-02\n", m).events ==
          lines{"a first 2024-01-01T00:00:00Z segment=text:shop",
                "a won 2024-02-01T00:00:00Z segment=text:shop size=integer:3",
                "b first 2024-01-02T00:00:00Z"});
}

TEST_CASE("ingest: a lookup that is wrong is an error") {
    const std::string text = "lead,event,time,id\nl,e,2024-01-01,a\n";
    const auto error_of = [&](const std::string& second, const std::string& key,
                              const std::string& attribute) {
        const temporary_file file(second);
        auto e = csv_error(text, {.lookups = {{.file = file.path(), .key = key, .attributes = {attribute}}}});
        if (e.where.starts_with(file.path())) e.where = "second" + e.where.substr(file.path().size());
        return e;
    };
    const auto twice = error_of("id,x\na,1\nb,2\na,3\n", "id", "x");
    CHECK(twice.code == weir::errc::bad_input);
    CHECK(twice.where == "second:4");
    CHECK(error_of("id,x\na\n", "id", "x").where == "second:2");
    CHECK(error_of("id,x\na,\"1\n", "id", "x").where == "second:2:2");
    CHECK(error_of("id,size\n", "id", "sise").code == weir::errc::unknown_name);
    CHECK(error_of("id,x\n", "key", "x").code == weir::errc::unknown_name);
    CHECK(error_of("id,event\n", "id", "event").code == weir::errc::bad_input);
    CHECK(error_of("", "id", "x").code == weir::errc::bad_input);
    CHECK(csv_error(text, {.lookups = {{.file = "/nowhere.csv", .key = "id", .attributes = {"x"}}}}).code ==
          weir::errc::io);
}

TEST_CASE("ingest: a mapping that contradicts itself is refused before a file is opened") {
    weir::store store;
    const auto report = load(store, weir::csv{.path = "/nowhere.csv", .mapping = {.time_format = "soon"}});
    CHECK(report.error().code == weir::errc::bad_input);
    CHECK(report.error().where == "mapping.time_format");
    const weir::mapping both{.events = {{.event = "e", .event_column = "event"}}};
    CHECK(load(store, weir::json_lines{.mapping = both, .content = ""}).error().where ==
          "mapping.events[0].event");
}
