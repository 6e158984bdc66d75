// Parts of disjoint sets of leads, merged in any order and any tree, answer what one snapshot of all leads
// does.
#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "catch.hpp"
#include "oracle/facts.hpp"
#include "world.hpp"

namespace {

using namespace weir_test;
using namespace weir;

funnel make_question(std::uint64_t seed) {
    funnel q = make_axes_world(seed).funnel;
    dice d(seed);
    if (d.chance(20)) q.max_groups = 2 + d.below(2);
    if (d.chance(30)) q.histogram = {duration{0}, duration{5}};
    if (d.chance(30) && q.counting == counting::leads) q.list = lead_list{.at = 1, .limit = 3};
    return q;
}

// By lead, the account that it belongs to; or nothing, and it is in no account.
std::map<std::string, std::string> accounts_of(const funnel_world& w, const funnel& q) {
    std::map<std::string, std::string> accounts;
    if (q.counting != counting::accounts || !q.as_of) return accounts;
    const auto as_of = q.as_of->time_since_epoch().count();
    for (const auto& [lead, facts] : oracle::meet(w.events))
        if (const auto last = oracle::touch_of(facts, q.account, false, as_of); last.value)
            accounts[lead] = *last.value;
    return accounts;
}

// Cuts by lead, or so that no account is cut.
class cutter {
public:
    cutter(std::size_t stores, const funnel_world& w, const funnel& q, bool whole_accounts)
        : stores_(stores), accounts_(accounts_of(w, q)), whole_accounts_(whole_accounts) {}
    std::size_t place_of(const std::string& lead) const {
        const auto account = accounts_.find(lead);
        const bool by_account = whole_accounts_ && account != accounts_.end();
        return std::hash<std::string>{}(by_account ? account->second : lead) % stores_;
    }
    bool cuts_an_account() const {
        std::map<std::string, std::size_t> places;
        for (const auto& [lead, account] : accounts_)
            if (places.emplace(account, place_of(lead)).first->second != place_of(lead)) return true;
        return false;
    }

private:
    std::size_t stores_;
    std::map<std::string, std::string> accounts_;
    bool whole_accounts_;
};

using tampering = std::function<funnel_part(const funnel_part&)>;

struct tried {
    std::string difference{};
    int accounts = 0, refused = 0;  // worlds that count them; of those whose cut goes through one
};

// Says where the world's answer and the merged one differ, or "".
std::string difference(std::uint64_t seed, tried& all, const tampering& tamper = {}) {
    const funnel_world w = make_axes_world(seed);
    dice d(~seed);
    funnel q = make_question(seed);
    store whole;
    for (const event& e : w.events) whole.append(e).value();
    if (const auto last = whole.snapshot().last(); last && !q.as_of) q.as_of = last;  // of all stores
    std::vector<store> stores(static_cast<std::size_t>(1 + d.below(4)));
    const cutter cut(stores.size(), w, q, d.chance(40));
    for (const event& e : w.events) stores[cut.place_of(e.lead.key())].append(e).value();
    std::vector<funnel_part> parts;
    for (const store& s : stores) {
        const auto part = part_of(s.snapshot(), q, {.threads = 1 + d.below(2)});
        if (!part) return print(measure(whole.snapshot(), q)) == to_string(part.error()) ? "" : "refused";
        parts.push_back(d.chance(50) ? *part : funnel_part_from_json(to_json(*part)).value());
    }
    if (tamper) parts.front() = tamper(parts.front());
    const auto merged = merge_all(d, parts);
    all.accounts += q.counting == counting::accounts ? 1 : 0;
    if (cut.cuts_an_account()) {
        ++all.refused;
        return !merged && merged.error().where == "account" ? "" : "an account in two parts is not refused";
    }
    const std::string full = print(measure(whole.snapshot(), q));
    const std::string told = merged ? print(merged->answer()) : to_string(merged.error());
    return full == told ? "" : to_json(q) + "\nin full\n" + full + "\nmerged\n" + told;
}

tried try_worlds(int worlds, const tampering& tamper = {}) {
    tried all;
    for (int i = 0; i < worlds && all.difference.empty(); ++i)
        if (const auto found = difference(120'000'000 + static_cast<std::uint64_t>(i), all, tamper);
            !found.empty())
            all.difference = "world " + std::to_string(i) + ": " + found;
    return all;
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
    const tried all = try_worlds(3000);
    CHECK(all.difference == "");
    CHECK(all.accounts > 300);
    CHECK(all.refused > 5);
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
        CHECK(try_worlds(3000, tamper).difference != "");
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

TEST_CASE("merge: an account is in one part with all its leads, or the parts are refused") {
    const auto part = [](const char* lead, const char* account) {
        store s = store_of(lead, 1);
        s.append({lead, "said", utc(2024, 3, 2), {{"firm", account}}, {}}).value();
        s.append({"nobody", "visit", utc(2024, 3, 1), {}, {}}).value();
        funnel q = by_march;
        q.counting = counting::accounts;
        q.account = "firm";
        return part_of(s.snapshot(), q).value();
    };
    const auto a = part("ana", "Adler");
    const auto both = merge(a, part("ben", "Berg")).value().answer().value();
    CHECK(both.rows[1].leads == 2);
    CHECK(both.notes == std::vector<std::string>{"2 leads without an account are left out"});
    const std::string text = to_json(a);
    CHECK(to_json(funnel_part_from_json(text).value()) == text);
    CHECK(text.find("\"accounts\":[\"Adler\"]") != std::string::npos);
    CHECK(merge(a, funnel_part_from_json(text).value()).error().where == "account");
    CHECK(to_string(merge(a, part("eve", "Adler")).error()) ==
          "account: both parts have leads of the account \"Adler\"; each account belongs in one "
          "(invalid_question)");
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
    CHECK(refused("\"chains\":1", "\"chains\":0").message == "more than 0 chains are told of");
    CHECK(refused("\"excluded\"", "\"exclude\"").code == errc::unknown_name);
    CHECK(refused("\"events\":[\"visit\"", "\"events\":[\"zip\"").where == "funnel_part.events");
    CHECK(funnel_part_from_json("{}").error().where == "funnel_part");
}
