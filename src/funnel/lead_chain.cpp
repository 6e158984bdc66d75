#include "funnel/lead_chain.hpp"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

namespace weir::inline v1 {
namespace {

std::vector<std::string> held_by(const funnel& q) { return {q.hold.begin(), q.hold.end()}; }

// A second self of an event for each further step that it matches; it is in nobody's way.
void add_copies(std::vector<step_matcher::role>& stream) {
    std::vector<step_matcher::role> all;
    for (const auto& r : stream) {
        all.push_back(r);
        step_matcher::role copy{{r.event.time, r.event.steps, r.event.id}};
        for (int n = std::popcount(r.event.steps); n > 1; --n) all.push_back(copy);
    }
    stream = std::move(all);
}

}  // namespace

std::vector<row> rows_of(const snapshot::impl& data, std::uint32_t lead, std::int64_t as_of) {
    std::vector<row> rows;
    scan(data, {.as_of = as_of, .lead = lead},
         [&](int, const lead_rows& found) { rows.assign(found.rows.begin(), found.rows.end()); });
    return rows;
}

void feed(entry_finder& finder, std::vector<optional_row>& optional,
          std::span<const step_matcher::role> stream) {
    finder.clear();
    optional.clear();
    for (const auto& r : stream) {
        if (r.optional != 0) optional.push_back({r.event.id, r.event.time, r.optional});
        if ((r.event.steps | r.event.blocks | r.event.kills) != 0 && !finder.add(r.event)) break;
    }
}

bool counts_before(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b,
                   std::span<const row> rows, std::span<const step_matcher::role> roles) {
    if (a.size() != b.size()) return a.size() > b.size();
    const std::int64_t a_end = rows[a.back()].time, b_end = rows[b.back()].time;
    if (a_end != b_end) return a_end < b_end;
    const std::int64_t a_begin = rows[a.front()].time, b_begin = rows[b.front()].time;
    if (a_begin != b_begin) return a_begin > b_begin;
    const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin(), [&](std::uint32_t i, std::uint32_t j) {
        return rows[i].time == rows[j].time;
    });
    if (x != a.end()) return rows[*x].time < rows[*y].time;
    return stands_ahead(a, b, roles, [](const step_matcher::role& r) { return r.event.id; });
}

lead_chains::lead_chains(const snapshot::impl& data, const funnel& q)
    : plan_(q),
      matcher_(data, q, plan_),
      holds_(!q.hold.empty()),
      held_(data, held_by(q)),
      finder_(plan_.rules()) {}

event_set lead_chains::needed() const {
    const bool all = !matcher_.lead_reads().empty() || matcher_.every_event_matters();
    return all ? event_set{} : matcher_.events();
}

std::vector<step_matcher::role> lead_chains::roles(std::span<const row> rows) const {
    std::vector<step_matcher::role> roles;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const step_matcher::role r = matcher_.role_of(rows, i);
        if (r.matters()) roles.push_back(r);
    }
    matcher_.order_ties(roles);
    return roles;
}

void lead_chains::find_in(entry_finder& finder, std::span<const step_matcher::role> roles,
                          std::span<const row> rows, const supposition& s) {
    stream_.assign(roles.begin(), roles.end());
    if (s.reuse) add_copies(stream_);
    if (s.extra) {
        const auto place = std::partition_point(stream_.begin(), stream_.end(),
                                                [&](const auto& r) { return r.event.time <= s.extra->time; });
        const auto id = static_cast<std::uint32_t>(rows.size());
        stream_.insert(place, step_matcher::role{.event = {s.extra->time, s.extra->steps, id}});
    }
    feed(finder, optional_, stream_);
    for (const counted_chain& c : finder.find()) {
        lead_chain& chain = found_.emplace_back();
        chain.level = c.where.level;
        chain.ids = c.ids;
        complete_ = complete_ || c.where.level == plan_.rules().chain.steps;
        if (!s.extra) plan_.place(c.ids, optional_, rows, chain.filled);
    }
    excluded_ = excluded_ || finder.excluded();
}

lead_chain lead_chains::find(std::span<const row> rows, const supposition& s) {
    found_.clear();
    complete_ = excluded_ = false;
    const auto all = roles(rows);
    bool any = false;
    if (holds_)
        held_.for_streams(matcher_, rows, all, [&](std::span<const step_matcher::role> stream, const datum&) {
            any = true;
            find_in(finder_, stream, rows, s);
        });
    if (!holds_ || (!any && s.extra)) find_in(finder_, holds_ ? decltype(all){} : all, rows, s);
    lead_chain none{.excluded = excluded_ && !complete_};
    if (found_.empty() || none.excluded) return none;
    const auto best =
        std::min_element(found_.begin(), found_.end(), [&](const lead_chain& a, const lead_chain& b) {
            return s.extra ? a.level > b.level : counts_before(a.ids, b.ids, rows, all);
        });
    return std::move(*best);
}

std::vector<lead_chain> lead_chains::of_starts(std::span<const row> rows) {
    entry_rules every = plan_.rules();
    every.entry = entry::every;
    every.passages = every.disqualify = false;
    entry_finder finder(every);
    found_.clear();
    const auto all = roles(rows);
    if (holds_)
        held_.for_streams(matcher_, rows, all, [&](std::span<const step_matcher::role> stream, const datum&) {
            find_in(finder, stream, rows, {});
        });
    else
        find_in(finder, all, rows, {});
    std::sort(found_.begin(), found_.end(), [&](const lead_chain& a, const lead_chain& b) {
        const std::int64_t x = rows[a.ids.front()].time, y = rows[b.ids.front()].time;
        return x != y ? x < y : counts_before(a.ids, b.ids, rows, all);
    });
    return std::move(found_);
}

}  // namespace weir::inline v1
