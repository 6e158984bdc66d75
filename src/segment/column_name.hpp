// segment/column_name.hpp - what names a column of attributes: its attribute, and the kind of its values.
#pragma once

#include <cstdint>
#include <string>

#include <weir/money.hpp>

namespace weir::inline v1 {

/// What a column holds. The bits of a value: a text's code, 0 or 1, the integer, the double's bits, minor
/// units, microseconds.
enum class value_kind : std::uint8_t { text, boolean, integer, number, money, time };

/// One attribute with one kind (and currency) of values. An attribute whose values differ in kind has
/// several.
struct column_name {
    std::string attribute{};
    value_kind kind = value_kind::text;
    weir::currency currency = no_currency;
    friend bool operator==(const column_name&, const column_name&) = default;
};

}  // namespace weir::inline v1
