#include "scan/changed_leads.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "segment/column_cache.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::uint32_t nobody = changed_leads::nobody;

using codes = std::vector<std::uint32_t>;
bool same_stages(const snapshot::impl& before, const snapshot::impl& now) {
    return std::equal(before.layers.begin(), before.layers.end(), now.layers.begin(), now.layers.end(),
                      [](const auto& a, const auto& b) { return a->lifecycle == b->lifecycle; });
}

bool same_identity(const snapshot::impl& before, const snapshot::impl& now) {
    return before.joined && now.joined && before.joined->identity == now.joined->identity &&
           before.origins->keys == now.origins->keys;
}

codes united(const codes& a, const codes& b) {
    codes both;
    std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
    return both;
}

// Leads as they came
// ------------------------------------------------------------------------------------------

// By ascending lead, how many rows.
using row_counts = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

// In the segments that `other` does not have, or not with the same leads hidden.
row_counts rows_alone(const snapshot::impl& all, const snapshot::impl& other) {
    row_counts rows;
    for (std::size_t n = 0; n < all.raw_segments(); ++n) {
        const auto& s = all.segments[n];
        const auto hidden = all.veil_of(n);
        const auto end = other.segments.begin() + static_cast<std::ptrdiff_t>(other.raw_segments());
        const auto same = std::find(other.segments.begin(), end, s);
        if (same != end && other.veil_of(static_cast<std::size_t>(same - other.segments.begin())) == hidden)
            continue;
        const auto middle = static_cast<std::ptrdiff_t>(rows.size());
        for (std::size_t i = 0; i < s->leads.size(); ++i)
            if (!hidden || !hidden->hides(s->leads[i]))
                rows.emplace_back(s->leads[i], s->offsets[i + 1] - s->offsets[i]);
        std::inplace_merge(rows.begin(), rows.begin() + middle, rows.end());
    }
    return rows;
}

std::uint32_t take_rows(row_counts::const_iterator& at, row_counts::const_iterator end, std::uint32_t lead) {
    std::uint32_t sum = 0;
    for (; at != end && at->first == lead; ++at) sum += at->second;
    return sum;
}

codes with_other_rows(const snapshot::impl& before, const snapshot::impl& now) {
    const row_counts was = rows_alone(before, now), is = rows_alone(now, before);
    codes found;
    auto w = was.begin(), i = is.begin();
    while (w != was.end() || i != is.end()) {
        const std::uint32_t lead =
            std::min(w == was.end() ? nobody : w->first, i == is.end() ? nobody : i->first);
        if (take_rows(w, was.end(), lead) != take_rows(i, is.end(), lead)) found.push_back(lead);
    }
    return found;
}

// Leads that were put together
// --------------------------------------------------------------------------------

// By code before, the code of the lead that is made of the same leads, with as many rows each, under the same
// key; or nobody.
codes pair_leads(const snapshot::impl& before, const snapshot::impl& now) {
    const lead_origins &was = *before.origins, &is = *now.origins;
    codes pairs(before.lead_limit(), nobody), back(now.lead_limit(), nobody);
    std::vector<bool> broken(pairs.size()), broken_now(back.size());
    const auto rows = [](const lead_origins& o, std::size_t i) { return i < o.rows.size() ? o.rows[i] : 0; };
    for (std::size_t i = 0; i < std::max(was.rows.size(), is.rows.size()); ++i) {
        const std::uint32_t then = rows(was, i) > 0 ? was.owners[i] : nobody;
        const std::uint32_t since = rows(is, i) > 0 ? is.owners[i] : nobody;
        const bool fits = then != nobody && since != nobody && rows(was, i) == rows(is, i) &&
                          (pairs[then] == nobody || pairs[then] == since) &&
                          (back[since] == nobody || back[since] == then);
        if (fits) {
            pairs[then] = since;
            back[since] = then;
            continue;
        }
        if (then != nobody) broken[then] = true;
        if (since != nobody) broken_now[since] = true;
    }
    for (std::uint32_t lead = 0; lead < pairs.size(); ++lead)
        if (pairs[lead] != nobody &&
            (broken[lead] || broken_now[pairs[lead]] || before.lead_key(lead) != now.lead_key(pairs[lead])))
            pairs[lead] = nobody;
    return pairs;
}

// Times
// ---------------------------------------------------------------------------------------------------------

// Those with events at after < t <= until, which one as_of admits and the other does not.
codes with_events_between(const snapshot::impl& data, std::int64_t after, std::int64_t until) {
    codes all;
    for (const auto& s : data.segments) {
        if (s->size() == 0 || s->max_time <= after || s->min_time > until) continue;
        const segment_in_use used(*s);
        s->rows_ready();
        codes here;
        for (std::size_t i = 0; i < s->leads.size(); ++i)
            if (s->times[s->offsets[i + 1] - std::size_t{1}] > after && s->times[s->offsets[i]] <= until)
                here.push_back(s->leads[i]);
        all = united(all, here);
    }
    return all;
}

changed_leads of_pairs(codes pairs, std::size_t now_limit, const codes& between) {
    std::vector<bool> same(now_limit);
    for (const std::uint32_t other : pairs)
        if (other != nobody) same[other] = true;
    for (const std::uint32_t lead : between) same[lead] = false;
    changed_leads found;
    for (std::uint32_t lead = 0; lead < pairs.size(); ++lead)
        if (pairs[lead] == nobody || !same[pairs[lead]]) found.before.push_back(lead);
    for (std::uint32_t lead = 0; lead < same.size(); ++lead)
        if (!same[lead]) found.now.push_back(lead);
    found.codes = std::move(pairs);
    return found;
}

}  // namespace

changed_leads find_changed_leads(const snapshot::impl& before, std::optional<std::int64_t> as_of_before,
                                 const snapshot::impl& now, std::optional<std::int64_t> as_of_now) {
    const bool plain = !before.joined && !now.joined && before.lead_keys == now.lead_keys;
    if ((!plain && !same_identity(before, now)) || !same_stages(before, now) || !as_of_before || !as_of_now ||
        before.cuts != now.cuts || is_expired(before))
        return {.all = true};
    const auto [after, until] = std::minmax(*as_of_before, *as_of_now);
    const codes between = after < until ? with_events_between(now, after, until) : codes();
    // Time-outs that an earlier as_of does not know yet.
    const codes gone = *as_of_now < *as_of_before ? with_events_between(before, after, until) : codes();
    if (!plain) {
        codes pairs = pair_leads(before, now);
        for (const std::uint32_t lead : gone) pairs[lead] = nobody;
        return of_pairs(std::move(pairs), now.lead_limit(), between);
    }
    const codes all = united(with_other_rows(before, now), united(between, gone));
    return {.before = all, .now = all};
}

}  // namespace weir::inline v1
