#include "flow/flow_rows.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/fail.hpp"
#include "base/text.hpp"
#include "measure/time_limits.hpp"
#include "stats/interval.hpp"

namespace weir::inline v1 {
namespace {

// Buckets of groups are many and mostly empty; everywhere else a 0 is an answer.
bool is_sparse(const flow_part& part) { return part.group && part.bucket; }

outcome_row outcome(const flow_part& part, const std::string& stage, const outcome_tally& t, std::size_t s) {
    const counts& fates = t.fates[s];
    outcome_row row{.part = part, .stage = stage, .entries = t.entered[s]};
    row.advanced = fates[fate_advanced];
    row.recycled = fates[fate_recycled];
    row.repeated = fates[fate_repeated];
    row.exits.assign(fates.begin() + fate_exits, fates.end());
    row.stalled = fates[fate_stalled];
    row.open = fates[fate_open];
    row.skipped_past = t.skipped_past[s];
    row.filled = t.filled[s];
    return row;
}

duration mean_of(const std::vector<std::int64_t>& times) {
    wide_int sum = 0;
    for (const std::int64_t t : times) sum += t;
    return duration{static_cast<std::int64_t>(sum / static_cast<wide_int>(times.size()))};
}

}  // namespace

told_times tell_times(flow_tally& t) {
    told_times told;
    for (auto& times : t.stays) {
        told_times::stay& s = told.stays.emplace_back();
        s.ended = static_cast<std::int64_t>(times.size());
        if (!times.empty()) s.mean = mean_of(times);
        const quantiles of_times = median_and_p90(times);
        s.median = of_times.median;
        s.p90 = of_times.p90;
    }
    for (auto& c : t.by_leads) told.by_leads.push_back(quantile(c.waits, 1, 2));
    for (auto& c : t.by_entries) told.by_entries.push_back(quantile(c.waits, 1, 2));
    return told;
}

void flow_writer::add(const flow_part& part, const flow_tally& t, const told_times& times) {
    add_movement(part, t);
    add_outcomes(part, t);
    add_reasons(part, t);
    add_stays(part, times);
    add_conversions(part, t, times);
    add_amounts(part, t);
}

void flow_writer::add_movement(const flow_part& part, const flow_tally& t) {
    for (std::size_t p = 0; p < shape_.places(); ++p) {
        const bool moved = t.created[p] != 0 || t.in[p] != 0 || t.out[p] != 0;
        if (is_sparse(part) && !moved && t.balance_from[p] == 0 && t.balance_until[p] == 0) continue;
        answer_.movement.push_back({.part = part,
                                    .stage = places_[p],
                                    .balance_from = t.balance_from[p],
                                    .created = t.created[p],
                                    .in = t.in[p],
                                    .out = t.out[p],
                                    .balance_until = t.balance_until[p]});
    }
    for (const auto& [key, n] : t.moves.list()) {
        move_row row{.part = part, .from = {}, .to = places_[key.to], .moves = n};
        if (key.from) row.from = places_[*key.from];
        answer_.moves.push_back(std::move(row));
    }
}

void flow_writer::add_outcomes(const flow_part& part, const flow_tally& t) {
    for (std::size_t s = 0; s < shape_.stages; ++s) {
        if (is_sparse(part) && t.by_visit.entered[s] == 0 && t.by_visit.skipped_past[s] == 0) continue;
        outcome_row visits = outcome(part, places_[s], t.by_visit, s);
        outcome_row leads = outcome(part, places_[s], t.by_lead, s);
        visits.leads = leads.leads = leads.entries;
        answer_.outcome.push_back(std::move(visits));
        answer_.outcome_leads.push_back(std::move(leads));
    }
}

void flow_writer::add_reasons(const flow_part& part, const flow_tally& t) {
    for (const auto& [key, n] : t.reasons)
        answer_.reasons.push_back({.part = part,
                                   .stage = places_[key.stage],
                                   .exit = places_[shape_.stages + key.exit],
                                   .reason = std::string(key.reason),
                                   .stated = key.stated,
                                   .entries = n});
}

void flow_writer::add_stays(const flow_part& part, const told_times& times) {
    for (std::size_t s = 0; s < shape_.stages; ++s) {
        const auto& [ended, mean, median, p90] = times.stays[s];
        if (is_sparse(part) && ended == 0) continue;
        answer_.stay.push_back({part, places_[s], ended, mean, median, p90});
    }
}

void flow_writer::add_conversions(const flow_part& part, const flow_tally& t, const told_times& times) {
    for (std::size_t p = 0; p < t.by_leads.size(); ++p) {
        if (is_sparse(part) && t.by_leads[p].entered() == 0) continue;
        answer_.conversion.push_back(conversion(part, p, basis::leads, t.by_leads[p], times.by_leads[p]));
        answer_.conversion.push_back(
            conversion(part, p, basis::entries, t.by_entries[p], times.by_entries[p]));
    }
}

conversion_row flow_writer::conversion(const flow_part& part, std::size_t pair, weir::basis basis,
                                       const conversion_tally& t, std::optional<duration> median_wait) const {
    const auto [from, to] = shape_.pairs()[pair];
    // Several entries of one lead are no independent trials: an interval would be too narrow.
    const auto rate_of = basis == basis::leads ? wilson : share;
    conversion_row row{.part = part, .from = places_[from], .to = places_[to], .basis = basis};
    row.observed = rate_of(t.ends[end_converted], t.entered());
    row.mature =
        window_of(answer_.question.within) ? rate_of(t.mature_converted, t.mature) : undefined_rate();
    row.lost = t.ends[end_lost];
    row.recycled = t.ends[end_recycled];
    row.stalled = t.ends[end_stalled];
    row.open = t.ends[end_open];
    row.median_wait = median_wait;
    return row;
}

void flow_writer::add_amounts(const flow_part& part, const flow_tally& t) {
    for (const auto& [key, sum] : t.amounts) {
        constexpr wide_int least = std::numeric_limits<std::int64_t>::min();
        constexpr wide_int most = std::numeric_limits<std::int64_t>::max();
        if (sum.units < least || sum.units > most)
            fail(errc::limit_exceeded,
                 fmt::format("the amounts in {} at {} add up to more than 64 bits hold", key.currency.code(),
                             quoted(places_[key.place])),
                 "amount");
        answer_.amounts.push_back({.part = part,
                                   .stage = places_[key.place],
                                   .currency = std::string(key.currency.code()),
                                   .entries = sum.entries,
                                   .amount = {static_cast<std::int64_t>(sum.units), key.currency}});
    }
}

}  // namespace weir::inline v1
