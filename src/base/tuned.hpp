// base/tuned.hpp - sizes that decide how fast something is and nothing else. An odd build (WEIR_ODD) takes
// others, so that every test meets their edges: no answer, and no file, may tell.
#pragma once

namespace weir::inline v1 {

template <class T> constexpr T tuned([[maybe_unused]] T usual, [[maybe_unused]] T odd) {
#ifdef WEIR_ODD
    return odd;
#else
    return usual;
#endif
}

}  // namespace weir::inline v1
