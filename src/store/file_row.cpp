// file_row.cpp - the check that every row passes before anything is read from it.
#include "store/file_row.hpp"

#include <cstring>

#include "base/text.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::uint64_t high_bits = 0x8080808080808080;
constexpr std::uint64_t low_bits = 0x7f7f7f7f7f7f7f7f;

// True if all bytes lie in 0x01 to 0x7f. Eight at a time: adding 0x7f sets the high bit of each but NUL.
bool is_plain(std::string_view text) {
    std::uint64_t any = 0;
    std::uint64_t all = high_bits;
    std::size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
        std::uint64_t word;
        std::memcpy(&word, text.data() + at, 8);
        any |= word;
        all &= word + low_bits;
    }
    for (; at < text.size(); ++at) {
        const auto byte = static_cast<unsigned char>(text[at]);
        if (byte == 0 || byte > 0x7f) return false;
    }
    return (any & high_bits) == 0 && (all & high_bits) == high_bits;
}

}  // namespace

std::optional<std::string> fault_of_bytes(std::string_view text) {
    if (is_plain(text)) return std::nullopt;
    if (text.find('\0') != std::string_view::npos) return "found a NUL byte, expected text";
    if (!valid_utf8(text)) return "found " + quoted(text) + ", which is not valid UTF-8";
    return std::nullopt;
}

}  // namespace weir::inline v1
