// store/store_files.hpp - the files of one store, and the order in which they are written.
//
// A file is written front to back, made durable, and from then on only read and removed; all hangs from
// MANIFEST, which is replaced by renaming. What must hold at any moment, so that a loss of power costs
// nothing that was acknowledged:
//
//   I1  a file that MANIFEST names was synced, and its directory entry too, before that MANIFEST was renamed
//   I2  nothing is removed before a MANIFEST that does not name it is durable
//   I3  what is acknowledged as durable was covered by a sync that succeeded
//   I4  a log's header and directory entry are durable before its first frame is written
//   I5  before log n + 1 is made, log n is durable up to the length that the header of n + 1 states, and gets
//       no more frames, even if n + 1 cannot be made: its header may come back all the same
//   I6  numbers of frames have no holes across logs; numbers of arrival only grow
//   I7  after a failed sync nothing is written any more
//   I8  recovered events stand in new, durable files before a reader of the writer sees them
//   I9  an older MANIFEST is never fallen back to: it would bring erased leads back
//   I10 nothing of a lead is in MANIFEST or in a message of an error but keyed hashes
//   I11 nothing is allocated by a number of a file before it was held against a limit and the bytes there are
//   I12 an event of a suppressed lead is refused before it is framed
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "disk/file.hpp"
#include "store/log_file.hpp"
#include "store/manifest.hpp"

namespace weir::inline v1 {

/// What tests change of the protocol: sizes, and faults that they plant to see them caught.
struct store_tuning {
    std::uint64_t log_bytes = std::uint64_t{64} << 20;  ///< a log that is longer is flushed by append()
    std::uint64_t rows_of_file = 0;                     ///< at most, unless a lead has more; 0: by the budget
    std::uint64_t reserve_bytes = 0;                    ///< see keep_reserve(); 0: there is none
    bool remove_before_manifest = false;                ///< against I2
    bool no_sync_at_rotation = false;                   ///< against I5
    bool forgive_failed_sync = false;                   ///< against I7
    bool trust_found_log = false;                       ///< against I8
    bool write_behind_failed_write = false;
    bool write_before_failed_log = false;  ///< against I5
    bool purge_forgets_log = false;
    bool cut_file_by_file = false;      ///< where events go by their age, which they do together
    bool erase_frame_by_frame = false;  ///< of several leads, which are erased together
    bool events_take_reserve = false;   ///< which is for erasures
    bool accept_gap = false;            ///< where logs, or events, should follow one another
};

/// What a store of a host keeps back, for an erasure or a MANIFEST on a full disk.
inline constexpr std::uint64_t usual_reserve = std::uint64_t{1} << 20;

/// Any thread may call; callers see to it that commit() and rotate() do not meet, nor two flushes.
class store_files {
public:
    store_files(std::unique_ptr<disk::directory>, const store_tuning&, const limits& = {});

    disk::directory& directory() const { return *directory_; }
    const store_tuning& tuning() const { return tuning_; }
    manifest state() const;
    disk::file_identity identity(std::uint64_t number, std::string name) const;
    /// Throws io if an earlier failure forbids to write.
    void check() const;

    /// Takes over what was read from MANIFEST, or found in the directory.
    void adopt(manifest, std::uint64_t greatest_number);
    /// Replaces MANIFEST by a changed one. What `change` did is kept only if that succeeds.
    void put(const std::function<void(manifest&)>& change);
    std::uint64_t new_number();
    /// The number that the next new file gets; only while MANIFEST is changed.
    std::uint64_t next_number() const { return next_number_; }
    /// Forbids to write from now on.
    void poison() { poisoned_ = true; }

    /// Appends frames to the log, beginning one if there is none or its last write failed. On a full disk an
    /// erasure gets the room of the reserve; events do not, nor what it left.
    void commit(std::span<const frame>, ack);
    /// Sees to it that the reserve is there, a file that is given up for an erasure or a MANIFEST that finds
    /// no room. Without room for it a store works without.
    void keep_reserve();
    bool has_log() const { return log_ != nullptr; }
    std::uint64_t log_bytes() const { return log_ ? log_->end().length : 0; }
    /// Ends the log and begins the next; gives how far the old one is good. There must be one.
    log_end rotate();
    /// Makes durable what was acknowledged before it was. Does nothing without a log.
    void sync_log();
    /// How far the log is good. There must be one.
    log_end end_of_log() const { return log_->end(); }
    bool is_log_closed() const { return log_->is_closed(); }
    /// Forgets the log, once MANIFEST says that it is not needed.
    void drop_log() { log_.reset(); }
    /// Begins a log behind one that was found.
    void follow(const log_end& found) { log_ = new_log(found); }

    /// Makes a segment file and opens it; MANIFEST does not name it yet. Gives how it is to be named.
    segment_entry write(std::uint64_t number, const segment&, const snapshot::impl& names,
                        std::span<const stored_id>, std::uint64_t last_seq);
    opened_segment open(const segment_entry&, snapshot::impl& names, std::shared_ptr<column_cache>) const;
    /// Reads and checks all of a segment file.
    void verify(const segment_entry&) const;
    /// What MANIFEST says now, in the directory. Errors: those of decode_manifest(), limit_exceeded.
    decoded_manifest read_manifest(std::uint64_t* bytes = nullptr) const;
    byte_vector read_log(std::uint64_t number) const;
    /// Removes files of the store that nothing refers to any more; `wipe` overwrites them before.
    void remove_dead(bool wipe);
    void sync_directory();

private:
    std::unique_ptr<disk::file> find(const segment_entry&) const;
    byte_vector read(const std::string& name, std::int64_t limit, const char* its_name) const;
    void check_limit(std::uint64_t found, std::int64_t limit, const char* its_name,
                     const std::string& where) const;
    template <class F> void or_poison(F&&);
    template <class F> auto with_reserve(F&&);
    bool give_up_reserve();
    void restore_reserve();
    void make_reserve();
    std::unique_ptr<disk::file> write_new_manifest(std::span<const std::byte>);
    void write_frames(std::span<const frame>);
    void begin_log();
    std::unique_ptr<log_writer> new_log(const log_end& before);

    std::unique_ptr<disk::directory> directory_;
    store_tuning tuning_;
    limits limits_;
    std::atomic<bool> poisoned_ = false;
    mutable std::mutex replacing_{};  // guards state_ and next_number_
    manifest state_{};
    std::uint64_t next_number_ = 1;
    std::unique_ptr<log_writer> log_{};
    std::mutex reserving_{};  // guards the next two
    bool has_reserve_ = false, is_reserve_owed_ = false;
};

}  // namespace weir::inline v1
