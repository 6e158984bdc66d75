// allocation.hpp - how much memory a thread asks for.
#pragma once

#include <cstddef>

namespace weir_test {

/// Bytes that this thread has asked operator new for since it began; what was given back counts, too.
std::size_t bytes_asked_for();

}  // namespace weir_test
