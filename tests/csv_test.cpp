#include "catch.hpp"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <weir/error.hpp>

#include "load/csv_reader.hpp"

namespace {

using fields = std::vector<std::string>;

struct record {
    std::int64_t line = 0;
    fields values{};
    std::size_t fault_column = 0;
    std::string fault{};
};

std::vector<record> read(const std::string& text, char separator = ',') {
    const std::optional<std::string> content = text;
    weir::text_window window("", content);
    weir::csv_reader reader(window, separator);
    std::vector<record> all;
    while (reader.next()) {
        record r{.line = reader.line()};
        r.values.assign(reader.fields().begin(), reader.fields().end());
        if (reader.fault()) {
            r.fault_column = reader.fault()->column;
            r.fault = reader.fault()->reason;
        }
        all.push_back(std::move(r));
    }
    return all;
}

std::vector<fields> values_of(const std::string& text, char separator = ',') {
    std::vector<fields> all;
    for (const record& r : read(text, separator)) {
        REQUIRE(r.fault == "");
        all.push_back(r.values);
    }
    return all;
}

std::vector<std::int64_t> lines_of(const std::string& text) {
    std::vector<std::int64_t> all;
    for (const record& r : read(text)) all.push_back(r.line);
    return all;
}

std::string quoted_field(const std::string& value) {
    std::string out = "\"";
    for (const char c : value) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + '"';
}

}  // namespace

TEST_CASE("csv: fields are separated, records end with the line") {
    CHECK(values_of("a,b\nc,d\n") == std::vector<fields>{{"a", "b"}, {"c", "d"}});
    CHECK(values_of("a;b,c", ';') == std::vector<fields>{{"a", "b,c"}});
    CHECK(values_of("a\tb", '\t') == std::vector<fields>{{"a", "b"}});
}

TEST_CASE("csv: a last line without an end is a record, an empty text has none") {
    CHECK(values_of("a,b") == std::vector<fields>{{"a", "b"}});
    CHECK(values_of("").empty());
    CHECK(values_of("\n\r\n\r").empty());
    CHECK(values_of("\xEF\xBB\xBF").empty());
}

TEST_CASE("csv: empty fields are kept at every place") {
    CHECK(values_of(",") == std::vector<fields>{{"", ""}});
    CHECK(values_of("a,,b\n,\n") == std::vector<fields>{{"a", "", "b"}, {"", ""}});
    CHECK(values_of("a,") == std::vector<fields>{{"a", ""}});
    CHECK(values_of("\"\",\"\"") == std::vector<fields>{{"", ""}});
    CHECK(values_of("\"\"\n") == std::vector<fields>{{""}});
}

TEST_CASE("csv: quotes keep separators, line ends and doubled quotes") {
    CHECK(values_of("\"a,b\",\"c\nd\"\n") == std::vector<fields>{{"a,b", "c\nd"}});
    CHECK(values_of("\"say \"\"yes\"\"\",x") == std::vector<fields>{{"say \"yes\"", "x"}});
    CHECK(values_of("\"\"\"\"") == std::vector<fields>{{"\""}});
    CHECK(values_of("\"\"\"\"\"\"") == std::vector<fields>{{"\"\""}});
    CHECK(values_of("\"a\r\nb\",c") == std::vector<fields>{{"a\r\nb", "c"}});
}

TEST_CASE("csv: blanks around a field belong to it") {
    CHECK(values_of(" a , b ") == std::vector<fields>{{" a ", " b "}});
}

TEST_CASE("csv: lines end in LF, CRLF or CR, also mixed") {
    CHECK(values_of("a\nb\r\nc\rd") == std::vector<fields>{{"a"}, {"b"}, {"c"}, {"d"}});
    CHECK(values_of("a,\r\nb,\r") == std::vector<fields>{{"a", ""}, {"b", ""}});
    CHECK(values_of("\"a\"\r\n\"b\"\r\"c\"\n") == std::vector<fields>{{"a"}, {"b"}, {"c"}});
}

TEST_CASE("csv: blank lines are skipped but counted") {
    CHECK(values_of("\n\na\n\n\r\nb\n") == std::vector<fields>{{"a"}, {"b"}});
    CHECK(lines_of("\n\na\n\n\r\nb\n") == std::vector<std::int64_t>{3, 6});
}

TEST_CASE("csv: line numbers count physical lines, also inside quotes") {
    CHECK(lines_of("a\nb\r\nc\rd") == std::vector<std::int64_t>{1, 2, 3, 4});
    CHECK(lines_of("\"a\nb\"\nc") == std::vector<std::int64_t>{1, 3});
    CHECK(lines_of("\"a\r\nb\rc\"\nd") == std::vector<std::int64_t>{1, 4});
    CHECK(lines_of("\"a\r\"\nb") == std::vector<std::int64_t>{1, 3});
    CHECK(lines_of("\"a\r\"\"\nb\"\nc") == std::vector<std::int64_t>{1, 4});
}

TEST_CASE("csv: a byte-order mark is skipped at the beginning only") {
    CHECK(values_of("\xEF\xBB\xBF"
                    "a,b") == std::vector<fields>{{"a", "b"}});
    CHECK(values_of("\xEF\xBB\xBF\"a\",b") == std::vector<fields>{{"a", "b"}});
    CHECK(values_of("a\n\xEF\xBB\xBF"
                    "b") == std::vector<fields>{{"a"},
                                                {"\xEF\xBB\xBF"
                                                 "b"}});
}

TEST_CASE("csv: a quote inside a bare field is a fault of that record alone") {
    const auto all = read("x,a\"b,c\nd,e,f\n");
    REQUIRE(all.size() == 2);
    CHECK(all[0].fault_column == 2);
    CHECK_THAT(all[0].fault, weir_test::ContainsSubstring("quote"));
    CHECK(all[1].values == fields{"d", "e", "f"});
    CHECK(all[1].fault == "");
}

TEST_CASE("csv: text after a closing quote is a fault") {
    const auto all = read("\"a\"b\n\"a\" ,c\nd\n");
    REQUIRE(all.size() == 3);
    CHECK(all[0].fault_column == 1);
    CHECK_THAT(all[0].fault, weir_test::ContainsSubstring("closing quote"));
    CHECK(all[1].fault_column == 1);
    CHECK(all[2].values == fields{"d"});
}

TEST_CASE("csv: a quote that is never closed is a fault at the line where the record begins") {
    const auto all = read("a,b\n1,\"2\n3,4\n");
    REQUIRE(all.size() == 2);
    CHECK(all[1].line == 2);
    CHECK(all[1].fault_column == 2);
    CHECK_THAT(all[1].fault, weir_test::ContainsSubstring("never closed"));
    CHECK_THAT(read("\"").at(0).fault, weir_test::ContainsSubstring("never closed"));
    CHECK_THAT(read("\"a\"\"").at(0).fault, weir_test::ContainsSubstring("never closed"));
}

TEST_CASE("csv: a NUL byte and text that is not UTF-8 are faults of their field") {
    const auto nul = read(std::string("a,b\0c,d\ne", 9));
    REQUIRE(nul.size() == 2);
    CHECK(nul[0].fault_column == 2);
    CHECK_THAT(nul[0].fault, weir_test::ContainsSubstring("NUL"));
    const auto latin = read("a,b,M\xFCller\nM\xC3\xBCller");
    REQUIRE(latin.size() == 2);
    CHECK(latin[0].fault_column == 3);
    CHECK_THAT(latin[0].fault, weir_test::ContainsSubstring("UTF-8"));
    CHECK(latin[1].fault == "");
    CHECK(latin[1].values == fields{"M\xC3\xBCller"});
}

TEST_CASE("csv: what ends a field or a line is found at every distance from the beginning") {
    for (const char separator : {',', '\t', '\xA7'})
        for (const std::string end : {"\n", "\r\n", "\r"})
            for (std::size_t size = 0; size < 200; ++size) {
                const std::string before(size, 'x'), after(200 - size, '~');
                const fields one{before, after, ""};
                const std::string line = before + separator + after + separator + end;
                CHECK((values_of(line + line, separator) == std::vector<fields>{one, one}));
                CHECK(lines_of(line + line + "z") == std::vector<std::int64_t>{1, 2, 3});
            }
}

TEST_CASE("csv: characters beyond ASCII may stand at every distance from the beginning") {
    for (std::size_t at = 0; at < 200; ++at) {
        const std::string before(at, 'x');
        CHECK(values_of(before + "\xC3\xBC,\t\x1B\n") ==
              std::vector<fields>{{before + "\xC3\xBC", "\t\x1B"}});
        CHECK(read(before + "\xC3,y\nz").at(0).fault_column == 1);
    }
}

TEST_CASE("csv: a NUL byte is found at every distance from the beginning") {
    for (std::size_t at = 0; at < 200; ++at) {
        std::string text(200, 'x');
        text += '\n';
        text[at] = '\0';
        CHECK(read(text).at(0).fault_column == 1);
        text[at] = '\xFF';
        CHECK(read(text).at(0).fault_column == 1);
        text[at] = '\x7F';
        CHECK(read(text).at(0).fault_column == 0);
    }
}

TEST_CASE("csv: a field may have 1 MiB and no more") {
    const std::string most(weir::max_csv_field_bytes, 'x');
    CHECK(values_of("a," + most + "\nb") == std::vector<fields>{{"a", most}, {"b"}});
    CHECK(values_of("a," + quoted_field(most)) == std::vector<fields>{{"a", most}});
    for (const std::string& text : {"a," + most + "x,c\nb\n", "a,\"" + most + most + "\",c\nb\n"}) {
        const auto all = read(text);
        REQUIRE(all.size() == 2);
        CHECK(all[0].fault_column == 2);
        CHECK_THAT(all[0].fault, weir_test::ContainsSubstring("1048576"));
        CHECK(all[1].values == fields{"b"});
        CHECK(all[1].line == 2);
    }
}

TEST_CASE("csv: an open quote does not hold a large file in memory, and its lines are still counted") {
    std::string text = "a,\"";
    for (int i = 0; i < 300'000; ++i) text += "1234567890\n";
    const auto all = read(text + "\"\nb\n");
    REQUIRE(all.size() == 2);
    CHECK(all[0].fault_column == 2);
    CHECK(all[1].line == 300'002);
}

TEST_CASE("csv: a separator that means something else is refused") {
    const std::optional<std::string> content = "a";
    weir::text_window window("", content);
    for (const char c : {'"', '\n', '\r', '\0'})
        CHECK_THROWS_AS(weir::csv_reader(window, c), weir::exception);
}

TEST_CASE("csv: a file that is not there is an error with its path and the reason") {
    try {
        weir::text_window window("/nowhere/at all.csv", std::nullopt);
        FAIL("no error");
    } catch (const weir::exception& e) {
        CHECK(e.error().code == weir::errc::io);
        CHECK(e.error().where == "/nowhere/at all.csv");
        CHECK_THAT(e.error().message, weir_test::ContainsSubstring("No such file"));
    }
}

TEST_CASE("csv: a directory is not read as a file") {
    CHECK_THROWS_AS(weir::text_window("/", std::nullopt), weir::exception);
}

TEST_CASE("csv: what was written is read back, wherever the pieces of a file are cut") {
    std::mt19937 random(20240131);
    const std::vector<std::string> parts{"a",    "bc", ",", "\"",       "\n",
                                         "\r\n", "\r", " ", "\xC3\xBC", "long text of a field"};
    const std::vector<std::string> ends{"\n", "\r\n", "\r"};
    std::vector<fields> expected;
    std::vector<std::int64_t> lines;
    std::string text;
    std::int64_t line = 1;
    while (text.size() < 1'500'000) {
        fields record(1 + random() % 6);
        lines.push_back(line);
        for (auto& value : record) {
            for (auto n = random() % 5; n > 0; --n) value += parts[random() % parts.size()];
            const bool quote = value.find_first_of(",\"\r\n") != std::string::npos || record.size() == 1 ||
                               random() % 4 == 0;
            text += quote ? quoted_field(value) : value;
            if (&value != &record.back()) text += ',';
            for (std::size_t i = 0; i < value.size(); ++i)
                if (value[i] == '\r' || (value[i] == '\n' && (i == 0 || value[i - 1] != '\r'))) ++line;
        }
        text += ends[random() % ends.size()];
        ++line;
        expected.push_back(record);
    }
    const auto all = read(text);
    REQUIRE(all.size() == expected.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].values == expected[i] && all[i].line == lines[i] && all[i].fault.empty()) continue;
        CAPTURE(i, lines[i], all[i].fault);
        CHECK(all[i].values == expected[i]);
        CHECK(all[i].line == lines[i]);
        break;
    }
}
