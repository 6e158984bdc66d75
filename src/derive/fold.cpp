#include "derive/fold.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <tuple>

#include "base/fail.hpp"
#include "scan/scan.hpp"

namespace weir::inline v1 {
namespace {

// Time-outs of one lead that may follow one another without an event between: rules that wait a microsecond
// and lead in a circle would otherwise fill the memory.
constexpr int max_time_outs_in_a_row = 100'000;

move_kind kind_of_move(const rulebook& rules, place present, place to) {
    if (present == nowhere) return move_kind::created;
    if (to == present) return move_kind::repeated;
    if (!rules.is_stage(to)) return rules.is_stage(present) ? move_kind::exit : move_kind::corrected;
    if (rules.is_terminal(present)) return move_kind::reopen;
    if (to < present) return move_kind::recycle;
    return to == present + 1 ? move_kind::advance : move_kind::jump;
}

std::string_view policy_against(const rulebook& rules, move_kind kind, place to) {
    const weir::lifecycle& policies = rules.lifecycle();
    const bool skips =
        kind == move_kind::jump || (kind == move_kind::created && rules.is_stage(to) && to > 0);
    if (skips && policies.skipped == skipped::reject) return "skipped";
    if (kind == move_kind::recycle && policies.backward == backward::reject) return "backward";
    if (kind == move_kind::reopen && policies.reopened == reopened::reject) return "reopened";
    return {};
}

// Folds lead after lead. Not shared between threads, nor is a cache line of it.
class alignas(64) folder {
public:
    folder(const rulebook& rules, std::int64_t as_of, findings& to, lead_fold* told = nullptr)
        : rules_(&rules), found_(to), as_of_(as_of), told_(told), clocks_(rules.time_outs().size()) {}
    // Takes all events of one lead, hidden ones too, in total order, none after as_of.
    void fold(const lead_rows&);

private:
    // Lets a lead enter `to` because of the event rows_[row]; without a row it is a time-out.
    struct proposal {
        place to;
        std::uint32_t rule;
        std::size_t row;
    };
    struct idle_clock {
        std::optional<std::int64_t> last_activity{};
        std::optional<std::int64_t> tried{};  // the start of the span whose end was tried
    };
    struct due_rule {
        std::int64_t at;
        std::size_t time_out;
        std::int64_t since;
    };
    static constexpr std::size_t no_row = considered::no_row;

    void start(const lead_rows&);
    // Only where one lead is explained.
    void tell(const proposal&, std::int64_t time, std::string_view fate) const;
    void finish_telling() const;
    void take_instant(std::size_t first, std::size_t last);
    void take_event(std::size_t row);
    void collect(std::size_t first, std::size_t last);
    std::optional<place> target_of(std::uint32_t rule, std::size_t row);
    void apply_proposals();
    bool consider(const proposal&, place& done);
    bool is_one_of_several(std::size_t at) const;
    void run_time_outs(std::int64_t until);
    void run_due(std::int64_t until);
    std::optional<due_rule> next_due(std::int64_t until) const;

    void apply(const proposal&, std::int64_t time);
    void refuse(const proposal&, std::int64_t time, std::string_view policy, std::string target);
    void enter(const proposal&, std::int64_t time, move_kind, place to);
    void give_cause(stage_entry&, const proposal&);
    void give_position(stage_entry&, std::size_t row) const;
    stage_entry& new_entry();
    void keep(const stage_entry&);
    std::size_t last_alike(std::size_t row) const;

    const rulebook* rules_;
    findings& found_;
    std::int64_t as_of_;
    lead_fold* told_;
    std::vector<idle_clock> clocks_;  // by time-out
    std::vector<proposal> proposals_{};

    // Of the lead at hand:
    std::uint32_t lead_ = 0;
    std::span<const row> rows_{};
    std::size_t past_ = 0;               // rows at or before the instant at hand
    std::uint32_t entries_ = 0;          // so far
    const stage_entry* last_ = nullptr;  // of these
    std::uint64_t places_ = 0;           // that it entered
    place present_ = nowhere;
    std::int64_t since_ = 0;  // start of the present visit
    std::uint32_t number_ = 1;
    bool disputed_ = false;
};

inline void folder::run_time_outs(std::int64_t until) {
    if (!clocks_.empty()) run_due(until);
}

void folder::fold(const lead_rows& lead) {
    start(lead);
    for (std::size_t first = 0; first < rows_.size();) {
        const std::int64_t time = rows_[first].time;
        std::size_t last = first + 1;
        while (last < rows_.size() && rows_[last].time == time) ++last;
        if (time > std::numeric_limits<std::int64_t>::min()) run_time_outs(time - 1);
        take_instant(first, last);
        run_time_outs(time);
        first = last;
    }
    run_time_outs(as_of_);
    if (entries_ > 0) found_.leads.push_back({lead_, entries_, places_});
    if (disputed_) found_.disputed.push_back(lead_);
    if (told_ != nullptr) finish_telling();
}

inline void folder::tell(const proposal& p, std::int64_t time, std::string_view fate) const {
    if (told_ != nullptr) told_->all.push_back({p.rule, time, p.row, present_, p.to, fate});
}

void folder::finish_telling() const {
    for (const auto& block : found_.blocks)
        told_->entries.insert(told_->entries.end(), block.begin(), block.end());
    told_->present = present_;
    told_->since = since_;
    for (std::size_t i = 0; i < clocks_.size(); ++i) {
        lead_fold::clock c{.last_activity = clocks_[i].last_activity};
        for (std::size_t row = 0; row < rows_.size(); ++row)
            if (rules_->is_activity(i, rows_[row])) c.activity_row = row;
        told_->clocks.push_back(c);
    }
}

void folder::start(const lead_rows& lead) {
    lead_ = lead.lead;
    rows_ = lead.rows;
    past_ = 0;
    entries_ = 0;
    places_ = 0;
    present_ = nowhere;
    number_ = 1;
    disputed_ = false;
    std::fill(clocks_.begin(), clocks_.end(), idle_clock{});
}

void folder::take_instant(std::size_t first, std::size_t last) {
    past_ = last;
    if (last - first > 1 && rules_->lifecycle().same_time == same_time::in_stage_order) {
        collect(first, last);
        apply_proposals();
    } else {
        for (std::size_t row = first; row < last; ++row) take_event(row);
    }
    for (std::size_t i = 0; i < clocks_.size(); ++i) {
        for (std::size_t row = first; row < last; ++row) {
            if (rules_->is_activity(i, rows_[row])) clocks_[i].last_activity = rows_[row].time;
        }
    }
}

// What plain rules propose is in order already.
void folder::take_event(std::size_t row) {
    const triggers& triggered = rules_->triggered_by(rows_[row]);
    if (triggered.plain) {
        place done = nowhere;
        for (const auto& [rule, to] : triggered.rules) consider({to, rule, row}, done);
    } else {
        collect(row, row + 1);
        apply_proposals();
    }
}

void folder::collect(std::size_t first, std::size_t last) {
    proposals_.clear();
    for (std::size_t row = first; row < last; ++row) {
        for (const auto& t : rules_->triggered_by(rows_[row]).rules) {
            if (!rules_->rule(t.rule).holds_at(rows_[row].time)) continue;
            const predicate& where = rules_->rule(t.rule).where;
            disputed_ = disputed_ || where.is_disputed(rows_.first(past_));
            if (!where.holds(rows_, row)) {
                tell({t.to, t.rule, row}, rows_[row].time, "condition");
                continue;
            }
            if (const auto to = target_of(t.rule, row)) proposals_.push_back({*to, t.rule, row});
        }
    }
    std::sort(proposals_.begin(), proposals_.end(), [](const proposal& a, const proposal& b) {
        return std::tie(a.to, a.rule, a.row) < std::tie(b.to, b.rule, b.row);
    });
}

std::optional<place> folder::target_of(std::uint32_t rule, std::size_t row) {
    const bound_rule& bound = rules_->rule(rule);
    if (!bound.word) return bound.to;
    const datum word = bound.word->at(rows_[row]);
    if (word.missing()) return std::nullopt;
    std::string text = bound.word->text_of(word);
    const auto to = rules_->find(bound, text);
    if (!to) refuse({nowhere, rule, row}, rows_[row].time, "unknown_stage", std::move(text));
    return to;
}

void folder::apply_proposals() {
    place done = nowhere;
    for (std::size_t i = 0; i < proposals_.size(); ++i)
        if (consider(proposals_[i], done)) disputed_ = disputed_ || is_one_of_several(i);
}

// Of several proposals with one target the first that fires is applied. True if the lead entered something.
bool folder::consider(const proposal& p, place& done) {
    if (p.to == done || !rules_->rule(p.rule).from.has(present_)) {
        tell(p, rows_[p.row].time, p.to == done ? "same target" : "from");
        return false;
    }
    done = p.to;
    const std::uint32_t before = entries_;
    apply(p, rows_[p.row].time);
    return entries_ > before;
}

// Whether another event, of other content, made the same proposal by the same rule: arrival chose between
// them.
bool folder::is_one_of_several(std::size_t at) const {
    const proposal& p = proposals_[at];
    for (std::size_t i = at + 1; i < proposals_.size(); ++i) {
        if (proposals_[i].to != p.to || proposals_[i].rule != p.rule) return false;
        if (rules_->differ(rows_[p.row], rows_[proposals_[i].row])) return true;
    }
    return false;
}

void folder::run_due(std::int64_t until) {
    int in_a_row = 0;
    while (const auto due = next_due(until)) {
        if (++in_a_row > max_time_outs_in_a_row) {
            fail(errc::limit_exceeded,
                 "more than " + std::to_string(max_time_outs_in_a_row) +
                     " time-outs of a lead follow one another without an event; do idle rules lead in a "
                     "circle?",
                 "rules");
        }
        clocks_[due->time_out].tried = due->since;
        const std::uint32_t rule = rules_->time_outs()[due->time_out];
        const bound_rule& bound = rules_->rule(rule);
        disputed_ = disputed_ || bound.where.is_disputed(rows_.first(past_));
        const proposal p{bound.to, rule, no_row};
        if (bound.where.holds_after(rows_.first(past_)))
            apply(p, due->at);
        else
            tell(p, due->at, "condition");
    }
}

// The earliest time-out, the first by rule order among equals.
std::optional<folder::due_rule> folder::next_due(std::int64_t until) const {
    std::optional<due_rule> next;
    for (std::size_t i = 0; i < clocks_.size(); ++i) {
        const bound_rule& bound = rules_->rule(rules_->time_outs()[i]);
        if (!bound.from.has(present_)) continue;
        const std::int64_t since = std::max(since_, clocks_[i].last_activity.value_or(since_));
        if (clocks_[i].tried == since) continue;
        const auto at = idle_until(since, bound.idle);
        if (at && *at <= until && bound.holds_at(*at) && (!next || *at < next->at)) next = {*at, i, since};
    }
    return next;
}

void folder::apply(const proposal& p, std::int64_t time) {
    const weir::lifecycle& policies = rules_->lifecycle();
    const move_kind kind = kind_of_move(*rules_, present_, p.to);
    if (kind == move_kind::repeated && policies.repeated == repeated::ignore)
        return tell(p, time, "same stage");
    if (const auto policy = policy_against(*rules_, kind, p.to); !policy.empty()) {
        refuse(p, time, policy, rules_->places()[static_cast<std::size_t>(p.to)]);
        return;
    }
    tell(p, time, "applied");
    const bool new_passage =
        kind == move_kind::recycle || kind == move_kind::reopen || kind == move_kind::repeated;
    if (new_passage) ++number_;
    const bool may_skip = rules_->is_stage(p.to) && (kind == move_kind::created || kind == move_kind::jump);
    if (may_skip && policies.skipped == skipped::fill && p.to > present_ + 1) {
        while (present_ + 1 < p.to) enter(p, time, move_kind::filled, present_ + 1);
        enter(p, time, move_kind::advance, p.to);
    } else {
        enter(p, time, kind, p.to);
    }
}

void folder::refuse(const proposal& p, std::int64_t time, std::string_view policy, std::string target) {
    tell(p, time, policy);
    const std::uint32_t event = p.row == no_row ? refused_move::no_event : rows_[p.row].event;
    found_.refused.push_back({lead_, p.rule, time, event, policy, std::move(target)});
}

void folder::enter(const proposal& p, std::int64_t time, move_kind kind, place to) {
    stage_entry& e = new_entry();
    e.time = time;
    e.rule = p.rule;
    e.number = number_;
    e.from = static_cast<std::int8_t>(present_);
    e.to = static_cast<std::int8_t>(to);
    e.kind = kind;
    give_cause(e, p);
    give_position(e, p.row);
    keep(e);
    present_ = to;
    since_ = time;
}

void folder::give_cause(stage_entry& e, const proposal& p) {
    e.cause_segment = stage_entry::no_cause;
    e.reason = stage_entry::no_reason;
    if (p.row == no_row) return;
    e.cause_segment = rows_[p.row].segment;
    e.cause_row = rows_[p.row].index;
    const auto& reason = rules_->rule(p.rule).reason;
    if (!reason) return;
    const datum stated = reason->at(rows_[p.row]);
    if (stated.missing()) return;
    if (const std::string text = reason->text_of(stated); !text.empty())
        e.reason = found_.reasons.insert(text);
}

stage_entry& folder::new_entry() {
    constexpr std::size_t block_size = 1 << 14;
    if (found_.blocks.empty() || found_.blocks.back().size() == block_size)
        found_.blocks.emplace_back().reserve(block_size);  // so that none of it moves
    return found_.blocks.back().emplace_back();
}

void folder::keep(const stage_entry& e) {
    found_.times.take(e.time);
    found_.arrivals.take(e.arrival);
    found_.orders.take(e.order);
    found_.segments.take(e.source_segment());
    found_.rows.take(e.cause_row);
    found_.numbers.take(e.number);
    last_ = &e;
    ++entries_;
    places_ |= std::uint64_t{1} << e.to;
}

// An entry comes after all that caused it: its event, and the entries of this instant before it, which may
// stem from events that arrived later. Its order follows whatever already has that time and arrival, be it of
// another lifecycle.
void folder::give_position(stage_entry& e, std::size_t row) const {
    e.arrival = row == no_row ? after_all : rows_[row].arrival;
    if (entries_ > 0 && last_->time == e.time && last_->arrival >= e.arrival) {
        e.arrival = last_->arrival;
        e.order = last_->order + 1;
        return;
    }
    const std::size_t last = row == no_row ? past_ - 1 : last_alike(row);
    const bool taken = rows_[last].time == e.time && rows_[last].arrival == e.arrival;
    e.order = taken ? rows_[last].order + 1 : 1;
}

std::size_t folder::last_alike(std::size_t row) const {
    const auto alike = [&](std::size_t other) {
        return rows_[other].time == rows_[row].time && rows_[other].arrival == rows_[row].arrival;
    };
    while (row + 1 < rows_.size() && alike(row + 1)) ++row;
    return row;
}

}  // namespace

// The longest duration means "no limit".
std::optional<std::int64_t> idle_until(std::int64_t since, std::int64_t idle) {
    constexpr std::int64_t latest = std::numeric_limits<std::int64_t>::max();
    if (idle == latest || since > latest - idle) return std::nullopt;
    return since + idle;
}

std::string_view refusing_policy(const rulebook& rules, place present, place to) {
    return policy_against(rules, kind_of_move(rules, present, to), to);
}

lead_fold fold_lead(const rulebook& rules, std::span<const row> rows, std::int64_t as_of) {
    lead_fold told;
    findings found;
    folder(rules, as_of, found, &told).fold({.lead = 0, .rows = rows});
    return told;
}

std::deque<findings> fold(const snapshot::impl& data, const rulebook& rules, std::int64_t as_of, int threads,
                          const std::vector<bool>& leads) {
    std::deque<findings> parts;
    std::deque<folder> folders;
    for (int i = 0; i < threads; ++i) folders.emplace_back(rules, as_of, parts.emplace_back());
    const scan_options options{.as_of = as_of,
                               .hidden = true,
                               .leads = leads,
                               .threads = threads,
                               .events = rules.needed(),
                               .filter = {.first = rules.triggering()}};
    scan(data, options,
         [&](int worker, const lead_rows& lead) { folders[static_cast<std::size_t>(worker)].fold(lead); });
    return parts;
}

}  // namespace weir::inline v1
