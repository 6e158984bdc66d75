// store/packed.hpp - integers in as few bytes as their range needs: base + 0 to 8 bytes each.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

namespace weir::inline v1 {

/// An immutable column of 64-bit integers.
class packed {
public:
    packed() = default;
    explicit packed(std::span<const std::int64_t> values);

    std::int64_t operator[](std::size_t i) const { return look()[i]; }
    /// The column without its owner: for a loop that writes, so that it need not look up where the bytes are
    /// after each write.
    class view {
    public:
        std::int64_t operator[](std::size_t i) const {
            return static_cast<std::int64_t>(base_ + (load(bytes_ + i * width_) & mask_));
        }

    private:
        friend class packed;
        view(const std::byte* bytes, std::size_t width, std::uint64_t base, std::uint64_t mask)
            : bytes_(bytes), width_(width), base_(base), mask_(mask) {}
        const std::byte* bytes_;
        std::size_t width_;
        std::uint64_t base_, mask_;
    };
    view look() const { return {bytes_.get(), width_, base_, mask_}; }
    /// For a caller to prefetch; never read it.
    const void* address(std::size_t i) const { return bytes_.get() + i * width_; }
    std::size_t size() const { return size_; }
    /// Bytes of one value.
    std::size_t width() const { return width_; }
    bool empty() const { return size_ == 0; }
    /// Bounds of the values; exact in a column that was made from values.
    std::int64_t least() const { return static_cast<std::int64_t>(base_); }
    std::int64_t greatest() const { return static_cast<std::int64_t>(base_ + range_); }
    std::int64_t memory() const { return static_cast<std::int64_t>(size_ == 0 ? 0 : size_ * width_ + slack); }

private:
    friend class packed_writer;
    // A value is read and written as eight bytes, of which `width_` count.
    static constexpr std::size_t slack = 8;
    static std::uint64_t load(const std::byte* from) {
        std::uint64_t raw;
        std::memcpy(&raw, from, sizeof raw);
        return raw;
    }
    static_assert(std::endian::native == std::endian::little, "packed columns lay out bytes from the least");

    std::uint64_t base_ = 0, range_ = 0, mask_ = 0;
    std::size_t width_ = 0, size_ = 0;
    std::unique_ptr<std::byte[]> bytes_{};
};

/// Values [begin, end) of one of several columns.
struct packed_run {
    std::uint32_t column, begin, end;
};

/// Fills a column from front to back with values between bounds that are known before.
class packed_writer {
public:
    packed_writer(std::int64_t least, std::int64_t greatest, std::size_t size);
    void append(std::span<const std::int64_t> values);
    /// Appends runs of columns; of a column that is not there (nullptr) each value is the least.
    void append(std::span<const packed* const> columns, std::span<const packed_run>);
    /// Call it once `size` values were appended.
    packed finish() { return std::move(built_); }

private:
    packed built_{};
    std::byte* next_ = nullptr;
};

}  // namespace weir::inline v1
