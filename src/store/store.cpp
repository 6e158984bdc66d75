// store.cpp - the writer's side: codes, de-duplication, tiers of segments, publication.
//
// Appends are serialised by `writing`. What readers see is one immutable snapshot::impl behind `publishing`,
// which is held only to copy or replace a pointer: a snapshot never waits for an append.
#include "store/store_impl.hpp"

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <span>
#include <utility>

#include "base/fail.hpp"
#include "segment/segment_footer.hpp"
#include "segment/segment_merge.hpp"

namespace weir::inline v1 {
namespace {

// Segments of one size class are merged when there are this many: each event is then rewritten about
// log8(n / batch) times, and a question meets at most 7 segments of a class.
constexpr std::size_t fan_in = 8;
constexpr std::int64_t budget_in_memory = std::int64_t{4} << 30, budget_on_disk = std::int64_t{256} << 20;

int tier(std::size_t rows) {
    int t = 0;
    for (; rows >= fan_in; rows /= fan_in) ++t;
    return t;
}

}  // namespace

void check_size(const frame& f) {
    if (f.payload.size() > max_frame_bytes)
        fail(errc::limit_exceeded,
             "the batch takes " + std::to_string(f.payload.size()) + " bytes, at most " +
                 std::to_string(max_frame_bytes) + " are allowed",
             "batch");
}

// The newest run of at least fan_in that are no bigger than the tier of its last.
segment_run due_run(std::span<const std::size_t> rows) {
    for (std::size_t end = rows.size(); end >= fan_in; --end) {
        const int newest = tier(rows[end - 1]);
        std::size_t size = 0;
        while (size < end && tier(rows[end - 1 - size]) <= newest) ++size;
        if (size >= fan_in) return {end - size, size};
    }
    return {};
}

std::vector<std::size_t> rows_of(std::span<const std::shared_ptr<const segment>> all) {
    std::vector<std::size_t> rows;
    for (const auto& s : all) rows.push_back(s->size());
    return rows;
}

void replace_run(store_version& v, const segment_run& r, std::shared_ptr<const segment> by,
                 std::uint64_t file) {
    auto next = std::make_shared<snapshot::impl>(*v.data);
    const veiled_segment one{std::move(by), nullptr};
    replace_segments(*next, r, {&one, 1});
    const auto files = v.files.begin() + static_cast<std::ptrdiff_t>(r.begin);
    *files = file;
    v.files.erase(files + 1, files + static_cast<std::ptrdiff_t>(r.size));
    v.data = std::move(next);
}

void merge_full_tiers(store_version& v) {
    for (;;) {
        const std::span all(v.data->segments);
        const auto in_files = static_cast<std::size_t>(
            std::find(v.files.begin(), v.files.end(), std::uint64_t{0}) - v.files.begin());
        segment_run r = due_run(rows_of(all.subspan(in_files)));
        if (r.size == 0) return;
        r.begin += in_files;
        const auto hidden = veils_of(*v.data, r);
        replace_run(v, r, merge_segments(all.subspan(r.begin, r.size), {.veils = hidden}), 0);
    }
}

std::int64_t memory_of(const snapshot::impl& s) {
    std::int64_t sum = s.lead_keys->memory() + s.event_names->memory();
    for (const auto& c : s.columns)
        if (c.texts) sum += c.texts->memory();
    for (const auto& seg : s.segments) sum += seg->memory();
    for (const auto& hidden : s.veils)
        if (hidden) sum += hidden->memory();
    return sum;
}

store::impl::impl(const store_options& o) : options(o) {
    auto empty = std::make_shared<snapshot::impl>();
    empty->lead_keys = std::make_shared<dictionary>();
    empty->event_names = std::make_shared<dictionary>();
    current.data = std::move(empty);
    staged = current;
}

std::shared_ptr<const snapshot::impl> store::impl::read() const {
    const std::lock_guard lock(publishing);
    return current.data;
}

store_version store::impl::read_version() const {
    const std::lock_guard lock(publishing);
    return current;
}

// What readers saw before is let go of without the lock.
void store::impl::publish(store_version next) {
    const std::lock_guard lock(publishing);
    std::swap(current, next);
}

content_hash store::impl::hash_of_lead(std::string_view key) const {
    return secret.empty() ? hash_of_text(key) : hash_of_text(secret + std::string(key));
}

std::int64_t store::impl::budget() const {
    return options.memory_budget.value_or(files ? budget_on_disk : budget_in_memory);
}

void store::impl::check_open() const {
    if (is_closed) fail(errc::unsupported, "the store is closed");
    if (options.read_only) fail(errc::unsupported, "the store was opened to read only", "read_only");
    if (files) files->check();
}

// What an event that arrives next would be, by all that are remembered: durable, under way, of its own batch.
id_memory::verdict store::impl::judge(content_hash id, content_hash content, std::int64_t arrival,
                                      const id_memory& own) const {
    for (const id_memory* known : std::initializer_list<const id_memory*>{
             &ids, flying ? &flying->ids : nullptr, waiting ? &waiting->ids : nullptr, &own}) {
        if (known == nullptr) continue;
        const auto verdict = known->judge(id, content, arrival, options.dedupe_horizon);
        if (verdict != id_memory::verdict::fresh) return verdict;
    }
    return id_memory::verdict::fresh;
}

std::int64_t store::impl::latest_time() const {
    std::int64_t latest = std::numeric_limits<std::int64_t>::max();
    if (files && options.max_future_skew &&
        __builtin_add_overflow(files->directory().now(), options.max_future_skew->count(), &latest))
        latest = std::numeric_limits<std::int64_t>::max();
    return latest;
}

// Rows of erased leads, repeated ids and events of a far future fall out here. `fresh` gets the new ids: a
// batch that is refused later must leave no trace.
std::vector<std::uint32_t> store::impl::rows_to_keep(const batch::impl& b, id_memory& fresh,
                                                     receipt& r) const {
    std::vector<bool> refused(b.lead_keys->size());
    if (!erased.empty())
        for (std::uint32_t c = 0; c < refused.size(); ++c)
            refused[c] = erased.contains(hash_of_lead(b.lead_keys->at(c)));
    const std::int64_t latest = latest_time();
    std::int64_t newest = std::numeric_limits<std::int64_t>::min();
    for (const auto& s : staged.data->segments)
        if (s->size() > 0) newest = std::max(newest, s->max_time);

    row_hasher content(b);
    std::vector<std::uint32_t> keep;
    keep.reserve(b.leads.size());
    if (!b.ids.empty()) fresh.reserve(b.ids.size());
    auto id = b.ids.begin();
    for (std::uint32_t row = 0; row < b.leads.size(); ++row) {
        const bool has_id = id != b.ids.end() && id->first == row;
        const auto own_id = has_id ? id++ : id;
        if (refused[b.leads[row]]) {
            ++r.erased;
            continue;
        }
        if (b.times[row] > latest) {
            ++r.future;
            continue;
        }
        if (has_id) {
            constexpr std::ptrdiff_t ahead = 16;
            if (b.ids.end() - own_id > ahead) ids.prefetch((own_id + ahead)->second);
            const auto arrival = next_arrival + static_cast<std::int64_t>(keep.size());
            const content_hash key = own_id->second, said = content.of(row);
            const auto verdict = judge(key, said, arrival, fresh);
            if (verdict != id_memory::verdict::fresh) {
                ++r.duplicate;
                if (verdict == id_memory::verdict::conflicting) ++r.conflicting;
                continue;
            }
            fresh.remember(key, said, arrival, options.dedupe_horizon);
        }
        if (b.times[row] < newest)
            ++r.late;
        else
            newest = b.times[row];
        keep.push_back(row);
    }
    return keep;
}

std::vector<std::uint32_t> add_rows(store_version& v, const batch::impl& b, std::vector<std::uint32_t> rows,
                                    std::int64_t first_arrival) {
    auto next = std::make_shared<snapshot::impl>(*v.data);
    coded_batch coded{.from = b, .rows = std::move(rows), .first_arrival = first_arrival};
    coded.leads = next->lead_keys->insert(*b.lead_keys);
    coded.events = next->event_names->insert(*b.event_names);
    for (const auto& c : b.columns) {
        coded.columns.push_back(c.rows.empty() ? UINT32_MAX : next->add_column(c.name));
        coded.texts.emplace_back();
        if (c.texts && !c.rows.empty())
            coded.texts.back() = next->columns[coded.columns.back()].texts->insert(*c.texts);
    }
    next->segments.push_back(build_segment(coded));
    v.files.push_back(0);
    v.data = std::move(next);
    return std::move(coded.leads);
}

receipt store::impl::append(const batch::impl& b) {
    if (b.first_fault)
        fail(errc::bad_input, b.first_fault->reason, "batch[" + std::to_string(b.first_fault->event) + "]");
    receipt r{.offered = static_cast<std::int64_t>(b.leads.size())};
    std::shared_ptr<commit_group> group;
    {
        const std::lock_guard lock(writing);
        check_open();
        id_memory fresh;
        auto rows = rows_to_keep(b, fresh, r);
        r.accepted = static_cast<std::int64_t>(rows.size());
        if (!rows.empty()) stage(b, std::move(rows), std::move(fresh));
        group = waiting ? waiting : flying;  // what made a row a duplicate may not be durable either
    }
    if (group) commit(group);
    if (files) flush_if_due();
    return r;
}

void store::impl::stage(const batch::impl& b, std::vector<std::uint32_t> rows, id_memory fresh) {
    store_version next = staged;
    const auto accepted = static_cast<std::int64_t>(rows.size());
    const auto codes = add_rows(next, b, rows, next_arrival);
    // A segment of all events must fit into a file.
    if (const std::size_t n = next.data->columns.size(); files && n > max_columns)
        fail(errc::limit_exceeded,
             "the store would have " + std::to_string(n) +
                 " columns of attributes (one for each name and kind of value), at most " +
                 std::to_string(max_columns) + " are possible on disk",
             "batch");
    // Half of that of a store on disk is for columns that are read from files.
    const std::int64_t room = files ? budget() - cache->limit() : budget();
    if (const auto bytes = memory_of(*next.data); bytes > room)
        fail(errc::limit_exceeded,
             "the events would take " + std::to_string(bytes) + " bytes, memory_budget is " +
                 std::to_string(budget()) +
                 (files ? ", half of it for events not in files, leads and texts" : ""),
             "memory_budget");
    if (options.merge_on_append) merge_full_tiers(next);
    if (files) {
        frame f{frame_type::events, encode_events(b, rows, next_arrival)};
        check_size(f);
        auto stored = stored_ids(b, rows, codes, fresh, next_arrival);
        auto group = waiting ? waiting : std::make_shared<commit_group>();
        if (group->ids.empty())
            group->ids = std::move(fresh);
        else
            group->ids.take(fresh, options.dedupe_horizon);
        put_behind(group->stored, std::move(stored));
        group->frames.push_back(std::move(f));
        waiting = std::move(group);
    } else {
        ids.take(fresh, options.dedupe_horizon);
        publish(next);
    }
    staged = std::move(next);
    next_arrival += accepted;
}

// Merges what readers see; in the end the run must still be there, which only seal() and erase() can change.
std::int64_t store::impl::maintain() {
    const std::lock_guard one_at_a_time(maintaining);
    if (files) return maintain_files();
    for (;;) {
        const auto before = read();
        const segment_run r = due_run(rows_of(before->segments));
        if (r.size == 0) return 0;
        auto one = merge_segments(std::span(before->segments).subspan(r.begin, r.size));
        const auto rewritten = static_cast<std::int64_t>(one->size());
        const std::lock_guard lock(writing);
        check_open();
        store_version next = staged;
        const auto& now = next.data->segments;
        const auto first = before->segments.begin() + static_cast<std::ptrdiff_t>(r.begin);
        const auto there =
            std::search(now.begin(), now.end(), first, first + static_cast<std::ptrdiff_t>(r.size));
        if (there == now.end()) continue;
        replace_run(next, {static_cast<std::size_t>(there - now.begin()), r.size}, std::move(one), 0);
        publish(next);
        staged = std::move(next);
        return rewritten;
    }
}

maintain_receipt store::impl::maintain(duration budget) {
    maintain_receipt done;
    for (const std::int64_t begin = clock();;) {
        const std::int64_t events = maintain();
        done.events += events;
        done.more = events > 0;
        if (events == 0 || clock() - begin >= budget.count()) return done;
    }
}

std::int64_t store::impl::clock() const { return files ? files->directory().now() : disk::machine_time(); }

void store::impl::seal() {
    if (files) {
        const std::lock_guard one_at_a_time(maintaining);
        return seal_files();
    }
    const std::lock_guard lock(writing);
    check_open();
    if (staged.data->segments.size() < 2) return;
    store_version next = staged;
    replace_run(next, {0, next.files.size()}, merge_segments(next.data->segments), 0);
    publish(next);
    staged = std::move(next);
}

store::store() : store(store_options{}) {}
store::store(const store_options& options) : impl_(std::make_unique<impl>(options)) {}
store::store(std::unique_ptr<impl> i) noexcept : impl_(std::move(i)) {}
store::store(store&&) noexcept = default;
store& store::operator=(store&&) noexcept = default;
store::~store() = default;

result<store> store::open(std::string path, const store_options& options) {
    return guarded([&] {
        return store(open_store(disk::open_directory(path, !options.read_only), options,
                                {.reserve_bytes = usual_reserve}));
    });
}

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
    return guarded([&] { impl_->seal(); });
}

result<std::int64_t> store::maintain() {
    return guarded([&] { return impl_->maintain(); });
}

result<maintain_receipt> store::maintain(duration budget) {
    return guarded([&] { return impl_->maintain(budget); });
}

result<std::int64_t> store::erase(const lead_id& lead) {
    return guarded([&] { return impl_->erase({&lead, 1}); });
}

result<std::int64_t> store::erase(std::span<const lead_id> leads) {
    return guarded([&] { return impl_->erase(leads); });
}

result<purge_receipt> store::purge(const purge_options& how) {
    return guarded([&] { return impl_->purge(how); });
}

result<std::vector<erasure_status>> store::erasures() const {
    return guarded([&] { return impl_->erasures(); });
}

result<verify_report> store::verify() const {
    return guarded([&] { return impl_->verify(); });
}

result<void> store::close() {
    return guarded([&] { impl_->close(); });
}

open_report store::opened() const { return impl_->how_found; }

snapshot store::snapshot() const { return weir::snapshot(impl_->read()); }

std::int64_t store::memory() const {
    const std::int64_t columns = impl_->cache ? impl_->cache->held() : 0;
    return memory_of(*impl_->read()) + columns;
}

}  // namespace weir::inline v1
