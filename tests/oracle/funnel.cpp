#include "oracle/funnel.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "oracle/civil.hpp"

namespace oracle {
namespace {

using chain = std::vector<const fact*>;

// A step that a chain must fill: one of those written, perhaps several times.
struct required {
    std::size_t written;
    std::uint64_t min_gap, max_gap;
};

struct question {
    const weir::funnel& funnel;
    std::vector<std::vector<criterion>> wheres{};  ///< by written step: its own, or those of its members
    std::vector<criterion> excluded{};
    micros as_of = 0;
    fault planted = fault::none;
    std::vector<required> steps{};
    /// What facts of one time can do, where that decides which of them a chain takes.
    std::map<const fact*, std::vector<std::vector<int>>> uses{};

    bool any_order() const { return funnel.order == weir::order::any_order; }
    bool adjacent() const {
        return funnel.order == weir::order::adjacent && planted != fault::adjacent_ignored;
    }
    bool in_arrival_order() const { return funnel.ties == weir::ties::in_arrival_order; }
    bool has_optional() const {
        const auto& all = funnel.steps;
        return std::any_of(all.begin(), all.end(), [](const auto& s) { return s.optional; });
    }
    bool counts_entries() const { return funnel.counting == weir::counting::entries; }

    bool satisfies_one(const story& facts, const fact& f, const weir::step& s, const criterion& where) const {
        if (std::find(s.event.begin(), s.event.end(), f.name) == s.event.end()) return false;
        return planted == fault::step_ignores_condition || satisfies(where, facts, f);
    }
    // Which members of a written step a fact can be; a step that is no block has itself alone.
    std::vector<bool> members_of(const story& facts, const fact& f, std::size_t written) const {
        const auto& s = funnel.steps[written];
        if (s.members.empty()) return {satisfies_one(facts, f, s, wheres[written].front())};
        std::vector<bool> out;
        for (std::size_t m = 0; m < s.members.size(); ++m)
            out.push_back(satisfies_one(facts, f, s.members[m], wheres[written][m]));
        return out;
    }
    bool in_period(micros t) const {
        const auto& p = funnel.period;
        if (p.from && t < p.from->time_since_epoch().count()) return false;
        return !p.until || t < p.until->time_since_epoch().count();
    }
    // The level that a chain has when this written step is done.
    int level_of(std::size_t written) const {
        int level = 0;
        for (const auto& s : steps) level += s.written <= written ? 1 : 0;
        return level;
    }
};

std::uint64_t limit_of(const std::optional<weir::duration>& d) {
    return d && *d != weir::duration::max() ? static_cast<std::uint64_t>(d->count()) : UINT64_MAX;
}

void expand(question& asked) {
    const auto& q = asked.funnel;
    const bool previous = q.clock == weir::clock::from_previous_step;
    for (std::size_t k = 0; k < q.steps.size(); ++k) {
        const auto& s = q.steps[k];
        if (s.optional) continue;
        const int events = s.members.empty() ? s.at_least : static_cast<int>(s.members.size());
        for (int n = 0; n < events; ++n)
            asked.steps.push_back({k, s.min_gap ? static_cast<std::uint64_t>(s.min_gap->count()) : 0,
                                   s.max_gap  ? limit_of(s.max_gap)
                                   : previous ? limit_of(q.within)
                                              : UINT64_MAX});
    }
}

// A fact with what the question says of it.
struct mark {
    const fact* f;
    std::size_t place;                         ///< in the story
    std::vector<bool> fills{};                 ///< by written step
    std::vector<std::vector<bool>> members{};  ///< and by member of that
    std::set<int> kills{};                     ///< levels at which an exclusion ends chains
    bool excluded = false;                     ///< some exclusion names it
    bool fills_any() const { return std::find(fills.begin(), fills.end(), true) != fills.end(); }
};
using marks = std::vector<mark>;

// What a fact can do: the optional steps, then all steps, then the levels that it ends; of each the last
// first.
std::vector<std::vector<int>> use_of(const question& asked, const mark& m) {
    std::vector<std::vector<int>> out(2);
    for (std::size_t k = m.fills.size(); k-- > 0;) {
        if (asked.funnel.steps[k].optional) out[0].push_back(m.fills[k] ? 1 : 0);
        for (std::size_t i = m.members[k].size(); i-- > 0;) out[1].push_back(m.members[k][i] ? 1 : 0);
    }
    out.emplace_back(m.kills.rbegin(), m.kills.rend());
    return out;
}

marks mark_all(question& asked, const story& facts) {
    marks out;
    const auto& q = asked.funnel;
    const int all = static_cast<int>(asked.steps.size());
    for (std::size_t i = 0; i < facts.size(); ++i) {
        mark m{&facts[i], i};
        for (std::size_t k = 0; k < q.steps.size(); ++k) {
            m.members.push_back(asked.members_of(facts, facts[i], k));
            m.fills.push_back(std::find(m.members[k].begin(), m.members[k].end(), true) !=
                              m.members[k].end());
        }
        for (std::size_t x = 0; x < q.exclude.size(); ++x) {
            const auto& e = q.exclude[x];
            if (std::find(e.event.begin(), e.event.end(), facts[i].name) == e.event.end()) continue;
            if (!satisfies(asked.excluded[x], facts, facts[i])) continue;
            if (asked.planted == fault::exclusion_ignored) continue;
            m.excluded = true;
            const int from = e.after == 0 ? 1 : asked.level_of(static_cast<std::size_t>(e.after - 1));
            const int until = e.after == 0 ? all : asked.level_of(static_cast<std::size_t>(e.before - 1));
            for (int level = from; level < until; ++level) m.kills.insert(level);
        }
        if (asked.any_order() && m.excluded) m.fills.assign(m.fills.size(), false);
        if (asked.has_optional() && asked.funnel.ties == weir::ties::together)
            asked.uses[m.f] = use_of(asked, m);
        out.push_back(std::move(m));
    }
    return out;
}

// Every order in which the facts of one time could stand, one after another.
class arrangements {
public:
    arrangements(const question& asked, const marks& all) : row_(all) {
        if (asked.in_arrival_order() || asked.planted == fault::ties_not_arranged) return;
        const auto size = std::ssize(row_);
        for (std::ptrdiff_t begin = 0, end = 0; begin < size; begin = end) {
            while (end < size && at(end).f->time == at(begin).f->time) ++end;
            if (end - begin > 1) ties_.emplace_back(begin, end);
        }
    }
    const marks& row() const { return row_; }
    bool next() {
        const auto by_place = [](const mark& a, const mark& b) { return a.place < b.place; };
        for (const auto& [begin, end] : ties_)
            if (std::next_permutation(row_.begin() + begin, row_.begin() + end, by_place)) return true;
        return false;
    }

private:
    const mark& at(std::ptrdiff_t i) const { return row_[static_cast<std::size_t>(i)]; }

    marks row_;
    std::vector<std::pair<std::ptrdiff_t, std::ptrdiff_t>> ties_{};
};

// Where chains may begin: anywhere, at one time, or with one fact.
struct start {
    std::optional<micros> time{};
    const fact* with = nullptr;
    bool admits(const fact& f) const { return (!time || f.time == *time) && (with == nullptr || with == &f); }
};

// Whether each can be another one of those that it may be.
bool can_match(const std::vector<std::vector<bool>>& may, std::vector<bool>& used, std::size_t next = 0) {
    if (next == may.size()) return true;
    for (std::size_t k = 0; k < used.size(); ++k) {
        if (used[k] || !may[next][k]) continue;
        used[k] = true;
        const bool fits = can_match(may, used, next + 1);
        used[k] = false;
        if (fits) return true;
    }
    return false;
}

// Every chain of one arrangement, step by step.
template <class Visit> struct walk {
    const question& asked;
    const marks& row;
    const start& from;
    Visit visit;
    std::vector<const mark*> chosen{};

    void extend(std::size_t next) {
        if (chosen.size() == asked.steps.size()) return;
        for (std::size_t i = next; i < row.size(); ++i) {
            const mark* m = &row[i];
            chosen.push_back(m);
            if (is_allowed()) {
                visit(chosen, i);
                extend(i + 1);
            }
            chosen.pop_back();
            if (asked.planted == fault::event_fills_two_steps && !chosen.empty() && chosen.back() == m)
                continue;
            if (!chosen.empty() && !may_pass(*m)) return;
        }
    }
    bool may_pass(const mark& m) const {
        const int level = static_cast<int>(chosen.size());
        if (asked.any_order()) return !m.excluded;
        if (m.kills.count(level) != 0) return false;
        if (!asked.adjacent()) return true;
        if (asked.funnel.breaks == weir::breaks::step_events && !m.fills_any()) return true;
        for (std::size_t k = 0; k < m.fills.size(); ++k)
            if (m.fills[k] && asked.funnel.steps[k].optional && asked.level_of(k) == level) return true;
        return false;
    }
    // Whether those of the chain that stand in a block are different members of it.
    bool is_in_block(std::size_t written) const {
        const std::size_t size = asked.funnel.steps[written].members.size();
        if (size == 0) return true;
        std::vector<std::vector<bool>> may;
        for (std::size_t i = 0; i < chosen.size(); ++i)
            if (asked.steps[i].written == written) may.push_back(chosen[i]->members[written]);
        if (asked.planted == fault::block_in_sequence) return may.back()[may.size() - 1];
        std::vector<bool> used(size, false);
        return can_match(may, used);
    }
    bool is_allowed() const {
        const mark& m = *chosen.back();
        const int level = static_cast<int>(chosen.size());
        if (asked.any_order()) {
            std::vector<std::vector<bool>> may;
            for (const mark* c : chosen) may.push_back(c->fills);
            std::vector<bool> used(asked.funnel.steps.size(), false);
            if (!can_match(may, used)) return false;
        } else {
            const required& step = asked.steps[chosen.size() - 1];
            if (!m.fills[step.written] || !is_in_block(step.written)) return false;
            if (m.kills.count(level - 1) != 0 && m.kills.count(level) != 0) return false;
            if (level > 1) {
                const auto since = gap(chosen[chosen.size() - 2]->f->time, m.f->time);
                if (since < step.min_gap || since > step.max_gap) return false;
                if (asked.planted == fault::gap_exclusive && since == step.max_gap) return false;
            }
        }
        if (level == 1) return asked.in_period(m.f->time) && from.admits(*m.f);
        if (asked.planted == fault::period_clips_chain && !asked.in_period(m.f->time)) return false;
        if (asked.funnel.ties == weir::ties::strictly_later &&
            m.f->time == chosen[chosen.size() - 2]->f->time)
            return false;
        if (asked.funnel.clock == weir::clock::from_previous_step || !asked.funnel.within) return true;
        const auto span = gap(chosen.front()->f->time, m.f->time);
        const auto limit = limit_of(asked.funnel.within);
        return asked.planted == fault::window_exclusive ? span < limit || limit == UINT64_MAX : span <= limit;
    }
};

template <class Visit>
void for_chains(const question& asked, const marks& row, const start& from, Visit visit) {
    walk<Visit> w{asked, row, from, visit};
    w.extend(0);
    if (asked.planted != fault::event_fills_two_steps || asked.any_order()) return;
    // Planted: one fact for the first two steps.
    for (const mark& m : row)
        if (asked.steps.size() > 1 && m.fills[asked.steps[0].written] && m.fills[asked.steps[1].written] &&
            asked.in_period(m.f->time))
            visit(std::vector<const mark*>{&m, &m}, 0);
}

chain chain_of(const std::vector<const mark*>& chosen) {
    chain c;
    for (const mark* m : chosen) c.push_back(m->f);
    return c;
}

std::vector<micros> times_of(const chain& c) {
    std::vector<micros> out;
    for (const fact* f : c) out.push_back(f->time);
    return out;
}

// Rules (1) to (4): the deeper chain, then the one that ends first, then the one that begins last, then the
// one of the earliest facts: the earliest times, then what facts of one time can do, then arrival, so that
// arrival moves no time and leaves as much for optional steps.
bool better(const question& asked, const chain& a, const chain& b) {
    if (a.size() != b.size()) return a.size() > b.size();
    if (a.empty()) return false;
    if (a.back()->time != b.back()->time) return a.back()->time < b.back()->time;
    if (a.front()->time != b.front()->time)
        return (a.front()->time > b.front()->time) != (asked.planted == fault::witness_starts_early);
    if (times_of(a) != times_of(b)) return times_of(a) < times_of(b);
    for (std::size_t i = 0; i < a.size(); ++i)
        if (a[i] != b[i]) {
            const auto x = asked.uses.find(a[i]), y = asked.uses.find(b[i]), none = asked.uses.end();
            if (x != none && y != none && x->second != y->second) return x->second < y->second;
            return a[i]->rank() < b[i]->rank();
        }
    return false;
}

// The best chain, and all of the same times.
struct best_of {
    chain best{};
    std::set<chain> alike{};
    marks stream{};  ///< where it was found

    void offer(const question& asked, const chain& c) {
        if (!best.empty() && times_of(c) == times_of(best)) alike.insert(c);
        if (!better(asked, c, best)) return;
        if (best.empty() || times_of(c) != times_of(best)) alike = {c};
        best = c;
    }
};

best_of search(const question& asked, const marks& all, const start& from) {
    best_of found;
    arrangements each(asked, all);
    do
        for_chains(asked, each.row(), from,
                   [&](const auto& chosen, std::size_t) { found.offer(asked, chain_of(chosen)); });
    while (each.next());
    return found;
}

bool begins(const question& asked, const mark& m) {
    if (!asked.in_period(m.f->time)) return false;
    return asked.any_order() ? m.fills_any() : m.fills[asked.steps.front().written];
}

// The starts that the entry rule knows one by one.
std::vector<start> starts_of(const question& asked, const marks& all) {
    std::vector<start> out;
    for (const mark& m : all) {
        if (!begins(asked, m)) continue;
        if (asked.in_arrival_order())
            out.push_back({m.f->time, m.f});
        else if (out.empty() || *out.back().time != m.f->time)
            out.push_back({m.f->time, nullptr});
    }
    return out;
}

// Passages: of complete chains each the first to end behind the one before, from the latest start; then the
// same of one step less between them.
bool lies_behind(const question& asked, const fact& f, const fact& end) {
    if (asked.planted == fault::passages_overlap) return f.time >= end.time && &f != &end;
    return asked.in_arrival_order() ? f.rank() > end.rank() : f.time > end.time;
}

void passages(const question& asked, const marks& all, std::size_t target, std::vector<best_of>& out) {
    if (target == 0) return;
    marks rest = all;
    while (true) {
        best_of next;
        const auto ends_first = [&](const chain& a, const chain& b) {
            if (!asked.in_arrival_order()) return better(asked, a, b);
            if (a.back() != b.back()) return a.back()->rank() < b.back()->rank();
            if (a.front() != b.front()) return a.front()->rank() > b.front()->rank();
            return better(asked, a, b);
        };
        arrangements each(asked, rest);
        do
            for_chains(asked, each.row(), {}, [&](const auto& chosen, std::size_t) {
                if (chosen.size() != target) return;
                const chain c = chain_of(chosen);
                if (!next.best.empty() && times_of(c) == times_of(next.best)) next.alike.insert(c);
                if (!next.best.empty() && !ends_first(c, next.best)) return;
                if (next.best.empty() || times_of(c) != times_of(next.best)) next.alike = {c};
                next.best = c;
            });
        while (each.next());
        if (next.best.empty()) break;
        marks before, behind;
        for (const mark& m : rest) {
            if (lies_behind(asked, *next.best.front(), *m.f)) before.push_back(m);
            if (lies_behind(asked, *m.f, *next.best.back())) behind.push_back(m);
        }
        passages(asked, before, target - 1, out);
        out.push_back(next);
        rest = behind;
    }
    passages(asked, rest, target - 1, out);
}

// How far the furthest open chain has come that begins so, when these facts are past and it is `now`.
struct standing {
    int level = 0;  ///< 0: none is open
    bool complete = false;
};
standing stands_at(const question& asked, const marks& past, const start& from, micros now) {
    standing s;
    for_chains(asked, past, from, [&](const auto& chosen, std::size_t last) {
        if (chosen.size() == asked.steps.size()) {
            s.complete = true;
            return;
        }
        if (asked.funnel.clock != weir::clock::from_previous_step &&
            gap(chosen.front()->f->time, now) > limit_of(asked.funnel.within))
            return;
        if (!asked.any_order() && gap(chosen.back()->f->time, now) > asked.steps[chosen.size()].max_gap)
            return;
        const auto none = [](const auto&, std::size_t) {};
        const walk<decltype(none)> passing{asked, past, from, none, chosen};
        for (std::size_t i = last + 1; i < past.size(); ++i)
            if (!passing.may_pass(past[i])) return;
        s.level = std::max(s.level, static_cast<int>(chosen.size()));
    });
    return s;
}

bool is_open(const question& asked, const marks& past, const start& from, micros now) {
    arrangements each(asked, past);
    do
        if (stands_at(asked, each.row(), from, now).level > 0) return true;
    while (each.next());
    return false;
}

// Whether a chain from this start, which is not complete, can go on no longer when this fact comes.
bool is_over(const question& asked, const marks& all, const start& from, const fact& now) {
    marks before, with;
    for (const mark& m : all) {
        const bool past = asked.in_arrival_order() ? m.f->rank() < now.rank() : m.f->time < now.time;
        if (past) before.push_back(m);
        if (past || m.f == &now || (!asked.in_arrival_order() && m.f->time == now.time)) with.push_back(m);
    }
    return !is_open(asked, before, from, now.time) || !is_open(asked, with, from, now.time);
}

// Passages of which another opens only when the one before is complete or can go on no longer.
void open_passages(const question& asked, const marks& all, std::vector<best_of>& out) {
    marks rest = all;
    for (auto starts = starts_of(asked, rest); !starts.empty(); starts = starts_of(asked, rest)) {
        best_of found;
        arrangements each(asked, rest);
        do
            for_chains(asked, each.row(), starts.front(), [&](const auto& chosen, std::size_t) {
                const chain c = chain_of(chosen);
                if (asked.in_arrival_order() && c.size() == found.best.size()) {
                    if (c.back()->rank() > found.best.back()->rank()) return;
                    if (c.back()->rank() < found.best.back()->rank()) found = {};
                }
                found.offer(asked, c);
            });
        while (each.next());
        out.push_back(found);
        const bool complete = found.best.size() == asked.steps.size();
        marks behind;
        bool over = complete;
        for (const mark& m : rest) {
            if (!lies_behind(asked, *m.f, *found.best.back())) continue;
            over =
                over || is_over(asked, rest, starts.front(), *m.f) || asked.planted == fault::first_restarts;
            if (over) behind.push_back(m);
        }
        rest = behind;
    }
}

// Whether, in this arrangement, an exclusion among the last facts of the row ends what stands before it.
enum class ending { none, excluded, complete };
ending ending_of(const question& asked, const marks& row, std::size_t first, const start& from) {
    for (std::size_t i = first; i < row.size(); ++i) {
        const marks past(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(i));
        const standing before = stands_at(asked, past, from, row[i].f->time);
        if (before.complete) return ending::complete;
        if (!row[i].excluded || before.level == 0) continue;
        if (!asked.any_order() && row[i].kills.count(before.level) == 0) continue;
        marks with = past;
        with.push_back(row[i]);
        const standing after = stands_at(asked, with, from, row[i].f->time);
        if (!after.complete && after.level < before.level) return ending::excluded;
    }
    return stands_at(asked, row, from, row.back().f->time).complete ? ending::complete : ending::none;
}

// Whether an exclusion ends what begins so and stands as far as it can: in every order of its own instant.
bool is_ended(const question& asked, const marks& all, const start& from) {
    for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
        while (end < all.size() &&
               (end == begin || (!asked.in_arrival_order() && all[end].f->time == all[begin].f->time)))
            ++end;
        const marks past(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(begin));
        const marks with(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(end));
        int furthest = 0;
        arrangements of_past(asked, past);
        do furthest = std::max(furthest, stands_at(asked, of_past.row(), from, all[begin].f->time).level);
        while (of_past.next());
        bool ended = furthest > 0;
        arrangements each(asked, with);
        do {
            const marks& row = each.row();
            const marks before(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(begin));
            const ending how = ending_of(asked, row, begin, from);
            if (how == ending::complete) return false;
            if (stands_at(asked, before, from, all[begin].f->time).level < furthest) continue;
            ended = ended && how == ending::excluded;
        } while (each.next());
        if (ended) return true;
    }
    return false;
}

// What is found in one stream of a lead's facts.
struct finding {
    std::vector<best_of> entries{};
    bool complete = false, excluded = false;
};

void find(const question& asked, const marks& all, finding& out) {
    const auto& q = asked.funnel;
    std::vector<best_of> entries;
    const auto starts = starts_of(asked, all);
    const bool first = q.entry == weir::entry::first && asked.planted != fault::first_restarts;
    if (q.entry == weir::entry::every &&
        (asked.counts_entries() || q.bucket.unit != weir::calendar_unit::none)) {
        for (const start& s : starts) entries.push_back(search(asked, all, s));
    } else if (asked.counts_entries()) {
        q.entry == weir::entry::first ? open_passages(asked, all, entries)
                                      : passages(asked, all, asked.steps.size(), entries);
    } else if (first) {
        if (!starts.empty()) entries.push_back(search(asked, all, starts.front()));
    } else {
        entries.push_back(search(asked, all, {}));
        if (entries.back().best.empty()) entries.pop_back();
    }
    bool complete = false;
    for (const auto& e : entries) complete = complete || e.best.size() == asked.steps.size();
    out.complete = out.complete || complete;
    if (q.on_exclusion == weir::on_exclusion::disqualify && !complete &&
        asked.planted != fault::disqualified_counts) {
        for (const start& s : starts) {
            const bool admitted =
                q.entry != weir::entry::first ||
                (asked.counts_entries()
                     ? std::any_of(entries.begin(), entries.end(),
                                   [&](const best_of& e) { return s.admits(*e.best.front()); })
                     : &s == &starts.front());
            if (admitted && is_ended(asked, all, s)) out.excluded = true;
        }
    }
    for (auto& e : entries) e.stream = all;
    out.entries.insert(out.entries.end(), entries.begin(), entries.end());
}

// The facts of a lead for each combination of held values: those that agree with it; they fill steps if they
// carry all of it.
using tuple_of_values = std::vector<std::optional<std::string>>;

std::map<tuple_of_values, marks> streams_of(const question& asked, const marks& all,
                                            const std::vector<std::string>& held) {
    std::map<tuple_of_values, marks> out;
    if (held.empty() || asked.planted == fault::hold_ignored) return {{{}, all}};
    std::vector<tuple_of_values> carried;
    for (const mark& m : all) {
        tuple_of_values values;
        for (const auto& name : held) {
            const auto v = m.f->at(name);
            values.push_back(v.missing() ? std::nullopt : std::optional(text_of(v)));
        }
        carried.push_back(values);
        const bool complete = std::find(values.begin(), values.end(), std::nullopt) == values.end();
        if (complete && m.fills_any()) out[values];
    }
    for (auto& [values, stream] : out)
        for (std::size_t i = 0; i < all.size(); ++i) {
            bool agrees = true, complete = true;
            for (std::size_t a = 0; a < values.size(); ++a) {
                agrees = agrees && (!carried[i][a] || carried[i][a] == values[a]);
                complete = complete && carried[i][a];
            }
            if (!agrees) continue;
            stream.push_back(all[i]);
            if (!complete) stream.back().fills.assign(stream.back().fills.size(), false);
        }
    return out;
}

// What the tables need to know of a chain that counts.
struct outcome {
    std::vector<const fact*> filled{};  ///< by written step; nullptr: not filled
    std::string group{};
    std::optional<bucket> began{};
    bool disputed = false;
    bool in_whole = true, in_group = true, in_total = true, in_bucket = true;
};

std::optional<std::string> text_at(const fact& f, const std::string& attribute) {
    const auto value = f.at(attribute);
    return value.missing() ? std::nullopt : std::optional(text_of(value));
}

// As many optional steps as can be between two steps of a chain, the earlier ones first, by the earliest
// facts.
void fill_optional(const question& asked, const marks& all, const chain& c, std::size_t behind,
                   std::vector<const fact*>& filled) {
    const fact &before = *c[behind - 1], &after = *c[behind];
    std::vector<std::size_t> steps;
    for (std::size_t k = 0; k < asked.funnel.steps.size(); ++k)
        if (asked.funnel.steps[k].optional && asked.level_of(k) == static_cast<int>(behind))
            steps.push_back(k);
    std::vector<const mark*> between;
    for (const mark& m : all) {
        if (asked.planted != fault::optional_counts_used && std::find(c.begin(), c.end(), m.f) != c.end())
            continue;
        const auto& f = *m.f;
        bool lies = f.time >= before.time && f.time <= after.time;
        if (asked.in_arrival_order()) lies = f.rank() >= before.rank() && f.rank() <= after.rank();
        if (asked.funnel.ties == weir::ties::strictly_later)
            lies = f.time > before.time && f.time < after.time;
        if (lies) between.push_back(&m);
    }
    // Each assignment, as places per step; the best fills the first steps, then with the first facts.
    std::vector<std::size_t> current(steps.size()), best;
    const std::size_t none = between.size();
    const std::function<void(std::size_t)> assign = [&](std::size_t k) {
        if (k == steps.size()) {
            const auto key = [&](const std::vector<std::size_t>& v) {
                std::vector<int> unfilled;
                for (const auto i : v) unfilled.push_back(i == none ? 1 : 0);
                return std::pair(unfilled, v);
            };
            if (best.empty() || key(current) < key(best)) best = current;
            return;
        }
        for (std::size_t i = 0; i <= none; ++i) {
            if (i < none && (!between[i]->fills[steps[k]] ||
                             std::find(current.begin(), current.begin() + static_cast<std::ptrdiff_t>(k),
                                       i) != current.begin() + static_cast<std::ptrdiff_t>(k)))
                continue;
            current[k] = i;
            assign(k + 1);
        }
    };
    assign(0);
    for (std::size_t k = 0; k < steps.size(); ++k)
        if (best[k] != none) filled[steps[k]] = between[best[k]]->f;
}

outcome outcome_of(const question& asked, const story& facts, const best_of& found) {
    const auto& q = asked.funnel;
    const chain& witness = found.best;
    outcome o;
    o.filled.assign(q.steps.size(), nullptr);
    for (std::size_t k = 0; k < q.steps.size(); ++k) {
        const auto level = static_cast<std::size_t>(asked.level_of(k));
        if (!q.steps[k].optional && level <= witness.size()) o.filled[k] = witness[level - 1];
    }
    for (std::size_t level = 1; level < witness.size(); ++level)
        fill_optional(asked, found.stream, witness, level, o.filled);
    if (q.bucket.unit != weir::calendar_unit::none)
        o.began = bucket_at(witness.front()->time, q.bucket, asked.planted);
    using kind = weir::by_value::kind;
    if (q.by.empty() || q.by_value.which() == kind::each_value) return o;
    std::optional<std::string> value;
    if (q.by_value.which() == kind::first_touch || q.by_value.which() == kind::last_touch) {
        const auto t = touch_of(facts, q.by, q.by_value.which() == kind::first_touch, witness.back()->time);
        value = t.value;
        o.disputed = t.disputed;
    } else {
        const auto step = static_cast<std::size_t>(asked.level_of(
            q.by_value.which() == kind::at_step ? static_cast<std::size_t>(q.by_value.step() - 1) : 0));
        if (step <= witness.size()) {
            value = text_at(*witness[step - 1], q.by);
            if (!asked.in_arrival_order())
                for (const chain& c : found.alike)
                    o.disputed = o.disputed || text_at(*c[step - 1], q.by) != value;
        }
    }
    o.group = value.value_or("(none)");
    return o;
}

// The best of several, and whether another of its times would be of another group.
outcome first_of(const question& asked, const story& facts, const std::vector<const best_of*>& found) {
    const best_of* best = found.front();
    for (const best_of* f : found)
        if (better(asked, f->best, best->best)) best = f;
    outcome o = outcome_of(asked, facts, *best);
    if (!asked.in_arrival_order())
        for (const best_of* f : found) {
            if (times_of(f->best) != times_of(best->best)) continue;
            const outcome other = outcome_of(asked, facts, *f);
            o.disputed = o.disputed || other.disputed || other.group != o.group;
        }
    return o;
}

void add_outcomes(const question& asked, const story& facts, const finding& found, const outcome& where,
                  const std::string* group, std::vector<outcome>& out) {
    if (found.entries.empty()) return;
    const auto add = [&](outcome o, bool in_total, bool in_bucket) {
        o.in_whole = where.in_whole;
        o.in_group = where.in_group;
        if (group != nullptr) o.group = *group;
        o.in_total = in_total;
        o.in_bucket = in_bucket;
        out.push_back(std::move(o));
    };
    std::vector<const best_of*> entries;
    for (const auto& e : found.entries) entries.push_back(&e);
    if (asked.counts_entries()) {
        for (const best_of* e : entries) add(outcome_of(asked, facts, *e), true, true);
        return;
    }
    const bool every =
        asked.funnel.entry == weir::entry::every && asked.funnel.bucket.unit != weir::calendar_unit::none;
    add(first_of(asked, facts, entries), true, !every);
    if (!every) return;
    std::map<micros, std::vector<const best_of*>> buckets;
    for (const best_of* e : entries)
        buckets[bucket_at(e->best.front()->time, asked.funnel.bucket, asked.planted).begin].push_back(e);
    for (const auto& [begin, inside] : buckets) add(first_of(asked, facts, inside), false, true);
}

// Attributes of which a fact of a step or an exclusion read a latest value that arrival decided; up to a time
// if what follows changes nothing.
std::set<std::string> disputed_reads(const question& asked, const story& facts, std::optional<micros> until) {
    std::set<std::string> out;
    const auto read = [&](const weir::names& names, const criterion& where) {
        for (const std::string& attribute : where.of_lead())
            for (const fact& f : facts) {
                if (until && f.time > *until) continue;
                if (std::find(names.begin(), names.end(), f.name) == names.end()) continue;
                if (latest_is_disputed(facts, attribute, f.time)) out.insert(attribute);
            }
    };
    for (std::size_t k = 0; k < asked.funnel.steps.size(); ++k) {
        const auto& s = asked.funnel.steps[k];
        if (s.members.empty()) read(s.event, asked.wheres[k].front());
        for (std::size_t m = 0; m < s.members.size(); ++m) read(s.members[m].event, asked.wheres[k][m]);
    }
    for (std::size_t x = 0; x < asked.funnel.exclude.size(); ++x)
        read(asked.funnel.exclude[x].event, asked.excluded[x]);
    return out;
}

std::size_t required_before(const weir::funnel& q, std::size_t step) {
    while (step > 0)
        if (!q.steps[--step].optional) break;
    return step;
}

void add_rows(sheet& s, const weir::funnel& q, const std::vector<const outcome*>& leads,
              const std::optional<std::string>& group, const std::optional<std::string>& bucket_label) {
    std::vector<std::int64_t> reached(q.steps.size(), 0);
    std::vector<std::vector<std::int64_t>> waits(q.steps.size());
    for (const outcome* o : leads) {
        for (std::size_t k = 0; k < o->filled.size(); ++k) {
            if (o->filled[k] == nullptr) continue;
            ++reached[k];
            if (k > 0) waits[k].push_back(wait(o->filled[required_before(q, k)]->time, o->filled[k]->time));
        }
    }
    const auto rate_of = q.counting == weir::counting::entries ? of_dependent : of_independent;
    for (std::size_t k = 0; k < q.steps.size(); ++k) {
        const std::string name =
            q.order == weir::order::any_order ? "any-" + std::to_string(k + 1) : q.steps[k].name;
        std::vector<weir::cell> row{optional_text(group)};
        if (q.bucket.unit != weir::calendar_unit::none) row.push_back(optional_text(bucket_label));
        row.insert(row.end(),
                   {static_cast<std::int64_t>(k + 1), name, reached[k], rate_of(reached[k], reached[0]),
                    rate_of(reached[k], reached[required_before(q, k)]), quantile(waits[k], 50),
                    quantile(waits[k], 90)});
        s.rows.push_back(std::move(row));
    }
}

// Rows over all buckets, then bucket by bucket.
void add_part(sheet& s, const weir::funnel& q, const std::vector<const outcome*>& leads,
              const std::optional<std::string>& group) {
    std::vector<const outcome*> total;
    std::map<micros, std::string> buckets;
    for (const outcome* o : leads) {
        if (o->in_total) total.push_back(o);
        if (o->began && o->in_bucket) buckets[o->began->begin] = o->began->label;
    }
    add_rows(s, q, total, group, std::nullopt);
    for (const auto& [begin, label] : buckets) {
        std::vector<const outcome*> inside;
        for (const outcome* o : leads)
            if (o->began->begin == begin && o->in_bucket) inside.push_back(o);
        add_rows(s, q, inside, group, label);
    }
}

story readable(const story& facts, micros as_of, fault planted) {
    story out;
    for (const fact& f : facts)
        if ((!f.hidden || planted == fault::hidden_events_count) && f.time <= as_of) out.push_back(f);
    return out;
}

// The facts of all leads of an account in one story; of equal times those of the smaller key come first.
people accounts_of(const people& all, const weir::funnel& q, micros as_of, fault planted, verdict& v) {
    std::map<std::string, std::vector<std::pair<std::string, fact>>> found;
    for (const auto& [lead, facts] : all) {
        const story seen = readable(facts, as_of, planted);
        if (seen.empty()) continue;
        const auto t = touch_of(seen, q.account, false, as_of);
        if (t.disputed) ++v.disputed[q.account];
        if (!t.value) {
            ++v.without_account;
            continue;
        }
        for (const fact& f : facts) found[*t.value].emplace_back(lead, f);
    }
    people out;
    for (auto& [account, facts] : found) {
        std::stable_sort(facts.begin(), facts.end(), [](const auto& a, const auto& b) {
            return std::tie(a.second.time, a.first) < std::tie(b.second.time, b.first);
        });
        for (auto& [lead, f] : facts) {
            f.arrival = static_cast<std::int64_t>(out[account].size());
            out[account].push_back(f);
        }
    }
    return out;
}

}  // namespace

people accounts_of(const people& all, const weir::funnel& q, micros as_of) {
    verdict unused;
    return accounts_of(all, q, as_of, fault::none, unused);
}

verdict ask(const people& everybody, const weir::funnel& q, std::optional<micros> as_of, fault planted) {
    question asked{q, {}, {}, as_of.value_or(0), planted, {}};
    for (const auto& s : q.steps) {
        auto& wheres = asked.wheres.emplace_back();
        if (s.members.empty()) wheres.emplace_back(to_string(s.where));
        for (const auto& m : s.members) wheres.emplace_back(to_string(m.where));
    }
    for (const auto& x : q.exclude) asked.excluded.emplace_back(to_string(x.where));
    expand(asked);
    const std::vector<std::string> held(q.hold.begin(), q.hold.end());
    const bool each = !q.by.empty() && q.by_value.which() == weir::by_value::kind::each_value;

    verdict v;
    v.as_of = as_of;
    v.period_open = as_of && q.period.until && q.period.until->time_since_epoch().count() > *as_of;
    const bool of_accounts = as_of && q.counting == weir::counting::accounts;
    const people all = of_accounts ? accounts_of(everybody, q, *as_of, planted, v) : everybody;
    people read;
    std::vector<outcome> outcomes;
    for (const auto& [lead, facts] : all) {
        if (!as_of) break;
        const story& seen = read[lead] = readable(facts, *as_of, planted);
        const marks marked = mark_all(asked, seen);
        finding whole;
        for (const auto& [values, stream] : streams_of(asked, marked, held)) find(asked, stream, whole);
        const bool stops = whole.complete && q.entry != weir::entry::first && !asked.counts_entries() &&
                           held.empty() && !each &&
                           (q.entry == weir::entry::best || q.bucket.unit == weir::calendar_unit::none);
        const auto until = stops ? std::optional(whole.entries.front().best.back()->time) : std::nullopt;
        std::set<std::string> disputed = disputed_reads(asked, seen, until);
        if (whole.excluded && !whole.complete) {
            ++v.excluded;
            whole.entries.clear();
        }
        const std::size_t before = outcomes.size();
        outcome where;
        where.in_group = !each && !q.by.empty();
        add_outcomes(asked, seen, whole, where, nullptr, outcomes);
        if (each) {
            std::vector<std::string> with = held;
            with.push_back(q.by);
            std::map<std::string, finding> groups;
            for (const auto& [values, stream] : streams_of(asked, marked, with))
                find(asked, stream, groups[values.empty() ? "" : *values.back()]);
            where.in_group = true;
            where.in_whole = false;
            for (auto& [name, found] : groups) {
                if (found.excluded && !found.complete) found.entries.clear();
                add_outcomes(asked, seen, found, where, &name, outcomes);
            }
        }
        for (std::size_t i = before; i < outcomes.size(); ++i)
            if (outcomes[i].disputed) disputed.insert(q.by);
        for (const auto& attribute : disputed)
            if (planted != fault::arrival_not_told) ++v.disputed[attribute];
    }
    sheet steps{"steps", {"group"}, {}};
    if (q.bucket.unit != weir::calendar_unit::none) steps.columns.push_back("bucket");
    const std::string counted = asked.counts_entries()                   ? "entries"
                                : q.counting == weir::counting::accounts ? "accounts"
                                                                         : "leads";
    for (const std::string& c :
         {std::string("step"), std::string("name"), counted, std::string("of_first"),
          std::string("of_previous"), std::string("median_wait"), std::string("p90_wait")})
        steps.columns.push_back(c);

    std::vector<const outcome*> whole;
    std::map<std::pair<bool, std::string>, std::vector<const outcome*>> groups;  // (none) last
    for (const outcome& o : outcomes) {
        if (o.in_whole) whole.push_back(&o);
        if (o.in_group) groups[{o.group == "(none)", o.group}].push_back(&o);
    }
    add_part(steps, q, whole, std::nullopt);
    for (const auto& [name, leads] : groups) add_part(steps, q, leads, name.second);
    v.sheets = {std::move(steps)};
    return v;
}

}  // namespace oracle
