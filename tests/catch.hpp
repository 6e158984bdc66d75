// catch.hpp - hides the difference between Catch2 version 2 and 3.
#pragma once
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
namespace weir_test {
using Catch::Matchers::ContainsSubstring;
}
#else
#include <catch2/catch.hpp>
namespace weir_test {
inline auto ContainsSubstring(const std::string& s) { return Catch::Matchers::Contains(s); }
}  // namespace weir_test
#endif
