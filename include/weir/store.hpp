// weir/store.hpp - the store that a host appends to, and the immutable snapshot that questions read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <weir/error.hpp>
#include <weir/event.hpp>
#include <weir/time.hpp>

namespace weir {
inline namespace v1 {

struct store_options {
    /// Bytes that events and dictionaries may take; beyond it append() answers limit_exceeded and changes
    /// nothing. Reorganising needs as much again for a moment.
    std::int64_t memory_budget = std::int64_t{4} << 30;
    /// How many accepted events back an event id is remembered.
    std::int64_t dedupe_horizon = std::int64_t{1} << 20;
    /// append() merges segments when eight of a size have come together, so that now and then one takes
    /// longer. False: only maintain() and seal() do.
    bool merge_on_append = true;
};

/// Says what became of the events of one append:
/// accepted + duplicate + erased == offered; conflicting counts duplicates whose content differed.
struct receipt {
    std::int64_t offered = 0, accepted = 0, duplicate = 0, conflicting = 0, erased = 0;
    friend bool operator==(const receipt&, const receipt&) = default;
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

/// Events in memory, in columns. Any thread may call any method; appends queue behind one another and
/// snapshot() does not wait for them.
class WEIR_API store {
public:
    store();
    explicit store(const store_options&);
    store(store&&) noexcept;
    store& operator=(store&&) noexcept;
    ~store();

    /// Adds all events of the batch, or none. Late events are welcome: order of arrival only numbers them.
    /// Errors: bad_input (the first wrong event, "batch[3]"), limit_exceeded (memory_budget).
    /// Cost: O(n log n), and each event is rewritten a few more times as the store grows.
    result<receipt> append(const batch&);
    result<receipt> append(const event&);
    /// Merges everything into one segment, which makes questions fastest. Appends wait for it.
    result<void> seal();
    /// Does one merge that is due and gives the number of events that it rewrote; 0: none is due. Call it
    /// when there is time, and again until it gives 0. Appends do not wait for it.
    result<std::int64_t> maintain();
    /// Removes every event of a lead; later events of that lead are refused and counted as erased.
    /// Snapshots taken before still show it. Returns the number of events removed. Cost: O(its segments).
    result<std::int64_t> erase(const lead_id&);
    weir::snapshot snapshot() const;
    /// Bytes that count against the memory budget.
    std::int64_t memory() const;

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace v1
}  // namespace weir
