// recovery.cpp - a store out of the files that its directory holds, whatever ended the process before.
#include "store/recovery.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/fail.hpp"
#include "store/store_impl.hpp"

namespace weir::inline v1 {
namespace {

constexpr const char* lock_name = "LOCK";

std::vector<std::uint64_t> numbers_of(const std::vector<std::string>& names, const char* prefix) {
    std::vector<std::uint64_t> numbers;
    for (const auto& name : names)
        if (const auto n = number_in(name, prefix)) numbers.push_back(*n);
    return numbers;  // names are sorted
}

struct found_log {
    std::uint64_t number;
    byte_vector bytes;
    log_end before;
    bool is_empty;
};

// Logs with a header. One without was cut off when it was made, and holds nothing, or something that its
// frames still show. One that goes on where the next does, too, could not be made to its end, and holds
// nothing.
std::vector<found_log> find_logs(const store_files& files, const manifest& m) {
    std::vector<found_log> found;
    for (const std::uint64_t number : numbers_of(files.directory().list(), "wal-")) {
        if (number < m.first_log) continue;
        const std::string name = log_name(number);
        byte_vector bytes = files.read_log(number);
        const disk::file_identity who{m.store, number, name};
        const auto read = read_log(bytes, who, std::nullopt);
        if (read.before && !found.empty() && found.back().is_empty && found.back().before == *read.before)
            found.pop_back();
        if (read.before)
            found.push_back({number, std::move(bytes), *read.before, !read.holds_frames});
        else if (read.holds_frames)
            disk::fail_corrupt(who, 0, "the header of a log is damaged");
    }
    return found;
}

void check_start(const std::vector<found_log>& logs, const manifest& m) {
    if (logs.empty() || logs.front().number != m.first_log)
        fail(errc::corrupt, "a file of the store is missing or damaged", log_name(m.first_log));
    if (logs.front().before.seq != m.flushed_seq)
        fail(errc::corrupt, "the log does not go on where the segments end", log_name(m.first_log));
}

}  // namespace

void check_is_local(const disk::directory& where, bool allow_network) {
    if (!allow_network && where.is_remote())
        fail(
            errc::unsupported,
            "the directory is on a file system over a network or in a process, where locks and syncs may not "
            "hold; allow_network opens it nevertheless",
            where.path());
}

namespace {

// Foreign files would be mixed up with ours, or meant another directory.
void check_is_ours(const std::vector<std::string>& names, const std::string& path) {
    for (const auto& name : names)
        if (name != lock_name && name != "MANIFEST.tmp" && name != "reserve")
            fail(errc::bad_input, "the directory holds other files and no store", path);
}

manifest new_manifest(disk::directory& directory) {
    manifest m;
    directory.random(m.store);
    directory.random(m.secret);
    return m;
}

}  // namespace

void for_each_log(const store_files& files, const manifest& m,
                  const std::function<void(const log_contents&, const disk::file_identity&)>& f) {
    const auto logs = find_logs(files, m);
    if (!m.is_clean) check_start(logs, m);
    for (std::size_t i = 0; i < logs.size(); ++i) {
        const disk::file_identity who{m.store, logs[i].number, log_name(logs[i].number)};
        const bool is_last = i + 1 == logs.size();
        std::optional<std::uint64_t> length;
        if (!is_last) length = logs[i + 1].before.length;
        auto log = read_log(logs[i].bytes, who, length);
        if (!is_last) log.durable = log.end.length;
        if (!is_last && log.end != logs[i + 1].before && !files.tuning().accept_gap)
            disk::fail_corrupt(who, log.end.length, "the next log goes on elsewhere");
        if (log.lost_durable)
            disk::fail_corrupt(who, log.end.length, "a frame that was acknowledged is damaged");
        if (m.is_clean && !log.frames.empty())
            disk::fail_corrupt(who, log_header_bytes, "a log goes on behind a store that was closed");
        f(log, who);
    }
}

// The state of the last MANIFEST, or of a new store. No MANIFEST and no data: it was cut off when it was
// made.
void store::impl::read_manifest() {
    auto& directory = files->directory();
    const auto names = directory.list();
    std::uint64_t greatest = 0;
    for (const char* prefix : {"wal-", "seg-"})
        for (const std::uint64_t n : numbers_of(names, prefix)) greatest = std::max(greatest, n);
    if (directory.exists(manifest_name)) {
        auto found = files->read_manifest();
        how_found.was_closed = found.value.is_clean;
        how_found.manifest_copy_damaged = !found.is_good[0] || !found.is_good[1];
        files->adopt(std::move(found.value), greatest);
        if (!options.read_only && how_found.manifest_copy_damaged) files->put([](manifest&) {});
        return;
    }
    if (greatest > 0)
        fail(errc::corrupt, "a file of the store is missing", directory.path() + '/' + manifest_name);
    check_is_ours(names, directory.path());
    if (options.read_only) fail(errc::io, "the directory holds no store", directory.path());
    files->adopt(new_manifest(directory), 0);
    files->put([](manifest&) {});
}

void store::impl::open_segments() {
    const manifest m = files->state();
    store_version v = staged;
    auto data = std::make_shared<snapshot::impl>(*v.data);
    for (const segment_entry& entry : m.segments) {
        auto opened = files->open(entry, *data, cache);
        staged.data = data;
        const shared_veil hidden = veil_of_erased(*opened.data, entry.erase_epoch, m.erasures);
        if (hidden) std::erase_if(opened.ids, [&](const stored_id& i) { return hidden->hides(i.lead); });
        for (const stored_id& i : opened.ids)
            ids.remember(i.id, i.content, i.arrival, options.dedupe_horizon);
        file_ids[entry.file] = std::move(opened.ids);
        const veiled_segment one{std::move(opened.data), hidden};
        replace_segments(*data, {data->segments.size(), 0}, {&one, 1});
        v.files.push_back(entry.file);
    }
    v.data = std::move(data);
    staged = std::move(v);
    next_arrival = m.next_arrival;
    last_erasure = m.last_erasure;
    if (options.suppress_erased)
        for (const erasure& e : m.erasures) ++erased[e.lead];
}

void store::impl::replay_events(const disk::field_reader& from) {
    const auto read = decode_events(from);
    const batch::impl& b = read.events;
    if (read.first_arrival != next_arrival && !files->tuning().accept_gap)
        from.refuse("events do not arrive after those before them");
    std::vector<std::uint32_t> rows(b.leads.size());
    std::iota(rows.begin(), rows.end(), 0U);
    id_memory fresh;
    row_hasher content(b);
    for (const auto& [row, id] : b.ids)
        fresh.remember(id, content.of(row), read.first_arrival + row, options.dedupe_horizon);
    const auto codes = add_rows(staged, b, rows, read.first_arrival);
    const auto stored = stored_ids(b, rows, codes, fresh, read.first_arrival);
    log_ids.insert(log_ids.end(), stored.begin(), stored.end());
    ids.take(fresh, options.dedupe_horizon);
    next_arrival = read.first_arrival + static_cast<std::int64_t>(rows.size());
    how_found.log_events += static_cast<std::int64_t>(rows.size());
    merge_full_tiers(staged);
}

void store::impl::replay_erasures(frame_type type, const disk::field_reader& from) {
    std::vector<std::uint32_t> leads;
    for (const erasure& e : decode_erasures(type, from)) {
        if (e.id != last_erasure + 1 && !files->tuning().accept_gap) from.refuse("erasures are out of order");
        last_erasure = e.id;
        log_erasures.push_back(e);
        if (options.suppress_erased) ++erased[e.lead];
        if (const auto lead = lead_with(e.lead)) leads.push_back(*lead);
    }
    std::sort(leads.begin(), leads.end());
    hide_leads(staged, leads);
    forget_ids(leads);
}

// Keys are hashed when the first erasure asks for one, and each once.
std::optional<std::uint32_t> store::impl::lead_with(const content_hash& hash) {
    const dictionary& keys = *staged.data->lead_keys;
    for (auto lead = static_cast<dictionary::code>(found_leads.size()); lead < keys.size(); ++lead)
        found_leads.emplace(hash_of_lead(keys.at(lead)), lead);
    const auto at = found_leads.find(hash);
    return at == found_leads.end() ? std::nullopt : std::optional(at->second);
}

void store::impl::recover() {
    check_is_local(files->directory(), options.allow_network);
    if (!options.read_only) {
        if (!files->directory().lock(lock_name))
            fail(errc::io, "another process writes this store", files->directory().path());
        files->directory().sync();  // what is seen may not be durable yet, and much is removed because of it
    }
    cache = std::make_shared<column_cache>(budget() / 2);
    read_manifest();
    // A writer may have renamed it a moment ago, and a loss of power would bring the one before it back.
    if (options.read_only && options.durable_only) files->directory().sync();
    const manifest m = files->state();
    secret.assign(reinterpret_cast<const char*>(m.secret.data()), m.secret.size());
    open_segments();
    flush_state state{.seq = m.flushed_seq};
    log_end found_end;
    for_each_log(*files, m, [&](const log_contents& log, const disk::file_identity& who) {
        for (const auto& frame : log.frames) {
            if (options.read_only && options.durable_only && frame.offset > log.durable) break;
            const disk::field_reader from(frame.payload, who, frame.offset);
            if (frame.type == frame_type::events)
                replay_events(from);
            else
                replay_erasures(frame.type, from);
        }
        state.seq = log.end.seq;
        found_end = log.end;
        how_found.dropped_bytes = static_cast<std::int64_t>(log.torn);
    });
    found_leads = {};
    durable_arrival = next_arrival;
    durable_erasure = last_erasure;
    publish(staged);
    if (options.read_only) return;
    if (!m.is_clean && files->tuning().trust_found_log) {
        files->follow(found_end);
    } else if (!m.is_clean) {
        freeze(state);
        seal_log(state);
    }
    files->remove_dead(false);
    files->keep_reserve();
}

namespace {

// Whether a writer has replaced what a reader began with.
bool has_moved_on(const store_files& files, std::uint64_t generation) {
    const auto now = guarded([&] { return files.read_manifest(); });
    return now && now->value.generation != generation;
}

constexpr int most_tries = 100;  // beside a writer that merges all the time

}  // namespace

// A reader takes no lock: files may go while it looks for them, and then it begins again.
std::unique_ptr<store::impl> open_store(std::unique_ptr<disk::directory> directory,
                                        const store_options& options, const store_tuning& tuning) {
    auto files = std::make_unique<store_files>(std::move(directory), tuning, options.limits);
    for (int tries = 1;; ++tries) {
        auto opened = std::make_unique<store::impl>(options);
        opened->files = std::move(files);
        const auto done = guarded([&] { opened->recover(); });
        if (done) return opened;
        files = std::move(opened->files);
        if (!options.read_only || tries == most_tries || !has_moved_on(*files, files->state().generation))
            fail(done.error().code, done.error().message, done.error().where);
    }
}

}  // namespace weir::inline v1
