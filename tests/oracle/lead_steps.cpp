#include "oracle/lead_steps.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "oracle/funnel.hpp"

namespace oracle {
namespace {

weir::funnel of_steps_alone(weir::funnel q) {
    q.by.clear();
    q.by_value = {};
    q.bucket = {};
    q.counting = weir::counting::leads;
    q.account.clear();
    q.histogram.clear();
    q.list.reset();
    return q;
}

// The step that the sheet of one lead counts last.
int last_step(const sheet& steps, const weir::funnel& q) {
    const auto counted =
        std::find(steps.columns.begin(), steps.columns.end(), "leads") - steps.columns.begin();
    int last = 0;
    for (std::size_t k = 0; k < q.steps.size(); ++k)
        if (!q.steps[k].optional &&
            std::get<std::int64_t>(steps.rows[k][static_cast<std::size_t>(counted)]) > 0)
            last = static_cast<int>(k) + 1;
    return last;
}

bool has_fact(const story& facts, micros as_of) {
    return std::any_of(facts.begin(), facts.end(),
                       [&](const fact& f) { return !f.hidden && f.time <= as_of; });
}

}  // namespace

std::map<std::string, int> steps_of(const people& all, const weir::funnel& q, std::optional<micros> as_of,
                                    fault planted) {
    std::map<std::string, int> steps;
    if (!as_of) return steps;
    const weir::funnel plain = of_steps_alone(q);
    const bool of_accounts = q.counting == weir::counting::accounts;
    for (const auto& [lead, facts] : of_accounts ? accounts_of(all, q, *as_of) : all) {
        if (!has_fact(facts, *as_of)) continue;
        const people alone{{lead, facts}};
        steps[lead] = last_step(ask(alone, plain, as_of, planted).sheets.front(), plain);
    }
    return steps;
}

sheet compared(const people& all, const weir::funnel& before, std::optional<micros> before_at,
               const weir::funnel& after, std::optional<micros> after_at, fault planted) {
    std::map<std::string, std::pair<int, int>> leads;
    for (const auto& [lead, step] : steps_of(all, before, before_at, planted)) leads[lead].first = step;
    for (const auto& [lead, step] : steps_of(all, after, after_at, planted)) leads[lead].second = step;
    std::map<std::pair<int, int>, std::int64_t> counts;
    for (const auto& [lead, steps] : leads)
        if (steps != std::pair(0, 0)) ++counts[steps];
    sheet out{"reached", {"before", "after", "leads"}, {}};
    for (const auto& [steps, n] : counts)
        out.rows.push_back({std::int64_t{steps.first}, std::int64_t{steps.second}, n});
    return out;
}

sheet lost(const people& all, const weir::funnel& q, std::optional<micros> as_of, fault planted) {
    const auto steps = steps_of(all, q, as_of, planted);
    const auto count_from = [&](int step) {
        return std::count_if(steps.begin(), steps.end(),
                             [&](const auto& lead) { return lead.second >= step; });
    };
    sheet out{"lost", {"step", "name", "came", "reached", "lost"}, {}};
    std::int64_t came = count_from(0);
    for (std::size_t k = 0; k < q.steps.size(); ++k) {
        if (q.steps[k].optional) continue;
        const int step = static_cast<int>(k) + 1;
        const std::int64_t reached = count_from(step);
        const std::string name =
            q.order == weir::order::any_order ? "any-" + std::to_string(step) : q.steps[k].name;
        out.rows.push_back({std::int64_t{step}, name, came, reached, came - reached});
        came = reached;
    }
    return out;
}

}  // namespace oracle
