// measure/flow_rows.hpp - the integers of each part as the rows of an answer.
#pragma once

#include <span>
#include <string>

#include <weir/flow.hpp>

#include "measure/flow_tally.hpp"

namespace weir::inline v1 {

/// Adds the rows of part after part to the tables of an answer, which has its question and exits already.
class flow_writer {
public:
    flow_writer(flow_table& answer, const flow_shape& shape, std::span<const std::string> places)
        : answer_(answer), shape_(shape), places_(places) {}
    /// Of a bucket of a group only rows that count something. Throws limit_exceeded for an amount beyond 64
    /// bits.
    void add(const flow_part&, flow_tally);

private:
    void add_movement(const flow_part&, const flow_tally&);
    void add_outcomes(const flow_part&, const flow_tally&);
    void add_reasons(const flow_part&, const flow_tally&);
    void add_stays(const flow_part&, flow_tally&);
    void add_conversions(const flow_part&, flow_tally&);
    void add_amounts(const flow_part&, const flow_tally&);
    conversion_row conversion(const flow_part&, std::size_t pair, basis, conversion_tally&) const;

    flow_table& answer_;
    const flow_shape& shape_;
    std::span<const std::string> places_;
};

}  // namespace weir::inline v1
