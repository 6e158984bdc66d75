#include "store/text_table.hpp"

#include <algorithm>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/fail.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::size_t arena_block = std::size_t{64} << 10;

std::uint32_t hash_of(std::string_view text) {
    return static_cast<std::uint32_t>(XXH3_64bits(text.data(), text.size()));
}

}  // namespace

// Where the text is, or the free slot where it would go.
std::size_t text_table::slot_of(std::string_view text, std::uint32_t hash) const {
    const std::size_t last = slots_.size() - 1;
    for (std::size_t i = hash & last;; i = (i + 1) & last) {
        const slot& s = slots_[i];
        if (s.text == nothing || (s.hash == hash && at(s.text) == text)) return i;
    }
}

text_table::code text_table::insert(std::string_view text) {
    if (size_ >= slots_.size() / 4 * 3) grow();
    const std::uint32_t hash = hash_of(text);
    slot& s = slots_[slot_of(text, hash)];
    if (s.text != nothing) return s.text;
    if (size_ == nothing - 1) fail(errc::limit_exceeded, "a dictionary holds at most 2^32 - 2 texts");
    const auto [block, offset] = place(size_);
    if (!blocks_[block]) {
        const std::size_t length = std::size_t{256} << block;
        blocks_[block] = std::make_unique<const char*[]>(length);
        bytes_ += static_cast<std::int64_t>(length * sizeof(const char*));
    }
    blocks_[block][offset] = keep(text);
    s = {hash, size_};
    return size_++;
}

std::optional<text_table::code> text_table::find(std::string_view text) const {
    if (slots_.empty()) return std::nullopt;
    const slot& s = slots_[slot_of(text, hash_of(text))];
    return s.text == nothing ? std::nullopt : std::optional(s.text);
}

void text_table::grow() {
    std::vector<slot> wider(std::max<std::size_t>(16, 2 * slots_.size()), slot{0, nothing});
    const std::size_t last = wider.size() - 1;
    for (const slot& s : slots_) {
        if (s.text == nothing) continue;
        std::size_t i = s.hash & last;
        while (wider[i].text != nothing) i = (i + 1) & last;
        wider[i] = s;
    }
    slots_ = std::move(wider);
}

const char* text_table::keep(std::string_view text) {
    const bool is_long = text.size() >= long_text;
    const std::size_t head = is_long ? 1 + sizeof(std::uint32_t) : 1;
    char* const kept = reserve(head + text.size());
    *kept = static_cast<char>(is_long ? long_text : text.size());
    if (const auto many = static_cast<std::uint32_t>(text.size()); is_long)
        std::memcpy(kept + 1, &many, sizeof many);
    std::copy(text.begin(), text.end(), kept + head);
    return kept;
}

char* text_table::reserve(std::size_t bytes) {
    if (bytes > arena_left_) {
        // A first small block keeps the many short-lived tables of small batches cheap.
        const std::size_t length = std::max(bytes, arena_.empty() ? std::size_t{1024} : arena_block);
        arena_.push_back(std::make_unique_for_overwrite<char[]>(length));
        arena_next_ = arena_.back().get();
        arena_left_ = length;
        bytes_ += static_cast<std::int64_t>(length);
    }
    arena_left_ -= bytes;
    return std::exchange(arena_next_, arena_next_ + bytes);
}

void text_table::clear() {
    std::fill(slots_.begin(), slots_.end(), slot{0, nothing});
    arena_.clear();
    arena_left_ = 0;
    blocks_ = {};
    bytes_ = 0;
    size_ = 0;
}

std::int64_t text_table::memory() const {
    return bytes_ + static_cast<std::int64_t>(slots_.size() * sizeof(slot));
}

}  // namespace weir::inline v1
