// segment/text_table.hpp - texts numbered in the order in which they were first seen; for one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace weir::inline v1 {

/// A growing set of texts with dense codes from 0. A code never changes its text and a text never moves.
class text_table {
public:
    using code = std::uint32_t;

    text_table() = default;
    text_table(const text_table&) = delete;
    text_table& operator=(const text_table&) = delete;

    /// The code of a text, new if it was never seen. Throws limit_exceeded at 2^32 - 2 texts.
    code insert(std::string_view);
    /// Inserts all texts of a table, or of a list; gives their codes in that order.
    std::vector<code> insert(const text_table&);
    std::vector<code> insert(std::span<const std::string_view>);
    std::optional<code> find(std::string_view) const;
    std::string_view at(code c) const {
        const auto [block, offset] = place(c);
        return text_at(blocks_[block][offset]);
    }
    code size() const { return size_; }
    /// Forgets all texts but keeps the memory of the index.
    void clear();
    /// Bytes held.
    std::int64_t memory() const;

private:
    // Open addressing, at most three quarters full. A slot keeps the hash, so that growing reads no text, and
    // the text's beginning with its size: of at most seven bytes that is all there is to compare.
    struct slot {
        std::uint64_t head;
        std::uint32_t hash;
        code text;  ///< nothing: free
    };
    struct key {
        std::uint64_t head;
        std::uint32_t hash;
    };
    static constexpr std::size_t most_in_head = 7;
    static constexpr int size_shift = 8 * most_in_head;
    static key key_of_short(std::string_view);
    static key key_of(std::string_view);
    static constexpr code nothing = UINT32_MAX;
    // Block b holds 256 * 2^b texts, so that blocks never move while they grow.
    struct position {
        std::size_t block, offset;
    };
    static position place(code c) {
        const std::uint64_t n = std::uint64_t{c} + 256;
        const auto high = static_cast<std::size_t>(63 - __builtin_clzll(n));
        return {high - 8, static_cast<std::size_t>(n - (std::uint64_t{1} << high))};
    }
    // A text is kept behind its length: one byte, or 255 and four bytes.
    static constexpr unsigned char long_text = 255;
    static std::string_view text_at(const char* kept) {
        const auto size = static_cast<unsigned char>(*kept);
        if (size != long_text) return {kept + 1, size};
        std::uint32_t many;
        std::memcpy(&many, kept + 1, sizeof many);
        return {kept + 1 + sizeof many, many};
    }

    code find_or_add(std::string_view, const key&);
    code add(std::string_view, const key&, slot& free);
    std::size_t slot_of(std::string_view, const key&) const;
    template <class F> std::vector<code> insert_each(std::size_t count, F&& text_at);
    void grow(std::size_t slots);
    const char* keep(std::string_view);
    char* reserve(std::size_t bytes);

    std::vector<slot> slots_{};
    std::size_t room_ = 0;  // texts that they may take
    std::array<std::unique_ptr<const char* []>, 25> blocks_ {};
    std::vector<std::unique_ptr<char[]>> arena_{};
    std::size_t arena_left_ = 0;
    char* arena_next_ = nullptr;
    std::int64_t bytes_ = 0;  // of blocks and arena
    code size_ = 0;
};

}  // namespace weir::inline v1
