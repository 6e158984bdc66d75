// allocation.hpp - how much memory a thread asks for, and what happens if it is refused.
#pragma once

#include <cstddef>

namespace weir_test {

/// Bytes that this thread has asked operator new for since it began; what was given back counts, too.
std::size_t bytes_asked_for();

/// Refuses one request of this thread for memory, or all from one on, while it lives.
class refused_memory {
public:
    /// `nth`: the first that is refused, from 1.
    refused_memory(std::size_t nth, bool for_ever);
    refused_memory(const refused_memory&) = delete;
    refused_memory& operator=(const refused_memory&) = delete;
    ~refused_memory();
    /// Whether a request was refused.
    bool has_refused() const;
};

}  // namespace weir_test
