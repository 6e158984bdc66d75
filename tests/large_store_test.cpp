// A store on disk that holds several times what its memory budget allows answers like one in memory.
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <weir.hpp>

#include "catch.hpp"
#include "segment/snapshot_data.hpp"
#include "world.hpp"

namespace {

using namespace weir_test;
using namespace weir;

constexpr std::int64_t budget = 1'000'000;

batch some_events(dice& d, int n) {
    batch rows;
    for (int i = 0; i < n; ++i) {
        event e{"lead " + std::to_string(d.below(800)),
                d.pick<std::string>({"visit", "demo", "won"}),
                from_unix_seconds(d.below(1'000'000)),
                {},
                {}};
        e.attributes.push_back({"channel", d.pick<std::string>({"mail", "web", "fair"})});
        e.attributes.push_back({"score", d.below(1 << 30)});
        if (d.chance(30)) e.attributes.push_back({"value", money{d.below(1 << 30), "EUR"}});
        if (d.chance(10)) e.id = std::to_string(d.below(1 << 20));
        rows.add(e);
    }
    return rows;
}

std::string answers(const snapshot& s, int threads) {
    std::string all;
    for (const funnel& q : {funnel{.steps = {"visit", "demo", "won"}, .by = "channel"},
                            funnel{.steps = {"visit", {"won", attribute("score") > 1 << 29}}},
                            funnel{.steps = {"visit", "won"}, .within = std::chrono::hours(48)}})
        all += to_json(answer(measure(s, q, {.threads = threads}).value()));
    for (const char* key : {"lead 1", "lead 77", "lead 799", "nobody"})
        for (const event& e : events_of(s, key).value()) {
            all += e.name + to_string(e.time);
            for (const auto& a : e.attributes) all += a.name + to_string(a.value);
        }
    return all;
}

// The columns of what is in files, were they all in memory.
std::int64_t bytes_of_columns(const snapshot& s) {
    std::int64_t sum = 0;
    for (const auto& one : s.data().segments) {
        sum += one->events.memory() + one->times.memory();
        for (const auto& c : one->columns) sum += c.bits.memory();
    }
    return sum;
}

std::size_t parts_of(const snapshot& s) {
    std::size_t parts = 0;
    for (const auto& one : s.data().segments) parts += one->part > 0;
    return parts;
}

}  // namespace

TEST_CASE("large store: it answers as one in memory does, whatever was merged, erased and opened again") {
    const auto path = std::filesystem::current_path() / ("large-" + std::to_string(::getpid()));
    std::filesystem::remove_all(path);
    dice d(7);
    store memory;
    {
        store s = store::open(path.string(), {.memory_budget = budget}).value();
        for (int i = 0; i < 170; ++i) {
            const batch b = some_events(d, 1000);
            const receipt r = s.append(b).value();
            REQUIRE(r.accepted == memory.append(b).value().accepted);
            if (i % 10 == 9)
                while (s.maintain().value() > 0) CHECK(s.memory() < budget);
        }
        REQUIRE(bytes_of_columns(s.snapshot()) > 2 * budget);
        REQUIRE(parts_of(s.snapshot()) > 3);
        const std::string expected = answers(memory.snapshot(), 1);
        for (int threads = 1; threads <= 8; ++threads) REQUIRE(answers(s.snapshot(), threads) == expected);
        CHECK(s.memory() < budget);
        CHECK(s.erase("lead 77").value() == memory.erase("lead 77").value());
        REQUIRE(answers(s.snapshot(), 2) == answers(memory.snapshot(), 1));
        CHECK(s.purge().value().leads == 1);
        REQUIRE(answers(s.snapshot(), 3) == answers(memory.snapshot(), 1));
        s.close().value();
    }
    store s = store::open(path.string(), {.memory_budget = budget}).value();
    REQUIRE(answers(s.snapshot(), 2) == answers(memory.snapshot(), 1));
    CHECK(s.verify().value().events == memory.snapshot().size());
    CHECK(s.memory() < budget);
    s.append(some_events(d, 500)).value();
    s.seal().value();
    CHECK(s.memory() < budget);
    const auto& run = s.snapshot().data().segments;
    CHECK(run.size() > 3);
    for (std::size_t i = 1; i < run.size(); ++i) CHECK(run[i - 1]->leads.back() < run[i]->leads.front());
    CHECK(s.verify().value().events == s.snapshot().size());
    std::filesystem::remove_all(path);
}
