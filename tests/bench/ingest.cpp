// ingest.cpp - durable batches of 1,000 rows that a host holds as texts and numbers: weir, and SQLite with a
// write-ahead log that it syncs at each commit.
//
// Both get the same rows, and one transaction or append for each batch. What SQLite keeps beside its table is
// varied: nothing; an index by lead and time, without which a lead's events are not found; and unique event
// ids, without which a batch that is sent again counts twice. weir always has the second, and the third where
// events bear ids.
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <iomanip>
#include <optional>
#include <ostream>
#include <span>
#include <stdexcept>
#include <utility>

#ifdef WEIR_BENCH_SQLITE
#include <sqlite3.h>
#endif

#include "on_disk.hpp"
#include "stopwatch.hpp"

namespace weir_bench {
namespace {

struct sync_counts {
    int calls = 0;
    double wall_ms = 0, cpu_ms = 0;
};
sync_counts syncs;

double cpu_now_ms() {
    timespec t{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return 1e3 * static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_nsec);
}

int timed_sync(long call, int file) {
    const double cpu = cpu_now_ms();
    long done = 0;
    int why = 0;
    syncs.wall_ms += milliseconds([&] {
        done = ::syscall(call, file);
        why = errno;
    });
    syncs.cpu_ms += cpu_now_ms() - cpu;
    ++syncs.calls;
    errno = why;
    return static_cast<int>(done);
}

}  // namespace
}  // namespace weir_bench

// Both engines call these instead of those of the C library: what the disk takes is the same for both.
extern "C" int fdatasync(int file) { return weir_bench::timed_sync(SYS_fdatasync, file); }
extern "C" int fsync(int file) { return weir_bench::timed_sync(SYS_fsync, file); }

namespace weir_bench {
namespace {

constexpr std::size_t batch_size = 1000;

// A row as a host has it.
struct host_row {
    std::string id, lead, name, channel, campaign, content, keyword;
    std::int64_t time, cost, revenue;
};

// Ids ascend, as those of a sequence do: of all orders the one that costs SQLite least.
std::vector<host_row> rows_of(std::span<const workload_event> events) {
    const auto text = [](auto number) { return std::to_string(number); };
    std::vector<host_row> rows;
    rows.reserve(events.size());
    for (const auto& e : events)
        rows.push_back({text(1'000'000'000 + rows.size()), text(e.lead), text(e.type), text(e.channel),
                        text(e.campaign), text(e.content), text(e.keyword), e.time, e.cost, e.revenue});
    return rows;
}

struct ingested {
    double wall_ms = 0, cpu_ms = 0, median_ms = 0, slow_ms = 0;  // 99 of 100 batches take no longer
    sync_counts synced{};
};

// Calls f(rows) for each batch, then close().
template <class F, class G> ingested by_batches(std::span<const host_row> rows, F&& f, G&& close) {
    ingested all;
    std::vector<double> batches;
    syncs = {};
    const double begin = cpu_now_ms();
    all.wall_ms = milliseconds([&] {
        for (std::size_t at = 0; at < rows.size(); at += batch_size)
            batches.push_back(
                milliseconds([&] { f(rows.subspan(at, std::min(batch_size, rows.size() - at))); }));
        close();
    });
    all.cpu_ms = cpu_now_ms() - begin;
    all.synced = syncs;
    std::sort(batches.begin(), batches.end());
    all.median_ms = batches[batches.size() / 2];
    all.slow_ms = batches[batches.size() * 99 / 100];
    return all;
}

ingested with_weir(std::span<const host_row> rows, const std::string& directory, bool ids) {
    weir::store s = weir::store::open(directory).value();
    weir::batch b;
    weir::event e{.attributes = {{"channel"}, {"campaign"}, {"content"}, {"keyword"}, {"cost"}, {"revenue"}}};
    const auto append = [&](std::span<const host_row> some) {
        b.clear();
        for (const host_row& r : some) {
            e.lead = weir::lead_id(r.lead);
            e.name = r.name;
            e.time = weir::instant{weir::duration{r.time}};
            e.attributes[0].value = r.channel;
            e.attributes[1].value = r.campaign;
            e.attributes[2].value = r.content;
            e.attributes[3].value = r.keyword;
            e.attributes[4].value = r.cost;
            e.attributes[5].value = r.revenue;
            if (ids) e.id = r.id;
            b.add(e);
        }
        s.append(b).value();
    };
    const auto close = [&] {
        if (s.snapshot().size() != static_cast<std::int64_t>(rows.size()))
            throw std::runtime_error("weir did not take all events");
        s.close().value();
    };
    const auto all = by_batches(rows, append, close);
    std::filesystem::remove_all(directory);
    return all;
}

enum class kept : std::uint8_t { table, index, index_and_ids };

#ifdef WEIR_BENCH_SQLITE
class sqlite {
public:
    // As much memory as weir has by default, and as long a log before it is moved.
    sqlite(const std::string& file, kept what) : ids_(what == kept::index_and_ids) {
        check(sqlite3_open(file.c_str(), &db_));
        run("pragma journal_mode = wal");
        run("pragma synchronous = full");
        run("pragma cache_size = -262144");
        run("pragma wal_autocheckpoint = 16384");
        run(ids_ ? "create table events (lead text, name text, time integer, channel text, campaign text, "
                   "content text, keyword text, cost integer, revenue integer, id text unique)"
                 : "create table events (lead text, name text, time integer, channel text, campaign text, "
                   "content text, keyword text, cost integer, revenue integer)");
        if (what != kept::table) run("create index by_lead on events (lead, time)");
        const char* const insert = ids_ ? "insert or ignore into events values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                                        : "insert into events values (?, ?, ?, ?, ?, ?, ?, ?, ?)";
        check(sqlite3_prepare_v2(db_, insert, -1, &insert_, nullptr));
    }
    sqlite(const sqlite&) = delete;
    sqlite& operator=(const sqlite&) = delete;
    ~sqlite() { close(); }
    void run(const char* sql) { check(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr)); }
    void insert(const host_row& r) {
        text(1, r.lead);
        text(2, r.name);
        number(3, r.time);
        text(4, r.channel);
        text(5, r.campaign);
        text(6, r.content);
        text(7, r.keyword);
        number(8, r.cost);
        number(9, r.revenue);
        if (ids_) text(10, r.id);
        if (sqlite3_step(insert_) != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(db_));
        check(sqlite3_reset(insert_));
    }
    void close() {
        sqlite3_finalize(std::exchange(insert_, nullptr));
        sqlite3_close(std::exchange(db_, nullptr));
    }

private:
    void text(int at, const std::string& t) {
        check(sqlite3_bind_text(insert_, at, t.data(), static_cast<int>(t.size()), SQLITE_STATIC));
    }
    void number(int at, std::int64_t n) { check(sqlite3_bind_int64(insert_, at, n)); }
    void check(int code) const {
        if (code != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(db_));
    }
    bool ids_;
    sqlite3* db_ = nullptr;
    sqlite3_stmt* insert_ = nullptr;
};

std::optional<ingested> with_sqlite(std::span<const host_row> rows, const std::string& file, kept what) {
    sqlite db(file, what);
    const auto append = [&](std::span<const host_row> some) {
        db.run("begin");
        for (const host_row& r : some) db.insert(r);
        db.run("commit");
    };
    const auto all = by_batches(rows, append, [&] { db.close(); });
    std::filesystem::remove(file);
    return all;
}
#else
std::optional<ingested> with_sqlite(std::span<const host_row>, const std::string&, kept) { return {}; }
#endif

// Several rounds of one engine.
struct engine {
    const char* name;
    bool ids;
    std::optional<kept> in_sqlite;  // none: weir
    std::vector<ingested> rounds{};

    template <class F> double median(F&& of) const {
        std::vector<double> all;
        for (const ingested& i : rounds) all.push_back(of(i));
        std::sort(all.begin(), all.end());
        return all[all.size() / 2];
    }
    template <class F> double least(F&& of) const {
        double best = of(rounds.front());
        for (const ingested& i : rounds) best = std::min(best, of(i));
        return best;
    }
};

double cpu_of(const ingested& i) { return i.cpu_ms; }
double wall_of(const ingested& i) { return i.wall_ms; }
double own_cpu_of(const ingested& i) { return i.cpu_ms - i.synced.cpu_ms; }
double own_wall_of(const ingested& i) { return i.wall_ms - i.synced.wall_ms; }

void print(const engine& e, std::ostream& out) {
    out << "| " << e.name << " | " << e.least(cpu_of) << " | " << e.least(own_cpu_of) << " | "
        << e.median(wall_of) << " | " << e.median(own_wall_of) << " | " << e.rounds.front().synced.calls
        << " | " << e.median([](const ingested& i) { return i.median_ms; }) << " | "
        << e.median([](const ingested& i) { return i.slow_ms; }) << " |\n";
}

void print_ratios(const engine& weir, const engine& rival, std::ostream& out) {
    const auto times = [&](auto of) { return of(rival) / of(weir); };
    out << rival.name << " / " << weir.name << ": CPU "
        << times([](const engine& e) { return e.least(cpu_of); }) << ", without syncs "
        << times([](const engine& e) { return e.least(own_cpu_of); }) << ", wall "
        << times([](const engine& e) { return e.median(wall_of); }) << ", without syncs "
        << times([](const engine& e) { return e.median(own_wall_of); }) << '\n';
}

}  // namespace

const weir::event& event_maker::make(const workload_event& e) {
    using weir::named_value;
    const auto text = [](auto number) { return std::to_string(number); };
    made_.lead = weir::lead_id(e.lead);
    made_.name = text(e.type);
    made_.time = weir::instant{weir::duration{e.time}};
    made_.attributes = {named_value{"channel", text(e.channel)},   named_value{"campaign", text(e.campaign)},
                        named_value{"content", text(e.content)},   named_value{"keyword", text(e.keyword)},
                        named_value{"cost", std::int64_t{e.cost}}, named_value{"revenue", e.revenue}};
    return made_;
}

void print_durable_ingest(std::span<const workload_event> events, const std::string& directory, int rounds,
                          std::ostream& out) {
    const auto rows = rows_of(events);
    std::array engines{engine{"weir", false, std::nullopt}, engine{"weir, event ids", true, std::nullopt},
                       engine{"SQLite, a table alone", false, kept::table},
                       engine{"SQLite, lead and time indexed", false, kept::index},
                       engine{"SQLite, the same and unique ids", true, kept::index_and_ids}};
    for (int r = 0; r < rounds; ++r)
        for (engine& e : engines) {
            const auto done = e.in_sqlite ? with_sqlite(rows, directory + "/ingest.db", *e.in_sqlite)
                                          : std::optional(with_weir(rows, directory + "/ingest", e.ids));
            if (done) e.rounds.push_back(*done);
        }
    out << "| " << events.size() << " events, durable batches of " << batch_size
        << " | CPU ms | without syncs | wall ms | without syncs | syncs | median batch, wall ms | 99 of 100 "
           "within |\n|---|---|---|---|---|---|---|---|\n";
    for (const engine& e : engines)
        if (!e.rounds.empty()) print(e, out);
    out << '\n';
    for (const engine& e : engines)
        if (e.in_sqlite && !e.rounds.empty()) print_ratios(engines[e.ids ? 1 : 0], e, out);
    out << '\n' << std::flush;
}

}  // namespace weir_bench
