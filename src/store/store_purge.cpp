// store_purge.cpp - erased leads leave the files; what the files say of erasures; all of them read and
// checked.
#include <algorithm>
#include <utility>

#include <boost/unordered/unordered_flat_set.hpp>

#include "base/fail.hpp"
#include "store/recovery.hpp"
#include "store/store_impl.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::size_t most_receipts = 64;
using hash_set = boost::unordered_flat_set<content_hash, content_hash::hasher>;

std::vector<erasure> all_erasures(const manifest& m, const std::vector<erasure>& of_log) {
    std::vector<erasure> all = m.erasures;
    all.insert(all.end(), of_log.begin(), of_log.end());
    return all;
}

snapshot::impl no_names() {
    snapshot::impl names;
    names.lead_keys = std::make_shared<dictionary>();
    names.event_names = std::make_shared<dictionary>();
    return names;
}

// Counts the events of erased leads that a file holds.
void count_removed(const segment& s, const std::vector<std::uint32_t>& erased, purge_receipt& receipt) {
    for (const std::uint32_t lead : erased) {
        const auto at = std::lower_bound(s.leads.begin(), s.leads.end(), lead) - s.leads.begin();
        const std::uint32_t begin = s.offsets[static_cast<std::size_t>(at)],
                            end = s.offsets[static_cast<std::size_t>(at) + 1];
        receipt.events += end - begin;
        const instant first{duration(s.times[begin])}, last{duration(s.times[end - 1])};
        receipt.first = receipt.first ? std::min(*receipt.first, first) : first;
        receipt.last = receipt.last ? std::max(*receipt.last, last) : last;
    }
}

}  // namespace

// A file that holds none of the leads is said to be free of them, too.
void store::impl::purge_file(const segment_entry& entry, const std::vector<erasure>& pending,
                             std::vector<content_hash>& met, purge_receipt& receipt) {
    hash_set hashes;
    for (const erasure& e : pending)
        if (e.id > entry.erase_epoch && e.id <= receipt.last_erasure) hashes.insert(e.lead);
    snapshot::impl names = no_names();
    std::vector<std::uint32_t> erased_leads;
    const auto old = files->open(entry, names, nullptr);
    for (const std::uint32_t lead : old.data->leads) {
        const content_hash hash = hash_of_lead(names.lead_key(lead));
        if (!hashes.contains(hash)) continue;
        erased_leads.push_back(lead);
        met.push_back(hash);
    }
    const std::uint64_t file[] = {entry.file};
    if (erased_leads.empty()) {
        files->put([&](manifest& m) {
            for (auto& e : m.segments)
                if (e.file == entry.file) e.erase_epoch = receipt.last_erasure;
        });
        return;
    }
    count_removed(*old.data, erased_leads, receipt);
    const auto now = read_version();
    segment_list rest;  // none: all its leads are erased
    for (std::size_t i = 0; i < now.files.size(); ++i)
        if (now.files[i] == entry.file) rest.push_back(now.data->segments[i]);
    for (const auto& w : rewrite(file, rest, *now.data)) {
        ++receipt.files;
        receipt.bytes += static_cast<std::int64_t>(w.entry.file_length);
    }
}

purge_receipt store::impl::purge() {
    if (!files) return {};
    const std::lock_guard alone(maintaining);
    if (!files->tuning().purge_forgets_log) flush(false);
    {
        const std::lock_guard lock(writing);
        check_open();
    }
    const manifest before = files->state();
    purge_receipt receipt{.last_erasure = before.last_erasure};
    if (before.gone == before.last_erasure) {
        files->remove_dead(options.overwrite_purged);  // what an earlier purge could not remove
        return receipt;
    }
    receipt.when = instant(duration(files->directory().now()));
    std::vector<content_hash> met;
    for (const segment_entry& entry : before.segments)
        if (entry.erase_epoch < receipt.last_erasure) purge_file(entry, before.erasures, met, receipt);
    receipt.leads = static_cast<std::int64_t>(hash_set(met.begin(), met.end()).size());
    files->remove_dead(options.overwrite_purged);
    files->sync_directory();
    files->put([&](manifest& m) {
        m.gone = receipt.last_erasure;
        if (!options.suppress_erased)
            std::erase_if(m.erasures, [&](const erasure& e) { return e.id <= m.gone; });
        m.purges.push_back(receipt);
        if (m.purges.size() > most_receipts) m.purges.erase(m.purges.begin());
    });
    return receipt;
}

std::vector<erasure_status> store::impl::erasures() const {
    std::vector<erasure_status> all;
    if (!files) return all;
    const std::lock_guard alone(maintaining);
    const std::lock_guard lock(writing);
    if (is_closed) fail(errc::unsupported, "the store is closed");
    const manifest now = files->state();
    for (const erasure& e : all_erasures(now, log_erasures))
        all.push_back({e.id, instant(duration(e.when)), e.id <= now.gone});
    return all;
}

verify_report store::impl::verify() const {
    verify_report report;
    if (!files) return report;
    const std::lock_guard alone(maintaining);
    const std::lock_guard lock(committing);
    {
        const std::lock_guard closing(writing);
        if (is_closed) fail(errc::unsupported, "the store is closed");
    }
    const auto note = [&](std::uint64_t bytes) {
        ++report.files;
        report.bytes += static_cast<std::int64_t>(bytes);
    };
    const byte_vector raw = files->read(manifest_name, max_manifest_bytes);
    const auto found = decode_manifest(raw);
    note(raw.size());
    report.manifest_copy_damaged = !found.is_good[0] || !found.is_good[1];
    for (const segment_entry& entry : found.value.segments) {
        files->verify(entry);
        report.events += static_cast<std::int64_t>(entry.rows);
        note(entry.file_length);
    }
    for_each_log(*files, found.value, [&](const log_contents& log, const disk::file_identity& who) {
        note(log.end.length);
        for (const auto& f : log.frames) {
            const disk::field_reader reader(f.payload, who, f.offset);
            if (f.type == frame_type::erase)
                decode_erasure(reader);
            else
                report.events += static_cast<std::int64_t>(decode_events(reader).events.leads.size());
        }
    });
    return report;
}

void store::impl::close() {
    const std::lock_guard alone(maintaining);
    if (!files || options.read_only) {
        const std::lock_guard lock(writing);
        is_closed = true;
        return;
    }
    {
        const std::lock_guard lock(writing);
        if (is_closed) return;
    }
    const auto flushed = guarded([&] { flush(true); });
    files->directory().unlock();
    if (!flushed) fail(flushed.error().code, flushed.error().message, flushed.error().where);
}

}  // namespace weir::inline v1
