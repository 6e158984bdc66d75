#include "segment/column_cache.hpp"

#include <algorithm>

#include "base/fail.hpp"

namespace weir::inline v1 {

std::int64_t column_cache::held() const {
    const std::lock_guard lock(mutex_);
    return held_;
}

std::int64_t column_cache::most_held() const {
    const std::lock_guard lock(mutex_);
    return most_held_;
}

void column_cache::make_room() {
    while (held_ > limit_ && !idle_.empty()) idle_.front()->drop();
}

segment_pages::~segment_pages() {
    const std::lock_guard lock(cache_->mutex_);
    if (bytes_ > 0) drop();
}

void segment_pages::check_age() const {
    if (is_expired())
        fail(errc::limit_exceeded,
             "a purge has taken away what the snapshot reads, longer ago than max_snapshot_age; take a new "
             "one",
             "max_snapshot_age");
}

void segment_pages::begin_use() {
    check_age();
    const std::lock_guard lock(cache_->mutex_);
    if (users_++ == 0 && bytes_ > 0) place_.splice(place_.end(), cache_->idle_, idle_);
}

void segment_pages::end_use() {
    const std::lock_guard lock(cache_->mutex_);
    if (--users_ > 0 || bytes_ == 0) return;
    cache_->idle_.splice(cache_->idle_.end(), place_, idle_);
    if (is_expired()) return drop();
    cache_->make_room();
}

// A question that has begun goes on with what is loaded.
void segment_pages::expire() {
    const std::lock_guard loading(loading_);
    reader_.close();
    const std::lock_guard lock(cache_->mutex_);
    is_expired_.store(true, std::memory_order_release);
    if (users_ == 0 && bytes_ > 0) drop();
}

bool segment_pages::is_in_use() const {
    const std::lock_guard lock(cache_->mutex_);
    return users_ > 0;
}

// Room is made before anything is read, so that the two are never in memory together.
void segment_pages::reserve(std::int64_t bytes) {
    const std::lock_guard lock(cache_->mutex_);
    assert(users_ > 0);
    bytes_ += bytes;
    cache_->held_ += bytes;
    cache_->make_room();
    cache_->most_held_ = std::max(cache_->most_held_, cache_->held_);
}

void segment_pages::give_back(std::int64_t bytes) {
    const std::lock_guard lock(cache_->mutex_);
    bytes_ -= bytes;
    cache_->held_ -= bytes;
}

void segment_pages::load_rows() {
    if (has_rows_.load(std::memory_order_acquire)) return;
    const std::lock_guard lock(loading_);
    if (has_rows_.load(std::memory_order_relaxed)) return;
    check_age();
    const std::int64_t bytes = of_.events.memory() + of_.times.memory();
    reserve(bytes);
    try {
        reader_.load_rows(of_);
    } catch (...) {
        give_back(bytes);
        throw;
    }
    has_rows_.store(true, std::memory_order_release);
}

void segment_pages::load(const segment_column& c) {
    const std::lock_guard lock(loading_);
    const std::atomic_ref is_here(c.is_here);
    if (is_here.load(std::memory_order_relaxed)) return;
    check_age();
    const auto index = static_cast<std::size_t>(&c - of_.columns.data());
    const std::int64_t bytes = reader_.bytes_of_column(of_, index);
    reserve(bytes);
    try {
        reader_.load_column(of_, index);
    } catch (...) {
        give_back(bytes);
        throw;
    }
    is_here.store(true, std::memory_order_release);
}

// Nobody uses the segment, so nobody loads or reads its columns.
void segment_pages::drop() {
    place_.splice(place_.end(), cache_->idle_, idle_);
    cache_->held_ -= std::exchange(bytes_, 0);
    has_rows_ = false;
    of_.events.drop();
    of_.times.drop();
    for (segment_column& c : of_.columns) {
        c.bits.drop();
        c.present = {};
        c.is_here = false;
    }
}

void segment_column::load() const { pages->load(*this); }
bool segment_column::is_in_use() const { return pages->is_in_use(); }
void segment::load_rows() const { pages->load_rows(); }

bool is_expired(const snapshot::impl& data) {
    return std::any_of(data.segments.begin(), data.segments.end(),
                       [](const auto& s) { return s->pages && s->pages->is_expired(); });
}

std::vector<segment_in_use> use_raw_segments(const snapshot::impl& data, std::uint32_t from,
                                             std::uint32_t until) {
    std::vector<segment_in_use> used;
    for (std::size_t s = 0; s < data.raw_segments(); ++s) {
        const segment& raw = *data.segments[s];
        if (!raw.pages || raw.leads.back() < from || raw.leads.front() >= until) continue;
        used.emplace_back(raw);
    }
    return used;
}

void in_pieces(const snapshot::impl& data, std::uint32_t from, std::uint32_t until,
               const std::function<void(std::uint32_t, std::uint32_t)>& f) {
    std::vector<std::uint32_t> borders{from, until};
    for (std::size_t s = 0; s < data.raw_segments(); ++s) {
        const segment& raw = *data.segments[s];
        if (raw.pages && raw.part > 0 && raw.leads.front() > from && raw.leads.front() < until)
            borders.push_back(raw.leads.front());
    }
    std::sort(borders.begin(), borders.end());
    for (std::size_t i = 1; i < borders.size(); ++i) {
        if (borders[i - 1] == borders[i] && i + 1 < borders.size()) continue;
        const auto used = use_raw_segments(data, borders[i - 1], borders[i]);
        f(borders[i - 1], borders[i]);
    }
}

opened_segment open_segment(std::shared_ptr<const disk::file> file, const disk::file_identity& who,
                            const segment_entry& entry, snapshot::impl& names,
                            std::shared_ptr<column_cache> cache) {
    segment_reader reader(std::move(file), who, entry);
    auto made = std::make_shared<segment>();
    opened_segment opened{made, reader.open(*made, names)};
    made->part = entry.partition;
    if (cache) {
        made->pages = std::make_shared<segment_pages>(std::move(reader), *made, std::move(cache));
        for (segment_column& c : made->columns) {
            c.pages = made->pages.get();
            c.is_here = false;
        }
    } else {
        reader.load_rows(*made);
        for (std::size_t c = 0; c < made->columns.size(); ++c) reader.load_column(*made, c);
    }
    return opened;
}

void verify_segment(std::shared_ptr<const disk::file> file, const disk::file_identity& who,
                    const segment_entry& entry) {
    snapshot::impl names;
    names.lead_keys = std::make_shared<dictionary>();
    names.event_names = std::make_shared<dictionary>();
    open_segment(std::move(file), who, entry, names);
}

}  // namespace weir::inline v1
