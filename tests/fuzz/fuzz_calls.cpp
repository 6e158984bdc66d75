// Any calls in any order, to a store on disk: after each one it holds what a plain list of events does.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <weir.hpp>

#include "disk/simulated.hpp"
#include "fuzz.hpp"
#include "store/store_impl.hpp"

namespace {

using weir_fuzz::require;

constexpr std::size_t leads = 4;
std::string key_of(std::size_t lead) { return "lead " + std::to_string(lead); }

// What a store should hold.
struct model {
    std::vector<weir::event> events{};
    std::set<std::string> erased{};

    void append(const std::vector<weir::event>& more) {
        for (const auto& e : more) {
            const bool known = !e.id.empty() && std::any_of(events.begin(), events.end(),
                                                            [&](const auto& old) { return old.id == e.id; });
            if (!known && !erased.contains(e.lead.key())) events.push_back(e);
        }
    }
    void erase(const std::vector<weir::lead_id>& gone) {
        for (const auto& lead : gone) {
            erased.insert(lead.key());
            std::erase_if(events, [&](const auto& e) { return e.lead.key() == lead.key(); });
        }
    }
};

void check(const weir::store& store, const model& m) {
    const auto now = store.snapshot();
    require(now.size() == static_cast<std::int64_t>(m.events.size()), "it holds another number of events");
    weir::store plain;
    weir::batch b;
    for (const auto& e : m.events) b.add(e);
    plain.append(b).value();
    const auto right = plain.snapshot();
    for (std::size_t lead = 0; lead < leads; ++lead) {
        const auto held = weir::events_of(now, key_of(lead)).value();
        const auto told = weir::events_of(right, key_of(lead)).value();
        require(std::equal(held.begin(), held.end(), told.begin(), told.end(),
                           [](const auto& a, const auto& b) {
                               return a.name == b.name && a.time == b.time && a.attributes == b.attributes;
                           }),
                "a lead has other events");
    }
    const weir::funnel question{.steps = {"a", "b", "c"}, .within = std::chrono::seconds{6}, .by = "n"};
    const auto seen = measure(now, question), wanted = measure(right, question);
    require(seen.has_value() == wanted.has_value(), "one of them has no answer");
    if (seen && (seen->rows != wanted->rows || seen->notes != wanted->notes))
        require(false, "it answers\n" + to_json(*seen) + "\ninstead of\n" + to_json(*wanted));
}

std::vector<weir::event> some_events(FuzzedDataProvider& from) {
    std::vector<weir::event> events(from.ConsumeIntegralInRange<std::size_t>(0, 6));
    for (auto& e : events) {
        e.lead = key_of(from.ConsumeIntegralInRange<std::size_t>(0, leads - 1));
        e.name = std::string(1, static_cast<char>('a' + from.ConsumeIntegralInRange(0, 2)));
        e.time = weir::from_unix_seconds(from.ConsumeIntegral<std::int8_t>());
        const int n = from.ConsumeIntegralInRange(0, 5);
        if (n > 2) e.attributes.push_back({"n", std::int64_t{n}});
        const int id = from.ConsumeIntegralInRange(0, 15);
        if (id > 8) e.id = "id " + std::to_string(id);
    }
    return events;
}

std::vector<weir::lead_id> some_leads(FuzzedDataProvider& from) {
    std::vector<weir::lead_id> some(from.ConsumeIntegralInRange<std::size_t>(1, 2));
    for (auto& lead : some) lead = key_of(from.ConsumeIntegralInRange<std::size_t>(0, leads - 1));
    return some;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzedDataProvider from(data, size);
    simulated::machine machine(1);
    weir::store_options options;
    options.merge_on_append = from.ConsumeBool();
    weir::store_tuning tuning;
    if (from.ConsumeBool()) tuning.log_bytes = 1000;
    if (from.ConsumeBool()) tuning.rows_of_file = 5;
    std::optional<weir::store> store(open_store(simulated::open(machine), options, tuning));
    model m;
    for (int calls = 0; from.remaining_bytes() > 0 && calls < 16; ++calls) {
        switch (from.ConsumeIntegralInRange(0, 9)) {
            case 0: require(store->seal().has_value(), "seal failed"); break;
            case 1: require(store->maintain().has_value(), "maintain failed"); break;
            case 2: require(store->purge({}).has_value(), "purge failed"); break;
            case 3: {
                const auto gone = some_leads(from);
                require(store->erase(gone).has_value(), "erase failed");
                m.erase(gone);
                break;
            }
            case 4:
                require(store->close().has_value(), "close failed");
                store.reset();
                store.emplace(open_store(simulated::open(machine), options, tuning));
                break;
            case 5: require(store->verify().has_value(), "verify failed"); break;
            default: {
                const auto events = some_events(from);
                weir::batch b;
                for (const auto& e : events) b.add(e);
                require(store->append(b).has_value(), "append failed");
                m.append(events);
            }
        }
        if (from.ConsumeIntegralInRange(0, 3) == 0) check(*store, m);
    }
    check(*store, m);
    return 0;
}
