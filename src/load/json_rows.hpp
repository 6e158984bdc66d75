// load/json_rows.hpp - a file with one JSON object in each line as a row source: keys name the columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "load/file_row.hpp"
#include "load/text_window.hpp"
#include "segment/text_table.hpp"

namespace weir::inline v1 {

inline constexpr std::size_t max_json_line_bytes = std::size_t{16} << 20;

class json_rows final : public row_source {
public:
    /// A key that column() was never asked for becomes a new column if `all_keys`, else it is passed over.
    /// Throws io. `name` stands for the file in messages.
    json_rows(const std::string& path, const std::optional<std::string>& content, std::string name,
              bool all_keys);

    bool next(file_row&) override;
    std::size_t column(const std::string& name) override;
    std::size_t add_column(const std::string& name) override;
    std::size_t place(std::size_t) const override { return 0; }

private:
    bool next_line();
    void read_object(file_row&);
    std::optional<row_fault> fill_keys(const json::node& keys, file_row&);
    std::optional<row_fault> fill(const std::string& key, const json::node& value, file_row&);

    text_window text_;
    bool all_keys_;
    text_table keys_{};  // code = column
    std::vector<bool> filled_by_others_{};
    std::string_view line_text_{};
    std::size_t line_bytes_ = 0;  // with the line end
    std::int64_t line_ = 0;
    bool too_long_ = false;  // the line is: its text is gone
    json::node object_{};
};

}  // namespace weir::inline v1
