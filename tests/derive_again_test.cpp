// A derivation that takes over what an earlier one tells must equal one that does not, in every number.
#include <algorithm>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lifecycle_story.hpp"
#include "segment/snapshot_data.hpp"
#include "world.hpp"

namespace {

using namespace weir_test;
using namespace weir_test::stories;

using data_of = snapshot::impl;

void print_column(std::ostream& out, const char* name, const packed& column) {
    out << "\n" << name << ":";
    for (std::size_t i = 0; i < column.size(); ++i) out << ' ' << column[i];
}

void print_attribute(std::ostream& out, const data_of& data, const segment_column& c) {
    const store_column& of = data.columns[c.column];
    out << "\n" << of.name.attribute << ":";
    for (std::size_t i = 0; i < c.bits.size(); ++i) {
        out << ' ';
        if (!c.has(i))
            out << "missing";
        else if (c.is_text)
            out << '"' << of.texts->at(static_cast<dictionary::code>(c.at(i))) << '"';
        else
            out << c.at(i);
    }
}

// All that the first layer of a snapshot holds.
std::string print_layer(const snapshot& derived) {
    const data_of& data = derived.data();
    const derived_layer& layer = *data.layers.front();
    const segment& s = *layer.segment;
    std::ostringstream out;
    out << to_json(layer.lifecycle) << " at " << layer.as_of << ", " << data.columns.size()
        << " columns\nleads:";
    for (std::size_t i = 0; i < s.leads.size(); ++i)
        out << ' ' << s.leads[i] << " to " << s.offsets[i + 1] << " mask " << s.masks[i];
    print_column(out, "events", s.events);
    print_column(out, "times", s.times);
    print_column(out, "arrivals", s.arrivals);
    print_column(out, "orders", s.orders);
    print_column(out, "segments", s.source_segments);
    print_column(out, "rows", s.source_rows);
    for (const segment_column& c : s.columns) print_attribute(out, data, c);
    if (s.size() > 0) out << "\ntimes " << s.min_time << " to " << s.max_time;
    for (const auto& [code, n] : s.event_counts) out << "\nevent " << code << ": " << n;
    for (const auto& r : layer.refusals)
        out << "\nrefused: " << r.lead << ' ' << r.time << ' ' << r.event << ' ' << r.policy << ' '
            << r.target;
    for (const std::string& note : notes_of(layer.facts)) out << "\nnote: " << note;
    for (const std::uint32_t lead : layer.disputed) out << "\ndisputed: " << lead;
    for (std::size_t e = 0; e < data.hidden.size(); ++e)
        if (data.hidden[e]) out << "\nhidden: " << e;
    return out.str();
}

// What a caller sees.
std::string print_answers(const snapshot& derived, const lifecycle_world& w, const scope& how) {
    std::string out = to_json(answer(history(derived, w.lifecycle.name).value()));
    flow f = w.flow;
    f.lifecycle.clear();
    f.as_of.reset();
    const auto flows = measure(derived, f, how);
    out += flows ? to_json(answer(*flows)) : to_string(flows.error());
    funnel q = w.funnel;
    q.as_of.reset();
    const auto counted = measure(derived, q, how);
    out += counted ? to_json(answer(*counted)) : to_string(counted.error());
    std::set<std::string> keys;
    for (const event& e : w.events) keys.insert(e.lead.key());
    for (const std::string& key : keys) {
        for (const event& e : events_of(derived, key).value()) {
            out += "\n" + key + ' ' + e.name + ' ' + to_string(e.time);
            for (const auto& a : e.attributes) out += ' ' + a.name + '=' + to_string(a.value);
        }
    }
    return out + "\n" + std::to_string(derived.size()) + " events of " + std::to_string(derived.leads());
}

// Tampers with the earlier derivation before it is used, given the later snapshot.
using tampering = std::function<snapshot(const snapshot& before, const snapshot& now)>;

// A store that grows, loses leads and is reorganised, with all that was derived of it on the way.
class growing_world {
public:
    growing_world(const lifecycle_world& w, std::uint64_t seed)
        : world_(w), dice_(seed), store_({.merge_on_append = dice_.chance(50)}) {
        if (dice_.chance(50)) dice_.shuffle(world_.events);
    }
    bool grows() const { return next_ < world_.events.size(); }
    void change() {
        for (int i = dice_.below(4); i > 0; --i) append();
        if (dice_.chance(10)) store_.seal().value();
        if (dice_.chance(25))
            while (store_.maintain().value() > 0) {
            }
        if (next_ > 0 && dice_.chance(10)) store_.erase(dice_.pick(world_.events).lead).value();
    }
    // Says where the two ways differ, or "".
    std::string difference(const tampering& tamper, bool in_answers) {
        const snapshot now = store_.snapshot();
        scope how{.threads = 1 + dice_.below(3), .as_of = any_as_of()};
        const auto full = derive(now, world_.lifecycle, how);
        how.threads = 1 + dice_.below(3);
        snapshot before = dice_.chance(80) ? derived_.back() : dice_.pick(derived_);
        if (tamper && !before.data().layers.empty()) before = tamper(before, now);
        const auto again = derive(now, world_.lifecycle, before, how);
        if (!full || !again) {
            const bool same = !full && !again && full.error() == again.error();
            return same ? "" : "one refused";
        }
        derived_.push_back(*again);
        if (print_layer(*full) != print_layer(*again))
            return "in full\n" + print_layer(*full) + "\nand again\n" + print_layer(*again);
        const bool alike =
            !in_answers || print_answers(*full, world_, how) == print_answers(*again, world_, how);
        return alike ? "" : "the answers differ";
    }

private:
    void append() {
        batch b;
        for (int i = dice_.chance(70) ? 1 : 5; i > 0 && grows(); --i) b.add(world_.events[next_++]);
        store_.append(b).value();
    }
    std::optional<instant> any_as_of() {
        if (world_.events.empty() || dice_.chance(60)) return std::nullopt;
        return std::clamp(dice_.pick(world_.events).time, instant::min() + 9 * world_.tick,
                          instant::max() - 9 * world_.tick) +
               dice_.below(9) * world_.tick;
    }

    lifecycle_world world_;
    dice dice_;
    store store_;
    std::size_t next_ = 0;
    std::vector<snapshot> derived_{snapshot{}};
};

// The first of some worlds in which the two ways differ, or "".
std::string differing_world(int worlds, const tampering& tamper = {}) {
    for (int i = 0; i < worlds; ++i) {
        const std::uint64_t seed = 70'000'000 + static_cast<std::uint64_t>(i);
        growing_world w(make_lifecycle_world(seed), ~seed);
        for (int still = 2; w.grows() || still-- > 0;) {
            w.change();
            const std::string found = w.difference(tamper, i % 6 == 0);
            if (!found.empty()) return "world " + std::to_string(seed) + ": " + found;
        }
    }
    return "";
}

snapshot with(const snapshot& s, const std::function<void(data_of&)>& change) {
    auto changed = std::make_shared<data_of>(s.data());
    change(*changed);
    return snapshot(std::move(changed));
}

snapshot with_layer(const snapshot& s, const std::function<void(derived_layer&)>& change) {
    return with(s, [&](data_of& data) {
        auto layer = std::make_shared<derived_layer>(*data.layers.front());
        change(*layer);
        data.layers.front() = layer;
    });
}

}  // namespace

TEST_CASE("derive again: stages are those of a full derivation, whatever happened in between") {
    CHECK(differing_world(3000) == "");
}

TEST_CASE("derive again: worlds tell an earlier derivation that misses events, time-outs or refusals") {
    const auto misses_events = [](const snapshot& before, const snapshot& now) {
        return with(before, [&](data_of& data) {
            const auto layer = data.segments.back();
            data.segments = now.data().segments;
            data.segments.push_back(layer);
        });
    };
    const auto misses_times = [](const snapshot& before, const snapshot& now) {
        return with_layer(before, [&](derived_layer& layer) {
            layer.as_of = std::max(layer.as_of, now.data().last_raw().value_or(layer.as_of));
        });
    };
    const auto misses_refusals = [](const snapshot& before, const snapshot&) {
        return with_layer(before, [](derived_layer& layer) { layer.refusals.clear(); });
    };
    const auto misses_disputes = [](const snapshot& before, const snapshot&) {
        return with_layer(before, [](derived_layer& layer) { layer.disputed.clear(); });
    };
    const auto moves_arrivals = [](const snapshot& before, const snapshot&) {
        return with(before, [](data_of& data) {
            if (data.raw_segments() == 0) return;
            // Another segment with the same rows, that counts its arrivals from elsewhere.
            auto other = std::make_shared<segment>();
            const segment& one = *data.segments.front();
            other->leads = one.leads;
            other->offsets = one.offsets;
            other->first_arrival = one.first_arrival - 1;
            data.segments.front() = other;
        });
    };
    for (const tampering& tamper :
         {tampering(misses_events), tampering(misses_times), tampering(misses_refusals),
          tampering(misses_disputes), tampering(moves_arrivals)})
        CHECK(differing_world(3000, tamper) != "");
}

TEST_CASE("derive again: causes are found after the store was sealed") {
    store s;
    const auto say = [&](const char* lead, const char* word, const char* why) {
        event e = told(word, lead);
        e.attributes.push_back({"why", why});
        s.append(e).value();
    };
    say("ana", "lead@1", "fair");
    say("bob", "mql@2", "call");
    const snapshot before = derive(s.snapshot(), deals()).value();
    say("eve", "lead@3", "mail");
    s.seal().value();
    const snapshot now = derive(s.snapshot(), deals(), before).value();
    const auto events = events_of(now, "bob").value();
    REQUIRE(events.size() == 2);
    CHECK(events.back().name == "mql");
    const auto why = std::find_if(events.back().attributes.begin(), events.back().attributes.end(),
                                  [](const named_value& v) { return v.name == "why"; });
    REQUIRE(why != events.back().attributes.end());
    CHECK(to_string(why->value) == "call");
    CHECK(history(now).value().visits.size() == 3);
}

TEST_CASE("derive again: what does not fit saves nothing and changes nothing") {
    const snapshot now = story("lead@1 mql@2");
    const std::string expected = print_layer(derive(now, deals()).value());
    lifecycle other = deals();
    other.version = 2;
    const std::vector<snapshot> earlier{snapshot{}, now, derive(now, other).value(),
                                        derive(story("sql@5"), deals()).value(),
                                        derive(now, deals(), {.as_of = at(9)}).value()};
    for (const snapshot& before : earlier)
        CHECK(print_layer(derive(now, deals(), before).value()) == expected);
    CHECK(derive(now, lifecycle{}, now).error().where == "stages");
    const snapshot derived = derive(now, deals()).value();
    CHECK(derive(derived, deals(), derived).error().where == "name");
}
