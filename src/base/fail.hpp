// base/fail.hpp - how the inside of the library reports an error, and how a verb turns it into a result.
//
// Inside, whatever ends a call is thrown; at the border guarded() catches it. Nothing else may throw across
// it.
#pragma once

#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

#include <weir/error.hpp>

namespace weir::inline v1 {

/// Ends the running verb with an error.
[[noreturn]] void fail(errc code, std::string message, std::string where = {});

/// The error of a call that got no memory. It takes none itself: the words are short enough for that.
inline error no_memory() { return error{errc::out_of_memory, "no memory left", {}}; }

/// Runs f and gives its value, or the error that ended it.
template <class F> auto guarded(F&& f) -> result<std::invoke_result_t<F>> {
    try {
        try {
            if constexpr (std::is_void_v<std::invoke_result_t<F>>) {
                std::forward<F>(f)();
                return {};
            } else {
                return std::forward<F>(f)();
            }
        } catch (const exception& e) {
            return e.error();
        } catch (const std::system_error& e) {
            return error{errc::io, std::string("the system refused: ") + e.what(), {}};
        } catch (const std::length_error&) {
            return error{errc::limit_exceeded, "a text or a list is longer than memory can hold", {}};
        }
    } catch (const std::bad_alloc&) {  // also where there was no memory for the words of another error
        return no_memory();
    }
}

}  // namespace weir::inline v1
