#include "on_disk.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>
#include <iomanip>
#include <limits>
#include <ostream>
#include <span>
#include <stdexcept>
#include <thread>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "questions.hpp"
#include "stopwatch.hpp"

namespace weir_bench {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t batch_size = 50'000, most_ingested = 1'000'000, segments = 100;
constexpr std::array<std::size_t, 2> in_segments{1'000'000, 3'000'000};

template <class F> double cpu_ms(F&& f) {
    const std::clock_t begin = std::clock();
    f();
    return 1000.0 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

// The least is what the work takes; the rest is what else the machine did.
template <class F> double least_of(int runs, F&& f) {
    double least = f();
    for (int i = 1; i < runs; ++i) least = std::min(least, f());
    return least;
}

void append(weir::store& to, std::span<const workload_event> events) {
    weir::batch b;
    event_maker maker;
    for (; !events.empty(); events = events.subspan(std::min(batch_size, events.size()))) {
        b.clear();
        for (const auto& e : events.first(std::min(batch_size, events.size()))) b.add(maker.make(e));
        to.append(b).value();
    }
}

template <class F> void each_file(const std::string& directory, F&& f) {
    for (const auto& e : fs::directory_iterator(directory)) {
        const int file = ::open(e.path().c_str(), O_RDONLY | O_CLOEXEC);
        if (file < 0) throw std::runtime_error("cannot open " + e.path().string());
        f(file);
        ::close(file);
    }
}

// Asks the system to read the files from the disk again. Only clean pages go, so they are synced first.
void forget_pages(const std::string& directory) {
    each_file(directory, [](int file) {
        ::fdatasync(file);
        ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    });
}

// What no check of all bytes can do without.
std::int64_t read_and_hash(const std::string& directory) {
    std::vector<std::byte> some(std::size_t{1} << 20);
    std::int64_t bytes = 0;
    each_file(directory, [&](int file) {
        XXH3_state_t state;
        XXH3_INITSTATE(&state);
        XXH3_64bits_reset(&state);
        for (ssize_t n = 0; (n = ::read(file, some.data(), some.size())) > 0; bytes += n)
            XXH3_64bits_update(&state, some.data(), static_cast<std::size_t>(n));
        if (XXH3_64bits_digest(&state) == 0) throw std::runtime_error("a checksum is 0");
    });
    return bytes;
}

std::int64_t bytes_of(const std::string& directory) {
    std::int64_t sum = 0;
    for (const auto& e : fs::directory_iterator(directory)) sum += static_cast<std::int64_t>(e.file_size());
    return sum;
}

std::string ask(const weir::snapshot& events, const weir::funnel& q) {
    return to_json(weir::answer(measure(events, q).value()));
}

struct asked {
    const char* name;
    weir::funnel question;
    std::string answer{};  // in memory

    void check(const weir::snapshot& events) const {
        if (ask(events, question) != answer)
            throw std::runtime_error("a store on disk answers other bytes than one in memory");
    }
};

weir::store in_memory(std::span<const workload_event> events) {
    weir::store s;
    append(s, events);
    s.seal().value();
    return s;
}

void print_opening(std::span<const workload_event> events, const std::string& directory, int runs,
                   std::ostream& out) {
    {
        weir::store s = weir::store::open(directory).value();
        for (std::size_t i = 0; i < segments; ++i) {
            const std::size_t from = events.size() * i / segments, to = events.size() * (i + 1) / segments;
            append(s, events.subspan(from, to - from));
            s.maintain().value();  // moves the log into a segment
        }
        s.close().value();
    }
    std::size_t files = 0;
    for (const auto& e : fs::directory_iterator(directory))
        files += e.path().filename().string().starts_with("seg-");
    weir::store s;
    const double cpu = least_of(runs, [&] {
        s = weir::store();
        return cpu_ms([&] { s = weir::store::open(directory).value(); });
    });
    out << "open of " << events.size() << " events of " << s.snapshot().leads() << " leads in " << files
        << " segments: " << cpu << " ms of CPU time\n";
    s.close().value();
    fs::remove_all(directory);
}

// Single events, each durable before the next of its thread.
void print_single_appends(std::span<const workload_event> events, const std::string& directory,
                          std::ostream& out) {
    constexpr std::size_t each = 2000;
    for (const std::size_t threads : {1, 8}) {
        weir::store s = weir::store::open(directory).value();
        double cpu = 0;
        const double ms = milliseconds([&] {
            cpu = cpu_ms([&] {
                std::vector<std::jthread> all;
                for (std::size_t t = 0; t < threads; ++t)
                    all.emplace_back([&s, own = events.subspan(t * each, each)] {
                        event_maker maker;
                        for (const auto& e : own) s.append(maker.make(e)).value();
                    });
            });
        });
        const auto appends = static_cast<double>(threads * each);
        out << "single durable appends by " << threads << (threads == 1 ? " thread: " : " threads: ")
            << appends / ms * 1000 << " a second; for each " << 1000 * cpu / appends << " us of CPU time\n";
        s.close().value();
        fs::remove_all(directory);
    }
}

void print_recovery(std::span<const workload_event> events, const std::string& directory, std::ostream& out) {
    constexpr std::int64_t budget = std::int64_t{4} << 30;  // else the log is moved before it is long
    const auto log_bytes = [&] {
        std::uintmax_t most = 0;
        for (const auto& e : fs::directory_iterator(directory))
            if (e.path().filename().string().starts_with("wal-")) most = std::max(most, e.file_size());
        return most;
    };
    {
        weir::store s = weir::store::open(directory, {.memory_budget = budget}).value();
        for (std::size_t at = 0; at < events.size() && log_bytes() < std::uintmax_t{60} << 20; at += 1000)
            append(s, events.subspan(at, 1000));
    }
    const std::uintmax_t bytes = log_bytes();
    weir::store s;
    double cpu = 0;
    const double ms = milliseconds(
        [&] { cpu = cpu_ms([&] { s = weir::store::open(directory, {.memory_budget = budget}).value(); }); });
    out << "open after a crash: a log of " << bytes << " bytes, " << s.opened().log_events
        << " events: " << ms << " ms, " << cpu << " ms of CPU time\n";
    s.close().value();
    fs::remove_all(directory);
}

// What a question takes while another thread appends, makes durable, and merges.
void print_beside_writer(asked q, std::span<const workload_event> more, const std::string& directory,
                         int runs, std::ostream& out) {
    weir::store s = weir::store::open(directory, {.memory_budget = std::int64_t{1} << 30}).value();
    const auto now = s.snapshot();
    q.answer = ask(now, q.question);
    const double alone = median_of(runs, [&] { q.check(now); });
    double beside = 0;
    std::size_t appended = 0;
    {
        const std::jthread writer([&](const std::stop_token& stop) {
            for (; !stop.stop_requested() && appended + 1000 <= more.size(); appended += 1000)
                append(s, more.subspan(appended, 1000));
        });
        beside = median_of(runs, [&] { q.check(now); });
    }
    out << q.name << " beside a thread that appends: " << beside / alone << " times, medians; " << appended
        << " events were appended meanwhile\n";
    s.close().value();
}

// Rounds ask the one store and the other in turn: a machine may be faster now than it was a second ago.
void print_questions(std::span<const asked> all, const weir::snapshot& memory, const std::string& directory,
                     int runs, std::ostream& out) {
    out << "| budget, MB | open, ms | question | in memory, CPU ms | first | later | later / in memory | "
           "cold, "
           "ms |\n|---|---|---|---|---|---|---|---|\n";
    for (const std::int64_t budget : {192, 256, 1024}) {
        for (const asked& q : all) {
            const weir::store_options how{.memory_budget = budget << 20};
            weir::store s;
            forget_pages(directory);
            s = weir::store::open(directory, how).value();
            const auto cold = milliseconds([&] { q.check(s.snapshot()); });
            s.close().value();
            const double opened = milliseconds([&] { s = weir::store::open(directory, how).value(); });
            const auto now = s.snapshot();
            const double first = cpu_ms([&] { q.check(now); });
            double later = std::numeric_limits<double>::infinity(), without_files = later;
            for (int i = 0; i < runs; ++i) {
                without_files = std::min(without_files, cpu_ms([&] { q.check(memory); }));
                later = std::min(later, cpu_ms([&] { q.check(now); }));
            }
            out << "| " << budget << " | " << opened << " | " << q.name << " | " << without_files << " | "
                << first << " | " << later << " | " << later / without_files << " | " << cold << " |\n"
                << std::flush;
            s.close().value();
        }
    }
    out << '\n';
}

void print_verify(const std::string& directory, int runs, std::ostream& out) {
    weir::store s = weir::store::open(directory).value();
    std::int64_t bytes = 0;
    const double read = least_of(runs, [&] { return cpu_ms([&] { bytes = read_and_hash(directory); }); });
    const double verified = least_of(runs, [&] { return cpu_ms([&] { s.verify().value(); }); });
    const auto rate = [bytes](double ms) { return static_cast<double>(bytes) / 1e6 / ms; };
    out << "verify: " << rate(verified) << " GB for a second of CPU time; reading and hashing the same files "
        << rate(read) << " GB\n";
    s.close().value();
    forget_pages(directory);
    const double cold = milliseconds([&] { bytes = read_and_hash(directory); });
    out << "reading and hashing them from the disk: " << rate(cold) << " GB a second, " << cold << " ms\n";
}

void print_purge(std::span<const workload_event> events, const std::string& directory, std::ostream& out) {
    constexpr std::uint32_t wanted = 1000;
    weir::store s = weir::store::open(directory).value();
    const auto leads = static_cast<std::uint32_t>(s.snapshot().leads());
    double slowest = 0;
    const double erased = milliseconds([&] {
        for (std::uint32_t i = 0; i < wanted; ++i) {
            const auto lead = static_cast<std::uint32_t>(std::uint64_t{leads} * i / wanted);
            slowest = std::max(slowest, milliseconds([&] { s.erase(weir::lead_id(lead)).value(); }));
        }
    });
    weir::purge_receipt done;
    const double purged = milliseconds([&] { done = s.purge().value(); });
    out << "erase of " << wanted << " leads in " << events.size() << " events: " << erased
        << " ms, the slowest " << slowest << " ms; purge: " << purged << " ms, " << done.events
        << " events out of " << done.files << " files\n";
    s.close().value();
}

}  // namespace

void print_on_disk(std::size_t events, const std::string& directory, int runs, std::ostream& out) {
    out << std::fixed << std::setprecision(2);
    if (!fs::create_directories(directory)) throw std::runtime_error(directory + " is there already");
    const auto all = make_workload(events);
    const auto first = [&](std::size_t n) { return std::span(all).first(std::min(n, all.size())); };
    print_durable_ingest(first(most_ingested), directory, runs, out);
    for (const std::size_t n : in_segments) print_opening(first(n), directory + "/segments", runs, out);
    print_single_appends(all, directory + "/single", out);
    print_recovery(all, directory + "/crashed", out);
    const std::string filled = directory + "/store";
    {
        weir::store s = weir::store::open(filled).value();
        const double appended = milliseconds([&] { append(s, all); });
        const double sealed = milliseconds([&] { s.seal().value(); });
        const auto now = s.snapshot();
        s.close().value();
        out << now.size() << " events of " << now.leads() << " leads, appended in " << appended
            << " ms, sealed in " << sealed << " ms: " << bytes_of(filled)
            << " bytes, which beside 64 a lead are "
            << static_cast<double>(bytes_of(filled) - 64 * now.leads()) / static_cast<double>(now.size())
            << " an event\n";
    }
    print_verify(filled, runs, out);
    out << '\n' << std::flush;
    std::array questions{asked{"Q1", plain_funnel()}, asked{"Q2", funnel_by_channel()}};
    {
        const weir::store s = in_memory(all);
        const auto now = s.snapshot();
        for (asked& q : questions) q.answer = ask(now, q.question);
        print_questions(questions, now, filled, runs, out);
    }
    print_purge(all, filled, out);
    print_beside_writer(questions[0], all, filled, 20 * runs, out);
    fs::remove_all(directory);
}

}  // namespace weir_bench
