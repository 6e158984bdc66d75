// load/lookup.hpp - the cells of a second file, joined to each row by a key.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <weir/ingest.hpp>

#include "load/file_row.hpp"
#include "segment/text_table.hpp"

namespace weir::inline v1 {

class lookup {
public:
    /// Reads the second file as a whole and adds its columns to the rows. Throws what csv_rows throws, and
    /// bad_input for a row that cannot be read or a key that stands twice.
    lookup(const lookup_mapping&, char separator, row_source& rows);

    /// Fills the added columns; without a row of this key they stay missing. The row's fault must be none.
    void join(file_row&) const;
    /// The columns that it adds.
    const std::vector<std::size_t>& columns() const { return columns_; }

private:
    std::size_t key_column_;
    std::vector<std::size_t> columns_{};
    text_table keys_{};
    std::vector<std::string> cells_{};  // columns_.size() for each key
};

}  // namespace weir::inline v1
