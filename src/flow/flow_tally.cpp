#include "flow/flow_tally.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "base/fail.hpp"
#include "base/text.hpp"

namespace weir::inline v1 {
namespace {

template <class T> void append(std::vector<T>& all, const std::vector<T>& more) {
    all.insert(all.end(), more.begin(), more.end());
}

std::int64_t sum_of(std::span<const std::int64_t> numbers) {
    return std::accumulate(numbers.begin(), numbers.end(), std::int64_t{0});
}

[[noreturn]] void contradiction(std::string message) {
    fail(errc::corrupt, std::move(message) + "; this is a fault of the library, not of the events", "flow");
}

void check_balance(const flow_tally& t, std::size_t place, const std::string& name) {
    const std::int64_t explained = t.balance_from[place] + t.created[place] + t.in[place] - t.out[place];
    if (t.balance_until[place] == explained) return;
    contradiction(fmt::format("{} ends with {} leads where its moves explain {}", quoted(name),
                              t.balance_until[place], explained));
}

void check_fates(const outcome_tally& t, std::size_t stage, const std::string& name, std::string_view what) {
    const std::int64_t told = sum_of(t.fates[stage]);
    if (t.entered[stage] == told) return;
    contradiction(
        fmt::format("{} {} entered {} and {} have an outcome", t.entered[stage], what, quoted(name), told));
}

}  // namespace

std::vector<std::pair<std::size_t, std::size_t>> flow_shape::pairs() const {
    std::vector<std::pair<std::size_t, std::size_t>> all;
    for (std::size_t a = 0; a + 1 < stages; ++a) all.emplace_back(a, a + 1);
    if (stages > 2) all.emplace_back(0, stages - 1);
    return all;
}

void add_to(counts& sum, const counts& more, std::int64_t times) {
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += times * more[i];
}

void outcome_tally::add(const outcome_tally& other, std::int64_t times) {
    add_to(entered, other.entered, times);
    add_to(skipped_past, other.skipped_past, times);
    add_to(filled, other.filled, times);
    for (std::size_t s = 0; s < fates.size(); ++s) add_to(fates[s], other.fates[s], times);
}

std::int64_t conversion_tally::entered() const { return sum_of(ends); }

void conversion_tally::add(const conversion_tally& other) {
    add_counts(other, 1);
    append(waits, other.waits);
}

void conversion_tally::add_counts(const conversion_tally& other, std::int64_t times) {
    for (std::size_t i = 0; i < ends.size(); ++i) ends[i] += times * other.ends[i];
    mature += times * other.mature;
    mature_converted += times * other.mature_converted;
}

void move_counts::add(const move_counts& other, std::int64_t times) { add_to(counts_, other.counts_, times); }

bool move_counts::none() const {
    return std::all_of(counts_.begin(), counts_.end(), [](std::int64_t n) { return n == 0; });
}

std::vector<std::pair<move_key, std::int64_t>> move_counts::list() const {
    std::vector<std::pair<move_key, std::int64_t>> moves;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        if (counts_[i] == 0) continue;
        move_key key{std::nullopt, i % places_};
        if (i >= places_) key.from = i / places_ - 1;
        moves.emplace_back(key, counts_[i]);
    }
    return moves;
}

flow_tally::flow_tally(const flow_shape& s)
    : rise(s.places()),
      balance_from(s.places()),
      created(s.places()),
      in(s.places()),
      out(s.places()),
      balance_until(s.places()),
      moves(s),
      by_visit(s),
      by_lead(s),
      stays(s.stages),
      by_leads(s.pairs().size()),
      by_entries(by_leads.size()) {}

void flow_tally::add(const flow_tally& other) {
    add_counts(other, 1);
    for (const auto& [key, n] : other.reasons) reasons[key] += n;
    for (std::size_t s = 0; s < stays.size(); ++s) append(stays[s], other.stays[s]);
    for (std::size_t p = 0; p < by_leads.size(); ++p) {
        append(by_leads[p].waits, other.by_leads[p].waits);
        append(by_entries[p].waits, other.by_entries[p].waits);
    }
}

void flow_tally::add_counts(const flow_tally& other, std::int64_t times) {
    add_to(rise, other.rise, times);
    add_to(balance_from, other.balance_from, times);
    add_to(created, other.created, times);
    add_to(in, other.in, times);
    add_to(out, other.out, times);
    add_to(balance_until, other.balance_until, times);
    moves.add(other.moves, times);
    by_visit.add(other.by_visit, times);
    by_lead.add(other.by_lead, times);
    for (std::size_t p = 0; p < by_leads.size(); ++p) {
        by_leads[p].add_counts(other.by_leads[p], times);
        by_entries[p].add_counts(other.by_entries[p], times);
    }
    for (const auto& [key, more] : other.amounts) {
        amount_sum& sum = amounts[key];
        sum.entries += times * more.entries;
        sum.units += times * more.units;
        if (sum.entries == 0) amounts.erase(key);
    }
    not_money += times * other.not_money;
}

void check_conservation(const flow_tally& t, const flow_shape& shape, std::span<const std::string> places) {
    for (std::size_t p = 0; p < shape.places(); ++p) check_balance(t, p, places[p]);
    if (sum_of(t.in) != sum_of(t.out))
        contradiction(fmt::format("{} moves came in and {} went out", sum_of(t.in), sum_of(t.out)));
    for (std::size_t s = 0; s < shape.stages; ++s) {
        check_fates(t.by_visit, s, places[s], "visits");
        check_fates(t.by_lead, s, places[s], "leads");
        if (t.by_visit.entered[s] != t.created[s] + t.in[s])
            contradiction(fmt::format("{} has {} visits and {} moves into it", quoted(places[s]),
                                      t.by_visit.entered[s], t.created[s] + t.in[s]));
    }
}

}  // namespace weir::inline v1
