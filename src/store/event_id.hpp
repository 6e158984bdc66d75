// store/event_id.hpp - event ids remembered for a while, so that a retried append counts once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "segment/batch_data.hpp"
#include "segment/content_hash.hpp"

namespace weir::inline v1 {

/// Hashes all that a row says (lead, name, time, attributes), in an order that does not depend on the batch.
class row_hasher {
public:
    explicit row_hasher(const batch::impl&);
    /// Rows are asked for in ascending order.
    content_hash of(std::uint32_t row);

private:
    struct cursor {
        const batch::impl::column* column;
        std::string name{};    ///< the bytes that stand for it
        std::size_t next = 0;  ///< of the column's rows: none before it is asked for again
    };
    const batch::impl& batch_;
    void append(const void* from, std::size_t size) {
        if (size > bytes_.size() - size_) bytes_.resize(2 * (size_ + size));
        std::memcpy(bytes_.data() + size_, from, size);
        size_ += size;
    }
    void append(std::int64_t bits) { append(&bits, sizeof bits); }
    void append(std::string_view text) {
        append(static_cast<std::int64_t>(text.size()));
        append(text.data(), text.size());
    }

    std::vector<cursor> columns_{};  ///< by name, kind, currency
    std::string bytes_{};
    std::size_t size_ = 0;  ///< of what bytes_ hold
};

/// The ids of the last events, at most 2^31 - 1, each with its arrival and content.
class id_memory {
public:
    enum class verdict : std::uint8_t { fresh, duplicate, conflicting };
    /// What an event that would get this arrival number is; an id that arrived `horizon` or more before is
    /// fresh.
    verdict judge(content_hash id, content_hash content, std::int64_t arrival, std::int64_t horizon) const;
    /// Remembers an event and forgets those too far back. Arrivals ascend.
    void remember(content_hash id, content_hash content, std::int64_t arrival, std::int64_t horizon);
    /// Remembers all that another one does.
    void take(const id_memory&, std::int64_t horizon);
    /// Forgets an event.
    void forget(content_hash id, std::int64_t arrival);
    /// Fetches what judge(), or remember(), will look at first.
    void prefetch(const content_hash& id) const {
        if (!slots_.empty()) __builtin_prefetch(&slots_[tag_of(id) & (slots_.size() - 1)]);
    }
    /// Makes room for so many more, for which it then takes no memory.
    void reserve(std::size_t more);
    bool empty() const { return used_ == 0; }
    /// Calls f(id, content, arrival) for each event that is remembered, in order of arrival.
    template <class F> void for_each(F&& f) const {
        for (std::size_t i = 0; i < all_.size(); ++i)
            if (all_[i].is_known) f(all_[i].id, all_[i].content, all_[i].arrival);
    }

private:
    struct seen {
        content_hash id, content;
        std::int64_t arrival;
        bool is_known = true;  // else it was forgotten, or its id came back after its time
    };
    // Open addressing, at most half full: a slot has half of an id's hash, and where in all_ it stands. Slots
    // are small, so that one that is missing is found missing with one look at memory.
    struct slot {
        std::uint32_t tag = 0;
        std::uint32_t number = nothing;  // of seen, counted from the first that ever was
    };
    static constexpr std::uint32_t nothing = UINT32_MAX;
    static constexpr std::uint32_t numbers = UINT32_MAX >> 1;  // a mask; after the last follows the first

    static std::uint32_t tag_of(const content_hash& id) {
        return static_cast<std::uint32_t>(content_hash::hasher{}(id));
    }
    seen& at(std::uint32_t number) { return all_[(number - first_) & numbers]; }
    const seen& at(std::uint32_t number) const { return all_[(number - first_) & numbers]; }
    std::size_t slot_of(const content_hash& id) const;
    void erase(std::size_t slot);
    void drop_first();
    void grow(std::size_t slots);

    std::deque<seen> all_{};
    std::uint32_t first_ = 0;  // number of the first of all_
    std::vector<slot> slots_{};
    std::size_t used_ = 0;  // slots
};

}  // namespace weir::inline v1
