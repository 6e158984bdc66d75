#include "world.hpp"

#include <algorithm>
#include <utility>

namespace weir_test {
namespace {

using weir::duration;
using weir::instant;

constexpr int instants = 8;

// Times of a world: few, so that ties are frequent; in some worlds hours or days apart, so that buckets
// differ.
struct time_line {
    instant origin{};
    duration tick{1};
    bool calendar = false, summer_time = false;

    instant at(int i) const { return origin + i * tick; }
    instant any(dice& d) const { return at(d.below(instants)); }
};

time_line make_time_line(dice& d) {
    if (d.chance(2)) return {instant::min(), duration{1}};
    if (d.chance(2)) return {instant::max() - duration{instants - 1}, duration{1}};
    if (d.chance(50)) return {instant{duration{d.below(3) - 1}}, duration{1}};
    const std::vector<duration> ticks{std::chrono::minutes{30}, std::chrono::hours{7},
                                      std::chrono::hours{24 * 9}};
    const duration tick = d.pick(ticks);
    if (d.chance(50)) return {weir::utc(1969 + d.below(3), 1 + d.below(12), 1 + d.below(28)), tick, true};
    // Around days on which clocks change somewhere.
    const std::vector<instant> days{weir::utc(2019, 3, 31), weir::utc(2019, 10, 27), weir::utc(2019, 3, 10),
                                    weir::utc(2019, 11, 3), weir::utc(2019, 4, 6),   weir::utc(2019, 10, 5),
                                    weir::utc(2010, 3, 27), weir::utc(2010, 10, 30), weir::utc(2012, 2, 29),
                                    weir::utc(2015, 12, 31)};
    return {d.pick(days) - d.below(instants) * tick, tick, true, true};
}

duration span(dice& d, const time_line& line) {
    const duration exact = d.below(instants) * line.tick;
    return exact.count() > 0 && d.chance(20) ? exact - duration{1} : exact;
}

// Offers some events twice under one id. Where arrival must not matter the two are alike.
void repeat(dice& d, world& w) {
    const std::size_t n = w.events.size();
    for (std::size_t i = 0; i < n; ++i) {
        if (!d.chance(15)) continue;
        w.events[i].id = "event " + std::to_string(i);
        if (d.chance(50)) continue;
        weir::event again = w.events[i];
        if (!w.any_arrival) {
            again.attributes = make_attributes(d);
            again.time += d.chance(30) && again.time < instant::max() ? duration{1} : duration{};
        }
        w.events.push_back(std::move(again));
    }
}

void scatter(dice& d, world& w, const time_line& line, const std::vector<std::string>& names,
             int most_leads = 4, int most_events = 7) {
    w.tick = line.tick;
    w.any_arrival = d.chance(50);
    const int leads = 1 + d.below(most_leads);
    const int most = 1 + d.below(most_events);
    for (int lead = 0; lead < leads; ++lead) {
        std::vector<std::vector<weir::named_value>> by_time(instants);
        for (auto& a : by_time) a = make_attributes(d);
        for (int n = d.below(most + 1); n > 0; --n) {
            const int i = d.below(instants);
            weir::event e;
            e.lead = "lead " + std::to_string(leads - lead);
            e.name = d.pick(names);
            e.time = line.at(i);
            e.attributes = w.any_arrival ? by_time[static_cast<std::size_t>(i)] : make_attributes(d);
            w.events.push_back(std::move(e));
        }
        if (d.chance(6)) w.erased.insert("lead " + std::to_string(leads - lead));
    }
    repeat(d, w);
    d.shuffle(w.events);
}

weir::condition read(const std::string& text) { return weir::parse_condition(text).value(); }

weir::period make_period(dice& d, const time_line& line) {
    weir::period p;
    if (d.chance(60)) p.from = line.any(d);
    if (d.chance(60)) p.until = line.any(d);
    if (p.from && p.until && *p.until < *p.from) std::swap(p.from, p.until);
    return p;
}

weir::calendar make_bucket(dice& d, const time_line& line) {
    static const bool has_zones = bool(weir::bucket_of({}, weir::daily("Europe/Berlin")));
    using unit = weir::calendar_unit;
    const std::vector<unit> units{unit::hour, unit::day, unit::week, unit::month, unit::quarter, unit::year};
    std::vector<std::string> zones{"UTC", "UTC", "+02:00", "-05:30"};
    if (line.summer_time && has_zones)
        zones = {"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut"};
    return {d.pick(units), d.pick(zones)};
}

weir::step make_step(dice& d, const std::vector<std::string>& names) {
    weir::names event(d.pick(names));
    if (d.chance(25))
        event = weir::names(std::vector<std::string>{d.pick(names), d.pick(names), "unheard of"});
    weir::step_options o;
    if (d.chance(35)) o.where = read(make_condition(d));
    if (d.chance(10)) o.name = "named";
    return {event, o};
}

weir::funnel make_funnel(dice& d, const time_line& line, const std::vector<std::string>& names,
                         bool derived) {
    weir::funnel f;
    for (int k = 1 + d.below(4); k > 0; --k) f.steps.push_back(make_step(d, names));
    if (d.chance(50)) f.within = span(d, line);
    if (d.chance(40)) f.period = make_period(d, line);
    if (d.chance(25) && !derived) f.as_of = line.any(d);
    if (d.chance(50)) {
        f.by = d.chance(80) ? "channel" : "amount";
        if (derived && d.chance(30))
            f.by = d.pick(std::vector<std::string>{"lifecycle", "version", "from", "move", "cause", "reason",
                                                   "stated", "entry"});
        using weir::by_value;
        const int steps = static_cast<int>(f.steps.size());
        f.by_value = d.pick(std::vector<by_value>{by_value(), by_value::at_step(1 + d.below(steps)),
                                                  by_value::first_touch, by_value::last_touch});
    }
    if (line.calendar && d.chance(50)) f.bucket = make_bucket(d, line);
    return f;
}

weir::exclusion make_exclusion(dice& d, const weir::funnel& f, const std::vector<std::string>& names) {
    weir::exclusion x;
    x.event = weir::names(d.chance(60) ? "x" : d.pick(names));
    if (d.chance(25)) x.where = read(make_condition(d));
    const int steps = static_cast<int>(f.steps.size());
    if (f.order == weir::order::any_order || steps == 1 || d.chance(30)) return x;
    x.after = 1 + d.below(steps - 1);
    x.before = x.after + 1 + d.below(steps - x.after);
    const auto optional = [&](int k) { return f.steps[static_cast<std::size_t>(k - 1)].optional; };
    while (optional(x.after)) --x.after;
    while (optional(x.before)) ++x.before;
    return x;
}

void add_step_options(dice& d, const time_line& line, weir::funnel& f) {
    for (std::size_t k = 0; k < f.steps.size(); ++k) {
        weir::step& s = f.steps[k];
        if (k > 0 && k + 1 < f.steps.size() && d.chance(25)) {
            s.optional = true;
            continue;
        }
        if (d.chance(12)) s.at_least = 2;
        if (k == 0 && s.at_least == 1) continue;
        if (d.chance(20)) s.min_gap = span(d, line);
        if (d.chance(20)) s.max_gap = span(d, line);
        if (s.min_gap && s.max_gap && *s.min_gap > *s.max_gap) std::swap(s.min_gap, s.max_gap);
    }
}

void add_axes(dice& d, const time_line& line, const std::vector<std::string>& names, weir::funnel& f) {
    f.ties = static_cast<weir::ties>(d.below(3));
    const int order = d.below(10);
    f.order = order < 5   ? weir::order::in_sequence
              : order < 8 ? weir::order::adjacent
                          : weir::order::any_order;
    if (f.order != weir::order::any_order) {
        if (d.chance(20)) f.clock = weir::clock::from_previous_step;
        if (d.chance(50)) add_step_options(d, line, f);
    }
    f.breaks = static_cast<weir::breaks>(d.below(2));
    f.entry = static_cast<weir::entry>(d.below(3));
    if (d.chance(40)) f.counting = weir::counting::entries;
    if (d.chance(15)) {
        f.counting = weir::counting::accounts;
        f.account = d.chance(70) ? "channel" : "amount";
    }
    if (d.chance(50))
        for (int n = 1 + d.below(2); n > 0; --n) f.exclude.push_back(make_exclusion(d, f, names));
    if (d.chance(40)) f.on_exclusion = weir::on_exclusion::disqualify;
    if (f.order == weir::order::adjacent && f.ties != weir::ties::in_arrival_order) f.on_exclusion = {};
    if (d.chance(25)) f.hold = d.chance(70) ? weir::names("channel") : weir::names{"channel", "amount"};
    if (f.by_value.which() == weir::by_value::kind::at_step &&
        f.steps[static_cast<std::size_t>(f.by_value.step() - 1)].optional)
        f.by_value = {};
    if (!f.by.empty() && d.chance(25)) f.by_value = weir::by_value::each_value;
}

// Makes a step a block of two or three in any order.
void add_block(dice& d, const std::vector<std::string>& names, weir::funnel& f) {
    weir::step& s = f.steps[static_cast<std::size_t>(d.below(static_cast<int>(f.steps.size())))];
    if (f.order == weir::order::any_order || s.optional || s.at_least > 1 || !s.members.empty()) return;
    std::vector<weir::step> members{{s.event, weir::step_options{.where = s.where}}};
    for (int n = 1 + d.below(2); n > 0; --n) members.push_back(make_step(d, names));
    s = in_any_order(members, {.min_gap = s.min_gap, .max_gap = s.max_gap});
    f.on_exclusion = {};
}

weir::rule make_event_rule(dice& d, const std::vector<std::string>& names) {
    weir::rule r;
    r.event = weir::names(d.pick(names));
    if (d.chance(20)) r.event = weir::names(std::vector<std::string>{d.pick(names), d.pick(names)});
    return r;
}

weir::rule make_stage_change(dice& d, const std::vector<std::string>& places) {
    weir::rule r;
    r.stage_change.event =
        d.chance(80) ? weir::names("crm") : weir::names(std::vector<std::string>{"crm", "click"});
    r.stage_change.attribute = "to";
    if (d.chance(50)) r.stage_change.map = {{"Won", d.pick(places)}, {"1", d.pick(places)}};
    if (d.chance(30)) r.stage_change.reason_from = "channel";
    return r;
}

weir::rule make_time_out(dice& d, const time_line& line, const std::vector<std::string>& names) {
    weir::rule r;
    // Not much shorter than a tick: rules that lead in a circle would never come to an end.
    r.idle = std::max(span(d, line) + duration{1}, line.tick);
    if (d.chance(50)) r.idle = (1 + d.below(3)) * line.tick;
    if (d.chance(25)) r.event = weir::names(d.pick(names));
    return r;
}

weir::rule make_rule(dice& d, const time_line& line, const std::vector<std::string>& names,
                     const std::vector<std::string>& places) {
    const int kind = d.below(10);
    weir::rule r = kind < 5   ? make_event_rule(d, names)
                   : kind < 8 ? make_stage_change(d, places)
                              : make_time_out(d, line, names);
    if (r.stage_change.event.empty()) r.to = d.pick(places);
    if (d.chance(20)) r.where = read(make_condition(d));
    if (d.chance(35)) {
        std::vector<std::string> from;
        for (const auto& p : places)
            if (d.chance(60)) from.push_back(p);
        r.from = weir::names(from);
    }
    if (d.chance(30)) r.reason = "slow";
    if (d.chance(20) && r.stage_change.event.empty() && !r.idle) r.reason_from = "channel";
    if (d.chance(20)) r.name = "by hand";
    return r;
}

weir::lifecycle make_lifecycle(dice& d, const time_line& line, const std::vector<std::string>& names,
                               const std::vector<std::string>& stages) {
    weir::lifecycle l;
    std::vector<std::string> places(stages.begin(), stages.begin() + 1 + d.below(4));
    for (const auto& s : places) {
        weir::stage_options o;
        if (d.chance(40)) o.stalled_after = span(d, line);
        o.terminal = d.chance(10);
        l.stages.emplace_back(s, o);
    }
    std::vector<std::string> exits;
    if (d.chance(70)) exits.push_back("lost");
    if (d.chance(40)) exits.push_back("no_decision");
    l.exits = weir::names(exits);
    places.insert(places.end(), exits.begin(), exits.end());
    for (int n = 1 + d.below(6); n > 0; --n) l.rules.push_back(make_rule(d, line, names, places));
    l.skipped = static_cast<weir::skipped>(d.chance(50) ? 0 : d.below(3));
    l.backward = static_cast<weir::backward>(d.chance(30) ? 1 : 0);
    l.repeated = static_cast<weir::repeated>(d.chance(40) ? 1 : 0);
    l.same_time = static_cast<weir::same_time>(d.chance(30) ? 1 : 0);
    l.reopened = static_cast<weir::reopened>(d.chance(30) ? 1 : 0);
    l.unknown_stage = static_cast<weir::unknown_stage>(d.chance(5) ? 1 : 0);
    return l;
}

// Rules that hold from a time on, for one version or two.
void add_versions(dice& d, const time_line& line, const std::vector<std::string>& names, weir::lifecycle& l) {
    std::vector<std::string> places(l.exits.begin(), l.exits.end());
    for (const auto& s : l.stages) places.push_back(s.name);
    int i = d.below(instants);
    for (int n = 1 + d.below(2); n > 0 && i < instants; --n, i += 1 + d.below(instants)) {
        weir::rule_version v{.version = l.version + static_cast<int>(l.versions.size()) + 1,
                             .valid_from = line.at(i)};
        if (d.chance(50)) v.rules = l.rules;
        for (int r = d.below(4); r > 0; --r) v.rules.push_back(make_rule(d, line, names, places));
        l.versions.push_back(std::move(v));
    }
}

weir::flow make_flow(dice& d, const time_line& line) {
    weir::flow f;
    if (d.chance(50)) {
        f.by = "channel";
        f.by_value =
            d.pick(std::vector<weir::by_value>{{}, weir::by_value::first_touch, weir::by_value::last_touch});
    }
    if (d.chance(60)) f.period = make_period(d, line);
    if (line.calendar && d.chance(40)) {
        f.bucket = make_bucket(d, line);
        if (f.bucket.unit == weir::calendar_unit::hour && line.tick > std::chrono::hours{24})
            f.bucket.unit = weir::calendar_unit::week;
    }
    if (d.chance(50)) f.within = span(d, line);
    if (d.chance(30)) f.reach = weir::reach::exact;
    if (d.chance(30)) f.amount = "fee";
    return f;
}

std::string make_leaf(dice& d) {
    static const std::vector<std::string> leaves{"channel == 'ads'",
                                                 "channel != 'mail'",
                                                 "channel like 'm*'",
                                                 "channel in ('ads', '7')",
                                                 "has(channel)",
                                                 "lead.channel == 'ads'",
                                                 "lead.channel != 'mail'",
                                                 "has(lead.amount)",
                                                 "amount >= 10",
                                                 "amount < 2.5",
                                                 "amount != 10",
                                                 "amount == '10'",
                                                 "amount in (3, 10)",
                                                 "lead.amount > 3",
                                                 "flag == true",
                                                 "flag != false",
                                                 "fee >= 12.5",
                                                 "channel > 'b'",
                                                 "channel <= 7",
                                                 "nope == 1",
                                                 "nope != 1",
                                                 "has(nope)",
                                                 "`channel` == 'mail'"};
    return d.pick(leaves);
}

}  // namespace

std::uint64_t dice::next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

std::string make_condition(dice& d) {
    if (d.chance(55)) return make_leaf(d);
    if (d.chance(30)) return "!(" + make_condition(d) + ")";
    const std::string left = d.chance(50) ? make_leaf(d) : "(" + make_condition(d) + ")";
    const std::string right = d.chance(50) ? make_leaf(d) : "(" + make_condition(d) + ")";
    return left + (d.chance(50) ? " && " : " || ") + right;
}

std::vector<weir::named_value> make_attributes(dice& d) {
    std::vector<weir::named_value> out;
    if (d.chance(70)) {
        const std::vector<std::string> channels{"ads", "mail", "ads", "mail", "7", "", "(none)"};
        out.push_back({"channel", d.pick(channels)});
    }
    if (d.chance(50)) {
        const std::vector<weir::value> amounts{3, 10, 2.5, "10", "2.5", "many", 10.0};
        out.push_back({"amount", d.pick(amounts)});
    }
    if (d.chance(30)) out.push_back({"flag", d.chance(50)});
    if (d.chance(30))
        out.push_back({"fee", weir::money{1000 + 250 * d.below(3), d.chance(70) ? "EUR" : "USD"}});
    if (d.chance(80)) {
        const std::vector<weir::value> words{"new", "mql", "sql", "won", "lost", "Won", "hot", 1};
        out.push_back({"to", d.pick(words)});
    }
    return out;
}

namespace {

// The time of the last event that is kept.
std::optional<instant> last_of(const world& w) {
    std::optional<instant> last;
    std::set<std::string> ids;
    for (const auto& e : w.events) {
        if (w.erased.count(e.lead.key()) != 0 || (!e.id.empty() && !ids.insert(e.id).second)) continue;
        last = std::max(last.value_or(e.time), e.time);
    }
    return last;
}

}  // namespace

funnel_world make_funnel_world(std::uint64_t seed) {
    dice d(seed);
    funnel_world w;
    const time_line line = make_time_line(d);
    const std::vector<std::string> alphabet{"a", "b", "c", "d"};
    const std::vector<std::string> names(alphabet.begin(), alphabet.begin() + 1 + d.below(4));
    scatter(d, w, line, names);
    w.funnel = make_funnel(d, line, names, false);
    return w;
}

funnel_world make_axes_world(std::uint64_t seed) {
    dice d(seed);
    funnel_world w;
    const time_line line = make_time_line(d);
    const std::vector<std::string> alphabet{"a", "b", "c", "x"};
    const std::vector<std::string> names(alphabet.begin(), alphabet.begin() + 1 + d.below(3));
    scatter(d, w, line, d.chance(50) ? alphabet : names, 2, 6);
    w.funnel = make_funnel(d, line, names, false);
    add_axes(d, line, names, w.funnel);
    if (d.chance(20)) add_block(d, names, w.funnel);
    if (d.chance(5)) add_block(d, names, w.funnel);
    return w;
}

lifecycle_world make_lifecycle_world(std::uint64_t seed) {
    dice d(seed);
    lifecycle_world w;
    const time_line line = make_time_line(d);
    const std::vector<std::string> names{"crm", "crm", "crm", "click", "form", "mql", "lost"};
    scatter(d, w, line, names);
    w.lifecycle = make_lifecycle(d, line, names, {"new", "mql", "sql", "won"});
    if (d.chance(25)) {
        w.second = make_lifecycle(d, line, {"crm", "click", "new", "mql", "lost", "sql"},
                                  {"cold", "mql", "warm", "click"});
        w.second->name = "second";
    }
    w.flow = make_flow(d, line);
    if (w.second) w.flow.lifecycle = d.chance(50) ? "second" : "lifecycle";
    w.funnel = make_funnel(d, line, {"new", "mql", "sql", "lost", "click", "crm"}, true);
    if (d.chance(40)) {
        w.scope.as_of = line.any(d);
        if (d.chance(30) && *w.scope.as_of < instant::max() - 4 * line.tick) *w.scope.as_of += 4 * line.tick;
    }
    // A question may be asked of an earlier time than that of the derivation, but of no later one.
    const auto derived = w.scope.as_of ? w.scope.as_of : last_of(w);
    for (auto* as_of : {&w.flow.as_of, &w.funnel.as_of}) {
        if (!derived || !d.chance(30)) continue;
        *as_of = std::min(line.any(d), *derived);
    }
    if (d.chance(30)) add_versions(d, line, names, w.lifecycle);
    if (w.second && d.chance(20)) add_versions(d, line, {"crm", "click", "new", "lost"}, *w.second);
    return w;
}

layout make_layout(dice& d) {
    layout l;
    l.batches = {1 + d.below(3), 1 + d.below(5), 1 + d.below(2)};
    l.erase_after = d.below(5) - 1;
    l.seal = d.chance(50);
    l.threads = 1 + d.below(3);
    return l;
}

std::string print(const weir::result<std::vector<weir::event>>& events) {
    if (!events) return to_string(events.error());
    std::string all;
    for (const weir::event& e : *events) {
        all += e.name + '@' + weir::to_string(e.time);
        for (const auto& a : e.attributes) all += ' ' + a.name + '=' + to_string(a.value);
        all += '\n';
    }
    return all;
}

std::set<std::string> leads_of(const world& w) {
    std::set<std::string> leads;
    for (const weir::event& e : w.events) leads.insert(e.lead.key());
    return leads;
}

weir::snapshot store_of(const std::vector<did>& events) {
    weir::store store;
    for (const auto& e : events)
        store.append({.lead = e.lead, .name = e.name, .time = weir::from_unix_microseconds(e.time)}).value();
    return store.snapshot();
}

weir::store make_store(const world& w, const layout& how) {
    weir::store store;
    weir::batch batch;
    int batches = 0;
    const auto append = [&] {
        if (batches++ == how.erase_after)
            for (const auto& lead : w.erased) store.erase(lead).value();
        store.append(batch).value();
        batch.clear();
    };
    for (const auto& e : w.events) {
        batch.add(e);
        if (how.batches.empty()) continue;
        const auto turn = static_cast<std::size_t>(batches) % how.batches.size();
        if (batch.size() >= static_cast<std::size_t>(how.batches[turn])) append();
    }
    append();
    for (const auto& lead : w.erased) store.erase(lead).value();
    if (how.seal) store.seal().value();
    return store;
}

}  // namespace weir_test
