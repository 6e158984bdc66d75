// load/file_row.hpp - what CSV and JSON lines have in common: rows of cells under named columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::inline v1 {

inline constexpr std::size_t max_columns = 16384;

enum class cell_kind : std::uint8_t { missing, text, boolean, integer, number, nested };

/// A value as the file has it. `text` is what was written, without quotes; a typed attribute is read from it.
struct file_cell {
    cell_kind kind = cell_kind::missing;
    std::string_view text{};
};

/// Why a row cannot be read. Columns count from 1; 0 is the whole row.
struct row_fault {
    std::size_t column = 0;
    std::string field{};
    std::string reason{};
};

struct file_row {
    std::int64_t line = 0;             ///< from 1, where the row begins
    std::vector<file_cell> cells{};    ///< by column; valid until the next row is read
    std::optional<row_fault> fault{};  ///< then the cells mean nothing
};

/// The rows of one file. Not copied: rows point into it.
class row_source {
public:
    row_source() = default;
    row_source(const row_source&) = delete;
    row_source& operator=(const row_source&) = delete;
    virtual ~row_source() = default;

    /// Reads the next row; false at the end.
    virtual bool next(file_row&) = 0;
    /// The column of this name. A file with a header throws unknown_name if it has none and bad_input if it
    /// has two; one without makes a new column.
    virtual std::size_t column(const std::string& name) = 0;
    /// A new column that the file does not fill, but somebody else. Throws bad_input if the file has one of
    /// this name.
    virtual std::size_t add_column(const std::string& name) = 0;
    /// All columns so far; next() may add some.
    const std::vector<std::string>& columns() const { return columns_; }
    /// Where the names of columns stand, for messages.
    const std::string& where() const { return where_; }
    /// The place of a column in the file, from 1; 0 if columns have no places.
    virtual std::size_t place(std::size_t column) const = 0;

protected:
    std::vector<std::string> columns_{};
    std::string where_{};
};

/// Why text from a file cannot be used: a NUL byte, or not UTF-8. Fast where all of it is ASCII.
std::optional<std::string> fault_of_bytes(std::string_view);

}  // namespace weir::inline v1
