// Checksums seeded by place: what they depend on, and what they must not depend on.
#include <array>
#include <cstddef>
#include <vector>

#include "catch.hpp"
#include "disk/block.hpp"

namespace {

using weir::disk::file_identity;
using weir::disk::hash_block;

// Leaves other bytes where the stack of a later call may lie, of so many only.
[[gnu::noinline]] void soil_stack(std::size_t begin, std::size_t end) {
    std::array<volatile unsigned char, 8192> stack;
    for (std::size_t i = begin; i < end; ++i) stack[i] = static_cast<unsigned char>(i * 7 + begin);
}

}  // namespace

TEST_CASE("block: a checksum depends on bytes, store, file and offset") {
    const std::vector<std::byte> bytes(300, std::byte{7});
    file_identity who{{}, 5, "x"};
    const auto hash = hash_block(who, 64, bytes);
    CHECK(hash_block(who, 128, bytes) != hash);
    CHECK(hash_block(who, 64, std::span(bytes).first(299)) != hash);
    CHECK(hash_block(who, 64, bytes, 1) != hash);
    who.number = 6;
    CHECK(hash_block(who, 64, bytes) != hash);
    who = {{std::byte{1}}, 5, "x"};
    CHECK(hash_block(who, 64, bytes) != hash);
}

TEST_CASE("block: a checksum does not depend on what the stack held") {
    const std::vector<std::byte> bytes(1000, std::byte{7});
    const file_identity who{{}, 5, "x"};
    const auto hash = hash_block(who, 64, bytes);
    int wrong = 0;
    for (std::size_t begin = 0; begin < 8192; begin += 32) {
        wrong += hash_block(who, 64, bytes) != hash;
        soil_stack(begin, begin + 32);
        wrong += hash_block(who, 64, bytes) != hash;
    }
    CHECK(wrong == 0);
}
