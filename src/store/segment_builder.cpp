#include "store/segment_builder.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "base/fail.hpp"

namespace weir::inline v1 {
namespace {

std::vector<std::uint64_t> bitmap(const std::vector<bool>& has) {
    std::vector<std::uint64_t> bits((has.size() + 63) / 64);
    for (std::size_t i = 0; i < has.size(); ++i)
        if (has[i]) bits[i / 64] |= std::uint64_t{1} << (i % 64);
    return bits;
}

std::vector<std::pair<std::uint32_t, std::int64_t>> count_codes(std::span<const std::int64_t> codes) {
    std::vector<std::int64_t> counts;
    for (const std::int64_t c : codes) {
        if (static_cast<std::size_t>(c) >= counts.size()) counts.resize(static_cast<std::size_t>(c) + 1);
        ++counts[static_cast<std::size_t>(c)];
    }
    std::vector<std::pair<std::uint32_t, std::int64_t>> found;
    for (std::size_t c = 0; c < counts.size(); ++c)
        if (counts[c] > 0) found.emplace_back(static_cast<std::uint32_t>(c), counts[c]);
    return found;
}

// Where a row of a merge comes from.
struct origin {
    std::uint32_t segment, row;
};

// The rows of one lead in total order, appended to `order`.
void merge_lead(std::span<const std::shared_ptr<const segment>> segments, std::span<const origin> begins,
                std::vector<origin>& order) {
    const auto first = static_cast<std::ptrdiff_t>(order.size());
    for (const auto [s, i] : begins) {
        const segment& seg = *segments[s];
        for (std::uint32_t r = seg.offsets[i]; r < seg.offsets[i + 1]; ++r) order.push_back({s, r});
    }
    if (begins.size() < 2) return;
    std::sort(order.begin() + first, order.end(), [&](origin a, origin b) {
        const std::int64_t ta = segments[a.segment]->times[a.row], tb = segments[b.segment]->times[b.row];
        if (ta != tb) return ta < tb;
        return segments[a.segment]->arrivals[a.row] < segments[b.segment]->arrivals[b.row];
    });
}

// Walks all segments lead by lead.
template <class F> void for_each_lead(std::span<const std::shared_ptr<const segment>> segments, F&& visit) {
    std::vector<std::uint32_t> next(segments.size());
    std::vector<origin> begins;
    for (;;) {
        std::uint32_t lead = UINT32_MAX;
        for (std::size_t s = 0; s < segments.size(); ++s)
            if (next[s] < segments[s]->leads.size()) lead = std::min(lead, segments[s]->leads[next[s]]);
        if (lead == UINT32_MAX) return;
        begins.clear();
        for (std::uint32_t s = 0; s < segments.size(); ++s)
            if (next[s] < segments[s]->leads.size() && segments[s]->leads[next[s]] == lead)
                begins.push_back({s, next[s]++});
        visit(lead, std::span<const origin>(begins));
    }
}

void merge_column(std::span<const std::shared_ptr<const segment>> segments, std::uint32_t column,
                  std::span<const origin> order, segment_builder& builder) {
    std::vector<const segment_column*> sources;
    bool is_text = false;
    for (const auto& s : segments) {
        sources.push_back(s->find(column));
        if (sources.back() != nullptr) is_text = sources.back()->is_text;
    }
    std::vector<std::int64_t> bits(order.size());
    std::vector<bool> has(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        const segment_column* from = sources[order[i].segment];
        if (from == nullptr || !from->has(order[i].row)) continue;
        bits[i] = from->at(order[i].row);
        has[i] = true;
    }
    builder.add_column(column, is_text, std::move(bits), has);
}

}  // namespace

segment_builder::segment_builder(std::size_t rows) : built_(std::make_shared<segment>()) {
    if (rows > UINT32_MAX) fail(errc::limit_exceeded, "a segment holds at most 2^32 - 1 events");
    events_.reserve(rows);
    times_.reserve(rows);
    arrivals_.reserve(rows);
}

void segment_builder::add_row(std::uint32_t lead, std::uint32_t event, std::int64_t time,
                              std::int64_t arrival) {
    segment& s = *built_;
    if (s.leads.empty() || s.leads.back() != lead) {
        s.leads.push_back(lead);
        s.offsets.push_back(s.offsets.back());
    }
    ++s.offsets.back();
    events_.push_back(event);
    times_.push_back(time);
    arrivals_.push_back(arrival);
}

void segment_builder::add_column(std::uint32_t column, bool is_text, std::vector<std::int64_t> bits,
                                 const std::vector<bool>& has) {
    const auto first = std::find(has.begin(), has.end(), true);
    if (first == has.end()) return;
    const bool all = std::find(has.begin(), has.end(), false) == has.end();
    // A missing number takes a value that occurs, so that it does not widen the column's range.
    const std::int64_t filler = is_text ? 0 : bits[static_cast<std::size_t>(first - has.begin())];
    for (std::size_t i = 0; i < bits.size(); ++i) {
        if (!has[i])
            bits[i] = filler;
        else if (is_text)
            ++bits[i];
    }
    segment_column c;
    c.column = column;
    c.is_text = is_text;
    c.bits = packed(bits);
    if (!is_text && !all) c.present = bitmap(has);
    built_->columns.push_back(std::move(c));
}

std::shared_ptr<segment> segment_builder::finish() {
    segment& s = *built_;
    s.leads.shrink_to_fit();
    s.offsets.shrink_to_fit();
    s.events = packed(events_);
    s.times = packed(times_);
    s.arrivals = packed(arrivals_);
    s.event_counts = count_codes(events_);
    if (!times_.empty()) {
        const auto [least, greatest] = std::minmax_element(times_.begin(), times_.end());
        s.min_time = *least;
        s.max_time = *greatest;
    }
    std::sort(s.columns.begin(), s.columns.end(),
              [](const auto& a, const auto& b) { return a.column < b.column; });
    return std::move(built_);
}

std::shared_ptr<segment> build_segment(const coded_batch& coded) {
    const batch::impl& b = coded.from;
    const std::size_t n = coded.rows.size();
    std::vector<std::uint32_t> order(n);  // positions in coded.rows, which are offsets of the arrival number
    std::iota(order.begin(), order.end(), 0U);
    const auto lead_at = [&](std::uint32_t i) { return coded.leads[b.leads[coded.rows[i]]]; };
    std::sort(order.begin(), order.end(), [&](std::uint32_t i, std::uint32_t j) {
        if (const auto x = lead_at(i), y = lead_at(j); x != y) return x < y;
        if (const auto x = b.times[coded.rows[i]], y = b.times[coded.rows[j]]; x != y) return x < y;
        return i < j;
    });

    segment_builder builder(n);
    constexpr std::uint32_t left_out = UINT32_MAX;
    std::vector<std::uint32_t> place(b.leads.size(), left_out);  // of a batch row in the segment
    for (std::uint32_t i = 0; i < n; ++i) {
        const std::uint32_t r = coded.rows[order[i]];
        builder.add_row(lead_at(order[i]), coded.events[b.events[r]], b.times[r],
                        coded.first_arrival + order[i]);
        place[r] = i;
    }
    for (std::size_t c = 0; c < b.columns.size(); ++c) {
        const auto& source = b.columns[c];
        if (source.rows.empty()) continue;
        std::vector<std::int64_t> bits(n);
        std::vector<bool> has(n);
        for (std::size_t k = 0; k < source.rows.size(); ++k) {
            const std::uint32_t at = place[source.rows[k]];
            if (at == left_out) continue;
            bits[at] =
                source.texts ? coded.texts[c][static_cast<std::size_t>(source.bits[k])] : source.bits[k];
            has[at] = true;
        }
        builder.add_column(coded.columns[c], source.texts != nullptr, std::move(bits), has);
    }
    return builder.finish();
}

std::shared_ptr<segment> merge_segments(std::span<const std::shared_ptr<const segment>> segments,
                                        std::uint32_t without) {
    std::size_t total = 0;
    std::vector<std::uint32_t> columns;
    for (const auto& s : segments) {
        total += s->size();
        for (const auto& c : s->columns) columns.push_back(c.column);
    }
    std::sort(columns.begin(), columns.end());
    columns.erase(std::unique(columns.begin(), columns.end()), columns.end());

    segment_builder builder(total);
    std::vector<origin> order;
    order.reserve(total);
    for_each_lead(segments, [&](std::uint32_t lead, std::span<const origin> begins) {
        if (lead == without) return;
        const std::size_t first = order.size();
        merge_lead(segments, begins, order);
        for (std::size_t i = first; i < order.size(); ++i) {
            const segment& s = *segments[order[i].segment];
            const std::uint32_t r = order[i].row;
            builder.add_row(lead, static_cast<std::uint32_t>(s.events[r]), s.times[r], s.arrivals[r]);
        }
    });
    for (const std::uint32_t c : columns) merge_column(segments, c, order, builder);
    return builder.finish();
}

}  // namespace weir::inline v1
