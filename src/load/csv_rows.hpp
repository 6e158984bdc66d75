// load/csv_rows.hpp - a CSV file as a row source: its header names the columns.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "load/csv_reader.hpp"
#include "load/file_row.hpp"
#include "load/text_window.hpp"

namespace weir::inline v1 {

class csv_rows final : public row_source {
public:
    /// Reads the header. `name` stands for the file in messages. Throws io, bad_input (no header, or one that
    /// cannot be read) and limit_exceeded (more than max_columns).
    csv_rows(const std::string& path, const std::optional<std::string>& content, char separator,
             std::string name);

    bool next(file_row&) override;
    std::size_t column(const std::string& name) override;
    std::size_t add_column(const std::string& name) override;
    std::size_t place(std::size_t column) const override { return column < width_ ? column + 1 : 0; }

private:
    void read_header();

    std::string name_;
    text_window text_;
    csv_reader reader_;
    std::size_t width_ = 0;  // columns of the header; those after it are filled by others
};

}  // namespace weir::inline v1
