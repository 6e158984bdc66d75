// Stores on disk: opened again they answer as before; what they refuse; what they leave behind.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <weir.hpp>

#include <sys/wait.h>

#include "base/fail.hpp"
#include "catch.hpp"
#include "disk/simulated.hpp"
#include "place.hpp"
#include "store/store_impl.hpp"
#include "world.hpp"

namespace {

using namespace weir_test;
using weir::ack;
using weir::errc;
using weir::event;
using weir::store;
using weir::store_options;

event make(const std::string& lead, const std::string& name, int second, const std::string& id = {}) {
    return {.lead = lead,
            .name = name,
            .time = weir::from_unix_seconds(second),
            .attributes = {{"at", std::int64_t{second}}},
            .id = id};
}

std::string contents(const weir::snapshot& s, const std::vector<std::string>& leads) {
    std::string all;
    for (const auto& lead : leads)
        for (const auto& e : weir::events_of(s, lead).value())
            all += lead + ' ' + e.name + '@' + weir::to_string(e.time) + '\n';
    return all;
}

std::unique_ptr<store> open_on(simulated::machine& m, const store_options& o = {},
                               const weir::store_tuning& tuning = {}) {
    return std::make_unique<store>(open_store(simulated::open(m), o, tuning));
}

}  // namespace

TEST_CASE("durable: a store that was not closed has what it acknowledged") {
    const place here;
    {
        store s = store::open(here.path()).value();
        s.append(make("ana", "visit", 1)).value();
        s.append(make("bob", "visit", 2)).value();
        s.erase("bob").value();
        s.append(make("ana", "won", 3)).value();
    }
    store s = store::open(here.path()).value();
    CHECK(contents(s.snapshot(), {"ana", "bob"}) ==
          "ana visit@1970-01-01T00:00:01Z\nana won@1970-01-01T00:00:03Z\n");
    CHECK(s.snapshot().size() == 2);
    CHECK(s.append(make("bob", "visit", 4)).value().erased == 1);
    s.close().value();
    CHECK(here.names() == std::vector<std::string>{"LOCK", "MANIFEST", "reserve", "seg-0000000000000002"});
}

TEST_CASE("durable: open tells how it found the store") {
    const place here;
    const weir::open_report as_new;
    CHECK(store().opened() == as_new);
    {
        store s = store::open(here.path()).value();
        CHECK(s.opened() == as_new);
        s.append(make("ana", "visit", 1)).value();
        s.append(make("bob", "visit", 2)).value();
        s.erase("bob").value();
    }
    for (const auto& name : here.names())
        if (name.starts_with("wal-"))
            std::ofstream(here.path() + '/' + name, std::ios::app) << "half of a frame";
    std::fstream(here.path() + "/MANIFEST", std::ios::in | std::ios::out).seekp(80).put('x');
    const weir::open_report cut_off{
        .was_closed = false, .log_events = 2, .dropped_bytes = 15, .manifest_copy_damaged = true};
    CHECK(store::open(here.path(), {.read_only = true}).value().opened() == cut_off);
    {
        store s = store::open(here.path()).value();
        CHECK(s.opened() == cut_off);
        CHECK(store::open(here.path(), {.read_only = true}).value().opened() == as_new);
        s.append(make("ana", "won", 3)).value();
        CHECK(store::open(here.path(), {.read_only = true}).value().opened() ==
              weir::open_report{.was_closed = false, .log_events = 1});
        s.close().value();
        CHECK(s.opened() == cut_off);
    }
    CHECK(store::open(here.path()).value().opened() == as_new);
}

TEST_CASE("durable: questions have the same answers on disk, whatever was sealed, merged and opened again") {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        dice d(seed);
        const auto w = make_funnel_world(seed);
        const store in_memory = make_store(w);
        simulated::machine m(seed);
        auto s = open_on(m, {}, {.log_bytes = d.chance(50) ? 2000U : 1U << 20});
        weir::batch waiting;
        for (const event& e : w.events) {
            waiting.add(e);
            if (d.chance(70)) continue;
            s->append(waiting).value();
            waiting.clear();
            if (d.chance(10)) s->seal().value();
            if (d.chance(10)) s->maintain().value();
            if (!d.chance(10)) continue;
            if (d.chance(50)) s->close().value();
            s.reset();
            s = open_on(m);
        }
        s->append(waiting).value();
        for (const auto& lead : w.erased) s->erase(lead).value();
        if (d.chance(50)) s->purge().value();
        const auto want = weir::measure(in_memory.snapshot(), w.funnel),
                   got = weir::measure(s->snapshot(), w.funnel);
        INFO("seed " << seed);
        REQUIRE(want.has_value() == got.has_value());
        if (want) CHECK(weir::to_json(*got) == weir::to_json(*want));
        CHECK(s->verify().value().manifest_copy_damaged == false);
    }
}

TEST_CASE("durable: an event id counts once, also over restarts and after its events moved to segments") {
    const place here;
    for (int i = 0; i < 4; ++i) {
        store s = store::open(here.path()).value();
        const auto said = s.append(make("ana", "visit", 1, "first")).value();
        CHECK(said.duplicate == (i > 0 ? 1 : 0));
        CHECK(said.conflicting == 0);
        CHECK(s.append(make("ana", "visit", 2, "first")).value().conflicting == 1);
        if (i == 1) s.seal().value();
        if (i == 2) s.close().value();
    }
    CHECK(store::open(here.path()).value().snapshot().size() == 1);
}

TEST_CASE("durable: ids that were too far back are fresh again, as in memory") {
    const place here;
    const store_options near{.dedupe_horizon = 3};
    store memory(near);
    for (int i = 0; i < 20; ++i) {
        store s = store::open(here.path(), near).value();
        const event e = make("ana", "visit", i, "id " + std::to_string(i * 7 % 5));
        CHECK(s.append(e).value() == memory.append(e).value());
        if (i % 3 == 0) s.seal().value();
        if (i % 4 == 0) s.maintain().value();
    }
}

TEST_CASE("durable: there is one writer, and readers beside it that write nothing") {
    const place here;
    store s = store::open(here.path()).value();
    s.append(make("ana", "visit", 1)).value();
    const auto second = store::open(here.path());
    REQUIRE_FALSE(second);
    CHECK(second.error().code == errc::io);
    CHECK(second.error().message == "another process writes this store");

    const std::string before = here.content();
    store reader = store::open(here.path(), {.read_only = true}).value();
    CHECK(reader.snapshot().size() == 1);
    CHECK(reader.append(make("ana", "won", 2)).error().code == errc::unsupported);
    CHECK(reader.erase("ana").error().code == errc::unsupported);
    CHECK(reader.seal().error().code == errc::unsupported);
    CHECK(reader.maintain().error().code == errc::unsupported);
    CHECK(reader.purge().error().code == errc::unsupported);
    CHECK(reader.verify().value().events == 1);
    reader.close().value();
    CHECK(here.content() == before);
    s.append(make("ana", "won", 2)).value();
    CHECK(store::open(here.path(), {.read_only = true}).value().snapshot().size() == 2);
    s.close().value();
    CHECK(store::open(here.path()).has_value());
}

TEST_CASE("durable: a closed store refuses every verb and keeps its snapshots") {
    const place here;
    store s = store::open(here.path()).value();
    s.append(make("ana", "visit", 1)).value();
    const auto before = s.snapshot();
    s.close().value();
    s.close().value();
    CHECK(s.append(make("ana", "won", 2)).error().code == errc::unsupported);
    CHECK(s.erase("ana").error().code == errc::unsupported);
    CHECK(s.seal().error().code == errc::unsupported);
    CHECK(s.maintain().error().code == errc::unsupported);
    CHECK(s.purge().error().code == errc::unsupported);
    CHECK(s.verify().error().code == errc::unsupported);
    CHECK(s.erasures().error().code == errc::unsupported);
    CHECK(before.size() == 1);
    CHECK(s.snapshot().size() == 1);
}

TEST_CASE("durable: a directory of other things is refused and left alone") {
    const place here;
    std::filesystem::create_directory(here.path());
    std::ofstream(here.path() + "/notes.txt") << "mine";
    const auto opened = store::open(here.path());
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == errc::bad_input);
    CHECK(here.names() == std::vector<std::string>{"LOCK", "notes.txt"});
    CHECK(store::open(here.path() + "/notes.txt").error().code == errc::io);
    CHECK(store::open(here.path() + "/none", {.read_only = true}).error().code == errc::io);
}

TEST_CASE("durable: a snapshot shows events when they are durable, and not before") {
    simulated::machine m(1);
    const auto s = open_on(m);
    s->append(make("ana", "visit", 1)).value();
    std::int64_t seen = -1;
    m.before = [&](simulated::call what, const std::string& name) {
        if (what == simulated::call::sync && name.starts_with("wal-")) seen = s->snapshot().size();
        return simulated::fate::done;
    };
    s->append(make("ana", "won", 2)).value();
    CHECK(seen == 1);
    CHECK(s->snapshot().size() == 2);
}

TEST_CASE("durable: threads that append share a sync, and each gets its own receipt") {
    simulated::machine m(1);
    std::atomic<int> syncs = 0;
    const auto s = open_on(m);
    m.before = [&](simulated::call what, const std::string&) {
        if (what == simulated::call::sync) {
            ++syncs;
            std::this_thread::sleep_for(std::chrono::microseconds(200));
        }
        return simulated::fate::done;
    };
    constexpr int threads = 8, each = 50;
    std::atomic<int> accepted = 0, duplicate = 0;
    {
        std::vector<std::jthread> all;
        for (int t = 0; t < threads; ++t)
            all.emplace_back([&, t] {
                for (int i = 0; i < each; ++i) {
                    // Two threads each append the same ids.
                    const auto r = s->append(make("lead" + std::to_string(t / 2), "visit", i,
                                                  std::to_string(t / 2) + '/' + std::to_string(i)));
                    accepted += static_cast<int>(r.value().accepted);
                    duplicate += static_cast<int>(r.value().duplicate);
                }
            });
    }
    CHECK(accepted == threads * each / 2);
    CHECK(duplicate == threads * each / 2);
    CHECK(syncs < accepted);
    m.before = nullptr;
    CHECK(s->snapshot().size() == threads * each / 2);
    CHECK(open_on(m, {.read_only = true})->snapshot().size() == threads * each / 2);
}

TEST_CASE("durable: after a failed sync nothing is taken until the store is opened anew") {
    simulated::machine m(1);
    auto s = open_on(m);
    s->append(make("ana", "visit", 1)).value();
    m.before = [&](simulated::call what, const std::string&) {
        return what == simulated::call::sync ? simulated::fate::refused : simulated::fate::done;
    };
    CHECK(s->append(make("ana", "won", 2)).error().code == errc::io);
    m.before = nullptr;
    const auto again = s->append(make("ana", "won", 3));
    REQUIRE_FALSE(again);
    CHECK(again.error().message ==
          "an earlier failure left unknown what the disk holds; open the store anew");
    CHECK(s->seal().error().code == errc::io);
    CHECK(s->snapshot().size() == 1);
    CHECK(s->close().error().code == errc::io);
    s = open_on(m);
    CHECK(s->append(make("ana", "won", 3)).value().accepted == 1);
}

TEST_CASE("durable: a full disk refuses an append, and takes the next when there is room") {
    simulated::machine m(1);
    auto s = open_on(m);
    s->append(make("ana", "visit", 1)).value();
    m.before = [&](simulated::call what, const std::string&) {
        return what == simulated::call::append ? simulated::fate::no_space : simulated::fate::done;
    };
    for (int i = 0; i < 3; ++i) CHECK(s->append(make("ana", "lost", 2)).error().code == errc::io);
    CHECK(s->snapshot().size() == 1);
    m.before = nullptr;
    s->append(make("ana", "won", 3)).value();
    s.reset();
    s = open_on(m);
    CHECK(contents(s->snapshot(), {"ana"}) ==
          "ana visit@1970-01-01T00:00:01Z\nana won@1970-01-01T00:00:03Z\n");
}

TEST_CASE("durable: what a full disk cut short of a segment takes no room, and the next try writes it") {
    simulated::machine m(1);
    const auto s = open_on(m);
    s->append(make("ana", "visit", 1)).value();
    m.before = [&](simulated::call what, const std::string& name) {
        return what == simulated::call::append && name.starts_with("seg-") ? simulated::fate::no_space
                                                                           : simulated::fate::done;
    };
    const auto segments = [&] {
        const auto files = m.shown();
        return std::count_if(files.begin(), files.end(),
                             [](const auto& file) { return file.first.starts_with("seg-"); });
    };
    CHECK(s->maintain().error().code == errc::io);
    CHECK(segments() == 0);
    CHECK(s->snapshot().size() == 1);
    m.before = nullptr;
    CHECK(s->maintain().value() == 1);
    CHECK(segments() == 1);
    CHECK(s->snapshot().size() == 1);
}

TEST_CASE("durable: maintain stops when its time is over, and says whether something may be left") {
    simulated::machine m(1);
    const auto s = open_on(m);
    s->append(make("ana", "visit", 1)).value();
    CHECK(s->maintain(weir::duration{0}).value() == weir::maintain_receipt{.events = 1, .more = true});
    CHECK(s->maintain(weir::duration{0}).value() == weir::maintain_receipt{});
    s->append(make("ana", "won", 2)).value();
    CHECK(s->maintain(std::chrono::hours{1}).value() == weir::maintain_receipt{.events = 1});
}

TEST_CASE("durable: a close that failed gave the lock away, and does nothing when it is called again") {
    simulated::machine m(1);
    const auto s = open_on(m);
    s->append(make("ana", "visit", 1)).value();
    m.before = [](simulated::call what, const std::string&) {
        return what == simulated::call::append ? simulated::fate::no_space : simulated::fate::done;
    };
    CHECK(s->close().error().code == errc::io);
    m.before = nullptr;
    const auto next = open_on(m);
    CHECK(next->snapshot().size() == 1);
    const auto calls = m.calls;
    CHECK(s->close());
    CHECK(m.calls == calls);
}

TEST_CASE("durable: events beyond the clock and a skew are refused and counted") {
    const place here;
    store s = store::open(here.path(), {.max_future_skew = std::chrono::hours(1)}).value();
    const auto now = weir::to_instant(std::chrono::system_clock::now());
    const auto offer = [&](weir::duration later) {
        return s
            .append(event{.lead = "ana", .name = "visit", .time = now + later, .attributes = {}, .id = {}})
            .value();
    };
    CHECK(offer(std::chrono::minutes(30)).accepted == 1);
    const auto refused = offer(std::chrono::hours(3));
    CHECK(refused.accepted == 0);
    CHECK(refused.future == 1);
    CHECK(refused.offered == 1);
}

TEST_CASE("durable: purge leaves no byte of an erased lead, and tells what it removed") {
    for (const bool overwrite : {false, true}) {
        const place here;
        store s = store::open(here.path(), {.overwrite_purged = overwrite}).value();
        s.append(make("canary-ana", "visit", 1)).value();
        s.append(make("bob", "visit", 2)).value();
        s.seal().value();
        s.append(make("canary-ana", "won", 9)).value();
        CHECK(s.erase("canary-ana").value() == 2);
        CHECK(s.erase("canary-ana").value() == 0);
        CHECK(here.content().find("canary-ana") != std::string::npos);
        REQUIRE(s.erasures().value().size() == 1);
        CHECK_FALSE(s.erasures().value().front().gone);
        const auto receipt = s.purge().value();
        CHECK(receipt.leads == 1);
        CHECK(receipt.events == 1);  // the other stood in the log alone
        CHECK(receipt.files == 1);
        CHECK(receipt.first == weir::from_unix_seconds(1));
        CHECK(receipt.last == weir::from_unix_seconds(1));
        CHECK(here.content().find("canary-ana") == std::string::npos);
        CHECK(s.erasures().value().front().gone);
        CHECK(s.purge().value().events == 0);
        CHECK(s.append(make("canary-ana", "visit", 3)).value().erased == 1);
        CHECK(s.snapshot().size() == 1);
        s.close().value();
        CHECK(store::open(here.path()).value().append(make("canary-ana", "visit", 3)).value().erased == 1);
    }
}

TEST_CASE("durable: without suppression a purged lead leaves nothing and may come back") {
    const place here;
    const store_options open_again{.suppress_erased = false};
    {
        store s = store::open(here.path(), open_again).value();
        s.append(make("ana", "visit", 1)).value();
        s.erase("ana").value();
        CHECK(s.append(make("ana", "again", 2)).value().accepted == 1);
    }
    store s = store::open(here.path(), open_again).value();
    CHECK(contents(s.snapshot(), {"ana"}) == "ana again@1970-01-01T00:00:02Z\n");
    s.purge().value();
    CHECK(s.erasures().value().empty());
    s.close().value();
    CHECK(contents(store::open(here.path(), open_again).value().snapshot(), {"ana"}) ==
          "ana again@1970-01-01T00:00:02Z\n");
}

TEST_CASE("durable: files merge until none is due, and a snapshot outlives its files") {
    const place here;
    store s = store::open(here.path()).value();
    for (int i = 0; i < 40; ++i) {
        s.append(make("lead" + std::to_string(i % 5), "visit", i)).value();
        CHECK(s.maintain().value() == 1);  // moves the log
    }
    const auto before = s.snapshot();
    const std::size_t files = here.names().size();
    CHECK(files > 40);
    while (s.maintain().value() > 0) {
    }
    CHECK(here.names().size() < 12);
    CHECK(weir::measure(before, weir::funnel{.steps = {"visit"}}).has_value());
    CHECK(s.snapshot().size() == 40);
    s.close().value();
    CHECK(store::open(here.path()).value().snapshot().size() == 40);
}

TEST_CASE("durable: a store larger than its budget answers as one in memory") {
    const place here;
    const store_options small{.memory_budget = std::int64_t{4} << 20};
    store memory, s = store::open(here.path(), small).value();
    for (int n = 0; n < 60; ++n) {
        weir::batch b;
        for (int i = 0; i < 2000; ++i) {
            event e =
                make("lead" + std::to_string((n * 31 + i) % 900), i % 3 == 0 ? "won" : "visit", n * 2000 + i);
            e.attributes.push_back({"number", static_cast<double>(i) * 1.5});
            b.add(e);
        }
        memory.append(b).value();
        s.append(b).value();
        if (n % 10 == 9) s.maintain().value();
    }
    while (s.maintain().value() > 0) {
    }
    CHECK(here.names().size() > 10);  // merges write files of a size that can be held
    const weir::funnel question{.steps = {"visit", "won"}, .by = "number"};
    const auto want = weir::to_json(weir::measure(memory.snapshot(), question).value());
    for (int threads : {1, 4})
        CHECK(weir::to_json(weir::measure(s.snapshot(), question, {.threads = threads}).value()) == want);
    CHECK(s.memory() < std::int64_t{2} << 20);
    memory.erase("lead7").value();
    s.erase("lead7").value();
    s.purge().value();
    s.close().value();
    s = store::open(here.path(), small).value();
    CHECK(weir::to_json(weir::measure(s.snapshot(), question).value()) ==
          weir::to_json(weir::measure(memory.snapshot(), question).value()));
    CHECK(s.verify().value().events == memory.snapshot().size());
}

TEST_CASE("durable: snapshots are whole while threads append, flush, merge, erase and purge") {
    const place here;
    store s = store::open(here.path(), {.acknowledge = ack::process_safe}).value();
    std::atomic<bool> done = false;
    std::atomic<int> seen = 0, wrong = 0;
    {
        std::vector<std::jthread> all;
        for (int r = 0; r < 2; ++r)
            all.emplace_back([&] {
                weir::instant last{};
                while (!done) {
                    const auto now = s.snapshot();
                    wrong += now.size() % 5 != 0 || (now.last() && *now.last() < last);
                    last = now.last().value_or(last);
                    ++seen;
                }
            });
        all.emplace_back([&] {
            while (!done) wrong += !s.maintain().has_value();
        });
        all.emplace_back([&] {
            for (int i = 0; !done; ++i) {
                weir::batch b;
                const std::string lead = "gone" + std::to_string(i);
                for (int k = 0; k < 5; ++k) b.add(make(lead, "visit", 0));
                wrong += !s.append(b).has_value() || !s.erase(lead).has_value();
                if (i % 16 == 0) wrong += !s.purge().has_value();
            }
        });
        for (int i = 0; i < 300; ++i) {
            weir::batch b;
            for (int k = 0; k < 5; ++k) b.add(make("lead" + std::to_string(k), "visit", 1 + i));
            s.append(b).value();
            while (seen < i) std::this_thread::yield();
        }
        done = true;
    }
    CHECK(wrong == 0);
    CHECK(seen > 100);
    CHECK(s.snapshot().size() == 300 * 5);
    s.purge().value();
    CHECK(here.content().find("gone0") == std::string::npos);
    s.close().value();
    CHECK(store::open(here.path()).value().snapshot().size() == 300 * 5);
}

TEST_CASE("durable: a process that is killed loses nothing that it told of") {
    const place here;
    std::int64_t told = 0;
    for (int round = 0; round < 12; ++round) {
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        const pid_t child = ::fork();
        if (child == 0) {
            auto s = store::open(here.path());
            for (int i = 0; s; ++i) {
                if (!s->append(make("lead" + std::to_string(i % 7), "visit", i))) ::_exit(1);
                if (::write(ends[1], "x", 1) != 1) ::_exit(1);
                if (i % 9 == 8 && !s->maintain()) ::_exit(1);
            }
            ::_exit(1);
        }
        ::close(ends[1]);
        char heard = 0;
        for (int i = 0; i < 5 + round * 7; ++i) told += ::read(ends[0], &heard, 1);
        ::kill(child, SIGKILL);
        while (::read(ends[0], &heard, 1) == 1) ++told;
        ::close(ends[0]);
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        REQUIRE(WIFSIGNALED(status));
        const store s = store::open(here.path(), {.read_only = true}).value();
        const std::int64_t there = s.snapshot().size();
        CHECK(there >= told);
        CHECK(there <= told + 1);
        told = there;  // one may have been on its way
    }
}

TEST_CASE("durable: a child of fork does not write into the store") {
    const place here;
    store s = store::open(here.path()).value();
    s.append(make("ana", "visit", 1)).value();
    const pid_t child = ::fork();
    if (child == 0) ::_exit(s.append(make("ana", "won", 2)).has_value() ? 1 : 0);
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(s.append(make("ana", "won", 3)).value().accepted == 1);
    CHECK(store::open(here.path(), {.read_only = true}).value().snapshot().size() == 2);
}

TEST_CASE("durable: a store that is not on this machine's own disk is refused, unless it is allowed") {
    simulated::machine far(3);
    far.is_remote = true;
    const auto open_far = [&](const store_options& o) {
        return weir::guarded([&] { return store(open_store(simulated::open(far), o)); });
    };
    for (const bool read_only : {false, true}) {
        const auto refused = open_far({.read_only = read_only});
        REQUIRE(!refused);
        CHECK(refused.error().code == errc::unsupported);
        CHECK_THAT(refused.error().message, weir_test::ContainsSubstring("allow_network"));
    }
    CHECK(far.calls == 0);
    CHECK(open_far({.allow_network = true}).value().append(event{.lead = "a", .name = "b"}).has_value());
    CHECK_FALSE(weir::disk::open_directory(".", false)->is_remote());
}
