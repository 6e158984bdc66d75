#include "store/attribute_reader.hpp"

#include <bit>

namespace weir::inline v1 {

attribute_reader::attribute_reader(const snapshot::impl& data, std::string_view attribute)
    : snapshot_(&data), found_(data.segments.size()) {
    for (std::uint32_t c = 0; c < data.columns.size(); ++c) {
        if (data.columns[c].name.attribute != attribute) continue;
        for (std::size_t s = 0; s < data.segments.size(); ++s)
            if (const auto* column = data.segments[s]->find(c)) found_[s].push_back(column);
    }
}

// A cause may be a stage event of another lifecycle, with a cause of its own.
datum attribute_reader::of_cause(std::uint32_t segment, std::size_t row) const {
    while (segment >= snapshot_->raw_segments()) {
        const weir::segment& stages = *snapshot_->segments[segment];
        const std::int64_t cause = stages.source_segments[row];
        if (cause < 0) return {};
        row = static_cast<std::size_t>(stages.source_rows[row]);
        segment = static_cast<std::uint32_t>(cause);
        if (const datum found = in_segment(segment, row); !found.missing()) return found;
    }
    return {};
}

value attribute_reader::value_of(datum d) const {
    if (d.missing()) return {};
    const store_column& c = snapshot_->columns[d.column];
    switch (c.name.kind) {
        case value_kind::text: return c.texts->at(static_cast<dictionary::code>(d.bits));
        case value_kind::boolean: return d.bits != 0;
        case value_kind::integer: return d.bits;
        case value_kind::number: return std::bit_cast<double>(d.bits);
        case value_kind::money: return money{d.bits, c.name.currency};
        case value_kind::time: return instant{duration{d.bits}};
    }
    return {};
}

std::string attribute_reader::text_of(datum d) const { return to_string(value_of(d)); }

}  // namespace weir::inline v1
