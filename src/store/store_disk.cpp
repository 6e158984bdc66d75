// store_disk.cpp - a store on disk at work: commits in groups, moves its log into segment files, merges
// those.
#include <algorithm>
#include <utility>

#include <boost/unordered/unordered_flat_set.hpp>

#include "base/fail.hpp"
#include "segment/segment_merge.hpp"
#include "store/store_impl.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::int64_t share_of_log = 8;  // the log's events may take this part of the memory budget

// The ids that are still needed, of leads that a segment has.
std::vector<stored_id> kept_ids(const std::vector<stored_id>& all, const segment& of,
                                std::int64_t from_arrival) {
    std::vector<stored_id> kept;
    if (all.empty()) return kept;
    const std::uint32_t first = of.leads.front();
    std::vector<bool> is_there(of.leads.back() - first + std::size_t{1});
    for (const std::uint32_t lead : of.leads) is_there[lead - first] = true;
    kept.reserve(all.size());
    for (const stored_id& i : all)
        if (i.arrival >= from_arrival && i.lead >= first && i.lead - first < is_there.size() &&
            is_there[i.lead - first])
            kept.push_back(i);
    return kept;
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
    found.reserve(b.ids.size());
    fresh.for_each([&](content_hash id, content_hash content, std::int64_t arrival) {
        const std::uint32_t row = rows[static_cast<std::size_t>(arrival - first_arrival)];
        found.push_back({id, content, arrival, codes[b.leads[row]]});
    });
    return found;
}

void put_behind(std::vector<stored_id>& to, std::vector<stored_id>&& more) {
    if (to.empty())
        to = std::move(more);
    else
        to.insert(to.end(), more.begin(), more.end());
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
void store::impl::remember(commit_group& group) {
    const auto done = guarded([&] {
        ids.take(group.ids, options.dedupe_horizon);
        put_behind(log_ids, std::move(group.stored));
        log_erasures.insert(log_erasures.end(), group.erasures.begin(), group.erasures.end());
        forget_ids(group.erased_leads);
    });
    if (!done) files->poison();
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
        // A log that was closed may hold what was refused, behind its end.
        if (!files->has_log()) return 0;
        const bool is_empty = files->end_of_log().seq == files->state().flushed_seq;
        if (!last && is_empty && !files->is_log_closed()) return 0;
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
    put_behind(its_ids, std::move(log_ids));
    log_ids = std::move(its_ids);
    file_ids.erase(state.file);
    state.erasures.insert(state.erasures.end(), log_erasures.begin(), log_erasures.end());
    log_erasures.swap(state.erasures);
}

// Writes what was frozen, names it, and lets readers have it from the files.
std::int64_t store::impl::seal_log(flush_state& state) {
    std::vector<written_segment> written;
    try {
        written = write_frozen(state);
    } catch (...) {
        thaw(state);
        throw;
    }
    {
        const std::lock_guard lock(committing);
        const auto settled = lock_when_settled();
        const std::uint64_t frozen[] = {state.file};
        replace_files(frozen, written);
        publish(staged);
        if (state.first_log == 0) files->drop_log();
    }
    // What cannot be removed now is removed by the next flush, purge or open.
    static_cast<void>(guarded([&] { files->remove_dead(false); }));
    if (state.first_log != 0) files->keep_reserve();
    std::int64_t rows = 0;
    for (const auto& w : written) rows += static_cast<std::int64_t>(w.entry.rows);
    return rows;
}

// What is written is cut into files that can be held in memory a few at a time.
std::vector<written_segment> store::impl::write_parts(const segment_list& from, const merge_choice& choice,
                                                      const snapshot::impl& names,
                                                      const std::vector<stored_id>& its_ids,
                                                      const segment_entry& said) const {
    std::vector<written_segment> written;
    std::uint64_t number = said.file;
    const auto write = [&](const segment& part) {
        const auto of_part = kept_ids(its_ids, part, first_arrival_remembered());
        segment_entry entry = files->write(number, part, names, of_part, said.last_seq);
        entry.first_seq = said.first_seq;
        entry.erase_epoch = said.erase_epoch;
        entry.partition = std::max(said.partition, part.part);
        snapshot::impl known = *read();  // all columns that a file of this store has are known
        auto opened = files->open(entry, known, cache);
        written.push_back({entry, std::move(opened.data), std::move(opened.ids)});
        number = files->new_number();
    };
    std::uint64_t rows = 0;
    for (const auto& s : from) rows += s->size();
    if (from.size() == 1 && (rows <= most_rows_of_file() || said.partition > 0)) {
        const bool is_whole = !choice.veils.front() && from.front()->min_time >= choice.from;
        const auto one = is_whole ? from.front() : merge_segments(from, choice);
        if (one->size() > 0) write(*one);
    } else if (!from.empty()) {
        merge_in_parts(
            from, most_rows_of_file(), [&](const std::shared_ptr<segment>& part) { write(*part); }, choice);
    }
    return written;
}

std::int64_t store::impl::first_arrival_remembered() const {
    const std::lock_guard lock(writing);
    return durable_arrival - options.dedupe_horizon;
}

std::uint64_t store::impl::most_rows_of_file() const {
    if (files->tuning().rows_of_file > 0) return files->tuning().rows_of_file;
    constexpr std::int64_t share = 512, least = 4096, most = 1 << 20;
    return static_cast<std::uint64_t>(std::clamp(budget() / share, least, most));
}

std::vector<written_segment> store::impl::write_frozen(const flush_state& state) {
    const std::uint64_t frozen[] = {state.file};
    const segment_run run = run_of(state.frozen, frozen);
    const auto& all = state.frozen.data->segments;
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(run.begin);
    const segment_list parts(begin, begin + static_cast<std::ptrdiff_t>(run.size));
    const auto hidden = veils_of(*state.frozen.data, run);
    const auto written = write_parts(parts, {.veils = hidden}, *state.frozen.data, state.ids,
                                     {.file = state.file,
                                      .first_seq = files->state().flushed_seq + 1,
                                      .last_seq = state.seq,
                                      .erase_epoch = state.last_erasure});
    if (files->tuning().remove_before_manifest && state.first_log > 1)
        files->directory().unlink(log_name(state.first_log - 1));
    files->put([&](manifest& m) {
        for (const auto& w : written) m.segments.push_back(w.entry);
        m.flushed_seq = state.seq;
        m.is_clean = state.first_log == 0;
        m.first_log = m.is_clean ? files->next_number() : state.first_log;
        m.next_arrival = state.arrival;
        m.last_erasure = state.last_erasure;
        m.erasures.insert(m.erasures.end(), state.erasures.begin(), state.erasures.end());
    });
    return written;
}

// Puts opened files where the segments of others were, in what is staged; leads that were erased since they
// were written are hidden. The caller holds `committing` and `writing`, nothing waits, and it publishes.
void store::impl::replace_files(std::span<const std::uint64_t> old, std::vector<written_segment>& by) {
    std::vector<shared_veil> hidden;
    for (written_segment& w : by) {
        hidden.push_back(veil_of_erased(*w.data, w.entry.erase_epoch, log_erasures));
        if (const auto& veil = hidden.back())
            std::erase_if(w.ids, [&](const stored_id& i) { return veil->hides(i.lead); });
        file_ids[w.entry.file] = std::move(w.ids);
    }
    for (const std::uint64_t file : old)
        if (std::none_of(by.begin(), by.end(), [&](const auto& w) { return w.entry.file == file; }))
            file_ids.erase(file);
    const segment_run run = run_of(staged, old);
    if (run.size == 0) return;  // all its leads were erased
    auto data = std::make_shared<snapshot::impl>(*staged.data);
    std::vector<std::uint64_t> tags = staged.files;
    const auto at = static_cast<std::ptrdiff_t>(run.begin), end = at + static_cast<std::ptrdiff_t>(run.size);
    tags.erase(tags.begin() + at, tags.begin() + end);
    std::vector<veiled_segment> segments;
    for (std::size_t i = 0; i < by.size(); ++i) {
        segments.push_back({by[i].data, std::move(hidden[i])});
        tags.insert(tags.begin() + at + static_cast<std::ptrdiff_t>(i), by[i].entry.file);
    }
    replace_segments(*data, run, segments);
    staged = {std::move(data), std::move(tags)};
}

namespace {

// The files of one flush or merge count as one. They are cut by leads, so a merge uses one of them at a time.
struct file_unit {
    std::size_t rows = 0;
    std::uint64_t longest = 0;  // bytes of a file
    std::vector<std::uint64_t> files{};
};
std::vector<file_unit> units_of(const manifest& m) {
    std::vector<file_unit> units;
    std::uint64_t last_seq = 0;
    for (const auto& e : m.segments) {
        if (units.empty() || e.last_seq != last_seq) units.emplace_back();
        units.back().rows += static_cast<std::size_t>(e.rows);
        units.back().longest = std::max(units.back().longest, e.file_length);
        units.back().files.push_back(e.file);
        last_seq = e.last_seq;
    }
    return units;
}

segment_run due_units(const std::vector<file_unit>& units) {
    std::vector<std::size_t> rows;
    for (const auto& u : units) rows.push_back(u.rows);
    return due_run(rows);
}

}  // namespace

// The caller holds `maintaining`: no other code renames files.
std::int64_t store::impl::merge_units(const segment_run& which) {
    const auto units = units_of(files->state());
    std::vector<std::uint64_t> old;
    for (std::size_t i = which.begin; i < which.begin + which.size; ++i)
        old.insert(old.end(), units[i].files.begin(), units[i].files.end());
    const store_version now = read_version();
    const segment_run run = run_of(now, old);
    const auto begin = now.data->segments.begin() + static_cast<std::ptrdiff_t>(run.begin);
    const file_work work{
        std::move(old), {begin, begin + static_cast<std::ptrdiff_t>(run.size)}, veils_of(*now.data, run)};
    const auto written = rewrite({&work, 1}, *now.data);
    std::int64_t sum = 0;
    for (const auto& w : written) sum += static_cast<std::int64_t>(w.entry.rows);
    return std::max<std::int64_t>(sum, 1);  // it did something, even if all was erased
}

std::int64_t store::impl::maintain_files() {
    let_go();
    if (const std::int64_t rows = flush(false); rows > 0) return rows;
    const segment_run due = due_units(units_of(files->state()));
    return due.size == 0 ? 0 : merge_units(due);
}

// One pass over everything, unless that would take more memory than columns may: then merges that are due
// make fewer files of many first.
void store::impl::seal_files() {
    flush(false);
    for (;;) {
        const auto units = units_of(files->state());
        if (units.size() < 2) return;
        std::uint64_t in_use = 0;
        for (const auto& u : units) in_use += u.longest;
        segment_run next{0, units.size()};
        if (in_use > static_cast<std::uint64_t>(cache->limit()))
            if (const segment_run due = due_units(units); due.size > 0) next = due;
        merge_units(next);
    }
}

namespace {

// The entries of files that follow one another.
std::pair<std::size_t, std::size_t> entries_of(const manifest& m, const file_work& work) {
    const auto is_old = [&](const segment_entry& e) {
        return std::find(work.old.begin(), work.old.end(), e.file) != work.old.end();
    };
    const auto begin = std::find_if(m.segments.begin(), m.segments.end(), is_old);
    const auto end = std::find_if_not(begin, m.segments.end(), is_old);
    return {static_cast<std::size_t>(begin - m.segments.begin()),
            static_cast<std::size_t>(end - m.segments.begin())};
}

void replace_entries(manifest& m, const file_work& work, const std::vector<written_segment>& by) {
    const auto [begin, end] = entries_of(m, work);
    const auto first = m.segments.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto rest = m.segments.erase(first, first + static_cast<std::ptrdiff_t>(end - begin));
    std::vector<segment_entry> entries;
    for (const auto& w : by) entries.push_back(w.entry);
    m.segments.insert(rest, entries.begin(), entries.end());
}

}  // namespace

std::vector<written_segment> store::impl::write_work(const file_work& work, const manifest& before,
                                                     const snapshot::impl& names, std::int64_t earliest) {
    if (work.from.empty()) return {};
    std::vector<stored_id> its_ids;
    {
        const std::lock_guard lock(writing);
        for (const std::uint64_t file : work.old)
            its_ids.insert(its_ids.end(), file_ids[file].begin(), file_ids[file].end());
    }
    const auto [begin, end] = entries_of(before, work);
    const auto &first = before.segments[begin], &last = before.segments[end - 1];
    return write_parts(work.from, {.veils = work.veils, .from = earliest}, names, its_ids,
                       {.file = files->new_number(),
                        .first_seq = first.first_seq,
                        .last_seq = last.last_seq,
                        .erase_epoch = before.last_erasure,
                        .partition = work.old.size() == 1 ? first.partition : 0});
}

std::vector<written_segment> store::impl::rewrite(std::span<const file_work> all, const snapshot::impl& names,
                                                  std::int64_t earliest) {
    const manifest before = files->state();
    let_go();
    std::size_t files_left = left.size();
    for (const file_work& work : all) files_left += work.old.size();
    left.reserve(files_left);
    std::vector<std::vector<written_segment>> written;
    const auto done = guarded([&] {
        for (const file_work& work : all) written.push_back(write_work(work, before, names, earliest));
        // Leads may be left out whose erasure the system has, and the disk not yet. A log that another
        // follows is known to be durable, also by readers.
        const std::lock_guard lock(committing);
        const bool has_erasures = [&] {
            const std::lock_guard also(writing);
            return !log_erasures.empty();
        }();
        if (has_erasures && files->has_log())
            files->rotate();
        else
            files->sync_log();
    });
    if (!done) {
        static_cast<void>(guarded([&] { files->remove_dead(false); }));  // what was written on a full disk
        fail(done.error().code, done.error().message, done.error().where);
    }
    files->put([&](manifest& m) {
        for (std::size_t i = 0; i < all.size(); ++i) replace_entries(m, all[i], written[i]);
    });
    {
        const std::lock_guard lock(committing);
        const auto settled = lock_when_settled();
        note_left(all, before, earliest != no_cut);
        for (std::size_t i = 0; i < all.size(); ++i) replace_files(all[i].old, written[i]);
        if (earliest != no_cut) {
            auto data = std::make_shared<snapshot::impl>(*staged.data);
            ++data->cuts;
            staged.data = std::move(data);
        }
        publish(staged);
    }
    static_cast<void>(guarded([&] { files->remove_dead(options.overwrite_purged); }));
    std::vector<written_segment> flat;
    for (auto& some : written) flat.insert(flat.end(), some.begin(), some.end());
    return flat;
}

}  // namespace weir::inline v1
