#include "scan/attribute_reader.hpp"

#include <bit>

namespace weir::inline v1 {

value value_of(const snapshot::impl& data, const datum& d) {
    if (d.missing()) return {};
    const store_column& c = data.columns[d.column];
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

std::optional<event_place> cause_of(const snapshot::impl& data, const event_place& of) {
    if (of.segment < data.raw_segments()) return std::nullopt;
    const segment& stages = *data.segments[of.segment];
    const std::int64_t cause = stages.source_segments[of.row];
    if (cause < 0) return std::nullopt;
    return event_place{static_cast<std::uint32_t>(cause),
                       static_cast<std::size_t>(stages.source_rows[of.row])};
}

attribute_reader::attribute_reader(const snapshot::impl& data, std::string_view attribute)
    : snapshot_(&data), found_(data.segments.size()) {
    for (std::uint32_t c = 0; c < data.columns.size(); ++c) {
        if (data.columns[c].name.attribute != attribute) continue;
        for (std::size_t s = 0; s < data.segments.size(); ++s)
            if (const auto* column = data.segments[s]->find(c)) found_[s].push_back(column);
    }
}

datum attribute_reader::of_cause(std::uint32_t segment, std::size_t row) const {
    auto cause = cause_of(*snapshot_, {segment, row});
    for (; cause; cause = cause_of(*snapshot_, *cause))
        if (const datum found = in_segment(cause->segment, cause->row); !found.missing()) return found;
    return {};
}

value attribute_reader::value_of(datum d) const { return weir::value_of(*snapshot_, d); }

std::string attribute_reader::text_of(datum d) const { return to_string(value_of(d)); }

}  // namespace weir::inline v1
