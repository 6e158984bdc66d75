// salvage.cpp - a damaged store read as far as it goes, and what is left written as a new one.
#include "store/salvage.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <map>
#include <utility>

#include "base/fail.hpp"
#include "base/text.hpp"
#include "segment/segment_merge.hpp"
#include "store/recovery.hpp"
#include "store/store_impl.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::int64_t for_ever = std::numeric_limits<std::int64_t>::max();

bool share_leads(const segment& a, const segment& b) {
    if (a.leads.back() < b.leads.front() || b.leads.back() < a.leads.front()) return false;
    std::vector<std::uint32_t> both;
    std::set_intersection(a.leads.begin(), a.leads.end(), b.leads.begin(), b.leads.end(),
                          std::back_inserter(both));
    return !both.empty();
}

class salvager {
public:
    salvager(std::unique_ptr<disk::directory> from, const salvage_options& options)
        : options_(options), old_({.dedupe_horizon = for_ever, .read_only = true}) {
        check_is_local(*from, options.allow_network);
        old_.files = std::make_unique<store_files>(std::move(from), store_tuning{.accept_gap = true});
        read_manifest();
        read_segments();
        if (!manifest_.is_clean) read_logs();
        if (report_.erasures_may_be_lost && !options.accept_lost_erasures)
            fail(errc::corrupt,
                 std::string(has_manifest_ ? "frames of the log are lost, and may have erased leads that"
                                           : "MANIFEST is lost, and with it which leads were erased, who") +
                     " would come back; accept_lost_erasures goes on",
                 old_.files->directory().path());
    }

    salvage_report write(std::unique_ptr<disk::directory> to) {
        check_is_local(*to, options_.allow_network);
        if (!to->list().empty()) fail(errc::bad_input, "the new directory must be empty", to->path());
        if (!to->lock("LOCK")) fail(errc::io, "another process writes this store", to->path());
        manifest next{.store = {},
                      .next_arrival = old_.next_arrival,
                      .secret = manifest_.secret,
                      .last_erasure = old_.last_erasure,
                      .gone = old_.last_erasure,
                      .erasures = manifest_.erasures,
                      .purges = manifest_.purges};
        next.erasures.insert(next.erasures.end(), old_.log_erasures.begin(), old_.log_erasures.end());
        to->random(next.store);
        if (!has_manifest_) to->random(next.secret);
        store_files files(std::move(to), {});
        files.adopt(next, 0);
        std::vector<segment_entry> entries;
        const store_version& all = old_.staged;
        std::size_t i = 0;
        for (; i < all.files.size() && all.files[i] != 0; ++i) add(files, entries, {i, 1}, dropped_[i]);
        if (i < all.files.size()) add(files, entries, {i, all.files.size() - i}, {});
        files.put([&](manifest& m) {
            m.segments = std::move(entries);
            if (!m.segments.empty())
                m.next_arrival = std::max(m.next_arrival, m.segments.back().last_arrival + 1);
            m.flushed_seq = m.segments.size();
            m.first_log = files.next_number();
        });
        count_leads();
        return std::move(report_);
    }

private:
    void note(std::string line) { report_.lost.push_back(std::move(line)); }
    void note(const std::string& what, const error& why) {
        note(what + ": " + why.message + (why.where.empty() ? "" : " (" + why.where + ")"));
    }

    void read_manifest() {
        const auto found = guarded([&] { return old_.files->read_manifest(); });
        if (found) {
            if (!found->is_good[0] || !found->is_good[1]) note("MANIFEST: one of two copies");
            manifest_ = found->value;
        } else {
            do_without_manifest(found.error());
        }
        old_.files->adopt(manifest_, 0);
        old_.secret.assign(reinterpret_cast<const char*>(manifest_.secret.data()), manifest_.secret.size());
        old_.cache = std::make_shared<column_cache>(old_.budget() / 2);
        old_.next_arrival = manifest_.next_arrival;
        old_.last_erasure = manifest_.last_erasure;
    }

    // Then the files tell what they hold. Nobody knows who was erased: the hashes of leads that frames hold
    // are under a secret that is lost, too.
    void do_without_manifest(const error& why) {
        const bool is_damaged = why.code == errc::corrupt;
        note(is_damaged ? "MANIFEST" : "MANIFEST is missing", why);
        if (is_damaged || !old_.files->directory().exists(manifest_name)) find_files();
        if (!has_files_) fail(why.code, why.message, why.where);
        has_manifest_ = false;
        report_.erasures_may_be_lost = true;
        std::sort(manifest_.segments.begin(), manifest_.segments.end(), [](const auto& a, const auto& b) {
            return std::pair(a.first_arrival, a.file) < std::pair(b.first_arrival, b.file);
        });
        for (const segment_entry& e : manifest_.segments) {
            manifest_.next_arrival = std::max(manifest_.next_arrival, e.last_arrival + 1);
            manifest_.flushed_seq = std::max(manifest_.flushed_seq, e.last_seq);
        }
    }

    void find_files() {
        for (const std::string& name : old_.files->directory().list()) {
            const auto log = number_in(name, "wal-"), number = log ? log : number_in(name, "seg-");
            if (!number) continue;
            const auto done = guarded([&] { find_file(name, *number, log.has_value()); });
            if (!done) note(name, done.error());
        }
    }

    void find_file(const std::string& name, std::uint64_t number, bool is_log) {
        if (is_log && manifest_.is_clean) {
            manifest_.is_clean = false;
            manifest_.first_log = number;
        }
        const auto file = old_.files->directory().open(name);
        std::array<std::byte, disk::header_bytes> header;
        disk::read_all(*file, {{}, number, name}, 0, header);
        const disk::store_id store = disk::read_header(header, name).store;
        if (!has_files_) manifest_.store = store;
        has_files_ = true;
        if (store != manifest_.store) fail(errc::corrupt, "the file is of another store", name);
        if (!is_log) manifest_.segments.push_back(entry_of_segment(*file, {store, number, name}));
    }

    // A crash may leave files beside that which took their place: both hold the same frames, and the same
    // leads. The parts of a merge hold the same frames, too, but each lead is in one of them alone.
    void check_each_counts_once() const {
        const auto& segments = old_.staged.data->segments;
        for (std::size_t i = 0; i < found_.size(); ++i)
            for (std::size_t j = i + 1; j < found_.size(); ++j) {
                const segment_entry &one = found_[i], &other = found_[j];
                if (one.last_seq < other.last_seq && one.last_arrival < other.first_arrival) continue;
                if (!share_leads(*segments[i], *segments[j])) continue;
                fail(errc::corrupt,
                     segment_name(one.file) + " and " + segment_name(other.file) +
                         " hold the same events, and only MANIFEST, which is lost, knew which of them counts",
                     old_.files->directory().path());
            }
    }

    void read_segments() {
        for (const segment_entry& entry : manifest_.segments) {
            const auto done = guarded([&] { read_segment(entry); });
            if (done) {
                found_.push_back(entry);
                continue;
            }
            note(segment_name(entry.file) + ", " + std::to_string(entry.rows) + " events from " +
                     to_string(instant(duration(entry.min_time))) + " to " +
                     to_string(instant(duration(entry.max_time))),
                 done.error());
            report_.lost_events += static_cast<std::int64_t>(entry.rows);
        }
        if (!has_manifest_) check_each_counts_once();
    }

    void read_segment(const segment_entry& entry) {
        auto data = std::make_shared<snapshot::impl>(*old_.staged.data);
        auto opened = old_.files->open(entry, *data, old_.cache);
        std::vector<std::uint32_t> dropped;
        {
            const segment_in_use used(*opened.data);
            opened.data->rows_ready();
            for (const segment_column& c : opened.data->columns) {
                const auto read = guarded([&] { c.ready(); });
                if (read) continue;
                dropped.push_back(c.column);
                note(segment_name(entry.file) + ", attribute " +
                         quoted(data->columns[c.column].name.attribute) + " of " +
                         std::to_string(entry.rows) + " events",
                     read.error());
            }
        }
        old_.staged.data = data;  // for the keys
        const veiled_segment one{opened.data,
                                 old_.veil_of_erased(*opened.data, entry.erase_epoch, manifest_.erasures)};
        if (one.hidden)
            std::erase_if(opened.ids, [&](const stored_id& i) { return one.hidden->hides(i.lead); });
        replace_segments(*data, {data->segments.size(), 0}, {&one, 1});
        old_.staged.files.push_back(entry.file);
        old_.file_ids[entry.file] = std::move(opened.ids);
        dropped_.push_back(std::move(dropped));
    }

    struct found_log {
        std::uint64_t number = 0;
        byte_vector bytes{};
        std::optional<log_end> before{};
    };
    struct found_frame {
        log_contents::entry entry;
        disk::file_identity who;
    };

    // Frames count by their numbers: a later log says how far an earlier one is good, so what stands behind
    // that in it was refused, and the number used again.
    void read_logs() {
        std::vector<found_log> logs;
        for (const std::string& name : old_.files->directory().list()) {
            const auto number = number_in(name, "wal-");
            if (!number || *number < manifest_.first_log) continue;
            auto bytes = guarded([&] { return old_.files->read_log(*number); });
            if (!bytes) {
                note(name, bytes.error());
                report_.erasures_may_be_lost = true;
                continue;
            }
            const auto before = log_before(*bytes, {manifest_.store, *number, name});
            if (!before) note(name + ": the header");
            logs.push_back({*number, *std::move(bytes), before});
        }
        if (logs.empty() || logs.front().number != manifest_.first_log) {
            note(log_name(manifest_.first_log) + ": the file is missing");
            report_.erasures_may_be_lost = true;
        }
        if (!has_manifest_ && !logs.empty() && logs.front().before)
            manifest_.flushed_seq = std::max(manifest_.flushed_seq, logs.front().before->seq);
        std::map<std::uint64_t, found_frame> frames;
        std::uint64_t stated = manifest_.flushed_seq;  // there were frames up to this one
        for (std::size_t i = 0; i < logs.size(); ++i) {
            const disk::file_identity who{manifest_.store, logs[i].number, log_name(logs[i].number)};
            std::span<const std::byte> good(logs[i].bytes);
            const bool is_last = i + 1 == logs.size();
            if (!is_last && logs[i + 1].before && logs[i + 1].before->file == logs[i].number)
                good = good.first(std::min<std::size_t>(good.size(), logs[i + 1].before->length));
            if (logs[i].before) stated = std::max(stated, logs[i].before->seq);
            const auto found = find_frames(good, who);
            for (const auto& f : found)
                if (f.seq > manifest_.flushed_seq) frames.insert_or_assign(f.seq, found_frame{f, who});
            note_tail(good, found, who);
        }
        if (manifest_.flushed_seq == 0 && !has_manifest_ && !frames.empty())
            manifest_.flushed_seq = frames.begin()->first - 1;
        replay(frames, stated);
    }

    // What was written last may never have been finished: then an open leaves it out, too.
    void note_tail(std::span<const std::byte> log, const std::vector<log_contents::entry>& found,
                   const disk::file_identity& who) {
        std::size_t end = log_header_bytes;
        if (!found.empty()) end = (found.back().offset + found.back().payload.size() + 7) / 8 * 8;
        if (log.size() > end)
            note(who.name + ": " + std::to_string(log.size() - end) +
                 " bytes behind the last frame, damaged or never finished");
    }

    void replay(const std::map<std::uint64_t, found_frame>& frames, std::uint64_t stated) {
        std::uint64_t next = manifest_.flushed_seq + 1;
        const auto skip_to = [&](std::uint64_t seq) {
            if (seq == next) return;
            note("frames " + std::to_string(next) + " to " + std::to_string(seq - 1) + " of the log");
            report_.lost_frames += static_cast<std::int64_t>(seq - next);
            report_.erasures_may_be_lost = true;
        };
        for (const auto& numbered : frames) {
            const auto seq = numbered.first;
            const auto& f = numbered.second;
            skip_to(seq);
            next = seq + 1;
            const disk::field_reader from(f.entry.payload, f.who, f.entry.offset);
            const auto done = guarded([&] {
                if (f.entry.type == frame_type::events)
                    old_.replay_events(from);
                else if (!has_manifest_)
                    fail(errc::corrupt, "whom it erases was known by MANIFEST alone", f.who.name);
                else if (f.entry.type == frame_type::erase || f.entry.type == frame_type::erase_many)
                    old_.replay_erasures(f.entry.type, from);
                else
                    fail(errc::unsupported, "a frame has a type that is not known", f.who.name);
            });
            if (done) continue;
            note("frame " + std::to_string(seq) + " of the log", done.error());
            ++report_.lost_frames;
            report_.erasures_may_be_lost |= f.entry.type != frame_type::events;
        }
        if (stated >= next) skip_to(stated + 1);
    }

    // Writes a run of segments as one file, without what is hidden.
    void add(store_files& files, std::vector<segment_entry>& entries, const segment_run& run,
             const std::vector<std::uint32_t>& dropped) {
        const snapshot::impl& names = *old_.staged.data;
        const auto veils = veils_of(names, run);
        const auto one = merge_segments(std::span(names.segments).subspan(run.begin, run.size),
                                        {.veils = veils, .without_columns = dropped});
        if (one->size() == 0) return;
        // Without MANIFEST a file that a crash left may be among them, with arrivals of others.
        if (!entries.empty())
            one->first_arrival = std::max(one->first_arrival, entries.back().last_arrival + 1);
        const std::uint64_t file = old_.staged.files[run.begin];
        const std::uint64_t place = entries.size() + 1;
        segment_entry entry = files.write(files.new_number(), *one, names,
                                          file == 0 ? old_.log_ids : old_.file_ids[file], place);
        entry.first_seq = place;
        entry.erase_epoch = old_.last_erasure;
        entry.partition = one->part;
        entries.push_back(entry);
        report_.events += static_cast<std::int64_t>(entry.rows);
    }

    void count_leads() { report_.leads = snapshot(old_.staged.data).leads(); }

    salvage_options options_;
    salvage_report report_{};
    store::impl old_;  // which nobody writes
    manifest manifest_{};
    bool has_manifest_ = true, has_files_ = false;
    std::vector<segment_entry> found_{};                 // of the segments that could be read
    std::vector<std::vector<std::uint32_t>> dropped_{};  // columns, by segment of a file
};

}  // namespace

salvage_report salvage_store(std::unique_ptr<disk::directory> from, std::unique_ptr<disk::directory> to,
                             const salvage_options& options) {
    salvager old(std::move(from), options);
    return old.write(std::move(to));
}

result<salvage_report> salvage(const std::string& from, const std::string& to,
                               const salvage_options& options) {
    return guarded([&] {
        salvager old(disk::open_directory(from, false), options);
        return old.write(disk::open_directory(to, true));
    });
}

}  // namespace weir::inline v1
