// What seal() leaves of a store on disk: one run of events by lead, whatever was appended, merged and erased
// before; and what a store counts and refuses before it comes to files.
#include <memory>
#include <string>
#include <vector>

#include <weir.hpp>

#include "catch.hpp"
#include "disk/simulated.hpp"
#include "store/store_impl.hpp"
#include "world.hpp"

namespace {

using namespace weir_test;
using namespace weir;

std::unique_ptr<store> open_on(simulated::machine& m, const store_options& o, const store_tuning& tuning) {
    return std::make_unique<store>(open_store(simulated::open(m), o, tuning));
}

batch some_events(dice& d, int n) {
    batch rows;
    for (int i = 0; i < n; ++i)
        rows.add(
            {.lead = "lead " + std::to_string(d.below(60)),
             .name = d.pick<std::string>({"visit", "demo", "won"}),
             .time = from_unix_seconds(d.below(1000)),
             .attributes = {{"channel", d.pick<std::string>({"mail", "web", "fair"})}, {"n", d.below(9)}}});
    return rows;
}

std::string answers(const snapshot& s) {
    std::string all =
        to_json(answer(measure(s, {.steps = {"visit", "demo", "won"}, .by = "channel"}).value()));
    for (int lead = 0; lead < 60; ++lead)
        for (const event& e : events_of(s, "lead " + std::to_string(lead)).value())
            all += e.name + to_string(e.time) + to_string(e.attributes[1].value);
    return all;
}

// Whether no lead lies in two segments, and leads ascend over them.
bool is_one_run(const snapshot& s) {
    const auto& all = s.data().segments;
    for (std::size_t i = 1; i < all.size(); ++i)
        if (all[i - 1]->leads.back() >= all[i]->leads.front()) return false;
    return true;
}

// The names of the files, which no two files share.
std::string names_of(simulated::machine& m) {
    std::string all;
    for (const auto& name : simulated::open(m)->list()) all += name + ' ';
    return all;
}

}  // namespace

TEST_CASE("durable: seal leaves one run by lead, and does nothing to one") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        INFO("seed " << seed);
        dice d(seed);
        simulated::machine m(seed);
        const store_tuning tuning{.rows_of_file = d.chance(50) ? 20U : 0U};
        const store_options how{.merge_on_append = d.chance(50)};
        auto s = open_on(m, how, tuning);
        store memory;
        const auto both = [&](int n) {
            const batch b = some_events(d, n);
            s->append(b).value();
            memory.append(b).value();
        };
        for (int i = 0; i < 12; ++i) {
            both(1 + static_cast<int>(d.below(30)));
            if (d.chance(60)) s->maintain().value();
            if (d.chance(10)) CHECK(s->erase("lead 7").value() == memory.erase("lead 7").value());
        }
        CHECK_FALSE(is_one_run(s->snapshot()));
        s->seal().value();
        CHECK(is_one_run(s->snapshot()));
        CHECK(answers(s->snapshot()) == answers(memory.snapshot()));
        const std::string before = names_of(m);
        s->seal().value();
        CHECK(names_of(m) == before);
        CHECK(s->maintain().value() == 0);
        CHECK(names_of(m) == before);
        s->close().value();
        s = open_on(m, how, tuning);
        CHECK(is_one_run(s->snapshot()));
        CHECK(answers(s->snapshot()) == answers(memory.snapshot()));
        both(5);
        s->seal().value();
        CHECK(is_one_run(s->snapshot()));
        CHECK(answers(s->snapshot()) == answers(memory.snapshot()));
        CHECK(s->verify().value().events == memory.snapshot().size());
    }
}

TEST_CASE("durable: seal of a store whose leads were all erased leaves no file of events") {
    simulated::machine m(1);
    auto s = open_on(m, {}, {});
    for (int i = 0; i < 3; ++i) {
        s->append(event{.lead = "ana", .name = "visit", .time = from_unix_seconds(i)}).value();
        s->maintain().value();
    }
    s->erase("ana").value();
    s->seal().value();
    CHECK(s->snapshot().size() == 0);
    CHECK(names_of(m).find("seg-") == std::string::npos);
    CHECK(s->verify().value().events == 0);
}

TEST_CASE("durable: more columns than a file takes are refused by append, and change nothing") {
    simulated::machine m(1);
    auto s = open_on(m, {}, {});
    const auto wide = [](int from, int until) {
        event e{.lead = "ana", .name = "visit", .time = from_unix_seconds(from)};
        for (int i = from; i < until; ++i) e.attributes.push_back({"a" + std::to_string(i), true});
        return e;
    };
    for (int from = 0; from < 4096; from += 512) s->append(wide(from, from + 512)).value();
    const auto refused = s->append(wide(4090, 4097));
    REQUIRE_FALSE(refused);
    CHECK(to_string(refused.error()) ==
          "batch: the store would have 4097 columns of attributes (one for each name and kind of value), at "
          "most 4096 are possible on disk (limit_exceeded)");
    CHECK(s->append(wide(4090, 4096)).value().accepted == 1);
    s->seal().value();
    CHECK(s->snapshot().size() == 9);
    s->close().value();
    CHECK(open_on(m, {}, {})->verify().value().events == 9);
    store memory;
    CHECK(memory.append(wide(0, 4097)).value().accepted == 1);
}

TEST_CASE("durable: memory counts the columns that were read from files") {
    simulated::machine m(1);
    dice d(1);
    auto s = open_on(m, {}, {});
    s->append(some_events(d, 5000)).value();
    s->close().value();
    s = open_on(m, {}, {});
    const std::int64_t before = s->memory();
    answers(s->snapshot());
    CHECK(s->memory() > before + 5000);
}
