// Segments that went to files and back answer like those in memory; and no file, however it was damaged,
// does anything but that or give an error.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <weir.hpp>

#include "catch.hpp"
#include "segment_files.hpp"
#include "world.hpp"

namespace {

using namespace weir_test;
using namespace weir;

std::vector<stored_id> some_ids(const segment& s, dice& d) {
    std::vector<stored_id> ids;
    for (std::int64_t i = 0; i < d.below(4); ++i)
        ids.push_back({{d.next(), d.next()}, {d.next(), d.next()}, s.first_arrival + i, d.pick(s.leads)});
    return ids;
}

snapshot through_files(const snapshot& s) { return write_files(s).open(); }

}  // namespace

TEST_CASE("segment file: a store that went through files answers as before") {
    std::size_t segments = 0;
    for (std::uint64_t seed = 0; seed < 1500; ++seed) {
        INFO("world " << seed);
        const funnel_world w = make_axes_world(310'000'000 + seed);
        dice d(seed);
        const store s = make_store(w, make_layout(d));
        const snapshot before = s.snapshot(), after = through_files(before);
        segments += before.data().raw_segments();
        REQUIRE(before.size() == after.size());
        REQUIRE(before.leads() == after.leads());
        REQUIRE(print(measure(before, w.funnel)) == print(measure(after, w.funnel, {.threads = 2})));
        for (const auto& key : leads_of(w))
            REQUIRE(print(events_of(before, lead_id(key))) == print(events_of(after, lead_id(key))));
    }
    CHECK(segments > 1500);
}

TEST_CASE("segment file: stages derived from files are those derived from memory") {
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        INFO("world " << seed);
        const lifecycle_world w = make_lifecycle_world(320'000'000 + seed);
        dice d(seed);
        const store s = make_store(w, make_layout(d));
        const auto before = derive(s.snapshot(), w.lifecycle, w.scope);
        const auto after = derive(through_files(s.snapshot()), w.lifecycle, w.scope);
        REQUIRE(before.has_value() == after.has_value());
        if (!before) continue;
        REQUIRE(print(measure(*before, w.funnel)) == print(measure(*after, w.funnel)));
        flow f = w.flow;
        f.lifecycle.clear();
        REQUIRE(print(measure(*before, f)) == print(measure(*after, f)));
    }
}

TEST_CASE("segment file: codes of the store that opens it may be any") {
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        INFO("world " << seed);
        const funnel_world w = make_axes_world(330'000'000 + seed);
        dice d(seed);
        const store s = make_store(w, make_layout(d));
        // Keys, names and texts that are there already, in another order: leads have to be sorted anew.
        const auto into = empty_snapshot();
        std::vector<event> others = w.events;
        d.shuffle(others);
        for (const event& e : others) {
            if (d.chance(60)) into->lead_keys->insert(e.lead.key());
            if (d.chance(60)) into->event_names->insert(e.name);
            for (const auto& a : e.attributes)
                if (const auto* text = a.value.get<std::string>(); text != nullptr && d.chance(60))
                    into->columns[into->add_column({a.name, value_kind::text})].texts->insert(*text);
        }
        const snapshot before = s.snapshot(), after = write_files(before).open({}, into);
        REQUIRE(print(measure(before, w.funnel)) == print(measure(after, w.funnel)));
        for (const auto& key : leads_of(w))
            REQUIRE(print(events_of(before, lead_id(key))) == print(events_of(after, lead_id(key))));
        // And what was opened is written as it was, but for the order of leads and codes.
        REQUIRE(print(measure(through_files(after), w.funnel)) == print(measure(before, w.funnel)));
    }
}

TEST_CASE("segment file: nothing of an erased lead gets into a file") {
    store s;
    const auto visit = [&](const std::string& lead, std::int64_t n, const std::string& text) {
        s.append({lead, "visit-" + text, from_unix_microseconds(n), {{"n", n}, {"text", text}}, {}}).value();
    };
    visit("kept", 1'000, "plain");
    visit("secret lead", 0x1122334455667788, "secret text");
    s.append({"kept", "visit-plain", from_unix_microseconds(2'000), {}, {}}).value();
    s.seal().value();
    s.erase("secret lead").value();
    const segment_files written = write_files(s.snapshot());
    REQUIRE(written.all.size() == 1);
    const auto& bytes = written.all[0]->bytes;
    const std::string_view raw(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    CHECK(raw.find("kept") != std::string_view::npos);
    CHECK(raw.find("secret") == std::string_view::npos);
    CHECK(raw.find("\x77\x66\x55\x44\x33\x22\x11") == std::string_view::npos);
    CHECK(print(events_of(written.open(), "kept")) == print(events_of(s.snapshot(), "kept")));
}

TEST_CASE("segment file: event ids come back with the leads that they are of") {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const funnel_world w = make_axes_world(340'000'000 + seed);
        dice d(seed);
        const store s = make_store(w, make_layout(d));
        const auto before = s.snapshot();
        segment_files written;
        const auto into = empty_snapshot();
        into->lead_keys->insert("somebody else");
        for (std::size_t i = 0; i < before.data().raw_segments(); ++i) {
            const segment& of = *before.data().segments[i];
            written.add(of, before.data(), some_ids(of, d));
            const auto back = open_segment(written.all[i], identity_of(i + 1), written.entries[i], *into).ids;
            REQUIRE(back.size() == written.ids[i].size());
            for (std::size_t k = 0; k < back.size(); ++k) {
                const stored_id& was = written.ids[i][k];
                REQUIRE(before.data().lead_key(was.lead) == into->lead_key(back[k].lead));
                REQUIRE(back[k] == stored_id{was.id, was.content, was.arrival, back[k].lead});
            }
        }
    }
}

TEST_CASE("segment file: it is durable when it is said to be, and complete") {
    store s;
    s.append({"a", "visit", from_unix_microseconds(1), {}, {}}).value();
    const segment_files written = write_files(s.snapshot());
    REQUIRE(written.all.size() == 1);
    CHECK(written.all[0]->synced == written.all[0]->bytes.size());
    CHECK(written.entries[0].file_length == written.all[0]->bytes.size());
    CHECK_NOTHROW(verify_segment(written.all[0], identity_of(1), written.entries[0]));
    written.all[0]->bytes[200] ^= std::byte{1};
    CHECK_THROWS_AS(verify_segment(written.all[0], identity_of(1), written.entries[0]), weir::exception);
}
