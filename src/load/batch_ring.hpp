// load/batch_ring.hpp - batches on their way from the thread that fills them to the one that appends them.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <mutex>

#include <weir/event.hpp>

namespace weir::inline v1 {

/// A few batches that go round: one thread fills, one empties, each waits for the other. Either may end it.
class batch_ring {
public:
    /// The one to fill next, which filled() then passes on; nullptr after end().
    batch* next_empty() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return ended_ || filled_ - emptied_ < ring_.size(); });
        return ended_ ? nullptr : &ring_[filled_ % ring_.size()];
    }
    void filled() {
        change([&] { ++filled_; });
    }

    /// The one to empty next, which emptied() then gives back; nullptr if none is left after end().
    batch* next_full() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return ended_ || emptied_ < filled_; });
        return emptied_ < filled_ ? &ring_[emptied_ % ring_.size()] : nullptr;
    }
    void emptied() {
        change([&] { ++emptied_; });
    }

    /// Nothing more will be filled, or nothing more is wanted.
    void end() {
        change([&] { ended_ = true; });
    }

private:
    template <class F> void change(F&& f) {
        const std::lock_guard lock(mutex_);
        f();
        changed_.notify_one();  // of two threads at most one waits
    }

    // So many that filling goes on while the store merges what it has.
    std::array<batch, 8> ring_{};
    std::size_t filled_ = 0, emptied_ = 0;
    bool ended_ = false;
    std::mutex mutex_{};
    std::condition_variable changed_{};
};

}  // namespace weir::inline v1
