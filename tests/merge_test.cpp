// Parts of disjoint sets of leads, merged in any order and any tree, answer what one snapshot of all leads
// does.
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "world.hpp"

namespace {

using namespace weir_test;
using namespace weir;

template <class Table> std::string print(const result<Table>& r) {
    return r ? to_json(answer(*r)) : to_string(r.error());
}

funnel make_question(std::uint64_t seed) {
    funnel q = make_axes_world(seed).funnel;
    if (q.counting == counting::accounts) return {.steps = {"click", "call"}};  // they span leads
    dice d(seed);
    if (d.chance(20)) q.max_groups = 2 + d.below(2);
    if (d.chance(30)) q.histogram = {duration{0}, duration{5}};
    if (d.chance(30) && q.counting == counting::leads) q.list = lead_list{.at = 1, .limit = 3};
    return q;
}

// Merges any two until one is left.
result<funnel_part> merge_all(dice& d, std::vector<funnel_part> all) {
    while (all.size() > 1) {
        d.shuffle(all);
        const auto both = merge(all.back(), *(all.end() - 2));
        if (!both) return both;
        all.pop_back();
        all.back() = *both;
    }
    return all.front();
}

using tampering = std::function<funnel_part(const funnel_part&)>;

// Says where the world's answer and the merged one differ, or "".
std::string difference(std::uint64_t seed, const tampering& tamper = {}) {
    const funnel_world w = make_axes_world(seed);
    dice d(~seed);
    funnel q = make_question(seed);
    std::vector<store> stores(static_cast<std::size_t>(1 + d.below(4)));
    store whole;
    for (const event& e : w.events) {
        const auto cut = std::hash<std::string>{}(e.lead.key()) % stores.size();
        stores[cut].append(e).value();
        whole.append(e).value();
    }
    if (const auto last = whole.snapshot().last(); last && !q.as_of) q.as_of = last;  // of all stores
    std::vector<funnel_part> parts;
    for (const store& s : stores) {
        const auto part = part_of(s.snapshot(), q, {.threads = 1 + d.below(2)});
        if (!part) return print(measure(whole.snapshot(), q)) == to_string(part.error()) ? "" : "refused";
        parts.push_back(d.chance(50) ? *part : funnel_part_from_json(to_json(*part)).value());
    }
    if (tamper) parts.front() = tamper(parts.front());
    const auto merged = merge_all(d, parts);
    const std::string full = print(measure(whole.snapshot(), q));
    const std::string told = merged ? print(merged->answer()) : to_string(merged.error());
    return full == told ? "" : to_json(q) + "\nin full\n" + full + "\nmerged\n" + told;
}

std::string differing_world(int worlds, const tampering& tamper = {}) {
    for (int i = 0; i < worlds; ++i)
        if (const auto found = difference(120'000'000 + static_cast<std::uint64_t>(i), tamper);
            !found.empty())
            return "world " + std::to_string(i) + ": " + found;
    return "";
}

store store_of(const char* lead, int hours) {
    store s;
    s.append({lead, "visit", utc(2024, 3, 1), {}, {}}).value();
    s.append({lead, "won", utc(2024, 3, 1) + std::chrono::hours{hours}, {}, {}}).value();
    return s;
}
const funnel by_march{.steps = {"visit", "won"}, .as_of = utc(2024, 3, 31)};

}  // namespace

TEST_CASE("merge: parts of any cut by lead answer as one, in any order and any tree") {
    CHECK(differing_world(3000) == "");
}

TEST_CASE("merge: worlds tell a part that is lost, or comes twice") {
    const auto is_lost = [](const funnel_part& p) {
        return part_of(snapshot{}, p.answer().value().question).value();
    };
    const auto comes_twice = [](const funnel_part& p) {
        const auto both = merge(p, p);
        return both ? *both : p;
    };
    for (const tampering& tamper : {tampering(is_lost), tampering(comes_twice)})
        CHECK(differing_world(3000, tamper) != "");
}

TEST_CASE("merge: waits of all parts are one distribution") {
    const auto a = part_of(store_of("ana", 1).snapshot(), by_march).value();
    const auto b = part_of(store_of("ben", 9).snapshot(), by_march).value();
    const auto both = merge(a, b).value().answer().value();
    CHECK(both.rows[1].leads == 2);
    CHECK(both.rows[1].median_wait == std::chrono::hours{1});
    CHECK(both.rows[1].p90_wait == std::chrono::hours{9});
}

TEST_CASE("merge: a part of no leads changes nothing") {
    const auto a = part_of(store_of("ana", 1).snapshot(), by_march).value();
    CHECK(to_json(merge(a, funnel_part(by_march)).value()) == to_json(a));
    CHECK(to_json(merge(funnel_part(by_march), a).value()) == to_json(a));
}

TEST_CASE("merge: parts that do not belong together are refused") {
    const store s = store_of("ana", 1);
    funnel q = by_march;
    const auto part = part_of(s.snapshot(), q).value();
    q.within = std::chrono::hours{1};
    CHECK(merge(part, part_of(s.snapshot(), q).value()).error().code == errc::invalid_question);
    q = by_march;
    q.as_of.reset();
    const auto a = part_of(store_of("ana", 1).snapshot(), q).value();
    const auto b = part_of(store_of("ben", 9).snapshot(), q).value();
    CHECK(merge(a, b).error().where == "as_of");
    q = by_march;
    q.list = lead_list{.at = 1};
    const auto listed = part_of(s.snapshot(), q).value();
    CHECK(merge(listed, listed).error().where == "list");
    const lifecycle stages{.stages = {"visit", "won"}};
    const auto staged = part_of(derive(s.snapshot(), stages, {.as_of = utc(2024, 3, 31)}).value(), by_march);
    CHECK(merge(part, staged.value()).error().where == "lifecycle");
}

TEST_CASE("merge: a part reads back from its JSON, and says what is wrong with another") {
    const auto a = part_of(store_of("ana", 1).snapshot(), by_march).value();
    const std::string text = to_json(a);
    CHECK(to_json(funnel_part_from_json(text).value()) == text);
    const auto refused = [&](const std::string& from, const std::string& to) {
        std::string other = text;
        const auto at = other.find(from);
        REQUIRE(at != std::string::npos);
        other.replace(at, from.size(), to);
        return funnel_part_from_json(other).error();
    };
    CHECK(refused("\"version\":1", "\"version\":2").code == errc::unsupported);
    CHECK(refused("\"reached\":[1,1]", "\"reached\":[1]").where == "funnel_part.tallies[0]");
    CHECK(refused("\"reached\":[1,1]", "\"reached\":[1,-1]").where == "funnel_part.tallies[0].reached[1]");
    CHECK(refused("\"excluded\"", "\"exclude\"").code == errc::unknown_name);
    CHECK(refused("\"events\":[\"visit\"", "\"events\":[\"zip\"").where == "funnel_part.events");
    CHECK(funnel_part_from_json("{}").error().where == "funnel_part");
}
