// Ranges of time, joined in any tree, count what one snapshot of all events does.
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "world.hpp"

namespace {

using namespace weir_test;
using namespace weir;

// Of the axes those that ranges know.
funnel make_question(const funnel_world& w, dice& d) {
    funnel q{.steps = w.funnel.steps, .within = w.funnel.within};
    q.ties = w.funnel.ties;
    q.period = w.funnel.period;
    q.as_of = w.funnel.as_of;
    std::erase_if(q.steps, [](const step& s) { return !s.members.empty(); });
    if (q.steps.empty()) q.steps = {"a"};
    for (step& s : q.steps) {
        s.optional = false;
        s.min_gap = s.max_gap = std::nullopt;
    }
    if (d.chance(20)) q.within.reset();
    if (d.chance(50)) q.hold = w.funnel.hold;
    if (d.chance(30)) {
        q.by = d.chance(80) ? "channel" : "amount";
        q.by_value = by_value::each_value;
        if (d.chance(20)) q.max_groups = 1 + d.below(2);
    }
    return q;
}

using tampering = std::function<funnel_range(const funnel_range&)>;

// Joins any two neighbours until one is left.
result<funnel_range> join_all(dice& d, std::vector<funnel_range> all) {
    while (all.size() > 1) {
        const auto i = static_cast<std::ptrdiff_t>(d.below(static_cast<int>(all.size()) - 1));
        const auto& a = all[static_cast<std::size_t>(i)];
        const auto& b = all[static_cast<std::size_t>(i) + 1];
        const auto both = d.chance(50) ? merge(a, b) : merge(b, a);
        if (!both) return both;
        all[static_cast<std::size_t>(i)] = *both;
        all.erase(all.begin() + i + 1);
    }
    return all.front();
}

std::string counts(const result<funnel_table>& t) {
    if (!t) return to_string(t.error());
    std::string text = t->as_of ? to_string(*t->as_of) : "never";
    for (const auto& r : t->rows)
        text += ' ' + r.group.value_or("") + (r.group ? ": " : "") + r.name + ' ' + std::to_string(r.leads);
    return text;
}

// All but that waits are not known.
std::string notes(const result<funnel_table>& t) {
    std::string text;
    if (!t) return text;
    for (const auto& note : t->notes)
        if (note.find("waits are not known") != 0) text += '\n' + note;
    return text;
}

// Says where the world's answer and the joined one differ, or "". Counts the worlds that were compared.
std::string difference(std::uint64_t seed, int& compared, const tampering& tamper = {}) {
    const funnel_world w = make_axes_world(seed);
    dice d(~seed);
    const funnel q = make_question(w, d);
    std::vector<instant> cuts;
    for (const event& e : w.events)
        if (d.chance(30)) {
            const duration later{d.below(2)};
            cuts.push_back(e.time == instant::max() ? e.time : e.time + later);
        }
    std::sort(cuts.begin(), cuts.end());
    store whole;
    std::vector<store> stores(cuts.size() + 1);
    for (event e : w.events) {
        e.id.clear();  // stores of ranges do not know of one another's
        const auto range = std::upper_bound(cuts.begin(), cuts.end(), e.time) - cuts.begin();
        stores[static_cast<std::size_t>(range)].append(e).value();
        whole.append(e).value();
    }
    std::vector<funnel_range> ranges;
    for (std::size_t i = 0; i <= cuts.size(); ++i) {
        const period when{i > 0 ? std::optional(cuts[i - 1]) : std::nullopt,
                          i < cuts.size() ? std::optional(cuts[i]) : std::nullopt};
        const auto& from = d.chance(50) ? whole : stores[i];  // events outside are not read
        const auto range = range_of(from.snapshot(), q, when, {.threads = 1 + d.below(3)});
        if (!range) return range.error().code == errc::unsupported ? "" : to_string(range.error());
        ranges.push_back(d.chance(50) ? *range : funnel_range_from_json(to_json(*range)).value());
    }
    ++compared;
    if (tamper) ranges.back() = tamper(ranges.back());
    const auto joined = join_all(d, ranges);
    const auto measured = measure(whole.snapshot(), q);
    const std::string full = counts(measured) + notes(measured);
    const auto answer = joined ? joined->answer() : result<funnel_table>(joined.error());
    const std::string told = counts(answer) + notes(answer);
    return full == told ? "" : to_json(q) + "\nin full\n" + full + "\njoined\n" + told;
}

std::string differing_world(int worlds, int& compared, const tampering& tamper = {}) {
    for (int i = 0; i < worlds; ++i)
        if (const auto found = difference(150'000'000 + static_cast<std::uint64_t>(i), compared, tamper);
            !found.empty())
            return "world " + std::to_string(i) + ": " + found;
    return "";
}

store three_events() {
    store s;
    s.append({"ana", "visit", utc(2024, 3, 1), {}, {}}).value();
    s.append({"ana", "demo", utc(2024, 4, 1), {}, {}}).value();
    s.append({"ana", "won", utc(2024, 5, 1), {}, {}}).value();
    return s;
}
const funnel to_won{.steps = {"visit", "demo", "won"}, .within = std::chrono::days{61}};

}  // namespace

TEST_CASE("range: ranges of time count as one, in any tree") {
    int compared = 0;
    CHECK(differing_world(6000, compared) == "");
    CHECK(compared > 4000);
}

TEST_CASE("range: worlds tell a range that is lost") {
    int compared = 0;
    const auto lose = [](const funnel_range& r) {
        return range_of(snapshot{}, r.answer().value().question, r.when()).value();
    };
    CHECK(differing_world(6000, compared, lose) != "");
}

TEST_CASE("range: a chain goes on from one range to the next, and the window holds across them") {
    const snapshot s = three_events().snapshot();
    const auto march = range_of(s, to_won, {utc(2024, 3, 1), utc(2024, 4, 1)}).value();
    const auto april = range_of(s, to_won, {utc(2024, 4, 1), utc(2024, 5, 1)}).value();
    const auto may = range_of(s, to_won, {utc(2024, 5, 1), std::nullopt}).value();
    CHECK(counts(april.answer()) == "2024-05-01T00:00:00Z visit 0 demo 0 won 0");
    const auto later = merge(may, april).value();
    CHECK(later.when() == period{utc(2024, 4, 1), std::nullopt});
    const auto all = merge(march, later).value().answer().value();
    CHECK(all.rows[2].leads == 1);
    CHECK_FALSE(all.rows[2].median_wait.has_value());
    funnel shorter = to_won;
    shorter.within = std::chrono::days{60};
    const auto first = range_of(s, shorter, {std::nullopt, utc(2024, 4, 15)}).value();
    const auto second = range_of(s, shorter, {utc(2024, 4, 15), std::nullopt}).value();
    CHECK(merge(first, second).value().answer().value().rows[2].leads == 0);
}

TEST_CASE("range: what cannot be joined is refused") {
    const snapshot s = three_events().snapshot();
    const auto march = range_of(s, to_won, {utc(2024, 3, 1), utc(2024, 4, 1)}).value();
    const auto may = range_of(s, to_won, {utc(2024, 5, 1), std::nullopt}).value();
    const auto apart = merge(march, may);
    REQUIRE_FALSE(apart);
    CHECK(to_string(apart.error()) ==
          "period: one range ends at 2024-04-01T00:00:00Z and the other begins at 2024-05-01T00:00:00Z; one "
          "has "
          "to begin where the other ends (invalid_question)");
    CHECK_FALSE(merge(may, may));
    funnel other = to_won;
    other.within.reset();
    CHECK_FALSE(merge(march, range_of(s, other, {utc(2024, 4, 1), std::nullopt}).value()));
    CHECK(range_of(s, to_won, {utc(2024, 5, 1), utc(2024, 4, 1)}).error().code == errc::invalid_question);
    funnel grouped = to_won;
    grouped.by = "channel";
    CHECK(
        to_string(range_of(s, grouped, {}).error()) ==
        "by: ranges of time keep how far each lead comes with steps in sequence; the group of a lead is told "
        "by one of its events (each_value is not) (unsupported)");
}

TEST_CASE("range: what a range cannot know is told apart") {
    const snapshot s = three_events().snapshot();
    const auto fault_of = [&](const std::function<void(funnel&)>& change) {
        funnel q = to_won;
        change(q);
        const auto range = range_of(s, q, {});
        const std::string text = range ? "" : to_string(range.error());
        return text.substr(0, text.find(':')) + text.substr(std::min(text.find(';'), text.size()));
    };
    CHECK(fault_of([](funnel& q) {
              q.counting = counting::accounts;
              q.account = "firm";
          }) == "counting; a later range may give a lead to another account (unsupported)");
    CHECK(fault_of([](funnel& q) { q.counting = counting::entries; }) ==
          "counting; passages through the steps need the events (unsupported)");
    CHECK(fault_of([](funnel& q) {
              q.by = "channel";
              q.by_value = by_value::last_touch;
          }) == "by; the group of a lead is told by one of its events (each_value is not) (unsupported)");
    CHECK(fault_of([](funnel& q) { q.exclude = {{.event = "lost"}}; }) ==
          "exclude; this asks for what lies between steps (unsupported)");
    CHECK(fault_of([](funnel& q) { q.hold = {"deal"}; }) == "");
}

TEST_CASE("range: a lead gets as far as with the value that serves it best") {
    store s;
    const auto tell = [&](const char* lead, const char* name, int month, const char* deal) {
        s.append({lead, name, utc(2024, month, 1), {{"deal", deal}}, {}}).value();
    };
    tell("ana", "visit", 3, "x");
    tell("ana", "visit", 3, "y");
    tell("ana", "demo", 4, "y");
    tell("ana", "won", 5, "x");
    funnel q = to_won;
    q.within.reset();
    q.hold = {"deal"};
    const auto both = [&](const funnel& asked) {
        const auto first = range_of(s.snapshot(), asked, {std::nullopt, utc(2024, 3, 15)}).value();
        const auto rest = range_of(s.snapshot(), asked, {utc(2024, 3, 15), std::nullopt}).value();
        return counts(merge(first, funnel_range_from_json(to_json(rest)).value()).value().answer());
    };
    CHECK(both(q) == "2024-05-01T00:00:00Z visit 1 demo 1 won 0");
    q.hold = {};
    q.by = "deal";
    q.by_value = by_value::each_value;
    CHECK(both(q) ==
          "2024-05-01T00:00:00Z visit 1 demo 1 won 1 x: visit 1 x: demo 0 x: won 0 y: visit 1 "
          "y: demo 1 y: won 0");
}

TEST_CASE("range: JSON that is no range is refused") {
    const auto error_of = [](const std::string& text) {
        return to_string(funnel_range_from_json(text).error());
    };
    CHECK(error_of("{}") == "funnel_range: the object has no member \"funnel_range\" (bad_input)");
    CHECK(error_of(R"({"funnel_range": {"version": 2}})") ==
          "funnel_range.version: a range of version 2 cannot be read, 1 can (unsupported)");
    const std::string head =
        R"({"funnel_range": {"version": 1, "question": {"funnel": {"steps": ["a", "b"]}}, )";
    CHECK(error_of(head + R"("leads": [{"lead": "x", "runs": [[1, 3, 0]]}]}})") ==
          "funnel_range.leads[0].runs[0]: a run is [first step, last step, time] of 2 steps (bad_input)");
    CHECK(error_of(head + R"("leads": [{"lead": "x", "runs": [[2, 2, 0], [1, 1, 0]]}]}})") ==
          "funnel_range.leads[0]: the runs do not ascend (bad_input)");
    CHECK(error_of(head + R"("leads": [{"lead": "x"}, {"lead": "x"}]}})") ==
          "funnel_range.leads[1]: the same lead stands twice (bad_input)");
    CHECK(error_of(head + R"("leads": [{"lead": "x", "held": ["ads"], "runs": []}]}})") ==
          "funnel_range.leads[0]: 1 values are held and not 0 (bad_input)");
    CHECK(error_of(head + R"("groups": []}})").find("unknown") != std::string::npos);
}
