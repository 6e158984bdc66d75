// csv.cpp - an answer's tables as CSV.
#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

#include <weir/table.hpp>

#include "base/text.hpp"
#include "show/text_width.hpp"

namespace weir::inline v1 {
namespace {

class csv_printer {
public:
    explicit csv_printer(char separator) : separator_(separator) {}

    void name_table(std::string_view name) {
        const std::string line = "# " + clean(name);
        const bool quote = line.find_first_of(std::string{'"', separator_}) != std::string::npos;
        quote ? text(line) : plain(line);
        end_row();
    }

    void header(const column& c) {
        if (c.type != column_type::rate) {
            text(c.name);
            return;
        }
        for (const auto* part : {".n", ".of", ".value", ".low", ".high", ".status"}) text(c.name + part);
    }

    void value(const cell& c, column_type type) {
        if (type != column_type::rate) {
            std::visit([this](const auto& v) { print(v); }, c);
        } else if (const auto* r = std::get_if<rate>(&c)) {
            print(*r);
        } else {
            for (int part = 0; part < 6; ++part) next();
        }
    }

    void end_row() {
        out_ += '\n';
        first_ = true;
    }

    std::string take() { return std::move(out_); }

private:
    void next() {
        if (!first_) out_ += separator_;
        first_ = false;
    }

    void plain(std::string_view written) {
        next();
        out_ += written;
    }

    // An empty text is quoted: a blank cell is null. So is one that begins with #: a line `# name` is a
    // table's.
    // NUL, which readers of CSV refuse, is repaired as bad UTF-8 is.
    void text(std::string_view s) {
        constexpr std::string_view formula = "=+-@\t\r";
        std::string content = repair(s);
        for (auto at = content.find('\0'); at != std::string::npos; at = content.find('\0', at))
            content.replace(at, 1, "\xEF\xBF\xBD");
        if (!content.empty() && formula.find(content.front()) != std::string_view::npos)
            content.insert(0, 1, '\'');
        const bool quote = content.empty() || content.front() == '#' || content.front() == ' ' ||
                           content.back() == ' ' || content.find(separator_) != std::string::npos ||
                           content.find_first_of("\"\r\n") != std::string::npos;
        if (!quote) return plain(content);
        std::string inside = "\"";
        for (const char c : content) inside += c == '"' ? std::string("\"\"") : std::string(1, c);
        plain(inside + '"');
    }

    void number(std::optional<double> d) { plain(d && std::isfinite(*d) ? print_number(*d) : std::string()); }

    void print(std::monostate) { next(); }
    void print(const std::string& s) { text(s); }
    void print(std::int64_t i) { plain(std::to_string(i)); }
    void print(double d) { number(d); }
    void print(bool b) { plain(b ? "true" : "false"); }
    void print(duration d) { print(std::int64_t{d.count()}); }
    void print(instant t) { plain(to_string(t)); }
    void print(const money& m) { plain(to_string(m)); }
    void print(const rate& r) {
        print(r.n);
        print(r.of);
        number(r.value());
        number(r.low);
        number(r.high);
        plain(to_string(r.status));
    }

    std::string out_{};
    char separator_;
    bool first_ = true;
};

}  // namespace

std::string to_csv(const answer& a, char separator) {
    csv_printer out(separator);
    for (const table& t : a.tables) {
        if (a.tables.size() > 1) out.name_table(t.name());
        for (const column& c : t.columns()) out.header(c);
        out.end_row();
        for (std::size_t row = 0; row < t.row_count(); ++row) {
            for (const column& c : t.columns()) out.value(c.cells[row], c.type);
            out.end_row();
        }
    }
    return out.take();
}

}  // namespace weir::inline v1
