// Engine and oracle answer the same random worlds; threads, batches, sealing and the order of arrival change
// no byte.
//
// WEIR_WORLDS in the environment sets the number of worlds of each measure, 20,000 if it is not there; for
// the axes of funnels it is ten times that.
#include "agreement.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "catch.hpp"
#include "oracle/civil.hpp"
#include "oracle/criterion.hpp"

namespace {

using namespace weir_test;
using oracle::fault;

constexpr int shards = 8;
constexpr int worlds_per_fault = 2'000;  // within so many worlds a planted fault must show

int worlds() {
    const char* asked = std::getenv("WEIR_WORLDS");
    return asked == nullptr ? 20'000 : std::atoi(asked);
}

std::uint64_t seed_of(int shard, int world) {
    return static_cast<std::uint64_t>(shard) * 1'000'000 + static_cast<std::uint64_t>(world);
}

bool arrival_is_told(const funnel_world& w) { return w.funnel.ties != weir::ties::in_arrival_order; }
bool arrival_is_told(const lifecycle_world& w) {
    return w.lifecycle.same_time == weir::same_time::in_stage_order &&
           (!w.second || w.second->same_time == weir::same_time::in_stage_order);
}

// Whether a line of the oracle keeps to the vocabulary of events, questions and answers.
bool is_independent(const std::string& line) {
    for (const char* word :
         {"snapshot&", "weir::store", "measure(", "weir::derive", "weir::history(", "scan("})
        if (line.find(word) != std::string::npos) return false;
    if (line.rfind("#include", 0) != 0) return true;
    if (line.find("\"oracle/") != std::string::npos) return true;
    if (line.find("<weir") == std::string::npos) return line.find('"') == std::string::npos;
    for (const char* header : {"event", "flow", "funnel", "identity", "lifecycle", "table", "time", "value"})
        if (line == "#include <weir/" + std::string(header) + ".hpp>") return true;
    return false;
}

bool says_arrival_decided(const told& t) {
    for (const auto& a : answers_of(t))
        for (const auto& note : a.notes)
            if (note.find("order of arrival decided") != std::string::npos) return true;
    return false;
}

// The same events in another order of arrival; of one id only that which is kept.
template <class World> World rearranged(World w, dice& d) {
    std::set<std::string> ids;
    const auto repeated = [&](const weir::event& e) { return !e.id.empty() && !ids.insert(e.id).second; };
    if (!w.any_arrival)
        w.events.erase(std::remove_if(w.events.begin(), w.events.end(), repeated), w.events.end());
    d.shuffle(w.events);
    return w;
}

// Which of several events was refused is evidence, and may depend on arrival.
told without_evidence(told t) {
    for (auto& h : t.histories)
        for (auto& v : h.violations) v.event.clear();
    return t;
}

// One world to the oracle, and to the engine in another layout and, for some, in another order of arrival.
template <class World> std::string fault_in(const World& w, std::uint64_t seed) {
    const told said = ask(w);
    if (auto d = disagreement(w, said); !d.empty()) return d;
    dice d(~seed);
    const layout other = make_layout(d);
    const bool rearrange = arrival_is_told(w) && d.chance(50);
    if (!rearrange || !w.any_arrival) {
        const std::string found = difference(said, ask(w, other));
        if (!found.empty()) return "another layout gives another answer: " + found;
    }
    // Half of the worlds are so made that arrival cannot matter. In the others the answer says where it does.
    if (!rearrange || (!w.any_arrival && says_arrival_decided(said))) return "";
    const told later = ask(rearranged(w, d), other);
    const std::string found = difference(without_evidence(said), without_evidence(later));
    return found.empty() ? "" : "another order of arrival gives another answer: " + found;
}

template <class World> void check_worlds(World (*make)(std::uint64_t), int shard, int times = 1) {
    for (int i = 0; i < times * worlds() / shards; ++i) {
        const std::uint64_t seed = seed_of(shard, i);
        const World w = make(seed);
        const std::string found = fault_in(w, seed);
        if (!found.empty()) UNSCOPED_INFO("world " << seed << ": " << found << "\n" << print(w));
        REQUIRE(found.empty());
    }
}

template <class World> bool is_found(World (*make)(std::uint64_t), fault planted) {
    for (int i = 0; i < worlds_per_fault; ++i) {
        const World w = make(seed_of(0, i));
        if (!disagreement(w, ask(w), planted).empty()) return true;
    }
    return false;
}

// Changes a number of an answer by one, if it has any.
void spoil(weir::answer& a, dice& d, int& spoilt) {
    auto& table = a.tables.at(static_cast<std::size_t>(d.below(static_cast<int>(a.tables.size()))));
    std::vector<weir::column> columns(table.columns().begin(), table.columns().end());
    std::vector<std::int64_t*> numbers;
    for (auto& c : columns)
        for (auto& cell : c.cells) {
            if (auto* n = std::get_if<std::int64_t>(&cell)) numbers.push_back(n);
            if (auto* r = std::get_if<weir::rate>(&cell)) numbers.push_back(&r->n);
        }
    if (numbers.empty()) return;
    ++*d.pick(numbers);
    ++spoilt;
    table = weir::table(table.name(), columns);
}

template <class World> void check_spoilt(World (*make)(std::uint64_t)) {
    int all = 0;
    for (int i = 0; i < 500; ++i) {
        const std::uint64_t seed = seed_of(0, i);
        dice d(seed);
        const World w = make(seed);
        const told said = ask(w);
        if (!said.error.empty()) continue;
        int spoilt = 0;
        const auto found = disagreement(w, said, fault::none, [&](weir::answer& a) { spoil(a, d, spoilt); });
        CHECK(found.empty() == (spoilt == 0));
        all += spoilt;
    }
    CHECK(all > 300);
}

}  // namespace

TEMPLATE_TEST_CASE_SIG("agreement: funnels over random worlds, part", "[agreement]", ((int Shard), Shard), 0,
                       1, 2, 3, 4, 5, 6, 7) {
    check_worlds(make_funnel_world, Shard);
}

TEMPLATE_TEST_CASE_SIG("agreement: every axis of funnels over random worlds, part", "[agreement]",
                       ((int Shard), Shard), 0, 1, 2, 3, 4, 5, 6, 7) {
    check_worlds(make_axes_world, Shard, 10);  // they are many, and pairs of them more
}

TEMPLATE_TEST_CASE_SIG("agreement: histories, flows and funnels over stages of random worlds, part",
                       "[agreement]", ((int Shard), Shard), 0, 1, 2, 3, 4, 5, 6, 7) {
    check_worlds(make_lifecycle_world, Shard);
}

TEST_CASE("agreement: equal answers are equal bytes", "[agreement]") {
    for (int i = 0; i < 300; ++i) {
        const auto w = make_lifecycle_world(seed_of(shards, i));
        dice d(seed_of(shards, i));
        const auto a = answers_of(ask(w)), b = answers_of(ask(w, make_layout(d)));
        REQUIRE(a.size() == b.size());
        for (std::size_t n = 0; n < a.size(); ++n) CHECK(to_json(a[n]) == to_json(b[n]));
    }
}

TEST_CASE("agreement: a condition and its printed form hold for the same events", "[agreement]") {
    for (int i = 0; i < 20'000; ++i) {
        dice d(seed_of(shards + 1, i));
        const std::string text = make_condition(d);
        const auto parsed = weir::parse_condition(text);
        REQUIRE(parsed);
        oracle::fact f;
        f.attributes = make_attributes(d);
        const oracle::story facts{f};
        const bool as_written = oracle::satisfies(oracle::criterion(text), facts, f);
        INFO(text << " printed as " << to_string(*parsed));
        REQUIRE(as_written == oracle::satisfies(oracle::criterion(to_string(*parsed)), facts, f));
    }
}

TEST_CASE("agreement: buckets of zones with summer time begin and end where the oracle's do", "[agreement]") {
    if (!weir::bucket_of({}, weir::daily("Europe/Berlin"))) return;  // built without zones
    dice d(seed_of(shards + 3, 0));
    using unit = weir::calendar_unit;
    for (int i = 0; i < 20'000; ++i) {
        const weir::calendar c{
            d.pick(
                std::vector<unit>{unit::hour, unit::day, unit::week, unit::month, unit::quarter, unit::year}),
            d.pick(std::vector<std::string>{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
                                            "Asia/Beirut", "UTC", "+05:45"})};
        const auto t = weir::utc(2009 + d.below(12), 1 + d.below(12), 1 + d.below(28)) +
                       std::chrono::minutes{15 * d.below(4 * 24 * 4)};
        const auto b = oracle::bucket_at(t.time_since_epoch().count(), c);
        INFO(weir::to_string(t) << " in " << c.zone << ", unit " << static_cast<int>(c.unit));
        REQUIRE(bucket_of(t, c).value() == b.label);
        REQUIRE(bucket_of(weir::from_unix_microseconds(b.begin), c).value() == b.label);
        REQUIRE(bucket_of(weir::from_unix_microseconds(b.end - 1), c).value() == b.label);
        REQUIRE(bucket_of(weir::from_unix_microseconds(b.begin - 1), c).value() != b.label);
        REQUIRE(bucket_of(weir::from_unix_microseconds(b.end), c).value() != b.label);
    }
}

TEST_CASE("agreement: the oracle shares no code with the engine", "[agreement]") {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(WEIR_SOURCE_DIR "/tests/oracle")) {
        ++files;
        std::ifstream in(entry.path());
        for (std::string line; std::getline(in, line);) {
            INFO(entry.path().string() << ": " << line);
            CHECK(is_independent(line));
        }
    }
    CHECK(files > 10);
    for (const char* shared :
         {"#include \"scan/scan.hpp\"", "#include \"base/civil.hpp\"", "#include <weir.hpp>",
          "#include <weir/store.hpp>", "const weir::snapshot& s", "measure(s, q)"})
        CHECK_FALSE(is_independent(shared));
}

TEST_CASE("agreement: a wrong rule for funnels is found", "[agreement]") {
    const auto planted = GENERATE(
        fault::event_fills_two_steps, fault::window_exclusive, fault::ties_not_arranged,
        fault::period_clips_chain, fault::witness_starts_early, fault::step_ignores_condition,
        fault::bucket_in_utc, fault::repeats_counted, fault::erased_counted, fault::arrival_not_told);
    INFO("fault " << static_cast<int>(planted));
    CHECK(is_found(make_funnel_world, planted));
}

TEST_CASE("agreement: a wrong rule for an axis of funnels is found", "[agreement]") {
    const auto planted = GENERATE(
        fault::gap_exclusive, fault::exclusion_ignored, fault::adjacent_ignored, fault::first_restarts,
        fault::hold_ignored, fault::passages_overlap, fault::disqualified_counts, fault::optional_counts_used,
        fault::block_in_sequence, fault::event_fills_two_steps, fault::ties_not_arranged);
    INFO("fault " << static_cast<int>(planted));
    CHECK(is_found(make_axes_world, planted));
}

TEST_CASE("agreement: a wrong rule for lifecycles or flows is found", "[agreement]") {
    const auto planted =
        GENERATE(fault::recycle_keeps_entry, fault::activity_in_time_ignored, fault::instant_in_arrival_order,
                 fault::jump_is_advance, fault::balance_at_most, fault::exit_then_converted,
                 fault::mature_if_converted, fault::stalled_at_limit, fault::recycle_is_advance,
                 fault::bucket_in_utc, fault::hidden_events_count, fault::arrival_not_told,
                 fault::versions_ignored, fault::version_after_its_time);
    INFO("fault " << static_cast<int>(planted));
    CHECK(is_found(make_lifecycle_world, planted));
}

TEST_CASE("agreement: a number that is wrong by one is found", "[agreement]") {
    check_spoilt(make_funnel_world);
    check_spoilt(make_lifecycle_world);
}
