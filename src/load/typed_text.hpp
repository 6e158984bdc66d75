// load/typed_text.hpp - the text of a cell read as what the mapping says it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <weir/ingest.hpp>

#include "load/time_format.hpp"
#include "segment/batch_data.hpp"

namespace weir::inline v1 {

/// The kind of value that a typed attribute has; as_read counts as text.
value_kind kind_of(attribute_type) noexcept;

/// The bits of a value as batches hold them, or none; not for text.
std::optional<std::int64_t> read_bits(std::string_view, value_kind, currency, const time_format&);
/// What was found and what was expected, when read_bits() gave none.
std::string why_not(std::string_view, value_kind, currency, const time_format&);

}  // namespace weir::inline v1
