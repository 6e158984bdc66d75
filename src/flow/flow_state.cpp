#include "flow/flow_state.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "measure/grouping.hpp"

namespace weir::inline v1 {
namespace {

void add(std::map<std::string, std::int64_t>& sums, const std::map<std::string, std::int64_t>& more,
         std::int64_t times) {
    for (const auto& [key, n] : more)
        if ((sums[key] += times * n) == 0) sums.erase(key);
}

// Puts what was counted for one group and one period where it belongs: a period's tally tells of the visits
// that begin in it, and of the balance at its beginning, which is the end of the one before.
void take(flow_addends& into, const std::optional<std::string>& group, const flow_frame& frame,
          std::size_t period, const flow_tally& counted, const flow_shape& shape) {
    const bool is_whole = frame.labels.empty();
    const auto part = [&](std::size_t p) -> flow_addend& {
        flow_key key{group, std::nullopt};
        if (!is_whole) key.bucket = static_cast<std::int64_t>(frame.borders[p]);
        return into.parts.try_emplace(key, shape).first->second;
    };
    if (period > 0) add_to(part(period - 1).rise_at_end, counted.rise);
    if (period == frame.periods()) return;
    flow_tally& t = part(period).tally;
    t.add(counted);
    if (period > 0 || !is_whole) add_to(t.rise, counted.rise, -1);
}

void change(flow_sum& sum, flow_addend& by, std::int64_t times) {
    sum.tally.add_counts(by.tally, times);
    add_to(sum.rise_at_end, by.rise_at_end, times);
    for (const auto& [key, n] : by.tally.reasons) {
        const flow_sum::reason own{key.stage, key.exit, key.none, std::string(key.reason), key.stated};
        if ((sum.reasons[own] += times * n) == 0) sum.reasons.erase(own);
    }
}

void change_times(flow_sum& sum, flow_tally& less, flow_tally& more) {
    for (std::size_t s = 0; s < sum.stays.size(); ++s)
        sum.stays[s].change(std::move(less.stays[s]), std::move(more.stays[s]));
    for (std::size_t p = 0; p < sum.by_leads.size(); ++p) {
        sum.by_leads[p].change(std::move(less.by_leads[p].waits), std::move(more.by_leads[p].waits));
        sum.by_entries[p].change(std::move(less.by_entries[p].waits), std::move(more.by_entries[p].waits));
    }
}

bool all_zero(const counts& numbers) {
    return std::all_of(numbers.begin(), numbers.end(), [](std::int64_t n) { return n == 0; });
}

}  // namespace

bool flow_sum::empty() const { return tally.moves.none() && all_zero(tally.rise) && all_zero(rise_at_end); }

flow_addends take_addends(flow_scan& scanned, const flow& q) {
    flow_addends all;
    const flow_shape& shape = scanned.rules().shape;
    for (std::size_t w = 0; w < scanned.worker_count(); ++w) {
        const auto& texts = scanned.groups()[w].texts();
        auto& counted = scanned.counted(w);
        for (std::size_t f = 0; f < counted.size(); ++f) {
            for (const auto& [at, tally] : counted[f]) {
                take(all, std::nullopt, scanned.frames()[f], at.second, tally, shape);
                if (!q.by.empty()) take(all, texts[at.first], scanned.frames()[f], at.second, tally, shape);
            }
        }
        for (std::size_t g = 0; g < scanned.leads_by_group(w).size(); ++g)
            all.groups[texts[g]] += scanned.leads_by_group(w)[g];
    }
    all.disputed = scanned.disputed();
    all.read_none = scanned.read_none();
    return all;
}

flow_state changed(flow_state all, flow_addends less, flow_addends more, const flow_shape& shape,
                   int max_groups) {
    std::set<flow_key> touched;
    for (const auto* some : {&less, &more})
        for (const auto& [key, part] : some->parts) touched.insert(key);
    for (const flow_key& key : touched) {
        auto& at = all.parts[key];
        auto sum = at ? std::make_shared<flow_sum>(*at) : std::make_shared<flow_sum>(shape);
        flow_addend& out = less.parts.try_emplace(key, shape).first->second;
        flow_addend& in = more.parts.try_emplace(key, shape).first->second;
        change(*sum, out, -1);
        change(*sum, in, 1);
        change_times(*sum, out.tally, in.tally);
        if (sum->empty())
            all.parts.erase(key);
        else
            at = std::move(sum);
    }
    add(all.groups, less.groups, -1);
    add(all.groups, more.groups, 1);
    all.disputed += more.disputed - less.disputed;
    all.read_none += more.read_none - less.read_none;
    check_groups(all.groups.size(), max_groups);
    return all;
}

flow_state united(flow_state a, const flow_state& b, int max_groups) {
    for (const auto& [key, more] : b.parts) {
        auto& at = a.parts[key];
        if (!at) {
            at = more;
            continue;
        }
        auto sum = std::make_shared<flow_sum>(*at);
        sum->tally.add_counts(more->tally, 1);
        add_to(sum->rise_at_end, more->rise_at_end);
        for (const auto& [reason, n] : more->reasons) sum->reasons[reason] += n;
        const auto add_times = [](std::vector<kept_times>& into, const std::vector<kept_times>& times) {
            for (std::size_t i = 0; i < into.size(); ++i) into[i].change({}, times[i].list());
        };
        add_times(sum->stays, more->stays);
        add_times(sum->by_leads, more->by_leads);
        add_times(sum->by_entries, more->by_entries);
        at = std::move(sum);
    }
    add(a.groups, b.groups, 1);
    a.disputed += b.disputed;
    a.read_none += b.read_none;
    check_groups(a.groups.size(), max_groups);
    return a;
}

}  // namespace weir::inline v1
