// store/packed.hpp - integers in as few bytes as their range needs: base + 0, 1, 2, 4 or 8 bytes each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace weir::inline v1 {

/// An immutable column of 64-bit integers. A constant column takes no bytes.
class packed {
public:
    packed() = default;
    explicit packed(std::span<const std::int64_t> values);

    std::int64_t operator[](std::size_t i) const {
        switch (width_) {
            case 0: return base_;
            case 1: return at<std::uint8_t>(i);
            case 2: return at<std::uint16_t>(i);
            case 4: return at<std::uint32_t>(i);
            default: return at<std::uint64_t>(i);
        }
    }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    std::int64_t memory() const { return static_cast<std::int64_t>(bytes_.size()); }

private:
    template <class T> std::int64_t at(std::size_t i) const {
        T raw;
        std::memcpy(&raw, bytes_.data() + i * sizeof(T), sizeof(T));
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(base_) + raw);
    }
    std::int64_t base_ = 0;
    std::size_t size_ = 0;
    unsigned width_ = 0;
    std::vector<std::byte> bytes_{};
};

}  // namespace weir::inline v1
