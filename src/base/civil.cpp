#include "base/civil.hpp"

namespace weir::inline v1::civil {
namespace {

constexpr std::size_t plain_digits = 4;
constexpr std::int64_t last_plain_year = 9999;

}  // namespace

std::string print_2(std::int64_t number) {
    return {static_cast<char>('0' + number / 10), static_cast<char>('0' + number % 10)};
}

std::string print_date(const ymd& d) {
    const std::string digits = std::to_string(d.year < 0 ? -d.year : d.year);
    std::string out = d.year < 0 ? "-" : d.year > last_plain_year ? "+" : "";
    if (digits.size() < plain_digits) out.append(plain_digits - digits.size(), '0');
    return out + digits + '-' + print_2(d.month) + '-' + print_2(d.day);
}

}  // namespace weir::inline v1::civil
