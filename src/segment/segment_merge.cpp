// segment_merge.cpp - goes through a block of leads at a time: finds the order of its rows as runs of rows
// that stay together, then copies column after column along the runs.
#include "segment/segment_merge.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "base/fail.hpp"
#include "base/tuned.hpp"
#include "segment/column_cache.hpp"

namespace weir::inline v1 {
namespace {

using sources = std::span<const std::shared_ptr<const segment>>;

using run = packed_run;  // rows of a source

// The codes of leads from <= code < until.
struct lead_range {
    std::uint32_t from = 0, until = no_lead;
};

class merger {
public:
    merger(sources all, const merge_choice& choice, const lead_range& range = {})
        : earliest_(choice.from),
          without_columns_(choice.without_columns),
          is_whole_(range.from == 0 && range.until == no_lead) {
        std::uint64_t leads = 0;
        for (std::size_t n = 0; n < all.size(); ++n) {
            const auto& s = all[n];
            const std::size_t begin = index_of(*s, range.from), end = index_of(*s, range.until);
            if (begin == end) continue;
            from_.push_back(s);
            hidden_.push_back(n < choice.veils.size() ? choice.veils[n].get() : nullptr);
            next_.push_back(begin);
            ends_of_.push_back(end);
            leads = std::max<std::uint64_t>(leads, end - begin);
            used_.emplace_back(*s);
            s->rows_ready();
            for (const segment_column& c : s->columns)
                if (!is_dropped(c.column)) c.ready();
            is_whole_ = is_whole_ && hidden_.back() == nullptr && s->min_time >= earliest_;
            rows_ += count_rows(from_.size() - 1, begin, end);
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

    bool is_dropped(std::uint32_t id) const {
        return std::find(without_columns_.begin(), without_columns_.end(), id) != without_columns_.end();
    }
    bool is_left_out(std::size_t s, std::uint32_t lead) const {
        return hidden_[s] != nullptr && hidden_[s]->hides(lead);
    }

    // The first row of a lead that is not too early.
    std::uint32_t begin_of(std::size_t s, std::size_t i) const {
        const segment& from = *from_[s];
        std::uint32_t low = from.offsets[i], high = from.offsets[i + 1];
        if (from.min_time >= earliest_) return low;
        while (low < high) {
            const std::uint32_t middle = low + (high - low) / 2;
            if (from.times[middle] < earliest_)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    std::uint64_t count_rows(std::size_t s, std::size_t begin, std::size_t end) const {
        const segment& from = *from_[s];
        std::uint64_t rows = from.offsets[end] - from.offsets[begin];
        const bool is_cut = from.min_time < earliest_;
        if (!is_cut && hidden_[s] == nullptr) return rows;
        for (std::size_t i = begin; i < end; ++i) {
            if (is_left_out(s, from.leads[i]))
                rows -= from.offsets[i + 1] - from.offsets[i];
            else if (is_cut)
                rows -= begin_of(s, i) - from.offsets[i];
        }
        return rows;
    }

    // Of the events from one row on.
    std::uint64_t mask_from(std::size_t s, std::size_t i, std::uint32_t begin) const {
        const segment& from = *from_[s];
        if (begin == from.offsets[i]) return from.masks[i];
        std::uint64_t mask = 0;
        for (std::uint32_t r = begin; r < from.offsets[i + 1]; ++r)
            mask |= event_bit(static_cast<std::uint32_t>(from.events[r]));
        return mask;
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
        each_in_block(first,
                      [&](std::size_t, std::uint32_t lead, std::size_t, std::uint32_t) { ++ends_[lead]; });
        std::uint32_t parts = 0;
        for (std::uint32_t& end : ends_) parts += std::exchange(end, parts);
        parts_.resize(parts);
        each_in_block(first, [&](std::size_t s, std::uint32_t lead, std::size_t i, std::uint32_t begin) {
            parts_[ends_[lead]++] = {static_cast<std::uint32_t>(s), begin, from_[s]->offsets[i + 1]};
            masks_[lead] |= mask_from(s, i, begin);
        });
        for (std::size_t s = 0; s < from_.size(); ++s)
            while (next_[s] < ends_of_[s] && from_[s]->leads[next_[s]] - first < block) ++next_[s];
        std::uint32_t begin = 0;
        for (std::uint32_t lead = 0; lead < block; ++lead) {
            const std::uint32_t end = ends_[lead];
            if (end > begin) add_lead(first + lead, masks_[lead], {parts_.data() + begin, end - begin});
            begin = end;
        }
        return true;
    }

    // Calls f(source, lead - first, index of the lead, its first row) for each lead of each source from the
    // next one on that has rows to copy.
    template <class F> void each_in_block(std::uint32_t first, F&& f) {
        for (std::size_t s = 0; s < from_.size(); ++s) {
            const auto& leads = from_[s]->leads;
            for (std::size_t i = next_[s]; i < ends_of_[s] && leads[i] - first < block; ++i) {
                const std::uint32_t begin = begin_of(s, i);
                if (begin < from_[s]->offsets[i + 1] && !is_left_out(s, leads[i]))
                    f(s, leads[i] - first, i, begin);
            }
        }
    }

    void add_lead(std::uint32_t lead, std::uint64_t mask, std::span<const run> parts) {
        to_->leads.push_back(lead);
        to_->masks.push_back(mask);
        std::uint32_t rows = 0;
        for (const run& part : parts) rows += part.end - part.begin;
        to_->offsets.push_back(to_->offsets.back() + rows);
        if (in_order_ || are_in_order(parts))
            for (const run& part : parts) append_run(runs_, part);
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
        for (const auto& [time, one] : rows) append_run(runs_, one);
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
            for (const auto& c : s->columns)
                if (!is_dropped(c.column)) ids.emplace(c.column, c.is_text);
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

    static constexpr std::uint32_t block = tuned(1024, 7);  // codes of leads

    std::vector<std::shared_ptr<const segment>> from_{};  // those that have leads of the range
    std::vector<segment_in_use> used_{};
    std::vector<const veil*> hidden_{};  // by source
    std::int64_t earliest_;
    std::span<const std::uint32_t> without_columns_;
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

std::shared_ptr<segment> merge_segments(sources from, const merge_choice& choice) {
    return merger(from, choice).merge();
}

void merge_in_parts(sources from, std::uint64_t most_rows,
                    const std::function<void(std::shared_ptr<segment>)>& take, const merge_choice& choice) {
    std::vector<std::uint64_t> rows;  // by lead, those that are too early with it
    for (std::size_t n = 0; n < from.size(); ++n) {
        const segment& s = *from[n];
        const veil* const hidden = n < choice.veils.size() ? choice.veils[n].get() : nullptr;
        rows.resize(std::max<std::size_t>(rows.size(), s.leads.back() + std::size_t{1}));
        for (std::size_t i = 0; i < s.leads.size(); ++i)
            if (hidden == nullptr || !hidden->hides(s.leads[i]))
                rows[s.leads[i]] += s.offsets[i + 1] - s.offsets[i];
    }
    std::int64_t taken = 0;
    std::uint32_t part = 0;
    std::uint64_t sum = 0;
    const auto merge = [&](std::uint32_t begin, std::uint32_t end) {
        auto one = merger(from, choice, {begin, end}).merge();
        if (one->size() == 0) return;
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
