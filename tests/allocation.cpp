#include "allocation.hpp"

#include <cstdlib>
#include <new>

namespace {
thread_local std::size_t asked = 0;
}

std::size_t weir_test::bytes_asked_for() { return asked; }

void* operator new(std::size_t size) {
    asked += size;
    if (void* const p = std::malloc(size == 0 ? 1 : size)) return p;
    throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    asked += size;
    return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
