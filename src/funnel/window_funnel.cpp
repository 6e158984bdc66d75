#include "funnel/window_funnel.hpp"

#include <algorithm>
#include <bit>
#include <optional>
#include <tuple>

#include "measure/elapsed.hpp"

namespace weir::inline v1 {
namespace {

// One event once for each step that it matches; -1: none.
struct match {
    std::int64_t time;
    int step;
    std::size_t event;
};

std::vector<match> matches_of(const instants& all, bool foreign) {
    std::vector<match> out;
    const auto events = all.events();
    for (std::size_t i = 0; i < events.size(); ++i) {
        for (std::uint64_t rest = events[i].steps; rest != 0; rest &= rest - 1)
            out.push_back({events[i].time, std::countr_zero(rest), i});
        if (foreign && events[i].steps == 0) out.push_back({events[i].time, -1, i});
    }
    std::stable_sort(out.begin(), out.end(), [](const match& a, const match& b) {
        return std::tie(a.time, a.step) < std::tie(b.time, b.step);
    });
    return out;
}

// How far it has come: for each step the events that lead there, the first of them the latest that can.
class climb {
public:
    climb(const chain_rules& rules, const window_funnel_modes& modes) : rules_(rules), modes_(modes) {
        paths_.resize(at(rules.steps));
    }

    /// Takes the next match; gives the level if that ends it.
    std::optional<int> take(const match& m, int step_before, const instants& all) {
        if (m.step <= 0) return m.step < 0 ? foreign() : first(m);
        if (modes_.strict_deduplication && reached(m.step)) return step_before + 1;
        if (!reached(m.step - 1))
            return modes_.strict_order && reached(0) ? std::optional(gap()) : std::nullopt;
        const auto& before = paths_[at(m.step - 1)];
        const bool in_time = elapsed(time_of(before.front(), all), m.time) <= rules_.within;
        if (!in_time || (modes_.strict_increase && time_of(before.back(), all) == m.time))
            return std::nullopt;
        auto& own = paths_[at(m.step)];
        own = before;
        own.push_back(m.event);
        return m.step + 1 == rules_.steps ? std::optional(rules_.steps) : std::nullopt;
    }
    int level() const {
        int level = rules_.steps;
        while (level > 0 && !reached(level - 1)) --level;
        return level;
    }
    const std::vector<std::size_t>& path(int level) const { return paths_[at(level - 1)]; }

private:
    bool reached(int step) const { return step < rules_.steps && !paths_[at(step)].empty(); }
    static std::int64_t time_of(std::size_t event, const instants& all) { return all.events()[event].time; }
    std::optional<int> foreign() const { return reached(0) ? std::optional(level()) : std::nullopt; }
    std::optional<int> first(const match& m) {
        if (modes_.strict_order && reached(1)) {
            if (modes_.allow_reentry) return std::nullopt;
            return level();
        }
        if (!rules_.may_begin_at(m.time)) return std::nullopt;
        paths_.front() = {m.event};
        return rules_.steps == 1 ? std::optional(1) : std::nullopt;
    }
    // The steps before the first that is missing.
    int gap() const {
        int level = 0;
        while (reached(level)) ++level;
        return level;
    }

    const chain_rules& rules_;
    const window_funnel_modes& modes_;
    std::vector<std::vector<std::size_t>> paths_{};
};

}  // namespace

chain_span window_funnel(const instants& all, const chain_rules& rules, const window_funnel_modes& modes,
                         std::vector<std::uint32_t>& ids) {
    ids.clear();
    climb c(rules, modes);
    std::optional<int> ended;
    int step_before = -1;
    for (const match& m : matches_of(all, modes.strict_order)) {
        ended = c.take(m, step_before, all);
        if (ended) break;
        step_before = m.step;
    }
    const int level = ended.value_or(c.level());
    if (level == 0) return {};
    for (const std::size_t event : c.path(level)) ids.push_back(all.events()[event].id);
    return {level, 0, 0};
}

}  // namespace weir::inline v1
