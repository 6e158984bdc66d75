#include <weir/table.hpp>

#include <algorithm>
#include <array>
#include <cassert>

#include "base/text.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::array<std::string_view, 4> status_words{"ok", "empty", "undefined", "boundary"};
constexpr std::array<std::string_view, 8> type_words{"text", "integer",  "number", "boolean",
                                                     "rate", "duration", "time",   "money"};

// A value of a later version has no word here.
template <std::size_t N>
std::string_view word_of(const std::array<std::string_view, N>& words, std::size_t i) noexcept {
    return i < N ? words[i] : "unknown";
}

template <class Range> auto named(const Range& range, std::string_view name, auto name_of) {
    const auto at =
        std::find_if(range.begin(), range.end(), [&](const auto& x) { return name_of(x) == name; });
    return at == range.end() ? nullptr : &*at;
}

}  // namespace

std::string_view to_string(rate_status s) noexcept {
    return word_of(status_words, static_cast<std::size_t>(s));
}
std::string_view to_string(column_type t) noexcept {
    return word_of(type_words, static_cast<std::size_t>(t));
}

void table::add_row(std::vector<cell> cells) {
    assert(cells.size() == columns_.size());
    for (std::size_t i = 0; i < columns_.size(); ++i) columns_[i].cells.push_back(std::move(cells[i]));
}

const column* table::find(std::string_view name) const& {
    return named(columns_, name, [](const column& c) -> const std::string& { return c.name; });
}

result<const cell*> table::at(std::size_t row, std::string_view name) const {
    const column* found = find(name);
    if (found == nullptr) {
        std::vector<std::string> known;
        for (const column& c : columns_) known.push_back(c.name);
        return error{errc::unknown_name, "no column is named " + quoted(name) + did_you_mean(name, known),
                     name_};
    }
    if (row >= found->cells.size()) {
        return error{errc::limit_exceeded,
                     "row " + std::to_string(row) + " was asked for, but there are " +
                         std::to_string(found->cells.size()) + " rows, counted from 0",
                     name_};
    }
    return &found->cells[row];
}

const table* answer::find(std::string_view name) const& {
    return named(tables, name, [](const table& t) -> const std::string& { return t.name(); });
}

}  // namespace weir::inline v1
