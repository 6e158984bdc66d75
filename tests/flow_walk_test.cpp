// Worlds with many leads that are alike: the walk counts those that stay in one stage together, and must
// count them as the oracle does, who takes them one by one.
#include <map>
#include <vector>

#include "agreement.hpp"
#include "catch.hpp"

namespace {

using namespace weir_test;

// Up to eight leads for one, each with the same events, some of them a little later.
lifecycle_world with_doubles(std::uint64_t seed) {
    lifecycle_world w = make_lifecycle_world(seed);
    dice d(seed);
    std::map<std::string, std::vector<weir::duration>> delays;
    std::vector<weir::event> all;
    for (const weir::event& e : w.events) {
        const auto [lead, is_new] = delays.try_emplace(e.lead.key());
        if (is_new)
            for (int n = d.below(8); n > 0; --n) lead->second.push_back(d.below(4) * w.tick);
        all.push_back(e);
        for (std::size_t i = 0; i < lead->second.size(); ++i) {
            weir::event twin = e;
            const std::string name = " twin " + std::to_string(i);
            twin.lead = e.lead.key() + name;
            if (!e.id.empty()) twin.id += name;
            if (e.time <= weir::instant::max() - lead->second[i]) twin.time += lead->second[i];
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
    for (std::uint64_t seed = 0; seed < 3'000; ++seed) {
        INFO("world " << seed);
        REQUIRE(fault_in(seed) == "");
    }
}

TEST_CASE("flow_walk: a wrong rule for leads that are alike is found", "[agreement]") {
    using oracle::fault;
    for (const fault planted : {fault::balance_at_most, fault::stalled_at_limit}) {
        std::uint64_t seed = 0;
        while (seed < 3'000 && fault_in(seed, planted).empty()) ++seed;
        CHECK(seed < 3'000);
    }
}
