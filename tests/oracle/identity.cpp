#include "oracle/identity.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

namespace oracle {
namespace {

// Kind and value; the lead_kind is "".
using key = std::pair<std::string, std::string>;
using keys = std::set<key>;

key key_of(const weir::identity& rules, const std::string& kind, const std::string& value) {
    return {kind == rules.lead_kind ? "" : kind, value};
}

key key_of(const weir::identity& rules, const std::string& printed) {
    const auto colon = printed.find(':');
    if (colon == std::string::npos) return {"", printed};
    return key_of(rules, printed.substr(0, colon), printed.substr(colon + 1));
}

std::string print(const key& k) { return k.first.empty() ? k.second : k.first + ':' + k.second; }

bool is_in(const weir::names& list, const std::string& kind, const weir::identity& rules) {
    return std::any_of(list.begin(), list.end(), [&](const std::string& k) {
        return k == kind || (kind.empty() && k == rules.lead_kind);
    });
}

bool is_anonymous(const key& k, const weir::identity& rules) {
    if (is_in(rules.shared, k.first, rules)) return true;
    return rules.anonymous.empty() ? k.first.empty() : is_in(rules.anonymous, k.first, rules);
}

std::size_t rank(const key& k, const weir::identity& rules) {
    std::size_t at = 0;
    while (at < rules.ranks.size() && rules.ranks[at] != k.first &&
           !(k.first.empty() && rules.ranks[at] == rules.lead_kind))
        ++at;
    return at;
}

// Something an event says: these keys are one, or that merge is off.
struct saying {
    keys joined{};
    std::string id{};
    bool cancels = false;
    micros time = 0;
};

std::string text_at(const fact& f, const std::string& attribute) {
    return attribute.empty() ? "" : text_of(f.at(attribute));
}

std::vector<saying> said_by(const key& lead, const story& facts, const fact& f, const weir::identity& rules) {
    std::vector<saying> all;
    for (const weir::identity_rule& r : rules.rules) {
        if (!r.event.empty() && std::find(r.event.begin(), r.event.end(), f.name) == r.event.end()) continue;
        if (!satisfies(criterion(to_string(r.where)), facts, f)) continue;
        saying s{{}, text_at(f, r.cancels.empty() ? r.merge_id : r.cancels), !r.cancels.empty(), f.time};
        for (const auto& [kind, attributes] : r.keys)
            for (const std::string& a : attributes)
                if (!text_at(f, a).empty()) s.joined.insert(key_of(rules, kind, text_at(f, a)));
        if (!s.cancels && s.joined.empty()) continue;
        if (!s.cancels && r.joins == weir::joins::with_lead) s.joined.insert(lead);
        all.push_back(s);
    }
    saying carried{{}, "", false, f.time};
    for (const auto& a : f.attributes)
        if (a.name.rfind("keys.", 0) == 0 && !text_at(f, a.name).empty())
            carried.joined.insert(key_of(rules, a.name.substr(5), text_at(f, a.name)));
    if (carried.joined.empty()) return all;
    carried.joined.insert(lead);
    all.push_back(carried);
    return all;
}

// Every key's part of the whole, where no two parts share a merge.
std::map<key, keys> parts_of(const keys& all, const std::vector<saying>& merges, fault planted) {
    std::map<key, keys> parts;
    for (const key& k : all) parts[k] = {k};
    bool changed = true;
    while (changed) {
        changed = false;
        for (const saying& m : merges) {
            keys together;
            for (const key& k : m.joined) together.insert(parts.at(k).begin(), parts.at(k).end());
            const keys touched = planted == fault::joins_go_one_step ? m.joined : together;
            for (const key& k : touched) {
                if (parts.at(k) == together) continue;
                parts.at(k) = together;
                changed = planted != fault::joins_go_one_step;
            }
        }
    }
    return parts;
}

std::set<std::string> cancelled_ids(const std::vector<saying>& all, fault planted) {
    std::set<std::string> ids;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (!all[i].cancels) continue;
        const bool late = std::none_of(all.begin(), all.end(), [&](const saying& m) {
            return !m.cancels && m.id == all[i].id && m.time <= all[i].time;
        });
        if (late && planted == fault::early_un_merge_forgotten) continue;
        ids.insert(all[i].id);
    }
    return ids;
}

// What is said up to a time.
std::vector<saying> sayings(const people& all, const weir::identity& rules, micros until) {
    std::vector<saying> said;
    for (const auto& [lead, facts] : all)
        for (const fact& f : facts)
            if (f.time <= until)
                for (const saying& s : said_by(key_of(rules, lead), facts, f, rules)) said.push_back(s);
    return said;
}

// Takes out what joins nothing, and counts it.
void leave_merges(std::vector<saying>& said, const weir::identity& rules, identified& told, fault planted) {
    std::vector<saying> left;
    for (saying s : said) {
        if (!s.cancels && s.joined.size() < 2) {
            ++told.alone;
            s.joined.clear();
        }
        if (!s.joined.empty()) {
            for (auto k = s.joined.begin(); k != s.joined.end();)
                k = is_in(rules.shared, k->first, rules) && planted != fault::shared_keys_join
                        ? s.joined.erase(k)
                        : std::next(k);
            if (s.joined.size() < 2) {
                ++told.shared;
                s.joined.clear();
            }
        }
        left.push_back(s);
    }
    said = left;
}

// Counts merges and gives those that hold.
std::vector<saying> merges_that_hold(const std::vector<saying>& said, identified& told, fault planted) {
    std::set<std::string> known;
    for (const saying& s : said)
        if (!s.cancels) known.insert(s.id);
    known.erase("");
    const auto ids = cancelled_ids(said, planted);
    std::vector<saying> hold;
    for (const saying& s : said) {
        if (s.cancels && s.id != "" && known.count(s.id) == 0) ++told.unknown_merges;
        if (s.cancels || s.joined.empty()) continue;
        const bool off = s.id != "" && ids.count(s.id) != 0;
        ++(off ? told.cancelled : told.merges);
        if (!off) hold.push_back(s);
    }
    for (const std::string& id : ids)
        if (known.count(id) != 0) told.still_joined[id] = false;
    return hold;
}

std::string stored(const std::string& printed) {
    std::string text = printed;
    if (const auto colon = text.find(':'); colon != std::string::npos) text[colon] = '\0';
    return text;
}

// Lead after lead in the order of stored keys, then by time; and numbered as they then stand.
story put_together(const people& all, std::vector<std::string> leads) {
    std::sort(leads.begin(), leads.end(), [](const auto& a, const auto& b) { return stored(a) < stored(b); });
    story joined;
    for (const std::string& lead : leads)
        joined.insert(joined.end(), all.at(lead).begin(), all.at(lead).end());
    std::stable_sort(joined.begin(), joined.end(),
                     [](const fact& a, const fact& b) { return a.time < b.time; });
    std::int64_t arrival = 0;
    for (fact& f : joined) f.arrival = arrival++;
    return joined;
}

std::int64_t events_by(const story& facts, micros until) {
    return std::count_if(facts.begin(), facts.end(), [&](const fact& f) { return f.time <= until; });
}

}  // namespace

identified identify(const people& all, const weir::identity& rules, std::optional<micros> as_of,
                    fault planted) {
    const micros last = std::numeric_limits<micros>::max();
    const micros until = as_of.value_or(last);
    identified told;
    auto said = sayings(all, rules, planted == fault::later_merges_count ? last : until);
    leave_merges(said, rules, told, planted);
    const auto holds = merges_that_hold(said, told, planted);

    keys known;
    for (const auto& [lead, facts] : all) known.insert(key_of(rules, lead));
    for (const saying& s : said) known.insert(s.joined.begin(), s.joined.end());
    const auto parts = parts_of(known, holds, planted);
    for (auto& [id, joined] : told.still_joined) {
        bool any = false, together = true;
        for (const saying& s : said) {
            if (s.cancels || s.id != id || s.joined.empty()) continue;
            any = true;
            for (const key& k : s.joined) together = together && parts.at(*s.joined.begin()).count(k) != 0;
        }
        joined = any && together;
    }

    std::map<key, std::vector<std::string>> leads;  // by first key
    const auto first_of = [&](const keys& part) {
        return *std::min_element(part.begin(), part.end(), [&](const key& a, const key& b) {
            return std::tuple(rank(a, rules), a) < std::tuple(rank(b, rules), b);
        });
    };
    for (const auto& [lead, facts] : all) {
        leads[first_of(parts.at(key_of(rules, lead)))].push_back(lead);
        told.before += events_by(facts, until) > 0;
    }
    for (const auto& [first, members] : leads) {
        const story joined = put_together(all, members);
        const keys& part = parts.at(first);
        for (const key& k : part) told.named[print(k)] = print(first);
        const std::int64_t n = events_by(joined, until);
        told.events += n;
        told.after += n > 0;
        if (std::all_of(part.begin(), part.end(), [&](const key& k) { return is_anonymous(k, rules); })) {
            told.anonymous += n > 0;
            told.anonymous_events += n;
        }
        told.leads[print(first)] = joined;
    }
    for (const auto& [k, part] : parts)
        if (part.size() > static_cast<std::size_t>(rules.max_keys))
            told.oversized.insert(print(first_of(part)));
    return told;
}

}  // namespace oracle
