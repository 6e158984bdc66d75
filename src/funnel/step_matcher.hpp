// funnel/step_matcher.hpp - what an event may do to the chains of a funnel, and where arrival decided what
// it read.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <weir/funnel.hpp>

#include "funnel/step_plan.hpp"
#include "scan/attribute_reader.hpp"
#include "scan/predicate.hpp"
#include "scan/scan.hpp"

namespace weir::inline v1 {

/// Bit k of what an event matches stands for term k of the plan. Immutable; what it is made of must outlive
/// it.
class step_matcher {
public:
    /// An attribute that conditions read as the lead's latest value.
    struct lead_read {
        std::string attribute{};
        attribute_reader reader;
        std::uint64_t terms = 0;       ///< whose conditions read it
        std::uint64_t exclusions = 0;  ///< likewise
    };
    /// What one event may do.
    struct role {
        candidate event{};
        std::uint64_t optional = 0;  ///< steps, as written, that it may fill
        std::uint64_t terms = 0;     ///< what it matches

        bool matters() const { return (event.steps | event.blocks | event.kills | optional) != 0; }
    };

    step_matcher(const snapshot::impl&, const funnel&, const step_plan&);

    role role_of(std::span<const row> rows, std::size_t at) const {
        const std::uint64_t terms = terms_.at(rows, at);
        role r{{rows[at].time, plan_->fills(terms), static_cast<std::uint32_t>(at)},
               plan_->optional_of(terms),
               terms};
        if (ends_chains_) add_ends(r, terms != 0, rows, at);
        return r;
    }
    /// True if events do no more than fill required steps: those of fills().
    bool only_fills() const { return !ends_chains_ && plan_->optional_steps() == 0; }
    std::uint64_t fills(std::span<const row> rows, std::size_t at) const {
        return plan_->fills(terms_.at(rows, at));
    }
    /// How many steps of a chain, one after another from the first, the names of these events could fill.
    int most_steps(std::span<const row> rows) const {
        std::uint64_t terms = 0;
        for (const row& r : rows) terms |= terms_.named(r.event);
        return std::countr_one(plan_->fills(terms));
    }
    /// The role of an event that may fill no step after all.
    role without_steps(role r) const {
        r.event.steps = 0;
        r.optional = 0;
        r.event.blocks = r.event.kills & ~std::uint64_t{1};
        if (every_event_matters()) r.event.blocks |= bits(1, max_steps - 1);
        return r;
    }
    /// Puts the events of one time in an order that arrival decides only for those that do the same. Which of
    /// them a chain takes decides what is left for an optional step.
    void order_ties(std::vector<role>&) const;
    /// Whether an event of this name can matter.
    bool matters(std::uint32_t event) const;
    /// True if every event of a lead matters, whatever its name.
    bool every_event_matters() const { return breaks_ && every_event_; }
    /// The events that bear a name of the step as written.
    event_set events_of(std::size_t step) const;
    /// The events that can matter by their names.
    event_set events() const;
    const std::vector<lead_read>& lead_reads() const { return lead_reads_; }
    /// Whether an event of a step or an exclusion read a latest value of which equal-time events differ.
    bool is_disputed(const lead_read&, std::span<const row>) const;

private:
    /// Bits of those conditions, of steps or exclusions, that hold for an event of one of their names.
    class matched {
    public:
        explicit matched(std::size_t names) : by_name_(names) {}
        void add(const snapshot::impl&, const names&, const condition&);
        std::uint64_t named(std::uint32_t event) const {
            return event < by_name_.size() ? by_name_[event] : 0;
        }
        std::uint64_t at(std::span<const row> rows, std::size_t at) const {
            const std::uint64_t all = named(rows[at].event);
            return (all & conditional_) == 0 ? all : held(all, rows, at);
        }
        const std::vector<std::string>& reads_of_last() const { return conditions_.back().of_lead(); }
        event_set named_by(std::uint64_t those) const;

    private:
        std::uint64_t held(std::uint64_t named, std::span<const row> rows, std::size_t at) const;
        std::vector<std::uint64_t> by_name_;   ///< by event code
        std::vector<predicate> conditions_{};  ///< by bit
        std::uint64_t conditional_ = 0;        ///< bits with a condition that can fail
    };
    void add_ends(role&, bool of_a_step, std::span<const row> rows, std::size_t at) const;
    lead_read& read_of(const snapshot::impl&, const std::string& attribute);

    const step_plan* plan_;
    matched terms_, exclusions_;
    std::vector<std::uint64_t> kills_{};  ///< by exclusion: the levels that it ends
    bool any_order_, breaks_, every_event_;
    bool ends_chains_;  ///< some events do: exclusions, or those that break
    std::vector<lead_read> lead_reads_{};
};

}  // namespace weir::inline v1
