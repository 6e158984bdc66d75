#include "store/packed.hpp"

#include <algorithm>

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

}  // namespace

packed::packed(std::span<const std::int64_t> values) {
    if (values.empty()) return;
    const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
    packed_writer writer(*least, *greatest, values.size());
    writer.append(values);
    *this = writer.finish();
}

packed_writer::packed_writer(std::int64_t least, std::int64_t greatest, std::size_t size) {
    built_.base_ = static_cast<std::uint64_t>(least);
    built_.range_ = static_cast<std::uint64_t>(greatest) - built_.base_;
    built_.size_ = size;
    built_.width_ = (static_cast<std::size_t>(std::bit_width(built_.range_)) + 7) / 8;
    built_.mask_ = built_.width_ == 0 ? 0 : ~std::uint64_t{0} >> (64 - 8 * built_.width_);
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

void packed_writer::append(const packed& from, std::size_t begin, std::size_t end) {
    const std::byte* const bytes = from.bytes_.get() + begin * from.width_;
    next_ = write(next_, built_.width_, built_.base_, end - begin,
                  [bytes, width = from.width_, mask = from.mask_, base = from.base_](std::size_t i) {
                      return base + (packed::load(bytes + i * width) & mask);
                  });
}

void packed_writer::append(std::int64_t value, std::size_t times) {
    next_ = write(next_, built_.width_, built_.base_, times,
                  [value](std::size_t) { return static_cast<std::uint64_t>(value); });
}

}  // namespace weir::inline v1
