#include "funnel/step_matcher.hpp"

#include <algorithm>
#include <bit>
#include <tuple>

namespace weir::inline v1 {

void step_matcher::matched::add(const snapshot::impl& data, const names& events, const condition& where) {
    const std::uint64_t own = bit(static_cast<int>(conditions_.size()));
    for (const auto& name : events) {
        const auto code = data.event_names->find(name);
        if (code && *code < by_name_.size()) by_name_[*code] |= own;
    }
    conditions_.emplace_back(data, where);
    if (!conditions_.back().always()) conditional_ |= own;
}

std::uint64_t step_matcher::matched::held(std::uint64_t all, std::span<const row> rows,
                                          std::size_t at) const {
    for (std::uint64_t rest = all & conditional_; rest != 0; rest &= rest - 1) {
        const auto& where = conditions_[static_cast<std::size_t>(std::countr_zero(rest))];
        if (!where.holds(rows, at)) all &= ~(rest & -rest);
    }
    return all;
}

event_set step_matcher::matched::named_by(std::uint64_t those) const {
    event_set events(by_name_.size());
    for (std::size_t e = 0; e < events.size(); ++e) events[e] = (by_name_[e] & those) != 0;
    return events;
}

step_matcher::step_matcher(const snapshot::impl& data, const funnel& q, const step_plan& plan)
    : plan_(&plan),
      terms_(data.event_counts().size()),
      exclusions_(data.event_counts().size()),
      any_order_(q.order == order::any_order),
      breaks_(q.order == order::adjacent),
      every_event_(q.breaks == breaks::every_event),
      ends_chains_(breaks_ || !q.exclude.empty()) {
    const auto terms = terms_of(q);
    for (std::size_t k = 0; k < terms.size(); ++k) {
        terms_.add(data, terms[k]->event, terms[k]->where);
        for (const auto& attribute : terms_.reads_of_last())
            read_of(data, attribute).terms |= bit(static_cast<int>(k));
    }
    for (std::size_t i = 0; i < q.exclude.size(); ++i) {
        exclusions_.add(data, q.exclude[i].event, q.exclude[i].where);
        for (const auto& attribute : exclusions_.reads_of_last())
            read_of(data, attribute).exclusions |= bit(static_cast<int>(i));
        kills_.push_back(plan.levels_of(q.exclude[i]));
    }
}

step_matcher::lead_read& step_matcher::read_of(const snapshot::impl& data, const std::string& attribute) {
    const auto read = std::find_if(lead_reads_.begin(), lead_reads_.end(),
                                   [&](const lead_read& r) { return r.attribute == attribute; });
    if (read != lead_reads_.end()) return *read;
    return lead_reads_.emplace_back(lead_read{attribute, attribute_reader(data, attribute)});
}

void step_matcher::add_ends(role& r, bool of_a_step, std::span<const row> rows, std::size_t at) const {
    candidate& e = r.event;
    for (std::uint64_t x = exclusions_.at(rows, at); x != 0; x &= x - 1)
        e.kills |= kills_[static_cast<std::size_t>(std::countr_zero(x))] | (any_order_ ? 1 : 0);
    if (any_order_ && e.kills != 0)
        e.steps = 0;
    else if (plan_->rules().chain.blocks.empty())  // where a step of a block stands, its order decides
        e.steps = outside(e.kills, e.steps);
    e.blocks = e.kills & ~std::uint64_t{1};
    if (breaks_ && (every_event_ || of_a_step))
        e.blocks |= bits(1, max_steps - 1) & ~plan_->behind(r.optional);
}

void step_matcher::order_ties(std::vector<role>& roles) const {
    if (plan_->optional_steps() == 0 || plan_->rules().chain.ties != ties::together) return;
    const auto by_use = [](const role& a, const role& b) {
        return std::tuple(a.event.time, a.optional, a.terms, a.event.kills) <
               std::tuple(b.event.time, b.optional, b.terms, b.event.kills);
    };
    std::stable_sort(roles.begin(), roles.end(), by_use);
}

bool step_matcher::matters(std::uint32_t event) const {
    return every_event_matters() || (terms_.named(event) | exclusions_.named(event)) != 0;
}

event_set step_matcher::events_of(std::size_t step) const { return terms_.named_by(plan_->terms_of(step)); }

event_set step_matcher::events() const {
    event_set all = terms_.named_by(~std::uint64_t{0});
    const event_set excluded = exclusions_.named_by(~std::uint64_t{0});
    for (std::size_t e = 0; e < all.size(); ++e)
        if (excluded[e]) all[e] = true;
    return all;
}

bool step_matcher::is_disputed(const lead_read& read, std::span<const row> rows) const {
    bool disputed = false;  // the latest value so far
    for (std::size_t first = 0; first < rows.size();) {
        std::size_t end = first;
        datum found;
        bool differ = false;
        for (; end < rows.size() && rows[end].time == rows[first].time; ++end) {
            const datum d = read.reader.at(rows[end]);
            if (d.missing()) continue;
            differ = differ || (!found.missing() && d != found);
            found = d;
        }
        if (!found.missing()) disputed = differ;
        for (std::size_t i = first; disputed && i < end; ++i)
            if ((terms_.named(rows[i].event) & read.terms) != 0 ||
                (exclusions_.named(rows[i].event) & read.exclusions) != 0)
                return true;
        first = end;
    }
    return false;
}

}  // namespace weir::inline v1
