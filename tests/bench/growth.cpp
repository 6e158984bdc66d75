#include "growth.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <iomanip>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "questions.hpp"
#include "stopwatch.hpp"
#include "workload.hpp"

namespace weir_bench {
namespace {

double milliseconds_for(const weir::snapshot& events, const weir::funnel& q, int runs) {
    return median_of(runs, [&] { measure(events, q, {.threads = 2}).value(); });
}

// Of the processor, on one thread: the least of some runs is what the work takes, whatever else runs.
double cpu_ms_for(const weir::snapshot& events, const weir::funnel& q, int runs) {
    double least = 0;
    for (int i = 0; i <= runs; ++i) {
        const std::clock_t begin = std::clock();
        measure(events, q).value();
        const double ms = 1000.0 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
        least = i == 0 ? ms : std::min(least, ms);
    }
    return least;
}

}  // namespace

void print_growth(const weir::snapshot& events, int runs, std::ostream& out) {
    out << "| funnel | median ms |\n|---|---|\n" << std::fixed << std::setprecision(1);
    for (int steps = 1; steps <= funnel_steps; ++steps) {
        weir::funnel q = plain_funnel();
        q.steps.erase(q.steps.begin() + steps, q.steps.end());
        out << "| " << steps << (steps == 1 ? " step" : " steps") << " | "
            << milliseconds_for(events, q, runs) << " |\n";
    }
    for (const char* by : {"channel", "campaign", "content", "keyword"}) {
        weir::funnel q = funnel_by_channel();
        q.by = by;
        q.max_groups = 100'000;
        const auto groups = measure(events, q).value().rows.size() / funnel_steps - 1;
        out << "| 7 steps by " << by << ", " << groups << " groups | " << milliseconds_for(events, q, runs)
            << " |\n";
    }
    weir::funnel weekly = plain_funnel();
    weekly.bucket = weir::weekly("UTC");
    out << "| 7 steps by week of entry | " << milliseconds_for(events, weekly, runs) << " |\n";
    for (const auto& [name, whole] :
         {std::pair("7 steps", plain_funnel()), std::pair("7 steps by channel", funnel_by_channel())}) {
        weir::funnel late = whole;
        late.period.from = events.last().value() - std::chrono::days{30};
        out << "| " << name << ", begun in the last 30 days | " << milliseconds_for(events, late, runs)
            << " |\n";
    }
}

namespace {

// Changes one policy of the funnel.
using change = void (*)(weir::funnel&);
struct axis {
    const char* name;
    change apply;
};

constexpr axis axes[] = {
    {"ties in arrival order", [](weir::funnel& q) { q.ties = weir::ties::in_arrival_order; }},
    {"ties strictly later", [](weir::funnel& q) { q.ties = weir::ties::strictly_later; }},
    {"clock from previous step", [](weir::funnel& q) { q.clock = weir::clock::from_previous_step; }},
    {"gaps",
     [](weir::funnel& q) {
         q.steps[2].min_gap = std::chrono::minutes{1};
         q.steps[3].max_gap = std::chrono::days{7};
     }},
    {"an exclusion", [](weir::funnel& q) { q.exclude = {{.event = "10", .after = 2, .before = 4}}; }},
    {"a step twice", [](weir::funnel& q) { q.steps[1].at_least = 2; }},
    {"an optional step", [](weir::funnel& q) { q.steps[2].optional = true; }},
    {"entry first", [](weir::funnel& q) { q.entry = weir::entry::first; }},
    {"adjacent, step events break",
     [](weir::funnel& q) {
         q.order = weir::order::adjacent;
         q.breaks = weir::breaks::step_events;
     }},
    {"adjacent", [](weir::funnel& q) { q.order = weir::order::adjacent; }},
    {"passages", [](weir::funnel& q) { q.counting = weir::counting::entries; }},
    {"every entry",
     [](weir::funnel& q) {
         q.counting = weir::counting::entries;
         q.entry = weir::entry::every;
     }},
    {"disqualified by an exclusion",
     [](weir::funnel& q) {
         q.exclude = {{.event = "10", .after = 2, .before = 4}};
         q.on_exclusion = weir::on_exclusion::disqualify;
     }},
    {"in any order", [](weir::funnel& q) { q.order = weir::order::any_order; }},
    {"hold", [](weir::funnel& q) { q.hold = "channel"; }},
    {"by each value",
     [](weir::funnel& q) {
         q.by = "channel";
         q.by_value = weir::by_value::each_value;
     }},
    {"accounts",
     [](weir::funnel& q) {
         q.counting = weir::counting::accounts;
         q.account = "keyword";
     }},
};

// A visit, then touchpoints: those in sequence, and in any order.
void print_blocks(const weir::snapshot& events, int runs, std::ostream& out) {
    const auto ask = [&](int touchpoints, bool in_sequence) {
        weir::funnel q{.within = std::chrono::days{30}};
        q.steps.emplace_back("0");
        std::vector<weir::step> members;
        for (int i = 0; i < touchpoints; ++i) members.emplace_back(std::to_string(funnel_steps + i));
        if (in_sequence)
            q.steps.insert(q.steps.end(), members.begin(), members.end());
        else
            q.steps.push_back(in_any_order(members));
        return cpu_ms_for(events, q, runs);
    };
    const double four = ask(3, true);
    out << "\n| a visit, then touchpoints, 30 days | CPU ms | of three in sequence |\n|---|---|---|\n"
        << "| three in sequence | " << four << " | 1.0 |\n";
    for (const int n : {3, 4, 6}) {
        const double ms = ask(n, false);
        out << "| " << n << " in any order | " << ms << " | " << ms / four << " |\n" << std::flush;
    }
}

}  // namespace

void print_axes(const weir::snapshot& events, int runs, std::ostream& out) {
    const double standard = cpu_ms_for(events, plain_funnel(), runs);
    weir::funnel read = plain_funnel();
    read.list =
        weir::lead_list{.at = funnel_steps};  // names leads, so that none is counted by its mask alone
    const double reading = cpu_ms_for(events, read, runs);
    out << "| 7 steps, 30 days | CPU ms | of the default | of the default that reads each lead |\n"
        << "|---|---|---|---|\n"
        << std::fixed << std::setprecision(1);
    const auto print = [&](const char* name, double ms) {
        out << "| " << name << " | " << ms << " | " << ms / standard << " | " << ms / reading << " |\n";
    };
    print("the default", standard);
    print("the default, each lead with step 1 read", reading);
    for (const axis& a : axes) {
        weir::funnel q = plain_funnel();
        a.apply(q);
        print(a.name, cpu_ms_for(events, q, runs));
    }
    print_blocks(events, runs, out);
}

}  // namespace weir_bench
