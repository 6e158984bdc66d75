// live_flow.cpp - stages that follow a store, and the flow through them.
#include <utility>

#include <weir/live.hpp>

#include "base/fail.hpp"

namespace weir::inline v1 {

live_flow::live_flow(lifecycle l, flow f) : lifecycle_(std::move(l)), flow_(std::move(f)) {}

result<void> live_flow::update(const snapshot& s, const scope& how) {
    return guarded([&] { stages_ = derive(s, lifecycle_, stages_, how).value(); });
}

result<flow_table> live_flow::answer(const scope& how) const { return measure(stages_, flow_, how); }

}  // namespace weir::inline v1
