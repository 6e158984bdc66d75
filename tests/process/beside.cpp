// beside FOLDER [SECONDS] - a process that writes a store is killed every 200 ms and begun again, beside four
// processes that open the store to read, again and again. What a reader sees is whole batches without a hole,
// nothing that was acknowledged is missing, no erased lead is there, and no open fails.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include <weir.hpp>

namespace {

namespace fs = std::filesystem;
using clock_type = std::chrono::steady_clock;

constexpr int readers = 4, leads = 3, kept = 1500, erase_every = 25;
constexpr auto life_of_writer = std::chrono::milliseconds(200);

// What the processes tell one another, in memory that they share.
struct shared {
    std::atomic<int> acknowledged = 0;  // batches
    std::atomic<int> removed = 0;       // batches that a purge may have removed by their age
    std::atomic<int> erased = 0;        // leads, by number
    std::atomic<bool> done = false;
    std::atomic<int> opened = 0, kills = 0, wrong = 0;
    std::atomic<std::int64_t> events = 0;
    char first_wrong[300] = {};
    void note(const std::string& what) {
        if (wrong++ == 0) std::strncpy(first_wrong, what.c_str(), sizeof first_wrong - 1);
    }
};

std::string erased_key(int n) { return "erased " + std::to_string(n); }

weir::batch make_batch(int n) {
    weir::batch b;
    for (int lead = 0; lead < leads; ++lead)
        b.add({.lead = "lead " + std::to_string(lead),
               .name = "visit",
               .time = weir::from_unix_seconds(n),
               .attributes = {{"n", n}, {"text", "value " + std::to_string(n % 4)}}});
    if (n % erase_every == 0)
        b.add({.lead = erased_key(n / erase_every), .name = "visit", .time = weir::from_unix_seconds(n)});
    return b;
}

// Goes on where the store ends, until it is killed.
void write(const std::string& path, shared& all, weir::ack level) {
    auto opened = weir::store::open(path, {.acknowledge = level});
    if (!opened) return all.note("the writer cannot open: " + to_string(opened.error()));
    weir::store& s = *opened;
    const auto last = s.snapshot().last();
    int n = last ? static_cast<int>(last->time_since_epoch().count() / 1'000'000) + 1 : 0;
    if (n < all.acknowledged) return all.note("batch " + std::to_string(n) + " is lost");
    const auto erase_those_before = [&](int batch) {
        for (int e = all.erased; e < batch / erase_every; all.erased = ++e)
            if (!s.erase(erased_key(e))) return false;
        return true;
    };
    if (!erase_those_before(n)) return all.note("erase fails");  // the one before may have been killed first
    for (; !all.done; ++n) {
        if (const auto r = s.append(make_batch(n)); !r) return all.note("append: " + to_string(r.error()));
        all.acknowledged = n + 1;
        if (!erase_those_before(n + 1)) return all.note("erase fails");
        if (n % 40 == 39 && !s.maintain()) return all.note("maintain fails");
        if (n % 300 == 299) {
            const int first = std::max(0, n - kept);
            all.removed = first;
            if (!s.purge({.before = weir::from_unix_seconds(first)})) return all.note("purge fails");
        }
    }
}

struct reader {
    bool durable = false;  // it asks for what is durable alone
    int may_miss = 0;      // of the last calls that were acknowledged
    bool plant = false;    // it takes the last batch for lost
    int newest = 0;
};

bool look(const std::string& path, shared& all, reader& r) {
    const int told = all.acknowledged - r.may_miss, erased = all.erased - r.may_miss;
    auto opened = weir::store::open(path, {.read_only = true, .durable_only = r.durable});
    if (!opened) return all.note("a reader cannot open: " + to_string(opened.error())), false;
    const int removed = all.removed;  // now: later than what is seen
    std::vector<std::int64_t> first;
    for (int lead = 0; lead < leads; ++lead) {
        const auto events = weir::events_of(opened->snapshot(), "lead " + std::to_string(lead));
        if (!events) return all.note("a reader cannot read: " + to_string(events.error())), false;
        std::vector<std::int64_t> found;
        for (const auto& e : *events)
            found.push_back(std::get<std::int64_t>(e.attributes.front().value.data()));
        if (r.plant && !found.empty()) found.pop_back();
        if (lead > 0 && found != first) return all.note("a batch is seen in part"), false;
        first = std::move(found);
        all.events += static_cast<std::int64_t>(first.size());
    }
    for (std::size_t i = 1; i < first.size(); ++i)
        if (first[i] != first[i - 1] + 1)
            return all.note("a hole behind batch " + std::to_string(first[i - 1])), false;
    const int end = first.empty() ? 0 : static_cast<int>(first.back()) + 1;
    if (end < told)
        return all.note(std::to_string(told) + " batches were acknowledged, " + std::to_string(end) +
                        " are seen"),
               false;
    if (!first.empty() && first.front() > removed)
        return all.note("batch " + std::to_string(removed) + " is not seen"), false;
    if (end < r.newest) return all.note("a reader goes back in time"), false;
    r.newest = end;
    for (int e = std::max(0, erased - 20); e < erased; ++e)
        if (const auto left = weir::events_of(opened->snapshot(), erased_key(e)); !left || !left->empty())
            return all.note("an erased lead is seen"), false;
    ++all.opened;
    return true;
}

template <class F> pid_t child(F&& f) {
    const pid_t id = ::fork();
    if (id != 0) return id;
    f();
    ::_exit(0);
}

void wait_for(pid_t id) {
    int status = 0;
    ::waitpid(id, &status, 0);
}

void run(const fs::path& path, shared& all, std::chrono::duration<double> time, weir::ack level, bool plant) {
    fs::remove_all(path);
    weir::store::open(path.string()).value().close().value();
    std::vector<pid_t> reading;
    for (int r = 0; r < readers; ++r)
        reading.push_back(child([&] {
            // With ack::durable the log does not tell of the last sync, else of none but those of whole logs.
            reader looks{.durable = r % 2 == 1, .plant = plant};
            if (looks.durable) looks.may_miss = level == weir::ack::durable ? 1 : 1 << 30;
            while (!all.done && look(path.string(), all, looks)) {
            }
        }));
    const auto end = clock_type::now() + time;
    while (clock_type::now() < end && all.wrong == 0) {
        const pid_t writing = child([&] { write(path.string(), all, level); });
        std::this_thread::sleep_for(life_of_writer);
        ::kill(writing, SIGKILL);
        wait_for(writing);
        ++all.kills;
    }
    all.done = true;
    for (const pid_t id : reading) wait_for(id);
}

shared* new_shared() {
    void* const at =
        ::mmap(nullptr, sizeof(shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) std::abort();
    return new (at) shared;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2 && count != 3) return 2;
    const fs::path home = fs::absolute(arguments[1]) / ("beside-" + std::to_string(::getpid()));
    fs::create_directories(home);
    const std::chrono::duration<double> time(count == 3 ? std::atof(arguments[2]) : 6.0);
    int wrong = 0;
    for (const auto level : {weir::ack::durable, weir::ack::process_safe}) {
        shared& all = *new_shared();
        run(home / "store", all, time / 2, level, false);
        std::cout << (level == weir::ack::durable ? "durable: " : "process-safe: ") << all.opened
                  << " opens to read beside a writer that was killed " << all.kills << " times, "
                  << all.events << " events, " << all.acknowledged << " batches, " << all.erased
                  << " erased leads, " << all.wrong << " wrong\n";
        if (all.wrong > 0) std::cout << all.first_wrong << '\n';
        wrong += all.wrong + (all.opened > 0 ? 0 : 1);
    }
    shared& planted = *new_shared();
    run(home / "planted", planted, std::chrono::seconds(1), weir::ack::durable, true);
    if (planted.wrong == 0) {
        std::cout << "a reader that misses the last batch is not seen\n";
        ++wrong;
    }
    fs::remove_all(home);
    return wrong == 0 ? 0 : 1;
}
