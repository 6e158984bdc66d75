// explain.cpp - the verb: reads one lead, has its chain and its obstacle found, and names the evidence.
#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <weir/explain.hpp>

#include <fmt/format.h>

#include "base/fail.hpp"
#include "base/text.hpp"
#include "funnel/accounts.hpp"
#include "funnel/obstacle.hpp"
#include "funnel/preset.hpp"
#include "measure/elapsed.hpp"
#include "scan/events_of.hpp"
#include "segment/batch_data.hpp"
#include "segment/column_cache.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::size_t most_starts = 100;      // that are told
constexpr std::size_t most_searched = 5'000;  // events of a lead of which each start is looked at

instant at_instant(std::int64_t t) { return instant{duration{t}}; }

// Rows by the part that they play; of two parts the first one stays.
using cast = std::map<std::uint32_t, explained_event>;

void add_chain(const lead_case& c, const step_plan& plan, const lead_chain& chain, cast& all) {
    const bool any_order = c.q.order == order::any_order;
    for (std::size_t i = 0; i < chain.ids.size(); ++i) {
        const auto step = static_cast<int>(i);
        explained_event e{.part = "chain",
                          .step = any_order ? step + 1 : static_cast<int>(plan.written(step)) + 1};
        if (i > 0) e.gap = duration{lasted(c.rows[chain.ids[i - 1]].time, c.rows[chain.ids[i]].time)};
        all.emplace(chain.ids[i], std::move(e));
    }
    for (std::size_t k = 0; k < chain.filled.rows.size(); ++k)
        if (plan.is_optional(k) && chain.filled.rows[k] != filled_steps::none)
            all.emplace(chain.filled.rows[k],
                        explained_event{.part = "optional", .step = static_cast<int>(k) + 1});
}

void add_hindrance(const lead_case& c, const step_plan& plan, const hindrance& h, cast& all) {
    for (const auto& [id, part] : h.named) all.emplace(id, explained_event{.part = part});
    for (std::size_t i = 0; i < h.beyond.size(); ++i) {
        const bool in_order =
            c.q.order != order::any_order && h.what != obstacle::order &&
            std::find(h.together.begin(), h.together.end(), obstacle::order) == h.together.end();
        const int step = static_cast<int>(in_order ? plan.written(static_cast<int>(i)) : i) + 1;
        all.emplace(h.beyond[i], explained_event{.part = "beyond", .step = step});
    }
}

// Whether those rows alone tell the same story.
bool replays(const lead_case& c, const lead_chain& now, const cast& named) {
    std::vector<row> rows;
    std::vector<std::uint32_t> ids;
    for (const auto& [id, part] : named) {
        rows.push_back(c.rows[id]);
        ids.push_back(id);
    }
    const lead_chain again = lead_chains(c.data, c.q).find(rows);
    return again.level == now.level && again.excluded == now.excluded &&
           std::equal(again.ids.begin(), again.ids.end(), now.ids.begin(), now.ids.end(),
                      [&](std::uint32_t a, std::uint32_t b) { return ids[a] == b; });
}

// Fewer events can tell another story: one that ended a chain is not among them, or one that a condition
// reads. Then all that play a part, then all.
void complete(const lead_case& c, const lead_chain& now, cast& named) {
    if (replays(c, now, named)) return;
    for (const auto& r : lead_chains(c.data, c.q).roles(c.rows))
        named.emplace(r.event.id, explained_event{.part = "beside"});
    if (replays(c, now, named)) return;
    for (std::uint32_t i = 0; i < c.rows.size(); ++i) named.emplace(i, explained_event{.part = "beside"});
}

std::string verdict_of(const lead_case& c, const lead_chain& start, const lead_chain& now) {
    if (now.level == 0) return "excluded";
    const auto time = [&](std::uint32_t id) { return c.rows[id].time; };
    if (time(start.ids.front()) == time(now.ids.front())) return "counts";
    if (start.level < now.level) return "goes less far";
    if (start.level == now.level && time(start.ids.back()) > time(now.ids.back())) return "gets there later";
    if (start.level == now.level && time(start.ids.front()) < time(now.ids.front())) return "begins earlier";
    return c.q.entry == entry::first ? "not the first" : "does not count";
}

void add_starts(const lead_case& c, const lead_chain& now, funnel_explanation& out) {
    lead_chains chains(c.data, c.q);
    if (c.rows.size() > most_searched)
        return out.notes.push_back(
            fmt::format("starts are not told of a lead with more than {} events", most_searched));
    int number = 0;
    std::optional<std::int64_t> last;
    for (const lead_chain& s : chains.of_starts(c.rows)) {
        const std::int64_t time = c.rows[s.ids.front()].time;
        if (last == time) continue;
        last = time;
        ++number;
        explained_start told{.time = at_instant(time),
                             .level = s.level,
                             .last = at_instant(c.rows[s.ids.back()].time),
                             .verdict = verdict_of(c, s, now)};
        if (told.verdict == "counts") out.entry = number;
        if (out.starts.size() < most_starts) out.starts.push_back(std::move(told));
    }
    if (static_cast<std::size_t>(number) > most_starts)
        out.notes.push_back(fmt::format("the first {} of {} starts are told", most_starts, number));
}

void add_times(const lead_case& c, const step_plan& plan, const lead_chain& now, funnel_explanation& out) {
    if (now.level == 0) return;
    const std::int64_t span = lasted(c.rows[now.ids.front()].time, c.rows[now.ids.back()].time);
    out.span = duration{span};
    const std::uint64_t within = plan.rules().chain.within;
    if (within != no_limit) out.slack = duration{static_cast<std::int64_t>(within) - span};
}

void add_obstacle(const lead_case& c, const lead_chain& now, cast& named, const step_plan& plan,
                  funnel_explanation& out) {
    hindrance h = obstacle_of(c, now);
    add_hindrance(c, plan, h, named);
    const outlook o = outlook_of(c, now);
    out.standing = now.excluded ? standing::excluded : o.open ? standing::open : standing::stopped;
    if (o.deadline) {
        out.deadline = at_instant(*o.deadline);
        out.remaining = duration{lasted(c.as_of, *o.deadline)};
    }
    if (o.open && out.deadline)
        h.change = fmt::format("one more event of {} by {}", step_text(c.q, plan, now.level),
                               to_string(*out.deadline));
    else if (o.open)
        h.change = fmt::format("one more event of {}", step_text(c.q, plan, now.level));
    out.obstacle = h.what;
    out.together = std::move(h.together);
    out.reason = std::move(h.reason);
    out.change = std::move(h.change);
    out.missed_by = h.missed_by;
}

void tell(const lead_case& c, funnel_explanation& out) {
    const step_plan plan(c.q);
    const lead_chain now = c.chain(c.q);
    out.level = now.level;
    out.step = c.q.order == order::any_order ? now.level : plan.steps_done(now.level);
    cast named;
    add_chain(c, plan, now, named);
    if (now.level == plan.rules().chain.steps)
        out.standing = standing::reached;
    else
        add_obstacle(c, now, named, plan, out);
    complete(c, now, named);
    for (auto& [id, e] : named) {
        e.event = event_at(c.data, c.lead, c.rows[id]);
        out.events.push_back(std::move(e));
    }
    add_starts(c, now, out);
    add_times(c, plan, now, out);
}

}  // namespace

result<funnel_explanation> explain(const snapshot& s, const funnel& q, const lead_id& lead) {
    return guarded([&] {
        check(q).value();
        funnel_explanation out{.question = q, .lead = lead};
        const asked_leads all = asked_of(s.data(), q, 1);
        const auto as_of = all.as_of;
        const snapshot::impl& data = *all.data;
        const auto code = data.find_lead(lead);
        std::vector<row> rows;
        if (as_of) out.as_of = at_instant(*as_of);
        std::vector<segment_in_use> used;
        if (code) used = use_raw_segments(data, *code, *code + 1);
        if (code && as_of) rows = rows_of(data, *code, *as_of);
        if (rows.empty())
            out.notes.push_back(fmt::format("there is no event of lead {}", quoted(to_string(lead))));
        const funnel asked = resolved(of_each_lead(q));
        const lead_id named = code ? lead_of(data.lead_key(*code)) : lead;
        tell({data, asked, named, rows, as_of.value_or(0)}, out);
        return out;
    });
}

}  // namespace weir::inline v1
