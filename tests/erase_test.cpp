// Many leads erased together, events that go by their age, purges that stop: against a store in memory that
// is given only what should be left.
#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <weir.hpp>

#include "catch.hpp"
#include "disk/simulated.hpp"
#include "store/store_impl.hpp"
#include "world.hpp"

namespace {

using namespace weir_test;
using weir::errc;
using weir::event;
using weir::lead_id;
using weir::store;
using weir::store_options;

class machine_store {
public:
    explicit machine_store(const store_options& o = {}, const weir::store_tuning& t = {}) : tuning_(t) {
        open(o);
    }
    void open(const store_options& o = {}) {
        inner_.reset();
        inner_ = std::make_unique<store>(open_store(simulated::open(machine_), o, tuning_));
    }
    store* operator->() { return inner_.get(); }
    store& get() { return *inner_; }
    std::string bytes() const {
        std::string all;
        for (const auto& [name, file] : machine_.shown())
            all.append(reinterpret_cast<const char*>(file.data()), file.size());
        return all;
    }

private:
    simulated::machine machine_{7};
    weir::store_tuning tuning_;
    std::unique_ptr<store> inner_{};
};

constexpr int leads = 60;
std::string key_of(int lead) { return "lead-" + std::to_string(lead) + "-canary"; }

event make(dice& d, int lead) {
    return {.lead = key_of(lead),
            .name = d.chance(30)   ? "won"
                    : d.chance(50) ? "visit"
                                   : "demo",
            .time = weir::from_unix_seconds(d.below(1000)),
            .attributes = {{"n", std::int64_t{d.below(9)}}}};
}

// All that can be asked without knowing how rows are stored.
std::string told(const weir::snapshot& s) {
    std::string all = std::to_string(s.size()) + ' ' + std::to_string(s.leads()) + ' ' +
                      (s.last() ? weir::to_string(*s.last()) : "none") + '\n';
    const weir::scope scopes[]{{.threads = 1}, {.threads = 3}};
    for (const auto& how : scopes) {
        all +=
            weir::to_json(weir::measure(s, weir::funnel{.steps = {"visit", "won"}, .by = "n"}, how).value());
        all += weir::to_json(weir::measure(s, weir::funnel{.steps = {"visit", "demo"}}, how).value());
        all += weir::to_json(weir::measure(s, weir::funnel{.steps = {"nothing", "demo"}}, how).value());
    }
    for (int lead = 0; lead < leads; ++lead)
        for (const auto& e : weir::events_of(s, key_of(lead)).value())
            all += key_of(lead) + e.name + weir::to_string(e.time) +
                   weir::to_string(e.attributes.front().value) + '\n';
    const auto joined = weir::derive(s, weir::identity{}).value();
    const weir::lifecycle l{.name = "l",
                            .stages = {"seen", "done"},
                            .rules = {{.to = "seen", .event = {"visit"}}, {.to = "done", .event = {"won"}}}};
    all += weir::to_json(weir::measure(weir::derive(joined, l).value(), weir::flow{}).value());
    return all;
}

std::string told_of(const std::vector<event>& events) {
    store plain;
    weir::batch b;
    for (const auto& e : events) b.add(e);
    if (!events.empty()) plain.append(b).value();
    return told(plain.snapshot());
}

}  // namespace

TEST_CASE("erase: hidden, merged, purged and opened again, a store shows the others as if alone") {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        INFO("seed " << seed);
        dice d(seed);
        const bool on_disk = seed % 4 != 0;
        weir::store_tuning tuning;
        if (seed % 3 == 0) tuning.rows_of_file = 20;
        machine_store disk({}, tuning);
        store memory;
        const auto target = [&]() -> store& { return on_disk ? disk.get() : memory; };
        std::vector<event> kept;
        std::set<std::string> erased;
        for (int round = 0; round < 12; ++round) {
            weir::batch b;
            for (int n = 1 + d.below(40); n > 0; --n) {
                event e = make(d, d.below(leads));
                b.add(e);
                if (!erased.contains(e.lead.key())) kept.push_back(e);
            }
            target().append(b).value();
            if (d.chance(50)) target().seal().value();
            if (d.chance(40)) {
                std::vector<lead_id> some;
                for (int n = d.below(6); n > 0; --n) some.push_back(key_of(d.below(leads)));
                if (!some.empty()) some.push_back(some.front());
                const auto before = target().snapshot();
                const std::string as_before = told(before);
                std::int64_t removed = 0;
                for (const auto& lead : some) {
                    erased.insert(lead.key());
                    removed += static_cast<std::int64_t>(
                        std::erase_if(kept, [&](const event& e) { return e.lead == lead; }));
                }
                CHECK(target().erase(some).value() == removed);
                CHECK(target().erase(some).value() == 0);
                CHECK(told(before) == as_before);
            }
            if (d.chance(20)) {
                const auto cut = weir::from_unix_seconds(d.below(400));
                const auto aged = std::erase_if(kept, [&](const event& e) { return e.time < cut; });
                const auto receipt = target().purge({.before = cut}).value();
                CHECK(receipt.aged == static_cast<std::int64_t>(aged));
                CHECK(receipt.before == cut);
            }
            CHECK(told(target().snapshot()) == told_of(kept));
            if (d.chance(30)) target().maintain(std::chrono::hours{1}).value();
            if (d.chance(20)) target().purge().value();
            if (on_disk && d.chance(30)) disk.open();
            CHECK(told(target().snapshot()) == told_of(kept));
        }
        if (!on_disk) continue;
        disk->purge().value();
        for (const auto& key : erased) CHECK(disk.bytes().find(key) == std::string::npos);
        for (const auto& e : disk->erasures().value()) CHECK(e.gone);
        CHECK(disk->verify().value().events == static_cast<std::int64_t>(kept.size()));
    }
}

TEST_CASE("erase: an attribute that only erased leads carry is missing, though its column stands in a file") {
    machine_store s;
    s->append({.lead = key_of(1), .name = "visit", .time = weir::utc(2024, 1, 1), .attributes = {{"n", 1}}})
        .value();
    s->append({.lead = key_of(2), .name = "visit", .time = weir::utc(2024, 1, 2), .attributes = {{"m", 1}}})
        .value();
    s->seal().value();
    s->erase(key_of(1)).value();
    const weir::funnel by_n{.steps = {"visit", "visit"}, .by = "n"};
    const auto hidden = to_json(measure(s->snapshot(), by_n).value());
    CHECK(hidden.find("no event carries the attribute \\\"n\\\"") != std::string::npos);
    s->purge().value();
    CHECK(to_json(measure(s->snapshot(), by_n).value()) == hidden);
}

TEST_CASE("erase: live answers follow erasures and removals by age") {
    machine_store s;
    dice d(5);
    const weir::funnel question{.steps = {"visit", "won"}, .within = std::chrono::seconds{500}};
    weir::live_funnel live(question);
    for (int round = 0; round < 30; ++round) {
        weir::batch b;
        for (int n = 0; n < 30; ++n) b.add(make(d, d.below(leads)));
        s->append(b).value();
        if (round % 3 == 1) s->seal().value();
        if (round % 4 == 2) s->erase(std::vector<lead_id>{key_of(round), key_of(round + 1)}).value();
        if (round % 10 == 9) s->purge({.before = weir::from_unix_seconds(round * 10)}).value();
        live.update(s->snapshot()).value();
        CHECK(weir::to_json(live.answer().value()) ==
              weir::to_json(weir::measure(s->snapshot(), question).value()));
    }
}

TEST_CASE("erase: without suppression a lead that came back shows its new events alone") {
    const store_options open_again{.suppress_erased = false};
    machine_store s(open_again);
    const event old{.lead = "ana", .name = "visit", .time = weir::from_unix_seconds(9)};
    const event fresh{.lead = "ana", .name = "won", .time = weir::from_unix_seconds(3)};
    s->append(old).value();
    s->seal().value();
    s->erase("ana").value();
    CHECK(s->append(fresh).value().accepted == 1);
    const auto check = [&] {
        CHECK(s->snapshot().size() == 1);
        CHECK(s->snapshot().leads() == 1);
        CHECK(s->snapshot().last() == fresh.time);
        CHECK(weir::events_of(s->snapshot(), "ana").value().front().name == "won");
    };
    check();
    s->seal().value();
    check();
    s.open(open_again);
    check();
    s.open();  // now it is suppressed, and still has events to erase
    check();
    CHECK(s->erase("ana").value() == 1);
    CHECK(s->snapshot().size() == 0);
    s.open();
    CHECK(s->snapshot().size() == 0);
}

TEST_CASE("erase: a purge with a budget stops after a whole piece and tells, and a snapshot holds bytes") {
    machine_store s;
    for (int i = 0; i < 4; ++i) {
        for (int lead = 0; lead < 4; ++lead)
            s->append({.lead = key_of(lead), .name = "visit", .time = weir::from_unix_seconds(i)}).value();
        s->maintain().value();  // moves the log into a file
    }
    std::optional<weir::snapshot> before = s->snapshot();
    s->erase(std::vector<lead_id>{key_of(1), key_of(2)}).value();
    CHECK(s->erasures().value().size() == 2);
    int calls = 0;
    for (bool more = true; more; ++calls) {
        const auto receipt = s->purge({.budget = weir::duration{0}}).value();
        more = receipt.more;
        CHECK(receipt.files == 1);
        CHECK(receipt.last_erasure == (more ? 0U : 2U));
        CHECK(s->erasures().value().front().gone == !more);
        CHECK(s->snapshot().size() == 8);
    }
    CHECK(calls == 4);
    CHECK(s.bytes().find(key_of(1)) == std::string::npos);
    for (const auto& e : s->erasures().value()) CHECK(e.held);
    CHECK(before->size() == 16);
    before.reset();
    for (const auto& e : s->erasures().value()) CHECK_FALSE(e.held);
    CHECK_FALSE(s->maintain(weir::duration{0}).value().more);
}

TEST_CASE("erase: retain goes by the clock, takes whole files without writing, and is told in the receipt") {
    machine_store s({.retain = std::chrono::hours{1}});
    const auto at = [](std::int64_t seconds) {
        return event{.lead = "ana", .name = "visit", .time = weir::from_unix_seconds(seconds)};
    };
    s->append(at(-100'000)).value();
    s->seal().value();
    s->append(at(-90'000)).value();
    s->append(at(4'000'000'000)).value();  // a wrong time removes nothing else
    s->append(at(1)).value();
    const auto receipt = s->purge().value();
    CHECK(receipt.aged == 2);
    CHECK(receipt.files == 1);
    CHECK(receipt.leads == 0);
    REQUIRE(receipt.before);
    CHECK(*receipt.before == receipt.when - std::chrono::hours{1});
    CHECK(s->snapshot().size() == 2);
    s->append(at(-100'000)).value();  // a late one is welcome until the next purge
    CHECK(s->snapshot().size() == 3);
    s.open({.retain = std::chrono::hours{1}});
    CHECK(s->purge().value().aged == 1);
    CHECK(s->purge().value().aged == 0);
    CHECK(s->verify().value().events == 2);
}

TEST_CASE("erase: a manifest keeps what receipts say of age, and a reader that does not know it skips it") {
    weir::manifest m{.next_file = 9};
    m.purges.push_back({.last_erasure = 0, .when = weir::from_unix_seconds(5)});
    m.purges.push_back({.when = weir::from_unix_seconds(6), .before = weir::from_unix_seconds(2), .aged = 7});
    CHECK(weir::decode_manifest(weir::encode_manifest(m)).value == m);
}
