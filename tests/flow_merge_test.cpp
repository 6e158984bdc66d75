// Parts of a flow, of disjoint sets of leads, merged in any order and any tree, answer what one snapshot of
// all leads does.
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

// Merges any two until one is left.
result<partial_flow> merge_all(dice& d, std::vector<partial_flow> all) {
    while (all.size() > 1) {
        d.shuffle(all);
        const auto both = merge(all.back(), *(all.end() - 2));
        if (!both) return both;
        all.pop_back();
        all.back() = *both;
    }
    return all.front();
}

using tampering = std::function<partial_flow(const partial_flow&)>;

// Says where the world's answer and the merged one differ, or "".
std::string difference(std::uint64_t seed, const tampering& tamper = {}) {
    const lifecycle_world w = make_lifecycle_world(seed);
    dice d(~seed);
    flow q = w.flow;
    q.lifecycle.clear();
    std::vector<store> stores(static_cast<std::size_t>(1 + d.below(4)));
    store whole;
    for (const event& e : w.events) {
        const auto cut = std::hash<std::string>{}(e.lead.key()) % stores.size();
        stores[cut].append(e).value();
        whole.append(e).value();
    }
    scope how = w.scope;
    if (!how.as_of) how.as_of = whole.snapshot().last();  // of all stores
    const auto stages_of = [&](const store& s) { return derive(s.snapshot(), w.lifecycle, how); };
    const auto stages = stages_of(whole);
    if (!stages) return "";
    const std::string full = print(measure(*stages, q));
    std::vector<partial_flow> parts;
    for (const store& s : stores) {
        const auto own = stages_of(s);
        if (!own) return "a store alone: " + to_string(own.error());
        const auto part = part_of(*own, q, {.threads = 1 + d.below(2)});
        if (!part) return full == to_string(part.error()) ? "" : "refused: " + to_string(part.error());
        parts.push_back(*part);
    }
    if (tamper) parts.front() = tamper(parts.front());
    const auto merged = merge_all(d, parts);
    const std::string told = merged ? print(merged->answer()) : to_string(merged.error());
    return full == told ? "" : to_json(q) + "\nin full\n" + full + "\nmerged\n" + told;
}

std::string differing_world(int worlds, const tampering& tamper = {}) {
    for (int i = 0; i < worlds; ++i)
        if (const auto found = difference(130'000'000 + static_cast<std::uint64_t>(i), tamper);
            !found.empty())
            return "world " + std::to_string(i) + ": " + found;
    return "";
}

const lifecycle buying{.stages = {"visit", "won"},
                       .rules = {{.to = "visit", .event = "visit"}, {.to = "won", .event = "won"}}};
snapshot stages_of(const char* lead, instant as_of) {
    store s;
    s.append({lead, "visit", utc(2024, 3, 1), {}, {}}).value();
    s.append({lead, "won", utc(2024, 3, 2), {}, {}}).value();
    return derive(s.snapshot(), buying, {.as_of = as_of}).value();
}

}  // namespace

TEST_CASE("merge: parts of a flow of any cut by lead answer as one, in any order and any tree") {
    CHECK(differing_world(3000) == "");
}

TEST_CASE("merge: worlds tell a part of a flow that comes twice") {
    const auto comes_twice = [](const partial_flow& p) {
        const auto both = merge(p, p);
        return both ? *both : p;
    };
    CHECK(differing_world(3000, comes_twice) != "");
}

TEST_CASE("merge: parts of a flow that do not belong together are refused") {
    const instant march = utc(2024, 3, 31);
    const auto a = part_of(stages_of("ana", march), flow{}).value();
    CHECK(merge(a, part_of(stages_of("ben", march), flow{.by = "source"}).value()).error().code ==
          errc::invalid_question);
    const auto earlier = part_of(stages_of("ben", utc(2024, 3, 30)), flow{}).value();
    CHECK(merge(a, earlier).error().where == "as_of");
    const auto both = merge(a, part_of(stages_of("ben", march), flow{}).value()).value();
    CHECK(both.answer().value().outcome.front().leads == 2);
}
