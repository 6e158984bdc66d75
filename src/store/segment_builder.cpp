// segment_builder.cpp - clusters a batch by lead with one counting sort, and packs columns.
#include "store/segment_builder.hpp"

#include <algorithm>
#include <bit>
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

// The rows of a batch that are taken, clustered by the store's code of the lead, then by (time, arrival).
std::vector<std::uint32_t> cluster(const coded_batch& coded) {
    const batch::impl& b = coded.from;
    std::vector<std::uint32_t> begins(coded.leads.size());  // by the batch's code: where its rows begin
    for (const std::uint32_t r : coded.rows) ++begins[b.leads[r]];
    std::vector<std::uint32_t> by_code(begins.size());
    std::iota(by_code.begin(), by_code.end(), 0U);
    std::sort(by_code.begin(), by_code.end(),
              [&](std::uint32_t x, std::uint32_t y) { return coded.leads[x] < coded.leads[y]; });
    std::uint32_t next = 0;
    for (const std::uint32_t lead : by_code) next += std::exchange(begins[lead], next);

    std::vector<std::uint32_t> order(coded.rows.size());
    auto ends = begins;
    for (const std::uint32_t r : coded.rows) order[ends[b.leads[r]]++] = r;
    const auto earlier = [&](std::uint32_t x, std::uint32_t y) { return b.times[x] < b.times[y]; };
    for (std::size_t lead = 0; lead < begins.size(); ++lead) {
        const auto first = order.begin() + begins[lead], last = order.begin() + ends[lead];
        if (!std::is_sorted(first, last, earlier)) std::stable_sort(first, last, earlier);
    }
    return order;
}

// place[r] is where row r of the batch lies in the segment.
constexpr std::uint32_t left_out = UINT32_MAX;

void add_texts(const coded_batch& coded, std::size_t column, std::span<const std::uint32_t> place,
               segment_builder& to) {
    const auto& source = coded.from.columns[column];
    std::vector<std::int64_t> bits(coded.rows.size());
    bool any = false;
    for (std::size_t k = 0; k < source.rows.size(); ++k) {
        const std::uint32_t at = place[source.rows[k]];
        if (at == left_out) continue;
        bits[at] = std::int64_t{coded.texts[column][static_cast<std::size_t>(source.bits[k])]} + 1;
        any = true;
    }
    if (any) to.add_column(coded.columns[column], true, std::move(bits));
}

void add_numbers(const coded_batch& coded, std::size_t column, std::span<const std::uint32_t> place,
                 segment_builder& to) {
    const auto& source = coded.from.columns[column];
    const std::size_t n = coded.rows.size();
    std::vector<std::int64_t> bits(n);
    std::vector<std::uint64_t> present((n + 63) / 64);
    std::size_t found = 0;
    for (std::size_t k = 0; k < source.rows.size(); ++k) {
        const std::uint32_t at = place[source.rows[k]];
        if (at == left_out) continue;
        bits[at] = source.bits[k];
        present[at / 64] |= std::uint64_t{1} << (at % 64);
        ++found;
    }
    if (found == 0) return;
    if (found == n) present.clear();
    to.add_column(coded.columns[column], false, std::move(bits), std::move(present));
}

}  // namespace

segment_builder::segment_builder(std::size_t rows) : built_(std::make_shared<segment>()) {
    if (rows > UINT32_MAX) fail(errc::limit_exceeded, "a segment holds at most 2^32 - 1 events");
    events_.reserve(rows);
    times_.reserve(rows);
}

void segment_builder::add_row(std::uint32_t lead, std::uint32_t event, std::int64_t time) {
    segment& s = *built_;
    if (s.leads.empty() || s.leads.back() != lead) {
        s.leads.push_back(lead);
        s.offsets.push_back(s.offsets.back());
        s.masks.push_back(0);
    }
    ++s.offsets.back();
    s.masks.back() |= event_bit(event);
    events_.push_back(event);
    times_.push_back(time);
}

void segment_builder::add_column(std::uint32_t column, bool is_text, std::vector<std::int64_t> bits,
                                 std::vector<std::uint64_t> present) {
    if (!present.empty()) {
        // A missing number takes a value that occurs, so that it does not widen the column's range.
        std::size_t first = 0;
        while (present[first] == 0) ++first;
        const std::int64_t filler =
            bits[64 * first + static_cast<std::size_t>(std::countr_zero(present[first]))];
        for (std::size_t i = 0; i < bits.size(); ++i)
            if ((present[i / 64] >> (i % 64) & 1) == 0) bits[i] = filler;
    }
    built_->columns.push_back({column, is_text, packed(bits), std::move(present)});
}

std::shared_ptr<segment> segment_builder::finish() {
    segment& s = *built_;
    s.leads.shrink_to_fit();
    s.offsets.shrink_to_fit();
    s.masks.shrink_to_fit();
    s.events = packed(events_);
    s.times = packed(times_);
    s.find_ties();
    s.event_counts = count_codes(events_);
    if (!s.times.empty()) {
        s.min_time = s.times.least();
        s.max_time = s.times.greatest();
    }
    std::sort(s.columns.begin(), s.columns.end(),
              [](const auto& a, const auto& b) { return a.column < b.column; });
    return std::move(built_);
}

std::shared_ptr<segment> build_segment(const coded_batch& coded) {
    const batch::impl& b = coded.from;
    const auto order = cluster(coded);
    segment_builder builder(order.size());
    std::vector<std::uint32_t> place(b.leads.size(), left_out);
    for (std::uint32_t i = 0; i < order.size(); ++i) {
        const std::uint32_t r = order[i];
        builder.add_row(coded.leads[b.leads[r]], coded.events[b.events[r]], b.times[r]);
        place[r] = i;
    }
    for (std::size_t c = 0; c < b.columns.size(); ++c) {
        if (b.columns[c].rows.empty()) continue;
        if (b.columns[c].texts)
            add_texts(coded, c, place, builder);
        else
            add_numbers(coded, c, place, builder);
    }
    auto built = builder.finish();
    built->first_arrival = coded.first_arrival;
    return built;
}

}  // namespace weir::inline v1
