// measure/flow_visits.hpp - the visits of a lead, read from its stage events.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "measure/flow_walk.hpp"
#include "store/attribute_reader.hpp"

namespace weir::inline v1 {

/// Reads one derived layer. Immutable, shared by threads; the snapshot must outlive it.
class visit_reader {
public:
    /// `amount` is an attribute to read at each visit, or "".
    visit_reader(const snapshot::impl&, std::size_t layer, std::string_view amount);
    /// Places by number: the stages, then the exits.
    const std::vector<std::string>& places() const { return places_; }
    /// True for a stage event of the layer.
    bool is_visit(const row& r) const { return r.segment == segment_; }
    stage_visit read(const row&) const;

private:
    void read_amount(const row&, stage_visit&) const;
    std::string_view text(datum d) const;

    const snapshot::impl* data_;
    std::uint32_t segment_;
    std::vector<std::string> places_{};
    std::vector<std::size_t> place_by_event_{};  // by event code
    attribute_reader move_, reason_, stated_;
    std::vector<attribute_reader> amount_{};  // at most one
};

}  // namespace weir::inline v1
