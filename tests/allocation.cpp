#include "allocation.hpp"

#include <cstdlib>
#include <new>

namespace {

thread_local std::size_t asked = 0;
thread_local std::size_t left = 0;  // requests until one is refused; 0: none is
thread_local bool refuses_on = false, refused = false;

bool is_refused() {
    if (left == 0 || --left > 0) return false;
    if (refuses_on) left = 1;
    return refused = true;
}

}  // namespace

std::size_t weir_test::bytes_asked_for() { return asked; }

weir_test::refused_memory::refused_memory(std::size_t nth, bool for_ever) {
    left = nth;
    refuses_on = for_ever;
    refused = false;
}
weir_test::refused_memory::~refused_memory() { left = 0; }
bool weir_test::refused_memory::has_refused() const { return refused; }

void* operator new(std::size_t size) {
    asked += size;
    if (!is_refused())
        if (void* const p = std::malloc(size == 0 ? 1 : size)) return p;
    throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    asked += size;
    return is_refused() ? nullptr : std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
