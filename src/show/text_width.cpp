#include "show/text_width.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

#include "base/text.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view ellipsis = "…";

struct character {
    std::uint32_t code = 0;
    std::string_view bytes{};
    bool valid = true;
};

// The first character of a text that is not empty; a bad byte counts as one that is not valid.
character first_of(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const std::size_t size = byte(0) < 0x80 ? 1 : byte(0) < 0xE0 ? 2 : byte(0) < 0xF0 ? 3 : 4;
    if (size > text.size() || !valid_utf8(text.substr(0, size))) return {0, text.substr(0, 1), false};
    std::uint32_t code = size == 1 ? byte(0) : byte(0) & (0xFFu >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) code = (code << 6) | (byte(i) & 0x3Fu);
    return {code, text.substr(0, size), true};
}

template <class F> void for_each_character(std::string_view text, F f) {
    while (!text.empty()) {
        const character c = first_of(text);
        f(c);
        text.remove_prefix(c.bytes.size());
    }
}

struct range {
    std::uint32_t first, last;
};

constexpr range harmful[] = {
    {0x0000, 0x001F}, {0x007F, 0x009F},  // control characters
    {0x061C, 0x061C}, {0x200E, 0x200F},
    {0x2028, 0x202E}, {0x2066, 0x2069},  // line breaks, direction of writing
    {0xFFFE, 0xFFFF},
};
constexpr range wide[] = {
    {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},   {0x4E00, 0xA4CF},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
    {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
};
constexpr range combining[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x064B, 0x065F},   {0x200B, 0x200D},
    {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xE0100, 0xE01EF},
};

template <std::size_t N> bool among(const range (&ranges)[N], std::uint32_t code) {
    return std::any_of(std::begin(ranges), std::end(ranges),
                       [code](const range& r) { return r.first <= code && code <= r.last; });
}

std::size_t columns_of(const character& c) {
    return among(combining, c.code) ? 0 : among(wide, c.code) ? 2 : 1;
}

// Advances of DejaVu Sans from U+0020 to U+007E, in thousandths.
constexpr std::array<int, 95> advances{
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361,  318, 337, 636, 636, 636,
    636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632,
    575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635,  611, 732, 684, 989, 685,
    611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352,  635, 634, 278, 278, 579,
    278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592,  525, 636, 337, 636, 838};

double advance_of(const character& c) {
    constexpr double letter = 0.64, ideograph = 1.0;  // beyond ASCII a guess on the safe side
    if (c.code >= 0x20 && c.code < 0x7F) return advances[c.code - 0x20] / 1000.0;
    if (c.code == 0x2026 || c.code == 0xFFFD) return 1.0;
    if (c.code == 0x2192) return 0.838;
    const std::size_t columns = columns_of(c);
    return columns == 0 ? 0 : columns == 2 ? ideograph : letter;
}

char ascii_of(std::uint32_t code) {
    if (code < 0x80) return static_cast<char>(code);
    if (code >= 0x2588 && code <= 0x258B) return '#';  // blocks of at least five eighths
    if (code >= 0x258C && code <= 0x258F) return ':';
    switch (code) {
        case 0x2500:
        case 0x2013: return '-';
        case 0x2502: return '|';
        case 0x2192: return '>';
        case 0x2026: return '~';
        case 0x00B7: return ',';
        default: return code > 0x2500 && code < 0x2580 ? '+' : '?';
    }
}

// Cuts a text where `width_of` its characters exceed the room.
template <class Room, class Width> std::string fit(std::string_view text, Room room, Width width_of) {
    Room taken{};
    std::size_t fits_with_ellipsis = 0, seen = 0;
    bool whole = true;
    const Room tail = width_of(first_of(ellipsis));
    for_each_character(text, [&](const character& c) {
        taken += width_of(c);
        seen += c.bytes.size();
        if (taken + tail <= room) fits_with_ellipsis = seen;
        if (taken > room) whole = false;
    });
    if (whole) return std::string(text);
    if (tail > room) return {};
    return std::string(text.substr(0, fits_with_ellipsis)) + std::string(ellipsis);
}

template <class Fits, class Cut> std::vector<std::string> wrap(std::string_view text, Fits fits, Cut cut) {
    std::vector<std::string> lines;
    std::string line;
    while (!text.empty()) {
        const std::size_t space = std::min(text.find(' '), text.size());
        const std::string word(text.substr(0, space));
        text.remove_prefix(std::min(space + 1, text.size()));
        const std::string longer = line.empty() ? word : line + ' ' + word;
        if (!line.empty() && !fits(longer)) {
            lines.push_back(cut(line));
            line = word;
        } else {
            line = longer;
        }
    }
    if (!line.empty()) lines.push_back(cut(line));
    return lines;
}

}  // namespace

std::string clean(std::string_view text) {
    std::string out;
    for_each_character(
        text, [&](const character& c) { out += c.valid && !among(harmful, c.code) ? c.bytes : replacement; });
    return out;
}

std::string repair(std::string_view text) {
    std::string out;
    for_each_character(text, [&](const character& c) { out += c.valid ? c.bytes : replacement; });
    return out;
}

std::string to_ascii(std::string_view text) {
    std::string out;
    for_each_character(text, [&](const character& c) { out.append(columns_of(c), ascii_of(c.code)); });
    return out;
}

std::size_t screen_width(std::string_view text) {
    std::size_t columns = 0;
    for_each_character(text, [&](const character& c) { columns += columns_of(c); });
    return columns;
}

std::string fit_screen(std::string_view text, std::size_t columns) { return fit(text, columns, columns_of); }

double em_width(std::string_view text) {
    double em = 0;
    for_each_character(text, [&](const character& c) { em += advance_of(c); });
    return em;
}

std::string fit_em(std::string_view text, double em) { return fit(text, em, advance_of); }

std::vector<std::string> wrap_screen(std::string_view text, std::size_t columns) {
    return wrap(
        text, [=](const std::string& line) { return screen_width(line) <= columns; },
        [=](const std::string& line) { return fit_screen(line, columns); });
}

std::vector<std::string> wrap_em(std::string_view text, double em) {
    return wrap(
        text, [=](const std::string& line) { return em_width(line) <= em; },
        [=](const std::string& line) { return fit_em(line, em); });
}

}  // namespace weir::inline v1
