// flow/flow_rows.hpp - the integers of each part as the rows of an answer.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <weir/flow.hpp>

#include "flow/flow_tally.hpp"

namespace weir::inline v1 {

/// What the lists of times of a part tell.
struct told_times {
    struct stay {
        std::int64_t ended = 0;
        std::optional<duration> mean{}, median{}, p90{};
    };
    std::vector<stay> stays{};                                      ///< by stage
    std::vector<std::optional<duration>> by_leads{}, by_entries{};  ///< by pair: the median wait
};
/// Reorders the lists.
told_times tell_times(flow_tally&);

/// Adds the rows of part after part to the tables of an answer, which has its question and exits already.
class flow_writer {
public:
    flow_writer(flow_table& answer, const flow_shape& shape, std::span<const std::string> places)
        : answer_(answer), shape_(shape), places_(places) {}
    /// Of a bucket of a group only rows that count something. Throws limit_exceeded for an amount beyond 64
    /// bits.
    void add(const flow_part&, const flow_tally&, const told_times&);

private:
    void add_movement(const flow_part&, const flow_tally&);
    void add_outcomes(const flow_part&, const flow_tally&);
    void add_reasons(const flow_part&, const flow_tally&);
    void add_stays(const flow_part&, const told_times&);
    void add_conversions(const flow_part&, const flow_tally&, const told_times&);
    void add_amounts(const flow_part&, const flow_tally&);
    conversion_row conversion(const flow_part&, std::size_t pair, basis, const conversion_tally&,
                              std::optional<duration> median_wait) const;

    flow_table& answer_;
    const flow_shape& shape_;
    std::span<const std::string> places_;
};

}  // namespace weir::inline v1
