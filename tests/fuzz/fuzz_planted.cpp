// The negative control: the target of conditions with a fault planted, which fuzzing has to find.
#include <weir.hpp>

#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto read = weir::parse_condition(weir_fuzz::text_of(data, size));
    if (read) weir_fuzz::require(to_string(*read).find(" or ") == std::string::npos, "the planted fault");
    return 0;
}
