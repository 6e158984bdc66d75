// segment/column_cache.hpp - columns of segments that lie in files: loaded when read, as many as fit.
//
// Leads, their masks and their offsets are always in memory, and so are all texts; events, times and
// attributes need not be. Whoever reads those says so for as long as that takes, see segment_in_use. What
// nobody uses makes way when room is needed, the longest unused segment first.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "segment/segment_reader.hpp"

namespace weir::inline v1 {

/// Shared by all segments of a store; any thread may use them. It must not be forgotten that what is in use
/// stays: the limit holds for the rest.
class column_cache {
public:
    explicit column_cache(std::int64_t limit) : limit_(limit) {}
    std::int64_t limit() const { return limit_; }
    /// Bytes of columns in memory now, and the most that there were.
    std::int64_t held() const;
    std::int64_t most_held() const;

private:
    friend class segment_pages;
    using idle_list = std::list<segment_pages*>;
    void make_room();  // `mutex_` is held

    const std::int64_t limit_;
    mutable std::mutex mutex_{};
    std::int64_t held_ = 0, most_held_ = 0;
    idle_list idle_{};  // loaded, but not in use; the longest unused first
};

/// Loads the columns of one segment. It belongs to the segment.
class segment_pages {
public:
    segment_pages(segment_reader reader, segment& of, std::shared_ptr<column_cache> cache)
        : reader_(std::move(reader)), of_(of), cache_(std::move(cache)) {}
    segment_pages(const segment_pages&) = delete;
    segment_pages& operator=(const segment_pages&) = delete;
    ~segment_pages();

    /// Throws limit_exceeded once the segment has expired, as loading does.
    void begin_use();
    void end_use();
    /// Closes the file, which left the store: its bytes are to go.
    void expire();
    bool is_expired() const { return is_expired_.load(std::memory_order_acquire); }
    bool is_in_use() const;
    void load_rows();
    void load(const segment_column&);

private:
    friend class column_cache;
    void reserve(std::int64_t bytes);
    void give_back(std::int64_t bytes);
    void drop();  // the cache's mutex is held
    void check_age() const;

    segment_reader reader_;
    segment& of_;
    std::shared_ptr<column_cache> cache_;
    std::mutex loading_{};
    std::atomic<bool> has_rows_ = false, is_expired_ = false;
    // Under the cache's mutex:
    int users_ = 0;
    std::int64_t bytes_ = 0;
    // Its place among the idle, kept here while it is not: to become idle takes no memory, and cannot fail.
    column_cache::idle_list place_{this};
    const column_cache::idle_list::iterator idle_ = place_.begin();
};

/// Keeps what is loaded of a segment, as long as it lives; the segment must outlive it. Costs nothing for a
/// segment in memory.
class segment_in_use {
public:
    explicit segment_in_use(const segment& s) : pages_(s.pages.get()) {
        if (pages_ != nullptr) pages_->begin_use();
    }
    segment_in_use(segment_in_use&& other) noexcept : pages_(std::exchange(other.pages_, nullptr)) {}
    segment_in_use& operator=(segment_in_use&&) = delete;
    ~segment_in_use() {
        if (pages_ != nullptr) pages_->end_use();
    }

private:
    segment_pages* pages_;
};

/// Whether a purge ended what a snapshot may read.
bool is_expired(const snapshot::impl&);
/// The segments of raw events that have leads of a range, in use.
std::vector<segment_in_use> use_raw_segments(const snapshot::impl&, std::uint32_t from, std::uint32_t until);
/// Cuts a range of leads where files end, and calls f(from, until) for each piece, in order, while the
/// segments of raw events that have its leads are in use.
void in_pieces(const snapshot::impl&, std::uint32_t from, std::uint32_t until,
               const std::function<void(std::uint32_t, std::uint32_t)>& f);

}  // namespace weir::inline v1
