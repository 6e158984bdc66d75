// live_flow.cpp - stages that follow a store, and the flow through them.
#include <optional>
#include <utility>

#include <weir/live.hpp>

#include "base/fail.hpp"

namespace weir::inline v1 {

live_flow::live_flow(lifecycle l, flow f)
    : lifecycle_(std::move(l)), flow_(std::move(f)), part_(part_of(stages_, flow_)) {}

result<void> live_flow::update(const snapshot& s, const scope& how) {
    return guarded([&] {
        snapshot stages = derive(s, lifecycle_, stages_, how).value();
        part_ = part_of(stages, flow_, part_ ? std::optional(*part_) : std::nullopt, how);
        stages_ = std::move(stages);
    });
}

result<flow_table> live_flow::answer(const scope& how) const {
    // A plan tells what was read, so it must be.
    if (how.explain_plan || !part_) return measure(stages_, flow_, how);
    return part_->answer();
}

}  // namespace weir::inline v1
