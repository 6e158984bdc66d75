// What must hold between the answers of related worlds and questions, whatever the numbers.
#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

#include "agreement.hpp"
#include "catch.hpp"

namespace {

using namespace weir_test;
using weir::duration;
using weir::instant;

constexpr int worlds = 800;
constexpr std::uint64_t first_seed = 50'000'000;

// What a property says of a world.
struct verdict {
    std::string wrong{};
    bool asked = true;
};
verdict not_asked() { return {{}, false}; }
verdict must(bool holds, const char* what) { return {holds ? "" : what}; }

// The first world of which a property does not hold, or ""; counts those to which it could be put.
template <class World, class Property>
std::string exception_to(World (*make)(std::uint64_t), Property&& property, int& asked) {
    for (int i = 0; i < worlds; ++i) {
        const std::uint64_t seed = first_seed + static_cast<std::uint64_t>(i);
        const World w = make(seed);
        dice d(~seed);
        const verdict v = property(w, d);
        if (!v.wrong.empty()) return "world " + std::to_string(seed) + ": " + v.wrong + "\n" + print(w);
        asked += v.asked ? 1 : 0;
    }
    return "";
}
template <class World, class Property> void for_worlds(World (*make)(std::uint64_t), Property&& property) {
    int asked = 0;
    const std::string found = exception_to(make, property, asked);
    if (!found.empty()) FAIL(found);
    CHECK(asked > worlds / 10);
}
template <class World, class Property>
void not_for_worlds(World (*make)(std::uint64_t), Property&& property) {
    int asked = 0;
    CHECK_FALSE(exception_to(make, property, asked).empty());
}

std::vector<std::int64_t> leads_of(const weir::funnel_table& t,
                                   const std::optional<std::string>& group = {}) {
    std::vector<std::int64_t> leads;
    for (const auto& r : t.rows)
        if (r.group == group && !r.bucket) leads.push_back(r.leads);
    return leads;
}
std::vector<std::int64_t> leads_of(const funnel_world& w) { return leads_of(*ask(w).funnel); }

bool at_most(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](auto x, auto y) { return x <= y; });
}
bool reads_lead(const weir::funnel& f) {
    return std::any_of(f.steps.begin(), f.steps.end(),
                       [](const auto& s) { return to_string(s.where).find("lead.") != std::string::npos; });
}
bool by_touch(const weir::funnel& f) {
    return !f.by.empty() &&
           (f.by_value == weir::by_value::first_touch || f.by_value == weir::by_value::last_touch);
}

weir::event any_event(dice& d, const world& w) {
    weir::event e = d.pick(w.events);
    e.id.clear();
    e.time = std::clamp(e.time, instant::min() + 3 * w.tick, instant::max() - 3 * w.tick) +
             (d.below(7) - 3) * w.tick;
    e.attributes = make_attributes(d);
    return e;
}

std::optional<instant> last_of(const lifecycle_world& w) { return make_store(w).snapshot().last(); }

}  // namespace

TEST_CASE("property: counts of a funnel never rise along its steps, and groups sum to the whole") {
    for_worlds(make_funnel_world, [](const funnel_world& w, dice&) {
        const auto t = *ask(w).funnel;
        std::map<std::pair<std::optional<std::string>, std::optional<std::string>>, std::int64_t> above;
        std::map<int, std::int64_t> whole, groups;
        for (const auto& r : t.rows) {
            const auto part = above.try_emplace({r.group, r.bucket}, r.leads).first;
            if (r.leads > part->second) return verdict{"a count rises"};
            part->second = r.leads;
            if (!r.bucket) (r.group ? groups : whole)[r.step] += r.leads;
        }
        return must(groups.empty() || groups == whole, "the groups do not sum to the whole");
    });
}

TEST_CASE("property: a wider window or period never lowers a level") {
    for_worlds(make_funnel_world, [](const funnel_world& w, dice& d) {
        const auto before = leads_of(w);
        funnel_world wider = w;
        if (w.funnel.within)
            wider.funnel.within = *w.funnel.within + d.below(3) * w.tick + duration{d.below(2)};
        if (!at_most(before, leads_of(wider))) return verdict{"the window"};
        wider.funnel.within.reset();
        if (d.chance(50)) wider.funnel.period.from.reset();
        if (d.chance(50)) wider.funnel.period.until.reset();
        return must(at_most(before, leads_of(wider)), "the period");
    });
}

TEST_CASE("property: another event or a later as_of never lowers a level") {
    for_worlds(make_funnel_world, [](const funnel_world& w, dice& d) {
        if (w.events.empty() || reads_lead(w.funnel)) return not_asked();
        funnel_world more = w;
        if (w.funnel.as_of) {
            more.funnel.as_of.reset();
            if (!at_most(leads_of(w), leads_of(more))) return verdict{"as_of"};
        }
        const auto before = leads_of(more);
        more.events.push_back(any_event(d, w));
        return must(at_most(before, leads_of(more)), "an event");
    });
}

TEST_CASE("property: the leads of two worlds add up") {
    for_worlds(make_funnel_world, [](const funnel_world& w, dice&) {
        funnel_world odd = w, even = w;
        const auto is_odd = [](const weir::event& e) { return (e.lead.key().back() - '0') % 2 == 1; };
        std::erase_if(odd.events, [&](const auto& e) { return !is_odd(e); });
        std::erase_if(even.events, is_odd);
        const auto last = make_store(w).snapshot().last();
        if (!last || odd.events.empty() || even.events.empty()) return not_asked();
        for (auto* half : {&odd, &even}) half->funnel.as_of = w.funnel.as_of ? w.funnel.as_of : last;
        auto sum = leads_of(odd);
        const auto other = leads_of(even);
        std::transform(sum.begin(), sum.end(), other.begin(), sum.begin(), std::plus<>());
        return must(sum == leads_of(w), "they do not");
    });
}

TEST_CASE("property: a shift of all times shifts times only") {
    for_worlds(make_funnel_world, [](const funnel_world& w, dice& d) {
        const bool extreme = std::any_of(w.events.begin(), w.events.end(), [](const auto& e) {
            return e.time < instant{std::chrono::hours{-1'000'000}} ||
                   e.time > instant{std::chrono::hours{1'000'000}};
        });
        if (extreme || w.funnel.bucket != weir::calendar{}) return not_asked();
        const duration shift = std::chrono::hours{d.below(1000)} + duration{d.below(1000)};
        funnel_world shifted = w;
        for (auto& e : shifted.events) e.time += shift;
        for (auto* t : {&shifted.funnel.period.from, &shifted.funnel.period.until, &shifted.funnel.as_of})
            if (*t) **t += shift;
        return must(ask(shifted).funnel->rows == ask(w).funnel->rows, "more than times changed");
    });
}

TEST_CASE("property: events after as_of, and events of no step, change no row") {
    for_worlds(make_funnel_world, [](const funnel_world& w, dice& d) {
        const auto last = make_store(w).snapshot().last();
        if (!last) return not_asked();
        funnel_world cut = w;
        cut.funnel.as_of = w.funnel.as_of ? *w.funnel.as_of : *last;
        const auto before = ask(cut).funnel->rows;
        funnel_world more = cut;
        if (*cut.funnel.as_of < instant::max()) {
            weir::event late = any_event(d, w);
            late.time = *cut.funnel.as_of + duration{1};
            more.events.push_back(late);
        }
        if (ask(more).funnel->rows != before) return verdict{"an event after as_of changes rows"};
        if (reads_lead(w.funnel) || by_touch(w.funnel)) return verdict{};
        weir::event other = any_event(d, w);
        other.name = "of no step";
        more.events.push_back(other);
        return must(ask(more).funnel->rows == before, "an event of no step changes rows");
    });
}

TEST_CASE("property: an erased lead was never there, and a repeated id never came") {
    for_worlds(make_lifecycle_world, [](const lifecycle_world& w, dice&) {
        lifecycle_world clean = w;
        std::set<std::string> ids;
        std::erase_if(clean.events, [&](const weir::event& e) {
            return w.erased.count(e.lead.key()) != 0 || (!e.id.empty() && !ids.insert(e.id).second);
        });
        clean.erased.clear();
        if (clean.events.size() == w.events.size()) return not_asked();
        return verdict{difference(ask(w), ask(clean))};
    });
}

TEST_CASE("property: every flow conserves its leads, and its outcomes sum to its entries") {
    for_worlds(make_lifecycle_world, [](const lifecycle_world& w, dice&) {
        const told t = ask(w);
        if (!t.flow) return not_asked();
        std::map<std::pair<std::optional<std::string>, std::optional<std::string>>, std::int64_t> in, out;
        for (const auto& r : t.flow->movement) {
            if (r.balance_until != r.balance_from + r.created + r.in - r.out - r.merged - r.erased)
                return verdict{"a balance of " + r.stage};
            in[{r.part.group, r.part.bucket}] += r.in;
            out[{r.part.group, r.part.bucket}] += r.out;
        }
        if (in != out) return verdict{"moves in are not moves out"};
        for (const auto* rows : {&t.flow->outcome, &t.flow->outcome_leads})
            for (const auto& r : *rows) {
                const auto exits = std::accumulate(r.exits.begin(), r.exits.end(), std::int64_t{0});
                if (r.entries != r.advanced + r.recycled + r.repeated + exits + r.merged + r.stalled + r.open)
                    return verdict{"the outcomes of " + r.stage};
            }
        return verdict{};
    });
}

TEST_CASE("property: who did not convert is lost, recycled, stalled or open, and all mature is observed") {
    for_worlds(make_lifecycle_world, [](const lifecycle_world& w, dice&) {
        const told t = ask(w);
        if (!t.flow) return not_asked();
        for (const auto& r : t.flow->conversion) {
            if (r.observed.of - r.observed.n != r.lost + r.recycled + r.stalled + r.open)
                return verdict{"the drop-off of " + r.from};
            if (r.basis == weir::basis::leads && r.recycled != 0) return verdict{"a lead is recycled"};
            if (r.mature.of > r.observed.of || r.mature.n > r.observed.n)
                return verdict{"more are mature than all"};
            if (w.flow.within && r.mature.of == r.observed.of && r.mature != r.observed)
                return verdict{"all are mature, and not as observed"};
        }
        return verdict{};
    });
}

TEST_CASE("property: the history at an earlier as_of is the later one, cut there") {
    for_worlds(make_lifecycle_world, [](const lifecycle_world& w, dice& d) {
        lifecycle_world early = w;
        const auto last = last_of(w);
        if (!last) return not_asked();
        early.scope.as_of = std::min(w.scope.as_of.value_or(*last), d.pick(w.events).time);
        early.flow.as_of = early.funnel.as_of = std::nullopt;
        const told late = ask(w), then = ask(early);
        if (!late.error.empty() || !then.error.empty()) return not_asked();
        for (std::size_t i = 0; i < late.histories.size(); ++i) {
            auto visits = late.histories[i].visits;
            auto violations = late.histories[i].violations;
            std::erase_if(visits, [&](const auto& v) { return v.from > *early.scope.as_of; });
            std::erase_if(violations, [&](const auto& v) { return v.time > *early.scope.as_of; });
            for (auto& v : visits)
                if (v.until && *v.until > *early.scope.as_of) v.until.reset();
            if (visits != then.histories[i].visits) return verdict{"visits"};
            if (violations != then.histories[i].violations) return verdict{"violations"};
        }
        // The same at the as_of of a question.
        lifecycle_world asked = w;
        asked.flow.as_of = asked.funnel.as_of = early.scope.as_of;
        const told by_question = ask(asked);
        return must(by_question.flow->movement == then.flow->movement &&
                        by_question.flow->outcome == then.flow->outcome &&
                        by_question.flow->conversion == then.flow->conversion &&
                        by_question.flow->stay == then.flow->stay &&
                        by_question.funnel->rows == then.funnel->rows,
                    "the as_of of the question is not that of the derivation");
    });
}

TEST_CASE("property: filling adds visits of no length, as many as were skipped past") {
    for_worlds(make_lifecycle_world, [](lifecycle_world w, dice&) {
        w.second.reset();
        w.flow.lifecycle.clear();
        w.flow.bucket = {};
        w.lifecycle.skipped = weir::skipped::keep_jump;
        const told kept = ask(w);
        w.lifecycle.skipped = weir::skipped::fill;
        told filled = ask(w);
        if (!kept.error.empty() || !filled.error.empty()) return not_asked();
        auto visits = filled.histories.front().visits;
        for (const auto& v : visits)
            if (v.filled && v.from != v.until) return verdict{"a filled visit lasts"};
        std::erase_if(visits, [](const auto& v) { return v.filled; });
        auto expected = kept.histories.front().visits;
        for (auto* list : {&visits, &expected})
            for (auto& v : *list) v.move = v.move == "recycle" || v.move == "reopen" ? v.move : "";
        if (visits != expected) return verdict{"the visits that were not filled"};
        if (kept.flow->outcome.size() != filled.flow->outcome.size()) return not_asked();
        for (std::size_t i = 0; i < kept.flow->outcome.size(); ++i)
            if (filled.flow->outcome[i].filled != kept.flow->outcome[i].skipped_past)
                return verdict{"filled visits of " + kept.flow->outcome[i].stage};
        return verdict{};
    });
}

TEST_CASE("property: lead, entry and stage name one visit") {
    for_worlds(make_lifecycle_world, [](const lifecycle_world& w, dice&) {
        const told t = ask(w);
        if (t.histories.empty()) return not_asked();
        for (const auto& h : t.histories) {
            std::set<std::tuple<std::string, std::int64_t, std::string>> seen;
            for (const auto& v : h.visits) {
                const bool exit = std::find(h.lifecycle.exits.begin(), h.lifecycle.exits.end(), v.stage) !=
                                  h.lifecycle.exits.end();
                if (!exit && !seen.emplace(v.lead.key(), v.entry, v.stage).second)
                    return verdict{v.lead.key() + " is twice in " + v.stage};
            }
        }
        return verdict{};
    });
}

TEST_CASE("property: a funnel from A to B or later counts the leads that the flow converts") {
    for_worlds(make_lifecycle_world, [](lifecycle_world w, dice& d) {
        const auto& stages = w.lifecycle.stages;
        // Stages of one instant entered as stored may come in any order; a funnel would put them in theirs.
        if (stages.size() < 2 || w.lifecycle.same_time == weir::same_time::in_arrival_order)
            return not_asked();
        w.second.reset();
        w.flow = {.period = w.flow.period, .as_of = w.flow.as_of};
        const int a = d.below(static_cast<int>(stages.size()) - 1);
        std::vector<std::string> later;
        for (std::size_t b = static_cast<std::size_t>(a) + 1; b < stages.size(); ++b)
            later.push_back(stages[b].name);
        w.funnel = {.steps = {stages[static_cast<std::size_t>(a)].name, weir::names(later)},
                    .period = w.flow.period,
                    .as_of = w.flow.as_of};
        const told t = ask(w);
        if (!t.error.empty()) return not_asked();
        const auto* conversion = t.flow->find(stages[static_cast<std::size_t>(a)].name, later.front());
        const auto leads = leads_of(*t.funnel);
        return must(leads == std::vector<std::int64_t>{conversion->observed.of, conversion->observed.n},
                    "they differ");
    });
}

TEST_CASE("property: claims that are wrong are refuted") {
    not_for_worlds(make_funnel_world, [](funnel_world w, dice&) {
        const auto before = leads_of(w);
        w.funnel.within = duration{0};
        return must(at_most(before, leads_of(w)), "a window of nothing lowers a level");
    });
    not_for_worlds(make_funnel_world, [](funnel_world w, dice& d) {
        const auto before = leads_of(w);
        if (w.events.empty()) return not_asked();
        w.events.push_back(any_event(d, w));
        return must(before == leads_of(w), "an event changes a level");
    });
    not_for_worlds(make_lifecycle_world, [](lifecycle_world w, dice&) {
        const told kept = ask(w);
        w.lifecycle.skipped = weir::skipped::reject;
        return verdict{difference(kept, ask(w))};
    });
    not_for_worlds(make_lifecycle_world, [](lifecycle_world w, dice&) {
        const told t = ask(w);
        w.erased.insert("lead 1");
        return verdict{difference(t, ask(w))};
    });
}
