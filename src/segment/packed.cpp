#include "segment/packed.hpp"

namespace weir::inline v1 {
namespace {

// Writes what get(0) .. get(count - 1) give. All is in locals: bytes may alias anything.
template <class F>
std::byte* write(std::byte* to, std::size_t width, std::uint64_t base, std::size_t count, F&& get) {
    for (std::size_t i = 0; i < count; ++i, to += width) {
        const std::uint64_t raw = get(i) - base;
        std::memcpy(to, &raw, sizeof raw);
    }
    return to;
}

// Of integers side by side, which wide instructions compare many at a time.
template <class T> T greatest_of(std::span<const std::byte> bytes) {
    T most = 0;
    for (std::size_t at = 0; at < bytes.size(); at += sizeof(T)) {
        T one;
        std::memcpy(&one, bytes.data() + at, sizeof one);
        most = std::max(most, one);
    }
    return most;
}

}  // namespace

packed::packed(std::span<const std::int64_t> values) {
    if (values.empty()) return;
    bounds b;
    for (const std::int64_t v : values) b.take(v);
    packed_writer writer(b, values.size());
    writer.append(values);
    *this = writer.finish();
}

bool packed::fits() const {
    if (range_ == mask_) return true;
    switch (width_) {
        case 1: return greatest_of<std::uint8_t>(bytes()) <= range_;
        case 2: return greatest_of<std::uint16_t>(bytes()) <= range_;
        case 4: return greatest_of<std::uint32_t>(bytes()) <= range_;
        case 8: return greatest_of<std::uint64_t>(bytes()) <= range_;
        default: break;
    }
    const std::byte* at = bytes_.get();
    const std::size_t width = width_;
    std::uint64_t most = 0;
    for (std::size_t i = 0; i < size_; ++i, at += width) most = std::max(most, word(at) & mask_);
    return most <= range_;
}

packed_writer::packed_writer(std::int64_t least, std::int64_t greatest, std::size_t size) {
    built_.base_ = static_cast<std::uint64_t>(least);
    built_.set_range(static_cast<std::uint64_t>(greatest) - built_.base_);
    built_.size_ = size;
    const std::size_t bytes = size * built_.width_ + packed::slack;
    built_.bytes_ = std::make_unique_for_overwrite<std::byte[]>(bytes);
    std::memset(built_.bytes_.get() + bytes - packed::slack, 0, packed::slack);
    next_ = built_.bytes_.get();
}

void packed_writer::append(std::span<const std::int64_t> values) {
    const std::int64_t* const from = values.data();
    next_ = write(next_, built_.width_, built_.base_, values.size(),
                  [from](std::size_t i) { return static_cast<std::uint64_t>(from[i]); });
}

// Most runs are short, and most columns are laid out like the one that they go to: then their bytes are
// copied, eight at a time. What is copied too much will be overwritten, or lies in the slack.
void packed_writer::append(std::span<const packed* const> columns, std::span<const packed_run> runs) {
    const std::size_t width = built_.width_;
    const std::uint64_t base = built_.base_;
    std::byte* to = next_;
    for (const packed_run& r : runs) {
        const packed* const from = columns[r.column];
        const std::size_t count = r.end - r.begin;
        if (from == nullptr) {
            to = write(to, width, base, count, [base](std::size_t) { return base; });
            continue;
        }
        const std::byte* const bytes = from->bytes_.get() + r.begin * from->width_;
        if (from->width_ == width && from->base_ == base) {
            for (std::size_t at = 0; at < count * width; at += 8) std::memcpy(to + at, bytes + at, 8);
            to += count * width;
        } else {
            to = write(to, width, base, count,
                       [bytes, step = from->width_, mask = from->mask_, least = from->base_](std::size_t i) {
                           return least + (packed::word(bytes + i * step) & mask);
                       });
        }
    }
    next_ = to;
}

}  // namespace weir::inline v1
