// csv_rows.cpp - gives the fields of a CSV record their names and refuses ragged rows.
#include "load/csv_rows.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "base/fail.hpp"
#include "base/text.hpp"

namespace weir::inline v1 {

csv_rows::csv_rows(const std::string& path, const std::optional<std::string>& content, char separator,
                   std::string name)
    : name_(std::move(name)), text_(path, content), reader_(text_, separator) {
    read_header();
}

void csv_rows::read_header() {
    if (!reader_.next())
        fail(errc::bad_input, "found nothing, expected a header that names the columns", name_ + ":1");
    where_ = name_ + ":" + std::to_string(reader_.line());
    if (const auto& fault = reader_.fault()) {
        const auto column = fault->column == 0 ? std::string() : ":" + std::to_string(fault->column);
        fail(errc::bad_input, "the header cannot be read: " + fault->reason, where_ + column);
    }
    width_ = reader_.field_count();
    if (width_ > max_columns)
        fail(errc::limit_exceeded,
             "the header has " + std::to_string(width_) + " columns, at most " + std::to_string(max_columns) +
                 " are allowed",
             where_);
    columns_.assign(reader_.fields().begin(), reader_.fields().end());
}

bool csv_rows::next(file_row& to) {
    if (!reader_.next()) return false;
    to.line = reader_.line();
    to.fault.reset();
    if (const auto& fault = reader_.fault()) {
        const std::size_t index = fault->column - 1;  // wraps for the whole row
        to.fault = {fault->column, index < width_ ? columns_[index] : std::string(), fault->reason};
        return true;
    }
    if (reader_.field_count() != width_) {
        to.fault = {0,
                    {},
                    "found " + std::to_string(reader_.field_count()) + " fields, expected " +
                        std::to_string(width_) + " as in the header"};
        return true;
    }
    to.cells.resize(columns_.size());
    const auto fields = reader_.fields();
    for (std::size_t i = 0; i < width_; ++i)
        to.cells[i] = {fields[i].empty() ? cell_kind::missing : cell_kind::text, fields[i]};
    for (std::size_t i = width_; i < to.cells.size(); ++i) to.cells[i] = {};
    return true;
}

std::size_t csv_rows::column(const std::string& name) {
    const auto found = std::find(columns_.begin(), columns_.end(), name);
    if (found == columns_.end()) {
        // One column, where more are needed, is the sign of another separator.
        const auto alone = columns_.size() == 1 ? ", which has the column " + quoted(columns_[0]) + " alone"
                                                : did_you_mean(name, columns_);
        fail(errc::unknown_name, "column " + quoted(name) + " is not in the header" + alone, where_);
    }
    if (std::find(found + 1, columns_.end(), name) != columns_.end())
        fail(errc::bad_input, "column " + quoted(name) + " stands twice in the header, expected once",
             where_);
    return static_cast<std::size_t>(found - columns_.begin());
}

std::size_t csv_rows::add_column(const std::string& name) {
    if (std::find(columns_.begin(), columns_.end(), name) != columns_.end())
        fail(errc::bad_input, "column " + quoted(name) + " comes from a lookup, but the file has it already",
             where_);
    columns_.push_back(name);
    return columns_.size() - 1;
}

}  // namespace weir::inline v1
