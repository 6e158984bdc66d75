// store/store_impl.hpp - the writer's side of a store: what is staged, what is durable, what readers see.
//
// Locks are taken in the order of their declaration. `current` is what readers see; `staged` has also what
// was appended and is not durable yet. In memory both are the same.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "segment/column_cache.hpp"
#include "segment/segment_builder.hpp"
#include "segment/segment_merge.hpp"
#include "segment/snapshot_data.hpp"
#include "store/event_id.hpp"
#include "store/frame.hpp"
#include "store/store_files.hpp"

namespace weir::inline v1 {

/// A snapshot with what the writer has to know of each of its segments.
struct store_version {
    std::shared_ptr<const snapshot::impl> data{};
    /// By segment: the file that holds it, or will when a flush that runs is done; 0: the log alone does.
    /// Files come first.
    std::vector<std::uint64_t> files{};
};

/// Calls of append() and erase() that one sync makes durable.
struct commit_group {
    std::vector<frame> frames{};
    id_memory ids{};
    std::vector<stored_id> stored{};
    std::vector<erasure> erasures{};
    std::vector<std::uint32_t> erased_leads{};
    bool is_done = false;  ///< guarded by `committing`, like the failure
    std::optional<error> failure{};
};

/// What the log held when a flush began.
struct flush_state {
    std::uint64_t file = 0;       ///< that it will be in
    std::uint64_t seq = 0;        ///< its last frame
    std::uint64_t first_log = 0;  ///< the log that goes on; 0: none does
    std::int64_t arrival = 0;     ///< of the next event
    std::uint64_t last_erasure = 0;
    store_version frozen{};
    std::vector<stored_id> ids{};
    std::vector<erasure> erasures{};
};

inline constexpr std::int64_t no_cut = std::numeric_limits<std::int64_t>::min();

/// Some that follow one another.
struct segment_run {
    std::size_t begin = 0, size = 0;
};

using segment_list = std::vector<std::shared_ptr<const segment>>;

/// Files that follow one another, to be written anew. No segment: nothing of them is left.
struct file_work {
    std::vector<std::uint64_t> old{};
    segment_list from{};
    std::vector<shared_veil> veils{};  ///< of those
};

/// A segment whose file left the store, which a snapshot may still read.
struct left_segment {
    std::weak_ptr<const segment> data{};
    std::uint64_t epoch = 0;  ///< the last erasure that was applied to it
    std::int64_t since = 0;
    bool must_go = false;  ///< it has an event of an erased lead, or one that is too old
};

/// A file that was written and opened again.
struct written_segment {
    segment_entry entry{};
    std::shared_ptr<const segment> data{};
    std::vector<stored_id> ids{};
};

struct store::impl {
    explicit impl(const store_options&);

    receipt append(const batch::impl&);
    std::int64_t erase(std::span<const lead_id>);
    std::int64_t maintain();
    maintain_receipt maintain(duration budget);
    void seal();
    purge_receipt purge(const purge_options&);
    std::vector<erasure_status> erasures() const;
    verify_report verify() const;
    void close();
    std::shared_ptr<const snapshot::impl> read() const;
    store_version read_version() const;
    std::int64_t budget() const;
    std::int64_t clock() const;

    store_options options;
    open_report how_found{};
    std::unique_ptr<store_files> files{};   ///< none: in memory
    std::shared_ptr<column_cache> cache{};  ///< of what files hold

    mutable std::mutex maintaining{};
    std::vector<left_segment> left{};  ///< guarded by `maintaining`
    mutable std::mutex committing{};
    mutable std::mutex writing{};
    store_version staged{};  // and below: guarded by `writing`
    std::int64_t next_arrival = 0;
    std::uint64_t last_erasure = 0;
    bool is_closed = false;
    id_memory ids{};  ///< of durable events
    std::shared_ptr<commit_group> flying{}, waiting{};
    boost::unordered_flat_map<content_hash, int, content_hash::hasher> erased{};  ///< how often
    // What the next flush has to write beside segments:
    std::vector<stored_id> log_ids{};
    std::vector<erasure> log_erasures{};
    std::unordered_map<std::uint64_t, std::vector<stored_id>> file_ids{};  ///< of segments

    boost::unordered_flat_map<content_hash, std::uint32_t, content_hash::hasher>
        found_leads{};  ///< while it recovers

    mutable std::mutex publishing{};
    store_version current{};
    // Guarded by `writing`: next_arrival and last_erasure without what is staged.
    std::int64_t durable_arrival = 0;
    std::uint64_t durable_erasure = 0;

    std::string secret{};  ///< in front of a lead's key where that is hashed; empty in memory

    // Shared by the files that implement them. store.cpp:
    void check_open() const;
    void publish(store_version);
    content_hash hash_of_lead(std::string_view stored_key) const;
    std::int64_t latest_time() const;
    id_memory::verdict judge(content_hash id, content_hash content, std::int64_t arrival,
                             const id_memory& own) const;
    std::vector<std::uint32_t> rows_to_keep(const batch::impl&, id_memory& fresh, receipt&) const;
    void stage(const batch::impl&, std::vector<std::uint32_t> rows, id_memory fresh);
    // store_disk.cpp:
    void commit(const std::shared_ptr<commit_group>&);
    void commit_waiting();
    void remember(commit_group&);
    std::unique_lock<std::mutex> lock_when_settled();
    void flush_if_due();
    std::int64_t memory_of_log() const;
    std::int64_t flush(bool last);
    void freeze(flush_state&);
    void thaw(flush_state&);
    std::int64_t seal_log(flush_state&);
    std::vector<written_segment> write_frozen(const flush_state&);
    /// `said`: the number of the first file, and what else a store says of segments.
    std::vector<written_segment> write_parts(const segment_list&, const merge_choice&,
                                             const snapshot::impl& names, const std::vector<stored_id>&,
                                             const segment_entry& said) const;
    std::uint64_t most_rows_of_file() const;
    std::int64_t first_arrival_remembered() const;
    void replace_files(std::span<const std::uint64_t> old, std::vector<written_segment>& by);
    std::int64_t maintain_files();
    void seal_files();
    std::int64_t merge_units(const segment_run&);
    /// All at once: after a crash either all of the old files are there or all of the new. Events before
    /// `earliest` are left out.
    std::vector<written_segment> rewrite(std::span<const file_work>, const snapshot::impl& names,
                                         std::int64_t earliest = no_cut);
    std::vector<written_segment> write_work(const file_work&, const manifest& before,
                                            const snapshot::impl& names, std::int64_t earliest);
    // store_erase.cpp:
    void stage_erasures(std::span<const content_hash>, std::span<const std::uint32_t> leads);
    void forget_ids(std::vector<std::uint32_t> leads);
    /// What erasures after an epoch hide of a segment.
    shared_veil veil_of_erased(const segment&, std::uint64_t epoch, std::span<const erasure>) const;
    // store_purge.cpp:
    std::int64_t remove_early(std::int64_t earliest);
    /// Notes files that are replaced, while they are staged yet.
    void note_left(std::span<const file_work>, const manifest& before, bool are_aged);
    /// The erasures whose leads a segment has, of those behind an epoch.
    std::vector<std::uint64_t> erasures_in(const segment&, std::uint64_t epoch,
                                           std::span<const erasure>) const;
    void let_go();
    void purge_files(const manifest& before, const purge_options&, purge_receipt&);
    // recovery.cpp, when no other thread knows the store:
    void recover();
    void read_manifest();
    void open_segments();
    void replay_events(const disk::field_reader&);
    void replay_erasures(frame_type, const disk::field_reader&);
    std::optional<std::uint32_t> lead_with(const content_hash&);
};

/// Adds rows as a segment; gives the codes of the leads, by code of the batch.
std::vector<std::uint32_t> add_rows(store_version&, const batch::impl&, std::vector<std::uint32_t> rows,
                                    std::int64_t first_arrival);
/// Puts ids behind others.
void put_behind(std::vector<stored_id>& to, std::vector<stored_id>&& more);
/// The ids among rows that were added.
std::vector<stored_id> stored_ids(const batch::impl&, std::span<const std::uint32_t> rows,
                                  std::span<const std::uint32_t> codes, const id_memory& fresh,
                                  std::int64_t first_arrival);
/// Hides the rows of leads, ascending; gives how many.
std::int64_t hide_leads(store_version&, std::span<const std::uint32_t> leads);
/// Writes anew, in memory, what has hidden rows or such that are earlier.
void drop_hidden(store_version&, std::int64_t earliest = no_cut);
/// Throws limit_exceeded for a frame that is too long.
void check_size(const frame&);
/// Merges tails of segments that no file holds where enough of a size have come together.
void merge_full_tiers(store_version&);
/// Which to merge next of things with so many rows, the oldest first.
segment_run due_run(std::span<const std::size_t> rows);
std::vector<shared_veil> veils_of(const snapshot::impl&, const segment_run&);
void replace_segments(snapshot::impl&, const segment_run&, std::span<const veiled_segment> by);
std::vector<std::size_t> rows_of(std::span<const std::shared_ptr<const segment>>);
void replace_run(store_version&, const segment_run&, std::shared_ptr<const segment> by, std::uint64_t file);
std::int64_t memory_of(const snapshot::impl&);

/// A store in a directory that is open already.
std::unique_ptr<store::impl> open_store(std::unique_ptr<disk::directory>, const store_options&,
                                        const store_tuning& = {});

}  // namespace weir::inline v1
