// Engine and oracle answer the same random worlds; threads, batches and the order of arrival change no byte.
#include "agreement.hpp"

#include <functional>

#include "catch.hpp"
#include "oracle/criterion.hpp"

namespace {

using namespace weir_test;

constexpr int shards = 4;
constexpr int worlds_per_shard = 5'000;
constexpr int worlds_per_variation = 8;  // the costly comparisons take one world of so many
constexpr int worlds_per_fault = 2'000;  // within so many worlds a planted fault must show

std::uint64_t seed_of(int shard, int world) {
    return static_cast<std::uint64_t>(shard) * 1'000'000 + static_cast<std::uint64_t>(world);
}

weir::scope with_threads(weir::scope s, int threads) {
    s.threads = threads;
    return s;
}

// What every layout of the same events must answer alike.
using answering = std::function<std::string(const weir::snapshot&, int threads)>;

std::string json_of(const weir::result<weir::funnel_table>& r) {
    return r ? to_json(weir::answer(*r)) : to_string(r.error());
}
std::string json_of(const weir::result<weir::flow_table>& r) {
    return r ? to_json(weir::answer(*r)) : to_string(r.error());
}

void check_layouts(const world& w, dice& d, const answering& answer) {
    const std::string one = answer(make_store(w.events).snapshot(), 1);
    CHECK(answer(make_store(w.events).snapshot(), 2) == one);
    auto cut = make_store(w.events, {1 + d.below(3), 1 + d.below(5), 1 + d.below(2)});
    CHECK(answer(cut.snapshot(), 3) == one);
    cut.seal().value();
    CHECK(answer(cut.snapshot(), 1 + d.below(3)) == one);
    if (!w.any_arrival) return;
    auto events = w.events;
    d.shuffle(events);
    CHECK(answer(make_store(events).snapshot(), 1) == one);
}

std::string answers_of(const lifecycle_world& w, const weir::snapshot& raw, int threads) {
    const auto derived = derive(raw, w.lifecycle, with_threads(w.scope, threads));
    if (!derived) return std::string(to_string(derived.error().code));
    weir::scope s;
    s.threads = threads;
    return json_of(measure(*derived, w.flow, s)) + json_of(measure(*derived, w.funnel, s));
}

}  // namespace

TEMPLATE_TEST_CASE_SIG("agreement: the engine answers funnels over random worlds like the oracle",
                       "[agreement]", ((int Shard), Shard), 0, 1, 2, 3) {
    for (int i = 0; i < worlds_per_shard; ++i) {
        const auto w = make_funnel_world(seed_of(Shard, i));
        const std::string difference = disagreement(w);
        if (!difference.empty())
            FAIL("world " << seed_of(Shard, i) << ": " << difference << "\n" << print(w));
    }
}

TEMPLATE_TEST_CASE_SIG("agreement: the engine tells histories and flows of random worlds like the oracle",
                       "[agreement]", ((int Shard), Shard), 0, 1, 2, 3) {
    for (int i = 0; i < worlds_per_shard; ++i) {
        const auto w = make_lifecycle_world(seed_of(Shard, i));
        const std::string difference = lifecycle_trial(w).all();
        if (!difference.empty())
            FAIL("world " << seed_of(Shard, i) << ": " << difference << "\n" << print(w));
    }
}

TEST_CASE("agreement: threads, batches, sealing and arrival change no byte of a funnel", "[agreement]") {
    for (int i = 0; i < shards * worlds_per_shard / worlds_per_variation; ++i) {
        const auto w = make_funnel_world(seed_of(shards, i));
        dice d(seed_of(shards, i));
        INFO("world " << seed_of(shards, i) << "\n" << print(w));
        check_layouts(w, d, [&](const weir::snapshot& s, int threads) {
            return json_of(measure(s, w.funnel, with_threads({}, threads)));
        });
    }
}

TEST_CASE("agreement: threads, batches, sealing and arrival change no byte of a flow", "[agreement]") {
    for (int i = 0; i < shards * worlds_per_shard / worlds_per_variation; ++i) {
        auto w = make_lifecycle_world(seed_of(shards, i));
        w.any_arrival = w.any_arrival && w.lifecycle.same_time == weir::same_time::in_stage_order;
        dice d(seed_of(shards, i));
        INFO("world " << seed_of(shards, i) << "\n" << print(w));
        check_layouts(w, d, [&](const weir::snapshot& s, int threads) { return answers_of(w, s, threads); });
    }
}

TEST_CASE("agreement: a condition and its printed form hold for the same events", "[agreement]") {
    for (int i = 0; i < shards * worlds_per_shard; ++i) {
        dice d(seed_of(shards + 1, i));
        const std::string text = make_condition(d);
        const auto parsed = weir::parse_condition(text);
        REQUIRE(parsed);
        oracle::fact f;
        f.attributes = make_attributes(d);
        const oracle::story facts{f};
        INFO(text << " printed as " << to_string(*parsed));
        CHECK(oracle::satisfies(oracle::criterion(text), facts, f) ==
              oracle::satisfies(oracle::criterion(to_string(*parsed)), facts, f));
    }
}

TEST_CASE("agreement: planted faults of a funnel are found", "[agreement]") {
    using oracle::fault;
    const auto planted =
        GENERATE(fault::event_fills_two_steps, fault::window_exclusive, fault::ties_not_arranged,
                 fault::period_clips_chain, fault::witness_starts_early, fault::step_ignores_condition);
    int found = 0;
    for (int i = 0; i < worlds_per_fault && found == 0; ++i)
        if (!disagreement(make_funnel_world(seed_of(0, i)), planted).empty()) ++found;
    INFO("fault " << static_cast<int>(planted));
    CHECK(found > 0);
}

TEST_CASE("agreement: planted faults of a lifecycle are found", "[agreement]") {
    using oracle::fault;
    const auto planted = GENERATE(fault::recycle_keeps_entry, fault::activity_in_time_ignored,
                                  fault::instant_in_arrival_order, fault::jump_is_advance);
    int found = 0;
    for (int i = 0; i < worlds_per_fault && found == 0; ++i)
        if (!lifecycle_trial(make_lifecycle_world(seed_of(0, i)), planted).history().empty()) ++found;
    INFO("fault " << static_cast<int>(planted));
    CHECK(found > 0);
}

TEST_CASE("agreement: planted faults of a flow are found", "[agreement]") {
    using oracle::fault;
    const auto planted = GENERATE(fault::balance_at_most, fault::exit_then_converted,
                                  fault::mature_if_converted, fault::stalled_at_limit);
    int found = 0;
    for (int i = 0; i < worlds_per_fault && found == 0; ++i)
        if (!lifecycle_trial(make_lifecycle_world(seed_of(0, i)), planted).flow().empty()) ++found;
    INFO("fault " << static_cast<int>(planted));
    CHECK(found > 0);
}
