// regroup.cpp - finds the order of the new leads' rows as runs of rows that stay together, then copies column
// after column along the runs.
#include "scan/regroup.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <tuple>
#include <utility>

#include "base/fail.hpp"
#include "segment/column_cache.hpp"

namespace weir::inline v1 {
namespace {

using sources = std::vector<std::shared_ptr<const segment>>;
using run = packed_run;  // rows of a source

// By lead code: which it is, by the order of keys, among the leads that are put together with it.
std::vector<std::uint32_t> rank_leads(const snapshot::impl& data, const regrouping& how) {
    std::vector<std::uint32_t> first(how.keys->size() + std::size_t{1});
    for (const std::uint32_t owner : how.owners)
        if (owner != no_lead) ++first[owner + std::size_t{1}];
    std::partial_sum(first.begin(), first.end(), first.begin());
    std::vector<std::uint32_t> leads(first.back()), next(first.begin(), first.end() - 1);
    for (std::uint32_t lead = 0; lead < how.owners.size(); ++lead)
        if (how.owners[lead] != no_lead) leads[next[how.owners[lead]]++] = lead;
    std::vector<std::uint32_t> ranks(how.owners.size());
    for (std::size_t owner = 0; owner + 1 < first.size(); ++owner) {
        const auto begin = leads.begin() + first[owner], end = leads.begin() + first[owner + 1];
        if (end - begin < 2) continue;
        std::sort(begin, end,
                  [&](std::uint32_t a, std::uint32_t b) { return data.lead_key(a) < data.lead_key(b); });
        for (auto lead = begin; lead != end; ++lead) ranks[*lead] = static_cast<std::uint32_t>(lead - begin);
    }
    return ranks;
}

// Rows of one lead in one source.
struct part {
    std::uint32_t rank;
    run rows;
    std::uint64_t mask;
};

// What a row is ordered by inside its new lead. Raw events of equal time stay as their parts stand.
struct place {
    std::int64_t time, arrival = 0, order = 0;
    friend bool operator<(const place& a, const place& b) {
        return std::tie(a.time, a.arrival, a.order) < std::tie(b.time, b.arrival, b.order);
    }
};

// Puts the rows of some segments into the order of the new leads.
template <class PlaceOf> class arrangement {
public:
    arrangement(const sources& from, std::span<const shared_veil> veils, const regrouping& how,
                const std::vector<std::uint32_t>& ranks, PlaceOf place_of)
        : from_(from), veils_(veils), how_(how), ranks_(ranks), place_of_(place_of) {
        cluster();
        std::uint32_t begin = 0;
        for (std::uint32_t owner = 0; owner < ends_.size(); ++owner) {
            if (ends_[owner] > begin) add_lead(owner, {parts_.data() + begin, ends_[owner] - begin});
            begin = ends_[owner];
        }
    }

    /// Leads, offsets and masks are filled in.
    std::shared_ptr<segment> to = std::make_shared<segment>();
    std::vector<run> runs{};

private:
    template <class F> void each_part(F&& f) const {
        for (std::uint32_t s = 0; s < from_.size(); ++s) {
            const veil* const hidden = s < veils_.size() ? veils_[s].get() : nullptr;
            for (std::size_t i = 0; i < from_[s]->leads.size(); ++i) {
                const std::uint32_t lead = from_[s]->leads[i], owner = how_.owners[lead];
                if (owner != no_lead && !(hidden != nullptr && hidden->hides(lead))) f(owner, s, i);
            }
        }
    }

    // A counting sort by owner keeps the order of the sources.
    void cluster() {
        std::uint64_t rows = 0;
        for (const auto& s : from_) rows += s->size();
        if (rows > UINT32_MAX) fail(errc::limit_exceeded, "a segment holds at most 2^32 - 1 events");
        ends_.resize(how_.keys->size());
        each_part([&](std::uint32_t owner, std::uint32_t, std::size_t) { ++ends_[owner]; });
        std::uint32_t parts = 0;
        for (std::uint32_t& end : ends_) parts += std::exchange(end, parts);
        parts_.resize(parts);
        each_part([&](std::uint32_t owner, std::uint32_t s, std::size_t i) {
            const segment& of = *from_[s];
            parts_[ends_[owner]++] = {
                ranks_[of.leads[i]], {s, of.offsets[i], of.offsets[i + 1]}, of.masks[i]};
        });
    }

    void add_lead(std::uint32_t owner, std::span<part> parts) {
        std::stable_sort(parts.begin(), parts.end(),
                         [](const part& a, const part& b) { return a.rank < b.rank; });
        std::uint32_t rows = 0;
        std::uint64_t mask = 0;
        bool in_order = true;
        for (std::size_t i = 0; i < parts.size(); ++i) {
            rows += parts[i].rows.end - parts[i].rows.begin;
            mask |= parts[i].mask;
            in_order = in_order && (i == 0 || !(at(parts[i], parts[i].rows.begin) <
                                                at(parts[i - 1], parts[i - 1].rows.end - 1)));
        }
        to->leads.push_back(owner);
        to->offsets.push_back(to->offsets.back() + rows);
        to->masks.push_back(mask);
        if (in_order)
            for (const part& p : parts) append_run(runs, p.rows);
        else
            interleave(parts);
    }

    place at(const part& p, std::uint32_t row) const { return place_of_(*from_[p.rows.column], row, p.rank); }

    void interleave(std::span<const part> parts) {
        std::vector<std::pair<place, run>> rows;
        for (const part& p : parts)
            for (std::uint32_t r = p.rows.begin; r < p.rows.end; ++r)
                rows.push_back({at(p, r), {p.rows.column, r, r + 1}});
        std::stable_sort(rows.begin(), rows.end(),
                         [](const auto& a, const auto& b) { return a.first < b.first; });
        for (const auto& [key, one] : rows) append_run(runs, one);
    }

    const sources& from_;
    std::span<const shared_veil> veils_;
    const regrouping& how_;
    const std::vector<std::uint32_t>& ranks_;
    PlaceOf place_of_;
    std::vector<std::uint32_t> ends_{};  // by owner: where its parts end
    std::vector<part> parts_{};
};

// Copies the columns that all segments have along the runs.
class copier {
public:
    copier(const sources& from, const std::vector<run>& runs, segment& to)
        : from_(from), runs_(runs), to_(to) {}

    void copy() {
        if (to_.size() == 0) return;
        to_.events = column(false, [](const segment& s) { return &s.events; });
        to_.times = column(false, [](const segment& s) { return &s.times; });
        copy_attributes();
        to_.find_ties();
        std::vector<std::int64_t> counts(static_cast<std::size_t>(to_.events.greatest()) + 1);
        bounds times;
        for (std::size_t r = 0; r < to_.size(); ++r) {
            ++counts[static_cast<std::size_t>(to_.events[r])];
            times.take(to_.times[r]);
        }
        for (std::uint32_t code = 0; code < counts.size(); ++code)
            if (counts[code] > 0) to_.event_counts.emplace_back(code, counts[code]);
        to_.min_time = times.least;
        to_.max_time = times.greatest;
    }

    /// Sources without the column give its least value: 0, which is no text, or any number.
    template <class F> packed column(bool is_text, F&& of) const {
        std::vector<const packed*> columns;
        bounds b;
        if (is_text) b.take(0);
        for (const auto& s : from_) {
            columns.push_back(of(*s));
            if (columns.back() != nullptr && !columns.back()->empty())
                b.take({columns.back()->least(), columns.back()->greatest()});
        }
        packed_writer writer(b, to_.size());
        writer.append(columns, runs_);
        return writer.finish();
    }

private:
    void copy_attributes() {
        std::map<std::uint32_t, bool> ids;  // whether it holds texts
        for (const auto& s : from_)
            for (const auto& c : s->columns) ids.emplace(c.column, c.is_text);
        for (const auto& [id, is_text] : ids) {
            const auto bits = [id = id](const segment& s) {
                const segment_column* const c = s.find(id);
                return c == nullptr ? nullptr : &c->bits;
            };
            to_.columns.push_back({id, is_text, column(is_text, bits), {}});
            if (!is_text) to_.columns.back().present = presence(id);
        }
    }

    // Nothing if every row has a value.
    std::vector<std::uint64_t> presence(std::uint32_t id) const {
        std::vector<std::uint64_t> bits((to_.size() + 63) / 64);
        std::size_t at = 0, present = 0;
        for (const run& r : runs_) {
            const segment_column* const c = from_[r.column]->find(id);
            for (std::uint32_t row = r.begin; row < r.end; ++row, ++at) {
                const bool has = c != nullptr && c->has(row);
                bits[at / 64] |= std::uint64_t{has} << (at % 64);
                present += has;
            }
        }
        if (present == at) bits.clear();
        return bits;
    }

    const sources& from_;
    const std::vector<run>& runs_;
    segment& to_;
};

// The row of each row of the old segments in the new one.
using row_map = std::vector<std::vector<std::uint32_t>>;

row_map map_rows(const sources& from, const std::vector<run>& runs) {
    row_map map;
    for (const auto& s : from) map.emplace_back(s->size());
    std::uint32_t to = 0;
    for (const run& r : runs)
        for (std::uint32_t row = r.begin; row < r.end; ++row) map[r.column][row] = to++;
    return map;
}

class regrouper {
public:
    regrouper(const snapshot::impl& data, const regrouping& how)
        : data_(data), how_(how), ranks_(rank_leads(data, how)) {
        for (const auto& layer : data.layers)
            if (!layer->segment->orders.empty())
                orders_ = std::max(orders_, layer->segment->orders.greatest() + 1);
    }

    std::shared_ptr<snapshot::impl> regroup() {
        to_->lead_keys = how_.keys;
        to_->aliases.reset();
        to_->segments.clear();
        to_->veils.clear();
        to_->layers.clear();
        if (data_.raw_segments() > 0) add_raw();
        for (const auto& layer : data_.layers) add_layer(*layer);
        return std::move(to_);
    }

private:
    void add_raw() {
        const auto end = data_.segments.begin() + static_cast<std::ptrdiff_t>(data_.raw_segments());
        const sources from(data_.segments.begin(), end);
        std::vector<segment_in_use> used;
        for (const auto& s : from) {
            used.emplace_back(*s);
            s->all_ready();
        }
        const arrangement rows(
            from, data_.veils, how_, ranks_,
            [](const segment& s, std::uint32_t r, std::uint32_t) { return place{s.times[r]}; });
        copier(from, rows.runs, *rows.to).copy();
        if (!data_.layers.empty()) rows_ = map_rows(from, rows.runs);
        to_->segments.push_back(rows.to);
    }

    void add_layer(const derived_layer& old) {
        const sources from{old.segment};
        const arrangement rows(from, {}, how_, ranks_,
                               [this](const segment& s, std::uint32_t r, std::uint32_t rank) {
                                   return place_in_layer(s, r, rank);
                               });
        copier(from, rows.runs, *rows.to).copy();
        add_causes(*old.segment, rows.runs, *rows.to);
        auto layer = std::make_shared<derived_layer>(old);
        layer->segment = rows.to;
        layer->refusals.clear();
        for (derived_layer::refusal r : old.refusals) {
            r.lead = how_.owners[r.lead];
            if (r.lead != no_lead) layer->refusals.push_back(std::move(r));
        }
        std::stable_sort(layer->refusals.begin(), layer->refusals.end(), [](const auto& a, const auto& b) {
            return std::tie(a.lead, a.time) < std::tie(b.lead, b.time);
        });
        rows_.push_back(map_rows(from, rows.runs).front());
        to_->segments.push_back(rows.to);
        to_->layers.push_back(std::move(layer));
    }

    // An arrival that is no raw event's is that of time-outs, after all events of their time. Those of
    // several leads at one time stand lead by lead, so their orders must differ.
    place place_in_layer(const segment& s, std::uint32_t row, std::uint32_t rank) const {
        const std::int64_t time = s.times[row], arrival = s.arrivals[row], order = s.orders[row];
        const auto raw = raw_segment_of(arrival);
        if (!raw) return {time, arrival, order + rank * orders_};
        const auto old = static_cast<std::size_t>(arrival - data_.segments[*raw]->first_arrival);
        return {time, rows_[*raw][old], order};
    }

    std::optional<std::size_t> raw_segment_of(std::int64_t arrival) const {
        for (std::size_t s = 0; s < data_.raw_segments(); ++s) {
            const segment& raw = *data_.segments[s];
            if (arrival >= raw.first_arrival &&
                arrival - raw.first_arrival < static_cast<std::int64_t>(raw.size()))
                return s;
        }
        return std::nullopt;
    }

    void add_causes(const segment& old, const std::vector<run>& runs, segment& to) const {
        std::vector<std::int64_t> arrivals, orders, segments, source_rows;
        for (const run& r : runs)
            for (std::uint32_t row = r.begin; row < r.end; ++row) {
                const auto behind = std::upper_bound(old.offsets.begin(), old.offsets.end(), row);
                const auto lead = static_cast<std::size_t>(behind - old.offsets.begin() - 1);
                const place p = place_in_layer(old, row, ranks_[old.leads[lead]]);
                arrivals.push_back(p.arrival);
                orders.push_back(p.order);
                const std::int64_t segment = old.source_segments[row], of = old.source_rows[row];
                segments.push_back(segment_of(segment));
                source_rows.push_back(
                    segment < 0 ? of
                                : rows_[static_cast<std::size_t>(segment)][static_cast<std::size_t>(of)]);
            }
        to.arrivals = packed(arrivals);
        to.orders = packed(orders);
        to.source_segments = packed(segments);
        to.source_rows = packed(source_rows);
    }

    // All raw segments are one now.
    std::int64_t segment_of(std::int64_t old) const {
        const auto raw = static_cast<std::int64_t>(data_.raw_segments());
        if (old < 0) return old;
        return old < raw ? 0 : old - raw + 1;
    }

    const snapshot::impl& data_;
    const regrouping& how_;
    std::vector<std::uint32_t> ranks_;
    std::int64_t orders_ = 1;  // every order in a layer is below
    row_map rows_{};           // by segment
    std::shared_ptr<snapshot::impl> to_ = std::make_shared<snapshot::impl>(data_);
};

}  // namespace

std::shared_ptr<snapshot::impl> regroup(const snapshot::impl& data, const regrouping& how) {
    return regrouper(data, how).regroup();
}

}  // namespace weir::inline v1
