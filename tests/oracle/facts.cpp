#include "oracle/facts.hpp"

#include <algorithm>
#include <limits>

namespace oracle {

weir::value fact::at(const std::string& attribute) const {
    for (const auto& a : attributes)
        if (a.name == attribute) return a.value;
    return {};
}

people meet(const std::vector<weir::event>& events, const std::set<std::string>& erased, fault planted) {
    people all;
    std::set<std::string> ids;
    std::int64_t arrival = 0;
    for (const auto& e : events) {
        if (erased.count(to_string(e.lead)) != 0 && planted != fault::erased_counted) continue;
        const bool repeated = !e.id.empty() && !ids.insert(e.id).second;
        if (repeated && planted != fault::repeats_counted) continue;
        fact f;
        f.name = e.name;
        f.time = e.time.time_since_epoch().count();
        f.arrival = arrival++;
        f.attributes = e.attributes;
        all[to_string(e.lead)].push_back(std::move(f));
    }
    for (auto& [lead, facts] : all)
        std::sort(facts.begin(), facts.end(),
                  [](const fact& a, const fact& b) { return a.rank() < b.rank(); });
    return all;
}

weir::lead_id lead_of(const std::string& printed) {
    const auto colon = printed.find(':');
    return colon == std::string::npos ? weir::lead_id(printed)
                                      : weir::lead_id(printed.substr(0, colon), printed.substr(colon + 1));
}

std::optional<micros> last_time(const people& all) {
    std::optional<micros> last;
    for (const auto& [lead, facts] : all)
        for (const fact& f : facts) last = last ? std::max(*last, f.time) : f.time;
    return last;
}

weir::value latest(const story& facts, const std::string& attribute, micros time) {
    weir::value found;
    for (const fact& f : facts)
        if (f.time <= time && !f.at(attribute).missing()) found = f.at(attribute);
    return found;
}

bool latest_is_disputed(const story& facts, const std::string& attribute, micros time) {
    std::optional<micros> decides;
    for (const fact& f : facts)
        if (f.time <= time && !f.at(attribute).missing()) decides = f.time;
    for (const fact& a : facts)
        for (const fact& b : facts)
            if (a.time == decides && b.time == decides && !a.at(attribute).missing() &&
                !b.at(attribute).missing() && !(a.at(attribute) == b.at(attribute)))
                return true;
    return false;
}

bool satisfies(const criterion& where, const story& facts, const fact& f) {
    return where.holds([&](const std::string& attribute, bool of_lead) {
        return of_lead ? latest(facts, attribute, f.time) : f.at(attribute);
    });
}

std::uint64_t gap(micros earlier, micros later) {
    return static_cast<std::uint64_t>(later) - static_cast<std::uint64_t>(earlier);
}

std::int64_t wait(micros earlier, micros later) {
    const auto longest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return static_cast<std::int64_t>(std::min(gap(earlier, later), longest));
}

touch touch_of(const story& facts, const std::string& attribute, bool first, micros until) {
    const fact* found = nullptr;
    for (const fact& f : facts)
        if (f.time <= until && !f.at(attribute).missing() && (found == nullptr || !first)) found = &f;
    if (found == nullptr) return {};
    touch t{text_of(found->at(attribute)), false};
    for (const fact& f : facts)
        if (f.time == found->time && !f.at(attribute).missing() && text_of(f.at(attribute)) != t.value)
            t.disputed = true;
    return t;
}

}  // namespace oracle
