// store.cpp - the writer's side: codes, de-duplication, tiers of segments, publication.
//
// Appends are serialised by `writing`. What readers see is one immutable snapshot::impl behind `publishing`,
// which is held only to copy or replace a pointer: a snapshot never waits for an append.
#include <algorithm>
#include <mutex>
#include <utility>

#include <boost/unordered/unordered_flat_set.hpp>

#include "base/fail.hpp"
#include "store/event_id.hpp"
#include "store/segment_builder.hpp"
#include "store/segment_merge.hpp"
#include "store/snapshot_data.hpp"

namespace weir::inline v1 {
namespace {

// Segments of one size class are merged when there are this many: each event is then rewritten about
// log8(n / batch) times, and a question meets at most 7 segments of a class.
constexpr std::size_t fan_in = 8;

int tier(std::size_t rows) {
    int t = 0;
    for (; rows >= fan_in; rows /= fan_in) ++t;
    return t;
}

using segments = std::vector<std::shared_ptr<const segment>>;

// The segments to merge next: the newest run of at least fan_in that are no bigger than the tier of its last.
struct run {
    std::size_t begin = 0, size = 0;
};
run due_run(const segments& all) {
    for (std::size_t end = all.size(); end >= fan_in; --end) {
        const int newest = tier(all[end - 1]->size());
        std::size_t size = 0;
        while (size < end && tier(all[end - 1 - size]->size()) <= newest) ++size;
        if (size >= fan_in) return {end - size, size};
    }
    return {};
}

std::shared_ptr<const segment> merged(const segments& all, const run& r) {
    return merge_segments(std::span(all).subspan(r.begin, r.size));
}

void replace(segments& all, const run& r, std::shared_ptr<const segment> by) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(r.begin);
    *begin = std::move(by);
    all.erase(begin + 1, begin + static_cast<std::ptrdiff_t>(r.size));
}

void merge_full_tiers(segments& all) {
    for (run r = due_run(all); r.size > 0; r = due_run(all)) replace(all, r, merged(all, r));
}

std::int64_t memory_of(const snapshot::impl& s) {
    std::int64_t sum = s.lead_keys->memory() + s.event_names->memory();
    for (const auto& c : s.columns)
        if (c.texts) sum += c.texts->memory();
    for (const auto& seg : s.segments) sum += seg->memory();
    return sum;
}

}  // namespace

struct store::impl {
    explicit impl(const store_options& o) : options(o) {
        auto empty = std::make_shared<snapshot::impl>();
        empty->lead_keys = std::make_shared<dictionary>();
        empty->event_names = std::make_shared<dictionary>();
        current = std::move(empty);
    }

    std::shared_ptr<const snapshot::impl> read() const {
        const std::lock_guard lock(publishing);
        return current;
    }
    void publish(std::shared_ptr<const snapshot::impl> next) {
        const std::lock_guard lock(publishing);
        current.swap(next);
    }

    receipt append(const batch::impl&);
    std::vector<std::uint32_t> rows_to_keep(const batch::impl&, id_memory& fresh, receipt&) const;
    std::int64_t erase(const lead_id&);
    std::int64_t maintain();

    store_options options;
    std::mutex maintaining{};  // taken before `writing`
    std::mutex writing{};
    mutable std::mutex publishing{};
    std::shared_ptr<const snapshot::impl> current{};
    std::int64_t next_arrival = 0;
    id_memory ids{};
    boost::unordered_flat_set<content_hash, content_hash::hasher> erased{};
};

// Rows of erased leads and repeated ids fall out here. `fresh` gets the new ids: a batch that is refused
// later must leave no trace in `ids`.
std::vector<std::uint32_t> store::impl::rows_to_keep(const batch::impl& b, id_memory& fresh,
                                                     receipt& r) const {
    std::vector<bool> refused(b.lead_keys->size());
    if (!erased.empty())
        for (std::uint32_t c = 0; c < refused.size(); ++c)
            refused[c] = erased.contains(hash_of_text(b.lead_keys->at(c)));

    row_hasher content(b);
    std::vector<std::uint32_t> keep;
    keep.reserve(b.leads.size());
    auto id = b.ids.begin();
    for (std::uint32_t row = 0; row < b.leads.size(); ++row) {
        const bool has_id = id != b.ids.end() && id->first == row;
        const auto own_id = has_id ? id++ : id;
        if (refused[b.leads[row]]) {
            ++r.erased;
            continue;
        }
        if (has_id) {
            const auto arrival = next_arrival + static_cast<std::int64_t>(keep.size());
            const content_hash key = own_id->second, said = content.of(row);
            auto verdict = ids.judge(key, said, arrival, options.dedupe_horizon);
            if (verdict == id_memory::verdict::fresh)
                verdict = fresh.judge(key, said, arrival, options.dedupe_horizon);
            if (verdict != id_memory::verdict::fresh) {
                ++r.duplicate;
                if (verdict == id_memory::verdict::conflicting) ++r.conflicting;
                continue;
            }
            fresh.remember(key, said, arrival, options.dedupe_horizon);
        }
        keep.push_back(row);
    }
    return keep;
}

receipt store::impl::append(const batch::impl& b) {
    if (b.first_fault)
        fail(errc::bad_input, b.first_fault->reason, "batch[" + std::to_string(b.first_fault->event) + "]");
    const std::lock_guard lock(writing);
    receipt r{.offered = static_cast<std::int64_t>(b.leads.size())};
    id_memory fresh;
    coded_batch coded{.from = b};
    coded.rows = rows_to_keep(b, fresh, r);
    coded.first_arrival = next_arrival;
    r.accepted = static_cast<std::int64_t>(coded.rows.size());
    if (coded.rows.empty()) return r;

    auto next = std::make_shared<snapshot::impl>(*current);
    coded.leads = next->lead_keys->insert(*b.lead_keys);
    coded.events = next->event_names->insert(*b.event_names);
    for (const auto& c : b.columns) {
        coded.columns.push_back(c.rows.empty() ? UINT32_MAX : next->add_column(c.name));
        coded.texts.emplace_back();
        if (c.texts && !c.rows.empty())
            coded.texts.back() = next->columns[coded.columns.back()].texts->insert(*c.texts);
    }
    next->segments.push_back(build_segment(coded));
    if (const auto bytes = memory_of(*next); bytes > options.memory_budget)
        fail(errc::limit_exceeded,
             "the events would take " + std::to_string(bytes) + " bytes, memory_budget is " +
                 std::to_string(options.memory_budget),
             "memory_budget");
    if (options.merge_on_append) merge_full_tiers(next->segments);
    ids.take(fresh, options.dedupe_horizon);
    next_arrival += r.accepted;
    publish(std::move(next));
    return r;
}

std::int64_t store::impl::erase(const lead_id& lead) {
    const std::lock_guard lock(writing);
    const std::string key = stored_key(lead);
    erased.insert(hash_of_text(key));
    const auto code = current->lead_keys->find(key);
    if (!code) return 0;
    auto next = std::make_shared<snapshot::impl>(*current);
    std::int64_t removed = 0;
    for (auto& s : next->segments) {
        if (!std::binary_search(s->leads.begin(), s->leads.end(), *code)) continue;
        auto rest = merge_segments({&s, 1}, *code);
        removed += static_cast<std::int64_t>(s->size() - rest->size());
        s = std::move(rest);
    }
    std::erase_if(next->segments, [](const auto& s) { return s->size() == 0; });
    publish(std::move(next));
    return removed;
}

// Merges what readers see; in the end the run must still be there, which only seal() and erase() can change.
std::int64_t store::impl::maintain() {
    const std::lock_guard one_at_a_time(maintaining);
    for (;;) {
        const auto before = read();
        const run r = due_run(before->segments);
        if (r.size == 0) return 0;
        auto one = merged(before->segments, r);
        const auto rewritten = static_cast<std::int64_t>(one->size());
        const std::lock_guard lock(writing);
        auto next = std::make_shared<snapshot::impl>(*current);
        const auto first = before->segments.begin() + static_cast<std::ptrdiff_t>(r.begin);
        const auto there = std::search(next->segments.begin(), next->segments.end(), first,
                                       first + static_cast<std::ptrdiff_t>(r.size));
        if (there == next->segments.end()) continue;
        replace(next->segments, {static_cast<std::size_t>(there - next->segments.begin()), r.size},
                std::move(one));
        publish(std::move(next));
        return rewritten;
    }
}

store::store() : store(store_options{}) {}
store::store(const store_options& options) : impl_(std::make_unique<impl>(options)) {}
store::store(store&&) noexcept = default;
store& store::operator=(store&&) noexcept = default;
store::~store() = default;

result<receipt> store::append(const batch& b) {
    return guarded([&] { return impl_->append(b.data()); });
}

result<receipt> store::append(const event& e) {
    return guarded([&] {
        batch one;
        one.add(e);
        return impl_->append(one.data());
    });
}

result<void> store::seal() {
    return guarded([&] {
        const std::lock_guard lock(impl_->writing);
        if (impl_->current->segments.size() < 2) return;
        auto next = std::make_shared<snapshot::impl>(*impl_->current);
        next->segments = {merge_segments(next->segments)};
        impl_->publish(std::move(next));
    });
}

result<std::int64_t> store::maintain() {
    return guarded([&] { return impl_->maintain(); });
}

result<std::int64_t> store::erase(const lead_id& lead) {
    return guarded([&] { return impl_->erase(lead); });
}

snapshot store::snapshot() const { return weir::snapshot(impl_->read()); }

std::int64_t store::memory() const { return memory_of(*impl_->read()); }

}  // namespace weir::inline v1
