// obstacle.cpp - tries the constraints in their fixed order, and says of the first that matters by how much.
#include "funnel/obstacle.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include <fmt/format.h>

#include "base/json.hpp"
#include "base/text.hpp"
#include "funnel/obstacle_finder.hpp"
#include "measure/elapsed.hpp"
#include "measure/time_limits.hpp"
#include "scan/events_of.hpp"

namespace weir::inline v1 {
namespace {

using time_limits = std::numeric_limits<std::int64_t>;
constexpr std::size_t most_tries = 100;  // of single events to leave out

std::string at_time(std::int64_t t) { return to_string(instant{duration{t}}); }
/// The least x in from < x <= to of which `holds`; it holds of `to`.
template <class F> std::uint64_t least(std::uint64_t from, std::uint64_t to, F&& holds) {
    while (to - from > 1) {
        const std::uint64_t middle = from + (to - from) / 2;
        (holds(middle) ? to : from) = middle;
    }
    return to;
}

class inquiry {
public:
    inquiry(const lead_case& c, const lead_chain& now)
        : c_(c), now_(now), plan_(c.q), next_(step_text(c.q, plan_, now.level)) {}

    hindrance run() {
        obstacle_finder finder(c_.data, c_.q);
        auto found = finder.find(c_.rows, now_);
        out_.what = found.what;
        out_.beyond = std::move(found.beyond.ids);
        tell(finder);
        return finish();
    }

private:
    bool further(const funnel& q, const supposition& s = {}) const {
        return c_.chain(q, s).level > now_.level;
    }
    hindrance finish() {
        if (out_.change.empty()) out_.change = one_more_event();
        return std::move(out_);
    }
    std::int64_t time(std::uint32_t id) const { return c_.rows[id].time; }
    std::string name(std::uint32_t id) const { return quoted(c_.data.event_name(c_.rows[id].event)); }

    void name_near(std::uint64_t matched);
    std::string one_more_event() const;
    void tell(obstacle_finder&);
    void tell_no_event(std::uint64_t matched);
    void tell_reuse();
    void tell_tie();
    void tell_window();
    void tell_gap();
    bool tell_single_gap(std::size_t k, bool is_min);
    void tell_excluded();
    void tell_between();
    void tell_held();
    void tell_entry();
    void tell_period();
    void tell_order();
    void tell_several();
    void leave_out(const std::vector<std::uint32_t>& ids, std::string_view all_of_them);

    const lead_case& c_;
    const lead_chain& now_;
    step_plan plan_;
    std::string next_;
    hindrance out_{};
};

void inquiry::tell_no_event(std::uint64_t matched) {
    out_.reason = fmt::format("no event up to {} matches {}", at_time(c_.as_of), next_);
    if (c_.q.order != order::any_order) name_near(matched);
}

// Events that bear the name and fail the condition; the last of them is shown. Of a block, those of the first
// step that nothing matches.
void inquiry::name_near(std::uint64_t matched) {
    const std::size_t written = plan_.written(now_.level);
    const auto& members = c_.q.steps[written].members;
    const auto missing = static_cast<std::size_t>(std::countr_one(matched >> plan_.begin(written)));
    const step& s = members.empty() ? c_.q.steps[written] : members[missing];
    if (!members.empty()) out_.reason += fmt::format(": {} is missing", quoted(s.name));
    std::size_t near = 0;
    std::optional<std::uint32_t> last;
    for (std::uint32_t i = 0; i < c_.rows.size(); ++i) {
        const auto own = c_.data.event_name(c_.rows[i].event);
        if (std::find(s.event.begin(), s.event.end(), own) == s.event.end()) continue;
        ++near;
        last = i;
    }
    if (!last) return;
    out_.named.push_back({*last, "near"});
    const std::string fail =
        near == 1 ? "1 event of that name fails" : fmt::format("{} events of that name fail", near);
    out_.reason += fmt::format("; {} {}, the last at {}", fail, to_string(s.where), at_time(time(*last)));
}

// A further event of the next step in the past, as early as it can be and as late.
std::string inquiry::one_more_event() const {
    const chain_rules& rules = plan_.rules().chain;
    std::int64_t from = rules.from.value_or(c_.as_of), until = c_.as_of;
    if (now_.level > 0) {
        const std::int64_t last = time(now_.ids.back()), first = time(now_.ids.front());
        from = later(last, std::max<std::uint64_t>(1, rules.min_gap[at(now_.level)]));
        const std::uint64_t gap = rules.max_gap[at(now_.level)];
        if (rules.within != no_limit) until = std::min(until, later(first, rules.within));
        if (gap != no_limit) until = std::min(until, later(last, gap));
    } else if (rules.until) {
        until = std::min(until, *rules.until - (*rules.until > time_limits::min() ? 1 : 0));
        from = std::min(from, until);
    }
    const std::uint64_t steps = plan_.next_steps(now_.level);
    const auto helps = [&](std::int64_t t) {
        return from <= until && further(c_.q, {.extra = supposition::event{t, steps}});
    };
    if (!helps(from)) return "";
    if (from == until || !helps(until))
        return fmt::format("one more event of {} at {}", next_, at_time(from));
    return fmt::format("one more event of {}, as at {} or at {}", next_, at_time(from), at_time(until));
}

void inquiry::tell(obstacle_finder& finder) {
    switch (out_.what) {
        case obstacle::no_such_event: return tell_no_event(finder.matched(c_.rows));
        case obstacle::event_used_once: return tell_reuse();
        case obstacle::tie: return tell_tie();
        case obstacle::window: return tell_window();
        case obstacle::gap: return tell_gap();
        case obstacle::excluded: return tell_excluded();
        case obstacle::adjacency: return tell_between();
        case obstacle::held_value: return tell_held();
        case obstacle::entry: return tell_entry();
        case obstacle::period: return tell_period();
        case obstacle::order: return tell_order();
        case obstacle::several: return tell_several();
    }
}

void inquiry::tell_reuse() {
    auto& ids = out_.beyond;
    for (std::size_t i = 0; i < ids.size() && out_.reason.empty(); ++i)
        for (std::size_t j = i + 1; j < ids.size(); ++j)
            if (ids[i] == ids[j]) {
                out_.reason = fmt::format("{} at {} would have to fill two steps, {} and {}", name(ids[i]),
                                          at_time(time(ids[i])), step_text(c_.q, plan_, static_cast<int>(i)),
                                          step_text(c_.q, plan_, static_cast<int>(j)));
                break;
            }
}

void inquiry::tell_tie() {
    std::string equal;
    for (std::size_t i = 1; i < out_.beyond.size() && equal.empty(); ++i)
        if (time(out_.beyond[i]) == time(out_.beyond[i - 1]))
            equal = fmt::format("{} and {} have the same time, {}", name(out_.beyond[i - 1]),
                                name(out_.beyond[i]), at_time(time(out_.beyond[i])));
    out_.reason = fmt::format("{}; under these ties they cannot stand in this order",
                              equal.empty() ? "events stand at equal times" : equal);
    out_.change = c_.q.preset.empty() ? "ties \"together\"" : "";
}

void inquiry::tell_window() {
    const auto limit = static_cast<std::uint64_t>(c_.q.within->count());
    const std::uint64_t span = elapsed(time(out_.beyond.front()), time(out_.beyond.back()));
    funnel q = c_.q;
    const auto wide = [&](std::uint64_t x) {
        q.within = duration{static_cast<std::int64_t>(x)};
        return further(q);
    };
    out_.reason = fmt::format("{} comes after the window of {}", next_, to_string(*c_.q.within));
    if (span <= limit || span >= static_cast<std::uint64_t>(time_limits::max()) || !wide(span)) {
        out_.change = "no window";
        return;
    }
    const std::uint64_t needed = least(limit, span, wide);
    out_.missed_by = duration{static_cast<std::int64_t>(needed - limit)};
    q.within = duration{static_cast<std::int64_t>(needed)};
    out_.beyond = c_.chain(q).ids;
    out_.reason += ", by " + to_string(*out_.missed_by);
    out_.change = fmt::format("a window of {}, {} more",
                              json::print_duration(duration{static_cast<std::int64_t>(needed)}),
                              to_string(*out_.missed_by));
}

void inquiry::tell_gap() {
    const std::size_t last = plan_.written(now_.level);
    for (std::size_t k = last + 1; k-- > 0;)
        for (const bool is_min : {true, false})
            if (tell_single_gap(k, is_min)) return;
    out_.reason = fmt::format("no chain that keeps the gaps reaches {}", next_);
    out_.change = "no gap limits";
}

bool inquiry::tell_single_gap(std::size_t k, bool is_min) {
    funnel q = c_.q;
    auto& own = is_min ? q.steps[k].min_gap : q.steps[k].max_gap;
    if (!own || *own == duration::max()) return false;
    const auto limit = static_cast<std::uint64_t>(own->count());
    const auto word = is_min ? "min_gap" : "max_gap";
    const auto works = [&](std::uint64_t x) {
        own = duration{static_cast<std::int64_t>(x)};
        return further(q);
    };
    const auto most = static_cast<std::uint64_t>(time_limits::max());
    if (!works(is_min ? 0 : most)) return false;
    out_.beyond = c_.chain(q).ids;
    out_.reason =
        fmt::format("no chain that keeps the {} of {} of step {} reaches {}", word,
                    to_string(*(is_min ? c_.q.steps[k].min_gap : c_.q.steps[k].max_gap)), k + 1, next_);
    if (is_min) {
        const std::uint64_t less = least(0, limit, [&](std::uint64_t x) { return works(limit - x); });
        out_.missed_by = duration{static_cast<std::int64_t>(less)};
        works(limit - less);
    } else {
        const std::uint64_t span = elapsed(time(out_.beyond.front()), time(out_.beyond.back()));
        if (span <= limit || span >= most || !works(span)) {
            out_.change = fmt::format("no max_gap at step {}", k + 1);
            return true;
        }
        const std::uint64_t needed = least(limit, span, works);
        out_.missed_by = duration{static_cast<std::int64_t>(needed - limit)};
        works(needed);
    }
    out_.beyond = c_.chain(q).ids;
    out_.change = fmt::format("a {} of {} at step {}, {} {}", word, json::print_duration(*own), k + 1,
                              to_string(*out_.missed_by), is_min ? "less" : "more");
    return true;
}

// The first event without which the lead gets further; or all of them.
void inquiry::leave_out(const std::vector<std::uint32_t>& ids, std::string_view all_of_them) {
    const auto without = [&](std::size_t first, std::size_t end) {
        std::vector<row> rest;
        for (std::uint32_t i = 0; i < c_.rows.size(); ++i)
            if (std::find(ids.begin() + static_cast<std::ptrdiff_t>(first),
                          ids.begin() + static_cast<std::ptrdiff_t>(end),
                          i) == ids.begin() + static_cast<std::ptrdiff_t>(end))
                rest.push_back(c_.rows[i]);
        return lead_chains(c_.data, c_.q).find(rest).level > now_.level;
    };
    for (std::size_t i = 0; i < std::min(ids.size(), most_tries); ++i)
        if (without(i, i + 1)) {
            out_.change = fmt::format("without {} at {}", name(ids[i]), at_time(time(ids[i])));
            return;
        }
    if (ids.size() > 1 && ids.size() <= most_tries && without(0, ids.size()))
        out_.change = fmt::format("without {}", all_of_them);
}

void inquiry::tell_excluded() {
    const lead_chains own(c_.data, c_.q);
    const std::int64_t first = time(out_.beyond.front()), last = time(out_.beyond.back());
    std::vector<std::uint32_t> ids;
    for (const auto& r : own.roles(c_.rows))
        if (r.event.kills != 0 && first <= r.event.time && r.event.time <= last) ids.push_back(r.event.id);
    for (const std::uint32_t id : ids) out_.named.push_back({id, "excludes"});
    out_.reason = ids.empty() ? fmt::format("exclusions end every chain before {}", next_)
                              : fmt::format("{} at {} ends the chain before {}", name(ids.front()),
                                            at_time(time(ids.front())), next_);
    leave_out(ids, "the events that exclusions name");
}

void inquiry::tell_between() {
    const lead_chains own(c_.data, c_.q);
    const auto& chain = out_.beyond;
    std::vector<std::uint32_t> ids;
    for (const auto& r : own.roles(c_.rows))
        if (time(chain.front()) <= r.event.time && r.event.time <= time(chain.back()) &&
            std::find(chain.begin(), chain.end(), r.event.id) == chain.end())
            ids.push_back(r.event.id);
    for (const std::uint32_t id : ids) out_.named.push_back({id, "between"});
    out_.reason = ids.empty() ? fmt::format("other events lie before {}", next_)
                              : fmt::format("{} at {} lies between the steps", name(ids.front()),
                                            at_time(time(ids.front())));
    leave_out(ids, "the events between");
}

void inquiry::tell_held() {
    const auto value_in = [&](std::uint32_t id, const std::string& attribute) {
        for (const auto& v : event_at(c_.data, c_.lead, c_.rows[id]).attributes)
            if (v.name == attribute) return quoted(to_string(v.value));
        return std::string("none");
    };
    for (const auto& attribute : c_.q.hold) {
        const std::string first = value_in(out_.beyond.front(), attribute);
        for (const std::uint32_t id : out_.beyond) {
            const std::string other = value_in(id, attribute);
            if (other == first && first != "none") continue;
            out_.reason = fmt::format("{} is {} at {} and {} at {}", quoted(attribute), first,
                                      at_time(time(out_.beyond.front())), other, at_time(time(id)));
            return;
        }
    }
    out_.reason = "the held values differ";
}

void inquiry::tell_entry() {
    const auto starts = lead_chains(c_.data, c_.q).of_starts(c_.rows);
    if (!starts.empty()) out_.named.push_back({starts.front().ids.front(), "first"});
    out_.reason = fmt::format("only the first start counts; the one at {} would do",
                              at_time(time(out_.beyond.front())));
    out_.change = "entry \"best\"";
}

void inquiry::tell_period() {
    const std::int64_t start = time(out_.beyond.front());
    const auto& rules = plan_.rules().chain;
    funnel q = c_.q;
    const bool early = rules.from && start < *rules.from;
    if (early)
        q.period.from = instant{duration{start}};
    else
        q.period.until =
            start == time_limits::max() ? std::optional<instant>{} : instant{duration{start + 1}};
    const std::uint64_t by = early         ? elapsed(start, *rules.from)
                             : rules.until ? elapsed(*rules.until, start)
                                           : 0;
    if (by <= static_cast<std::uint64_t>(time_limits::max()))
        out_.missed_by = duration{static_cast<std::int64_t>(by)};
    out_.reason =
        fmt::format("the start at {} lies {} the period", at_time(start), early ? "before" : "behind");
    if (further(q))
        out_.change = early ? fmt::format("a period from {}", at_time(start))
                            : fmt::format("a period that ends after {}", at_time(start));
}

void inquiry::tell_order() {
    std::string names;
    for (const std::uint32_t id : out_.beyond) names += (names.empty() ? "" : ", ") + name(id);
    out_.reason = fmt::format("the steps were done in another order: {}", names);
}

void inquiry::tell_several() {
    funnel q = c_.q;
    supposition s;
    std::string words;
    for (const obstacle o : tried_obstacles) {
        if (!lift(o, q, s)) continue;
        out_.together.push_back(o);
        words += (words.empty() ? "" : ", ") + std::string(to_string(o));
        const lead_chain beyond = c_.chain(q, s);
        if (beyond.level <= now_.level) continue;
        out_.beyond = beyond.ids;
        break;
    }
    out_.reason = fmt::format("no single limit keeps it from {}; these do together: {}", next_, words);
}

}  // namespace

hindrance obstacle_of(const lead_case& c, const lead_chain& now) { return inquiry(c, now).run(); }

}  // namespace weir::inline v1
