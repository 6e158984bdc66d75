#include "segment/text_table.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/fail.hpp"
#include "base/tuned.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::size_t arena_block = tuned<std::size_t>(64 << 10, 100);

std::uint64_t load_32(const char* from) {
    std::uint32_t bits;
    std::memcpy(&bits, from, sizeof bits);
    return bits;
}

static_assert(std::endian::native == std::endian::little);

// The bytes of a text of at most seven, the first one lowest. What is read twice is the same twice.
std::uint64_t bytes_of(std::string_view text) {
    const std::size_t n = text.size();
    if (n >= 4) return load_32(text.data()) | load_32(text.data() + n - 4) << (8 * (n - 4));
    const auto byte = [text](std::size_t i) {
        return std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
    };
    return n == 0 ? 0 : byte(0) | byte(n / 2) | byte(n - 1);
}

// What is used of a hash.
std::uint32_t some_of(std::uint32_t hash) { return hash & tuned(0xFFFF'FFFFU, 0x7FU); }

}  // namespace

inline text_table::key text_table::key_of_short(std::string_view text) {
    const std::uint64_t head = bytes_of(text) | std::uint64_t{text.size()} << size_shift;
    return {head, some_of(static_cast<std::uint32_t>((head ^ head >> 32) * 0x9e3779b97f4a7c15U >> 32))};
}

text_table::key text_table::key_of(std::string_view text) {
    if (text.size() <= most_in_head) return key_of_short(text);
    const std::uint64_t head = bytes_of(text.substr(0, most_in_head)) | std::uint64_t{255} << size_shift;
    return {head, some_of(static_cast<std::uint32_t>(XXH3_64bits(text.data(), text.size())))};
}

// Where the text is, or the free slot where it would go.
std::size_t text_table::slot_of(std::string_view text, const key& k) const {
    const slot* const slots = slots_.data();
    const std::size_t last = slots_.size() - 1;
    for (std::size_t i = k.hash & last;; i = (i + 1) & last) {
        const slot& s = slots[i];
        if (s.head == k.head && s.hash == k.hash && (text.size() <= most_in_head || at(s.text) == text))
            return i;
        if (s.text == nothing) return i;
    }
}

[[gnu::noinline]] text_table::code text_table::find_or_add(std::string_view text, const key& k) {
    if (size_ >= room_) grow(std::max<std::size_t>(16, 2 * slots_.size()));
    slot& s = slots_[slot_of(text, k)];
    return s.text != nothing ? s.text : add(text, k, s);
}

text_table::code text_table::insert(std::string_view text) {
    if (text.size() > most_in_head || size_ >= room_) return find_or_add(text, key_of(text));
    // A short text that is known, as nearly all are: nothing but its head has to be compared.
    const key k = key_of_short(text);
    const slot* const slots = slots_.data();
    const std::size_t last = slots_.size() - 1;
    std::size_t i = k.hash & last;
    while (slots[i].head != k.head && slots[i].text != nothing) i = (i + 1) & last;
    return slots[i].text != nothing ? slots[i].text : find_or_add(text, k);
}

// The slots of a big table are seldom in the cache: a handful is fetched while others are looked at. Of a
// short text that is known its head is all that is compared, of a new one all that is kept.
template <class F> std::vector<text_table::code> text_table::insert_each(std::size_t count, F&& text_at) {
    constexpr std::size_t handful = 16;
    // At least so many there will be; that some are known already cannot be told before.
    if (count > room_) grow(std::bit_ceil(count / 3 * 4 + 16));
    std::vector<code> codes(count);
    std::array<key, handful> keys;
    const auto insert_one = [this](std::string_view text, const key& k) {
        if (text.size() > most_in_head || size_ >= room_) return find_or_add(text, k);
        slot* const slots = slots_.data();
        const std::size_t last = slots_.size() - 1;
        std::size_t i = k.hash & last;
        while (slots[i].head != k.head && slots[i].text != nothing) i = (i + 1) & last;
        if (slots[i].text != nothing) return slots[i].text;
        const auto [block, offset] = place(size_);
        if (!blocks_[block] || arena_left_ < sizeof k.head) return add(text, k, slots[i]);
        char* const kept = arena_next_;
        *kept = static_cast<char>(text.size());
        std::memcpy(kept + 1, &k.head, most_in_head);  // what is too much will be overwritten
        arena_next_ += 1 + text.size();
        arena_left_ -= 1 + text.size();
        blocks_[block][offset] = kept;
        slots[i] = {k.head, k.hash, size_};
        return size_++;
    };
    for (std::size_t begin = 0; begin < count; begin += handful) {
        const std::size_t end = std::min(count - begin, handful) + begin;
        for (std::size_t c = begin; c < end; ++c) {
            const std::string_view text = text_at(c);
            const key k = text.size() <= most_in_head ? key_of_short(text) : key_of(text);
            __builtin_prefetch(&slots_[k.hash & (slots_.size() - 1)]);
            keys[c - begin] = k;
        }
        for (std::size_t c = begin; c < end; ++c) codes[c] = insert_one(text_at(c), keys[c - begin]);
    }
    return codes;
}

std::vector<text_table::code> text_table::insert(const text_table& all) {
    return insert_each(all.size(), [&](std::size_t c) { return all.at(static_cast<code>(c)); });
}

std::vector<text_table::code> text_table::insert(std::span<const std::string_view> all) {
    return insert_each(all.size(), [all](std::size_t i) { return all[i]; });
}

text_table::code text_table::add(std::string_view text, const key& k, slot& s) {
    if (size_ == nothing - 1) fail(errc::limit_exceeded, "a dictionary holds at most 2^32 - 2 texts");
    const auto [block, offset] = place(size_);
    if (!blocks_[block]) {
        const std::size_t length = std::size_t{256} << block;
        blocks_[block] = std::make_unique<const char*[]>(length);
        bytes_ += static_cast<std::int64_t>(length * sizeof(const char*));
    }
    blocks_[block][offset] = keep(text);
    s = {k.head, k.hash, size_};
    return size_++;
}

std::optional<text_table::code> text_table::find(std::string_view text) const {
    if (slots_.empty()) return std::nullopt;
    const slot& s = slots_[slot_of(text, key_of(text))];
    return s.text == nothing ? std::nullopt : std::optional(s.text);
}

void text_table::grow(std::size_t slots) {
    std::vector<slot> wider(slots, slot{0, 0, nothing});
    const std::size_t last = wider.size() - 1;
    for (const slot& s : slots_) {
        if (s.text == nothing) continue;
        std::size_t i = s.hash & last;
        while (wider[i].text != nothing) i = (i + 1) & last;
        wider[i] = s;
    }
    slots_ = std::move(wider);
    room_ = slots_.size() / 4 * 3;
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
    std::fill(slots_.begin(), slots_.end(), slot{0, 0, nothing});
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
