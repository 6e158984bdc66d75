// What a store keeps back or ends to keep its promises: room for an erasure on a full disk, snapshots that
// hold purged files, readers that want what is durable alone, limits of what is opened.
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <weir.hpp>

#include "base/fail.hpp"
#include "catch.hpp"
#include "disk/simulated.hpp"
#include "segment/column_cache.hpp"
#include "store/store_impl.hpp"

namespace {

using weir::errc;
using weir::event;
using weir::lead_id;
using weir::store;
using weir::store_options;

std::unique_ptr<store> open_on(simulated::machine& m, const store_options& o = {},
                               const weir::store_tuning& t = {}) {
    return std::make_unique<store>(open_store(simulated::open(m), o, t));
}

event make(const std::string& lead, int second) {
    return {.lead = lead,
            .name = second % 2 == 0 ? "visit" : "won",
            .time = weir::from_unix_seconds(second),
            .attributes = {{"text", "some text, " + std::to_string(second % 5)}}};
}

std::int64_t count_of(const weir::snapshot& s, const lead_id& lead) {
    return static_cast<std::int64_t>(weir::events_of(s, lead).value().size());
}

const weir::funnel visits{.steps = {"visit", "won"}, .by = "text"};

// A store of two files, the second with a log behind it, and a snapshot of that.
struct scene {
    simulated::machine disk{1};
    std::unique_ptr<store> s{};
    std::optional<weir::snapshot> old{};
    explicit scene(const store_options& o) {
        s = open_on(disk, o);
        for (int i = 0; i < 30; ++i) s->append(make("lead" + std::to_string(i % 3), i)).value();
        s->seal().value();
        for (int i = 30; i < 40; ++i) s->append(make("lead" + std::to_string(i % 3), i)).value();
        s->maintain().value();
        old = s->snapshot();
    }
    void pass(weir::duration d) { disk.clock += d.count(); }
    bool is_held() const { return s->erasures().value().front().held; }
    errc asked() const {
        const auto answer = weir::measure(*old, visits);
        if (answer) return errc{};
        CHECK(answer.error().where == "max_snapshot_age");
        return answer.error().code;
    }
};

constexpr std::uint64_t reserve = 20'000;

// Fills a disk, erases twice; gives whether both erasures went through.
bool erases_when_full(const weir::store_tuning& tuning, bool plant) {
    simulated::machine m(1);
    auto s = open_on(m, {}, tuning);
    for (const char* lead : {"ana", "bob"}) s->append(make(lead, 1)).value();
    m.capacity = 60'000;
    int taken = 0;
    std::optional<weir::error> full;
    while (!full) {
        const auto r = s->append(make("carl", ++taken));
        if (!r) full = r.error();
    }
    CHECK(taken > 20);
    CHECK(full->code == errc::io);
    if (!plant) CHECK(m.shown().contains("reserve") == (tuning.reserve_bytes > 0));
    const auto first = s->erase("ana");
    CHECK_FALSE(s->append(make("carl", 99)));  // events do not get what was given up
    const auto second = s->erase("bob");
    for (const auto* r : {&first, &second})
        if (!*r) CHECK(r->error().code == errc::io);
    int more = 0;
    for (; first && second && more < 100; ++more)
        if (!s->erase("nobody " + std::to_string(more))) break;
    if (first && second) {
        CHECK(more == 100);
        CHECK_FALSE(m.shown().contains("reserve"));
        CHECK(s->snapshot().size() == taken - 1);
    }
    m.capacity = 200'000;
    CHECK(s->append(make("carl", 100)).value().accepted == 1);
    if (first && second) CHECK(m.shown().contains("reserve"));
    s.reset();
    s = open_on(m, {}, tuning);
    CHECK(count_of(s->snapshot(), "carl") == taken);
    CHECK(count_of(s->snapshot(), "ana") == (first ? 0 : 1));
    CHECK(count_of(s->snapshot(), "bob") == (second ? 0 : 1));
    return first && second;
}

}  // namespace

TEST_CASE("protection: on a full disk an erasure gets the room that was kept back, events do not") {
    CHECK(erases_when_full({.reserve_bytes = reserve}, false));
    CHECK_FALSE(erases_when_full({}, false));
    CHECK_FALSE(erases_when_full({.reserve_bytes = reserve, .events_take_reserve = true}, true));
}

TEST_CASE("protection: a manifest that finds no room gets what was kept back") {
    for (const bool kept : {true, false}) {
        simulated::machine m(1);
        auto s = open_on(m, {}, {.reserve_bytes = kept ? reserve : 0});
        s->append(make("ana", 1)).value();
        m.before = [&](simulated::call what, const std::string& name) {
            if (what != simulated::call::create || name != "MANIFEST.tmp" || m.capacity)
                return simulated::fate::done;
            std::size_t used = 0;
            for (const auto& [other, data] : m.shown()) used += data.size();
            m.capacity = used + 100;
            return simulated::fate::done;
        };
        const auto moved = s->maintain();
        CHECK(moved.has_value() == kept);
        CHECK_FALSE(m.shown().contains("MANIFEST.tmp"));
        m.before = nullptr;
        m.capacity.reset();
        s->append(make("ana", 2)).value();
        CHECK(s->maintain().value() > 0);
        CHECK(m.shown().contains("reserve") == kept);
        s.reset();
        s = open_on(m);
        CHECK(count_of(s->snapshot(), "ana") == 2);
    }
}

TEST_CASE("protection: what is left of a reserve is made anew, and without room a store works without") {
    const weir::store_tuning tuning{.reserve_bytes = reserve};
    simulated::machine m(1);
    open_on(m, {}, tuning)->append(make("ana", 1)).value();
    auto files = m.shown();
    REQUIRE(files.at("reserve").size() == reserve);
    files["reserve"].resize(17);
    simulated::machine torn(2, files);
    open_on(torn, {}, tuning);
    CHECK(torn.shown().at("reserve").size() == reserve);
    simulated::machine small(3);
    small.capacity = reserve;
    auto s = open_on(small, {}, tuning);
    CHECK_FALSE(small.shown().contains("reserve"));
    CHECK(s->append(make("ana", 1)).has_value());
    CHECK(s->erase("ana").value() == 1);
    CHECK(s->verify().has_value());
    open_on(m, {.read_only = true}, tuning);
}

TEST_CASE("protection: a snapshot reads purged files for a while, then it is told to take a new one") {
    scene t({});
    t.s->erase("lead1").value();
    t.s->purge().value();
    CHECK(t.asked() == errc{});
    CHECK(t.is_held());
    t.pass(std::chrono::minutes(14));
    t.s->maintain().value();
    CHECK(t.asked() == errc{});
    const auto derived = weir::derive(*t.old, weir::lifecycle{.name = "l",
                                                              .stages = {"seen", "done"},
                                                              .rules = {{.to = "seen", .event = {"visit"}},
                                                                        {.to = "done", .event = {"won"}}}})
                             .value();
    t.pass(std::chrono::minutes(1));
    t.s->maintain().value();
    CHECK(t.asked() == errc::limit_exceeded);
    CHECK_FALSE(t.is_held());
    CHECK(weir::events_of(*t.old, "lead1").error().code == errc::limit_exceeded);
    CHECK(weir::measure(derived, visits).error().code == errc::limit_exceeded);
    CHECK(t.old->size() == 40);
    CHECK(weir::measure(t.s->snapshot(), visits).has_value());
    CHECK(count_of(t.s->snapshot(), "lead1") == 0);
}

TEST_CASE("protection: without an age a snapshot reads as long as it lives, and of no age not at all") {
    for (const bool forever : {true, false}) {
        scene t({.max_snapshot_age = forever ? std::nullopt : std::optional(weir::duration{0})});
        t.s->erase("lead1").value();
        t.s->purge().value();
        t.pass(std::chrono::hours(9000));
        t.s->maintain().value();
        t.s->purge().value();
        CHECK(t.asked() == (forever ? errc{} : errc::limit_exceeded));
        CHECK(t.is_held() == forever);
    }
}

TEST_CASE("protection: a merge ends no snapshot, unless a lead is erased and purged that it reads") {
    scene t({});
    t.s->seal().value();
    t.pass(std::chrono::hours(1));
    t.s->maintain().value();
    t.s->purge().value();
    CHECK(t.asked() == errc{});
    t.s->erase("nobody").value();
    t.s->purge().value();
    CHECK(t.asked() == errc{});
    CHECK_FALSE(t.is_held());
    t.s->erase("lead2").value();
    CHECK(t.s->erasures().value().back().held);  // in files that a merge left behind
    t.s->purge().value();
    CHECK(t.asked() == errc::limit_exceeded);
    CHECK_FALSE(t.s->erasures().value().back().held);
}

TEST_CASE("protection: events that went by their age are not read for ever either") {
    scene t({});
    t.s->purge({.before = weir::from_unix_seconds(35)}).value();
    CHECK(t.asked() == errc{});
    t.pass(std::chrono::hours(1));
    t.s->purge().value();
    CHECK(t.asked() == errc::limit_exceeded);
}

TEST_CASE("protection: a live answer goes on when what it saw has ended") {
    scene t({});
    weir::live_funnel live(visits);
    live.update(*t.old).value();
    t.s->erase("lead1").value();
    t.s->purge().value();
    t.pass(std::chrono::hours(1));
    t.s->maintain().value();
    REQUIRE(t.asked() == errc::limit_exceeded);
    CHECK(live.update(t.s->snapshot()).value().all);
    CHECK(weir::to_json(live.answer().value()) ==
          weir::to_json(weir::measure(t.s->snapshot(), visits).value()));
}

TEST_CASE("protection: a question that has begun ends with what is loaded, which goes with it") {
    scene t({});
    const auto& segment = *t.old->data().segments.front();
    const std::int64_t before = t.s->memory();
    {
        const weir::segment_in_use used(segment);
        segment.rows_ready();
        segment.pages->expire();
        CHECK(segment.times[0] == 0);
        CHECK(weir::guarded([&] { segment.all_ready(); }).error().code == errc::limit_exceeded);
    }
    CHECK(t.s->memory() == before);
    CHECK(weir::guarded([&] { weir::segment_in_use again(segment); }).error().code == errc::limit_exceeded);
}

TEST_CASE("protection: the file of a snapshot that has ended is closed") {
    const auto path = std::filesystem::current_path() / "protection-store";
    std::filesystem::remove_all(path);
    const auto deleted = [] {
        int n = 0;
        for (const auto& e : std::filesystem::directory_iterator("/proc/self/fd")) {
            std::error_code gone;
            const auto target = std::filesystem::read_symlink(e.path(), gone).string();
            n += target.find("protection-store") != std::string::npos && target.ends_with("(deleted)");
        }
        return n;
    };
    for (const bool age : {false, true}) {
        auto s = store::open(path.string(),
                             {.max_snapshot_age = age ? std::optional(weir::duration{0}) : std::nullopt})
                     .value();
        s.append(make("ana", 1)).value();
        s.append(make("bob", 2)).value();
        s.seal().value();
        const auto old = s.snapshot();
        s.erase("ana").value();
        s.purge().value();
        CHECK(deleted() == (age ? 0 : 1));
        CHECK(weir::measure(old, visits).has_value() == !age);
        s.close().value();
        std::filesystem::remove_all(path);
    }
}

TEST_CASE("protection: a reader of what is durable leaves out what a loss of power may take") {
    for (const auto level : {weir::ack::durable, weir::ack::process_safe}) {
        simulated::machine m(1);
        const auto s = open_on(m, {.acknowledge = level});
        const auto seen = [&](bool durable) {
            return open_on(m, {.read_only = true, .durable_only = durable})->snapshot().size();
        };
        for (int i = 1; i <= 5; ++i) {
            s->append(make("ana", i)).value();
            CHECK(seen(false) == i);
            // The log tells of a sync with the next frame.
            CHECK(seen(true) == (level == weir::ack::durable ? i - 1 : 0));
        }
        s->maintain().value();
        CHECK(seen(true) == 5);
        s->append(make("ana", 6)).value();
        s->erase("ana").value();
        CHECK(seen(false) == 0);
        CHECK(seen(true) == (level == weir::ack::durable ? 6 : 5));
        s->close().value();
        CHECK(seen(true) == 0);
    }
}

TEST_CASE("protection: what is larger than its limit is refused by the name of the limit") {
    simulated::machine m(1);
    {
        const auto s = open_on(m);
        for (int i = 0; i < 3; ++i) {
            s->append(make("ana", i)).value();
            s->maintain().value();
        }
        s->append(make("ana", 9)).value();
    }
    const auto refusal = [&](const weir::limits& l) {
        const auto opened =
            weir::guarded([&] { return open_on(m, {.read_only = true, .limits = l})->snapshot().size(); });
        if (opened) return std::string();
        CHECK(opened.error().code == errc::limit_exceeded);
        CHECK(!opened.error().where.empty());
        return opened.error().message;
    };
    std::size_t manifest = 0, log = 0, file = 0;
    for (const auto& [name, data] : m.shown()) {
        if (name == "MANIFEST") manifest = data.size();
        if (name.starts_with("wal-")) log = std::max(log, data.size());
        if (name.starts_with("seg-")) file = std::max(file, data.size());
    }
    const weir::limits exact{.manifest_bytes = static_cast<std::int64_t>(manifest),
                             .log_bytes = static_cast<std::int64_t>(log),
                             .file_bytes = static_cast<std::int64_t>(file),
                             .files = 3};
    CHECK(refusal(exact).empty());
    CHECK(refusal({}).empty());
    CHECK(refusal(weir::limits::hostile()).empty());
    for (const auto& [field, name] : {std::pair{&weir::limits::manifest_bytes, "limits::manifest_bytes"},
                                      {&weir::limits::log_bytes, "limits::log_bytes"},
                                      {&weir::limits::file_bytes, "limits::file_bytes"},
                                      {&weir::limits::files, "limits::files"}}) {
        weir::limits less = exact;
        less.*field -= 1;
        CHECK_THAT(refusal(less), weir_test::ContainsSubstring(name));
        less.*field = -1;
        CHECK_THAT(refusal(less), weir_test::ContainsSubstring(name));
    }
}
