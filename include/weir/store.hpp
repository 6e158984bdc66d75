// weir/store.hpp - the store that a host appends to, and the immutable snapshot that questions read.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <weir/error.hpp>
#include <weir/event.hpp>
#include <weir/time.hpp>

namespace weir {
inline namespace v1 {

/// Says when append() and erase() of a store on disk come back.
enum class ack : std::uint8_t {
    durable,       ///< when the disk has it: it survives a loss of power
    process_safe,  ///< when the system has it: it survives this process, maybe not a loss of power
};

/// Says how large what is opened may be; beyond that it is limit_exceeded, before memory is taken for it.
/// Within its limits a file takes memory by its bytes, whatever it says of itself.
struct limits {
    std::int64_t manifest_bytes = std::int64_t{64} << 20;
    std::int64_t log_bytes = std::int64_t{1} << 30;    ///< of each log
    std::int64_t file_bytes = std::int64_t{64} << 30;  ///< of each segment file
    std::int64_t files = 100'000;                      ///< segment files
    /// For a store that somebody else wrote.
    static constexpr limits hostile() {
        return {std::int64_t{4} << 20, std::int64_t{128} << 20, std::int64_t{1} << 30, 10'000};
    }
    friend bool operator==(const limits&, const limits&) = default;
};

struct store_options {
    /// Bytes; beyond them append() answers limit_exceeded. Merging needs as much again for a moment. On disk
    /// half are for columns read from files, and a store may be larger. None: 4 GiB; on disk 256 MiB.
    std::optional<std::int64_t> memory_budget{};
    /// How many accepted events back an event id is remembered.
    std::int64_t dedupe_horizon = std::int64_t{1} << 20;
    /// append() merges segments when eight of a size have come together, so that now and then one takes
    /// longer. False: only maintain() and seal() do.
    bool merge_on_append = true;

    // Only of a store on disk:

    /// Reads beside a writer or alone, takes no lock and changes no file.
    bool read_only = false;
    /// With read_only: leaves out what a writer wrote and may not have synced yet, as all of it is with
    /// ack::process_safe until its log is moved. With ack::durable that is the last call, of which the log
    /// does not tell. Each open syncs the directory once, so that what it found by name stays.
    bool durable_only = false;
    ack acknowledge = ack::durable;
    /// Refuses later events of an erased lead, for which a hash of its key is kept. False: purge() leaves
    /// nothing of it, and the lead may come back.
    bool suppress_erased = true;
    /// purge() overwrites files with zeros before it removes them.
    bool overwrite_purged = false;
    /// Opens a store on a file system over a network or in a process (NFS, SMB, 9p, FUSE and their like),
    /// too, whose locks and syncs may not hold what is promised here. False: unsupported.
    bool allow_network = false;
    /// purge() also removes events that are older than this, by the clock of the machine: a wrong time in an
    /// event can then remove nothing else. None: age removes nothing. Later a late event may still come.
    std::optional<duration> retain{};
    /// A snapshot may read a file that purge() took away, or that had an erased lead, for so long. The next
    /// purge() or maintain() after that closes the file, so that its bytes go, and questions that need it
    /// give limit_exceeded: take a new snapshot. None: as long as the snapshot lives.
    std::optional<duration> max_snapshot_age = std::chrono::minutes(15);
    weir::limits limits{};
    /// Events later than this after the clock are refused and counted as future. None: any time is right.
    std::optional<duration> max_future_skew{};
};

/// Says how open() found a store on disk. A new one, and one in memory, is as it stands here.
struct open_report {
    bool was_closed = true;       ///< false: the last writer appended, and has not called close() since
    std::int64_t log_events = 0;  ///< that were read from the log
    /// At the end of the log, of calls that never came back or failed; beside a writer of one under way, too.
    std::int64_t dropped_bytes = 0;
    bool manifest_copy_damaged = false;  ///< one of two; a writer has written both anew
    friend bool operator==(const open_report&, const open_report&) = default;
};

/// Says what became of the events of one append:
/// accepted + duplicate + erased + future == offered; conflicting counts duplicates whose content differed.
struct receipt {
    std::int64_t offered = 0, accepted = 0, duplicate = 0, conflicting = 0, erased = 0, future = 0;
    /// Of the accepted: earlier than an event that the store had already, or that stands before it in the
    /// batch. Answers about times that had passed may be others now.
    std::int64_t late = 0;
    /// Adds what became of other events.
    receipt& operator+=(const receipt& other) {
        offered += other.offered;
        accepted += other.accepted;
        duplicate += other.duplicate;
        conflicting += other.conflicting;
        erased += other.erased;
        future += other.future;
        late += other.late;
        return *this;
    }
    friend bool operator==(const receipt&, const receipt&) = default;
};

/// Says what a purge removes beside erased leads, and how long it may take.
struct purge_options {
    /// Events before this time are removed, of all leads; instead of what `retain` would say.
    std::optional<instant> before{};
    /// It stops at the first whole piece of work that ends later; one is always done. None: it does all.
    std::optional<duration> budget{};
};

/// Says what a purge removed for good.
struct purge_receipt {
    std::uint64_t last_erasure = 0;      ///< erasures up to this one are gone
    instant when{};                      ///< 1970 if there was nothing to purge
    std::int64_t leads = 0, events = 0;  ///< that stood in segment files; an event may never have come there
    std::int64_t files = 0, bytes = 0;   ///< that were written anew
    std::optional<instant> first{}, last{};  ///< times of those events
    std::optional<instant> before{};         ///< events before this time were removed, by their age
    std::int64_t aged = 0;                   ///< how many, of leads that were not erased
    bool more = false;  ///< the budget ended first: bytes of erased leads are left; purge again
    friend bool operator==(const purge_receipt&, const purge_receipt&) = default;
};

/// Says what maintain() did in its time.
struct maintain_receipt {
    std::int64_t events = 0;  ///< rewritten
    bool more = false;        ///< the time ended before it was known that nothing else is due
    friend bool operator==(const maintain_receipt&, const maintain_receipt&) = default;
};

/// An erasure that the files of a store tell of: its leads are suppressed, or not yet purged.
struct erasure_status {
    std::uint64_t id = 0;  ///< 1, 2, ... over the life of the store
    instant when{};
    bool gone = false;  ///< a purge has removed the lead's bytes from all files
    bool held = false;  ///< a snapshot that is older may still read a file without a name that has them
    friend bool operator==(const erasure_status&, const erasure_status&) = default;
};

/// Says what verify() read. A second copy of the manifest that is damaged is no error: the first is enough.
struct verify_report {
    std::int64_t files = 0, bytes = 0, events = 0;
    bool manifest_copy_damaged = false;
    friend bool operator==(const verify_report&, const verify_report&) = default;
};

/// Says how a question is run, or a file is loaded; what comes out never depends on `threads`.
struct scope {
    int threads = 1;                 ///< 1 to 256; all are joined before the verb returns
    std::optional<instant> as_of{};  ///< derive: judges time-outs here; none: the snapshot's last raw event
    bool explain_plan = false;  ///< measure: a note of the answer says what was read and how; it may differ
                                ///< from machine to machine
};

/// An immutable set of events: a store at one moment, or the same with leads put together, with stages. Cheap
/// to copy; share it between threads freely.
class WEIR_API snapshot {
public:
    snapshot();  ///< no events
    /// Events in the set, derived ones included, hidden ones not.
    std::int64_t size() const;
    /// Distinct leads with at least one event.
    std::int64_t leads() const;
    /// Time of the last raw event: the default as_of. None if there is no event.
    std::optional<instant> last() const;

    struct impl;
    explicit snapshot(std::shared_ptr<const impl>) noexcept;
    const impl& data() const { return *impl_; }
    const std::shared_ptr<const impl>& share() const { return impl_; }

private:
    std::shared_ptr<const impl> impl_;
};

/// Gives the journey of one lead: its events in order, with the attributes that questions see.
///
/// Equal times stand in order of arrival. Stage events stand behind the event that caused them and show its
/// attributes where they have none of their own; raw events that stage events replace are left out. In a
/// snapshot whose leads were put together any key finds its lead, and the events show the key that names it.
/// Attributes ascend by name; event ids are not kept. A lead that the snapshot does not know has no events.
/// Cost: O(events of the lead × columns + segments × log leads).
WEIR_API result<std::vector<event>> events_of(const snapshot&, const lead_id&);

/// Events in columns, in memory or in a directory. Any thread may call any method; appends queue behind one
/// another and snapshot() does not wait for them.
///
/// A store on disk has one writer. Several threads that append share one write to the disk. Whatever happens,
/// it opens again with the batches that were acknowledged, and maybe some that were still under way, each
/// whole, none left out between. After a failed sync it takes nothing more (io) until it is opened anew: what
/// the disk has cannot be known from here.
class WEIR_API store {
public:
    store();
    explicit store(const store_options&);
    /// Opens the store in a directory, which is made (mode 0700) if it is not there.
    ///
    /// Errors: io (not a directory, another writer, no store to read), corrupt (a file is damaged or missing:
    /// nothing is changed), unsupported (a newer weir wrote it), bad_input (the directory holds other
    /// things), unsupported (a file system over a network, see allow_network). Cost: reads the log, at most
    /// about 64 MiB, and the segments.
    static result<store> open(std::string path, const store_options& = {});
    store(store&&) noexcept;
    store& operator=(store&&) noexcept;
    /// A store on disk that was not closed is as durable as it was; the next open reads its log.
    ~store();

    /// Adds all events of the batch, or none. Late events are welcome: order of arrival only numbers them.
    /// Errors: bad_input (the first wrong event, "batch[3]"), limit_exceeded (memory_budget); on disk also
    /// limit_exceeded (attributes beyond 4096), io, unsupported (closed, or open to read). A snapshot shows
    /// them when they are acknowledged. Cost: O(n log n), and each event is rewritten a few more times as the
    /// store grows.
    result<receipt> append(const batch&);
    result<receipt> append(const event&);
    /// Merges everything into one run of events by lead, which makes questions fastest. Does nothing where
    /// it is one already. In memory appends wait for it. On disk the run is cut by leads into files, appends
    /// go on, and the merge keeps to the memory budget, by passes over a part of it first where there are
    /// many files. Errors: io. Cost: rewrites every event, on disk once as a rule; maintain() is cheaper.
    result<void> seal();
    /// Does one merge that is due and gives the number of events that it rewrote; 0: none is due. On disk it
    /// moves what the log holds into a segment file if that holds anything, else it merges files, eight of a
    /// size. Call it when there is time, and again until it gives 0. Appends do not wait for it.
    result<std::int64_t> maintain();
    /// Does so again and again until nothing is due or the time is over; a merge that began is finished.
    result<maintain_receipt> maintain(duration budget);
    /// Removes every event of a lead; later events of that lead are refused and counted as erased.
    /// Snapshots taken before still show it, and on disk its bytes stay in files until purge(). On a full
    /// disk it gets room that the store kept back for it. Returns the number of events removed. Cost: on disk
    /// O(segments × log leads + events of the lead), and columns that are read; in memory its segments are
    /// written anew.
    result<std::int64_t> erase(const lead_id&);
    /// Does so with many leads, as all keys of one person, together: after a crash all are erased or none,
    /// and it costs hardly more than one.
    result<std::int64_t> erase(std::span<const lead_id>);
    /// Removes the bytes of all erased leads from every file, and events that are too old, see purge_options
    /// and store_options::retain. A file that an older snapshot still reads loses its name now and its bytes
    /// with that snapshot, or when that is ended, see store_options::max_snapshot_age; erasures() tells.
    ///
    /// A snapshot that is taken after a removal by age has exactly the events that are not before that time,
    /// and what was appended while it ran. All of them go at once, also in a crash, as one piece of work,
    /// which needs room for the files that are cut, but not for those that go as a whole. Where the call
    /// fails they may be gone nevertheless. An id of an event that went so may be taken again.
    /// In memory there is nothing to do but for `before`; `retain` is not for it.
    /// Cost: rewrites the log and each segment that holds an erased lead, or events on both sides.
    result<purge_receipt> purge(const purge_options& = {});
    /// Lists the erasures that the store knows, oldest first. In memory there are none.
    result<std::vector<erasure_status>> erasures() const;
    /// Reads every byte of every file and checks it. In memory there are no files.
    /// Errors: corrupt, with file and offset. Cost: reads the store; appends wait for the log's part.
    result<verify_report> verify() const;
    /// Moves the log into a segment file, so that the next open is quick, and gives up the lock. From then on
    /// every verb gives unsupported; snapshots stay. In memory it does nothing else. Errors: io; then the
    /// store is closed all the same, and what was acknowledged is in the log.
    result<void> close();
    weir::snapshot snapshot() const;
    /// Says how open() found it.
    open_report opened() const;
    /// Bytes that count against the memory budget, columns that were read from files among them.
    std::int64_t memory() const;

    struct impl;
    explicit store(std::unique_ptr<impl>) noexcept;

private:
    std::unique_ptr<impl> impl_;
};

}  // namespace v1
}  // namespace weir
