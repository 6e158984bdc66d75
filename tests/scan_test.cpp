// What a scan gives must follow from the events alone, whatever the layout and whatever the masks rule out.
#include <algorithm>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <weir.hpp>

#include "catch.hpp"
#include "scan/scan.hpp"

namespace {

using weir::event_set;
using weir::lead_filter;
constexpr std::int64_t no_end = std::numeric_limits<std::int64_t>::max();

struct fact {
    std::string lead, name;
    std::int64_t time;
};

// Leads of very different size; times repeat, and come late as often as not.
std::vector<fact> random_facts(unsigned seed, std::size_t n, unsigned names) {
    std::mt19937 random(seed);
    std::vector<fact> facts;
    for (std::size_t i = 0; i < n; ++i) {
        const auto lead = random() % 4 == 0 ? 7 : random() % 90;  // lead 7 is a bot
        facts.push_back({"lead" + std::to_string(lead), "event" + std::to_string(random() % names),
                         static_cast<std::int64_t>(random() % 60)});
    }
    return facts;
}

enum class merging { on_append, never, some, all };

weir::store store_of(const std::vector<fact>& facts, std::size_t cut, merging merges) {
    weir::store s(weir::store_options{.merge_on_append = merges == merging::on_append});
    for (std::size_t i = 0; i < facts.size(); i += cut) {
        weir::batch b;
        for (std::size_t j = i; j < std::min(facts.size(), i + cut); ++j)
            b.add({.lead = facts[j].lead,
                   .name = facts[j].name,
                   .time = weir::from_unix_microseconds(facts[j].time),
                   .attributes = {{"arrival", static_cast<std::int64_t>(j)}, {"name", facts[j].name}}});
        s.append(b).value();
        if (merges == merging::some && i < facts.size() / 2) s.maintain().value();
    }
    if (merges == merging::all) s.seal().value();
    return s;
}

using names_of_leads = std::map<std::string, std::vector<std::string>>;  // "name@time" in total order

struct scanned {
    names_of_leads given{};
    std::int64_t counted = 0;
    std::int64_t stopped = 0;
    std::int64_t firsts = 0;  // of the stopped ones
};

std::string name_and_time(const weir::snapshot::impl& data, std::uint32_t event, std::int64_t time) {
    return std::string(data.event_name(event)) + '@' + std::to_string(time);
}

// Leads that stop may come by their first events alone: the same to whoever looks at what was given.
void take_firsts(const weir::snapshot::impl& data, const weir::first_events& firsts, scanned& to) {
    const weir::segment& from = *data.segments[firsts.segment];
    for (const std::uint32_t r : firsts.rows) {
        const auto place =
            std::upper_bound(from.offsets.begin(), from.offsets.end(), r) - from.offsets.begin() - 1;
        auto& events = to.given[std::string(data.lead_key(from.leads[static_cast<std::size_t>(place)]))];
        CHECK(events.empty());
        events.push_back(name_and_time(data, static_cast<std::uint32_t>(from.events[r]), from.times[r]));
        ++to.stopped;
        ++to.firsts;
    }
}

scanned run(const weir::snapshot& s, const weir::scan_options& options, bool by_firsts = false) {
    std::vector<scanned> parts(static_cast<std::size_t>(options.threads));
    const auto& data = s.data();
    const auto mine = [&](int w) -> scanned& { return parts[static_cast<std::size_t>(w)]; };
    weir::visit_firsts firsts;
    if (by_firsts) firsts = [&](int w, const weir::first_events& f) { take_firsts(data, f, mine(w)); };
    const weir::scan_result done = weir::scan(
        data, options,
        [&](int w, const weir::lead_rows& lead) {
            auto& events = mine(w).given[std::string(data.lead_key(lead.lead))];
            for (const auto& r : lead.rows) events.push_back(name_and_time(data, r.event, r.time));
            if (lead.stops) ++mine(w).stopped;
        },
        firsts);
    scanned all;
    all.counted = done.counted;
    for (auto& part : parts) {
        all.given.merge(part.given);
        all.stopped += part.stopped;
        all.firsts += part.firsts;
    }
    return all;
}

event_set set_of(const weir::snapshot& s, const std::vector<std::string>& names) {
    event_set set(s.data().event_names->size());
    for (const auto& name : names)
        if (const auto code = s.data().event_names->find(name)) set[*code] = true;
    return set;
}

bool any_of(const std::vector<fact>& events, const std::vector<std::string>& names) {
    return std::any_of(events.begin(), events.end(), [&](const fact& f) {
        return std::find(names.begin(), names.end(), f.name) != names.end();
    });
}

struct plan {
    std::int64_t as_of = no_end;
    std::vector<std::string> first{}, second{};
    lead_filter::stopping stops = lead_filter::stopping::whole;
};

// The same, from the facts.
scanned expected(const std::vector<fact>& facts, const plan& p) {
    std::map<std::string, std::vector<fact>> leads;
    for (const auto& f : facts)
        if (f.time <= p.as_of) leads[f.lead].push_back(f);
    scanned all;
    for (auto& [lead, events] : leads) {
        if (!any_of(events, p.first)) continue;
        std::stable_sort(events.begin(), events.end(),
                         [](const fact& a, const fact& b) { return a.time < b.time; });
        const bool stops = p.stops != lead_filter::stopping::whole && !any_of(events, p.second);
        if (stops && p.stops == lead_filter::stopping::counted) {
            ++all.counted;
            continue;
        }
        std::int64_t end = p.as_of;
        if (stops)
            end = std::find_if(events.begin(), events.end(), [&](const fact& f) {
                      return any_of({f}, p.first);
                  })->time;
        for (const auto& f : events)
            if (f.time <= end) all.given[lead].push_back(f.name + '@' + std::to_string(f.time));
        all.stopped += stops;
    }
    return all;
}

scanned run(const weir::snapshot& s, const plan& p, int threads, weir::simd simd = weir::widest_simd(),
            bool by_firsts = false) {
    return run(s,
               {.as_of = p.as_of,
                .threads = threads,
                .filter = {set_of(s, p.first), set_of(s, p.second), p.stops},
                .instructions = simd},
               by_firsts);
}

}  // namespace

TEST_CASE("scan: with up to 64 event names the filter is exact in every layout, with every instruction set") {
    std::int64_t firsts = 0;
    for (const unsigned seed : {1U, 2U, 3U}) {
        const auto facts = random_facts(seed, 500, 40);
        const std::vector<std::string> first{"event3", "event4"}, second{"event5"};
        for (const auto stops : {lead_filter::stopping::whole, lead_filter::stopping::first_instant,
                                 lead_filter::stopping::counted}) {
            const plan p{no_end, first, second, stops};
            const auto wanted = expected(facts, p);
            REQUIRE(wanted.given.size() + static_cast<std::size_t>(wanted.counted) <
                    90);  // some are left out
            for (const std::size_t cut : {1U, 13U, 100U, 500U})
                for (const merging merges : {merging::on_append, merging::never, merging::all}) {
                    const auto s = store_of(facts, cut, merges);
                    for (const int threads : {1, 2, 5})
                        for (const auto simd : {weir::simd::none, weir::simd::avx2, weir::simd::avx512})
                            for (const bool by_firsts : {false, true}) {
                                if (simd > weir::widest_simd()) continue;
                                const auto got = run(s.snapshot(), p, threads, simd, by_firsts);
                                CHECK(got.given == wanted.given);
                                CHECK(got.counted == wanted.counted);
                                CHECK(got.stopped == wanted.stopped);
                                firsts += got.firsts;
                            }
                }
        }
    }
    CHECK(firsts > 0);
}

TEST_CASE("scan: where masks cannot tell, no lead that matters is lost") {
    // Event names beyond 64 share bits, and an early as_of makes bits lie.
    for (const unsigned names : {40U, 200U}) {
        const auto facts = random_facts(11 + names, 900, names);
        for (const std::int64_t as_of : {std::int64_t{5}, std::int64_t{30}, no_end})
            for (const auto stops : {lead_filter::stopping::first_instant, lead_filter::stopping::counted}) {
                const plan p{as_of, {"event3", "event4"}, {"event5"}, stops};
                const plan whole{as_of, {"event3", "event4"}, {}, lead_filter::stopping::whole};
                const auto all = expected(facts, whole).given;
                const auto leads = all.size();
                for (const std::size_t cut : {7U, 900U}) {
                    const auto s = store_of(facts, cut, merging::on_append);
                    const auto got = run(s.snapshot(), p, 2);
                    std::size_t with_first = 0;
                    for (const auto& [lead, events] : got.given) {
                        const auto known = all.find(lead);
                        if (known == all.end()) continue;  // given although it has no event of `first`
                        ++with_first;
                        REQUIRE(events.size() <= known->second.size());
                        CHECK(std::equal(events.begin(), events.end(), known->second.begin()));
                    }
                    CHECK(with_first + static_cast<std::size_t>(got.counted) == leads);
                }
            }
    }
}

TEST_CASE("scan: a period leaves out leads that have no event in it, and none that matters") {
    constexpr std::int64_t from = 50, until = 58;
    const std::vector<std::string> first{"event3", "event4"}, second{"event5"};
    const auto facts = random_facts(3, 250, 20);
    const auto is_meant = [&](const fact& f) {
        return any_of({f}, first) && f.time >= from && f.time < until;
    };
    for (const auto stops : {lead_filter::stopping::whole, lead_filter::stopping::first_instant,
                             lead_filter::stopping::counted}) {
        const bool may_stop = stops != lead_filter::stopping::whole;
        auto of_whole = expected(facts, {no_end, first, {}, lead_filter::stopping::whole}).given;
        names_of_leads wanted;
        for (const auto& f : facts)
            if (is_meant(f)) wanted[f.lead] = of_whole[f.lead];
        for (const merging merges : {merging::never, merging::some, merging::all})
            for (const bool by_firsts : {false, true}) {
                const auto s = store_of(facts, 40, merges).snapshot();
                const auto got = run(
                    s, {.threads = 2, .filter = {set_of(s, first), set_of(s, second), stops, from, until}},
                    by_firsts);
                CHECK(got.counted == 0);
                CHECK(got.given.size() < of_whole.size());
                CHECK((got.stopped > 0) == may_stop);
                for (const auto& one : wanted) {
                    const auto& events = one.second;
                    const auto given = got.given.find(one.first);
                    REQUIRE(given != got.given.end());
                    REQUIRE(given->second.size() <= events.size());
                    CHECK(std::equal(given->second.begin(), given->second.end(), events.begin()));
                    const bool stopped = given->second.size() < events.size();
                    CHECK((!stopped || may_stop));
                    const auto instant = given->second.back().substr(given->second.back().find('@'));
                    if (stopped)
                        CHECK(std::any_of(facts.begin(), facts.end(), [&](const fact& f) {
                            return f.lead == one.first && is_meant(f) &&
                                   '@' + std::to_string(f.time) == instant;
                        }));
                }
            }
    }
}

TEST_CASE("scan: only the events asked for are given") {
    const auto facts = random_facts(5, 300, 70);
    const auto s = store_of(facts, 40, merging::on_append);
    const auto all = run(s.snapshot(), weir::scan_options{});
    const auto some = run(s.snapshot(), weir::scan_options{.events = set_of(s.snapshot(), {"event7"})});
    std::size_t rows = 0;
    for (const auto& [lead, events] : some.given) {
        for (const auto& e : events) CHECK(e.rfind("event7@", 0) == 0);
        rows += events.size();
    }
    CHECK(rows == static_cast<std::size_t>(std::count_if(facts.begin(), facts.end(),
                                                         [](const fact& f) { return f.name == "event7"; })));
    CHECK(some.given.size() < all.given.size());
}

TEST_CASE("scan: few leads, asked for by code, are given as they are among all") {
    const auto facts = random_facts(11, 1500, 6);
    for (const merging merges : {merging::on_append, merging::never, merging::some, merging::all}) {
        const weir::store store = store_of(facts, 40, merges);
        const weir::snapshot s = store.snapshot();
        const auto all = run(s, {}).given;
        for (std::uint32_t every = 1; every < 100; every += 9) {
            weir::scan_options options{.only = std::vector<std::uint32_t>()};
            names_of_leads expected;
            for (std::uint32_t code = every / 2; code < s.data().lead_limit(); code += every) {
                options.only->push_back(code);
                expected.emplace(*all.find(std::string(s.data().lead_key(code))));
            }
            for (options.threads = 1; options.threads < 4; ++options.threads)
                CHECK(run(s, options).given == expected);
        }
        CHECK(run(s, {.only = std::vector<std::uint32_t>()}).given.empty());
    }
}

TEST_CASE("scan: the reference catches a lead that is lost, and events too few or too many") {
    const auto facts = random_facts(1, 500, 40);
    const plan p{no_end, {"event3"}, {}, lead_filter::stopping::first_instant};
    const auto s = store_of(facts, 13, merging::on_append);
    CHECK((run(s.snapshot(), p, 1).given == expected(facts, p).given));
    plan other_events = p, too_early = p, too_much = p;
    other_events.first = {"event4"};
    too_early.as_of = 30;
    too_much.stops = lead_filter::stopping::whole;
    for (const plan& fault : {other_events, too_early, too_much})
        CHECK_FALSE((run(s.snapshot(), fault, 1).given == expected(facts, p).given));
}

namespace {

std::string answer_of(const weir::snapshot& s, const weir::funnel& q, int threads) {
    const auto t = measure(s, q, {.threads = threads}).value();
    REQUIRE(t.rows.front().leads > 0);
    weir::answer a(t);
    a.question.clear();  // the plans are chosen by questions that differ in a condition
    return to_json(a);
}

}  // namespace

TEST_CASE("scan: a funnel is the same bytes by every plan, in every layout, with any number of threads") {
    for (const unsigned names : {10U, 150U}) {  // names beyond 64 share bits of the masks
        const auto facts = random_facts(23 + names, 3000, names);
        weir::funnel quick{.steps = {"event1", "event2", "event3"}, .within = weir::duration(25)};
        weir::funnel slow = quick;  // a condition that always holds, but has to be asked
        slow.steps[0].where = weir::attribute("nobody has it") != "x";
        std::vector<weir::snapshot> layouts;
        for (const std::size_t cut : {7U, 170U, 3000U})
            for (const merging merges : {merging::on_append, merging::never, merging::some, merging::all})
                layouts.push_back(store_of(facts, cut, merges).snapshot());
        for (const char* by : {"", "name", "arrival"})
            for (const auto value :
                 {weir::by_value{}, weir::by_value::first_touch, weir::by_value::last_touch})
                for (const std::int64_t as_of : {20, 59})
                    for (const auto unit : {weir::calendar_unit::none, weir::calendar_unit::day}) {
                        quick.by = slow.by = by;
                        quick.by_value = slow.by_value = *by == '\0' ? weir::by_value{} : value;
                        quick.as_of = slow.as_of = weir::from_unix_microseconds(as_of);
                        quick.bucket = slow.bucket = {unit};
                        quick.period.from = slow.period.from =
                            unit == weir::calendar_unit::day ? std::optional(weir::from_unix_microseconds(11))
                                                             : std::nullopt;
                        const std::string wanted = answer_of(layouts.front(), slow, 1);
                        for (const auto& s : layouts)
                            for (const int threads : {1, 3}) CHECK(answer_of(s, quick, threads) == wanted);
                    }
    }
}
