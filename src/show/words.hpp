// show/words.hpp - values as people read them: "8,000", "12.3 %", "2024-01-31 10:30:00 UTC".
#pragma once

#include <string>
#include <string_view>

#include <weir/table.hpp>

namespace weir::inline v1 {

/// Stands for a value that is not there.
inline constexpr std::string_view no_value = "–";

/// "12.3 %"; "<0.1 %" for few but some, ">99.9 %" for many but not all; "– of 0" for the share of nobody, "–"
/// where it has no meaning.
std::string rate_words(const rate&);
/// "11.1–13.6 %", or "" if none is known.
std::string interval_words(const rate&);
/// "120 of 976"
std::string parts_words(const rate&);
std::string time_words(instant);
/// "as of 2024-01-31 10:30:00 UTC", or "no events".
std::string as_of_words(const answer&);
/// A text is made clean, the rest printed as above; null is an en dash.
std::string cell_words(const cell&);
/// "1 row", "1,000 rows"
std::string rows_words(std::size_t);
/// A column's or table's name without underscores: "of first".
std::string name_words(std::string_view);

}  // namespace weir::inline v1
