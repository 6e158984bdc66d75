#include "base/big_memory.hpp"

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace weir::inline v1 {
namespace {

constexpr std::size_t huge_page = std::size_t{1} << 21;

}  // namespace

void* allocate_big(std::size_t bytes) {
    if (bytes < huge_page) return ::operator new(bytes);
    void* const memory = ::operator new (bytes, std::align_val_t{huge_page});
#ifdef __linux__
    // Whole pages alone, so that nothing is taken that is not used. It is a wish: that it fails is no fault.
    ::madvise(memory, bytes / huge_page * huge_page, MADV_HUGEPAGE);
#endif
    return memory;
}

void free_big(void* memory, std::size_t bytes) noexcept {
    if (bytes < huge_page)
        ::operator delete(memory);
    else
        ::operator delete (memory, std::align_val_t{huge_page});
}

}  // namespace weir::inline v1
