// segment_merge.cpp - finds the order of the rows once, as runs of rows that stay together, then copies
// column after column along the runs.
#include "store/segment_merge.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/fail.hpp"

namespace weir::inline v1 {
namespace {

using sources = std::span<const std::shared_ptr<const segment>>;

// Rows [begin, end) of a source.
struct run {
    std::uint32_t source, begin, end;
};

class merger {
public:
    merger(sources from, std::uint32_t without) : from_(from), without_(without) {
        std::uint64_t rows = 0, leads = 0;
        for (const auto& s : from) {
            rows += s->size();
            leads = std::max<std::uint64_t>(leads, s->leads.size());
            for (const auto& [code, n] : s->event_counts) counts_[code] += n;
        }
        if (rows > UINT32_MAX) fail(errc::limit_exceeded, "a segment holds at most 2^32 - 1 events");
        to_->first_arrival = from.empty() ? 0 : from.front()->first_arrival;
        to_->leads.reserve(leads);
        to_->offsets.reserve(leads + 1);
        to_->masks.reserve(leads);
    }

    std::shared_ptr<segment> merge() {
        cluster();
        const auto times = [](const segment& s) { return &s.times; };
        to_->events = copy(bounds_of([](const segment& s) { return &s.events; }),
                           [](const segment& s) { return &s.events; });
        to_->times = copy(bounds_of(times), times);
        copy_columns();
        for (const auto& [code, n] : counts_)
            if (n > 0) to_->event_counts.emplace_back(code, n);
        find_times();
        to_->find_ties();
        return std::move(to_);
    }

private:
    struct bounds {
        std::int64_t least = 0, greatest = 0;
        bool any = false;
        void take(std::int64_t from, std::int64_t to) {
            least = any ? std::min(least, from) : from;
            greatest = any ? std::max(greatest, to) : to;
            any = true;
        }
    };

    // Walks all sources lead by lead.
    void cluster() {
        std::vector<std::uint32_t> next(from_.size());
        std::vector<run> parts;
        for (;;) {
            std::uint32_t lead = no_lead;
            for (std::size_t s = 0; s < from_.size(); ++s)
                if (next[s] < from_[s]->leads.size()) lead = std::min(lead, from_[s]->leads[next[s]]);
            if (lead == no_lead) return;
            parts.clear();
            std::uint64_t mask = 0;
            for (std::uint32_t s = 0; s < from_.size(); ++s) {
                const segment& source = *from_[s];
                if (next[s] == source.leads.size() || source.leads[next[s]] != lead) continue;
                mask |= source.masks[next[s]];
                parts.push_back({s, source.offsets[next[s]], source.offsets[next[s] + 1]});
                ++next[s];
            }
            if (lead == without_)
                leave_out(parts);
            else
                add_lead(lead, mask, parts);
        }
    }

    void add_lead(std::uint32_t lead, std::uint64_t mask, std::span<const run> parts) {
        to_->leads.push_back(lead);
        to_->masks.push_back(mask);
        std::uint32_t rows = 0;
        bool in_order = true;
        for (std::size_t i = 0; i < parts.size(); ++i) {
            rows += parts[i].end - parts[i].begin;
            in_order = in_order && (i == 0 || time_of(parts[i - 1], parts[i - 1].end - 1) <=
                                                  time_of(parts[i], parts[i].begin));
        }
        to_->offsets.push_back(to_->offsets.back() + rows);
        if (in_order)
            for (const run& part : parts) add_run(part);
        else
            interleave(parts);
    }

    std::int64_t time_of(const run& part, std::uint32_t row) const { return from_[part.source]->times[row]; }

    // Sources come in order of arrival, so a stable sort by time gives the total order.
    void interleave(std::span<const run> parts) {
        std::vector<std::pair<std::int64_t, run>> rows;
        for (const run& part : parts)
            for (std::uint32_t r = part.begin; r < part.end; ++r)
                rows.push_back({time_of(part, r), {part.source, r, r + 1}});
        std::stable_sort(rows.begin(), rows.end(),
                         [](const auto& a, const auto& b) { return a.first < b.first; });
        for (const auto& [time, one] : rows) add_run(one);
    }

    void add_run(const run& more) {
        if (!runs_.empty() && runs_.back().source == more.source && runs_.back().end == more.begin)
            runs_.back().end = more.end;
        else
            runs_.push_back(more);
    }

    void leave_out(std::span<const run> parts) {
        for (const run& part : parts)
            for (std::uint32_t r = part.begin; r < part.end; ++r)
                --counts_[static_cast<std::uint32_t>(from_[part.source]->events[r])];
    }

    // `of` gives a source's column, or nullptr.
    template <class F> bounds bounds_of(F&& of) const {
        bounds b;
        for (const auto& s : from_)
            if (const packed* const column = of(*s); column != nullptr && !column->empty())
                b.take(column->least(), column->greatest());
        return b;
    }

    // Sources without the column give its least value: 0, which is no text, or any number.
    template <class F> packed copy(const bounds& b, F&& of) const {
        std::vector<const packed*> columns;
        for (const auto& s : from_) columns.push_back(of(*s));
        packed_writer writer(b.least, b.greatest, to_->size());
        for (const run& r : runs_) {
            if (const packed* const column = columns[r.source])
                writer.append(*column, r.begin, r.end);
            else
                writer.append(b.least, r.end - r.begin);
        }
        return writer.finish();
    }

    void copy_columns() {
        std::map<std::uint32_t, bool> ids;  // whether it holds texts
        for (const auto& s : from_)
            for (const auto& c : s->columns) ids.emplace(c.column, c.is_text);
        for (const auto& [id, is_text] : ids) {
            const auto find = [id = id](const segment& s) { return s.find(id); };
            const auto bits = [&](const segment& s) {
                const segment_column* const c = find(s);
                return c == nullptr ? nullptr : &c->bits;
            };
            bounds b = bounds_of(bits);
            if (is_text) b.take(0, 0);
            to_->columns.push_back(
                {id, is_text, copy(b, bits), is_text ? std::vector<std::uint64_t>() : presence(find)});
        }
    }

    // Which rows have a value; empty if all do.
    template <class F> std::vector<std::uint64_t> presence(F&& find) const {
        const auto complete = [&](const auto& s) {
            const segment_column* const c = find(*s);
            return c != nullptr && c->present.empty();
        };
        if (std::all_of(from_.begin(), from_.end(), complete)) return {};
        std::vector<std::uint64_t> bits((to_->size() + 63) / 64);
        std::size_t at = 0;
        for (const run& r : runs_) {
            const segment_column* const c = find(*from_[r.source]);
            for (std::uint32_t row = r.begin; row < r.end; ++row, ++at)
                if (c != nullptr && c->has(row)) bits[at / 64] |= std::uint64_t{1} << (at % 64);
        }
        return bits;
    }

    // Exact, as those of the sources are; the bounds of a column may be wider.
    void find_times() {
        segment& s = *to_;
        if (s.size() == 0) return;
        if (without_ == no_lead) return take_times();
        s.min_time = s.max_time = s.times[0];
        for (std::size_t r = 1; r < s.size(); ++r) {
            s.min_time = std::min(s.min_time, s.times[r]);
            s.max_time = std::max(s.max_time, s.times[r]);
        }
    }
    void take_times() {
        bounds b;
        for (const auto& source : from_)
            if (source->size() > 0) b.take(source->min_time, source->max_time);
        to_->min_time = b.least;
        to_->max_time = b.greatest;
    }

    sources from_;
    std::uint32_t without_;
    std::vector<run> runs_{};
    std::map<std::uint32_t, std::int64_t> counts_{};
    std::shared_ptr<segment> to_ = std::make_shared<segment>();
};

}  // namespace

std::shared_ptr<segment> merge_segments(sources from, std::uint32_t without) {
    return merger(from, without).merge();
}

}  // namespace weir::inline v1
