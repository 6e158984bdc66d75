// load_rows.cpp - batches out of rows, filled and appended by one thread or by two.
#include "load/load_rows.hpp"

#include <exception>
#include <thread>
#include <utility>

#include "load/batch_ring.hpp"
#include "load/row_mapper.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::int64_t rows_per_batch = 65'536;
constexpr std::size_t most_samples = 10;

// Makes batches of the rows of a file, and counts what became of those that gave no event.
class batch_filler {
public:
    batch_filler(row_source& rows, const mapping& m, char lookup_separator)
        : rows_(rows), mapper_(m, lookup_separator, rows) {}

    // Fills an empty batch; false if there was no row left.
    bool fill(batch& to) {
        mapper_.begin(to.data());
        const std::int64_t before = counted_.rows;
        while (counted_.rows - before < rows_per_batch && rows_.next(row_)) {
            ++counted_.rows;
            const std::size_t yielded = row_.fault ? 0 : mapper_.add(row_);
            if (row_.fault)
                note_rejected();
            else if (yielded == 0)
                ++counted_.without_event;
        }
        return counted_.rows > before;
    }

    // All rows so far; the store says what became of the events.
    load_report report(const receipt& of_events) const {
        load_report all = counted_;
        all.events = of_events.accepted;
        all.duplicate = of_events.duplicate;
        all.conflicting = of_events.conflicting;
        all.erased = of_events.erased;
        all.future = of_events.future;
        all.late = of_events.late;
        return all;
    }

private:
    void note_rejected() {
        ++counted_.rejected;
        if (counted_.samples.size() == most_samples) return;
        row_fault& f = *row_.fault;
        counted_.samples.push_back({.line = row_.line,
                                    .column = static_cast<std::int64_t>(f.column),
                                    .field = std::move(f.field),
                                    .reason = std::move(f.reason)});
    }

    row_source& rows_;
    row_mapper mapper_;
    file_row row_{};
    load_report counted_{};
};

void append(store& to, batch& events, receipt& sum) {
    if (events.empty()) return;
    sum += to.append(events).value();
    events.clear();
}

// Another thread fills batches while this one appends them. What it could not read comes after the batches
// before it, and is of no interest if one of them was refused.
void append_beside(batch_filler& filler, store& to, receipt& sum) {
    batch_ring ring;
    std::exception_ptr fault;
    {
        const std::jthread reading([&] {
            try {
                for (batch* empty; (empty = ring.next_empty()) != nullptr && filler.fill(*empty);)
                    ring.filled();
            } catch (...) {
                fault = std::current_exception();
            }
            ring.end();
        });
        try {
            for (batch* full; (full = ring.next_full()) != nullptr; ring.emptied()) append(to, *full, sum);
        } catch (...) {
            ring.end();
            throw;
        }
    }
    if (fault) std::rethrow_exception(fault);
}

}  // namespace

load_report load_rows(store& to, row_source& rows, const mapping& m, char lookup_separator, int threads) {
    batch_filler filler(rows, m, lookup_separator);
    receipt sum;
    if (threads > 1) {
        append_beside(filler, to, sum);
    } else {
        for (batch events; filler.fill(events);) append(to, events, sum);
    }
    return filler.report(sum);
}

}  // namespace weir::inline v1
