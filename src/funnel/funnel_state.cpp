#include "funnel/funnel_state.hpp"

#include <algorithm>
#include <set>

#include "measure/grouping.hpp"

namespace weir::inline v1 {
namespace {

void append(std::vector<std::int64_t>& all, const std::vector<std::int64_t>& more) {
    all.insert(all.end(), more.begin(), more.end());
}

void add(std::map<std::string, std::int64_t>& sums, const std::map<std::string, std::int64_t>& more,
         std::int64_t sign) {
    for (const auto& [key, n] : more)
        if ((sums[key] += sign * n) == 0) sums.erase(key);
}

using parts_in_work = std::map<funnel_state::part, std::shared_ptr<funnel_tally>>;

void take(parts_in_work& parts, const funnel_tallies& tallies, const std::vector<std::string>& groups) {
    for (std::size_t g = 0; g < tallies.groups(); ++g) {
        for (const auto& [key, counted] : tallies.of_group(g)) {
            auto& into = parts[{groups.empty() ? std::string() : groups[g], key}];
            if (!into) into = std::make_shared<funnel_tally>(counted.reached.size());
            into->chains += counted.chains;
            for (std::size_t k = 0; k < counted.reached.size(); ++k) {
                into->reached[k] += counted.reached[k];
                append(into->waits[k], counted.waits[k]);
            }
            append(into->durations, counted.durations);
        }
    }
}

const funnel_tally& tally_in(const funnel_state& s, const funnel_state::part& p, const funnel_tally& none) {
    const auto at = s.tallies.find(p);
    return at == s.tallies.end() ? none : *at->second;
}

std::shared_ptr<const funnel_tally> changed_tally(const funnel_tally& all, const funnel_tally& less,
                                                  const funnel_tally& more) {
    auto t = std::make_shared<funnel_tally>(all.reached.size());
    t->chains = all.chains - less.chains + more.chains;
    for (std::size_t k = 0; k < all.reached.size(); ++k) {
        t->reached[k] = all.reached[k] - less.reached[k] + more.reached[k];
        t->waits[k] = changed(all.waits[k], less.waits[k], more.waits[k]);
    }
    t->durations = changed(all.durations, less.durations, more.durations);
    return t;
}

std::size_t groups_of(const funnel_state& s, const funnel& q) {
    if (q.by.empty()) return 0;
    std::set<std::string_view> groups;
    for (const auto& [p, t] : s.tallies)
        if (p.second.in_group) groups.insert(p.first);
    for (const auto& [group, n] : s.met) groups.insert(group);
    return groups.size();
}

}  // namespace

funnel_state take_state(funnel_counter& counted, const snapshot::impl& data, const funnel& q) {
    funnel_state s;
    parts_in_work parts;
    for (std::size_t w = 0; w < counted.workers().size(); ++w) {
        auto& me = counted.workers()[w];
        const std::vector<std::string> none;
        const auto& groups = q.by.empty() ? none : counted.groups()[w].texts();
        take(parts, me.tallies, groups);
        take(parts, me.whole, none);
        for (std::size_t g = 0; g < me.met.size(); ++g)
            if (me.met[g] > 0) s.met[groups[g]] += me.met[g];
        add(s.disputed, me.disputed, 1);
        s.excluded += me.excluded;
        s.read_none += me.read_none;
        for (const auto& l : me.list) s.listed.emplace(data.lead_key(l.lead), counted.describe(l, w));
    }
    for (auto& [p, t] : parts) {
        for (auto& waits : t->waits) std::sort(waits.begin(), waits.end());
        std::sort(t->durations.begin(), t->durations.end());
        s.tallies.emplace(p, std::move(t));
    }
    return s;
}

std::vector<std::int64_t> changed(const std::vector<std::int64_t>& all, const std::vector<std::int64_t>& less,
                                  const std::vector<std::int64_t>& more) {
    std::vector<std::int64_t> out;
    out.reserve(all.size() - less.size() + more.size());
    auto from = all.begin();
    auto l = less.begin(), m = more.begin();
    while (l != less.end() || m != more.end()) {
        const bool leaves = m == more.end() || (l != less.end() && *l <= *m);
        const auto at = std::lower_bound(from, all.end(), leaves ? *l : *m);
        out.insert(out.end(), from, at);
        from = at;
        if (leaves) {
            ++from;
            ++l;
        } else {
            out.push_back(*m++);
        }
    }
    out.insert(out.end(), from, all.end());
    return out;
}

funnel_state changed(funnel_state all, const funnel_state& less, const funnel_state& more, const funnel& q) {
    std::set<funnel_state::part> touched;
    for (const auto* s : {&less, &more})
        for (const auto& [p, t] : s->tallies) touched.insert(p);
    const funnel_tally none(q.steps.size());
    for (const auto& p : touched) {
        auto t = changed_tally(tally_in(all, p, none), tally_in(less, p, none), tally_in(more, p, none));
        if (t->chains == 0)
            all.tallies.erase(p);
        else
            all.tallies[p] = std::move(t);
    }
    for (const auto sums : {&funnel_state::met, &funnel_state::disputed}) {
        add(all.*sums, less.*sums, -1);
        add(all.*sums, more.*sums, 1);
    }
    all.excluded += more.excluded - less.excluded;
    all.read_none += more.read_none - less.read_none;
    for (const auto& [key, lead] : less.listed) all.listed.erase(key);
    for (const auto& [key, lead] : more.listed) all.listed.insert_or_assign(key, lead);
    check_groups(groups_of(all, q), q.max_groups);
    return all;
}

}  // namespace weir::inline v1
