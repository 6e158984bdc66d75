// kernels.cpp - what the innermost loops cost by themselves, under Google Benchmark.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <weir.hpp>

#include "funnel/entries.hpp"
#include "load/csv_reader.hpp"
#include "scan/mask_select.hpp"
#include "segment/dictionary.hpp"
#include "segment/packed.hpp"
#include "segment/segment_merge.hpp"
#include "segment/snapshot_data.hpp"
#include "workload.hpp"

namespace {

// Fixed, so that every run does the same.
std::mt19937_64 random_numbers() { return std::mt19937_64(20'251'125); }

void count_items(benchmark::State& state, std::size_t each) {
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(each));
}

// The argument: which instructions. One lead in fifty has the second event.
void select_masks(benchmark::State& state) {
    const auto instructions = static_cast<weir::simd>(state.range(0));
    if (instructions > weir::widest_simd()) return state.SkipWithError("the processor lacks them");
    auto random = random_numbers();
    std::vector<std::uint64_t> masks(2048);
    for (auto& m : masks) m = 1 | (random() % 50 == 0 ? 2 : 0) | (random() << 7);
    std::vector<std::uint32_t> chosen(masks.size() + 8);
    for (auto _ : state)
        benchmark::DoNotOptimize(weir::select_masks(instructions, masks, 1, 2, chosen.data()));
    count_items(state, masks.size());
}
BENCHMARK(select_masks)->Arg(0)->Arg(1)->Arg(2);

// The argument: bytes of each value.
std::vector<std::int64_t> values_of(std::int64_t width) {
    auto random = random_numbers();
    std::vector<std::int64_t> values(1 << 16);
    for (auto& v : values) v = static_cast<std::int64_t>(width == 0 ? 0 : random() >> (64 - 8 * width + 1));
    values.front() = 0;
    values.back() = width == 0 ? 0 : std::int64_t{1} << (8 * width - 1);
    return values;
}

void packed_read(benchmark::State& state) {
    const weir::packed column(values_of(state.range(0)));
    for (auto _ : state) {
        const auto view = column.look();
        std::int64_t sum = 0;
        for (std::size_t i = 0; i < column.size(); ++i) sum ^= view[i];
        benchmark::DoNotOptimize(sum);
    }
    count_items(state, column.size());
}
BENCHMARK(packed_read)->Arg(0)->Arg(1)->Arg(2)->Arg(4)->Arg(6);

void packed_write(benchmark::State& state) {
    const auto values = values_of(state.range(0));
    for (auto _ : state) {
        const weir::packed column(values);
        benchmark::DoNotOptimize(column.address(0));
    }
    count_items(state, values.size());
}
BENCHMARK(packed_write)->Arg(0)->Arg(1)->Arg(2)->Arg(4)->Arg(6);

const std::vector<weir_bench::workload_event>& clustered_workload() {
    static const auto events = [] {
        auto all = weir_bench::make_workload(200'000);
        weir_bench::cluster(all);
        return all;
    }();
    return events;
}

// Events of steps alone, of leads that have the first two.
std::vector<std::vector<weir::candidate>> leads_in_the_funnel() {
    std::vector<std::vector<weir::candidate>> leads;
    std::optional<std::uint32_t> before;
    for (const auto& e : clustered_workload()) {
        if (before != e.lead) leads.emplace_back();
        before = e.lead;
        if (e.type >= weir_bench::funnel_steps) continue;
        const auto id = static_cast<std::uint32_t>(leads.back().size());
        leads.back().push_back({.time = e.time, .steps = std::uint64_t{1} << e.type, .id = id});
    }
    std::erase_if(leads, [](const auto& lead) {
        std::uint64_t steps = 0;
        for (const auto& c : lead) steps |= c.steps;
        return (steps & 3) != 3;
    });
    return leads;
}

void find_chain(benchmark::State& state) {
    const auto leads = leads_in_the_funnel();
    weir::entry_finder finder(
        {.chain = {.steps = weir_bench::funnel_steps, .within = weir_bench::funnel_window}});
    for (auto _ : state)
        for (const auto& lead : leads) {
            finder.clear();
            for (const auto& c : lead)
                if (!finder.add(c)) break;
            benchmark::DoNotOptimize(finder.find().size());
        }
    count_items(state, leads.size());
}
BENCHMARK(find_chain);

// The argument: events of one instant, each of which may fill any of as many steps.
void match_ties(benchmark::State& state) {
    const auto n = static_cast<int>(state.range(0));
    std::vector<weir::candidate> instant;
    for (int i = 0; i < n; ++i)
        instant.push_back(
            {.time = 0, .steps = (std::uint64_t{2} << (n - 1)) - 1, .id = static_cast<std::uint32_t>(i)});
    weir::tie_group ties(n);
    for (auto _ : state) {
        ties.load(instant);
        for (int step = 0; step < n; ++step) benchmark::DoNotOptimize(ties.fill(step));
    }
    count_items(state, instant.size());
}
BENCHMARK(match_ties)->Arg(2)->Arg(8)->Arg(32);

// The argument: how many segments become one.
void merge_segments(benchmark::State& state) {
    auto events = clustered_workload();
    std::stable_sort(events.begin(), events.end(), [](auto& a, auto& b) { return a.time < b.time; });
    const std::size_t size = events.size() / static_cast<std::size_t>(state.range(0));
    weir::store store(weir::store_options{.merge_on_append = false});
    weir::batch batch;
    for (const auto& e : events) {
        batch.add({.lead = std::to_string(e.lead),
                   .name = std::to_string(e.type),
                   .time = weir::from_unix_microseconds(e.time),
                   .attributes = {{"campaign", std::to_string(e.campaign)}, {"cost", e.cost}}});
        if (batch.size() < size) continue;
        store.append(batch).value();
        batch.clear();
    }
    const auto snapshot = store.snapshot();
    const auto& segments = snapshot.data().segments;
    for (auto _ : state) benchmark::DoNotOptimize(weir::merge_segments(segments)->size());
    count_items(state, static_cast<std::size_t>(snapshot.size()));
}
BENCHMARK(merge_segments)->Arg(2)->Arg(8)->Unit(benchmark::kMillisecond);

void read_csv(benchmark::State& state) {
    std::ostringstream out;
    weir_bench::write_csv({clustered_workload().begin(), clustered_workload().begin() + 20'000}, out);
    const std::optional<std::string> content = out.str();
    std::size_t records = 0;
    for (auto _ : state) {
        weir::text_window window("", content);
        weir::csv_reader reader(window, ',');
        for (records = 0; reader.next(); ++records) benchmark::DoNotOptimize(reader.fields().data());
    }
    count_items(state, records);
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(content->size()));
}
BENCHMARK(read_csv);

// The argument: texts in the dictionary.
void find_text(benchmark::State& state) {
    weir::dictionary texts;
    std::vector<std::string> asked;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
        asked.push_back("keyword " + std::to_string(i * 7919));
        texts.insert(asked.back());
    }
    auto random = random_numbers();
    std::shuffle(asked.begin(), asked.end(), random);
    for (auto _ : state)
        for (const auto& text : asked) benchmark::DoNotOptimize(texts.find(text));
    count_items(state, asked.size());
}
BENCHMARK(find_text)->Arg(100)->Arg(20'000)->Arg(1'000'000);

}  // namespace

BENCHMARK_MAIN();
