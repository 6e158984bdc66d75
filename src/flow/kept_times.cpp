#include "flow/kept_times.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

namespace weir::inline v1 {
namespace {

// So that a change costs little, and putting all in order seldom comes.
std::size_t most_changes(std::size_t size) { return 1024 + size / 64; }

void put_in(kept_times::times& all, kept_times::times some) {
    std::sort(some.begin(), some.end());
    const auto middle = static_cast<std::ptrdiff_t>(all.size());
    all.insert(all.end(), some.begin(), some.end());
    std::inplace_merge(all.begin(), all.begin() + middle, all.end());
}

}  // namespace

void kept_times::change(times less, times more) {
    for (const std::int64_t t : less) sum_ -= t;
    for (const std::int64_t t : more) sum_ += t;
    put_in(less_, std::move(less));
    put_in(more_, std::move(more));
    if (less_.size() + more_.size() <= most_changes(base_->size())) return;
    base_ = std::make_shared<const times>(list());
    less_.clear();
    more_.clear();
}

kept_times::times kept_times::list() const {
    times with, all;
    with.reserve(base_->size() + more_.size());
    std::merge(base_->begin(), base_->end(), more_.begin(), more_.end(), std::back_inserter(with));
    if (less_.empty()) return with;
    all.reserve(size());
    std::set_difference(with.begin(), with.end(), less_.begin(), less_.end(), std::back_inserter(all));
    return all;
}

std::size_t kept_times::up_to(std::int64_t t) const {
    const auto of = [t](const times& some) {
        return static_cast<std::size_t>(std::upper_bound(some.begin(), some.end(), t) - some.begin());
    };
    return of(*base_) + of(more_) - of(less_);
}

std::int64_t kept_times::nth(std::size_t place) const {
    std::int64_t least = 0, most = std::numeric_limits<std::int64_t>::max();
    while (least < most) {
        const std::int64_t middle = least + (most - least) / 2;
        if (up_to(middle) > place)
            most = middle;
        else
            least = middle + 1;
    }
    return least;
}

}  // namespace weir::inline v1
