// A store on disk with one writer, readers, and threads that seal, merge and purge: every snapshot is what
// the writer had told by some moment, and no reader goes back in time.
//
// WEIR_SNAPSHOTS in the environment says how many are checked that are newer than the reader's last. What is
// older than two spans of time goes, so that a long run asks a store of the same size from beginning to end.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <weir.hpp>

#include "catch.hpp"

namespace {

namespace fs = std::filesystem;
using namespace weir;

int wanted_snapshots() {
    const char* const said = std::getenv("WEIR_SNAPSHOTS");
    return said == nullptr ? 6000 : std::atoi(said);
}

fs::path new_folder() {
    const fs::path path = (fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) /
                          ("weir-threads-" + std::to_string(::getpid()));
    fs::remove_all(path);
    return path;
}

// What a snapshot says of itself, cheaply enough to be asked a hundred thousand times.
struct digest {
    std::int64_t events = 0, leads = 0, last = 0, one_lead = 0;
    friend bool operator==(const digest&, const digest&) = default;
};
constexpr int leads = 7;
constexpr int span_of_calls = 400;
constexpr std::int64_t span_of_time = 1000;  // seconds
std::string lead(int i) { return "lead " + std::to_string(i % leads); }

digest digest_of(const snapshot& s) {
    digest d{.events = s.size(), .leads = s.leads()};
    if (const auto last = s.last()) d.last = last->time_since_epoch().count();
    for (const event& e : events_of(s, lead(3)).value())
        d.one_lead = 31 * d.one_lead % 1'000'003 + std::get<std::int64_t>(e.attributes.front().value.data());
    return d;
}

// Tells a store what to do, and a store in memory the same; keeps what that one then says.
class writer {
public:
    explicit writer(store& s) : store_(s) { told_.push_back({}); }

    void next() {
        const int n = ++count_;
        const std::int64_t begin = n / span_of_calls * span_of_time;
        if (n % span_of_calls == 0) {
            const purge_options older{.before = from_unix_seconds(begin - span_of_time)};
            in_memory_.purge(older).value();
            note();
            CHECK(store_.purge(older).has_value());
        }
        if (n % 97 == 0) {
            const std::string key = lead(n / 97) + " of " + std::to_string(erased_++ / leads);
            in_memory_.erase(key).value();
            note();
            CHECK(store_.erase(key).has_value());
            return;
        }
        batch b;
        for (int i = 0; i < 1 + n % 3; ++i)
            b.add({.lead = n % 5 == 0 ? lead(n + i) + " of " + std::to_string(erased_ / leads) : lead(n + i),
                   .name = n % 2 == 0 ? "visit" : "won",
                   .time = from_unix_seconds(begin + n * 37 % span_of_time),
                   .attributes = {{"n", n * 3 + i}}});
        in_memory_.append(b).value();
        note();
        CHECK(store_.append(b).has_value());
    }
    // The first moment from `from` on that looks so; -1: none.
    int find(const digest& d, int from) {
        const std::lock_guard lock(telling_);
        const auto at = std::find(told_.begin() + from, told_.end(), d);
        return at == told_.end() ? -1 : static_cast<int>(at - told_.begin());
    }

private:
    void note() {
        const digest d = digest_of(in_memory_.snapshot());
        const std::lock_guard lock(telling_);
        told_.push_back(d);
    }
    store& store_;
    store in_memory_{};
    int count_ = 0, erased_ = 0;
    std::mutex telling_{};
    std::vector<digest> told_{};
};

struct result_of_run {
    std::atomic<int> checked = 0, wrong = 0;
    std::atomic<std::int64_t> most_events = 0;  // as the writer sees it
};

void run(result_of_run& r, int wanted, bool plant) {
    const fs::path path = new_folder();
    {
        auto s = store::open(path.string()).value();
        writer told(s);
        std::atomic<bool> done = false;
        std::vector<std::jthread> all;
        for (int reader = 0; reader < 3; ++reader)
            all.emplace_back([&] {
                int seen = 0;
                while (r.checked < wanted && r.wrong == 0) {
                    digest d = digest_of(s.snapshot());
                    if (plant && r.checked > wanted / 2) d.leads += 1000;
                    const int at = told.find(d, seen);
                    if (at < 0) ++r.wrong;
                    if (at > seen) ++r.checked;  // the same moment again tells nothing new
                    seen = std::max(seen, at);
                }
                done = true;
            });
        all.emplace_back([&] {
            for (int n = 0; !done; ++n) {
                const bool held = n % 5 == 4   ? s.purge().has_value()
                                  : n % 2 == 0 ? s.seal().has_value()
                                               : s.maintain().has_value();
                if (!held) ++r.wrong;
            }
        });
        while (!done) {
            told.next();
            r.most_events = std::max(r.most_events.load(), s.snapshot().size());
        }
    }
    fs::remove_all(path);
}

}  // namespace

TEST_CASE("durable threads: each snapshot is one moment of the writer, and none is older than the last") {
    result_of_run r;
    run(r, wanted_snapshots(), false);
    CHECK(r.wrong == 0);
    CHECK(r.checked >= wanted_snapshots());
    CHECK(r.most_events < 3 * 2 * span_of_calls);
    std::cout << r.checked << " snapshots checked, of " << r.most_events << " events at most\n";
}

TEST_CASE("durable threads: a snapshot that shows leads too many is told") {
    result_of_run r;
    run(r, 300, true);
    CHECK(r.wrong > 0);
}
