// base/big_memory.hpp - memory for large columns, in huge pages where the system has them.
//
// Columns are written once, front to back, and a new one is made for each derivation and merge: of what that
// takes, a quarter was the system handing out pages of 4 KB.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace weir::inline v1 {

/// Gives memory that is not set to anything; from 2 MB on it begins at a huge page. Throws std::bad_alloc.
void* allocate_big(std::size_t bytes);
/// Takes it back; `bytes` as given before.
void free_big(void*, std::size_t bytes) noexcept;

struct big_deleter {
    std::size_t bytes = 0;
    void operator()(std::byte* memory) const noexcept { free_big(memory, bytes); }
};
using big_bytes = std::unique_ptr<std::byte[], big_deleter>;
inline big_bytes make_big(std::size_t bytes) {
    return big_bytes(static_cast<std::byte*>(allocate_big(bytes)), big_deleter{bytes});
}

/// For containers.
template <class T> struct big_allocator {
    using value_type = T;
    big_allocator() = default;
    template <class U> big_allocator(const big_allocator<U>&) noexcept {}
    T* allocate(std::size_t n) { return static_cast<T*>(allocate_big(n * sizeof(T))); }
    void deallocate(T* p, std::size_t n) noexcept { free_big(p, n * sizeof(T)); }
    friend bool operator==(const big_allocator&, const big_allocator&) { return true; }
};

}  // namespace weir::inline v1
