// Answers that follow a store must equal, byte for byte, those that are measured anew.
//
// WEIR_HISTORIES and WEIR_OPERATIONS in the environment set how many histories are told, and how long each
// is.
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "store/snapshot_data.hpp"
#include "world.hpp"

namespace {

using namespace weir_test;
using namespace weir;

int from_environment(const char* name, int otherwise) {
    const char* const said = std::getenv(name);
    return said == nullptr ? otherwise : std::atoi(said);
}

template <class Table> std::string print(const result<Table>& r) {
    return r ? to_json(answer(*r)) : to_string(r.error());
}

identity keys_and_merges() {
    identity i;
    i.rules = {{.keys = {{"user", "user_id"}}, .merge_id = "link"}, {.cancels = "undo"}};
    i.ranks = names{"user"};
    return i;
}

// Tampers with the snapshot that an update gets.
using tampering = std::function<snapshot(const snapshot&)>;

// A store that grows, is corrected and reorganised, and what is asked of it all the time.
class told_history {
public:
    explicit told_history(std::uint64_t seed)
        : dice_(~seed),
          world_(make_lifecycle_world(seed)),
          question_(make_question(seed)),
          identified_(seed % 4 >= 2),
          staged_(seed % 2 == 1),
          store_({.merge_on_append = dice_.chance(60)}),
          live_(question_),
          live_flow_(world_.lifecycle, flow_of(world_)) {
        if (world_.events.empty()) world_.events = {{"lead 1", "click", instant{}, {}, {}}};
    }

    void change() {
        const int kind = dice_.below(100);
        if (kind < 62) return append(1 + (dice_.chance(10) ? dice_.below(12) : 0));
        if (kind < 68) return repeat();
        if (kind < 76) return say("user_id", "u" + std::to_string(dice_.below(4)), true);
        if (kind < 82) return say("undo", "m" + std::to_string(dice_.below(links_ + 1)), false);
        if (kind < 92) return erase();
        if (kind < 95) return static_cast<void>(store_.seal().value());
        while (store_.maintain().value() > 0) {
        }
    }

    // Says where the two ways differ, or "".
    std::string difference(const tampering& tamper = {}) {
        const scope how{.threads = 1 + (dice_.chance(10) ? dice_.below(3) : 0)};
        const auto raw = raw_snapshot(how);
        if (const std::string found = flow_difference(raw, how); !found.empty()) return found;
        const auto asked = staged_ ? with_stages(raw, how) : result<snapshot>(raw);
        if (!asked) return "";
        const auto full = measure(*asked, question_, how);
        const std::string before = print(live_.answer());
        const auto done = live_.update(tamper ? tamper(*asked) : *asked, how);
        if (!full && !done) {
            if (full.error() != done.error()) return print(full) + "\nand live\n" + to_string(done.error());
            return before == print(live_.answer()) ? "" : "an error changed the answer";
        }
        if (!full || !done) return "one refused: " + print(full) + to_string(done.error());
        reread_ += done->leads;
        const auto live = live_.answer();
        const bool alike = print(full) == print(live) && full->rows == live->rows;
        return alike ? "" : to_json(question_) + "\nin full\n" + print(full) + "\nand live\n" + print(live);
    }
    std::int64_t reread() const { return reread_; }

private:
    static funnel make_question(std::uint64_t seed) {
        funnel q = seed % 2 == 1 ? make_lifecycle_world(seed).funnel : make_axes_world(seed).funnel;
        for (std::uint64_t next = seed; q.counting == counting::accounts;)  // they span leads
            q = make_axes_world(next += 1'000).funnel;
        dice d(seed);
        if (d.chance(20)) q.max_groups = 3;
        if (d.chance(30)) q.histogram = {duration{0}, duration{5}, std::chrono::hours{30}};
        if (d.chance(30) && q.counting == counting::leads) q.list = lead_list{.at = 1, .limit = 5};
        if (q.as_of && d.chance(50)) q.as_of.reset();
        return check(q) ? q : funnel{.steps = {"click", "call"}};
    }
    static flow flow_of(const lifecycle_world& w) {
        flow f = w.flow;
        f.lifecycle.clear();
        return f;
    }

    std::string any_lead() { return "lead " + std::to_string(first_lead_ + dice_.below(9)); }
    event any_event() {
        event e;
        e.lead = any_lead();
        e.name = dice_.pick(world_.events).name;
        e.time = dice_.pick(world_.events).time;
        e.attributes = dice_.pick(world_.events).attributes;
        if (dice_.chance(30)) e.id = "e" + std::to_string(dice_.below(40));
        return e;
    }
    void append(int n) {
        batch b;
        for (; n > 0; --n) b.add(last_ = any_event());
        store_.append(b).value();
    }
    void repeat() {
        if (!last_.name.empty()) store_.append(last_).value();
    }
    void say(const std::string& attribute, const std::string& value, bool merges) {
        event e = any_event();
        e.name = "said";
        e.id.clear();
        e.attributes = {{attribute, value}};
        if (merges && dice_.chance(70)) e.attributes.push_back({"link", "m" + std::to_string(++links_)});
        store_.append(e).value();
    }
    // An erased lead does not come back, but another takes its place.
    void erase() {
        store_.erase(any_lead()).value();
        if (dice_.chance(30)) store_.erase("lead " + std::to_string(first_lead_++)).value();
    }
    snapshot raw_snapshot(const scope& how) {
        const snapshot now = store_.snapshot();
        if (!identified_) return now;
        scope at = how;
        if (dice_.chance(10)) at.as_of = dice_.pick(world_.events).time;
        return derive(now, keys_and_merges(), at).value();
    }
    result<snapshot> with_stages(const snapshot& raw, scope how) {
        if (dice_.chance(25)) how.as_of = dice_.pick(world_.events).time;
        if (raw.data().joined && how.as_of && raw.data().joined->as_of < how.as_of) how.as_of.reset();
        return derive(raw, world_.lifecycle, how);
    }
    std::string flow_difference(const snapshot& raw, const scope& how) {
        if (!staged_) return "";
        const auto stages = derive(raw, world_.lifecycle, how);
        const auto done = live_flow_.update(raw, how);
        if (!stages || !done) return bool(stages) == bool(done) ? "" : "one derivation refused";
        const std::string full = print(measure(*stages, flow_of(world_), how));
        const std::string live = print(live_flow_.answer(how));
        return full == live ? "" : "flow in full\n" + full + "\nand live\n" + live;
    }

    dice dice_;
    lifecycle_world world_;
    funnel question_;
    bool identified_, staged_;
    store store_;
    live_funnel live_;
    live_flow live_flow_;
    event last_{};
    int links_ = 0, first_lead_ = 1;
    std::int64_t reread_ = 0;
};

std::string differing_history(int histories, int operations, const tampering& tamper = {}) {
    for (int i = 0; i < histories; ++i) {
        const std::uint64_t seed = 110'000'000 + static_cast<std::uint64_t>(i);
        told_history h(seed);
        for (int n = 0; n < operations; ++n) {
            h.change();
            const std::string found = h.difference(tamper);
            if (!found.empty())
                return "history " + std::to_string(seed) + ", operation " + std::to_string(n) + ": " + found;
        }
    }
    return "";
}

snapshot with(const snapshot& s, const std::function<void(snapshot::impl&)>& change) {
    auto changed = std::make_shared<snapshot::impl>(s.data());
    change(*changed);
    return snapshot(std::move(changed));
}

store few_leads() {
    store s;
    batch b;
    const auto at = [](int hour) { return utc(2024, 3, 1) + std::chrono::hours{hour}; };
    for (const char* lead : {"ana", "ben", "eve"})
        b.add({lead, "visit", at(1), {{"channel", "ads"}}, {}}).add({lead, "won", at(5), {}, {}});
    s.append(b).value();
    return s;
}
const funnel visit_to_won{.steps = {"visit", "won"}, .by = "channel"};

}  // namespace

TEST_CASE("live: the answer equals the one measured anew after every operation") {
    CHECK(differing_history(from_environment("WEIR_HISTORIES", 40),
                            from_environment("WEIR_OPERATIONS", 60)) == "");
}

TEST_CASE("live: histories tell an update that misses rows, or whose they are") {
    const auto misses_a_segment = [](const snapshot& s) {
        return with(s, [](snapshot::impl& data) {
            if (data.layers.empty() && data.segments.size() > 1) data.segments.erase(data.segments.begin());
        });
    };
    // As if all keys had the owners and rows of the last time: their number is all that is left.
    const auto misses_origins = [](const snapshot& s) {
        return with(s, [](snapshot::impl& data) {
            if (!data.origins) return;
            auto same = std::make_shared<lead_origins>(*data.origins);
            for (auto& rows : same->rows) rows = rows > 0 ? 1 : 0;
            data.origins = same;
        });
    };
    for (const tampering& tamper : {tampering(misses_a_segment), tampering(misses_origins)})
        CHECK(differing_history(60, 100, tamper) != "");
}

TEST_CASE("live: before the first update there are no events") {
    const live_funnel live(visit_to_won);
    CHECK(print(live.answer()) == print(measure(snapshot{}, visit_to_won)));
}

TEST_CASE("live: an update reads the leads whose events differ, and no other") {
    store s = few_leads();
    live_funnel live(visit_to_won);
    CHECK(live.update(s.snapshot()).value() == live_update{.all = true});
    s.append({"ben", "won", utc(2024, 2, 1), {}, {}}).value();
    s.append({"new", "visit", utc(2024, 3, 9), {}, {}}).value();
    CHECK(live.update(s.snapshot()).value() == live_update{.leads = 2});
    s.seal().value();
    CHECK(live.update(s.snapshot()).value() == live_update{});
    s.erase("ana").value();
    CHECK(live.update(s.snapshot()).value() == live_update{.leads = 1});
    CHECK(print(live.answer()) == print(measure(s.snapshot(), visit_to_won)));
}

TEST_CASE("live: it may go back to an earlier snapshot") {
    store s = few_leads();
    const snapshot before = s.snapshot();
    live_funnel live(visit_to_won);
    s.append({"ben", "won", utc(2024, 3, 9), {}, {}}).value();
    live.update(s.snapshot()).value();
    CHECK(live.update(before).value() == live_update{.leads = 1});
    CHECK(print(live.answer()) == print(measure(before, visit_to_won)));
}

TEST_CASE("live: keys put together or parted cost the leads concerned") {
    store s = few_leads();
    live_funnel live(visit_to_won);
    const auto update = [&] {
        const snapshot now = derive(s.snapshot(), keys_and_merges()).value();
        const auto done = live.update(now).value();
        CHECK(print(live.answer()) == print(measure(now, visit_to_won)));
        return done;
    };
    CHECK(update().all);
    const instant t = utc(2024, 3, 1);
    s.append({"ana", "said", t, {{"user_id", "u"}, {"link", "m"}}, {}}).value();
    CHECK(update() == live_update{.leads = 1});
    s.append({"ben", "said", t, {{"user_id", "u"}, {"link", "n"}}, {}}).value();
    CHECK(update() == live_update{.leads = 2});
    s.append({"eve", "said", t, {{"undo", "n"}}, {}}).value();
    CHECK(update() == live_update{.leads = 3});
}

TEST_CASE("live: a question that cannot be answered says so and changes nothing") {
    store s = few_leads();
    live_funnel none(funnel{});
    CHECK(none.update(s.snapshot()).error().where == "steps");
    CHECK(none.answer().error().where == "steps");
    funnel q = visit_to_won;
    q.max_groups = 1;
    live_funnel live(q);
    live.update(s.snapshot()).value();
    const std::string before = print(live.answer());
    s.append({"new", "visit", utc(2024, 3, 9), {{"channel", "mail"}}, {}}).value();
    CHECK(live.update(s.snapshot()).error() == measure(s.snapshot(), q).error());
    CHECK(print(live.answer()) == before);
    s.erase("new").value();
    live.update(s.snapshot()).value();
    CHECK(print(live.answer()) == print(measure(s.snapshot(), q)));
}
