// A store damaged in every file, at every few bytes: what salvage() saves was there, what it lost it tells,
// and nobody who was erased comes back unsaid.
#include <algorithm>
#include <filesystem>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <weir/salvage.hpp>

#include "base/fail.hpp"
#include "catch.hpp"
#include "disk/simulated.hpp"
#include "place.hpp"
#include "store/salvage.hpp"
#include "store/store_impl.hpp"
#include "told_history.hpp"

namespace {

using weir::errc;
using weir::event;
using weir::store;

store open_on(simulated::machine& m, const weir::store_options& o = {}) {
    return store(open_store(simulated::open(m), o));
}

event make(int i) {
    return {.lead = "lead" + std::to_string(i % 5),
            .name = i % 2 == 0 ? "visit" : "won",
            .time = weir::from_unix_seconds(i),
            .attributes = {{"n", std::int64_t{i}}, {"text", "t" + std::to_string(i % 4)}},
            .id = "id" + std::to_string(i)};
}

// Without attributes, and "lead" before the number.
std::string line_of(const event& e) {
    return e.lead.key().substr(4) + ' ' + e.name + ' ' + weir::to_string(e.time);
}

// A line for each event, without attributes if it is asked so.
std::multiset<std::string> lines(const store& s, bool attributes = true) {
    std::multiset<std::string> all;
    for (int lead = 0; lead < 5; ++lead)
        for (const auto& e : weir::events_of(s.snapshot(), "lead" + std::to_string(lead)).value()) {
            std::string line = line_of(e);
            for (const auto& a : e.attributes)
                if (attributes) line += ' ' + a.name + '=' + weir::to_string(a.value);
            all.insert(line);
        }
    return all;
}

// Two segments, of which one holds an erased lead, and a log that erases two more at once.
simulated::image sample(std::multiset<std::string>& told, std::multiset<std::string>& plain) {
    simulated::machine m(3);
    store s = open_on(m);
    for (int i = 0; i < 20; ++i) s.append(make(i)).value();
    s.seal().value();
    for (int i = 20; i < 30; ++i) s.append(make(i)).value();
    s.erase("lead1").value();
    s.seal().value();
    for (int i = 30; i < 40; ++i) s.append(make(i)).value();
    s.erase(std::vector<weir::lead_id>{"lead2", "lead3"}).value();
    for (int i = 40; i < 50; ++i) s.append(make(i)).value();
    told = lines(s);
    plain = lines(s, false);
    return m.shown();
}

struct outcome {
    weir::result<weir::salvage_report> report;
    std::multiset<std::string> plain{};
    bool is_right = true;  // what is saved opens, verifies, and was there
};

outcome salvage(const simulated::image& files, const std::multiset<std::string>& want, bool accept) {
    simulated::machine from(5, files), to(6);
    outcome found{weir::guarded([&] {
        return weir::salvage_store(simulated::open(from), simulated::open(to),
                                   {.accept_lost_erasures = accept});
    })};
    CHECK(from.calls == 0);
    if (!found.report) return found;
    store s = open_on(to);
    found.plain = lines(s, false);
    found.is_right = s.verify().has_value() &&
                     found.report->events == static_cast<std::int64_t>(found.plain.size()) &&
                     std::includes(want.begin(), want.end(), found.plain.begin(), found.plain.end());
    return found;
}

std::string log_in(const simulated::image& files) {
    std::string last;
    for (const auto& [name, data] : files)
        if (name.starts_with("wal-")) last = name;
    return last;
}

}  // namespace

TEST_CASE("salvage: a whole store comes through with ids, erasures and all") {
    std::multiset<std::string> told, plain;
    const auto files = sample(told, plain);
    simulated::machine from(5, files), to(6);
    const auto report = weir::salvage_store(simulated::open(from), simulated::open(to), {});
    CHECK(report.lost.empty());
    CHECK(report.events == 20);
    CHECK(report.leads == 2);
    CHECK_FALSE(report.erasures_may_be_lost);
    store s = open_on(to);
    CHECK(lines(s) == told);
    CHECK(s.append(make(45)).value().duplicate == 1);
    CHECK(s.append(make(5)).value().duplicate == 1);
    CHECK(s.append(make(52)).value().erased == 1);  // lead2
    CHECK(s.append(make(51)).value().erased == 1);  // lead1
    CHECK(s.erasures().value().size() == 3);
    CHECK(s.append(make(54)).value().accepted == 1);
    s.close().value();
    CHECK(open_on(to).snapshot().size() == 21);
    simulated::machine again(5, files);
    CHECK(weir::guarded([&] { return weir::salvage_store(simulated::open(again), simulated::open(to), {}); })
              .error()
              .code == errc::bad_input);
}

TEST_CASE("salvage: of a store damaged anywhere nothing is invented, and what is lost is told") {
    std::multiset<std::string> told, plain;
    const auto files = sample(told, plain);
    int refused = 0, saved = 0, resurrected = 0;
    for (const auto& [name, data] : files)
        for (std::size_t at = 0; at < data.size(); at += name == "MANIFEST" ? 173 : 11) {
            INFO(name << " at " << at);
            auto damaged = files;
            damaged[name][at] ^= std::byte{0x10};
            const auto careful = salvage(damaged, plain, false);
            CHECK(careful.is_right);
            if (careful.report) {
                ++saved;
                CHECK_FALSE(careful.report->erasures_may_be_lost);
                if (careful.plain != plain) CHECK_FALSE(careful.report->lost.empty());
                const auto lost = careful.report->lost_events + careful.report->lost_frames +
                                  1;  // of the last nobody knows
                CHECK(careful.plain.size() + static_cast<std::size_t>(lost) >= plain.size());
                continue;
            }
            ++refused;
            CHECK(careful.report.error().code == errc::corrupt);
            const auto bold = salvage(damaged, plain, true);
            if (!bold.report) continue;
            CHECK(bold.report->erasures_may_be_lost);
            CHECK_FALSE(bold.report->lost.empty());
            resurrected += bold.is_right ? 0 : 1;
        }
    CHECK(saved > 100);
    CHECK(refused > 20);
    CHECK(resurrected > 0);  // so the look for leads that come back finds them
}

TEST_CASE("salvage: without MANIFEST the files tell what they hold, but not who was erased") {
    std::multiset<std::string> told, plain;
    auto files = sample(told, plain);
    files.erase("MANIFEST");
    const auto careful = salvage(files, plain, false);
    REQUIRE_FALSE(careful.report);
    CHECK(careful.report.error().code == errc::corrupt);
    CHECK_THAT(careful.report.error().message, weir_test::ContainsSubstring("MANIFEST is lost"));
    simulated::machine from(5, files), to(6);
    const auto report =
        weir::salvage_store(simulated::open(from), simulated::open(to), {.accept_lost_erasures = true});
    CHECK(report.erasures_may_be_lost);
    CHECK(report.events == 36);  // of lead1 nothing was left; what came after the erasures was refused
    CHECK(report.leads == 4);
    CHECK(report.lost_frames == 1);
    CHECK(report.lost.size() == 2);
    store s = open_on(to);
    const auto all = lines(s);
    CHECK(std::includes(all.begin(), all.end(), told.begin(), told.end()));
    CHECK(s.verify().value().events == 36);
    CHECK(s.append(make(45)).value().duplicate == 1);
    CHECK(s.append(make(5)).value().duplicate == 1);
    CHECK(s.append(make(51)).value().accepted == 1);  // lead1 is not suppressed any more
    CHECK(s.erase(std::vector<weir::lead_id>{"lead1", "lead2", "lead3"}).value() == 17);
    CHECK(lines(s) == told);

    simulated::machine bare(7);
    const auto none = weir::guarded([&] {
        return weir::salvage_store(simulated::open(bare), simulated::open(to),
                                   {.accept_lost_erasures = true});
    });
    CHECK(none.error().code == errc::io);
}

namespace {

// A store that lives as hosts let it, on a machine that loses power at one of its calls: what the disk may
// have then, and every event that was ever accepted.
struct cut_off {
    simulated::image files{};
    std::multiset<std::string> accepted{}, seen{};  // `seen` by a snapshot, if the power did not fail
    bool is_whole = true;
};
cut_off live(std::uint64_t seed) {
    cut_off found;
    std::mt19937_64 random(seed);
    const auto below = [&random](std::uint64_t n) { return random() % n; };
    simulated::machine m(seed);
    const bool is_cut = below(4) > 0;
    std::uint64_t calls = 40 + below(160);
    m.before = [&](simulated::call, const std::string&) {
        if (is_cut && found.is_whole && calls-- == 0) {
            found.is_whole = false;
            found.files = m.after_power_cut(random);
        }
        return simulated::fate::done;
    };
    store s = open_on(m, {.memory_budget = std::int64_t{64} << 20});
    for (int i = 0; i < 60 && found.is_whole; ++i) {
        switch (below(10)) {
            case 0: s.maintain().value(); break;
            case 1: s.seal().value(); break;
            case 2: s.erase("lead" + std::to_string(below(5))).value(); break;
            case 3: s.purge().value(); break;
            default: {
                weir::batch b;
                for (std::uint64_t n = 1 + below(4); n > 0; --n) {
                    const event e = make(4 * i + static_cast<int>(n));
                    b.add(e);
                    found.accepted.insert(line_of(e));
                }
                s.append(b).value();
            }
        }
    }
    if (found.is_whole) {
        found.files = m.shown();
        found.seen = lines(s, false);
    }
    return found;
}

}  // namespace

TEST_CASE("salvage: without MANIFEST no event stands twice, whatever a crash left") {
    const int histories = weir_test::from_environment("WEIR_HISTORIES", 1500);
    int whole = 0, cut = 0, refused = 0;
    for (int seed = 1; seed <= histories; ++seed) {
        INFO("seed " << seed);
        cut_off lived = live(static_cast<std::uint64_t>(seed));
        if (lived.files.erase("MANIFEST") == 0 || lived.files.size() < 2) continue;
        const auto found = salvage(lived.files, lived.accepted, true);
        CHECK(found.is_right);
        if (lived.is_whole) {
            ++whole;
            REQUIRE(found.report);
            CHECK(
                std::includes(found.plain.begin(), found.plain.end(), lived.seen.begin(), lived.seen.end()));
        } else {
            ++cut;
            refused += found.report ? 0 : 1;
        }
    }
    CHECK(whole > cut / 5);
    CHECK(cut > histories / 2);
    CHECK(refused > cut / 50);  // files beside those that took their place
    CHECK(refused < cut / 3);
}

TEST_CASE("salvage: files that are missing, both copies of the manifest, an attribute alone") {
    std::multiset<std::string> told, plain;
    const auto files = sample(told, plain);
    for (const auto& [name, data] : files) {
        INFO(name);
        if (!name.starts_with("seg-") && !name.starts_with("wal-")) continue;
        auto without = files;
        without.erase(name);
        const auto found = salvage(without, plain, false);
        if (name.starts_with("wal-")) {
            CHECK(found.report.error().code == errc::corrupt);
            CHECK(salvage(without, plain, true).report.value().erasures_may_be_lost);
        } else {
            CHECK(found.is_right);
            CHECK(found.report.value().lost.size() == 1);
            CHECK(found.report.value().lost_events > 0);
        }
    }
    auto blind = files;
    const std::size_t size = blind["MANIFEST"].size();
    blind["MANIFEST"][100] ^= std::byte{1};
    CHECK(salvage(blind, plain, false).report.value().lost.size() == 1);
    blind["MANIFEST"][size / 2 + 100] ^= std::byte{1};
    CHECK(salvage(blind, plain, false).report.error().code == errc::corrupt);
    CHECK(salvage(blind, plain, true).report.value().erasures_may_be_lost);

    // Every event keeps its place where only the values of an attribute are damaged.
    int alone = 0;
    for (const auto& [name, data] : files)
        for (std::size_t at = 64; name.starts_with("seg-") && at < data.size(); at += 16) {
            auto damaged = files;
            damaged[name][at] ^= std::byte{1};
            const auto found = salvage(damaged, plain, false);
            if (found.report && found.plain == plain && found.report->lost.size() == 1) ++alone;
        }
    CHECK(alone > 0);
    CHECK(!log_in(files).empty());
}

TEST_CASE("salvage: a log that cannot be read at all is told, and may have erased leads") {
    const weir_test::place from, to;
    {
        store s = store::open(from.path()).value();
        s.append(make(1)).value();
        s.seal().value();
        s.append(make(2)).value();
    }
    std::string log;
    for (const auto& name : from.names())
        if (name.starts_with("wal-")) log = name;
    std::filesystem::remove(from.path() + '/' + log);
    std::filesystem::create_directory(from.path() + '/' + log);
    CHECK(weir::salvage(from.path(), to.path()).error().code == errc::corrupt);
    const auto found = weir::salvage(from.path(), to.path(), {.accept_lost_erasures = true}).value();
    CHECK(found.events == 1);
    CHECK(found.erasures_may_be_lost);
    REQUIRE(!found.lost.empty());
    CHECK_THAT(found.lost.front(), weir_test::ContainsSubstring(log + ": "));
}
