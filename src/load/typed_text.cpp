// typed_text.cpp - strict readers: the whole text must be the value, with no blanks around it.
#include "load/typed_text.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>

#include "base/text.hpp"

namespace weir::inline v1 {
namespace {

std::optional<std::int64_t> read_integer(std::string_view text) {
    if (const std::int64_t digits = as_digits(text); digits >= 0) return digits;
    std::int64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end) return std::nullopt;
    return value;
}

std::optional<std::int64_t> read_number(std::string_view text) {
    const auto value = as_number(text);
    if (!value || !std::isfinite(*value)) return std::nullopt;
    return std::bit_cast<std::int64_t>(*value == 0 ? 0.0 : *value);  // 0.0 and -0.0 are one value: one form
}

// `word` is in lower case.
bool is_word(std::string_view text, std::string_view word) {
    if (text.size() != word.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != word[i]) return false;
    }
    return true;
}

std::optional<std::int64_t> read_boolean(std::string_view text) {
    constexpr std::array<std::string_view, 3> yes{"true", "yes", "1"};
    constexpr std::array<std::string_view, 3> no{"false", "no", "0"};
    for (const auto word : yes)
        if (is_word(text, word)) return 1;
    for (const auto word : no)
        if (is_word(text, word)) return 0;
    return std::nullopt;
}

std::optional<std::int64_t> read_money(std::string_view text, currency c) {
    const auto amount = parse_money(text, c);
    if (!amount) return std::nullopt;
    return amount->units;
}

}  // namespace

value_kind kind_of(attribute_type type) noexcept {
    switch (type) {
        case attribute_type::as_read:
        case attribute_type::text: break;
        case attribute_type::integer: return value_kind::integer;
        case attribute_type::number: return value_kind::number;
        case attribute_type::money: return value_kind::money;
        case attribute_type::time: return value_kind::time;
        case attribute_type::boolean: return value_kind::boolean;
    }
    return value_kind::text;
}

std::optional<std::int64_t> read_bits(std::string_view text, value_kind kind, currency c,
                                      const time_format& format) {
    switch (kind) {
        case value_kind::text: break;
        case value_kind::boolean: return read_boolean(text);
        case value_kind::integer: return read_integer(text);
        case value_kind::number: return read_number(text);
        case value_kind::money: return read_money(text, c);
        case value_kind::time: return format.read(text);
    }
    return std::nullopt;
}

std::string why_not(std::string_view text, value_kind kind, currency c, const time_format& format) {
    const std::string found = "found " + quoted(text) + ", expected ";
    switch (kind) {
        case value_kind::text: break;
        case value_kind::boolean: return found + "true or false, yes or no, 1 or 0";
        case value_kind::integer: return found + "a whole number of 64 bits";
        case value_kind::number: return found + "a finite number like -12.5";
        case value_kind::money:
            return found + "an amount in " + std::string(c.code()) + " with at most " +
                   std::to_string(c.decimals()) + " decimals";
        case value_kind::time: return format.why_not(text);
    }
    return found + "text";
}

}  // namespace weir::inline v1
