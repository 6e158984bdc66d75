#include "scan/stage_visits.hpp"

#include <algorithm>

namespace weir::inline v1 {

stage_visits::stage_visits(const snapshot::impl& data, std::size_t layer)
    : snapshot_(&data),
      segment_(static_cast<std::uint32_t>(data.raw_segments() + layer)),
      layer_(data.segments[segment_].get()),
      move_(find("move")),
      entry_(find("entry")),
      cause_(find("cause")),
      reason_(find("reason")),
      stated_(find("stated")) {
    name_places(data.layers[layer]->lifecycle);
    if (move_ != nullptr) name_moves();
}

void stage_visits::name_places(const lifecycle& l) {
    for (const auto& s : l.stages) places_.push_back(s.name);
    for (const auto& e : l.exits) places_.push_back(e);
    const dictionary& names = *snapshot_->event_names;
    place_by_event_.resize(names.size());
    place_by_bit_.fill(many);
    std::uint64_t taken = 0;
    for (std::size_t p = 0; p < places_.size(); ++p) {
        const auto code = names.find(places_[p]);
        if (!code) continue;
        const auto number = static_cast<std::uint8_t>(p);
        place_by_event_[*code] = number;
        place_by_bit_[*code % 64] = (taken & event_bit(*code)) == 0 ? number : many;
        taken |= event_bit(*code);
    }
}

void stage_visits::name_moves() {
    const dictionary& moves = *snapshot_->columns[move_->column].texts;
    move_by_bits_.resize(moves.size() + std::size_t{1});
    for (dictionary::code c = 0; c < moves.size(); ++c)
        move_by_bits_[c + std::size_t{1}] = static_cast<move_kind>(
            std::find(move_names.begin(), move_names.end(), moves.at(c)) - move_names.begin());
}

const segment_column* stage_visits::find(std::string_view attribute) const {
    for (const segment_column& c : layer_->columns)
        if (snapshot_->columns[c.column].name.attribute == attribute) return &c;
    return nullptr;
}

std::vector<std::size_t> stage_visits::split(int n) const {
    std::vector<std::size_t> borders;
    for (int i = 0; i <= n; ++i) {
        const auto wanted = layer_->size() * static_cast<std::size_t>(i) / static_cast<std::size_t>(n);
        const auto& offsets = layer_->offsets;
        borders.push_back(static_cast<std::size_t>(std::lower_bound(offsets.begin(), offsets.end(), wanted) -
                                                   offsets.begin()));
    }
    return borders;
}

}  // namespace weir::inline v1
