// funnel_count.cpp - scans the leads, finds their chains, and adds up what they reach.
#include "funnel/funnel_count.hpp"

#include <algorithm>
#include <utility>

#include "funnel/lead_chain.hpp"
#include "scan/scan.hpp"

namespace weir::inline v1 {
namespace {

std::vector<std::string> held_by(const funnel& q, bool each_value) {
    std::vector<std::string> names(q.hold.begin(), q.hold.end());
    if (each_value) names.push_back(q.by);
    return names;
}

}  // namespace

funnel_counter::funnel_counter(const snapshot::impl& data, const funnel& q, std::int64_t as_of, int threads,
                               std::optional<std::vector<std::uint32_t>> only)
    : data_(data),
      q_(q),
      as_of_(as_of),
      only_(std::move(only)),
      bucketed_(q.bucket.unit != calendar_unit::none),
      plan_(q),
      matcher_(data, q, plan_),
      attribute_(data, q.by) {
    const bucketer buckets(bucketed_ ? q.bucket : calendar{});
    for (int w = 0; w < threads; ++w)
        workers_.push_back({entry_finder(plan_.rules()), buckets, funnel_tallies(plan_.size()),
                            funnel_tallies(plan_.size()), held_values(data, held_by(q, false)),
                            held_values(data, held_by(q, by_each_value()))});
    groups_.assign(workers_.size(), group_set(attribute_, q.max_groups));
    const entry_rules& rules = plan_.rules();
    plainly_ = plan_.as_written() && rules.entry != weir::entry::every && !rules.passages &&
               !rules.disqualify && !holds() && !q_.list && q_.histogram.empty() &&
               matcher_.lead_reads().empty();
}

std::string funnel_counter::run() {
    const scan_options options{.as_of = as_of_,
                               .segments = needed_segments(),
                               .only = only_,
                               .threads = static_cast<int>(workers_.size()),
                               .events = needed_events(),
                               .filter = filter()};
    const scan_result done = scan(
        data_, options, [this](int w, const lead_rows& lead) { count(static_cast<std::size_t>(w), lead); },
        [this](int w, const first_events& firsts) { count_firsts(static_cast<std::size_t>(w), firsts); });
    if (done.counted > 0) workers_.front().tallies.of(0).add_first_steps(done.counted);
    for (std::size_t w = 0; w < workers_.size(); ++w) add_codes(w);
    return plan_note(data_, options, done);
}

listed_lead funnel_counter::describe(const listed& l, std::size_t w) const {
    listed_lead out{.lead = data_.lead_key(l.lead)};
    if (!q_.by.empty() && !by_each_value()) out.group = groups_[w].texts()[l.group];
    out.step = q_.order == order::any_order ? l.level : plan_.steps_done(l.level);
    out.first = instant{duration{l.first}};
    out.last = instant{duration{l.last}};
    return out;
}

// What has to be read
// ------------------------------------------------------------------------------------------

bool funnel_counter::by_touch() const {
    const auto which = q_.by_value.which();
    return !q_.by.empty() && (which == by_value::kind::first_touch || which == by_value::kind::last_touch);
}

// Whose event decides the group, if no touch does.
std::size_t funnel_counter::group_step() const {
    const bool at_step = q_.by_value.which() == by_value::kind::at_step;
    return at_step ? static_cast<std::size_t>(q_.by_value.step() - 1) : 0;
}

bool funnel_counter::reads_all_events() const {
    return !matcher_.lead_reads().empty() || matcher_.every_event_matters() || by_touch();
}

event_set funnel_counter::needed_events() const {
    return reads_all_events() ? event_set{} : matcher_.events();
}

// Those with an event that can matter; all of them where any event of the lead may.
std::vector<bool> funnel_counter::needed_segments() const {
    if (reads_all_events()) return {};
    std::vector<bool> needed;
    for (const auto& s : data_.segments)
        needed.push_back(std::any_of(s->event_counts.begin(), s->event_counts.end(),
                                     [this](const auto& count) { return matcher_.matters(count.first); }));
    return needed;
}

// A lead without an event of step 1 has no chain. One without an event of step 2 has a chain of one event,
// its first of step 1 in the period, unless more than the name is asked of that, or more than one of its
// chains counts. Where a condition reads the lead, every lead is read, to say where arrival decided.
lead_filter funnel_counter::filter() const {
    if (!matcher_.lead_reads().empty()) return {};
    const entry_rules& rules = plan_.rules();
    if (q_.order == order::any_order) {
        event_set any(data_.event_counts().size());
        for (std::size_t k = 0; k < plan_.size(); ++k) {
            const event_set named = matcher_.events_of(k);
            for (std::size_t e = 0; e < any.size(); ++e)
                if (named[e]) any[e] = true;
        }
        return {.first = any, .from = rules.chain.from, .until = rules.chain.until};
    }
    lead_filter f{.first = matcher_.events_of(0), .from = rules.chain.from, .until = rules.chain.until};
    if (!q_.steps.front().members.empty()) return f;
    if (rules.chain.steps > 1) f.second = matcher_.events_of(plan_.written(1));
    const bool name_decides = q_.steps.front().where.always();
    const bool one_chain = rules.entry != weir::entry::every && !rules.passages && !rules.disqualify &&
                           !rules.window_funnel && !holds();
    const bool counts_alone = !q_.list && q_.histogram.empty();
    const bool one_part = q_.by.empty() && !bucketed_;
    if (name_decides && one_chain && counts_alone)
        f.stops = one_part && !only_ ? lead_filter::stopping::counted : lead_filter::stopping::first_instant;
    return f;
}

// Leads that stop at step 1
// ------------------------------------------------------------------------------------

// Most leads do step 1 and no more; the rows end with the instant of that.
void funnel_counter::count_stopped(std::size_t w, std::span<const row> rows) {
    touch t;
    if (!q_.by.empty()) t = touch_of(rows, rows.back().time);
    if (t.disputed) ++workers_[w].disputed[q_.by];
    add_stopped(w, t.value, rows.back().time);
}

// The same, where step 1 comes first of all and alone.
void funnel_counter::count_firsts(std::size_t w, const first_events& firsts) {
    const bool reads = !q_.by.empty() && (by_touch() || group_step() == 0);
    if (reads && !bucketed_)
        if (const segment_column* const texts = attribute_.texts_in(firsts.segment))
            if (code_counts::may_count(*texts)) return workers_[w].codes.count(*texts, firsts.rows);
    const auto times = data_.segments[firsts.segment]->times.look();
    for (const std::uint32_t r : firsts.rows)
        add_stopped(w, reads ? attribute_.at(firsts.segment, r) : datum{}, times[r]);
}

void funnel_counter::add_codes(std::size_t w) {
    const code_counts& codes = workers_[w].codes;
    for (std::size_t c = 0; c < codes.size(); ++c)
        if (codes[c] > 0)
            workers_[w].tallies.of(group_number(w, codes.value(c), codes[c])).add_first_steps(codes[c]);
}

void funnel_counter::add_stopped(std::size_t w, const datum& value, std::int64_t time) {
    worker& me = workers_[w];
    const std::size_t group = q_.by.empty() ? 0 : group_number(w, value);
    me.tallies.of(group, {bucketed_ ? me.buckets.begin_of(time) : 0}).add_first_steps(1);
}

std::size_t funnel_counter::group_number(std::size_t w, const datum& value, std::int64_t n) {
    const std::size_t group = groups_[w].number_of(value);
    if (!value.missing() && groups_[w].is_none(group)) workers_[w].read_none += n;
    return group;
}

// All others
// ------------------------------------------------------------------------------------------

void funnel_counter::count(std::size_t w, const lead_rows& lead) {
    if (lead.stops && (q_.by.empty() || by_touch())) return count_stopped(w, lead.rows);
    worker& me = workers_[w];
    me.lead = lead.lead;
    me.roles.clear();
    if (matcher_.only_fills() && !holds()) {
        me.finder.clear(plainly_ ? matcher_.most_steps(lead.rows) : max_steps);
        for (std::size_t i = 0; i < lead.rows.size(); ++i) {
            const std::uint64_t steps = matcher_.fills(lead.rows, i);
            if (steps != 0 && !me.finder.add({lead.rows[i].time, steps, static_cast<std::uint32_t>(i)}))
                break;
        }
    } else {
        for (std::size_t i = 0; i < lead.rows.size(); ++i)
            if (const auto r = matcher_.role_of(lead.rows, i); r.matters()) me.roles.push_back(r);
        matcher_.order_ties(me.roles);
        if (!holds()) feed(me.finder, me.optional, me.roles);
    }
    if (plainly_) return count_plainly(w, lead.rows);
    std::set<std::string> disputed;
    count_chains(w, lead.rows, disputed);
    for (const auto& attribute : disputed) ++me.disputed[attribute];
}

// Where one chain counts, and no more than its steps.
void funnel_counter::count_plainly(std::size_t w, std::span<const row> rows) {
    worker& me = workers_[w];
    const auto chains = me.finder.find();
    if (chains.empty()) return;
    const counted_chain& chain = chains.front();
    const std::int64_t bucket = bucketed_ ? me.buckets.begin_of(rows[chain.ids.front()].time) : 0;
    std::size_t group = 0;
    if (!q_.by.empty()) {
        const touch t = group_of(me, chain, rows);
        if (t.disputed) ++me.disputed[q_.by];
        group = group_number(w, t.value);
    }
    me.tallies.of(group, {bucket}).add(chain.ids, rows);
}

void funnel_counter::count_chains(std::size_t w, std::span<const row> rows, std::set<std::string>& disputed) {
    worker& me = workers_[w];
    found all;
    if (!holds()) {
        add_entries(me, rows, all);
    } else if (q_.hold.empty()) {
        find_entries(me, me.roles, rows, all);
    } else {
        me.held.for_streams(matcher_, rows, me.roles,
                            [&](std::span<const step_matcher::role> stream, const datum&) {
                                find_entries(me, stream, rows, all);
                            });
    }
    const entry_rules& rules = plan_.rules();
    const bool ends = all.complete && rules.entry == weir::entry::best && !rules.passages && !holds();
    if (!matcher_.lead_reads().empty())
        disputed = disputed_reads(ends ? up_to(rows, rows[all.entries.front().ids.back()].time) : rows);
    if (all.excluded && !all.complete) {
        ++me.excluded;
        all.entries.clear();
    }
    if (by_each_value()) {
        count_found(me, me.whole, all, {.in_group = false}, w, rows, disputed);
        count_each_value(w, rows, disputed);
    } else {
        count_found(me, me.tallies, all, {}, w, rows, disputed);
    }
}

void funnel_counter::count_each_value(std::size_t w, std::span<const row> rows,
                                      std::set<std::string>& disputed) {
    worker& me = workers_[w];
    std::map<std::size_t, found> by_group;  // a value without a chain makes none
    me.each.for_streams(matcher_, rows, me.roles,
                        [&](std::span<const step_matcher::role> stream, const datum& value) {
                            found one;
                            find_entries(me, stream, rows, one);
                            if (one.entries.empty()) return;
                            found& own = by_group[group_number(w, value)];
                            for (counted& e : one.entries) {
                                e.value = value;
                                own.entries.push_back(std::move(e));
                            }
                            own.complete = own.complete || one.complete;
                            own.excluded = own.excluded || one.excluded;
                        });
    if (!by_group.empty()) me.met.resize(groups_[w].texts().size());
    for (auto& [group, own] : by_group) {
        ++me.met[group];
        if (own.excluded && !own.complete) own.entries.clear();
        count_found(me, me.tallies, own, {.in_whole = false}, w, rows, disputed);
    }
}

void funnel_counter::find_entries(worker& me, std::span<const step_matcher::role> stream,
                                  std::span<const row> rows, found& all) const {
    feed(me.finder, me.optional, stream);
    add_entries(me, rows, all);
}

// The chains that the finder has found.
void funnel_counter::add_entries(worker& me, std::span<const row> rows, found& all) const {
    for (const counted_chain& chain : me.finder.find()) {
        counted e{chain.ids};
        plan_.place(chain.ids, me.optional, rows, e.filled);
        if (!q_.by.empty() && !by_each_value()) {
            const touch t = group_of(me, chain, rows);
            e.value = t.value;
            e.disputed = t.disputed;
        }
        if (bucketed_) e.bucket = me.buckets.begin_of(rows[chain.ids.front()].time);
        all.complete = all.complete || chain.where.level == plan_.rules().chain.steps;
        all.entries.push_back(std::move(e));
    }
    all.excluded = all.excluded || me.finder.excluded();
}

// Which of the chains found count
// ---------------------------------------------------------------------------------

void funnel_counter::count_found(worker& me, funnel_tallies& tallies, const found& all, tally_key key,
                                 std::size_t w, std::span<const row> rows, std::set<std::string>& disputed) {
    if (all.entries.empty()) return;
    const auto add = [&](const counted& e, tally_key where, bool is_disputed) {
        if (is_disputed) disputed.insert(q_.by);
        where.bucket = e.bucket;
        const std::size_t group = q_.by.empty() || !where.in_group ? 0 : group_number(w, e.value);
        funnel_tally& t = tallies.of(group, where);
        t.add(plan_, e.filled, rows);
        const std::int64_t first = rows[e.ids.front()].time, last = rows[e.ids.back()].time;
        if (!q_.histogram.empty() && e.filled.rows.back() != filled_steps::none)
            t.durations.push_back(lasted(first, last));
        if (q_.list && where.in_whole && where.in_total && is_listed(e))
            me.list.push_back({me.lead, group, static_cast<int>(e.ids.size()), first, last});
    };
    if (plan_.rules().passages) {
        for (const counted& e : all.entries) add(e, key, e.disputed);
        return;
    }
    const bool every = plan_.rules().entry == weir::entry::every;
    const auto best = first_of(me, all.entries, rows);
    key.in_bucket = !every;
    add(*best.first, key, best.second);
    if (!every) return;
    // A lead counts once in each bucket in which one of its chains begins.
    std::map<std::int64_t, std::vector<counted>> by_bucket;
    for (const counted& e : all.entries) by_bucket[e.bucket].push_back(e);
    key.in_bucket = true;
    key.in_total = false;
    for (const auto& [bucket, inside] : by_bucket) {
        const auto own = first_of(me, inside, rows);
        add(*own.first, key, own.second);
    }
}

bool funnel_counter::is_listed(const counted& e) const {
    const auto reached = [&](std::size_t step) { return e.filled.rows[step] != filled_steps::none; };
    if (q_.list->at > 0) return reached(at(q_.list->at - 1));
    std::size_t next = at(q_.list->lost_after);
    while (plan_.is_optional(next)) ++next;
    return reached(at(q_.list->lost_after - 1)) && !reached(next);
}

// And whether another of the same times would put the lead into another group.
std::pair<const funnel_counter::counted*, bool> funnel_counter::first_of(const worker& me,
                                                                         std::span<const counted> all,
                                                                         std::span<const row> rows) const {
    const auto times = [&](const counted& e) {
        std::vector<std::int64_t> out;
        for (const std::uint32_t id : e.ids) out.push_back(rows[id].time);
        return out;
    };
    const auto comes_before = [&](const counted& a, const counted& b) {
        return counts_before(a.ids, b.ids, rows, me.roles);
    };
    const auto best = std::min_element(all.begin(), all.end(), comes_before);
    bool disputed = best->disputed;
    if (all.size() > 1 && q_.ties != ties::in_arrival_order && !q_.by.empty() && !by_each_value())
        for (const counted& e : all)
            if (times(e) == times(*best))
                disputed = disputed || e.disputed || attribute_.reads_otherwise(e.value, best->value);
    return {&*best, disputed};
}

touch funnel_counter::group_of(worker& me, const counted_chain& chain, std::span<const row> rows) const {
    if (by_touch()) return touch_of(rows, rows[chain.ids.back()].time);
    const int step = plan_.level(group_step()) - 1;
    if (at(step) >= chain.ids.size()) return {};
    const datum value = attribute_.at(rows[chain.ids[at(step)]]);
    return {value, me.finder.has_rival(chain, step, [&](std::uint32_t other) {
                return attribute_.reads_otherwise(value, attribute_.at(rows[other]));
            })};
}

touch funnel_counter::touch_of(std::span<const row> rows, std::int64_t end) const {
    const bool first = q_.by_value.which() == by_value::kind::first_touch;
    return first ? first_touch(attribute_, rows, end) : last_touch(attribute_, rows, end);
}

std::set<std::string> funnel_counter::disputed_reads(std::span<const row> rows) const {
    std::set<std::string> disputed;
    for (const auto& read : matcher_.lead_reads())
        if (matcher_.is_disputed(read, rows)) disputed.insert(read.attribute);
    return disputed;
}

}  // namespace weir::inline v1
