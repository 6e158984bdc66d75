// Worlds with many leads that are alike: the walk counts those that stay in one stage together, and must
// count them as the oracle does, who takes them one by one.
#include <map>

#include "agreement.hpp"
#include "catch.hpp"

namespace {

using namespace weir_test;

// Up to five leads for one, each with the same events.
lifecycle_world with_doubles(std::uint64_t seed) {
    lifecycle_world w = make_lifecycle_world(seed);
    dice d(seed);
    std::map<std::string, int> doubles;
    std::vector<weir::event> all;
    for (const weir::event& e : w.events) {
        const auto [lead, is_new] = doubles.try_emplace(e.lead.key(), 0);
        if (is_new) lead->second = d.below(5);
        all.push_back(e);
        for (int i = 1; i <= lead->second; ++i) {
            weir::event twin = e;
            twin.lead = e.lead.key() + " twin " + std::to_string(i);
            if (!e.id.empty()) twin.id += " twin " + std::to_string(i);
            all.push_back(std::move(twin));
        }
    }
    w.events = std::move(all);
    return w;
}

std::string fault_in(std::uint64_t seed, oracle::fault planted = oracle::fault::none) {
    const lifecycle_world w = with_doubles(seed);
    dice d(~seed);
    const std::string found = disagreement(w, ask(w, make_layout(d)), planted);
    return found.empty() ? found : found + "\n" + print(w);
}

}  // namespace

TEST_CASE("flow_walk: leads that are alike count as often as they are", "[agreement]") {
    for (std::uint64_t seed = 0; seed < 1'500; ++seed)
        if (const std::string found = fault_in(seed); !found.empty()) FAIL("world " << seed << ": " << found);
}

TEST_CASE("flow_walk: a wrong rule for leads that are alike is found", "[agreement]") {
    using oracle::fault;
    for (const fault planted : {fault::balance_at_most, fault::stalled_at_limit}) {
        std::uint64_t seed = 0;
        while (seed < 1'500 && fault_in(seed, planted).empty()) ++seed;
        CHECK(seed < 1'500);
    }
}
