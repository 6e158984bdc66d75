#include "measure/step_matcher.hpp"

#include <algorithm>
#include <bit>

namespace weir::inline v1 {
namespace {

constexpr std::uint64_t bit(std::size_t step) { return std::uint64_t{1} << step; }

}  // namespace

step_matcher::step_matcher(const snapshot::impl& data, const funnel& q)
    : by_name_(data.event_counts().size()) {
    for (std::size_t k = 0; k < q.steps.size(); ++k) {
        for (const auto& name : q.steps[k].event) {
            const auto code = data.event_names->find(name);
            if (code && *code < by_name_.size()) by_name_[*code] |= bit(k);
        }
        conditions_.emplace_back(data, q.steps[k].where);
        if (!conditions_.back().always()) conditional_ |= bit(k);
        add_reads(data, conditions_.back().of_lead(), k);
    }
}

void step_matcher::add_reads(const snapshot::impl& data, const std::vector<std::string>& attributes,
                             std::size_t step) {
    for (const auto& attribute : attributes) {
        auto read = std::find_if(lead_reads_.begin(), lead_reads_.end(),
                                 [&](const lead_read& r) { return r.attribute == attribute; });
        if (read == lead_reads_.end())
            read = lead_reads_.insert(read, {attribute, attribute_reader(data, attribute)});
        read->steps |= bit(step);
    }
}

std::uint64_t step_matcher::steps_of(std::span<const row> rows, std::size_t at) const {
    const std::uint64_t named = steps_named(rows[at].event);
    std::uint64_t steps = named;
    for (std::uint64_t rest = named & conditional_; rest != 0; rest &= rest - 1) {
        const auto& where = conditions_[static_cast<std::size_t>(std::countr_zero(rest))];
        if (!where.holds(rows, at)) steps &= ~(rest & -rest);
    }
    return steps;
}

event_set step_matcher::events_of(std::size_t step) const {
    event_set events(by_name_.size());
    for (std::size_t e = 0; e < events.size(); ++e) events[e] = (by_name_[e] & bit(step)) != 0;
    return events;
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
            if ((steps_named(rows[i].event) & read.steps) != 0) return true;
        first = end;
    }
    return false;
}

}  // namespace weir::inline v1
