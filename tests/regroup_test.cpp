// Leads put together must read as if one lead had done all of it, whatever the layout.
#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include <weir.hpp>

#include "catch.hpp"
#include "scan/attribute_reader.hpp"
#include "scan/regroup.hpp"
#include "world.hpp"

namespace {

using weir_test::dice;
using weir_test::layout;
using weir_test::lifecycle_world;

// A row as text, and what it is ordered by when leads are put together.
struct line {
    std::int64_t time;
    bool after_all;
    std::string text;
};
using story = std::vector<line>;

std::string print(const weir::snapshot::impl& data, const weir::row& r) {
    std::string text = std::string(data.event_name(r.event)) + '@' + std::to_string(r.time);
    for (const char* name : {"channel", "amount", "to", "move", "from", "entry", "fee"}) {
        const weir::attribute_reader reader(data, name);
        text += ' ' + std::string(name) + '=' + reader.text_of(reader.at(r));
    }
    return text;
}

std::map<std::string, story> stories(const weir::snapshot::impl& data) {
    std::map<std::string, story> all;
    weir::scan(data, {.hidden = true}, [&](int, const weir::lead_rows& lead) {
        for (const weir::row& r : lead.rows)
            all[std::string(data.lead_key(lead.lead))].push_back(
                {r.time, r.arrival == std::numeric_limits<std::int64_t>::max(), print(data, r)});
    });
    return all;
}

// Which new lead each key goes to, "": left out.
using owners = std::map<std::string, std::string>;

enum class fault { none, leads_backwards, time_outs_first };

// The same by hand: lead after lead in the order of keys, then sorted by time.
std::map<std::string, story> put_together(const std::map<std::string, story>& leads, const owners& to,
                                          fault planted = fault::none) {
    std::map<std::string, story> all;
    for (const auto& [key, lines] : leads) {
        const std::string owner = to.at(key);
        if (owner.empty()) continue;
        story& joined = all[owner];
        const auto at = planted == fault::leads_backwards ? joined.begin() : joined.end();
        joined.insert(at, lines.begin(), lines.end());
        if (planted == fault::time_outs_first)
            for (line& l : joined) l.after_all = false;
    }
    for (auto& [key, lines] : all)
        std::stable_sort(lines.begin(), lines.end(), [](const line& a, const line& b) {
            return std::tie(a.time, a.after_all) < std::tie(b.time, b.after_all);
        });
    return all;
}

std::shared_ptr<weir::snapshot::impl> regrouped(const weir::snapshot::impl& data, const owners& to) {
    weir::regrouping how{.keys = std::make_shared<weir::dictionary>()};
    for (weir::dictionary::code c = 0; c < data.lead_keys->size(); ++c) {
        const auto found = to.find(std::string(data.lead_key(c)));
        const bool stays = found != to.end() && !found->second.empty();
        how.owners.push_back(stays ? how.keys->insert(found->second) : weir::no_lead);
    }
    return weir::regroup(data, how);
}

std::string print(const std::map<std::string, story>& all) {
    std::string text;
    for (const auto& [lead, lines] : all) {
        text += lead + '\n';
        for (const line& l : lines) text += "  " + l.text + '\n';
    }
    return text;
}

owners random_owners(dice& d, const std::map<std::string, story>& leads) {
    owners to;
    for (const auto& [key, lines] : leads)
        to[key] = d.chance(15) ? "" : d.chance(25) ? key : "account " + std::to_string(d.below(2));
    return to;
}

weir::snapshot staged(const lifecycle_world& w, weir::snapshot s) {
    weir::scope how = w.scope;
    for (const auto* l : {&w.lifecycle, w.second ? &*w.second : nullptr}) {
        if (l == nullptr) break;
        const auto derived = derive(s, *l, how);
        if (!derived) break;
        s = *derived;
    }
    return s;
}

weir::store three_leads() {
    weir::store store;
    weir::batch b;
    const auto add = [&](const char* lead, const char* name, std::int64_t t) {
        b.add({.lead = lead, .name = name, .time = weir::from_unix_seconds(t)});
    };
    add("b", "first of b", 5);
    add("a", "first of a", 5);
    add("b", "second of b", 5);
    add("c", "of c", 1);
    add("a", "early", 2);
    store.append(b).value();
    return store;
}

std::string names(const story& lines) {
    std::string text;
    for (const line& l : lines) text += l.text.substr(0, l.text.find('@')) + '|';
    return text;
}

}  // namespace

TEST_CASE("regroup: equal times stand lead by lead in the order of keys, and inside one as they arrived") {
    const auto store = three_leads();
    const weir::snapshot s = store.snapshot();
    const auto all = stories(*regrouped(s.data(), {{"a", "x"}, {"b", "x"}, {"c", "c"}}));
    CHECK(names(all.at("x")) == "early|first of a|first of b|second of b|");
    CHECK(names(all.at("c")) == "of c|");
    CHECK(all.size() == 2);
}

TEST_CASE("regroup: leads without an owner are left out of every count") {
    const auto store = three_leads();
    const weir::snapshot s(regrouped(store.snapshot().data(), {{"a", ""}, {"b", ""}, {"c", "c"}}));
    CHECK(s.size() == 1);
    CHECK(s.leads() == 1);
    CHECK(s.last() == weir::from_unix_seconds(1));
    const weir::snapshot none(regrouped(store.snapshot().data(), {}));
    CHECK(none.size() == 0);
    CHECK(none.last() == std::nullopt);
}

TEST_CASE("regroup: what nobody is put together with reads as before") {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const auto w = weir_test::make_lifecycle_world(seed);
        const weir::snapshot s = staged(w, make_store(w).snapshot());
        const auto before = stories(s.data());
        owners same;
        for (const auto& [key, lines] : before) same[key] = key;
        CHECK(print(stories(*regrouped(s.data(), same))) == print(before));
    }
}

TEST_CASE("regroup: leads put together read as one lead, in any layout and with stages") {
    int backwards = 0, early = 0;
    for (std::uint64_t seed = 0; seed < 1500; ++seed) {
        dice d(seed);
        const auto w = weir_test::make_lifecycle_world(seed);
        const weir::snapshot s = staged(w, make_store(w, weir_test::make_layout(d)).snapshot());
        const auto before = stories(s.data());
        const owners to = random_owners(d, before);
        const auto expected = put_together(before, to);
        const auto joined = regrouped(s.data(), to);
        INFO("seed " << seed);
        REQUIRE(print(stories(*joined)) == print(expected));
        backwards += print(put_together(before, to, fault::leads_backwards)) != print(expected);
        early += print(put_together(before, to, fault::time_outs_first)) != print(expected);
        // And once more: an account of leads that are joined already.
        owners one;
        for (const auto& [key, lines] : expected) one[key] = "all";
        REQUIRE(print(stories(*regrouped(*joined, one))) == print(put_together(expected, one)));
    }
    // Either fault would have been found.
    CHECK(backwards > 100);
    CHECK(early > 0);
}
