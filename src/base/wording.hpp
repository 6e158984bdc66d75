// base/wording.hpp - how numbers are said to people, in titles as in tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace weir::inline v1 {

/// "8,000"
std::string with_commas(std::int64_t n);
/// "1 lead", "8,000 leads"
std::string leads_text(std::int64_t n);
/// "100 of 1,234 leads in the list"
std::string listed_text(std::size_t shown, std::int64_t of);
/// 1000 n / of, half a tenth rounded up. of is not 0.
std::int64_t tenths_of_percent(std::int64_t n, std::int64_t of);
/// "62 %", "12.3 %": at most one decimal, and never 0 % for some or 100 % for almost all. 0 <= n, 0 < of.
std::string percent(std::int64_t n, std::int64_t of);

}  // namespace weir::inline v1
