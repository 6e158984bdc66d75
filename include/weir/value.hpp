// weir/value.hpp - attribute values and sets of names, made from what hosts already have.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <weir/export.hpp>
#include <weir/money.hpp>
#include <weir/time.hpp>

namespace weir {
inline namespace v1 {

/// What may stand for text: literals, std::string, std::string_view, anything that converts to a view.
///
/// Constructors take `const S&` with this concept and never std::string by name: a brace list of two
/// literals must not become a pair of iterators.
template <class S>
concept text = std::convertible_to<const S&, std::string_view> && !std::same_as<S, std::nullptr_t>;

namespace detail {
template <class T>
concept integer =
    std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
    !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;
template <class T> inline constexpr bool is_optional = false;
template <class T> inline constexpr bool is_optional<std::optional<T>> = true;

class one_name {  // an element of a names list; a class of its own, so that {"a", "b"} is never one string
public:
    template <text S> one_name(const S& s) : text_(std::string_view(s)) {}
    std::string text_;
};
}  // namespace detail

/// A list of names (events, stages, attributes), given as "a" or as {"a", "b"}.
class names {
public:
    names() = default;
    template <text S> names(const S& one) : names_{std::string(std::string_view(one))} {}
    names(std::initializer_list<detail::one_name> many) {
        for (const auto& n : many) names_.push_back(n.text_);
    }
    template <class Range>
    requires(!text<Range> && !std::same_as<Range, names> && requires(const Range& r) {
        { *r.begin() } -> std::convertible_to<std::string_view>;
        r.end();
    }) explicit names(const Range& many) {
        for (const auto& n : many) names_.emplace_back(std::string_view(n));
    }
    auto begin() const { return names_.begin(); }
    auto end() const { return names_.end(); }
    std::size_t size() const { return names_.size(); }
    bool empty() const { return names_.empty(); }
    const std::string& operator[](std::size_t i) const { return names_[i]; }
    friend bool operator==(const names&, const names&) = default;

private:
    std::vector<std::string> names_{};
};
/// Reads well where events are meant: {weir::any_of{"demo", "webinar"}, condition}.
using any_of = names;

/// An attribute's value: nothing, a truth value, an integer, a number, text, money or an instant.
///
/// An empty optional is a missing value. A 64-bit unsigned integer does not convert: it might not fit.
class WEIR_API value {
public:
    using storage = std::variant<std::monostate, bool, std::int64_t, double, std::string, money, instant>;

    value() = default;
    template <std::same_as<bool> B> value(B b) : data_(b) {}
    template <detail::integer I>
    requires(std::signed_integral<I> || sizeof(I) < sizeof(std::int64_t)) value(I i)
        : data_(static_cast<std::int64_t>(i)) {}
    template <detail::integer I>
    requires(std::unsigned_integral<I> && sizeof(I) == sizeof(std::int64_t)) value(I)
    = delete;
    template <std::floating_point F> value(F f) : data_(static_cast<double>(f)) {}
    template <text S> value(const S& s) : data_(std::string(std::string_view(s))) {}
    value(money m) : data_(m) {}
    template <class D>
    value(std::chrono::time_point<std::chrono::system_clock, D> t) : data_(to_instant(t)) {}
    template <class T>
    requires(detail::is_optional<T>&& std::convertible_to<typename T::value_type, value>) value(const T& v) {
        if (v) *this = value(*v);
    }

    bool missing() const { return data_.index() == 0; }
    /// The content if it has this type, else nullptr.
    template <class T> const T* get() const { return std::get_if<T>(&data_); }
    const storage& data() const { return data_; }
    friend bool operator==(const value&, const value&) = default;
    friend WEIR_API std::ostream& operator<<(std::ostream&, const value&);

private:
    storage data_{};
};
/// Prints the content without quotes: "ads", "3", "2.5", "true", "19.99 EUR", "2024-01-31T10:30:00Z"; "" if
/// missing.
WEIR_API std::string to_string(const value&);

struct named_value {
    std::string name{};
    weir::value value{};
    friend bool operator==(const named_value&, const named_value&) = default;
};

}  // namespace v1
}  // namespace weir
