// segment_merge.cpp - goes through a block of leads at a time: finds the order of its rows as runs of rows
// that stay together, then copies column after column along the runs.
#include "store/segment_merge.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "base/fail.hpp"
#include "store/column_cache.hpp"

namespace weir::inline v1 {
namespace {

using sources = std::span<const std::shared_ptr<const segment>>;

using run = packed_run;  // rows of a source

class merger {
public:
    merger(sources all, std::uint32_t without, const lead_range& range)
        : without_(without), is_whole_(without == no_lead && range.is_all()) {
        std::uint64_t leads = 0;
        for (const auto& s : all) {
            const std::size_t begin = index_of(*s, range.from), end = index_of(*s, range.until);
            if (begin == end) continue;
            from_.push_back(s);
            next_.push_back(begin);
            ends_of_.push_back(end);
            rows_ += s->offsets[end] - s->offsets[begin];
            leads = std::max<std::uint64_t>(leads, end - begin);
            if (const std::size_t at = index_of(*s, without);
                at >= begin && at < end && s->leads[at] == without)
                rows_ -= s->offsets[at + 1] - s->offsets[at];
            used_.emplace_back(*s);
            s->all_ready();
        }
        if (rows_ > UINT32_MAX) fail(errc::limit_exceeded, "a segment holds at most 2^32 - 1 events");
        for (std::size_t i = 1; i < from_.size(); ++i)
            in_order_ = in_order_ && from_[i - 1]->max_time <= from_[i]->min_time;
        to_->first_arrival = all.empty() ? 0 : all.front()->first_arrival;
        if (all.size() == 1) to_->part = all.front()->part;
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

    static std::size_t index_of(const segment& s, std::uint32_t lead) {
        return static_cast<std::size_t>(std::lower_bound(s.leads.begin(), s.leads.end(), lead) -
                                        s.leads.begin());
    }

    // Finds the runs of the leads from the next one on whose codes lie in one block. A counting sort by lead
    // keeps the order of the sources. False at the end.
    bool cluster_block() {
        runs_.clear();
        std::uint32_t first = no_lead;
        for (std::size_t s = 0; s < from_.size(); ++s)
            if (next_[s] < ends_of_[s]) first = std::min(first, from_[s]->leads[next_[s]]);
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
            for (std::size_t i = next_[s]; i < ends_of_[s] && leads[i] - first < block; ++i)
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
        count_events();
    }

    void count_events() {
        std::map<std::uint32_t, std::int64_t> counts;
        if (is_whole_) {
            for (const auto& s : from_)
                for (const auto& [code, n] : s->event_counts) counts[code] += n;
        } else if (to_->size() > 0) {
            std::vector<std::int64_t> by_code(static_cast<std::size_t>(to_->events.greatest()) + 1);
            for (std::size_t r = 0; r < to_->size(); ++r) ++by_code[static_cast<std::size_t>(to_->events[r])];
            for (std::uint32_t code = 0; code < by_code.size(); ++code)
                if (by_code[code] > 0) counts[code] = by_code[code];
        }
        to_->event_counts.assign(counts.begin(), counts.end());
    }

    // Exact, as those of the sources are; the bounds of a column may be wider.
    void find_times() {
        if (to_->size() == 0) return;
        bounds b;
        if (is_whole_) {
            for (const auto& source : from_)
                if (source->size() > 0) b.take({source->min_time, source->max_time});
        } else {
            for (std::size_t r = 0; r < to_->size(); ++r) b.take(to_->times[r]);
        }
        to_->min_time = b.least;
        to_->max_time = b.greatest;
    }

    static constexpr std::uint32_t block = 1024;  // codes of leads

    std::vector<std::shared_ptr<const segment>> from_{};  // those that have leads of the range
    std::vector<segment_in_use> used_{};
    std::uint32_t without_;
    bool is_whole_;
    std::uint64_t rows_ = 0;         // of the result
    bool in_order_ = true;           // no source has a time before one of the source before it
    std::vector<column> columns_{};  // events, times, attributes
    std::vector<presence> presences_{};
    std::size_t copied_ = 0;  // rows

    // Of the block:
    std::vector<std::size_t> next_{};           // by source: index of its next lead
    std::vector<std::size_t> ends_of_{};        // by source: index behind its last lead
    std::array<std::uint32_t, block> ends_{};   // by lead: where its parts end
    std::array<std::uint64_t, block> masks_{};  // by lead
    std::vector<run> parts_{}, runs_{};

    std::shared_ptr<segment> to_ = std::make_shared<segment>();
};

}  // namespace

std::shared_ptr<segment> merge_segments(sources from, std::uint32_t without, const lead_range& range) {
    return merger(from, without, range).merge();
}

void merge_in_parts(sources from, std::uint32_t without, std::uint64_t most_rows,
                    const std::function<void(std::shared_ptr<segment>)>& take) {
    std::vector<std::uint64_t> rows;  // by lead
    for (const auto& s : from) {
        rows.resize(std::max<std::size_t>(rows.size(), s->leads.back() + std::size_t{1}));
        for (std::size_t i = 0; i < s->leads.size(); ++i)
            rows[s->leads[i]] += s->offsets[i + 1] - s->offsets[i];
    }
    if (without < rows.size()) rows[without] = 0;
    std::int64_t taken = 0;
    std::uint32_t part = 0;
    std::uint64_t sum = 0;
    const auto merge = [&](std::uint32_t begin, std::uint32_t end) {
        auto one = merge_segments(from, without, {begin, end});
        one->first_arrival += taken;
        one->part = part++;
        taken += static_cast<std::int64_t>(one->size());
        take(std::move(one));
    };
    std::uint32_t begin = 0;
    for (std::uint32_t lead = 0; lead < rows.size(); ++lead) {
        if (sum > 0 && sum + rows[lead] > most_rows) {
            merge(std::exchange(begin, lead), lead);
            sum = 0;
        }
        sum += rows[lead];
    }
    if (sum > 0) merge(begin, no_lead);
}

}  // namespace weir::inline v1
