// weir_bench.cpp - loads the workload and answers its questions, at one and two threads; prints what they
// cost.
//
//   weir_bench generate EVENTS FILE.csv
//   weir_bench weir FILE.csv [RUNS]        medians over RUNS (7) after one run that warms up
#include <cstdlib>
#include <exception>
#include <functional>
#include <iomanip>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include <weir.hpp>

#include "questions.hpp"
#include "stopwatch.hpp"
#include "workload.hpp"

namespace {

using weir_bench::timing;

constexpr std::int64_t most_memory = std::int64_t{2} << 30;  // for 10 million events, load included

struct result {
    std::int64_t events = 0, leads = 0, bytes = 0;
    std::vector<timing> timings{};
};

weir::store load(const std::string& csv, result& into) {
    weir::store store;
    timing parsed{"weir", "load"}, sealed{"weir", "seal"};
    parsed.median_ms = weir_bench::milliseconds([&] {
        const auto report =
            weir::load(store, weir::csv{.path = csv, .mapping = weir_bench::mapping_of_workload()}).value();
        if (report.rejected > 0 || report.without_event > 0) throw std::runtime_error("rows were rejected");
    });
    sealed.median_ms = weir_bench::milliseconds([&] { store.seal().value(); });
    parsed.peak_bytes = sealed.peak_bytes = weir_bench::peak_memory();
    const auto snapshot = store.snapshot();
    into.events = snapshot.size();
    into.leads = snapshot.leads();
    into.bytes = store.memory();
    into.timings.push_back(parsed);
    into.timings.push_back(sealed);
    return store;
}

// Asks with one thread and with two, which must answer the same bytes.
struct asked {
    std::string all;       // every byte of the answer
    std::string compared;  // what other engines can answer too
};

void ask(result& into, const std::string& name, int runs,
         const std::function<asked(const weir::scope&)>& question) {
    std::string before;
    for (const int threads : {1, 2}) {
        weir_bench::forget_peak();
        asked answer;
        timing t{"weir", name, threads};
        t.median_ms = weir_bench::median_of(runs, [&] { answer = question({.threads = threads}); });
        t.peak_bytes = weir_bench::peak_memory();
        t.answer = answer.compared;
        into.timings.push_back(std::move(t));
        if (threads == 2 && answer.all != before)
            throw std::runtime_error(name + ": two threads answer other bytes than one");
        before = std::move(answer.all);
    }
}

result run(const std::string& csv, int runs) {
    result r;
    const weir::store store = load(csv, r);
    const weir::snapshot events = store.snapshot();
    ask(r, "Q1 and Q3", runs, [&](const weir::scope& how) {
        const auto t = measure(events, weir_bench::plain_funnel(), how).value();
        return asked{to_json(weir::answer(t)), weir_bench::levels(t)};
    });
    ask(r, "Q2", runs, [&](const weir::scope& how) {
        const auto t = measure(events, weir_bench::funnel_by_channel(), how).value();
        return asked{to_json(weir::answer(t)), weir_bench::levels_by_group(t)};
    });
    ask(r, "derive", runs, [&](const weir::scope& how) {
        const auto staged = derive(events, weir_bench::transitions(), how).value();
        return asked{std::to_string(staged.size()), {}};
    });
    return r;
}

void print(const result& r) {
    const auto per_event = [&](double x) { return x / static_cast<double>(r.events); };
    std::cout << r.events << " events of " << r.leads << " leads, " << std::fixed << std::setprecision(1)
              << per_event(static_cast<double>(r.bytes)) << " bytes per event, "
              << static_cast<double>(r.bytes) / static_cast<double>(r.leads) << " per lead\n\n"
              << "| question | threads | median ms | ns/event | peak MB |\n|---|---|---|---|---|\n";
    for (const auto& t : r.timings)
        std::cout << "| " << t.question << " | " << t.threads << " | " << std::setprecision(2) << t.median_ms
                  << " | " << per_event(t.median_ms * 1e6) << " | " << t.peak_bytes / 1'000'000 << " |\n";
    for (const auto& t : r.timings)
        if (t.threads == 1 && !t.answer.empty()) std::cout << '\n' << t.question << ":\n" << t.answer;
}

int main_of(const std::vector<std::string>& words) {
    if (words.size() == 3 && words[0] == "generate") {
        weir_bench::write_csv(weir_bench::make_workload(std::stoull(words[1])), words[2]);
        return 0;
    }
    if (words.size() >= 2 && words[0] == "weir") {
        const result r = run(words[1], words.size() > 2 ? std::stoi(words[2]) : 7);
        print(r);
        for (const auto& t : r.timings)
            if (r.events <= 10'000'000 && t.peak_bytes > most_memory)
                throw std::runtime_error(t.question + " takes more than 2 GB of memory");
        return 0;
    }
    throw std::runtime_error("usage: weir_bench generate EVENTS FILE.csv | weir FILE.csv [RUNS]");
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
