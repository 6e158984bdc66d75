// weir/live.hpp - answers kept up to date as events arrive, and answers put together from parts.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <weir/error.hpp>
#include <weir/flow.hpp>
#include <weir/funnel.hpp>
#include <weir/lifecycle.hpp>
#include <weir/store.hpp>

namespace weir {
inline namespace v1 {

/// What the answer to a funnel is made of, for the leads of one snapshot: sums, waits, and the names that
/// notes tell of. Immutable and cheap to copy. Size: about a number for each step that a lead reached; no
/// events.
class WEIR_API funnel_part {
public:
    /// Of no leads.
    explicit funnel_part(const funnel&);
    /// Gives what measure() answers of all the leads in it. Errors: those of check() for the question.
    result<funnel_table> answer() const;

    struct impl;
    explicit funnel_part(std::shared_ptr<const impl>) noexcept;
    const impl& data() const { return *impl_; }

private:
    std::shared_ptr<const impl> impl_;
};
/// Measures a funnel as far as sums; where accounts are counted, also their names. Errors: those of
/// measure().
WEIR_API result<funnel_part> part_of(const snapshot&, const funnel&, const scope& = {});
/// Adds up two parts of one question, in any order and any tree of merges.
///
/// Each lead must be in one of them with all its events: stores that are cut by lead, not by time. Nothing
/// but a list of leads tells a lead that is in both, which is then counted twice. An account has to be in one
/// with all its leads: stores that are cut by account. Errors: invalid_question (two questions, two as_of,
/// other lifecycles, a lead listed in both, an account in both), limit_exceeded (max_groups).
WEIR_API result<funnel_part> merge(const funnel_part&, const funnel_part&);
/// Prints {"funnel_part": {...}}, which another process may read: all numbers are exact.
WEIR_API std::string to_json(const funnel_part&);
/// Errors: bad_input, unknown_name (a key), those of check() for the question.
WEIR_API result<funnel_part> funnel_part_from_json(std::string_view);

/// How far each lead comes in a funnel by the events of one range of time, so that ranges can be joined
/// without the events. Immutable and cheap to copy. Size: for each lead, and each value
/// held, at most one time for each pair of steps.
class WEIR_API funnel_range {
public:
    /// The range of time; an end that is missing is open.
    period when() const;
    /// Gives the counts and rates that measure() gives of the events in the range, without waits.
    result<funnel_table> answer() const;

    struct impl;
    explicit funnel_range(std::shared_ptr<const impl>) noexcept;
    const impl& data() const { return *impl_; }

private:
    std::shared_ptr<const impl> impl_;
};
/// Reads the events at from <= t < until, and no others: a store that holds no others will do.
///
/// Steps in sequence, a window, a period, any rule for equal times, at_least, attributes held equal, groups
/// by each_value. Errors: those of measure(); invalid_question (a range that ends before it begins);
/// unsupported (all other axes and groups, buckets, lists, and conditions that read a lead's latest value).
WEIR_API result<funnel_range> range_of(const snapshot&, const funnel&, const period& when, const scope& = {});
/// Joins two ranges of one question, of which one begins where the other ends; any tree of merges gives the
/// same. Leads are the same by key, and as_of is the later one. Errors: invalid_question (two questions,
/// ranges that are no neighbours).
WEIR_API result<funnel_range> merge(const funnel_range&, const funnel_range&);
/// Prints {"funnel_range": {...}}, which another process may read: all numbers are exact.
WEIR_API std::string to_json(const funnel_range&);
/// Errors: bad_input, unknown_name (a key), those of range_of() for the question.
WEIR_API result<funnel_range> funnel_range_from_json(std::string_view);

/// What an update read.
struct live_update {
    std::int64_t leads = 0;  ///< read again: those whose events differ
    bool all = false;        ///< instead all leads were read
    friend bool operator==(const live_update&, const live_update&) = default;
};

/// A funnel whose answer follows a store: live.update(store.snapshot()), live.answer().
///
/// It keeps the last snapshot and the sums; a lead whose events differ is counted as it was and taken out,
/// counted as it is and put in. So late events, erased leads, stages and keys that were put together or
/// parted again cost the leads concerned. Where accounts are counted, it keeps the account of each lead; one
/// is counted again if one of its leads differs, left it or came to it. Copies are snapshots of it; a
/// live_funnel belongs to one thread at a time.
class WEIR_API live_funnel {
public:
    explicit live_funnel(funnel question);
    /// Goes to another snapshot, later or earlier. After an error all is as before.
    ///
    /// All leads are read if the snapshot comes from another store than the last, was derived by another
    /// identity or other lifecycles, or if one of the two has no events. Errors: those of part_of(). Cost:
    /// some nanoseconds for each lead of the store, twice the leads concerned, a copy of the sums; where
    /// accounts are counted, all events of the accounts concerned are rewritten twice.
    result<live_update> update(const snapshot&, const scope& = {});
    /// Gives the bytes that measure(snapshot, question) gives. Errors: those of check() for the question.
    result<funnel_table> answer() const { return part_.answer(); }
    /// What merge() takes.
    const funnel_part& part() const { return part_; }

private:
    funnel question_;
    snapshot seen_{};
    funnel_part part_;
};

/// What the answer to a flow is made of, for the leads of one snapshot: sums, times, and what notes tell of.
/// Immutable and cheap to copy. Size: a number for each visit and each conversion, a few for each group and
/// bucket; no events.
class WEIR_API partial_flow {
public:
    /// Gives what measure() answers of all the leads in it. Errors: those of measure() for groups, buckets,
    /// and sums of amounts.
    result<flow_table> answer() const;

    struct impl;
    explicit partial_flow(std::shared_ptr<const impl>) noexcept;
    const impl& data() const { return *impl_; }

private:
    std::shared_ptr<const impl> impl_;
};
/// Measures a flow as far as sums. Errors: those of measure().
WEIR_API result<partial_flow> part_of(const snapshot&, const flow&, const scope& = {});
/// The same, given what this function said of another snapshot of the store: leads whose events or stages
/// differ, or of whom another as_of tells something else (open, stalled, mature), are taken out as they were
/// and put in as they are. The part keeps the snapshot.
///
/// All leads are counted if nothing can be taken over: another question, another lifecycle or identity, a
/// part that was merged or read. Errors: those of measure(). Cost: twice the leads concerned, and a pass over
/// codes of leads.
WEIR_API result<partial_flow> part_of(const snapshot&, const flow&, const std::optional<partial_flow>& before,
                                      const scope& = {});
/// Adds up two parts of one question, in any order and any tree of merges. Each lead must be in one of them,
/// with all its events. Errors: invalid_question (two questions, lifecycles or as_of), limit_exceeded
/// (max_groups).
WEIR_API result<partial_flow> merge(const partial_flow&, const partial_flow&);
/// Prints {"partial_flow": {...}}, which another process may read: all numbers are exact.
WEIR_API std::string to_json(const partial_flow&);
/// Errors: bad_input (numbers that contradict each other among them), unknown_name (a key), unsupported
/// (another version), those of check() for the question and the lifecycle.
WEIR_API result<partial_flow> partial_flow_from_json(std::string_view);

/// A flow that follows its store: each update derives again those leads alone whose stages may differ, and
/// counts again those alone whose part of the answer may.
class WEIR_API live_flow {
public:
    live_flow(lifecycle, flow);
    /// Takes a snapshot without stages of their lifecycle. After an error all is as before. Errors: those of
    /// derive(). Cost: that of derive() with the stages before at hand, and of part_of() with the part
    /// before; all leads of which keys were put together.
    result<void> update(const snapshot&, const scope& = {});
    /// Gives the bytes that measure(derive(snapshot, lifecycle), flow) gives. Errors: those of measure().
    /// Cost: that of the rows; with explain_plan that of measure().
    result<flow_table> answer(const scope& = {}) const;
    /// What merge() takes. Errors: those of measure().
    const result<partial_flow>& part() const { return part_; }
    /// The last snapshot with its stages, which any question may be asked of.
    const snapshot& stages() const { return stages_; }

private:
    lifecycle lifecycle_;
    flow flow_;
    snapshot stages_{};
    result<partial_flow> part_;
};

}  // namespace v1
}  // namespace weir
