// weir_bench.cpp - what the workload's questions cost: records for report, one line for each.
//
//   weir_bench generate EVENTS FILE.csv
//   weir_bench weir FILE.csv [RUNS]       records of weir, after one run that warms up each question
//   weir_bench load FILE.csv [THREADS]    the records of loading alone, with one thread and with two
//   weir_bench guard EVENTS               does a fixed piece of work, whose instructions are counted
//   weir_bench bare EVENTS [RUNS]         records of the bare loops
//   weir_bench growth FILE.csv [RUNS]     a table of what more steps and more groups cost
//   weir_bench again EVENTS [RUNS]      a table of deriving again after one event in a hundred was appended
//   weir_bench live EVENTS [RUNS]       a table of a live funnel after each append of 1,000 events
//   weir_bench ingest EVENTS DIRECTORY [ROUNDS]  durable batches, beside SQLite
//   weir_bench disk EVENTS DIRECTORY [RUNS]  tables of stores on disk, beside memory, SQLite, plain reading
//   weir_bench report|json|chart EVENTS FILE... the table of records, after a check that answers agree
#include <malloc.h>

#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <weir.hpp>

#include "again.hpp"
#include "bare.hpp"
#include "growth.hpp"
#include "live.hpp"
#include "on_disk.hpp"
#include "questions.hpp"
#include "report.hpp"
#include "stopwatch.hpp"
#include "workload.hpp"

namespace {

using weir_bench::timing;

constexpr std::int64_t most_memory = std::int64_t{8} << 30;

void print(const timing& t) {
    std::cout << t << std::flush;
    if (t.peak_bytes > most_memory) throw std::runtime_error(t.question + " takes more than 8 GB of memory");
}

weir::store load(const std::string& csv, int threads) {
    weir_bench::forget_peak();
    weir::store store;
    timing t{.engine = "weir", .question = "load", .threads = threads};
    const weir::csv file{.path = csv, .mapping = weir_bench::mapping_of_workload()};
    t.median_ms = weir_bench::milliseconds([&] {
        const auto report = weir::load(store, file, {.threads = threads}).value();
        if (report.rejected > 0 || report.without_event > 0) throw std::runtime_error("rows were rejected");
    });
    t.peak_bytes = weir_bench::peak_memory();
    print(t);
    weir_bench::forget_peak();
    t.question = "seal";
    t.median_ms = weir_bench::milliseconds([&] { store.seal().value(); });
    t.peak_bytes = weir_bench::peak_memory();
    print(t);
    malloc_trim(0);  // what the allocator keeps of loading is not what questions take
    return store;
}

struct asked {
    std::string all;       // every byte of the answer
    std::string compared;  // what other engines can answer too
};

// Asks with one thread and with two, which must answer the same bytes.
void ask(const std::string& name, const std::string& variant, int runs,
         const std::function<asked(const weir::scope&)>& question) {
    std::string before;
    for (const int threads : {1, 2}) {
        weir_bench::forget_peak();
        asked answer;
        timing t{.engine = "weir", .question = name, .variant = variant, .threads = threads};
        t.median_ms = weir_bench::median_of(runs, [&] { answer = question({.threads = threads}); });
        t.peak_bytes = weir_bench::peak_memory();
        t.answer = answer.compared;
        print(t);
        if (threads == 2 && answer.all != before)
            throw std::runtime_error(name + ": two threads answer other bytes than one");
        before = std::move(answer.all);
    }
}

void time_weir(const std::string& csv, int runs) {
    load(csv, 1);
    const weir::store store = load(csv, 2);
    const weir::snapshot events = store.snapshot();
    std::cerr << events.size() << " events of " << events.leads() << " leads in " << store.memory()
              << " bytes\n";
    const auto funnel = [&](const std::string& name, const weir::funnel& q, auto compared) {
        ask(name, {}, runs, [&](const weir::scope& how) {
            const auto t = measure(events, q, how).value();
            return asked{to_json(weir::answer(t)), compared(t)};
        });
    };
    funnel("Q1", weir_bench::plain_funnel(), weir_bench::levels);
    funnel("Q2", weir_bench::funnel_by_channel(), weir_bench::levels_by_group);
    // Waits are part of every funnel. Rivals are asked for those between first events, which is less.
    funnel("Q3", weir_bench::plain_funnel(), [](const weir::funnel_table&) { return std::string(); });
    const auto derived = [&](const weir::scope& how) {
        return derive(events, weir_bench::transitions(), how).value();
    };
    const auto flow = [](const weir::snapshot& stages, const weir::scope& how) {
        const auto t = measure(stages, weir::flow{}, how).value();
        return asked{to_json(weir::answer(t)), weir_bench::moves(t)};
    };
    ask("Q6", "with derivation", runs, [&](const weir::scope& how) { return flow(derived(how), how); });
    const weir::snapshot stages = derived({});
    ask("Q6", "derived before", runs, [&](const weir::scope& how) { return flow(stages, how); });
    ask("Q7", {}, 100 * runs, [&](const weir::scope&) {
        const auto journey = weir_bench::journey(events_of(events, weir_bench::looked_up_lead).value());
        return asked{journey, journey};
    });
}

}  // namespace

// Not inlined, with a name that a counter of instructions can be told.
extern "C" __attribute__((noinline)) void weir_bench_guarded_work(const std::string& csv) {
    weir::store store;
    weir::load(store, weir::csv{.mapping = weir_bench::mapping_of_workload(), .content = csv}).value();
    store.seal().value();
    const auto events = store.snapshot();
    measure(events, weir_bench::plain_funnel()).value();
    measure(events, weir_bench::funnel_by_channel()).value();
    measure(derive(events, weir_bench::transitions()).value(), weir::flow{}).value();
}

namespace {

int main_of(const std::vector<std::string>& words) {
    const std::string verb = words.size() < 2 ? "" : words[0];
    const int runs = words.size() > 2 && verb != "generate" ? std::atoi(words[2].c_str()) : 7;
    if (verb == "generate" && words.size() == 3) {
        std::ofstream csv(words[2], std::ios::binary);
        weir_bench::write_csv(weir_bench::make_workload(std::stoull(words[1])), csv);
    } else if (verb == "weir") {
        time_weir(words[1], runs);
    } else if (verb == "guard") {
        std::ostringstream csv;
        weir_bench::write_csv(weir_bench::make_workload(std::stoull(words[1])), csv);
        weir_bench_guarded_work(csv.str());
    } else if (verb == "load") {
        const bool said = words.size() > 2;
        for (const int threads : {1, 2})
            if (!said || threads == std::stoi(words[2])) load(words[1], threads);
    } else if (verb == "bare") {
        for (const auto& t : weir_bench::time_bare_loops(std::stoull(words[1]), runs)) std::cout << t;
    } else if (verb == "growth" || verb == "axes") {
        weir::store store;
        weir::load(store, weir::csv{.path = words[1], .mapping = weir_bench::mapping_of_workload()},
                   {.threads = 2})
            .value();
        store.seal().value();
        const auto print = verb == "growth" ? weir_bench::print_growth : weir_bench::print_axes;
        print(store.snapshot(), runs, std::cout);
    } else if (verb == "again") {
        weir_bench::print_again(std::stoull(words[1]), runs, std::cout);
    } else if (verb == "live") {
        weir_bench::print_live(std::stoull(words[1]), runs, std::cout);
    } else if (verb == "ingest" && words.size() > 2) {
        const auto events = weir_bench::make_workload(std::stoull(words[1]));
        std::filesystem::create_directories(words[2]);
        std::cout << std::fixed << std::setprecision(2);
        weir_bench::print_durable_ingest(events, words[2], words.size() > 3 ? std::atoi(words[3].c_str()) : 5,
                                         std::cout);
    } else if (verb == "disk" && words.size() > 2) {
        weir_bench::print_on_disk(std::stoull(words[1]), words[2],
                                  words.size() > 3 ? std::atoi(words[3].c_str()) : 7, std::cout);
    } else if (verb == "report" || verb == "json" || verb == "chart") {
        const auto all = weir_bench::read_timings({words.begin() + 2, words.end()});
        weir_bench::compare_answers(all);
        const std::int64_t events = std::stoll(words[1]);
        std::cout << (verb == "json"    ? to_json(all, events)
                      : verb == "chart" ? to_svg(all)
                                        : to_markdown(all, events));
    } else {
        throw std::runtime_error(
            "usage: weir_bench generate EVENTS FILE.csv | weir FILE.csv [RUNS] | load FILE.csv [THREADS] | "
            "bare "
            "EVENTS [RUNS] | growth|axes FILE.csv [RUNS] | again EVENTS [RUNS] | ingest|disk EVENTS "
            "DIRECTORY [RUNS] | report|json|chart EVENTS FILE...");
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return main_of({argv + 1, argv + argc});
    } catch (const std::exception& e) {
        std::cerr << "weir_bench: " << e.what() << '\n';
        return 1;
    }
}
