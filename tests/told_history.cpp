#include "told_history.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <utility>

#include "segment/snapshot_data.hpp"

namespace weir_test {
namespace {

constexpr int part_percent = 10;  // of answers whose parts are held against one another

// A part that followed the store holds what one that was counted anew does, and nothing else.
template <class Part> std::string difference_of_parts(const Part& live, const Part& anew) {
    const std::string text = to_json(live), expected = to_json(anew);
    return text == expected ? "" : "a part counted anew\n" + expected + "\nand live\n" + text;
}

// The times of a world, and those behind them.
std::vector<weir::instant> times_of(const world& w) {
    std::vector<weir::instant> times;
    for (const weir::event& e : w.events) {
        times.push_back(e.time);
        if (e.time < weir::instant::max() - 10 * w.tick) times.push_back(e.time + 3 * w.tick);
    }
    if (times.empty()) times.emplace_back();
    return times;
}

}  // namespace

int from_environment(const char* name, int otherwise) {
    const char* const said = std::getenv(name);
    return said == nullptr ? otherwise : std::atoi(said);
}

weir::identity keys_and_merges() {
    weir::identity i;
    i.rules = {{.keys = {{"user", "user_id"}}, .merge_id = "link"}, {.cancels = "undo"}};
    i.ranks = weir::names{"user"};
    return i;
}

std::string population::tell(dice& d) {
    lead& one = leads_[place(d)];
    ++one.events;
    return one.name;
}

std::string population::full() const {
    for (const lead& one : leads_)
        if (one.events >= most_events_) return one.name;
    return "";
}

void population::replace(const std::string& name) {
    for (lead& one : leads_)
        if (one.name == name) one = {"lead " + std::to_string(++last_)};
}

subject::subject(std::uint64_t seed) : identified(seed % 4 >= 2), staged(seed % 2 == 1) {
    const lifecycle_world life = make_lifecycle_world(seed);
    lifecycle = life.lifecycle;
    flow = life.flow;
    flow.lifecycle.clear();
    if (staged) {
        funnel = life.funnel;
        names = {"crm", "crm", "crm", "click", "form", "mql", "lost"};
        times = times_of(life);
    } else {
        const funnel_world axes = make_axes_world(seed);
        funnel = axes.funnel;
        names = {"a", "a", "b", "b", "c", "x"};
        times = times_of(axes);
    }
    dice d(seed);
    if (staged && d.chance(20)) {
        funnel.counting = weir::counting::accounts;
        funnel.account = "channel";
    }
    if (d.chance(20)) funnel.max_groups = 3;
    if (d.chance(30)) funnel.histogram = {weir::duration{0}, weir::duration{5}, std::chrono::hours{30}};
    if (d.chance(30) && funnel.counting == weir::counting::leads)
        funnel.list = weir::lead_list{.at = 1, .limit = 5};
    if (funnel.as_of && d.chance(50)) funnel.as_of.reset();
    if (!check(funnel)) funnel = {.steps = {names.front(), names.back()}};
}

told_history::told_history(std::uint64_t seed)
    : dice_(~seed),
      about_(seed),
      leads_(4 + dice_.below(12)),
      store_({.merge_on_append = dice_.chance(60)}),
      live_(about_.funnel),
      live_flow_(about_.lifecycle, about_.flow) {}

void told_history::change() {
    if (const std::string lead = leads_.full(); !lead.empty()) {
        leads_.replace(lead);
        return erase(lead);
    }
    const int kind = dice_.below(100);
    if (kind < 66) return append(1 + (dice_.chance(10) ? dice_.below(12) : 0));
    if (kind < 72) return repeat();
    if (kind < 80) return say("user_id", "u" + std::to_string(dice_.below(4)), true);
    if (kind < 87) return say("undo", "m" + std::to_string(std::max(0, links_ - dice_.below(9))), false);
    if (kind < 90) return erase(leads_.any(dice_));  // later events of it are refused
    if (kind < 95) return static_cast<void>(store_.seal().value());
    while (store_.maintain().value() > 0) {
    }
}

weir::event told_history::any_event() {
    weir::event e{
        leads_.tell(dice_), dice_.pick(about_.names), dice_.pick(about_.times), make_attributes(dice_), {}};
    if (dice_.chance(30)) e.id = "e" + std::to_string(dice_.chance(30) ? ids_ : ++ids_);
    return e;
}

void told_history::append(int n) {
    weir::batch b;
    for (; n > 0; --n) {
        lately_.push_back(any_event());
        if (lately_.size() > 20) lately_.pop_front();
        b.add(lately_.back());
    }
    store_.append(b).value();
}

void told_history::repeat() {
    if (!lately_.empty())
        store_.append(lately_[static_cast<std::size_t>(dice_.below(static_cast<int>(lately_.size())))])
            .value();
}

void told_history::say(const std::string& attribute, const std::string& value, bool merges) {
    weir::event e = any_event();
    e.name = "said";
    e.id.clear();
    e.attributes = {{attribute, value}};
    if (merges && dice_.chance(70)) e.attributes.push_back({"link", "m" + std::to_string(++links_)});
    store_.append(e).value();
}

void told_history::erase(const std::string& lead) { store_.erase(lead).value(); }

weir::snapshot told_history::raw_snapshot(const weir::scope& how) {
    const weir::snapshot now = store_.snapshot();
    if (!about_.identified) return now;
    weir::scope at = how;
    if (dice_.chance(10)) at.as_of = dice_.pick(about_.times);
    return derive(now, keys_and_merges(), at).value();
}

weir::result<weir::snapshot> told_history::with_stages(const weir::snapshot& raw, weir::scope how) {
    if (dice_.chance(25)) how.as_of = dice_.pick(about_.times);
    if (raw.data().joined && how.as_of && raw.data().joined->as_of < how.as_of) how.as_of.reset();
    return derive(raw, about_.lifecycle, how);
}

void told_history::hear(std::string& before, const std::string& now) {
    if (before == now) return;
    before = now;
    ++news_;
}

std::string told_history::difference(const tampering& tamper) {
    const weir::scope how{.threads = 1 + (dice_.chance(10) ? dice_.below(3) : 0)};
    const weir::snapshot raw = raw_snapshot(how);
    if (!about_.staged) return funnel_difference(raw, how, tamper);
    if (const std::string found = flow_difference(raw, how, tamper); !found.empty()) return found;
    const auto stages = with_stages(raw, how);
    return stages ? funnel_difference(*stages, how, tamper) : "";
}

std::string told_history::flow_difference(const weir::snapshot& raw, const weir::scope& how,
                                          const tampering& tamper) {
    const auto stages = derive(raw, about_.lifecycle, how);
    const auto done = live_flow_.update(tamper.of_flow ? tamper.of_flow(raw) : raw, how);
    if (!stages || !done) return bool(stages) == bool(done) ? "" : "one derivation refused";
    const std::string full = print(measure(*stages, about_.flow, how));
    const std::string live = print(live_flow_.answer(how));
    hear(flow_before_, full);
    if (full != live) return "flow in full\n" + full + "\nand live\n" + live;
    if (!dice_.chance(part_percent) || !live_flow_.part()) return "";
    return difference_of_parts(*live_flow_.part(), part_of(*stages, about_.flow, how).value());
}

std::string told_history::funnel_difference(const weir::snapshot& asked, const weir::scope& how,
                                            const tampering& tamper) {
    const auto full = measure(asked, about_.funnel, how);
    const std::string before = print(live_.answer());
    const auto done = live_.update(tamper.of_funnel ? tamper.of_funnel(asked) : asked, how);
    const auto live = live_.answer();
    if (!full && !done) {
        if (full.error() != done.error()) return print(full) + "\nand live\n" + to_string(done.error());
        return before == print(live) ? "" : "an error changed the answer";
    }
    if (!full || !done) return "one refused: " + print(full) + to_string(done.error());
    const std::string text = print(full);
    hear(funnel_before_, text);
    if (text == print(live) && full->rows == live->rows)
        return dice_.chance(part_percent)
                   ? difference_of_parts(live_.part(), part_of(asked, about_.funnel, how).value())
                   : "";
    return to_json(about_.funnel) + "\nin full\n" + text + "\nand live\n" + print(live);
}

}  // namespace weir_test
