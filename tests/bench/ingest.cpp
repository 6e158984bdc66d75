// ingest.cpp - durable batches of 1,000 events: weir, and SQLite with a write-ahead log that it syncs at each
// commit.
#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <iomanip>
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

constexpr std::size_t batch_size = 1000;

std::string text_of(std::uint32_t number) { return std::to_string(number); }

struct ingested {
    double wall_ms = 0, cpu_ms = 0;
    std::vector<double> batches{};  // milliseconds of each
};

// Calls f(events) for each batch.
template <class F> ingested by_batches(std::span<const workload_event> events, F&& f) {
    ingested all;
    const std::clock_t begin = std::clock();
    all.wall_ms = milliseconds([&] {
        for (std::size_t at = 0; at < events.size(); at += batch_size)
            all.batches.push_back(
                milliseconds([&] { f(events.subspan(at, std::min(batch_size, events.size() - at))); }));
    });
    all.cpu_ms = 1000.0 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    std::sort(all.batches.begin(), all.batches.end());
    return all;
}

ingested with_weir(const std::vector<workload_event>& events, const std::string& directory) {
    weir::store s = weir::store::open(directory).value();
    weir::batch b;
    event_maker maker;
    const auto all = by_batches(events, [&](std::span<const workload_event> some) {
        b.clear();
        for (const auto& e : some) b.add(maker.make(e));
        s.append(b).value();
    });
    if (s.snapshot().size() != static_cast<std::int64_t>(events.size()))
        throw std::runtime_error("weir did not take all events");
    s.close().value();
    return all;
}

#ifdef WEIR_BENCH_SQLITE
class sqlite {
public:
    explicit sqlite(const std::string& file) {
        check(sqlite3_open(file.c_str(), &db_));
        run("pragma journal_mode = wal");
        run("pragma synchronous = full");
        run("create table events (lead text, name text, time integer, channel text, campaign text, content "
            "text, "
            "keyword text, cost integer, revenue integer)");
        check(sqlite3_prepare_v2(db_, "insert into events values (?, ?, ?, ?, ?, ?, ?, ?, ?)", -1, &insert_,
                                 nullptr));
    }
    sqlite(const sqlite&) = delete;
    sqlite& operator=(const sqlite&) = delete;
    ~sqlite() {
        sqlite3_finalize(insert_);
        sqlite3_close(db_);
    }
    void run(const char* sql) { check(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr)); }
    void insert(const workload_event& e) {
        const std::array texts{std::pair(1, text_of(e.lead)),    std::pair(2, text_of(e.type)),
                               std::pair(4, text_of(e.channel)), std::pair(5, text_of(e.campaign)),
                               std::pair(6, text_of(e.content)), std::pair(7, text_of(e.keyword))};
        for (const auto& [at, text] : texts)
            check(sqlite3_bind_text(insert_, at, text.data(), static_cast<int>(text.size()), SQLITE_STATIC));
        check(sqlite3_bind_int64(insert_, 3, e.time));
        check(sqlite3_bind_int64(insert_, 8, e.cost));
        check(sqlite3_bind_int64(insert_, 9, e.revenue));
        if (sqlite3_step(insert_) != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(db_));
        check(sqlite3_reset(insert_));
    }

private:
    void check(int code) const {
        if (code != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(db_));
    }
    sqlite3* db_ = nullptr;
    sqlite3_stmt* insert_ = nullptr;
};

ingested with_sqlite(const std::vector<workload_event>& events, const std::string& file) {
    sqlite db(file);
    return by_batches(events, [&](std::span<const workload_event> some) {
        db.run("begin");
        for (const auto& e : some) db.insert(e);
        db.run("commit");
    });
}
#endif

void print(const char* name, const ingested& all, std::ostream& out) {
    const std::size_t n = all.batches.size();
    out << "| " << name << " | " << all.wall_ms << " | " << all.cpu_ms << " | " << all.batches[n / 2] << " | "
        << all.batches[n * 99 / 100] << " | " << static_cast<double>(n * batch_size) / all.wall_ms / 1000
        << " |\n"
        << std::flush;
}

}  // namespace

const weir::event& event_maker::make(const workload_event& e) {
    using weir::named_value;
    made_.lead = weir::lead_id(e.lead);
    made_.name = text_of(e.type);
    made_.time = weir::instant{weir::duration{e.time}};
    made_.attributes = {
        named_value{"channel", text_of(e.channel)}, named_value{"campaign", text_of(e.campaign)},
        named_value{"content", text_of(e.content)}, named_value{"keyword", text_of(e.keyword)},
        named_value{"cost", std::int64_t{e.cost}},  named_value{"revenue", e.revenue}};
    return made_;
}

void print_durable_ingest(const std::vector<workload_event>& events, const std::string& directory,
                          std::ostream& out) {
    out << "| " << events.size() << " events, durable batches of " << batch_size
        << " | wall ms | CPU ms | median batch, ms | 99 of 100 within, ms | million events/s |\n"
        << "|---|---|---|---|---|---|\n"
        << std::flush;
    const ingested weir = with_weir(events, directory + "/ingest");
    print("weir", weir, out);
#ifdef WEIR_BENCH_SQLITE
    const ingested sqlite = with_sqlite(events, directory + "/ingest.db");
    print("SQLite", sqlite, out);
    out << "\nweir is " << sqlite.wall_ms / weir.wall_ms << " times as fast, by CPU time "
        << sqlite.cpu_ms / weir.cpu_ms << " times\n\n";
    std::filesystem::remove(directory + "/ingest.db");
#else
    out << "\nSQLite was not found when this was built\n\n";
#endif
    std::filesystem::remove_all(directory + "/ingest");
}

}  // namespace weir_bench
