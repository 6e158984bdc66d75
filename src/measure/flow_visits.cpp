#include "measure/flow_visits.hpp"

#include <algorithm>

namespace weir::inline v1 {

visit_reader::visit_reader(const snapshot::impl& data, std::size_t layer, std::string_view amount)
    : data_(&data),
      segment_(static_cast<std::uint32_t>(data.raw_segments() + layer)),
      move_(data, "move"),
      reason_(data, "reason"),
      stated_(data, "stated") {
    const lifecycle& l = data.layers[layer]->lifecycle;
    for (const auto& s : l.stages) places_.push_back(s.name);
    for (const auto& e : l.exits) places_.push_back(e);
    for (std::size_t p = 0; p < places_.size(); ++p) {
        const auto code = data.event_names->find(places_[p]);
        if (!code) continue;
        if (*code >= place_by_event_.size()) place_by_event_.resize(*code + std::size_t{1});
        place_by_event_[*code] = p;
    }
    if (!amount.empty()) amount_.emplace_back(data, amount);
}

std::string_view visit_reader::text(datum d) const {
    return data_->columns[d.column].texts->at(static_cast<dictionary::code>(d.bits));
}

stage_visit visit_reader::read(const row& r) const {
    stage_visit v{.from = r.time, .place = place_by_event_[r.event]};
    const std::string_view move = text(move_.at(r));
    v.move =
        static_cast<move_kind>(std::find(move_names.begin(), move_names.end(), move) - move_names.begin());
    v.reason = text(reason_.at(r));
    v.stated = stated_.at(r).bits != 0;
    if (!amount_.empty()) read_amount(r, v);
    return v;
}

void visit_reader::read_amount(const row& r, stage_visit& v) const {
    const attribute_reader& reader = amount_.front();
    const datum d = reader.at(r);
    if (d.missing()) return;
    if (reader.kind_of(d) == value_kind::money)
        v.amount = money{d.bits, data_->columns[d.column].name.currency};
    else
        v.not_money = true;
}

}  // namespace weir::inline v1
