#include "again.hpp"

#include <algorithm>
#include <ctime>
#include <iomanip>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <weir.hpp>

#include "questions.hpp"
#include "stopwatch.hpp"
#include "workload.hpp"

namespace weir_bench {
namespace {

void append(weir::store& store, const std::vector<workload_event>& events) {
    std::ostringstream csv;
    write_csv(events, csv);
    weir::load(store, weir::csv{.mapping = mapping_of_workload(), .content = csv.str()}).value();
}

// The least of some runs.
struct cost {
    double cpu_ms = 1e300, ms = 1e300;
};
template <class F> cost least_of(int runs, F&& f) {
    cost least;
    for (int i = 0; i < runs; ++i) {
        const std::clock_t begin = std::clock();
        least.ms = std::min(least.ms, milliseconds(f));
        const double cpu_ms = 1000.0 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
        least.cpu_ms = std::min(least.cpu_ms, cpu_ms);
    }
    return least;
}

void print(std::ostream& out, const char* store, const char* way, int threads, const cost& c) {
    out << "| " << store << " | " << way << " | " << threads << " | " << c.cpu_ms << " | " << c.ms << " |\n";
}

std::string flow_of(const weir::snapshot& stages) {
    return to_json(weir::answer(measure(stages, weir::flow{}).value()));
}

void compare(const weir::snapshot& before, const weir::snapshot& now, int runs, const char* store,
             std::ostream& out) {
    const weir::lifecycle l = transitions();
    for (const int threads : {1, 2}) {
        weir::snapshot full, again;
        const cost in_full = least_of(runs, [&] { full = derive(now, l, {.threads = threads}).value(); });
        const cost by_earlier =
            least_of(runs, [&] { again = derive(now, l, before, {.threads = threads}).value(); });
        if (flow_of(full) != flow_of(again)) throw std::runtime_error("deriving again answers other bytes");
        print(out, store, "in full", threads, in_full);
        print(out, store, "again", threads, by_earlier);
        out << "| | ratio | " << threads << " | " << in_full.cpu_ms / by_earlier.cpu_ms << " | "
            << in_full.ms / by_earlier.ms << " |\n";
    }
}

}  // namespace

void print_again(std::size_t events, int runs, std::ostream& out) {
    std::vector<workload_event> all = make_workload(events + events / 100);
    const std::vector<workload_event> more(all.begin() + static_cast<std::ptrdiff_t>(events), all.end());
    all.resize(events);
    weir::store store;
    append(store, all);
    store.seal().value();
    const weir::snapshot before = derive(store.snapshot(), transitions()).value();
    append(store, more);
    out << "| store | derived | threads | CPU ms | ms |\n|---|---|---|---|---|\n"
        << std::fixed << std::setprecision(1);
    compare(before, store.snapshot(), runs, "appended", out);
    store.seal().value();
    compare(before, store.snapshot(), runs, "appended, sealed", out);
}

}  // namespace weir_bench
