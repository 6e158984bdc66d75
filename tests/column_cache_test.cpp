// A store whose columns do not fit into memory answers like one that is in memory, on any number of threads.
#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <weir.hpp>

#include "catch.hpp"
#include "segment/segment_merge.hpp"
#include "segment_files.hpp"

namespace {

using namespace weir_test;
using namespace weir;

// All that may be asked of the events, as one text.
std::string answers(const snapshot& s, const funnel_world& w, int threads) {
    std::string all = print(measure(s, w.funnel, {.threads = threads}));
    for (const auto& key : leads_of(w))
        all += print(events_of(s, lead_id(key))) + print(explain(s, w.funnel, lead_id(key)));
    for (const auto& name : s.data().present_attributes()) all += name + ' ';
    return all;
}

std::string answers(const snapshot& s, const lifecycle_world& w, int threads) {
    const scope how{.threads = threads, .as_of = w.scope.as_of};
    auto staged = derive(s, w.lifecycle, how);
    if (staged && w.second) staged = derive(*staged, *w.second, how);
    if (!staged) return to_string(staged.error());
    std::string all = print(measure(*staged, w.funnel, how)) + print(measure(*staged, w.flow, how));
    if (const auto told = history(*staged, w.flow.lifecycle)) all += to_json(answer(*told));
    for (const auto& key : leads_of(w)) {
        all += print(explain(*staged, lead_id(key), w.flow.lifecycle));
        all += print(explain(*staged, w.funnel, lead_id(key)));
        all += print(events_of(*staged, lead_id(key)));
    }
    return all;
}

// Pieces of a file that is opened with a cache of so many bytes; what columns may be held at once is that,
// and what is in use: all of it, in worlds so small.
struct paged {
    std::shared_ptr<column_cache> cache;
    snapshot events;
};
paged make_paged(const snapshot& s, dice& d, std::int64_t limit) {
    auto cache = std::make_shared<column_cache>(limit);
    return {cache, write_parts(s, d).open(cache)};
}

store big_store(int leads) {
    store s;
    dice d(5);
    for (int b = 0; b < 9; ++b) {
        batch rows;
        for (int i = 0; i < 4000; ++i) {
            event e{"lead " + std::to_string(d.below(leads)),
                    d.pick<std::string>({"visit", "demo", "won"}),
                    from_unix_seconds(d.below(1'000'000)),
                    {},
                    {}};
            e.attributes.push_back({"channel", d.pick<std::string>({"mail", "web", "fair"})});
            if (d.chance(30)) e.attributes.push_back({"value", money{d.below(100'000), "EUR"}});
            rows.add(e);
        }
        s.append(rows).value();
    }
    return s;
}

const std::vector<funnel>& questions() {
    static const std::vector<funnel> all{{.steps = {"visit", "demo", "won"}},
                                         {.steps = {"visit", "demo", "won"}, .by = "channel"},
                                         {.steps = {"visit", {"won", attribute("channel") == "mail"}},
                                          .within = std::chrono::hours(72),
                                          .by = "channel"}};
    return all;
}

snapshot big_files(const store& s, std::uint64_t rows, std::shared_ptr<column_cache> cache) {
    const auto before = s.snapshot();
    segment_files files;
    const std::span all = std::span(before.data().segments);
    for (const std::size_t cut : {std::size_t{0}, all.size() / 2})
        merge_in_parts(all.subspan(cut, cut == 0 ? all.size() / 2 : all.size() - cut), rows,
                       [&](const std::shared_ptr<segment>& part) { files.add(*part, before.data()); });
    return files.open(std::move(cache));
}

}  // namespace

TEST_CASE("column cache: questions over files that fit in no cache") {
    std::int64_t loaded = 0;
    for (std::uint64_t seed = 0; seed < 1200; ++seed) {
        INFO("world " << seed);
        const funnel_world w = make_axes_world(350'000'000 + seed);
        dice d(seed);
        const store s = make_store(w, make_layout(d));
        const std::string expected = answers(s.snapshot(), w, 1);
        const paged p = make_paged(s.snapshot(), d, d.below(2) * 300);
        REQUIRE(answers(p.events, w, 1 + d.below(8)) == expected);
        REQUIRE(p.cache->held() <= p.cache->limit());
        loaded += p.cache->most_held();
    }
    CHECK(loaded > 50'000);
}

TEST_CASE("column cache: stages, flows and explanations over files that fit in no cache") {
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        INFO("world " << seed);
        const lifecycle_world w = make_lifecycle_world(360'000'000 + seed);
        dice d(seed);
        const store s = make_store(w, make_layout(d));
        const paged p = make_paged(s.snapshot(), d, d.below(2) * 300);
        REQUIRE(answers(p.events, w, 1 + d.below(8)) == answers(s.snapshot(), w, 1));
        REQUIRE(p.cache->held() <= p.cache->limit());
    }
}

TEST_CASE("column cache: files merged again, with and without a lead, range by range") {
    for (std::uint64_t seed = 0; seed < 600; ++seed) {
        INFO("world " << seed);
        const funnel_world w = make_axes_world(370'000'000 + seed);
        dice d(seed);
        store s = make_store(w, make_layout(d));
        const paged p = make_paged(s.snapshot(), d, 0);
        const auto& data = p.events.data();
        std::vector<shared_veil> veils;
        if (d.chance(50) && data.lead_keys->size() > 0) {
            const auto lead = static_cast<std::uint32_t>(d.below(static_cast<int>(data.lead_keys->size())));
            const auto key = data.lead_key(lead);
            if (key.find('\0') == std::string_view::npos) {
                s.erase(lead_id(std::string(key))).value();
                for (const auto& one : data.segments) veils.push_back(with_hidden(*one, nullptr, {&lead, 1}));
            }
        }
        auto merged = std::make_shared<snapshot::impl>(data);
        merged->segments.clear();
        merge_in_parts(data.segments, static_cast<std::uint64_t>(1 + d.below(9)),
                       [&](std::shared_ptr<segment> part) { merged->segments.push_back(std::move(part)); },
                       {.veils = veils});
        REQUIRE(answers(snapshot(merged), w, 2) == answers(s.snapshot(), w, 1));
    }
}

TEST_CASE("column cache: no more is held than fits, but for what is in use") {
    const store s = big_store(3000);
    constexpr std::int64_t limit = 60'000;
    const auto cache = std::make_shared<column_cache>(limit);
    const snapshot files = big_files(s, 500, cache);
    std::int64_t all_bytes = 0, biggest = 0;
    for (const auto& one : files.data().segments) {
        std::int64_t sum = one->events.memory() + one->times.memory();
        for (const auto& c : one->columns)
            sum += c.bits.memory() + static_cast<std::int64_t>((one->size() + 63) / 64 * 8);
        all_bytes += sum;
        biggest = std::max(biggest, sum);
    }
    REQUIRE(all_bytes > 4 * limit);
    for (int threads = 1; threads <= 8; ++threads)
        for (const funnel& q : questions()) {
            REQUIRE(print(measure(files, q, {.threads = threads})) == print(measure(s.snapshot(), q)));
            REQUIRE(cache->held() <= limit);
            // A worker uses the files that a piece of its leads is in: of two runs that overlap, two, or
            // three where one ends.
            REQUIRE(cache->most_held() <= limit + threads * 3 * biggest);
        }
    CHECK(cache->most_held() > limit / 2);
}

TEST_CASE("column cache: several questions at once share it") {
    const store s = big_store(2000);
    const auto cache = std::make_shared<column_cache>(60'000);
    const snapshot files = big_files(s, 300, cache);
    std::vector<std::string> expected;
    for (const funnel& q : questions()) expected.push_back(print(measure(s.snapshot(), q)));
    std::vector<std::string> found(12);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < found.size(); ++t)
        threads.emplace_back(
            [&, t] { found[t] = print(measure(files, questions()[t % 3], {.threads = 2})); });
    for (auto& t : threads) t.join();
    for (std::size_t t = 0; t < found.size(); ++t) CHECK(found[t] == expected[t % 3]);
    CHECK(cache->held() <= cache->limit());
}

// Whether a segment keeps its columns in use, while others are read. With the fault nobody counts its user.
std::string keeps_what_is_in_use(bool fault) {
    const store s = big_store(500);
    const auto cache = std::make_shared<column_cache>(0);
    const snapshot files = big_files(s, 2000, cache);
    const segment& one = *files.data().segments[0];
    std::string flaw;
    {
        const segment_in_use used(one);
        one.rows_ready();
        const auto* const where = one.times.address(0);
        const std::int64_t own = one.events.memory() + one.times.memory();
        if (fault) one.pages->end_use();
        if (cache->held() != own) flaw = "not counted";
        measure(files, questions()[1]).value();  // wants all files, also this one
        if (one.times.address(0) != where) flaw += "; moved";
        if (cache->held() < own) flaw += "; dropped";
        if (fault) one.pages->begin_use();
    }
    if (cache->held() != 0) flaw += "; kept for ever";
    const segment_in_use again(one);
    one.all_ready();
    if (one.times[0] < one.min_time) flaw += "; not there again";
    return flaw;
}

TEST_CASE("column cache: what is in use stays, and what is not makes way") {
    CHECK(keeps_what_is_in_use(false) == "");
    CHECK(keeps_what_is_in_use(true) == "not counted; moved; dropped");
}

TEST_CASE("column cache: a damaged column fails the questions that read it, and those alone") {
    const store s = big_store(50);
    segment_files files = write_files(s.snapshot());
    const auto cache = std::make_shared<column_cache>(1 << 20);
    const snapshot opened = files.open(cache);
    auto& bytes = files.all[0]->bytes;
    const segment_reader reader(files.all[0], identity_of(1), files.entries[0]);
    // The last block is that of the last attribute.
    std::uint64_t footer = 0;
    for (int i = 0; i < 8; ++i)
        footer |= std::to_integer<std::uint64_t>(bytes[bytes.size() - 64 + static_cast<std::size_t>(i)])
                  << (8 * i);
    bytes[footer - 64] ^= std::byte{1};
    CHECK(print(measure(opened, questions()[1])) == print(measure(s.snapshot(), questions()[1])));
    for (int i = 0; i < 2; ++i) {
        const auto failed = measure(opened, funnel{.steps = {"visit", "won"}, .by = "value"});
        REQUIRE(!failed);
        CHECK(failed.error().code == errc::corrupt);
        CHECK(failed.error().where.find("seg-1:") == 0);
    }
    bytes[footer - 64] ^= std::byte{1};
    CHECK(measure(opened, funnel{.steps = {"visit", "won"}, .by = "value"}));
}
