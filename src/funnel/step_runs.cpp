#include "funnel/step_runs.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "measure/elapsed.hpp"

namespace weir::inline v1 {
namespace {

// The better of two runs of the same steps comes first.
bool before(const step_run& a, const step_run& b) {
    if (std::tie(a.first, a.end) != std::tie(b.first, b.end))
        return std::tie(a.first, a.end) < std::tie(b.first, b.end);
    return a.first == 0 ? a.time > b.time : a.time < b.time;
}

// One of each pair of steps, the best.
step_runs best_of(step_runs all, int steps) {
    std::sort(all.begin(), all.end(), before);
    const auto same = [](const step_run& a, const step_run& b) {
        return a.first == b.first && a.end == b.end;
    };
    all.erase(std::unique(all.begin(), all.end(), same), all.end());
    const auto complete = std::find_if(all.begin(), all.end(),
                                       [&](const step_run& r) { return r.first == 0 && r.end == steps; });
    if (complete != all.end()) return {*complete};
    return all;
}

}  // namespace

step_runs combined(const step_runs& a, const step_runs& b, const chain_rules& rules) {
    step_runs all = a;
    all.insert(all.end(), b.begin(), b.end());
    for (const step_run& run : a)
        for (const step_run& next : b) {
            if (next.first != run.end) continue;
            if (run.first > 0)
                all.push_back({run.first, next.end, next.time});
            else if (elapsed(run.time, next.time) <= rules.within)
                all.push_back({0, next.end, run.time});
        }
    return best_of(std::move(all), rules.steps);
}

int level_of(const step_runs& runs) {
    int level = 0;
    for (const step_run& r : runs)
        if (r.first == 0) level = std::max(level, r.end);
    return level;
}

step_runs run_finder::at_instant(std::span<const candidate> group, std::int64_t time) {
    step_runs runs;
    tie_.load(group);
    const int longest = rules_.ties == ties::together ? rules_.steps : 1;
    for (int first = rules_.may_begin_at(time) ? 0 : 1; first < rules_.steps; ++first) {
        tie_.clear();
        for (int step = first; step < std::min(rules_.steps, first + longest) && tie_.fill(step); ++step)
            runs.push_back({first, step + 1, time});
    }
    return best_of(std::move(runs), rules_.steps);
}

step_runs run_finder::find(const instants& all) {
    step_runs runs;
    for (std::size_t i = 0; i < all.size(); ++i)
        runs = combined(runs, at_instant(all[i], all.time(i)), rules_);
    return runs;
}

}  // namespace weir::inline v1
