// ingest.cpp - reads a file row by row and hands its events to the store, batch by batch.
#include <weir/ingest.hpp>

#include <utility>

#include "base/fail.hpp"
#include "store/csv_rows.hpp"
#include "store/json_rows.hpp"
#include "store/mapping.hpp"
#include "store/row_mapper.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::int64_t rows_per_batch = 65'536;
constexpr std::size_t most_samples = 10;

void note_rejected(file_row& r, load_report& report) {
    ++report.rejected;
    if (report.samples.size() == most_samples) return;
    row_fault& f = *r.fault;
    report.samples.push_back({.line = r.line,
                              .column = static_cast<std::int64_t>(f.column),
                              .field = std::move(f.field),
                              .reason = std::move(f.reason)});
}

void append(store& to, batch& events, load_report& report) {
    if (events.empty()) return;
    const receipt done = to.append(events).value();
    report.events += done.accepted;
    report.duplicate += done.duplicate;
    report.conflicting += done.conflicting;
    report.erased += done.erased;
    events.clear();
}

load_report load_rows(store& to, row_source& rows, const mapping& m, char lookup_separator) {
    load_report report;
    batch events;
    row_mapper mapper(m, lookup_separator, rows, events.data());
    file_row r;
    while (rows.next(r)) {
        ++report.rows;
        const std::size_t yielded = r.fault ? 0 : mapper.add(r);
        if (r.fault)
            note_rejected(r, report);
        else if (yielded == 0)
            ++report.without_event;
        if (report.rows % rows_per_batch == 0) append(to, events, report);
    }
    append(to, events, report);
    return report;
}

// A text without a path still needs a name in messages.
std::string name_of_file(const std::string& path, const char* otherwise) {
    return path.empty() ? otherwise : path;
}

}  // namespace

result<load_report> load(store& to, const csv& file) {
    return guarded([&] {
        check_mapping(file.mapping);
        csv_rows rows(file.path, file.content, file.separator, name_of_file(file.path, "csv"));
        return load_rows(to, rows, file.mapping, file.separator);
    });
}

result<load_report> load(store& to, const json_lines& file) {
    return guarded([&] {
        check_mapping(file.mapping);
        json_rows rows(file.path, file.content, name_of_file(file.path, "json_lines"),
                       takes_other_columns(file.mapping));
        return load_rows(to, rows, file.mapping, csv{}.separator);
    });
}

}  // namespace weir::inline v1
