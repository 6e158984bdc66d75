// weir/breakdown.hpp - which value of an attribute stands for a lead when an answer is broken down by it.
#pragma once

#include <cstdint>

namespace weir {
inline namespace v1 {

/// The value at a step of the funnel, or of the first or last event that carries the attribute.
///
/// The default is the question's own: at_step(1) for a funnel, first_touch for a flow.
class by_value {
public:
    enum class kind : std::uint8_t { standard, at_step, first_touch, last_touch, each_value };
    static const by_value first_touch, last_touch, each_value;
    static constexpr by_value at_step(int k) { return {kind::at_step, k}; }

    constexpr by_value() = default;
    constexpr kind which() const { return kind_; }
    constexpr int step() const { return step_; }  ///< from 1; only for at_step
    friend constexpr bool operator==(const by_value&, const by_value&) = default;

private:
    constexpr by_value(kind k, int s) : kind_(k), step_(s) {}
    kind kind_ = kind::standard;
    int step_ = 0;
};
inline constexpr by_value by_value::first_touch{kind::first_touch, 0};
inline constexpr by_value by_value::last_touch{kind::last_touch, 0};
inline constexpr by_value by_value::each_value{kind::each_value, 0};

}  // namespace v1
}  // namespace weir
