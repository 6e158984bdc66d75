#include "catch.hpp"

#include <string>
#include <vector>

#include <weir/ingest.hpp>

namespace {

using weir_test::ContainsSubstring;

weir::mapping from_json(const std::string& text) { return weir::mapping_from_json(text).value(); }

weir::error json_error(const std::string& text) {
    const auto m = weir::mapping_from_json(text);
    REQUIRE_FALSE(m.has_value());
    return m.error();
}

}  // namespace

TEST_CASE("mapping: a mapping reads from JSON") {
    const auto m = from_json(R"({"lead": "mql_id", "time_format": "%d-%m-%Y", "zone": "+01:00",
        "events": [{"event": "mql", "time": "first_contact_date", "attributes": ["origin",
                        {"name": "value", "column": "declared", "type": "money", "currency": "BRL"}]},
                   {"event": {"column": "stage"}, "time_format": "unix_s", "id": "key"}],
        "lookup": [{"file": "deals.csv", "key": "mql_id", "attributes": ["segment"]}]})");
    const weir::mapping expected{
        .lead = "mql_id",
        .time_format = "%d-%m-%Y",
        .zone = "+01:00",
        .events = {{.event = "mql",
                    .time = "first_contact_date",
                    .attributes = std::vector<weir::attribute_mapping>{{.column = "origin"},
                                                                       {.column = "declared",
                                                                        .name = "value",
                                                                        .type = weir::attribute_type::money,
                                                                        .currency = "BRL"}}},
                   {.event_column = "stage", .time_format = "unix_s", .id = "key"}},
        .lookups = {{.file = "deals.csv", .key = "mql_id", .attributes = {"segment"}}}};
    CHECK(m == expected);
    CHECK(from_json("{}") == weir::mapping{});
}

TEST_CASE("mapping: a mapping that is written as JSON reads back the same") {
    using enum weir::attribute_type;
    const std::vector<weir::attribute_mapping> attributes{{.column = "plain"},
                                                          {.column = "x", .name = "y"},
                                                          {.column = "t", .type = text},
                                                          {.column = "i", .type = integer},
                                                          {.column = "n", .type = number},
                                                          {.column = "when", .type = time},
                                                          {.column = "b", .type = boolean},
                                                          {.column = "m", .type = money, .currency = "EUR"}};
    const weir::mapping m{
        .lead = "who \"quoted\"",
        .time_format = "unix_ms",
        .zone = "-03:00",
        .events = {{.event = "a", .time = "t", .time_format = "iso", .id = "i", .attributes = attributes},
                   {.event_column = "b"},
                   {.event = "none", .attributes = std::vector<weir::attribute_mapping>{}}},
        .lookups = {{.file = "f.csv", .key = "k", .attributes = {"x1", "x2"}}}};
    CHECK(from_json(to_json(m)) == m);
    CHECK(from_json(to_json(weir::mapping{})) == weir::mapping{});
}

TEST_CASE("mapping: an attribute in JSON may be given by its name alone") {
    const auto m =
        from_json(R"({"events": [{"event": "e", "attributes": [{"name": "x", "type": "integer"}]}]})");
    const weir::attribute_mapping expected{.column = "x", .name = "x", .type = weir::attribute_type::integer};
    CHECK(m.events.at(0).attributes == std::vector<weir::attribute_mapping>{expected});
}

TEST_CASE("mapping: a mapping that contradicts itself is refused at its place") {
    const auto where = [](const std::string& text) {
        const auto e = json_error(text);
        CHECK(e.code == weir::errc::bad_input);
        CHECK(e.message != "");
        return e.where;
    };
    CHECK(where(R"({"lead": ""})") == "mapping.lead");
    CHECK(where(R"({"time_format": "%Y"})") == "mapping.time_format");
    CHECK(where(R"({"events": [{"event": "e"}, {"time": "t"}]})") == "mapping.events[1].event");
    CHECK(where(R"({"events": [{"event": "e", "time": ""}]})") == "mapping.events[0].time");
    CHECK(where(R"({"events": [{"event": "e", "time_format": "%H"}]})") == "mapping.events[0].time_format");
    CHECK(where(R"({"events": [{"event": "e", "attributes": ["x", "x"]}]})") ==
          "mapping.events[0].attributes[1]");
    CHECK(where(R"({"events": [{"event": "e", "attributes": [""]}]})") == "mapping.events[0].attributes[0]");
    CHECK(where(R"({"events": [{"event": "e", "attributes": [{"column": "x", "type": "money"}]}]})") ==
          "mapping.events[0].attributes[0].currency");
    CHECK(where(R"({"events": [{"event": "e", "attributes": [{"column": "x", "currency": "EUR"}]}]})") ==
          "mapping.events[0].attributes[0].currency");
    CHECK(where(R"({"lookup": [{"file": "f", "key": "k"}]})") == "mapping.lookup[0].attributes");
    CHECK(where(R"({"lookup": [{"key": "k", "attributes": ["x"]}]})") == "mapping.lookup[0].file");
    CHECK(where(R"({"events": {}})") == "mapping.events");
    CHECK(json_error(R"({"zone": "Nowhere/Atlantis"})").where == "mapping.zone");
    CHECK_FALSE(weir::mapping_from_json("{\"lead\": ").has_value());
    CHECK_FALSE(weir::mapping_from_json("[]").has_value());
}

TEST_CASE("mapping: a key of a mapping that nobody knows is refused with a suggestion") {
    CHECK(json_error(R"({"led": "x"})").code == weir::errc::unknown_name);
    CHECK_THAT(json_error(R"({"led": "x"})").message, ContainsSubstring("lead"));
    CHECK(json_error(R"({"events": [{"event": "e", "tme": "t"}]})").code == weir::errc::unknown_name);
    CHECK(json_error(R"({"events": [{"event": {"colum": "t"}}]})").code == weir::errc::unknown_name);
    CHECK(
        json_error(R"({"events": [{"event": "e", "attributes": [{"column": "x", "type": "txt"}]}]})").code ==
        weir::errc::unknown_name);
}
