#include "store/packed.hpp"

#include <algorithm>

namespace weir::inline v1 {
namespace {

template <class T>
void encode(std::span<const std::int64_t> values, std::int64_t base, std::vector<std::byte>& bytes) {
    bytes.resize(values.size() * sizeof(T));
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto raw =
            static_cast<T>(static_cast<std::uint64_t>(values[i]) - static_cast<std::uint64_t>(base));
        std::memcpy(bytes.data() + i * sizeof(T), &raw, sizeof(T));
    }
}

}  // namespace

packed::packed(std::span<const std::int64_t> values) : size_(values.size()) {
    if (values.empty()) return;
    const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
    base_ = *least;
    const std::uint64_t range = static_cast<std::uint64_t>(*greatest) - static_cast<std::uint64_t>(base_);
    if (range == 0) return;
    if (range <= UINT8_MAX) {
        width_ = 1;
        encode<std::uint8_t>(values, base_, bytes_);
    } else if (range <= UINT16_MAX) {
        width_ = 2;
        encode<std::uint16_t>(values, base_, bytes_);
    } else if (range <= UINT32_MAX) {
        width_ = 4;
        encode<std::uint32_t>(values, base_, bytes_);
    } else {
        width_ = 8;
        encode<std::uint64_t>(values, base_, bytes_);
    }
}

}  // namespace weir::inline v1
