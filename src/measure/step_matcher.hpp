// measure/step_matcher.hpp - which steps of a funnel an event fills, and where arrival decided what it read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <weir/funnel.hpp>

#include "store/attribute_reader.hpp"
#include "store/predicate.hpp"
#include "store/scan.hpp"

namespace weir::inline v1 {

/// Steps count from 0: bit k stands for step k. Immutable; what it is made of must outlive it.
class step_matcher {
public:
    /// An attribute that conditions read as the lead's latest value.
    struct lead_read {
        std::string attribute{};
        attribute_reader reader;
        std::uint64_t steps = 0;  ///< whose conditions read it
    };

    step_matcher(const snapshot::impl&, const funnel&);

    std::uint64_t steps_of(std::span<const row> rows, std::size_t at) const;
    /// Those that ask for events of this name.
    std::uint64_t steps_named(std::uint32_t event) const {
        return event < by_name_.size() ? by_name_[event] : 0;
    }
    /// The events that bear a name of the step.
    event_set events_of(std::size_t step) const;
    const std::vector<lead_read>& lead_reads() const { return lead_reads_; }
    /// Whether an event of a step read a latest value of which equal-time events differ.
    bool is_disputed(const lead_read&, std::span<const row>) const;

private:
    void add_reads(const snapshot::impl&, const std::vector<std::string>& attributes, std::size_t step);

    std::vector<std::uint64_t> by_name_;   ///< by event code
    std::vector<predicate> conditions_{};  ///< by step
    std::uint64_t conditional_ = 0;        ///< steps with a condition that can fail
    std::vector<lead_read> lead_reads_{};
};

}  // namespace weir::inline v1
