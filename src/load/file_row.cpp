// file_row.cpp - the check that every row passes before anything is read from it.
#include "load/file_row.hpp"

#include "base/text.hpp"

namespace weir::inline v1 {
std::optional<std::string> fault_of_bytes(std::string_view text) {
    if (text.find('\0') != std::string_view::npos) return "found a NUL byte, expected text";
    if (!valid_utf8(text)) return "found " + quoted(text) + ", which is not valid UTF-8";
    return std::nullopt;
}

}  // namespace weir::inline v1
