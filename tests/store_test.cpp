#include <atomic>
#include <limits>
#include <random>
#include <thread>

#include <weir/funnel.hpp>
#include <weir/store.hpp>

#include "catch.hpp"
#include "scan/attribute_reader.hpp"
#include "scan/scan.hpp"
#include "segment/snapshot_data.hpp"

using weir::batch;
using weir::errc;
using weir::event;
using weir::instant;
using weir::receipt;
using weir::store;

namespace {

instant at(std::int64_t us) { return weir::from_unix_microseconds(us); }

event make(std::string lead, std::string name, std::int64_t time) {
    return {.lead = lead, .name = std::move(name), .time = at(time), .attributes = {}, .id = {}};
}

batch batch_of(const std::vector<event>& events) {
    batch b;
    for (const auto& e : events) b.add(e);
    return b;
}

// All that a snapshot holds, as text, leads in order of their keys.
std::string contents(const weir::snapshot& s, const std::string& attribute = "n", int threads = 1) {
    const auto& data = s.data();
    const weir::attribute_reader reader(data, attribute);
    std::vector<std::vector<std::string>> found(static_cast<std::size_t>(threads));
    weir::scan(data, {.segments = {}, .threads = threads}, [&](int worker, const weir::lead_rows& lead) {
        std::string line(data.lead_key(lead.lead));
        for (const auto& r : lead.rows) {
            line += ' ' + std::string(data.event_name(r.event)) + '@' + std::to_string(r.time);
            if (const auto d = reader.at(r); !d.missing()) line += '=' + reader.text_of(d);
        }
        found[static_cast<std::size_t>(worker)].push_back(line);
    });
    std::vector<std::string> lines;
    for (auto& f : found) lines.insert(lines.end(), f.begin(), f.end());
    std::sort(lines.begin(), lines.end());
    std::string all;
    for (const auto& l : lines) all += l + '\n';
    return all;
}

// A few hundred events with ties, several kinds of value under one name, and gaps.
std::vector<event> some_events(unsigned seed, std::size_t n) {
    std::mt19937 random(seed);
    std::vector<event> events;
    for (std::size_t i = 0; i < n; ++i) {
        event e = make("lead" + std::to_string(random() % 37), "event" + std::to_string(random() % 9),
                       static_cast<std::int64_t>(random() % 50) - 25);
        switch (random() % 5) {
            case 0: e.attributes = {{"n", static_cast<std::int64_t>(random())}}; break;
            case 1: e.attributes = {{"n", "text" + std::to_string(random() % 3)}}; break;
            case 2:
                e.attributes = {{"n", weir::money{static_cast<std::int64_t>(random() % 100), "EUR"}},
                                {"m", true}};
                break;
            case 3: e.attributes = {{"n", 0.5}, {"other", at(7)}}; break;
            default: break;
        }
        events.push_back(std::move(e));
    }
    return events;
}

}  // namespace

TEST_CASE("store: a lead's events come in order of time, then of arrival") {
    store s;
    s.append(batch_of({make("ana", "late", 9), make("bob", "x", 1), make("ana", "early", 1)})).value();
    s.append(batch_of({make("ana", "tie", 9), make("ana", "first", -5)})).value();
    CHECK(contents(s.snapshot()) == "ana first@-5 early@1 late@9 tie@9\nbob x@1\n");
    CHECK(s.snapshot().size() == 5);
    CHECK(s.snapshot().leads() == 2);
    CHECK(s.snapshot().last() == at(9));
}

TEST_CASE("store: an empty store has no last event") {
    const store s;
    CHECK(s.snapshot().size() == 0);
    CHECK(s.snapshot().leads() == 0);
    CHECK_FALSE(s.snapshot().last());
    CHECK_FALSE(weir::snapshot().last());
}

TEST_CASE("store: both extreme times are ordinary") {
    constexpr auto least = std::numeric_limits<std::int64_t>::min(),
                   most = std::numeric_limits<std::int64_t>::max();
    store s;
    s.append(batch_of({make("a", "z", most), make("a", "y", 0), make("a", "x", least)})).value();
    CHECK(contents(s.snapshot()) == "a x@" + std::to_string(least) + " y@0 z@" + std::to_string(most) + "\n");
}

TEST_CASE("store: values keep their kind") {
    store s;
    event e = make("a", "x", 1);
    e.attributes = {{"text", "ads"},
                    {"whole", -3},
                    {"number", 2.5},
                    {"truth", false},
                    {"price", weir::money{1999, "EUR"}},
                    {"due", at(5)},
                    {"nothing", weir::value()},
                    {"empty", ""}};
    s.append(e).value();
    const auto snapshot = s.snapshot();
    weir::scan(snapshot.data(), {}, [&](int, const weir::lead_rows& lead) {
        for (const auto& a : e.attributes) {
            const weir::attribute_reader reader(snapshot.data(), a.name);
            CHECK(reader.value_of(reader.at(lead.rows[0])) == a.value);
        }
    });
}

TEST_CASE("store: in which order events name their attributes, and of which kinds, is their own affair") {
    store s;
    batch b;
    b.add({.lead = "l", .name = "a", .attributes = {{"x", 1}, {"y", "t"}}});
    b.add({.lead = "l", .name = "b", .attributes = {{"y", 2}, {"x", "u"}, {"z", true}}});
    b.add({.lead = "l", .name = "c", .attributes = {{"z", false}, {"x", 3}}});
    b.add({.lead = "l",
           .name = "d",
           .attributes = {{"x", weir::money{5, "EUR"}}, {"y", weir::money{6, "USD"}}}});
    s.append(b).value();
    const auto snapshot = s.snapshot();
    weir::scan(snapshot.data(), {}, [&](int, const weir::lead_rows& lead) {
        const auto values_of = [&](const char* name) {
            const weir::attribute_reader reader(snapshot.data(), name);
            std::string all;
            for (const auto& row : lead.rows) all += to_string(reader.value_of(reader.at(row))) + "|";
            return all;
        };
        CHECK(values_of("x") == "1|u|3|0.05 EUR|");
        CHECK(values_of("y") == "t|2||0.06 USD|");
        CHECK(values_of("z") == "|true|false||");
    });
}

TEST_CASE("store: cutting into batches and merging segments changes nothing") {
    const auto events = some_events(1, 700);
    store whole;
    whole.append(batch_of(events)).value();
    const auto expected = contents(whole.snapshot());
    for (const std::size_t cut : {1U, 2U, 7U, 50U, 699U}) {
        store s;
        for (std::size_t i = 0; i < events.size(); i += cut)
            s.append(
                 batch_of({events.begin() + static_cast<std::ptrdiff_t>(i),
                           events.begin() + static_cast<std::ptrdiff_t>(std::min(events.size(), i + cut))}))
                .value();
        CHECK(contents(s.snapshot()) == expected);
        CHECK(s.snapshot().data().segments.size() < 40);
        s.seal().value();
        CHECK(s.snapshot().data().segments.size() == 1);
        CHECK(contents(s.snapshot()) == expected);
    }
}

TEST_CASE("store: any number of threads sees the same events") {
    store s;
    s.append(batch_of(some_events(2, 300))).value();
    s.append(batch_of(some_events(3, 40))).value();
    const auto expected = contents(s.snapshot());
    for (const int threads : {2, 3, 8, 100}) CHECK(contents(s.snapshot(), "n", threads) == expected);
}

TEST_CASE("store: a scan stops at as_of") {
    store s;
    s.append(batch_of({make("a", "x", 1), make("a", "y", 2), make("a", "z", 3), make("b", "x", 3)})).value();
    int rows = 0, leads = 0;
    weir::scan(s.snapshot().data(), {.as_of = 2, .segments = {}}, [&](int, const weir::lead_rows& lead) {
        ++leads;
        rows += static_cast<int>(lead.rows.size());
    });
    CHECK(leads == 1);
    CHECK(rows == 2);
}

TEST_CASE("store: an exception in a scan reaches the caller, from any thread") {
    store s;
    s.append(batch_of(some_events(4, 100))).value();
    for (const int thrower : {0, 1, 2})
        CHECK_THROWS_AS(weir::scan(s.snapshot().data(), {.segments = {}, .threads = 3},
                                   [&](int worker, const weir::lead_rows&) {
                                       if (worker == thrower) throw std::runtime_error("stop");
                                   }),
                        std::runtime_error);
}

TEST_CASE("store: a snapshot does not change when the store does") {
    store s;
    s.append(make("ana", "x", 1)).value();
    const auto before = s.snapshot();
    s.append(make("ana", "y", 2)).value();
    s.erase("ana").value();
    CHECK(contents(before) == "ana x@1\n");
    CHECK(before.last() == at(1));
}

TEST_CASE("store: a wrong event makes the whole batch fail and names the first") {
    const auto refused = [](const event& wrong) {
        store s;
        const auto r = s.append(batch_of({make("a", "x", 1), wrong, make("", "", 1)}));
        REQUIRE_FALSE(r);
        CHECK(r.error().code == errc::bad_input);
        CHECK(r.error().where == "batch[1]");
        CHECK(s.snapshot().size() == 0);
        return r.error().message;
    };
    using weir_test::ContainsSubstring;
    CHECK_THAT(refused(make("", "x", 1)), ContainsSubstring("key is empty"));
    CHECK_THAT(refused(make("a", "", 1)), ContainsSubstring("name is empty"));
    CHECK_THAT(refused(make("a\xff", "x", 1)), ContainsSubstring("not valid UTF-8"));
    CHECK_THAT(refused(make("a", std::string(129, 'x'), 1)), ContainsSubstring("129 bytes"));
    event e = make("a", "x", 1);
    e.attributes = {{"v", std::numeric_limits<double>::quiet_NaN()}};
    CHECK_THAT(refused(e), ContainsSubstring("not a finite number"));
    e.attributes = {{"v", std::string(64 * 1024 + 1, 'x')}};
    CHECK_THAT(refused(e), ContainsSubstring("65537 bytes"));
    e.attributes = {{"v", 1}, {"v", 2}};
    CHECK_THAT(refused(e), ContainsSubstring("stands twice"));
    e.attributes = {{"", 1}};
    CHECK_THAT(refused(e), ContainsSubstring("name is empty"));
}

TEST_CASE("store: late is an event behind a newer one, however batches are cut") {
    const std::vector<event> events{make("ana", "a", 5), make("bob", "b", 5), make("ana", "c", 4),
                                    make("bob", "d", 9), make("ana", "e", 8), make("bob", "f", 9)};
    for (std::size_t cut = 1; cut <= events.size(); ++cut) {
        weir::store s;
        receipt sum;
        for (std::size_t i = 0; i < events.size(); i += cut) {
            const std::size_t until = std::min(events.size(), i + cut);
            sum += s.append(batch_of({events.begin() + static_cast<std::ptrdiff_t>(i),
                                      events.begin() + static_cast<std::ptrdiff_t>(until)}))
                       .value();
        }
        CHECK(sum == receipt{.offered = 6, .accepted = 6, .late = 2});
    }
}

TEST_CASE("store: receipts add up field by field") {
    receipt sum{1, 2, 3, 4, 5, 6, 7};
    sum += {10, 20, 30, 40, 50, 60, 70};
    CHECK(sum == receipt{11, 22, 33, 44, 55, 66, 77});
}

TEST_CASE("store: an event id counts once, and tells a conflict from a repetition") {
    store s;
    event e = make("ana", "paid", 5);
    e.id = "order-1";
    e.attributes = {{"n", 10}, {"m", "x"}};
    event same = e, other = e;
    std::swap(same.attributes[0], same.attributes[1]);
    other.attributes[0].value = 11;
    CHECK(s.append(batch_of({e, same})).value() == receipt{.offered = 2, .accepted = 1, .duplicate = 1});
    CHECK(s.append(batch_of({other, make("bob", "x", 1)})).value() ==
          receipt{.offered = 2, .accepted = 1, .duplicate = 1, .conflicting = 1, .late = 1});
    CHECK(contents(s.snapshot()) == "ana paid@5=10\nbob x@1\n");
    CHECK(s.append(batch_of({make("ana", "x", 1), make("ana", "x", 1)})).value().accepted == 2);
}

TEST_CASE("store: an id is forgotten after the horizon") {
    store s({.dedupe_horizon = 2});
    event e = make("ana", "paid", 5);
    e.id = "1";
    CHECK(s.append(e).value().accepted == 1);  // arrival 0
    CHECK(s.append(e).value().duplicate == 1);
    CHECK(s.append(make("b", "x", 1)).value().accepted == 1);
    CHECK(s.append(e).value().accepted == 1);  // arrival 2: two back
    CHECK(s.append(e).value().duplicate == 1);
}

TEST_CASE("store: an erased lead is gone and stays refused") {
    store s;
    s.append(batch_of({make("ana", "x", 1), make("bob", "x", 2), make("ana", "late", 9)})).value();
    CHECK(s.erase("ana").value() == 2);
    CHECK(s.erase("ana").value() == 0);
    CHECK(contents(s.snapshot()) == "bob x@2\n");
    CHECK(s.snapshot().last() == at(2));
    CHECK(s.snapshot().data().present_events() == std::vector<std::string>{"x"});
    CHECK(s.append(batch_of({make("ana", "back", 3), make("bob", "y", 4)})).value() ==
          receipt{.offered = 2, .accepted = 1, .erased = 1});
    CHECK(contents(s.snapshot()) == "bob x@2 y@4\n");
    CHECK(s.erase("nobody").value() == 0);
    CHECK(s.append(make("nobody", "x", 1)).value().erased == 1);
}

TEST_CASE("store: the id of an erased lead's event stays known for the horizon") {
    store s({.dedupe_horizon = 2});
    event e = make("ana", "paid", 5), same = make("bob", "paid", 5);
    e.id = same.id = "1";
    s.append(e).value();  // arrival 0
    s.erase("ana").value();
    CHECK(s.append(e).value().erased == 1);
    CHECK(s.append(same).value().duplicate == 1);
    CHECK(s.append(make("bob", "x", 1)).value().accepted == 1);
    CHECK(s.append(same).value().accepted == 1);  // arrival 2: two back
    CHECK(contents(s.snapshot()) == "bob x@1 paid@5\n");
}

TEST_CASE("store: adding and erasing a lead is as if it had never been there") {
    auto events = some_events(5, 400);
    store with, without;
    for (const auto& e : events) {
        with.append(e).value();
        if (e.lead != weir::lead_id("lead7")) without.append(e).value();
    }
    with.erase("lead7").value();
    CHECK(contents(with.snapshot()) == contents(without.snapshot()));
    CHECK(with.snapshot().last() == without.snapshot().last());
    CHECK(with.snapshot().size() == without.snapshot().size());
}

TEST_CASE("store: the memory budget refuses a batch and keeps the store") {
    store s({.memory_budget = 100'000});
    s.append(make("ana", "x", 1)).value();
    const auto r = s.append(batch_of(some_events(6, 20'000)));
    REQUIRE_FALSE(r);
    CHECK(r.error().code == errc::limit_exceeded);
    CHECK(r.error().where == "memory_budget");
    CHECK(contents(s.snapshot()) == "ana x@1\n");
    CHECK(s.append(make("ana", "y", 2)).value().accepted == 1);
}

TEST_CASE("store: a kind and a key are another lead than their joined text") {
    store s;
    s.append(event{.lead = {"cookie", "c1"}, .name = "x", .time = at(1), .attributes = {}, .id = {}}).value();
    s.append(make("cookie:c1", "x", 1)).value();
    s.append(make("c1", "x", 1)).value();
    CHECK(s.snapshot().leads() == 3);
    CHECK(s.erase({"cookie", "c1"}).value() == 1);
    CHECK(s.snapshot().leads() == 2);
}

TEST_CASE("store: a copied batch is a batch of its own") {
    batch a = batch_of(some_events(7, 50)), b = a;
    a.clear();
    CHECK(a.empty());
    store s, t;
    CHECK(s.append(b).value().accepted == 50);
    t.append(batch_of(some_events(7, 50))).value();
    CHECK(contents(s.snapshot()) == contents(t.snapshot()));
    a.add(make("x", "y", 1));
    CHECK(s.append(a).value().accepted == 1);
}

TEST_CASE("store: readers and writers in several threads") {
    store s;
    std::atomic<bool> stop = false;
    std::atomic<std::int64_t> seen = 0;
    std::vector<std::thread> readers;
    for (int i = 0; i < 2; ++i)
        readers.emplace_back([&] {
            std::int64_t before = 0;
            while (!stop) {
                const auto snapshot = s.snapshot();
                const std::int64_t size = snapshot.size();
                if (size < before || size % 3 != 0) std::abort();  // a batch is all or nothing
                before = size;
                contents(snapshot, "n", 2);
                ++seen;
            }
        });
    std::vector<std::thread> writers;
    for (unsigned w = 0; w < 2; ++w)
        writers.emplace_back([&, w] {
            for (unsigned i = 0; i < 100; ++i) s.append(batch_of(some_events(w * 1000 + i, 3))).value();
        });
    for (auto& w : writers) w.join();
    while (seen < 4) std::this_thread::yield();
    stop = true;
    for (auto& r : readers) r.join();
    CHECK(s.snapshot().size() == 600);
}

TEST_CASE("store: maintain does what append left to it, and no question sees a difference") {
    const auto fill = [](weir::store& s) {
        for (int i = 0; i < 200; ++i)
            s.append({.lead = i % 7,
                      .name = i % 3 == 0 ? "a" : "b",
                      .time = weir::from_unix_microseconds(i % 50)})
                .value();
    };
    weir::store by_append, by_host(weir::store_options{.merge_on_append = false});
    fill(by_append);
    fill(by_host);
    const auto before = by_host.snapshot();
    CHECK(before.data().segments.size() == 200);
    const weir::funnel q{.steps = {"a", "b"}};
    const auto wanted = measure(by_append.snapshot(), q).value();
    std::int64_t rewritten = 0;
    int merges = 0;
    for (std::int64_t n; (n = by_host.maintain().value()) > 0; rewritten += n) {
        ++merges;
        CHECK((measure(by_host.snapshot(), q).value().rows == wanted.rows));
    }
    CHECK(merges > 0);
    CHECK(rewritten >= 200);
    CHECK(by_host.snapshot().data().segments.size() < 2 * by_append.snapshot().data().segments.size() + 8);
    CHECK(by_host.snapshot().size() == 200);
    CHECK(before.data().segments.size() == 200);
    CHECK(by_host.maintain().value() == 0);
}

TEST_CASE("store: appends, erasures and snapshots go on in other threads while one maintains") {
    weir::store s(weir::store_options{.merge_on_append = false});
    constexpr int events = 2000;
    std::jthread writer([&] {
        for (int i = 0; i < events; ++i)
            s.append({.lead = i % 50, .name = "a", .time = weir::from_unix_microseconds(i)}).value();
    });
    std::jthread eraser([&] {
        for (int lead = 0; lead < 5; ++lead) s.erase(lead).value();
    });
    std::int64_t last = 0;
    while (last < events - 5 * (events / 50)) {
        s.maintain().value();
        last = std::max(last, s.snapshot().size());
    }
    writer.join();
    eraser.join();
    while (s.maintain().value() > 0) {
    }
    CHECK(s.snapshot().size() == events - 5 * (events / 50));
    CHECK(s.snapshot().leads() == 45);
}
