// weir/error.hpp - what can go wrong, and the class that carries either a value or the reason.
#pragma once

#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include <weir/export.hpp>

namespace weir {
inline namespace v1 {

/// Says what the caller should do next. Numbers are stable; a switch needs a default.
enum class errc : std::uint8_t {
    invalid_question = 1,  ///< fix the definition
    unknown_name,          ///< fix the spelling; a suggestion is given where one is near
    bad_input,             ///< fix the row: file, line and column are given
    mismatch,              ///< currency, type or zone do not fit together
    limit_exceeded,        ///< raise the named limit
    io,                    ///< fix the system, then retry
    corrupt,               ///< restore from a backup
    unsupported,           ///< this build or version cannot do it
    out_of_memory,         ///< free memory, then retry
};

/// Says what went wrong, in one sentence, and where.
struct WEIR_API error {
    errc code = errc::bad_input;
    std::string message{};  ///< one sentence: what was found, what was expected
    std::string where{};    ///< a place in a file, "orders.csv:7:12", or in a question, "steps[2]"

    friend bool operator==(const error&, const error&) = default;
    friend WEIR_API std::ostream& operator<<(std::ostream&, const error&);
};
/// Prints "where: message (code)".
WEIR_API std::string to_string(const error&);
/// Prints the name of the code, "unknown_name".
WEIR_API std::string_view to_string(errc) noexcept;

/// The only exception of the library, and result::value() the only place that throws it.
/// Copying cannot throw.
class WEIR_API exception : public std::exception {
public:
    explicit exception(weir::error what);
    exception(const exception&) noexcept = default;
    exception& operator=(const exception&) noexcept = default;
    ~exception() override;
    const char* what() const noexcept override;
    const weir::error& error() const noexcept;

private:
    struct body;
    std::shared_ptr<const body> body_;
};

/// Tags an error where a bare one would be ambiguous. `return weir::unexpected(e)` equals `return e`.
class unexpected {
public:
    explicit unexpected(weir::error e) : error_(std::move(e)) {}
    const weir::error& error() const& noexcept { return error_; }
    weir::error&& error() && noexcept { return std::move(error_); }

private:
    weir::error error_;
};

template <class T> class result;

namespace detail {
[[noreturn]] WEIR_API void raise(const weir::error&);  // in the library: public headers contain no `throw`

// Inside a template an int64 made from a size_t, or an int from a double, would narrow without a warning.
template <class T, class U>
concept keeps = !std::is_arithmetic_v<T> || std::is_same_v<T, std::remove_cvref_t<U>> || requires {
    T{std::declval<U>()};
};
template <class T> inline constexpr bool is_result = false;
template <class T> inline constexpr bool is_result<result<T>> = true;
}  // namespace detail

/// Holds a T, or the weir::error that says why there is none.
///
/// The interface is that of std::expected<T, weir::error>, with three differences on purpose: there is no
/// default constructor (an empty answer is not a success), an error converts without a tag, and value() of
/// a temporary gives a T, so that `for (auto& row : measure(...).value().rows)` is safe.
template <class T> class [[nodiscard]] result {
    static_assert(std::is_object_v<T> && !std::is_same_v<T, weir::error>);

public:
    using value_type = T;
    using error_type = weir::error;

    template <class U = T>
    requires(!std::same_as<std::remove_cvref_t<U>, result> &&
             !std::same_as<std::remove_cvref_t<U>, weir::error> &&
             !std::same_as<std::remove_cvref_t<U>, unexpected> && std::is_constructible_v<T, U> &&
             detail::keeps<T, U>) constexpr explicit(!std::is_convertible_v<U, T>) result(U&& value)
        : state_(std::in_place_index<0>, std::forward<U>(value)) {}
    result(weir::error e) : state_(std::in_place_index<1>, std::move(e)) {}
    result(unexpected e) : state_(std::in_place_index<1>, std::move(e).error()) {}

    bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    /// Gives the value, or throws weir::exception (in a host without exceptions: ends the program).
    T& value() & { return check(), *std::get_if<0>(&state_); }
    const T& value() const& { return check(), *std::get_if<0>(&state_); }
    T value() && { return check(), std::move(*std::get_if<0>(&state_)); }

    /// Gives the value; undefined without one.
    T& operator*() & noexcept { return *std::get_if<0>(&state_); }
    const T& operator*() const& noexcept { return *std::get_if<0>(&state_); }
    T operator*() && { return std::move(*std::get_if<0>(&state_)); }
    T* operator->() noexcept { return std::get_if<0>(&state_); }
    const T* operator->() const noexcept { return std::get_if<0>(&state_); }

    /// Gives the error; undefined with a value.
    weir::error& error() & noexcept { return *std::get_if<1>(&state_); }
    const weir::error& error() const& noexcept { return *std::get_if<1>(&state_); }
    weir::error&& error() && noexcept { return std::move(*std::get_if<1>(&state_)); }

    template <class U> T value_or(U&& other) const& {
        return has_value() ? **this : static_cast<T>(std::forward<U>(other));
    }
    template <class U> T value_or(U&& other) && {
        return has_value() ? *std::move(*this) : static_cast<T>(std::forward<U>(other));
    }
    template <class F> auto and_then(F&& f) const& { return chain(*this, std::forward<F>(f)); }
    template <class F> auto and_then(F&& f) && { return chain(std::move(*this), std::forward<F>(f)); }
    template <class F> auto transform(F&& f) const& { return map(*this, std::forward<F>(f)); }
    template <class F> auto transform(F&& f) && { return map(std::move(*this), std::forward<F>(f)); }
    template <class F> result or_else(F&& f) && {
        return has_value() ? std::move(*this)
                           : result(std::invoke(std::forward<F>(f), std::move(*this).error()));
    }

private:
    void check() const {
        if (!has_value()) detail::raise(error());
    }
    template <class Self, class F> static auto chain(Self&& self, F&& f) {
        using R = std::remove_cvref_t<std::invoke_result_t<F, decltype(*std::forward<Self>(self))>>;
        static_assert(detail::is_result<R>, "and_then takes a function that returns a weir::result");
        if (self.has_value()) return std::invoke(std::forward<F>(f), *std::forward<Self>(self));
        return R(std::forward<Self>(self).error());
    }
    template <class Self, class F> static auto map(Self&& self, F&& f) {
        using U = std::remove_cvref_t<std::invoke_result_t<F, decltype(*std::forward<Self>(self))>>;
        if (self.has_value()) return result<U>(std::invoke(std::forward<F>(f), *std::forward<Self>(self)));
        return result<U>(std::forward<Self>(self).error());
    }
    std::variant<T, weir::error> state_;
};

/// Success, or the reason why not.
template <> class [[nodiscard]] result<void> {
public:
    using value_type = void;
    using error_type = weir::error;

    result() noexcept = default;
    result(weir::error e) : error_(std::move(e)) {}
    result(unexpected e) : error_(std::move(e).error()) {}

    bool has_value() const noexcept { return !error_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }
    void value() const {
        if (error_) detail::raise(*error_);
    }
    const weir::error& error() const noexcept { return *error_; }

private:
    std::optional<weir::error> error_;
};

}  // namespace v1
}  // namespace weir
