#include "derive/earlier.hpp"

#include <algorithm>
#include <limits>

#include "segment/column_cache.hpp"

namespace weir::inline v1 {
namespace {

std::span<const std::shared_ptr<const segment>> raw_of(const snapshot::impl& data) {
    return std::span(data.segments).first(data.raw_segments());
}

std::int64_t number_in(const snapshot::impl& data, const std::shared_ptr<const segment>& s) {
    const auto all = raw_of(data);
    const auto at = std::find(all.begin(), all.end(), s);
    return at == all.end() ? -1 : at - all.begin();
}

// Whether a span of idleness ends after t. The longest duration means "no limit".
bool ends_after(std::int64_t since, std::int64_t idle, std::int64_t t) {
    constexpr std::int64_t latest = std::numeric_limits<std::int64_t>::max();
    return idle == latest || since > latest - idle || since + idle > t;
}

// A span of time without an event, after `from`, up to `until`.
struct quiet_time {
    std::int64_t from, until;
};

// Whether a time-out may fall due in a quiet time, of a lead that is at a place. Activity that a rule names
// is somewhere up to the last event, which is before that time.
bool may_time_out(const rulebook& rules, place at, std::int64_t entered, std::int64_t last_event,
                  const quiet_time& quiet) {
    for (const std::uint32_t i : rules.time_outs()) {
        const bound_rule& rule = rules.rule(i);
        if (!rule.from.has(at)) continue;
        const std::int64_t latest = std::max(entered, last_event);
        const std::int64_t earliest = rule.written->event.empty() ? latest : entered;
        if (ends_after(latest, rule.idle, quiet.from) && !ends_after(earliest, rule.idle, quiet.until))
            return true;
    }
    return false;
}

// Calls f(lead, time of its last row there) for each lead of a segment.
template <class F> void each_last(const snapshot::impl& data, std::size_t number, F&& f) {
    const segment& s = *data.segments[number];
    const auto erased = data.veil_of(number);
    const segment_in_use used(s);
    s.rows_ready();
    for (std::size_t i = 0; i < s.leads.size(); ++i)
        if (!erased || !erased->hides(s.leads[i])) f(s.leads[i], s.times[s.offsets[i + 1] - std::size_t{1}]);
}

void add_those_with_events(const snapshot::impl& now, std::int64_t after, std::vector<bool>& leads) {
    for (std::size_t s = 0; s < now.raw_segments(); ++s) {
        if (now.segments[s]->max_time <= after) continue;
        each_last(now, s, [&](std::uint32_t lead, std::int64_t last) {
            if (last > after) leads[lead] = true;
        });
    }
}

void add_those_timed_out(const snapshot::impl& before, const snapshot::impl& now, const rulebook& rules,
                         std::span<const std::uint32_t> event_codes, const quiet_time& quiet,
                         std::vector<bool>& leads) {
    std::vector<std::int64_t> last_events(leads.size(), std::numeric_limits<std::int64_t>::min());
    for (std::size_t s = 0; s < now.raw_segments(); ++s)
        each_last(now, s, [&](std::uint32_t lead, std::int64_t last) {
            last_events[lead] = std::max(last_events[lead], last);
        });
    const segment& layer = *before.layers.front()->segment;
    for (std::size_t i = 0; i < layer.leads.size(); ++i) {
        const std::uint32_t lead = layer.leads[i];
        if (leads[lead]) continue;
        const std::size_t row = layer.offsets[i + 1] - std::size_t{1};
        const auto code = static_cast<std::uint32_t>(layer.events[row]);
        const auto at = std::find(event_codes.begin(), event_codes.end(), code) - event_codes.begin();
        leads[lead] = may_time_out(rules, static_cast<place>(at), layer.times[row], last_events[lead], quiet);
    }
}

}  // namespace

row_tracker::row_tracker(const snapshot::impl& before, const snapshot::impl& now)
    : before_(&before), now_(&now), was_(std::max(before.lead_limit(), now.lead_limit())), is_(was_.size()) {
    for (std::size_t s = 0; s < before.raw_segments(); ++s) {
        numbers_.push_back(number_in(now, before.segments[s]));
        nothing_moved_ = nothing_moved_ && numbers_[s] == static_cast<std::int64_t>(s);
        if (numbers_[s] == gone) {
            list(before, s, was_);
        } else if (const auto erased = now.veil_of(static_cast<std::size_t>(numbers_[s]));
                   erased && erased != before.veil_of(s)) {
            for (const std::uint32_t lead : erased->leads) hidden_.push_back(lead);
        }
    }
    for (std::size_t s = 0; s < now.raw_segments(); ++s)
        if (number_in(before, now.segments[s]) == gone) list(now, s, is_);
    for (const std::uint32_t lead : hidden_) was_[lead].segment = several;
}

void row_tracker::list(const snapshot::impl& data, std::size_t number, std::vector<part>& parts) {
    const segment& s = *data.segments[number];
    const auto erased = data.veil_of(number);
    for (std::size_t i = 0; i < s.leads.size(); ++i) {
        if (erased && erased->hides(s.leads[i])) continue;
        part& p = parts[s.leads[i]];
        p.segment = p.rows > 0 ? several : static_cast<std::uint32_t>(number);
        p.first = s.offsets[i];
        p.rows += s.offsets[i + 1] - s.offsets[i];
    }
}

cause_bounds row_tracker::bounds_now() const {
    cause_bounds all;
    for (std::size_t s = 0; s < now_->raw_segments(); ++s) {
        const auto last = static_cast<std::int64_t>(now_->segments[s]->size()) - 1;
        const std::int64_t arrival = now_->segments[s]->first_arrival;
        all.take({static_cast<std::int64_t>(s), 0, arrival});
        all.take({static_cast<std::int64_t>(s), last, arrival + last});
    }
    return all;
}

std::vector<bool> leads_to_fold(const snapshot::impl& before, const snapshot::impl& now,
                                const rulebook& rules, std::span<const std::uint32_t> event_codes,
                                const row_tracker& rows, std::int64_t as_of) {
    std::vector<bool> leads(rows.lead_limit());
    for (std::uint32_t lead = 0; lead < leads.size(); ++lead) leads[lead] = !rows.follows(lead);
    const quiet_time quiet{before.layers.front()->as_of, as_of};
    if (quiet.from == quiet.until) return leads;
    add_those_with_events(now, quiet.from, leads);
    if (!rules.time_outs().empty()) add_those_timed_out(before, now, rules, event_codes, quiet, leads);
    return leads;
}

}  // namespace weir::inline v1
