// An answer of any cells: its JSON and CSV read back as they were told, its pages and pictures are whole.
#include <fuzzer/FuzzedDataProvider.h>

#include <cmath>

#include <weir.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "fuzz.hpp"
#include "load/csv_reader.hpp"
#include "markup.hpp"
#include "show/text_width.hpp"

namespace {

using weir::column_type;
using weir_fuzz::require;

weir::rate make_rate(FuzzedDataProvider& from) {
    weir::rate r{.n = from.ConsumeIntegral<std::int64_t>(), .of = from.ConsumeIntegral<std::int64_t>()};
    if (from.ConsumeBool()) r.low = from.ConsumeProbability<double>();
    if (from.ConsumeBool()) r.high = from.ConsumeProbability<double>();
    r.status = static_cast<weir::rate_status>(from.ConsumeIntegralInRange(0, 3));
    return r;
}

weir::cell make_cell(FuzzedDataProvider& from, column_type type) {
    if (from.ConsumeIntegralInRange(0, 7) == 0) return std::monostate();
    switch (type) {
        case column_type::text: return from.ConsumeRandomLengthString(24);
        case column_type::integer: return from.ConsumeIntegral<std::int64_t>();
        case column_type::number: return from.ConsumeFloatingPoint<double>();
        case column_type::boolean: return from.ConsumeBool();
        case column_type::rate: return make_rate(from);
        case column_type::duration_us: return weir::duration(from.ConsumeIntegral<std::int64_t>());
        case column_type::instant_us:
            return weir::instant(weir::duration(from.ConsumeIntegral<std::int64_t>()));
        case column_type::money: return weir::money{from.ConsumeIntegral<std::int64_t>(), "EUR"};
    }
    return std::monostate();
}

// Now and then a table that has the names of one that is drawn as a chart.
weir::table make_table(FuzzedDataProvider& from) {
    constexpr std::string_view names[]{"steps",  "leads", "conversion", "group",
                                       "bucket", "step",  "stages",     "transitions"};
    const auto name = [&] {
        return from.ConsumeBool() ? std::string(from.PickValueInArray(names))
                                  : from.ConsumeRandomLengthString(12);
    };
    std::vector<weir::column> columns(from.ConsumeIntegralInRange<std::size_t>(2, 4));
    const auto rows = from.ConsumeIntegralInRange<std::size_t>(0, 3);
    for (auto& c : columns) {
        c.name = name();
        c.type = static_cast<column_type>(from.ConsumeIntegralInRange(0, 7));
        for (std::size_t row = 0; row < rows; ++row) c.cells.push_back(make_cell(from, c.type));
    }
    return {name(), columns};
}

weir::answer make_answer(FuzzedDataProvider& from) {
    weir::answer a{.title = from.ConsumeRandomLengthString(40),
                   .question = from.ConsumeRandomLengthString(40)};
    if (from.ConsumeBool()) a.as_of = weir::instant(weir::duration(from.ConsumeIntegral<std::int64_t>()));
    if (from.ConsumeBool()) a.notes.push_back(from.ConsumeRandomLengthString(60));
    const int tables = from.ConsumeIntegralInRange(0, 2);
    for (int i = 0; i < tables; ++i) a.tables.push_back(make_table(from));
    return a;
}

void check_json(const weir::answer& a, int indent) {
    const auto tree = weir::json::parse(to_json(a, indent));
    require(tree.find("title")->text == weir::repair(a.title), "a title reads back otherwise");
    const auto& tables = tree.find("tables")->items;
    require(tables.size() == a.tables.size(), "tables are lost");
    for (std::size_t t = 0; t < tables.size(); ++t) {
        const auto& rows = tables[t].find("rows")->items;
        const auto columns = a.tables[t].columns();
        require(rows.size() == a.tables[t].row_count(), "rows are lost");
        for (std::size_t row = 0; row < rows.size(); ++row)
            for (std::size_t c = 0; c < columns.size(); ++c) {
                const auto& cell = columns[c].cells[row];
                const auto& read = rows[row].items[c];
                if (const auto* text = std::get_if<std::string>(&cell))
                    require(read.text == weir::repair(*text), "a text reads back otherwise");
                if (const auto* n = std::get_if<std::int64_t>(&cell))
                    require(read.text == std::to_string(*n), "an integer reads back otherwise");
                if (const auto* d = std::get_if<double>(&cell))
                    require(!std::isfinite(*d) || weir::as_number(read.text) == *d,
                            "a number reads back otherwise");
            }
    }
}

std::string without_nul(std::string text) {
    for (auto at = text.find('\0'); at != std::string::npos; at = text.find('\0', at))
        text.replace(at, 1, "\xEF\xBF\xBD");
    return text;
}

void check_csv(const weir::answer& a, char separator) {
    const std::optional<std::string> text = to_csv(a, separator);
    weir::text_window window("", text);
    weir::csv_reader reader(window, separator);
    const auto next = [&] {
        require(reader.next(), "records are missing");
        if (reader.fault()) require(false, reader.fault()->reason + " in\n" + *text);
    };
    for (const auto& t : a.tables) {
        if (a.tables.size() > 1) {
            next();
            require(reader.fields().front().starts_with("# "), "a table has no name");
        }
        std::size_t width = 0;
        for (const auto& c : t.columns()) width += c.type == column_type::rate ? 6 : 1;
        next();
        require(reader.field_count() == width, "a heading has other columns");
        for (std::size_t row = 0; row < t.row_count(); ++row) {
            next();
            require(reader.field_count() == width, "a row has other columns");
            std::size_t at = 0;
            for (const auto& c : t.columns()) {
                if (const auto* told = std::get_if<std::string>(&c.cells[row])) {
                    const auto read = reader.fields()[at];
                    const auto right = without_nul(weir::repair(*told));
                    require(read == right || (read.starts_with('\'') && read.substr(1) == right),
                            "a text reads back otherwise");
                }
                at += c.type == column_type::rate ? 6 : 1;
            }
        }
    }
    require(!reader.next(), "records are left over");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzedDataProvider from(data, size);
    const int width = from.ConsumeIntegralInRange(40, 120);
    const int form = from.ConsumeIntegralInRange(0, 7);
    const weir::answer a = make_answer(from);
    if (form == 0) {
        const std::string page = render(a, weir::html{});
        require(weir_test::fault_of_markup(page).empty(), weir_test::fault_of_markup(page));
    } else if (form == 1) {
        const std::string picture = render(a, weir::svg{.width = width * 8});
        require(weir_test::fault_of_markup(picture).empty(), weir_test::fault_of_markup(picture));
    } else if (form <= 3) {
        const auto set = form == 2 ? weir::charset::utf8 : weir::charset::ascii;
        const std::string screen = render(a, weir::terminal{.width = width, .charset = set});
        require(weir::valid_utf8(screen), "a screen gets bad UTF-8");
        for (const char c : screen)
            require(c == '\n' || static_cast<unsigned char>(c) >= 0x20, "a screen gets a control character");
    } else if (form <= 5) {
        check_json(a, form == 4 ? 0 : 2);
    } else {
        check_csv(a, form == 6 ? ',' : ';');
    }
    return 0;
}
