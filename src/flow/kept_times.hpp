// flow/kept_times.hpp - many times of which few come and go, asked for their quantiles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "flow/flow_tally.hpp"

namespace weir::inline v1 {

/// Times, none below 0, in any number of equal ones. Copies share all but the latest changes.
class kept_times {
public:
    using times = std::vector<std::int64_t>;

    /// Takes some out, which must be there, and puts others in; both in any order. Cost: that of the changes
    /// since the last time that all were put in order, which happens once in so many that it is cheap.
    void change(times less, times more);
    std::size_t size() const { return base_->size() + more_.size() - less_.size(); }
    wide_int sum() const { return sum_; }
    /// The one at a place from 0 in ascending order. Cost: a few searches for each bit of a time.
    std::int64_t nth(std::size_t place) const;
    /// All of them, ascending.
    times list() const;

private:
    std::size_t up_to(std::int64_t) const;

    std::shared_ptr<const times> base_ = std::make_shared<const times>();  // ascending, like the others
    times more_{}, less_{};
    wide_int sum_ = 0;
};

}  // namespace weir::inline v1
