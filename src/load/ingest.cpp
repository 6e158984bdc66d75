// ingest.cpp - opens a file as a source of rows.
#include <weir/ingest.hpp>

#include "base/fail.hpp"
#include "load/csv_rows.hpp"
#include "load/json_rows.hpp"
#include "load/load_rows.hpp"
#include "load/mapping.hpp"
#include "scan/scan.hpp"

namespace weir::inline v1 {
namespace {

// A text without a path still needs a name in messages.
std::string name_of_file(const std::string& path, const char* otherwise) {
    return path.empty() ? otherwise : path;
}

}  // namespace

result<load_report> load(store& to, const csv& file, const scope& how) {
    return guarded([&] {
        check_threads(how);
        check_mapping(file.mapping);
        csv_rows rows(file.path, file.content, file.separator, name_of_file(file.path, "csv"));
        return load_rows(to, rows, file.mapping, file.separator, how.threads);
    });
}

result<load_report> load(store& to, const json_lines& file, const scope& how) {
    return guarded([&] {
        check_threads(how);
        check_mapping(file.mapping);
        json_rows rows(file.path, file.content, name_of_file(file.path, "json_lines"),
                       takes_other_columns(file.mapping));
        return load_rows(to, rows, file.mapping, csv{}.separator, how.threads);
    });
}

}  // namespace weir::inline v1
