#include "world.hpp"

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
    bool calendar = false;

    instant at(int i) const { return origin + i * tick; }
    instant any(dice& d) const { return at(d.below(instants)); }
};

time_line make_time_line(dice& d) {
    if (d.chance(2)) return {instant::min(), duration{1}, false};
    if (d.chance(2)) return {instant::max() - duration{instants - 1}, duration{1}, false};
    if (d.chance(50)) return {instant{duration{d.below(3) - 1}}, duration{1}, false};
    const std::vector<duration> ticks{std::chrono::minutes{30}, std::chrono::hours{7},
                                      std::chrono::hours{24 * 9}};
    const duration tick = d.pick(ticks);
    return {weir::utc(1969 + d.below(3), 1 + d.below(12), 1 + d.below(28)), tick, true};
}

duration span(dice& d, const time_line& line) {
    const duration exact = d.below(instants) * line.tick;
    return exact.count() > 0 && d.chance(20) ? exact - duration{1} : exact;
}

void scatter(dice& d, world& w, const time_line& line, const std::vector<std::string>& names) {
    w.tick = line.tick;
    w.any_arrival = d.chance(50);
    const int leads = 1 + d.below(4);
    const int most = 1 + d.below(7);
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
    }
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

weir::calendar make_bucket(dice& d) {
    using unit = weir::calendar_unit;
    const std::vector<unit> units{unit::hour, unit::day, unit::week, unit::month, unit::quarter, unit::year};
    const std::vector<std::string> zones{"UTC", "UTC", "+02:00", "-05:30"};
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
        f.by = d.chance(90) ? "channel" : "amount";
        using weir::by_value;
        const int steps = static_cast<int>(f.steps.size());
        f.by_value = d.pick(std::vector<by_value>{by_value(), by_value::at_step(1 + d.below(steps)),
                                                  by_value::first_touch, by_value::last_touch});
    }
    if (line.calendar && d.chance(50)) f.bucket = make_bucket(d);
    return f;
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

weir::rule make_time_out(dice& d, const time_line& line) {
    weir::rule r;
    r.idle = span(d, line) + duration{1};
    if (d.chance(50)) r.idle = (1 + d.below(3)) * line.tick;
    if (d.chance(25)) r.event = weir::names("click");
    return r;
}

weir::rule make_rule(dice& d, const time_line& line, const std::vector<std::string>& names,
                     const std::vector<std::string>& places) {
    const int kind = d.below(10);
    weir::rule r = kind < 5   ? make_event_rule(d, names)
                   : kind < 8 ? make_stage_change(d, places)
                              : make_time_out(d, line);
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

weir::lifecycle make_lifecycle(dice& d, const time_line& line, const std::vector<std::string>& names) {
    weir::lifecycle l;
    const std::vector<std::string> stages{"new", "mql", "sql", "won"};
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

weir::flow make_flow(dice& d, const time_line& line) {
    weir::flow f;
    if (d.chance(50)) {
        f.by = "channel";
        f.by_value =
            d.pick(std::vector<weir::by_value>{{}, weir::by_value::first_touch, weir::by_value::last_touch});
    }
    if (d.chance(60)) f.period = make_period(d, line);
    if (line.calendar && d.chance(40)) {
        f.bucket = make_bucket(d);
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

lifecycle_world make_lifecycle_world(std::uint64_t seed) {
    dice d(seed);
    lifecycle_world w;
    const time_line line = make_time_line(d);
    const std::vector<std::string> names{"crm", "crm", "crm", "click", "form", "mql", "lost"};
    scatter(d, w, line, names);
    w.lifecycle = make_lifecycle(d, line, names);
    w.flow = make_flow(d, line);
    w.funnel = make_funnel(d, line, {"new", "mql", "sql", "lost", "click", "crm"}, true);
    if (d.chance(40)) {
        w.scope.as_of = line.any(d);
        if (d.chance(30) && *w.scope.as_of < instant::max() - 4 * line.tick) *w.scope.as_of += 4 * line.tick;
    }
    return w;
}

weir::store make_store(const std::vector<weir::event>& events, const std::vector<int>& batches) {
    weir::store store;
    weir::batch batch;
    std::size_t turn = 0;
    for (const auto& e : events) {
        batch.add(e);
        if (batches.empty() || batch.size() < static_cast<std::size_t>(batches[turn % batches.size()]))
            continue;
        store.append(batch).value();
        batch.clear();
        ++turn;
    }
    store.append(batch).value();
    return store;
}

}  // namespace weir_test
