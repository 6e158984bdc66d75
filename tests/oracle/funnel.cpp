#include "oracle/funnel.hpp"

#include <algorithm>
#include <set>

#include "oracle/civil.hpp"

namespace oracle {
namespace {

using chain = std::vector<const fact*>;

struct question {
    const weir::funnel& funnel;
    std::vector<criterion> wheres{};
    micros as_of = 0;
    fault planted = fault::none;

    bool fills(const story& facts, const fact& f, std::size_t step) const {
        const auto& s = funnel.steps[step];
        if (std::find(s.event.begin(), s.event.end(), f.name) == s.event.end()) return false;
        return planted == fault::step_ignores_condition || satisfies(wheres[step], facts, f);
    }
    bool in_period(micros t) const {
        const auto& p = funnel.period;
        if (p.from && t < p.from->time_since_epoch().count()) return false;
        return !p.until || t < p.until->time_since_epoch().count();
    }
};

// Rules (1) to (4): the deeper chain, then the one that ends first, then the one that begins last, then the
// one of the earliest facts: the earliest times before the earliest arrivals, so that arrival moves no time.
bool better(const chain& a, const chain& b, fault planted) {
    if (a.size() != b.size()) return a.size() > b.size();
    if (a.empty()) return false;
    if (a.back()->time != b.back()->time) return a.back()->time < b.back()->time;
    if (a.front()->time != b.front()->time)
        return (a.front()->time > b.front()->time) != (planted == fault::witness_starts_early);
    for (std::size_t i = 0; i < a.size(); ++i)
        if (a[i]->time != b[i]->time) return a[i]->time < b[i]->time;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (a[i] != b[i]) return a[i]->rank() < b[i]->rank();
    return false;
}

// Every chain of a lead, step by step; keeps the best.
struct search {
    const question& asked;
    const story& facts;
    std::vector<std::vector<bool>> fills{};  // by step, by fact
    chain current{}, best{};

    void run() {
        for (std::size_t k = 0; k < asked.funnel.steps.size(); ++k) {
            fills.emplace_back();
            for (const fact& f : facts) fills[k].push_back(asked.fills(facts, f, k));
        }
        extend();
    }
    void extend() {
        if (better(current, best, asked.planted)) best = current;
        if (current.size() == asked.funnel.steps.size()) return;
        for (const fact& f : facts) {
            if (!may_follow(f)) continue;
            current.push_back(&f);
            extend();
            current.pop_back();
        }
    }
    bool may_follow(const fact& f) const {
        if (!fills[current.size()][static_cast<std::size_t>(&f - facts.data())]) return false;
        if (current.empty()) return asked.in_period(f.time);
        if (asked.planted == fault::period_clips_chain && !asked.in_period(f.time)) return false;
        const bool used = std::find(current.begin(), current.end(), &f) != current.end();
        if (used && asked.planted != fault::event_fills_two_steps) return false;
        if (f.time < current.back()->time) return false;
        if (asked.planted == fault::ties_not_arranged && f.rank() < current.back()->rank()) return false;
        if (!asked.funnel.within) return true;
        const auto span = gap(current.front()->time, f.time);
        const auto limit = static_cast<std::uint64_t>(asked.funnel.within->count());
        return asked.planted == fault::window_exclusive ? span < limit : span <= limit;
    }
};

// What the tables need to know of a lead that did step 1.
struct outcome {
    chain witness{};
    std::string group{};
    std::optional<bucket> began{};
    bool disputed = false;
};

std::optional<std::string> group_at(const chain& c, std::size_t step, const std::string& attribute) {
    const auto value = c[step]->at(attribute);
    return value.missing() ? std::nullopt : std::optional(text_of(value));
}

// What could stand at a step of the witness had equal times arrived otherwise: each chain of its times.
std::set<std::optional<std::string>> groups_at(const search& s, const chain& begun, std::size_t step,
                                               const std::string& attribute) {
    std::set<std::optional<std::string>> out;
    if (begun.size() == s.best.size()) return {group_at(begun, step, attribute)};
    for (const fact& f : s.facts) {
        if (f.time != s.best[begun.size()]->time) continue;
        if (!s.fills[begun.size()][static_cast<std::size_t>(&f - s.facts.data())]) continue;
        if (std::find(begun.begin(), begun.end(), &f) != begun.end()) continue;
        chain longer = begun;
        longer.push_back(&f);
        out.merge(groups_at(s, longer, step, attribute));
    }
    return out;
}

// Attributes of which a fact of a step read a latest value that arrival decided, up to the end of a complete
// chain.
std::set<std::string> disputed_reads(const question& asked, const story& facts, const chain& witness) {
    std::set<std::string> out;
    for (std::size_t k = 0; k < asked.funnel.steps.size(); ++k)
        for (const std::string& attribute : asked.wheres[k].of_lead())
            for (const fact& f : facts) {
                const auto& names = asked.funnel.steps[k].event;
                if (witness.size() == asked.funnel.steps.size() && f.time > witness.back()->time) continue;
                if (std::find(names.begin(), names.end(), f.name) == names.end()) continue;
                if (latest_is_disputed(facts, attribute, f.time)) out.insert(attribute);
            }
    return out;
}

outcome outcome_of(const question& asked, const search& s) {
    const story& facts = s.facts;
    chain witness = s.best;
    outcome o;
    const auto& q = asked.funnel;
    if (q.bucket.unit != weir::calendar_unit::none)
        o.began = bucket_at(witness.front()->time, q.bucket, asked.planted);
    if (!q.by.empty()) {
        using kind = weir::by_value::kind;
        std::optional<std::string> value;
        if (q.by_value.which() == kind::first_touch || q.by_value.which() == kind::last_touch) {
            const auto t =
                touch_of(facts, q.by, q.by_value.which() == kind::first_touch, witness.back()->time);
            value = t.value;
            o.disputed = t.disputed;
        } else {
            const auto step =
                static_cast<std::size_t>(q.by_value.which() == kind::at_step ? q.by_value.step() : 1);
            if (step <= witness.size()) {
                value = group_at(witness, step - 1, q.by);
                o.disputed = groups_at(s, {}, step - 1, q.by).size() > 1;
            }
        }
        o.group = value.value_or("(none)");
    }
    o.witness = std::move(witness);
    return o;
}

void add_rows(sheet& s, const weir::funnel& q, const std::vector<const outcome*>& leads,
              const std::optional<std::string>& group, const std::optional<std::string>& bucket_label) {
    std::vector<std::int64_t> reached(q.steps.size(), 0);
    std::vector<std::vector<std::int64_t>> waits(q.steps.size());
    for (const outcome* o : leads) {
        for (std::size_t k = 0; k < o->witness.size(); ++k) {
            ++reached[k];
            if (k > 0) waits[k].push_back(wait(o->witness[k - 1]->time, o->witness[k]->time));
        }
    }
    for (std::size_t k = 0; k < q.steps.size(); ++k) {
        std::vector<weir::cell> row{optional_text(group)};
        if (q.bucket.unit != weir::calendar_unit::none) row.push_back(optional_text(bucket_label));
        row.insert(row.end(), {static_cast<std::int64_t>(k + 1), q.steps[k].name, reached[k],
                               of_independent(reached[k], reached[0]),
                               of_independent(reached[k], reached[k == 0 ? 0 : k - 1]),
                               quantile(waits[k], 50), quantile(waits[k], 90)});
        s.rows.push_back(std::move(row));
    }
}

// Rows over all buckets, then bucket by bucket.
void add_part(sheet& s, const weir::funnel& q, const std::vector<const outcome*>& leads,
              const std::optional<std::string>& group) {
    add_rows(s, q, leads, group, std::nullopt);
    std::map<micros, std::string> buckets;
    for (const outcome* o : leads)
        if (o->began) buckets[o->began->begin] = o->began->label;
    for (const auto& [begin, label] : buckets) {
        std::vector<const outcome*> inside;
        for (const outcome* o : leads)
            if (o->began->begin == begin) inside.push_back(o);
        add_rows(s, q, inside, group, label);
    }
}

story readable(const story& facts, micros as_of, fault planted) {
    story out;
    for (const fact& f : facts)
        if ((!f.hidden || planted == fault::hidden_events_count) && f.time <= as_of) out.push_back(f);
    return out;
}

}  // namespace

verdict ask(const people& all, const weir::funnel& q, std::optional<micros> as_of, fault planted) {
    question asked{q, {}, as_of.value_or(0), planted};
    for (const auto& s : q.steps) asked.wheres.emplace_back(to_string(s.where));

    verdict v;
    v.as_of = as_of;
    v.period_open = as_of && q.period.until && q.period.until->time_since_epoch().count() > *as_of;
    people read;
    std::vector<outcome> outcomes;
    for (const auto& [lead, facts] : all) {
        if (!as_of) break;
        const story& seen = read[lead] = readable(facts, *as_of, planted);
        search s{asked, seen, {}, {}, {}};
        s.run();
        std::set<std::string> disputed = disputed_reads(asked, seen, s.best);
        if (!s.best.empty()) {
            outcomes.push_back(outcome_of(asked, s));
            if (outcomes.back().disputed) disputed.insert(q.by);
        }
        for (const auto& attribute : disputed)
            if (planted != fault::arrival_not_told) ++v.disputed[attribute];
    }
    sheet steps{"steps", {"group"}, {}};
    if (q.bucket.unit != weir::calendar_unit::none) steps.columns.push_back("bucket");
    for (const char* c : {"step", "name", "leads", "of_first", "of_previous", "median_wait", "p90_wait"})
        steps.columns.push_back(c);

    std::vector<const outcome*> whole;
    std::map<std::pair<bool, std::string>, std::vector<const outcome*>> groups;  // (none) last
    for (const outcome& o : outcomes) {
        whole.push_back(&o);
        if (!q.by.empty()) groups[{o.group == "(none)", o.group}].push_back(&o);
    }
    add_part(steps, q, whole, std::nullopt);
    for (const auto& [name, leads] : groups) add_part(steps, q, leads, name.second);
    v.sheets = {std::move(steps)};
    return v;
}

}  // namespace oracle
