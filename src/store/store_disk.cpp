// store_disk.cpp - a store on disk at work: commits in groups, moves its log into segment files, merges
// those.
#include <algorithm>
#include <iterator>
#include <utility>

#include <boost/unordered/unordered_flat_set.hpp>

#include "base/fail.hpp"
#include "store/segment_merge.hpp"
#include "store/store_impl.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::int64_t share_of_log = 4;  // the log's events may take this part of the memory budget

// The ids that are still needed, of leads that a segment has.
std::vector<stored_id> kept_ids(std::vector<stored_id> all, const segment& of, std::int64_t from_arrival) {
    std::erase_if(all, [&](const stored_id& i) {
        return i.arrival < from_arrival || !std::binary_search(of.leads.begin(), of.leads.end(), i.lead);
    });
    return all;
}

// A file is read as a whole, and a question has one of each age in use, on each thread.
std::uint64_t rows_of_a_part(std::int64_t budget) {
    return static_cast<std::uint64_t>(std::clamp<std::int64_t>(budget / 1024, 256, std::int64_t{1} << 20));
}

void retag(store_version& v, std::uint64_t from, std::uint64_t to) {
    std::replace(v.files.begin(), v.files.end(), from, to);
}

// Where a run of segments stands that belong to one of some files.
segment_run run_of(const store_version& v, std::span<const std::uint64_t> files) {
    const auto is_one = [&](std::uint64_t f) {
        return std::find(files.begin(), files.end(), f) != files.end();
    };
    const auto begin = std::find_if(v.files.begin(), v.files.end(), is_one);
    const auto end = std::find_if_not(begin, v.files.end(), is_one);
    return {static_cast<std::size_t>(begin - v.files.begin()), static_cast<std::size_t>(end - begin)};
}

}  // namespace

std::vector<stored_id> stored_ids(const batch::impl& b, std::span<const std::uint32_t> rows,
                                  std::span<const std::uint32_t> codes, const id_memory& fresh,
                                  std::int64_t first_arrival) {
    std::vector<stored_id> found;
    fresh.for_each([&](content_hash id, content_hash content, std::int64_t arrival) {
        const std::uint32_t row = rows[static_cast<std::size_t>(arrival - first_arrival)];
        found.push_back({id, content, arrival, codes[b.leads[row]]});
    });
    return found;
}

std::shared_ptr<const segment> store::impl::without_erased(std::shared_ptr<const segment> s,
                                                           std::uint64_t epoch,
                                                           std::span<const erasure> erasures) const {
    boost::unordered_flat_set<content_hash, content_hash::hasher> later;
    for (const erasure& e : erasures)
        if (e.id > epoch) later.insert(e.lead);
    if (later.empty()) return s;
    const dictionary& keys = *staged.data->lead_keys;
    const auto leads = s->leads;
    for (const std::uint32_t lead : leads)
        if (later.contains(hash_of_lead(keys.at(lead)))) s = merge_segments({&s, 1}, lead);
    return s;
}

void store::impl::commit(const std::shared_ptr<commit_group>& group) {
    const std::lock_guard lock(committing);
    if (!group->is_done) commit_waiting();
    if (group->failure) fail(group->failure->code, group->failure->message, group->failure->where);
}

// The caller holds `committing`, so no group is under way. What waits behind a group that fails relies on it,
// and fails with it.
void store::impl::commit_waiting() {
    store_version next;
    std::int64_t arrival = 0;
    std::uint64_t erasure_id = 0;
    {
        const std::lock_guard lock(writing);
        flying = std::exchange(waiting, nullptr);
        if (!flying) return;
        next = staged;
        arrival = next_arrival;
        erasure_id = last_erasure;
    }
    const auto done = guarded([&] { files->commit(flying->frames, options.acknowledge); });
    const std::lock_guard lock(writing);
    flying->is_done = true;
    if (done) {
        publish(std::move(next));
        durable_arrival = arrival;
        durable_erasure = erasure_id;
        remember(*flying);
    } else {
        for (const auto& group : {flying, waiting}) {
            if (!group) continue;
            group->is_done = true;
            group->failure = done.error();
            for (const erasure& e : group->erasures)
                if (const auto at = erased.find(e.lead); at != erased.end() && --at->second == 0)
                    erased.erase(at);
        }
        waiting.reset();
        staged = current;
        next_arrival = durable_arrival;
        last_erasure = durable_erasure;
    }
    flying.reset();
}

// Memory that is refused here must not make a later event count twice.
void store::impl::remember(const commit_group& group) {
    const auto done = guarded([&] {
        ids.take(group.ids, options.dedupe_horizon);
        log_ids.insert(log_ids.end(), group.stored.begin(), group.stored.end());
        log_erasures.insert(log_erasures.end(), group.erasures.begin(), group.erasures.end());
        for (const std::uint32_t lead : group.erased_leads) forget_ids(lead);
    });
    if (!done) files->poison();
}

// They tell of the lead, and the files will not keep them.
void store::impl::forget_ids(std::uint32_t lead) {
    const auto forget = [&](std::vector<stored_id>& from) {
        std::erase_if(from, [&](const stored_id& i) {
            if (i.lead != lead) return false;
            ids.forget(i.id, i.arrival);
            return true;
        });
    };
    forget(log_ids);
    for (auto& [file, its_ids] : file_ids) forget(its_ids);
}

// Makes staged and current one; then nothing waits as long as the lock is held.
std::unique_lock<std::mutex> store::impl::lock_when_settled() {
    for (;;) {
        commit_waiting();
        std::unique_lock lock(writing);
        if (!waiting) return lock;
    }
}

// An append is done when its events are durable; that they cannot be moved on now is told by who asks for it.
void store::impl::flush_if_due() {
    {
        const std::unique_lock lock(committing, std::try_to_lock);  // who holds it looks, too
        if (!lock) return;
        const bool log_is_long = files->log_bytes() >= files->tuning().log_bytes;
        if (!log_is_long && (!options.merge_on_append || memory_of_log() < budget() / share_of_log)) return;
    }
    const std::unique_lock alone(maintaining, std::try_to_lock);
    if (alone) static_cast<void>(guarded([&] { flush(false); }));
}

std::int64_t store::impl::memory_of_log() const {
    const std::lock_guard lock(publishing);
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < current.files.size(); ++i)
        if (current.files[i] == 0) sum += current.data->segments[i]->memory();
    return sum;
}

// The caller holds `maintaining`. Appends go on, into the next log, while the segment is written. `last`: the
// store is closed, and there is no next log.
std::int64_t store::impl::flush(bool last) {
    flush_state state;
    {
        const std::lock_guard lock(committing);
        const auto settled = lock_when_settled();
        if (!last) check_open();
        is_closed |= last;
        if (!files->has_log() || (!last && files->end_of_log().seq == files->state().flushed_seq)) return 0;
        state.seq = last ? files->end_of_log().seq : files->rotate().seq;
        state.first_log = last ? 0 : files->end_of_log().file;
        freeze(state);
    }
    return seal_log(state);
}

// The caller holds `committing` and `writing`, and nothing waits.
void store::impl::freeze(flush_state& state) {
    state.file = files->new_number();
    state.arrival = durable_arrival;
    state.last_erasure = durable_erasure;
    retag(staged, 0, state.file);
    publish(staged);
    state.frozen = staged;
    state.ids = log_ids;
    file_ids[state.file].swap(log_ids);
    state.erasures.swap(log_erasures);
}

void store::impl::thaw(flush_state& state) {
    const std::lock_guard lock(committing);
    const auto settled = lock_when_settled();
    retag(staged, state.file, 0);
    publish(staged);
    auto& its_ids = file_ids[state.file];
    its_ids.insert(its_ids.end(), log_ids.begin(), log_ids.end());
    log_ids.swap(its_ids);
    file_ids.erase(state.file);
    state.erasures.insert(state.erasures.end(), log_erasures.begin(), log_erasures.end());
    log_erasures.swap(state.erasures);
}

// Writes what was frozen, names it, and lets readers have it from the file.
std::int64_t store::impl::seal_log(flush_state& state) {
    opened_segment opened;
    std::optional<segment_entry> entry;
    try {
        entry = write_frozen(state, opened);
    } catch (...) {
        thaw(state);
        throw;
    }
    {
        const std::lock_guard lock(committing);
        const auto settled = lock_when_settled();
        const std::uint64_t frozen[] = {state.file};
        std::vector<new_file> made;
        if (entry) made.push_back({*entry, opened.data});
        replace_files(frozen, made);
        if (state.first_log == 0) files->drop_log();
        if (!entry) file_ids.erase(state.file);
    }
    // What cannot be removed now is removed by the next flush, purge or open.
    static_cast<void>(guarded([&] { files->remove_dead(false); }));
    return entry ? static_cast<std::int64_t>(entry->rows) : 0;
}

std::optional<segment_entry> store::impl::write_frozen(const flush_state& state, opened_segment& opened) {
    const std::uint64_t frozen[] = {state.file};
    const segment_run run = run_of(state.frozen, frozen);
    std::optional<segment_entry> entry;
    const std::uint64_t flushed = files->state().flushed_seq;
    const auto name_it = [&] {
        files->put([&](manifest& m) {
            if (entry) m.segments.push_back(*entry);
            m.flushed_seq = state.seq;
            m.is_clean = state.first_log == 0;
            m.first_log = m.is_clean ? files->next_number() : state.first_log;
            m.next_arrival = state.arrival;
            m.last_erasure = state.last_erasure;
            m.erasures.insert(m.erasures.end(), state.erasures.begin(), state.erasures.end());
        });
    };
    if (run.size > 0) {
        const auto parts = std::span(state.frozen.data->segments).subspan(run.begin, run.size);
        const auto one = run.size == 1 ? parts.front() : merge_segments(parts);
        const auto ids_of_it = kept_ids(state.ids, *one, state.arrival - options.dedupe_horizon);
        entry = files->write(state.file, *one, *state.frozen.data, ids_of_it);
        entry->first_seq = flushed + 1;
        entry->last_seq = state.seq;
        entry->erase_epoch = state.last_erasure;
        opened = open(*entry);
    }
    if (files->tuning().remove_before_manifest && state.first_log > 1)
        files->directory().unlink(log_name(state.first_log - 1));
    name_it();
    return entry;
}

// All columns that a file of this store has are known.
opened_segment store::impl::open(const segment_entry& entry) const {
    snapshot::impl names = *read();
    return files->open(entry, names, cache);
}

// Puts opened files where the segments of others were; leads that were erased since they were written fall
// out. The caller holds `committing` and `writing`, and nothing waits.
void store::impl::replace_files(std::span<const std::uint64_t> old, std::span<const new_file> by) {
    const segment_run run = run_of(staged, old);
    if (run.size == 0) return;  // all its leads were erased
    store_version next = staged;
    auto data = std::make_shared<snapshot::impl>(*next.data);
    auto& segments = data->segments;
    const auto at = static_cast<std::ptrdiff_t>(run.begin), end = at + static_cast<std::ptrdiff_t>(run.size);
    segments.erase(segments.begin() + at, segments.begin() + end);
    next.files.erase(next.files.begin() + at, next.files.begin() + end);
    auto to = at;
    for (const new_file& made : by) {
        auto rest = without_erased(made.data, made.entry.erase_epoch, log_erasures);
        if (rest->size() == 0) continue;
        segments.insert(segments.begin() + to, std::move(rest));
        next.files.insert(next.files.begin() + to++, made.entry.file);
    }
    next.data = std::move(data);
    publish(next);
    staged = std::move(next);
}

// The caller holds `maintaining`: no other code renames files.
std::int64_t store::impl::maintain_files() {
    if (const std::int64_t rows = flush(false); rows > 0) return rows;
    store_version now;
    {
        const std::lock_guard lock(writing);
        check_open();
        now = current;
    }
    const auto in_files = static_cast<std::size_t>(
        std::find(now.files.begin(), now.files.end(), std::uint64_t{0}) - now.files.begin());
    const segment_run run = due_run(std::span(now.data->segments).first(in_files));
    if (run.size == 0) return 0;
    const std::vector<std::uint64_t> old(
        now.files.begin() + static_cast<std::ptrdiff_t>(run.begin),
        now.files.begin() + static_cast<std::ptrdiff_t>(run.begin + run.size));
    std::uint64_t rows = 0;
    for (const new_file& made :
         rewrite(old, std::span(now.data->segments).subspan(run.begin, run.size), *now.data))
        rows += made.entry.rows;
    return static_cast<std::int64_t>(rows);
}

// Writes segments anew that take the place of some files: several merged, in parts that are small beside the
// memory that columns may take. A file between them whose leads were all erased goes, too.
std::vector<new_file> store::impl::rewrite(std::span<const std::uint64_t> old,
                                           std::span<const std::shared_ptr<const segment>> of,
                                           const snapshot::impl& names) {
    const manifest before = files->state();
    std::vector<stored_id> all_ids;
    {
        const std::lock_guard lock(writing);
        for (const std::uint64_t file : old)
            all_ids.insert(all_ids.end(), file_ids[file].begin(), file_ids[file].end());
    }
    const auto is_old = [&](const segment_entry& e) {
        return std::find(old.begin(), old.end(), e.file) != old.end();
    };
    const auto begin = std::find_if(before.segments.begin(), before.segments.end(), is_old);
    const auto end = std::find_if(before.segments.rbegin(), before.segments.rend(), is_old).base();
    std::vector<new_file> made;
    const auto write = [&](const std::shared_ptr<const segment>& by) {
        const auto its_ids = kept_ids(all_ids, *by, before.next_arrival - options.dedupe_horizon);
        segment_entry entry = files->write(files->new_number(), *by, names, its_ids);
        entry.first_seq = begin->first_seq;
        entry.last_seq = std::prev(end)->last_seq;
        entry.erase_epoch = before.last_erasure;
        made.push_back({entry, open(entry).data});
    };
    if (of.size() == 1)
        write(of.front());
    else
        merge_in_parts(of, no_lead, rows_of_a_part(budget()), write);
    {
        // Leads may be left out whose erasure the system has, and the disk not yet.
        const std::lock_guard lock(committing);
        files->sync_log();
    }
    files->put([&](manifest& m) {
        const auto first = m.segments.begin() + (begin - before.segments.begin());
        const auto behind = m.segments.erase(first, first + (end - begin));
        std::vector<segment_entry> entries;
        for (const new_file& f : made) entries.push_back(f.entry);
        m.segments.insert(behind, entries.begin(), entries.end());
    });
    {
        const std::lock_guard lock(committing);
        const auto settled = lock_when_settled();
        replace_files(old, made);
        hand_on_ids({begin, end}, made);
    }
    static_cast<void>(guarded([&] { files->remove_dead(options.overwrite_purged); }));
    return made;
}

// Ids may have been forgotten since they were written.
void store::impl::hand_on_ids(std::span<const segment_entry> old, std::span<const new_file> made) {
    std::vector<stored_id> all;
    for (const segment_entry& e : old) {
        const auto& of_old = file_ids[e.file];
        all.insert(all.end(), of_old.begin(), of_old.end());
        file_ids.erase(e.file);
    }
    for (const new_file& f : made) file_ids[f.entry.file] = kept_ids(all, *f.data, 0);
}

}  // namespace weir::inline v1
