#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cmath>
#include <cstring>
#include <vector>

namespace weir::inline v1 {
namespace {

constexpr std::size_t quoted_bytes = 60;
constexpr std::size_t longest_guess = 64;  // longer words are nobody's slip of the pen
constexpr std::size_t longest_number = 32;
constexpr std::size_t most_digits = 18;  // that fit 64 bits, whatever they are
constexpr double least_plain = 1e-5;     // print_number: exponents below this and from the next on
constexpr double least_huge = 1e16;

unsigned byte_at(std::string_view text, std::size_t i) { return static_cast<unsigned char>(text[i]); }

// Bytes of the UTF-8 character at the front of the text, 0 if there is none: the table 3-7 of Unicode.
std::size_t character_size(std::string_view text) noexcept {
    const unsigned first = byte_at(text, 0);
    if (first < 0x80) return 1;
    if (first < 0xC2 || first > 0xF4) return 0;
    const std::size_t size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (text.size() < size) return 0;
    unsigned low = 0x80, high = 0xBF;
    if (first == 0xE0) low = 0xA0;   // less is overlong
    if (first == 0xF0) low = 0x90;   // less is overlong
    if (first == 0xED) high = 0x9F;  // more is a surrogate
    if (first == 0xF4) high = 0x8F;  // more is beyond U+10FFFF
    if (byte_at(text, 1) < low || byte_at(text, 1) > high) return 0;
    for (std::size_t i = 2; i < size; ++i) {
        if ((byte_at(text, i) & 0xC0) != 0x80) return 0;
    }
    return size;
}

std::string escaped(unsigned byte) {
    constexpr std::string_view digits = "0123456789abcdef";
    switch (byte) {
        case '"': return "\\\"";
        case '\\': return "\\\\";
        case '\n': return "\\n";
        case '\r': return "\\r";
        case '\t': return "\\t";
        default: return {'\\', 'x', digits[byte >> 4], digits[byte & 0xF]};
    }
}

bool needs_escape(unsigned byte) { return byte < 0x20 || byte == 0x7F || byte == '"' || byte == '\\'; }

std::string lower_case(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

// Letters to insert, drop, replace or swap with a neighbour until a becomes b.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replace});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

}  // namespace

bool valid_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        std::uint64_t eight;
        if (text.size() >= sizeof eight) {
            std::memcpy(&eight, text.data(), sizeof eight);
            if ((eight & 0x8080808080808080) == 0) {
                text.remove_prefix(sizeof eight);
                continue;
            }
        }
        const std::size_t size = character_size(text);
        if (size == 0) return false;
        text.remove_prefix(size);
    }
    return true;
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    std::size_t taken = 0;
    while (taken < text.size()) {
        const std::string_view rest = text.substr(taken);
        const std::size_t size = character_size(rest);
        if (taken + std::max<std::size_t>(size, 1) > quoted_bytes) break;
        const bool as_is = size > 0 && !needs_escape(byte_at(rest, 0));
        out += as_is ? std::string(rest.substr(0, size)) : escaped(byte_at(rest, 0));
        taken += as_is ? size : 1;
    }
    out += taken < text.size() ? "...\"" : "\"";
    return out;
}

std::string did_you_mean(std::string_view wrong, std::span<const std::string> known) {
    if (wrong.size() > longest_guess) return {};
    const std::string written = lower_case(wrong);
    const std::string* nearest = nullptr;
    std::size_t least = 0;
    for (const std::string& word : known) {
        if (word.size() > longest_guess) continue;
        const std::size_t distance = edit_distance(written, lower_case(word));
        const bool near = distance * 3 <= std::max(written.size(), word.size());
        if (near && (nearest == nullptr || distance < least)) {
            nearest = &word;
            least = distance;
        }
    }
    return nearest == nullptr ? std::string() : "; did you mean " + quoted(*nearest) + "?";
}

std::optional<double> as_number(std::string_view text) noexcept {
    if (text.find_first_not_of("0123456789+-.eE") != std::string_view::npos) return std::nullopt;  // inf, nan
    double number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, number);
    if (problem != std::errc{} || stop != end) return std::nullopt;
    return number;
}

std::int64_t as_digits(std::string_view text) noexcept {
    if (text.empty() || text.size() > most_digits) return -1;
    std::uint64_t number = 0;
    while (text.size() >= 8) {  // eight at a time: pairs, then fours, then all
        std::uint64_t w;
        std::memcpy(&w, text.data(), sizeof w);
        constexpr std::uint64_t high = 0xf0f0f0f0f0f0f0f0, threes = 0x3030303030303030;
        if ((w & high) != threes || ((w + 0x0606060606060606) & high) != threes) return -1;
        w = (w & ~high) * (1 + (10 << 8)) >> 8 & 0x00ff00ff00ff00ff;
        w = w * (1 + (100 << 16)) >> 16 & 0x0000ffff0000ffff;
        w = w * (1 + (std::uint64_t{10'000} << 32)) >> 32;
        number = number * 100'000'000 + w;
        text.remove_prefix(8);
    }
    for (const char c : text) {
        if (c < '0' || c > '9') return -1;
        number = number * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return static_cast<std::int64_t>(number);
}

std::string print_number(double number) {
    assert(std::isfinite(number));
    const double size = std::abs(number);
    const bool plain = size == 0 || (size >= least_plain && size < least_huge);
    const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
    std::array<char, longest_number> buffer{};
    const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, format);
    return {buffer.data(), written.ptr};
}

bool glob_matches(std::string_view glob, std::string_view text) noexcept {
    constexpr std::size_t none = std::string_view::npos;
    std::size_t g = 0, t = 0;
    std::size_t star = none;  // the last star
    std::size_t resume = 0;   // where the text goes on if that star takes one byte more
    while (t < text.size()) {
        if (g < glob.size() && glob[g] == '*') {
            star = g++;
            resume = t;
        } else if (g < glob.size() && glob[g] == text[t]) {
            ++g;
            ++t;
        } else if (star != none) {
            g = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    return glob.find_first_not_of('*', g) == none;
}

}  // namespace weir::inline v1
