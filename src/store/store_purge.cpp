// store_purge.cpp - erased leads leave the files; what the files say of erasures; all of them read and
// checked.
#include <algorithm>
#include <numeric>
#include <utility>

#include <boost/unordered/unordered_flat_set.hpp>

#include "base/fail.hpp"
#include "segment/column_cache.hpp"
#include "store/recovery.hpp"
#include "store/store_impl.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::size_t most_receipts = 64;

std::vector<erasure> all_erasures(const manifest& m, const std::vector<erasure>& of_log) {
    std::vector<erasure> all = m.erasures;
    all.insert(all.end(), of_log.begin(), of_log.end());
    return all;
}

// Counts the events of erased leads that a file holds.
void count_erased(const segment& s, const veil& hidden, purge_receipt& receipt) {
    const segment_in_use used(s);
    s.rows_ready();
    receipt.events += static_cast<std::int64_t>(hidden.rows);
    for (const std::uint32_t lead : hidden.leads) {
        const auto at = std::lower_bound(s.leads.begin(), s.leads.end(), lead) - s.leads.begin();
        const std::size_t begin = s.offsets[static_cast<std::size_t>(at)],
                          end = s.offsets[static_cast<std::size_t>(at) + 1];
        const instant first{duration(s.times[begin])}, last{duration(s.times[end - 1])};
        receipt.first = receipt.first ? std::min(*receipt.first, first) : first;
        receipt.last = receipt.last ? std::max(*receipt.last, last) : last;
    }
}

}  // namespace

void store::impl::note_left(std::span<const file_work> works, const manifest& before, bool are_aged) {
    const std::int64_t now = clock();
    for (const file_work& work : works)
        for (const std::uint64_t file : work.old) {
            const auto tag = std::find(staged.files.begin(), staged.files.end(), file) - staged.files.begin();
            const auto entry = std::find_if(before.segments.begin(), before.segments.end(),
                                            [&](const segment_entry& e) { return e.file == file; });
            const auto i = static_cast<std::size_t>(tag);
            if (i == staged.files.size() || entry == before.segments.end()) continue;
            left.push_back({staged.data->segments[i], entry->erase_epoch, now,
                            are_aged || staged.data->veil_of(i) != nullptr});
        }
}

std::vector<std::uint64_t> store::impl::erasures_in(const segment& s, std::uint64_t epoch,
                                                    std::span<const erasure> all) const {
    boost::unordered_flat_map<content_hash, bool, content_hash::hasher> later;  // whether it is there
    for (const erasure& e : all)
        if (e.id > epoch) later.emplace(e.lead, false);
    if (!later.empty())
        for (const std::uint32_t lead : s.leads)
            if (const auto at = later.find(hash_of_lead(staged.data->lead_keys->at(lead))); at != later.end())
                at->second = true;
    std::vector<std::uint64_t> found;
    for (const erasure& e : all)
        if (e.id > epoch && later.at(e.lead)) found.push_back(e.id);
    return found;
}

// Closes files that left the store and have what must go, once they were read for long enough.
void store::impl::let_go() {
    std::erase_if(left, [](const left_segment& s) { return s.data.expired(); });
    if (left.empty() || !options.max_snapshot_age) return;
    const std::int64_t now = clock();
    std::erase_if(left, [&](const left_segment& one) {
        if (!one.must_go || now - one.since < options.max_snapshot_age->count()) return false;
        if (const auto s = one.data.lock()) s->pages->expire();
        return true;
    });
}

// In memory. Gives how many events went.
std::int64_t store::impl::remove_early(std::int64_t earliest) {
    const std::lock_guard lock(writing);
    check_open();
    store_version next = staged;
    drop_hidden(next, earliest);
    auto data = std::make_shared<snapshot::impl>(*next.data);
    ++data->cuts;
    next.data = std::move(data);
    const auto rows = [](const store_version& v) {
        const auto all = rows_of(v.data->segments);
        return std::accumulate(all.begin(), all.end(), std::size_t{0});
    };
    const auto removed = static_cast<std::int64_t>(rows(staged) - rows(next));
    staged = next;
    publish(std::move(next));
    return removed;
}

// Too old events go first, all at once; then erased leads, file by file, as the budget allows.
void store::impl::purge_files(const manifest& before, const purge_options& how, purge_receipt& receipt) {
    const std::int64_t begin = clock();
    const std::int64_t earliest = receipt.before ? receipt.before->time_since_epoch().count() : no_cut;
    const auto seen = read_version();
    std::vector<file_work> aged, dirty;
    boost::unordered_flat_set<std::uint32_t> met;
    const auto add = [&](std::vector<file_work>& to, const segment_entry& entry, std::size_t i) {
        file_work work{.old = {entry.file}};
        if (entry.max_time >= earliest) {
            work.from = {seen.data->segments[i]};
            work.veils = {seen.data->veil_of(i)};
        }
        to.push_back(std::move(work));
    };
    const auto place_of = [&](std::uint64_t file) {
        return static_cast<std::size_t>(std::find(seen.files.begin(), seen.files.end(), file) -
                                        seen.files.begin());
    };
    for (const segment_entry& entry : before.segments) {
        const std::size_t i = place_of(entry.file);
        if (entry.min_time < earliest)
            add(aged, entry, i);
        else if (seen.data->veil_of(i))
            add(dirty, entry, i);
    }
    const auto perform = [&](std::span<const file_work> works, std::int64_t cut) {
        std::int64_t rows = 0;
        for (const file_work& work : works) {
            const std::size_t i = place_of(work.old.front());
            const auto& data = seen.data->segments[i];
            const auto hidden = seen.data->veil_of(i);
            rows += static_cast<std::int64_t>(data->size() - (hidden ? hidden->rows : 0));
            if (!hidden) continue;
            count_erased(*data, *hidden, receipt);
            met.insert(hidden->leads.begin(), hidden->leads.end());
        }
        for (const auto& w : rewrite(works, *seen.data, cut)) {
            ++receipt.files;
            receipt.bytes += static_cast<std::int64_t>(w.entry.file_length);
            rows -= static_cast<std::int64_t>(w.entry.rows);
        }
        if (cut != no_cut) receipt.aged += rows;
    };
    const auto is_late = [&] { return how.budget && clock() - begin >= how.budget->count(); };
    const std::size_t step = files->tuning().cut_file_by_file ? 1 : aged.size();
    for (std::size_t i = 0; i < aged.size(); i += step) perform(std::span(aged).subspan(i, step), earliest);
    for (std::size_t i = 0; i < dirty.size() && !receipt.more; ++i) {
        receipt.more = (i > 0 || !aged.empty()) && is_late();
        if (!receipt.more) perform({&dirty[i], 1}, no_cut);
    }
    receipt.leads = static_cast<std::int64_t>(met.size());
}

purge_receipt store::impl::purge(const purge_options& how) {
    const std::lock_guard alone(maintaining);
    purge_receipt receipt{.before = how.before};
    if (!files) {
        if (how.before) receipt.aged = remove_early(how.before->time_since_epoch().count());
        return receipt;
    }
    if (!files->tuning().purge_forgets_log) flush(false);
    {
        const std::lock_guard lock(writing);
        check_open();
    }
    const std::int64_t when = clock();
    if (std::int64_t cut = 0; !how.before && options.retain) {
        if (__builtin_sub_overflow(when, options.retain->count(), &cut)) cut = no_cut;
        receipt.before = instant(duration(cut));
    }
    const manifest before = files->state();
    {
        const std::lock_guard lock(writing);
        for (left_segment& one : left)
            if (const auto s = one.data.lock())
                one.must_go |= !erasures_in(*s, one.epoch, before.erasures).empty();
    }
    receipt.last_erasure = before.last_erasure;
    const bool is_any_early =
        receipt.before && std::any_of(before.segments.begin(), before.segments.end(), [&](const auto& e) {
            return e.min_time < receipt.before->time_since_epoch().count();
        });
    if (before.gone == before.last_erasure && !is_any_early) {
        files->remove_dead(options.overwrite_purged);  // what an earlier purge could not remove
        let_go();
        return receipt;
    }
    receipt.when = instant(duration(when));
    purge_files(before, how, receipt);
    files->remove_dead(options.overwrite_purged);
    files->sync_directory();
    if (receipt.more) receipt.last_erasure = before.gone;
    files->put([&](manifest& m) {
        if (!receipt.more) {
            m.gone = receipt.last_erasure;
            for (auto& e : m.segments) e.erase_epoch = std::max(e.erase_epoch, m.gone);
            if (!options.suppress_erased)
                std::erase_if(m.erasures, [&](const erasure& e) { return e.id <= m.gone; });
        }
        m.purges.push_back(receipt);
        if (m.purges.size() > most_receipts) m.purges.erase(m.purges.begin());
    });
    let_go();
    return receipt;
}

std::vector<erasure_status> store::impl::erasures() const {
    std::vector<erasure_status> all;
    if (!files) return all;
    const std::lock_guard alone(maintaining);
    const std::lock_guard lock(writing);
    if (is_closed) fail(errc::unsupported, "the store is closed");
    const manifest now = files->state();
    const auto known = all_erasures(now, log_erasures);
    boost::unordered_flat_set<std::uint64_t> held;
    for (const left_segment& one : left)
        if (const auto s = one.data.lock())
            for (const std::uint64_t id : erasures_in(*s, one.epoch, known)) held.insert(id);
    for (const erasure& e : known)
        all.push_back({e.id, instant(duration(e.when)), e.id <= now.gone, held.contains(e.id)});
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
    std::uint64_t bytes = 0;
    const auto found = files->read_manifest(&bytes);
    note(bytes);
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
            if (f.type != frame_type::events)
                decode_erasures(f.type, reader);
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
