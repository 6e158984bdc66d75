#include "show/words.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/text.hpp"
#include "base/wording.hpp"
#include "show/text_width.hpp"

namespace weir::inline v1 {
namespace {

std::string percent_number(double fraction) { return fmt::format("{:.1f}", 100 * fraction); }

// "10,005,534.00 USD"
std::string money_words(const money& m) {
    std::string text = to_string(m);
    const auto first = static_cast<std::ptrdiff_t>(text.find_first_of("0123456789"));
    for (auto at = static_cast<std::ptrdiff_t>(text.find_first_of(". ")) - 3; at > first; at -= 3)
        text.insert(static_cast<std::size_t>(at), 1, ',');
    return text;
}

template <class... F> struct overloaded : F... { using F::operator()...; };
template <class... F> overloaded(F...) -> overloaded<F...>;

}  // namespace

std::string rate_words(const rate& r) {
    if (!r.value()) return r.of == 0 && r.status != rate_status::undefined ? "– of 0" : std::string(no_value);
    const std::int64_t tenths = tenths_of_percent(r.n, r.of);
    if (tenths == 0 && r.n > 0) return "<0.1 %";
    if (tenths == 1000 && r.n < r.of) return ">99.9 %";
    return fmt::format("{}.{} %", tenths / 10, tenths % 10);
}

std::string interval_words(const rate& r) {
    if (!r.value() || !r.low || !r.high) return {};
    return fmt::format("{}–{} %", percent_number(*r.low), percent_number(*r.high));
}

std::string parts_words(const rate& r) {
    return fmt::format("{} of {}", with_commas(r.n), with_commas(r.of));
}

std::string time_words(instant t) {
    std::string text = to_string(t);
    std::replace(text.begin(), text.end(), 'T', ' ');
    if (!text.empty() && text.back() == 'Z') text.replace(text.size() - 1, 1, " UTC");
    return text;
}

std::string as_of_words(const answer& a) { return a.as_of ? "as of " + time_words(*a.as_of) : "no events"; }

std::string cell_words(const cell& c) {
    return std::visit(overloaded{
                          [](std::monostate) { return std::string(no_value); },
                          [](const std::string& s) { return clean(s); },
                          [](std::int64_t i) { return with_commas(i); },
                          [](double d) { return std::isfinite(d) ? print_number(d) : std::string(no_value); },
                          [](bool b) { return std::string(b ? "yes" : "no"); },
                          [](const rate& r) { return rate_words(r); },
                          [](duration d) { return to_string(d); },
                          [](instant t) { return time_words(t); },
                          [](const money& m) { return money_words(m); },
                      },
                      c);
}

std::string rows_words(std::size_t n) {
    return with_commas(static_cast<std::int64_t>(n)) + (n == 1 ? " row" : " rows");
}

std::string name_words(std::string_view name) {
    std::string words = clean(name);
    std::replace(words.begin(), words.end(), '_', ' ');
    return words;
}

}  // namespace weir::inline v1
