#include "on_disk.hpp"

#include <ctime>
#include <filesystem>
#include <iomanip>
#include <ostream>
#include <stdexcept>

#include <weir.hpp>

#include "questions.hpp"
#include "stopwatch.hpp"
#include "workload.hpp"

namespace weir_bench {
namespace {

namespace fs = std::filesystem;

double megabytes(std::int64_t bytes) { return static_cast<double>(bytes) / 1048576; }

std::int64_t bytes_of(const std::string& directory) {
    std::int64_t sum = 0;
    for (const auto& e : fs::directory_iterator(directory)) sum += static_cast<std::int64_t>(e.file_size());
    return sum;
}

template <class F> double cpu_ms(F&& f) {
    const std::clock_t begin = std::clock();
    f();
    return 1000.0 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

std::string ask(const weir::snapshot& events, const weir::funnel& q) {
    return to_json(weir::answer(measure(events, q).value()));
}

void fill(const std::string& csv, const std::string& directory, std::ostream& out) {
    weir::store s = weir::store::open(directory).value();
    const double loaded = milliseconds([&] {
        weir::load(s, weir::csv{.path = csv, .mapping = mapping_of_workload()}).value();
        s.seal().value();
    });
    const double merged = milliseconds([&] {
        while (s.maintain().value() > 0) {
        }
    });
    const auto events = s.snapshot();
    s.close().value();
    out << "loaded in " << loaded << " ms, merged in " << merged << " ms: " << events.size() << " events of "
        << events.leads() << " leads in " << bytes_of(directory) << " bytes\n";
    out << "bytes an event beside 64 a lead: "
        << static_cast<double>(bytes_of(directory) - 64 * events.leads()) / static_cast<double>(events.size())
        << "\n\n";
}

}  // namespace

void print_on_disk(const std::string& csv, const std::string& directory, int runs, std::ostream& out) {
    out << std::fixed << std::setprecision(1);
    fill(csv, directory, out);
    std::string q1, q2;
    {
        weir::store memory;
        weir::load(memory, weir::csv{.path = csv, .mapping = mapping_of_workload()}).value();
        memory.seal().value();
        q1 = ask(memory.snapshot(), plain_funnel());
        q2 = ask(memory.snapshot(), funnel_by_channel());
        const double one = cpu_ms([&] { ask(memory.snapshot(), plain_funnel()); });
        const double two = cpu_ms([&] { ask(memory.snapshot(), funnel_by_channel()); });
        out << "in memory: Q1 " << one << " ms, Q2 " << two << " ms of CPU time\n\n";
    }
    out << "| budget, MB | open, ms | Q1 first | Q1 later | Q2 first | Q2 later | verify, ms | memory, MB "
           "|\n";
    out << "|---|---|---|---|---|---|---|---|\n";
    for (const std::int64_t budget : {192, 256, 1024}) {
        forget_peak();
        weir::store s;
        const double opened =
            milliseconds([&] { s = weir::store::open(directory, {.memory_budget = budget << 20}).value(); });
        const auto events = s.snapshot();
        const auto asked = [&](const weir::funnel& q, const std::string& expected) {
            if (ask(events, q) != expected) throw std::runtime_error("a store on disk answers other bytes");
        };
        const double first_1 = cpu_ms([&] { asked(plain_funnel(), q1); });
        const double later_1 = cpu_ms([&] {
                                   for (int i = 0; i < runs; ++i) asked(plain_funnel(), q1);
                               }) /
                               runs;
        const double first_2 = cpu_ms([&] { asked(funnel_by_channel(), q2); });
        const double later_2 = cpu_ms([&] {
                                   for (int i = 0; i < runs; ++i) asked(funnel_by_channel(), q2);
                               }) /
                               runs;
        const std::int64_t peak = peak_memory();
        const double verified = milliseconds([&] { s.verify().value(); });
        out << "| " << budget << " | " << opened << " | " << first_1 << " | " << later_1 << " | " << first_2
            << " | " << later_2 << " | " << verified << " | " << megabytes(peak) << " |\n"
            << std::flush;
        s.close().value();
    }
    fs::remove_all(directory);
}

}  // namespace weir_bench
