// segment/packed.hpp - integers in as few bytes as their range needs: base + 0 to 8 bytes each.
#pragma once

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <utility>

namespace weir::inline v1 {

/// An immutable column of 64-bit integers.
class packed {
public:
    packed() = default;
    explicit packed(std::span<const std::int64_t> values);
    /// Bytes that a value between the bounds takes.
    static std::size_t width_for(std::uint64_t range) {
        return (static_cast<std::size_t>(std::bit_width(range)) + 7) / 8;
    }
    /// A column whose values are elsewhere: its bounds, size and width can be asked for. load() gives it
    /// values, as bytes() with at least `slack` behind them, and drop() takes them away again. Values beyond
    /// the range are the caller's to find, see fits().
    packed(std::int64_t least, std::uint64_t range, std::size_t size)
        : base_(static_cast<std::uint64_t>(least)), size_(size) {
        set_range(range);
    }
    void load(std::unique_ptr<std::byte[]> bytes) { bytes_ = std::move(bytes); }
    std::unique_ptr<std::byte[]> drop() { return std::move(bytes_); }
    /// The values as they are stored: width() little-endian bytes each, to be added to least().
    std::span<const std::byte> bytes() const { return {bytes_.get(), size_ * width_}; }
    /// Whether every value lies between the bounds.
    bool fits() const;
    // A value is read and written as eight bytes, of which `width_` count.
    static constexpr std::size_t slack = 8;

    std::int64_t operator[](std::size_t i) const { return look()[i]; }
    /// The column without its owner: for a loop that writes, so that it need not look up where the bytes are
    /// after each write.
    class view {
    public:
        std::int64_t operator[](std::size_t i) const {
            return static_cast<std::int64_t>(base_ + (word(bytes_ + i * width_) & mask_));
        }

    private:
        friend class packed;
        view(const std::byte* bytes, std::size_t width, std::uint64_t base, std::uint64_t mask)
            : bytes_(bytes), width_(width), base_(base), mask_(mask) {}
        const std::byte* bytes_;
        std::size_t width_;
        std::uint64_t base_, mask_;
    };
    view look() const {
        assert(bytes_ != nullptr);
        return {bytes_.get(), width_, base_, mask_};
    }
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
    void set_range(std::uint64_t range) {
        range_ = range;
        width_ = width_for(range);
        mask_ = width_ == 0 ? 0 : ~std::uint64_t{0} >> (64 - 8 * width_);
    }
    static std::uint64_t word(const std::byte* from) {
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

/// The least and the greatest of some values.
struct bounds {
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    std::int64_t greatest = std::numeric_limits<std::int64_t>::min();

    void take(std::int64_t value) {
        if (value < least) least = value;
        if (value > greatest) greatest = value;
    }
    void take(const bounds& other) {
        least = std::min(least, other.least);
        greatest = std::max(greatest, other.greatest);
    }
};

/// Fills a column with values between bounds that are known before: from front to back, or wherever.
class packed_writer {
public:
    packed_writer(std::int64_t least, std::int64_t greatest, std::size_t size);
    packed_writer(const bounds& b, std::size_t size) : packed_writer(b.least, b.greatest, size) {}
    void append(std::span<const std::int64_t> values);
    /// Appends runs of columns; of a column that is not there (nullptr) each value is the least.
    void append(std::span<const packed* const> columns, std::span<const packed_run>);
    /// Sets the values begin .. end - 1 to get(begin) .. get(end - 1). Threads may set different ones at
    /// once.
    template <class F> void set(std::size_t begin, std::size_t end, F&& get);
    /// Call it once all `size` values are written.
    packed finish() { return std::move(built_); }

private:
    packed built_{};
    std::byte* next_ = nullptr;
};

template <class F> void packed_writer::set(std::size_t begin, std::size_t end, F&& get) {
    const std::size_t width = built_.width_;
    const std::uint64_t base = built_.base_;
    if (width == 0) return;
    const auto raw = [&](std::size_t i) { return static_cast<std::uint64_t>(get(i)) - base; };
    std::byte* to = built_.bytes_.get() + begin * width;
    // The last values must not touch the bytes behind them, which may be another thread's.
    const std::size_t last_few = std::min(end - begin, (sizeof(std::uint64_t) - 1) / width);
    std::size_t i = begin;
    for (; i < end - last_few; ++i, to += width) {
        const std::uint64_t value = raw(i);
        std::memcpy(to, &value, sizeof value);
    }
    for (; i < end; ++i, to += width) {
        const std::uint64_t value = raw(i);
        std::memcpy(to, &value, width);
    }
}

}  // namespace weir::inline v1
