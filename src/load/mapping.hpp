// load/mapping.hpp - what a mapping says once its defaults are filled in, and whether that makes sense.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <weir/ingest.hpp>

namespace weir::inline v1 {

/// Throws bad_input for a mapping that contradicts itself, unknown_name for its zone. `where` begins with
/// "mapping".
void check_mapping(const mapping&);

/// The events that a row may yield, the default one included.
std::vector<event_mapping> events_of(const mapping&);

/// True if some event takes every other column as an attribute.
bool takes_other_columns(const mapping&);

const std::string& name_of(const attribute_mapping&);

/// "mapping.events[2]" for the element 2 of the list "mapping.events".
std::string element(const std::string& list, std::size_t index);

/// The words of attribute_type, in its order; as_read has none.
inline constexpr std::string_view attribute_type_words[]{"",      "text", "integer", "number",
                                                         "money", "time", "boolean"};

}  // namespace weir::inline v1
