// lookup.cpp - one pass over the second file, then a hash lookup for each row.
#include "load/lookup.hpp"

#include "base/fail.hpp"
#include "base/text.hpp"
#include "load/csv_rows.hpp"

namespace weir::inline v1 {

lookup::lookup(const lookup_mapping& mapping, char separator, row_source& rows)
    : key_column_(rows.column(mapping.key)) {
    csv_rows file(mapping.file, std::nullopt, separator, mapping.file);
    const std::size_t key = file.column(mapping.key);
    std::vector<std::size_t> from;
    for (const auto& name : mapping.attributes) {
        from.push_back(file.column(name));
        columns_.push_back(rows.add_column(name));
    }
    file_row r;
    while (file.next(r)) {
        const auto place = mapping.file + ":" + std::to_string(r.line);
        if (r.fault) {
            const auto column = r.fault->column == 0 ? std::string() : ":" + std::to_string(r.fault->column);
            fail(errc::bad_input, r.fault->reason, place + column);
        }
        if (r.cells[key].kind == cell_kind::missing) continue;  // no row can ask for it
        const auto known = keys_.size();
        if (keys_.insert(r.cells[key].text) != known)
            fail(errc::bad_input,
                 "key " + quoted(r.cells[key].text) + " stands twice in column " + quoted(mapping.key) +
                     ", expected once",
                 place);
        for (const auto column : from) cells_.emplace_back(r.cells[column].text);
    }
}

void lookup::join(file_row& to) const {
    const file_cell& key = to.cells[key_column_];
    if (key.kind == cell_kind::missing || key.kind == cell_kind::nested) return;
    const auto found = keys_.find(key.text);
    if (!found) return;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const std::string& text = cells_[*found * columns_.size() + i];
        to.cells[columns_[i]] = {text.empty() ? cell_kind::missing : cell_kind::text, text};
    }
}

}  // namespace weir::inline v1
