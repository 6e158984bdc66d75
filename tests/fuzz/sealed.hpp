// sealed.hpp - checksums of files made good again, so that fuzzing meets what lies behind them.
#pragma once

#include <algorithm>
#include <cstring>
#include <span>
#include <vector>

#include "disk/block.hpp"

namespace weir_fuzz {

using bytes = std::vector<std::byte>;

inline const weir::disk::file_identity& who() {
    static const weir::disk::file_identity id{{std::byte{1}, std::byte{2}, std::byte{3}}, 77, "file"};
    return id;
}

template <class T> T get(const bytes& from, std::size_t at) {
    T value{};
    std::memcpy(&value, from.data() + at, sizeof value);
    return value;
}
template <class T> void put(bytes& to, std::size_t at, T value) {
    std::memcpy(to.data() + at, &value, sizeof value);
}

/// Puts the checksum of a block into it.
inline std::uint64_t seal(bytes& file, std::size_t begin, std::size_t size, std::size_t hash_at) {
    put(file, hash_at, std::uint64_t{0});
    const auto hash = weir::disk::hash_block(who(), begin, std::span(file).subspan(begin, size));
    put(file, hash_at, hash);
    return hash;
}

/// Makes the common header that of this file, but for its version, flags and reserved bytes.
inline void seal_header(bytes& file, weir::disk::file_kind kind) {
    const auto good = weir::disk::write_header({.kind = kind, .store = who().store, .number = who().number});
    std::copy_n(good.begin(), 10, file.begin());
    std::copy_n(good.begin() + 24, 24, file.begin() + 24);
    seal(file, 0, weir::disk::header_bytes, 56);
}

}  // namespace weir_fuzz
