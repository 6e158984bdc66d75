#include "derive/splice.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "base/fail.hpp"

namespace weir::inline v1 {
namespace {

class splicer {
public:
    splicer(const segment& old, const segment& fresh, const std::vector<bool>& again, const row_tracker& rows)
        : old_(old), fresh_(fresh), again_(again), rows_(rows) {
        for (const segment* s : {&old_, &fresh_})
            for (const auto& [code, n] : s->event_counts) counts_[code] += n;
        built_->leads.reserve(old.leads.size() + fresh.leads.size());
        built_->masks.reserve(built_->leads.capacity());
        built_->offsets.reserve(built_->leads.capacity() + 1);
    }

    std::shared_ptr<const segment> build(std::uint32_t first_column) {
        order_leads();
        if (size_ > UINT32_MAX) fail(errc::limit_exceeded, "a segment holds at most 2^32 - 1 events");
        if (built_->size() == 0) return std::make_shared<segment>();
        segment& s = *built_;
        s.events = copy(old_.events, fresh_.events);
        s.times = copy(old_.times, fresh_.times);
        s.orders = copy(old_.orders, fresh_.orders);
        if (rows_.nothing_moved()) {
            s.arrivals = copy(old_.arrivals, fresh_.arrivals);
            s.source_segments = copy(old_.source_segments, fresh_.source_segments);
            s.source_rows = copy(old_.source_rows, fresh_.source_rows);
        } else {
            follow_causes();
        }
        copy_attributes(first_column);
        finish();
        return std::move(built_);
    }

private:
    // Both are in order of leads, and have none in common.
    void order_leads() {
        std::size_t o = 0;
        for (std::size_t f = 0; f < fresh_.leads.size(); ++f) {
            add_old(o, fresh_.leads[f]);
            add(fresh_, 1, f, f + 1);
        }
        add_old(o, UINT32_MAX);
    }

    // Adds old leads from one on whose codes are below a limit.
    void add_old(std::size_t& lead, std::uint32_t limit) {
        const auto& leads = old_.leads;
        while (lead < leads.size() && leads[lead] < limit) {
            const std::size_t first = lead;
            while (lead < leads.size() && leads[lead] < limit && !again_[leads[lead]]) ++lead;
            add(old_, 0, first, lead);
            for (; lead < leads.size() && leads[lead] < limit && again_[leads[lead]]; ++lead) leave_out(lead);
        }
    }

    void add(const segment& from, std::uint32_t source, std::size_t first, std::size_t last) {
        if (first == last) return;
        const auto part = [&](const auto& of) { return std::span(of).subspan(first, last - first); };
        const std::uint32_t begin = from.offsets[first], further = built_->offsets.back() - begin;
        built_->leads.insert(built_->leads.end(), part(from.leads).begin(), part(from.leads).end());
        built_->masks.insert(built_->masks.end(), part(from.masks).begin(), part(from.masks).end());
        for (std::size_t lead = first; lead < last; ++lead)
            built_->offsets.push_back(from.offsets[lead + 1] + further);
        size_ += from.offsets[last] - begin;
        runs_.push_back({source, begin, from.offsets[last]});
    }

    void leave_out(std::size_t lead) {
        for (std::uint32_t r = old_.offsets[lead]; r < old_.offsets[lead + 1]; ++r)
            --counts_[static_cast<std::uint32_t>(old_.events[r])];
    }

    packed copy(const packed& old, const packed& fresh) const {
        const std::array<const packed*, 2> from{&old, &fresh};
        bounds b;
        for (const packed* column : from)
            if (!column->empty()) b.take({column->least(), column->greatest()});
        packed_writer to(b, built_->size());
        to.append(from, runs_);
        return to.finish();
    }

    // Few rows at a time, so that what was found of them is near while one column after the other takes it.
    void follow_causes() {
        const cause_bounds all = bounds_of_causes();
        packed_writer segments(all.segments, size_), rows(all.rows, size_), arrivals(all.arrivals, size_);
        std::array<cause_numbers, 256> some{};
        std::size_t at = 0, lead = 0;
        for (const packed_run& run : runs_) {
            const segment& from = run.column == 0 ? old_ : fresh_;
            const auto from_segments = from.source_segments.look(), from_rows = from.source_rows.look(),
                       from_arrivals = from.arrivals.look();
            for (std::uint32_t r = run.begin; r < run.end;) {
                const std::size_t begin = at;
                for (; r < run.end && at - begin < some.size(); ++r, ++at) {
                    while (built_->offsets[lead + 1] <= at) ++lead;
                    const cause_numbers c{from_segments[r], from_rows[r], from_arrivals[r]};
                    some[at - begin] = run.column == 0 ? rows_.moved(built_->leads[lead], c) : c;
                }
                segments.set(begin, at, [&](std::size_t i) { return some[i - begin].segment; });
                rows.set(begin, at, [&](std::size_t i) { return some[i - begin].row; });
                arrivals.set(begin, at, [&](std::size_t i) { return some[i - begin].arrival; });
            }
        }
        built_->source_segments = segments.finish();
        built_->source_rows = rows.finish();
        built_->arrivals = arrivals.finish();
    }

    cause_bounds bounds_of_causes() const {
        cause_bounds all = rows_.bounds_now();
        for (const segment* s : {&old_, &fresh_})
            if (s->size() > 0 && s->source_segments.least() < 0) all.take(time_out);
        return all;
    }

    // Every layer has the same attributes in the same order; without stage events it has none.
    void copy_attributes(std::uint32_t first_column) {
        const segment& complete = old_.columns.empty() ? fresh_ : old_;
        const packed none;
        for (std::size_t c = 0; c < complete.columns.size(); ++c) {
            const packed& old = old_.columns.empty() ? none : old_.columns[c].bits;
            const packed& fresh = fresh_.columns.empty() ? none : fresh_.columns[c].bits;
            built_->columns.push_back({first_column + static_cast<std::uint32_t>(c),
                                       complete.columns[c].is_text,
                                       copy(old, fresh),
                                       {}});
        }
    }

    void finish() {
        segment& s = *built_;
        for (const auto& [code, n] : counts_)
            if (n > 0) s.event_counts.emplace_back(code, n);
        bounds b;
        for (std::size_t i = 0; i < s.leads.size(); ++i) {
            b.take(s.times[s.offsets[i]]);
            b.take(s.times[s.offsets[i + 1] - std::size_t{1}]);
        }
        s.min_time = b.least;
        s.max_time = b.greatest;
    }

    const segment &old_, &fresh_;
    const std::vector<bool>& again_;
    const row_tracker& rows_;
    std::uint64_t size_ = 0;
    std::vector<packed_run> runs_{};  // of old (0) and fresh (1) rows
    std::map<std::uint32_t, std::int64_t> counts_{};
    std::shared_ptr<segment> built_ = std::make_shared<segment>();
};

}  // namespace

std::shared_ptr<const segment> splice_layers(const segment& old, const segment& fresh,
                                             const std::vector<bool>& again, const row_tracker& rows,
                                             std::uint32_t first_column) {
    return splicer(old, fresh, again, rows).build(first_column);
}

}  // namespace weir::inline v1
