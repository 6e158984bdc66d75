// weir/table.hpp - rates, and tables of named typed columns; every answer converts to a set of tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <weir/error.hpp>
#include <weir/money.hpp>
#include <weir/time.hpp>

namespace weir {
inline namespace v1 {

enum class rate_status : std::uint8_t {
    ok,
    empty,      ///< of nobody: there is no value
    undefined,  ///< the question gives it no meaning (a mature rate without a horizon): there is no value
    boundary,   ///< 0 or all: the interval is one-sided
};
WEIR_API std::string_view to_string(rate_status) noexcept;

/// n of `of`, with the 95 % interval of Wilson (1927) where the trials are independent.
struct rate {
    std::int64_t n = 0;
    std::int64_t of = 0;
    std::optional<double> low{}, high{};  ///< none: no value, or no interval is known for it
    rate_status status = rate_status::empty;

    /// n / of as a fraction (0.001 is 0.1 %); none where the status says so.
    std::optional<double> value() const {
        if (of == 0 || status == rate_status::undefined) return std::nullopt;
        return static_cast<double>(n) / static_cast<double>(of);
    }
    friend bool operator==(const rate&, const rate&) = default;
};

/// One value of a table; monostate is null.
using cell =
    std::variant<std::monostate, std::string, std::int64_t, double, bool, rate, duration, instant, money>;
/// The unit stands in the name of the type.
enum class column_type : std::uint8_t {
    text,
    integer,
    number,
    boolean,
    rate,
    duration_us,
    instant_us,
    money
};
/// Prints the word that JSON uses: "text", "integer", "number", "boolean", "rate", "duration", "time",
/// "money".
WEIR_API std::string_view to_string(column_type) noexcept;

struct column {
    std::string name{};
    column_type type = column_type::text;
    std::vector<cell> cells{};
    friend bool operator==(const column&, const column&) = default;
};

/// Columns of equal length, with a name.
class WEIR_API table {
public:
    table() = default;
    table(std::string name, std::vector<column> columns)
        : name_(std::move(name)), columns_(std::move(columns)) {}

    const std::string& name() const { return name_; }
    std::span<const column> columns() const& { return columns_; }
    std::span<const column> columns() const&& = delete;  // would dangle
    std::size_t row_count() const { return columns_.empty() ? 0 : columns_.front().cells.size(); }
    /// Adds a row of as many cells as there are columns (asserted).
    void add_row(std::vector<cell> cells);
    /// The column of that name, or nullptr.
    const column* find(std::string_view name) const&;
    const column* find(std::string_view) const&& = delete;
    /// Gives a cell as T, an empty optional for null.
    /// Errors: unknown_name (a suggestion is given), mismatch (another type), limit_exceeded (no such row).
    template <class T> result<std::optional<T>> get(std::size_t row, std::string_view name) const {
        const auto found = at(row, name);
        if (!found) return found.error();
        if (std::holds_alternative<std::monostate>(**found)) return std::optional<T>{};
        if (const T* v = std::get_if<T>(*found)) return std::optional<T>{*v};
        return error{errc::mismatch, "column \"" + std::string(name) + "\" holds another type", name_};
    }
    friend bool operator==(const table&, const table&) = default;

private:
    result<const cell*> at(std::size_t row, std::string_view name) const;
    std::string name_{};
    std::vector<column> columns_{};
};

/// What render, to_json and to_csv read; every typed answer converts to it.
struct WEIR_API answer {
    std::string title{};             ///< states the finding, "visit to signup loses most: 62 %"
    std::string question{};          ///< the question as JSON, {"funnel": {...}}
    std::optional<instant> as_of{};  ///< none: there were no events
    std::vector<std::string> notes{};
    std::vector<table> tables{};

    /// The table of that name, or nullptr.
    const table* find(std::string_view name) const&;
    const table* find(std::string_view) const&& = delete;
    friend bool operator==(const answer&, const answer&) = default;
};
/// Prints {"question", "as_of", "title", "notes", "tables"}; a duration is whole microseconds, a rate
/// {"n", "of", "value", "low", "high", "status"}, money {"units", "currency"}. Indent 0: one line.
WEIR_API std::string to_json(const answer&, int indent = 0);
/// Prints each table, under a line `# name` if there are several. What a spreadsheet would take for a formula
/// gets a leading apostrophe; NUL becomes U+FFFD. A rate takes six columns: name.n, name.of, name.value, ...
WEIR_API std::string to_csv(const answer&, char separator = ',');

}  // namespace v1
}  // namespace weir
