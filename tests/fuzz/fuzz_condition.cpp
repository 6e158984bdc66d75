// A condition that can be read prints as text that reads back as the same.
#include <weir.hpp>

#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto read = weir::parse_condition(weir_fuzz::text_of(data, size));
    if (!read) {
        weir_fuzz::require(!read.error().message.empty(), "an error without words");
        return 0;
    }
    const std::string text = to_string(*read);
    const auto again = weir::parse_condition(text);
    weir_fuzz::require(again.has_value(), "a condition that was printed cannot be read");
    weir_fuzz::require(*again == *read && to_string(*again) == text,
                       "a condition changes when it is printed");
    return 0;
}
