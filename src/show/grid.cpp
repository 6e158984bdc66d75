#include "show/grid.hpp"

#include <algorithm>

#include "show/words.hpp"

namespace weir::inline v1 {
namespace {

bool is_null(const cell& c) { return std::holds_alternative<std::monostate>(c); }
// A rate that the question gives no meaning is as good as none.
bool says_nothing(const cell& c) {
    const auto* r = std::get_if<rate>(&c);
    return is_null(c) || (r != nullptr && r->status == rate_status::undefined);
}
bool is_zero(const cell& c) {
    const auto* n = std::get_if<std::int64_t>(&c);
    return n != nullptr && *n == 0;
}

// Of counts beside other counts a column of zeros says nothing.
bool is_optional(const column& c) { return c.type == column_type::integer; }

grid::cell_text words_of(const cell& c, bool names_part) {
    if (names_part && is_null(c)) return {"all", {}, {}};
    const auto* r = std::get_if<rate>(&c);
    if (r == nullptr || !r->value()) return {cell_words(c), {}, {}};
    return {cell_words(c), parts_words(*r), interval_words(*r)};
}

}  // namespace

grid grid_of(const table& t, std::size_t most_rows) {
    grid g;
    const std::size_t rows = std::min(t.row_count(), most_rows);
    g.rows_left_out = t.row_count() - rows;
    g.rows.resize(rows);
    for (const column& c : t.columns()) {
        const bool nothing = std::all_of(c.cells.begin(), c.cells.end(), says_nothing);
        if (nothing && !c.cells.empty()) continue;
        if (is_optional(c) && !c.cells.empty() && std::all_of(c.cells.begin(), c.cells.end(), is_zero)) {
            g.always_zero.push_back(name_words(c.name));
            continue;
        }
        g.headings.push_back(name_words(c.name));
        g.to_the_right.push_back(c.type != column_type::text && c.type != column_type::boolean &&
                                 c.type != column_type::instant_us);
        g.one_line.push_back(g.to_the_right.back() || c.type == column_type::instant_us ||
                             c.name == "bucket");
        const bool names_part = c.name == "group" || c.name == "bucket";
        for (std::size_t r = 0; r < rows; ++r) g.rows[r].push_back(words_of(c.cells[r], names_part));
    }
    return g;
}

}  // namespace weir::inline v1
