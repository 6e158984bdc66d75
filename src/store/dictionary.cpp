#include "store/dictionary.hpp"

#include <algorithm>
#include <cstring>

#include <boost/unordered/unordered_flat_set.hpp>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/fail.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::size_t arena_block = 64 * 1024;

std::size_t hash_of(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

}  // namespace

// A set of codes that hashes and compares the texts behind them, so that no text is held twice.
struct dictionary::index {
    struct hash {
        using is_transparent = void;
        using is_avalanching = void;
        const dictionary* owner;
        std::size_t operator()(code c) const { return hash_of(owner->at(c)); }
        std::size_t operator()(std::string_view text) const { return hash_of(text); }
    };
    struct equal {
        using is_transparent = void;
        const dictionary* owner;
        bool operator()(code a, code b) const { return a == b; }
        bool operator()(code a, std::string_view b) const { return owner->at(a) == b; }
        bool operator()(std::string_view a, code b) const { return a == owner->at(b); }
    };
    explicit index(const dictionary* owner) : codes(0, hash{owner}, equal{owner}) {}
    boost::unordered_flat_set<code, hash, equal> codes;
};

dictionary::dictionary() : index_(std::make_unique<index>(this)) {}
dictionary::~dictionary() = default;

dictionary::code dictionary::insert(std::string_view text) {
    const std::unique_lock lock(mutex_);
    if (const auto found = index_->codes.find(text); found != index_->codes.end()) return *found;
    if (size_ == UINT32_MAX - 1) fail(errc::limit_exceeded, "a dictionary holds at most 2^32 - 2 texts");
    const auto [block, offset] = place(size_);
    if (!blocks_[block]) {
        const std::size_t length = std::size_t{256} << block;
        blocks_[block] = std::make_unique<std::string_view[]>(length);
        bytes_ += static_cast<std::int64_t>(length * sizeof(std::string_view));
    }
    blocks_[block][offset] = keep(text);
    index_->codes.insert(size_);
    return size_++;
}

std::string_view dictionary::keep(std::string_view text) {
    if (text.empty()) return {};
    if (text.size() > arena_left_) {
        // A first small block keeps the many short-lived dictionaries of small batches cheap.
        const std::size_t length = std::max(text.size(), arena_.empty() ? std::size_t{1024} : arena_block);
        arena_.push_back(std::make_unique<char[]>(length));
        arena_next_ = arena_.back().get();
        arena_left_ = length;
        bytes_ += static_cast<std::int64_t>(length);
    }
    char* const kept = arena_next_;
    std::memcpy(kept, text.data(), text.size());
    arena_next_ += text.size();
    arena_left_ -= text.size();
    return {kept, text.size()};
}

std::optional<dictionary::code> dictionary::find(std::string_view text) const {
    const std::shared_lock lock(mutex_);
    const auto found = index_->codes.find(text);
    if (found == index_->codes.end()) return std::nullopt;
    return *found;
}

dictionary::code dictionary::size() const {
    const std::shared_lock lock(mutex_);
    return size_;
}

std::int64_t dictionary::memory() const {
    const std::shared_lock lock(mutex_);
    // The set holds a code and one byte of metadata a slot.
    return bytes_ + static_cast<std::int64_t>(index_->codes.bucket_count() * (sizeof(code) + 1));
}

}  // namespace weir::inline v1
