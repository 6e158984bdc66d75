// segment_merge.cpp - goes through a block of leads at a time: finds the order of its rows as runs of rows
// that stay together, then copies column after column along the runs.
#include "store/segment_merge.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "base/fail.hpp"

namespace weir::inline v1 {
namespace {

using sources = std::span<const std::shared_ptr<const segment>>;

using run = packed_run;  // rows of a source

class merger {
public:
    merger(sources from, std::uint32_t without) : from_(from), without_(without), next_(from.size()) {
        std::uint64_t rows = 0, leads = 0;
        for (const auto& s : from) {
            rows += s->size();
            leads = std::max<std::uint64_t>(leads, s->leads.size());
            for (const auto& [code, n] : s->event_counts) counts_[code] += n;
        }
        if (rows > UINT32_MAX) fail(errc::limit_exceeded, "a segment holds at most 2^32 - 1 events");
        rows_ = rows;
        if (without != no_lead) leave_out();
        for (std::size_t i = 1; i < from.size(); ++i)
            in_order_ = in_order_ && from[i - 1]->max_time <= from[i]->min_time;
        to_->first_arrival = from.empty() ? 0 : from.front()->first_arrival;
        to_->leads.reserve(leads);
        to_->offsets.reserve(leads + 1);
        to_->masks.reserve(leads);
    }

    std::shared_ptr<segment> merge() {
        const auto events = [](const segment& s) { return &s.events; };
        const auto times = [](const segment& s) { return &s.times; };
        add_column(bounds_of(events), events);
        add_column(bounds_of(times), times);
        add_attributes();
        while (cluster_block()) {
            for (column& c : columns_) c.to.append(c.from, runs_);
            for (auto& [at, bits] : presences_) append_presence(at, bits);
            copied_ = to_->size();
        }
        finish();
        find_times();
        to_->find_ties();
        return std::move(to_);
    }

private:
    struct column {
        std::vector<const packed*> from;  // by source
        packed_writer to;
    };
    // Which rows of a column have a value.
    struct presence {
        std::uint32_t id;
        std::vector<std::uint64_t> bits;
    };

    void leave_out() {
        for (const auto& s : from_) {
            const auto at = std::lower_bound(s->leads.begin(), s->leads.end(), without_);
            if (at == s->leads.end() || *at != without_) continue;
            const auto lead = static_cast<std::size_t>(at - s->leads.begin());
            rows_ -= s->offsets[lead + 1] - s->offsets[lead];
            for (std::uint32_t r = s->offsets[lead]; r < s->offsets[lead + 1]; ++r)
                --counts_[static_cast<std::uint32_t>(s->events[r])];
        }
    }

    // Finds the runs of the leads from the next one on whose codes lie in one block. A counting sort by lead
    // keeps the order of the sources. False at the end.
    bool cluster_block() {
        runs_.clear();
        std::uint32_t first = no_lead;
        for (std::size_t s = 0; s < from_.size(); ++s)
            if (next_[s] < from_[s]->leads.size()) first = std::min(first, from_[s]->leads[next_[s]]);
        if (first == no_lead) return false;
        ends_.fill(0);
        masks_.fill(0);
        each_in_block(first, [&](std::uint32_t, std::uint32_t lead, std::size_t) { ++ends_[lead]; });
        std::uint32_t parts = 0;
        for (std::uint32_t& end : ends_) parts += std::exchange(end, parts);
        parts_.resize(parts);
        each_in_block(first, [&](std::uint32_t s, std::uint32_t lead, std::size_t i) {
            parts_[ends_[lead]++] = {s, from_[s]->offsets[i], from_[s]->offsets[i + 1]};
            masks_[lead] |= from_[s]->masks[i];
            next_[s] = i + 1;
        });
        std::uint32_t begin = 0;
        for (std::uint32_t lead = 0; lead < block; ++lead) {
            const std::uint32_t end = ends_[lead];
            if (end > begin && first + lead != without_)
                add_lead(first + lead, masks_[lead], {parts_.data() + begin, end - begin});
            begin = end;
        }
        return true;
    }

    // Calls f(source, lead - first, index of the lead) for each lead of each source from the next one on.
    template <class F> void each_in_block(std::uint32_t first, F&& f) {
        for (std::uint32_t s = 0; s < from_.size(); ++s) {
            const auto& leads = from_[s]->leads;
            for (std::size_t i = next_[s]; i < leads.size() && leads[i] - first < block; ++i)
                f(s, leads[i] - first, i);
        }
    }

    void add_lead(std::uint32_t lead, std::uint64_t mask, std::span<const run> parts) {
        to_->leads.push_back(lead);
        to_->masks.push_back(mask);
        std::uint32_t rows = 0;
        for (const run& part : parts) rows += part.end - part.begin;
        to_->offsets.push_back(to_->offsets.back() + rows);
        if (in_order_ || are_in_order(parts))
            for (const run& part : parts) add_run(part);
        else
            interleave(parts);
    }

    bool are_in_order(std::span<const run> parts) const {
        for (std::size_t i = 1; i < parts.size(); ++i)
            if (time_of(parts[i - 1], parts[i - 1].end - 1) > time_of(parts[i], parts[i].begin)) return false;
        return true;
    }

    std::int64_t time_of(const run& part, std::uint32_t row) const { return from_[part.column]->times[row]; }

    // Sources come in order of arrival, so a stable sort by time gives the total order.
    void interleave(std::span<const run> parts) {
        std::vector<std::pair<std::int64_t, run>> rows;
        for (const run& part : parts)
            for (std::uint32_t r = part.begin; r < part.end; ++r)
                rows.push_back({time_of(part, r), {part.column, r, r + 1}});
        std::stable_sort(rows.begin(), rows.end(),
                         [](const auto& a, const auto& b) { return a.first < b.first; });
        for (const auto& [time, one] : rows) add_run(one);
    }

    void add_run(const run& more) {
        if (!runs_.empty() && runs_.back().column == more.column && runs_.back().end == more.begin)
            runs_.back().end = more.end;
        else
            runs_.push_back(more);
    }

    // `of` gives a source's column, or nullptr.
    template <class F> bounds bounds_of(F&& of) const {
        bounds b;
        for (const auto& s : from_)
            if (const packed* const bits = of(*s); bits != nullptr && !bits->empty())
                b.take({bits->least(), bits->greatest()});
        return b;
    }

    // Sources without the column give its least value: 0, which is no text, or any number.
    template <class F> void add_column(const bounds& b, F&& of) {
        std::vector<const packed*> from;
        for (const auto& s : from_) from.push_back(of(*s));
        columns_.push_back({std::move(from), packed_writer(b, rows_)});
    }

    void add_attributes() {
        std::map<std::uint32_t, bool> ids;  // whether it holds texts
        for (const auto& s : from_)
            for (const auto& c : s->columns) ids.emplace(c.column, c.is_text);
        for (const auto& [id, is_text] : ids) {
            const auto bits = [id = id](const segment& s) {
                const segment_column* const c = s.find(id);
                return c == nullptr ? nullptr : &c->bits;
            };
            bounds b = bounds_of(bits);
            if (is_text) b.take(0);
            add_column(b, bits);
            to_->columns.push_back({id, is_text, {}, {}});
            if (!is_text && !is_complete(id))
                presences_.push_back({id, std::vector<std::uint64_t>((rows_ + 63) / 64)});
        }
    }

    bool is_complete(std::uint32_t id) const {
        return std::all_of(from_.begin(), from_.end(), [id](const auto& s) {
            const segment_column* const c = s->find(id);
            return c != nullptr && c->present.empty();
        });
    }

    void append_presence(std::uint32_t id, std::vector<std::uint64_t>& bits) const {
        std::size_t at = copied_;
        for (const run& r : runs_) {
            const segment_column* const c = from_[r.column]->find(id);
            for (std::uint32_t row = r.begin; row < r.end; ++row, ++at)
                if (c != nullptr && c->has(row)) bits[at / 64] |= std::uint64_t{1} << (at % 64);
        }
    }

    void finish() {
        to_->leads.shrink_to_fit();
        to_->offsets.shrink_to_fit();
        to_->masks.shrink_to_fit();
        to_->events = columns_[0].to.finish();
        to_->times = columns_[1].to.finish();
        for (std::size_t i = 0; i < to_->columns.size(); ++i)
            to_->columns[i].bits = columns_[i + 2].to.finish();
        auto complete = presences_.begin();
        for (segment_column& c : to_->columns)
            if (complete != presences_.end() && complete->id == c.column)
                c.present = std::move(complete++->bits);
        for (const auto& [code, n] : counts_)
            if (n > 0) to_->event_counts.emplace_back(code, n);
    }

    // Exact, as those of the sources are; the bounds of a column may be wider.
    void find_times() {
        if (to_->size() == 0) return;
        bounds b;
        if (without_ == no_lead) {
            for (const auto& source : from_)
                if (source->size() > 0) b.take({source->min_time, source->max_time});
        } else {
            for (std::size_t r = 0; r < to_->size(); ++r) b.take(to_->times[r]);
        }
        to_->min_time = b.least;
        to_->max_time = b.greatest;
    }

    static constexpr std::uint32_t block = 1024;  // codes of leads

    sources from_;
    std::uint32_t without_;
    std::uint64_t rows_ = 0;  // of the result
    bool in_order_ = true;    // no source has a time before one of the source before it
    std::map<std::uint32_t, std::int64_t> counts_{};
    std::vector<column> columns_{};  // events, times, attributes
    std::vector<presence> presences_{};
    std::size_t copied_ = 0;  // rows

    // Of the block:
    std::vector<std::size_t> next_;             // by source: index of its next lead
    std::array<std::uint32_t, block> ends_{};   // by lead: where its parts end
    std::array<std::uint64_t, block> masks_{};  // by lead
    std::vector<run> parts_{}, runs_{};

    std::shared_ptr<segment> to_ = std::make_shared<segment>();
};

}  // namespace

std::shared_ptr<segment> merge_segments(sources from, std::uint32_t without) {
    return merger(from, without).merge();
}

}  // namespace weir::inline v1
