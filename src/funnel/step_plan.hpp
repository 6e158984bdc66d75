// funnel/step_plan.hpp - a funnel's steps as they were written, made ready for chains of required steps.
//
// A step that must happen n times stands for n steps, a block of n steps for those; an optional step stands
// for none, it lies between two. What an event can match is a term: a step as written, or one of a block.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <weir/funnel.hpp>

#include "funnel/entries.hpp"
#include "scan/scan.hpp"

namespace weir::inline v1 {

/// A row that may fill optional steps, a bit for each step as written.
struct optional_row {
    std::uint32_t row;
    std::int64_t time;
    std::uint64_t steps;
};

/// By step as written, the row that fills it; none: it is not filled.
struct filled_steps {
    static constexpr std::uint32_t none = UINT32_MAX;
    std::vector<std::uint32_t> rows{};
};

/// What events can match, term by term.
std::vector<const step*> terms_of(const funnel&);

class step_plan {
public:
    explicit step_plan(const funnel&);

    const entry_rules& rules() const { return rules_; }
    std::size_t size() const { return steps_.size(); }
    bool is_optional(std::size_t step) const { return steps_[step].fills == 0; }
    /// Which steps of a chain an event fills that matches these terms; a bit for each, in order.
    std::uint64_t fills(std::uint64_t terms) const { return as_written_ ? terms : expanded(terms); }
    /// Which optional steps, as written, it fills.
    std::uint64_t optional_of(std::uint64_t terms) const {
        return optional_ == 0 ? 0 : optional_expanded(terms);
    }
    /// The terms of a step as written.
    std::uint64_t terms_of(std::size_t step) const { return steps_[step].terms; }
    /// Which steps of a chain the next event of one at this level may fill.
    std::uint64_t next_steps(int level) const;
    /// True if every step stands for one of a chain.
    bool as_written() const { return as_written_; }
    /// The levels at which a chain waits behind optional steps, of those written ones.
    std::uint64_t behind(std::uint64_t written) const;
    /// The level at which a required step is done; that behind which an optional one lies.
    int level(std::size_t step) const { return steps_[step].level; }
    /// The level at which a required step begins.
    int begin(std::size_t step) const { return steps_[step].level - events(step); }
    /// How many events a required step takes.
    int events(std::size_t step) const { return std::popcount(steps_[step].fills); }
    /// The step as written before this one that is required; the step itself if it is the first.
    std::size_t required_before(std::size_t step) const;
    /// Which steps as written a step of a chain belongs to.
    std::size_t written(int step) const;
    /// The last step as written, from 1, that a chain of this level has done; 0: none.
    int steps_done(int level) const;
    std::uint64_t optional_steps() const { return optional_; }
    /// The levels at which an exclusion ends chains.
    std::uint64_t levels_of(const exclusion&) const;

    /// Puts the events of a chain, and between them rows that fill optional steps, into steps as written.
    void place(std::span<const std::uint32_t> chain, std::span<const optional_row>, std::span<const row>,
               filled_steps&) const;

private:
    struct part {
        std::uint64_t fills = 0;  ///< steps of a chain; 0: it is optional
        int level = 0;
        std::uint64_t terms = 0;
    };
    std::uint64_t expanded(std::uint64_t terms) const;
    std::uint64_t optional_expanded(std::uint64_t terms) const;
    void place_optional(std::span<const std::uint32_t> chain, std::span<const optional_row>,
                        std::span<const row>, int level, filled_steps&) const;

    std::vector<part> steps_{};
    std::vector<std::uint64_t> fills_{};  ///< by term; 0: it is optional
    std::uint64_t optional_ = 0;
    bool as_written_ = true;  ///< every step stands for one
    entry_rules rules_{};
};

}  // namespace weir::inline v1
