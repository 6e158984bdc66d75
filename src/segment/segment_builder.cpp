// segment_builder.cpp - clusters a batch by lead with one counting sort, and packs columns.
#include "segment/segment_builder.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>
#include <numeric>
#include <span>
#include <utility>

#include "base/fail.hpp"

namespace weir::inline v1 {
namespace {

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

// A missing number takes a value that occurs, so that it does not widen the column's range.
segment_column column_of(std::uint32_t column, bool is_text, std::span<std::int64_t> bits,
                         std::vector<std::uint64_t> present) {
    if (!present.empty()) {
        std::size_t first = 0;
        while (present[first] == 0) ++first;
        const std::int64_t filler =
            bits[64 * first + static_cast<std::size_t>(std::countr_zero(present[first]))];
        for (std::size_t i = 0; i < bits.size(); ++i)
            if ((present[i / 64] >> (i % 64) & 1) == 0) bits[i] = filler;
    }
    return {column, is_text, packed(bits), std::move(present)};
}

// Sorts by the upper half, a digit at a time; few are sorted faster by comparing them.
void sort_by_upper(std::vector<std::uint64_t>& keys) {
    constexpr std::size_t digits = std::size_t{1} << 11;
    if (keys.size() < digits) return std::sort(keys.begin(), keys.end());
    const std::uint64_t any = std::accumulate(keys.begin(), keys.end(), std::uint64_t{0}, std::bit_or<>());
    std::vector<std::uint64_t> sorted(keys.size());
    for (int shift = 32; shift < static_cast<int>(std::bit_width(any)); shift += 11) {
        std::array<std::uint32_t, digits> next{};
        for (const std::uint64_t k : keys) ++next[k >> shift & (digits - 1)];
        std::exclusive_scan(next.begin(), next.end(), next.begin(), 0U);
        for (const std::uint64_t k : keys) sorted[next[k >> shift & (digits - 1)]++] = k;
        keys.swap(sorted);
    }
}

// Turns a batch into a segment, column by column.
class batch_segment {
public:
    explicit batch_segment(const coded_batch& coded)
        : coded_(coded),
          batch_(coded.from),
          place_(coded.from.leads.size(), left_out),
          values_(coded.rows.size()) {
        cluster();
        sort_leads_by_time();
        for (std::uint32_t i = 0; i < order_.size(); ++i) place_[order_[i]] = i;
    }

    std::shared_ptr<segment> build() {
        to_->first_arrival = coded_.first_arrival;
        add_events();
        for (std::size_t i = 0; i < order_.size(); ++i) values_[i] = batch_.times[order_[i]];
        to_->times = packed(values_);
        to_->find_ties();
        to_->min_time = to_->times.least();
        to_->max_time = to_->times.greatest();
        for (std::size_t c = 0; c < batch_.columns.size(); ++c)
            if (!batch_.columns[c].rows.empty()) add_column(c);
        std::sort(to_->columns.begin(), to_->columns.end(),
                  [](const auto& a, const auto& b) { return a.column < b.column; });
        return std::move(to_);
    }

private:
    static constexpr std::uint32_t left_out = UINT32_MAX;

    // Puts the rows of each lead side by side, leads by the store's code, by one counting sort.
    void cluster() {
        std::vector<std::uint32_t> next(
            coded_.leads.size());  // by the batch's code: rows, then where they begin
        for (const std::uint32_t r : coded_.rows) ++next[batch_.leads[r]];
        std::vector<std::uint64_t> keys;
        keys.reserve(next.size());
        for (std::uint32_t code = 0; code < next.size(); ++code)
            if (next[code] > 0) keys.push_back(std::uint64_t{coded_.leads[code]} << 32 | code);
        sort_by_upper(keys);
        to_->leads.reserve(keys.size());
        to_->offsets.reserve(keys.size() + 1);
        std::uint32_t rows = 0;
        for (const std::uint64_t k : keys) {
            rows += std::exchange(next[static_cast<std::uint32_t>(k)], rows);
            to_->leads.push_back(static_cast<std::uint32_t>(k >> 32));
            to_->offsets.push_back(rows);
        }
        order_.resize(coded_.rows.size());
        for (const std::uint32_t r : coded_.rows) order_[next[batch_.leads[r]]++] = r;
    }

    void sort_leads_by_time() {
        const auto earlier = [&](std::uint32_t x, std::uint32_t y) {
            return batch_.times[x] < batch_.times[y];
        };
        if (std::is_sorted(coded_.rows.begin(), coded_.rows.end(), earlier)) return;
        for (std::size_t lead = 0; lead < to_->leads.size(); ++lead) {
            const auto first = order_.begin() + to_->offsets[lead],
                       last = order_.begin() + to_->offsets[lead + 1];
            if (!std::is_sorted(first, last, earlier)) std::stable_sort(first, last, earlier);
        }
    }

    void add_events() {
        to_->masks.resize(to_->leads.size());
        for (std::size_t lead = 0; lead < to_->leads.size(); ++lead)
            for (std::size_t i = to_->offsets[lead]; i < to_->offsets[lead + 1]; ++i) {
                const std::uint32_t event = coded_.events[batch_.events[order_[i]]];
                values_[i] = event;
                to_->masks[lead] |= event_bit(event);
            }
        to_->events = packed(values_);
        to_->event_counts = count_codes(values_);
    }

    void add_column(std::size_t column) {
        const auto& source = batch_.columns[column];
        const auto& codes = coded_.texts[column];
        const std::size_t n = order_.size();
        std::vector<std::uint64_t> present(
            source.texts || source.rows.size() == batch_.leads.size() ? 0 : (n + 63) / 64);
        std::size_t found = 0;
        values_.assign(n, 0);
        for (std::size_t k = 0; k < source.rows.size(); ++k) {
            const std::uint32_t at = place_[source.rows[k]];
            if (at == left_out) continue;
            ++found;
            values_[at] = source.texts ? std::int64_t{codes[static_cast<std::size_t>(source.bits[k])]} + 1
                                       : source.bits[k];
            if (!present.empty()) present[at / 64] |= std::uint64_t{1} << (at % 64);
        }
        if (found == 0) return;
        if (found == n) present.clear();
        to_->columns.push_back(
            column_of(coded_.columns[column], source.texts != nullptr, values_, std::move(present)));
    }

    const coded_batch& coded_;
    const batch::impl& batch_;
    std::vector<std::uint32_t> order_{}, place_;  // the row of the batch for each of the segment, and back
    std::vector<std::int64_t> values_;            // of one column
    std::shared_ptr<segment> to_ = std::make_shared<segment>();
};

}  // namespace

std::shared_ptr<segment> build_segment(const coded_batch& coded) {
    if (coded.rows.size() > UINT32_MAX) fail(errc::limit_exceeded, "a segment holds at most 2^32 - 1 events");
    return batch_segment(coded).build();
}

}  // namespace weir::inline v1
