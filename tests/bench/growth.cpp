#include "growth.hpp"

#include <chrono>
#include <iomanip>
#include <ostream>
#include <string>
#include <utility>

#include "questions.hpp"
#include "stopwatch.hpp"
#include "workload.hpp"

namespace weir_bench {
namespace {

double milliseconds_for(const weir::snapshot& events, const weir::funnel& q, int runs) {
    return median_of(runs, [&] { measure(events, q, {.threads = 2}).value(); });
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

}  // namespace weir_bench
