// store/dictionary.hpp - texts numbered in the order in which they were first seen.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string_view>
#include <vector>

namespace weir::inline v1 {

/// A growing set of texts with dense codes from 0. Any thread may call any member.
///
/// A code never changes its text and a text never moves: at() takes no lock. A thread may call at() for a
/// code that it inserted or found itself, or that reached it through another synchronisation (a published
/// snapshot).
class dictionary {
public:
    using code = std::uint32_t;

    dictionary();
    ~dictionary();
    /// The code of a text, new if it was never seen. Throws limit_exceeded at 2^32 - 2 texts.
    code insert(std::string_view);
    std::optional<code> find(std::string_view) const;
    std::string_view at(code c) const {
        const auto [block, offset] = place(c);
        return blocks_[block][offset];
    }
    code size() const;
    /// Bytes held.
    std::int64_t memory() const;

private:
    struct index;
    // Block b holds 256 * 2^b texts, so that blocks never move while they grow.
    struct position {
        std::size_t block, offset;
    };
    static position place(code c) {
        const std::uint64_t n = std::uint64_t{c} + 256;
        const auto high = static_cast<std::size_t>(63 - __builtin_clzll(n));
        return {high - 8, static_cast<std::size_t>(n - (std::uint64_t{1} << high))};
    }
    std::string_view keep(std::string_view);

    mutable std::shared_mutex mutex_{};
    std::array<std::unique_ptr<std::string_view[]>, 25> blocks_{};
    std::vector<std::unique_ptr<char[]>> arena_{};
    std::size_t arena_left_ = 0;
    char* arena_next_ = nullptr;
    std::int64_t bytes_ = 0;
    code size_ = 0;
    std::unique_ptr<index> index_;
};

}  // namespace weir::inline v1
