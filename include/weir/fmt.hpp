// weir/fmt.hpp - for hosts that print with fmt; not part of weir.hpp.
//
// One formatter for each type, never for a concept: a generic one is ambiguous with fmt/ranges.h for types
// that have begin() and end(). It prints weir's own text, so that no version of fmt is part of the library.
#pragma once

#include <fmt/format.h>

#include <weir.hpp>

template <> struct fmt::formatter<weir::error> {
    constexpr auto parse(fmt::format_parse_context& c) const { return c.begin(); }
    template <class C> auto format(const weir::error& x, C& c) const {
        return fmt::format_to(c.out(), "{}", weir::to_string(x));
    }
};
template <> struct fmt::formatter<weir::condition> {
    constexpr auto parse(fmt::format_parse_context& c) const { return c.begin(); }
    template <class C> auto format(const weir::condition& x, C& c) const {
        return fmt::format_to(c.out(), "{}", to_string(x));
    }
};
template <> struct fmt::formatter<weir::value> {
    constexpr auto parse(fmt::format_parse_context& c) const { return c.begin(); }
    template <class C> auto format(const weir::value& x, C& c) const {
        return fmt::format_to(c.out(), "{}", weir::to_string(x));
    }
};
template <> struct fmt::formatter<weir::money> {
    constexpr auto parse(fmt::format_parse_context& c) const { return c.begin(); }
    template <class C> auto format(const weir::money& x, C& c) const {
        return fmt::format_to(c.out(), "{}", weir::to_string(x));
    }
};
template <> struct fmt::formatter<weir::lead_id> {
    constexpr auto parse(fmt::format_parse_context& c) const { return c.begin(); }
    template <class C> auto format(const weir::lead_id& x, C& c) const {
        return fmt::format_to(c.out(), "{}", weir::to_string(x));
    }
};
