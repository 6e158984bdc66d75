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
        parts.push_back(d.chance(50) ? *part : partial_flow_from_json(to_json(*part)).value());
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

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

// Writes another number somewhere, the same text twice, or leaves a character out.
std::string damaged(dice& d, std::string text) {
    for (int n = 1 + d.below(2); n > 0; --n) {
        const auto at = static_cast<std::size_t>(d.below(static_cast<int>(text.size())));
        const auto digit = text.find_first_of("0123456789", at);
        if (d.chance(80) && digit != std::string::npos)
            text.replace(digit, 1,
                         d.pick(std::vector<std::string>{"0", "1", "2", "7", "-1", "99999999999999"}));
        else if (const auto comma = text.find(',', at), last = text.rfind(',', at);
                 comma != std::string::npos && last != std::string::npos)
            text.insert(comma, text.substr(last, comma - last));
        else
            text.erase(at, 1);
    }
    return text;
}

}  // namespace

TEST_CASE("merge: parts of a flow of any cut by lead answer as one, in any order and any tree") {
    CHECK(differing_world(3000) == "");
}

TEST_CASE("merge: worlds tell a part of a flow that comes twice, or with another number") {
    const auto comes_twice = [](const partial_flow& p) {
        const auto both = merge(p, p);
        return both ? *both : p;
    };
    const auto with_another_time = [](const partial_flow& p) {
        std::string text = to_json(p);
        if (const auto at = text.find("\"stays\":[["); at != std::string::npos && text[at + 10] == '1')
            text[at + 10] = '2';
        const auto other = partial_flow_from_json(text);
        return other ? *other : p;
    };
    for (const tampering& tamper : {tampering(comes_twice), tampering(with_another_time)})
        CHECK(differing_world(3000, tamper) != "");
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

TEST_CASE("merge: a part of a flow reads back from its JSON, and says what is wrong with another") {
    const auto part = part_of(stages_of("ana", utc(2024, 3, 31)), flow{}).value();
    const std::string text = to_json(part);
    constexpr auto npos = std::string::npos;
    CHECK(to_json(partial_flow_from_json(text).value()) == text);
    const auto error_of = [&](const std::string& from, const std::string& to) {
        const auto read = partial_flow_from_json(replaced(text, from, to));
        return read ? "it was read" : to_string(read.error());
    };
    CHECK(error_of("\"version\":1", "\"version\":2") ==
          "partial_flow.version: a part of version 2 cannot be read, 1 can (unsupported)");
    CHECK(
        error_of("[0,1,1]", "[0,3,1]") ==
        "partial_flow.parts[0].moves[0]: a move is [from, to, how often] of 2 stages and exits, from 0 if it "
        "begins (bad_input)");
    CHECK(error_of("[0,1,1]", "[0,1,1],[0,1,1]") ==
          "partial_flow.parts[0].moves[1]: the same move stands twice (bad_input)");
    CHECK(error_of("[0,1,1]", "[0,1,2]") ==
          "partial_flow.parts[0]: the outcomes by visit of stage 1 do not sum to 2 (bad_input)");
    CHECK(error_of("[0,1,1]", "[0,1,281474976710657]") ==
          "partial_flow.parts[0].moves[0][2]: 281474976710657 is more than a part may count (bad_input)");
    CHECK(error_of("\"balance\":[0,0]", "\"balance\":[0]") ==
          "partial_flow.parts[0].balance: 1 numbers for 2 stages and exits (bad_input)");
    CHECK(error_of("\"waits\":[86400000000]", "\"waits\":[]") ==
          "partial_flow.parts[0].conversion_leads[0].waits: 0 numbers for 1 converted (bad_input)");
    CHECK(error_of("\"groups\":[]", "\"groups\":[{\"name\":\"x\",\"leads\":1}]") ==
          "partial_flow.groups: the question asks for no groups (bad_input)");
    CHECK(error_of("\"refused\"", "\"refuse\"").find("did you mean \"refused\"? (unknown_name)") != npos);
    CHECK(error_of("{\"flow\":{}}",
                   "{\"flow\":{\"period\":{\"from\":\"2024-02-01\",\"until\":\"2024-01-01\"}}}")
              .find("(invalid_question)") != npos);
    CHECK(to_string(partial_flow_from_json("{}").error()) ==
          "partial_flow: the object has no member \"partial_flow\" (bad_input)");
}

TEST_CASE("merge: a damaged part of a flow is refused, or answers without blaming the library") {
    int read = 0, refused = 0;
    for (std::uint64_t seed = 140'000'000; read + refused < 4000; ++seed) {
        const lifecycle_world w = make_lifecycle_world(seed);
        flow q = w.flow;
        q.lifecycle.clear();
        const auto stages = derive(make_store(w).snapshot(), w.lifecycle, w.scope);
        if (!stages) continue;
        const auto part = part_of(*stages, q);
        if (!part) continue;
        dice d(~seed);
        const auto other = partial_flow_from_json(damaged(d, to_json(*part)));
        ++(other ? read : refused);
        if (!other) {
            CHECK_FALSE(other.error().message.empty());
            continue;
        }
        const std::string printed = to_json(*other);
        CHECK(to_json(partial_flow_from_json(printed).value()) == printed);
        for (const auto& p : {result<partial_flow>(*other), merge(*other, *other), merge(*part, *other)})
            if (p && !p->answer()) CHECK(p->answer().error().code != errc::corrupt);
    }
    CHECK(read > 400);
    CHECK(refused > 400);
}
