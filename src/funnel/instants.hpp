// funnel/instants.hpp - a lead's events as a chain meets them: one by one, or all of one time at once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "funnel/chain_rules.hpp"

namespace weir::inline v1 {

/// Where a chain lies: the instants of its first and its last event.
struct chain_span {
    int level = 0;  ///< 0: there is none
    std::size_t first = 0, last = 0;
};

/// Where a search ends that has found a chain of as many steps as it wants: as soon as it has one, or when no
/// other can end at the same time.
enum class stop : std::uint8_t { at_once, behind_its_time };

/// Whether, where two chains differ first, the event of `a` stands ahead of that of `b` in the stream of
/// their lead, which `id_of` reads. Of equal times its order is not always that of arrival.
template <class Stream, class Id>
bool stands_ahead(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b, const Stream& stream,
                  Id id_of) {
    const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    if (x == a.end() || y == b.end()) return x == a.end() && y != b.end();
    for (const auto& event : stream)
        if (id_of(event) == *x || id_of(event) == *y) return id_of(event) == *x;
    return *x < *y;
}

/// What some event of an instant may fill.
inline std::uint64_t steps_of(std::span<const candidate> group) {
    std::uint64_t steps = 0;
    for (const candidate& e : group) steps |= e.steps;
    return steps;
}

/// The candidates of one lead, in total order, cut into instants. With ties in arrival order every event is
/// an instant of its own.
class instants {
public:
    explicit instants(weir::ties t) : each_alone_(t == weir::ties::in_arrival_order) {}

    void clear() {
        events_.clear();
        begins_.clear();
    }
    /// True if the event begins another instant than the one before.
    bool add(const candidate& event) {
        const bool begins = events_.empty() || each_alone_ || event.time != events_.back().time;
        if (begins) begins_.push_back(events_.size());
        // Member by member: a copy as a whole would wait for the stores that have just made the event.
        candidate& kept = events_.emplace_back();
        kept.time = event.time;
        kept.steps = event.steps;
        kept.id = event.id;
        kept.blocks = event.blocks;
        kept.kills = event.kills;
        return begins;
    }
    std::size_t size() const { return begins_.size(); }
    std::span<const candidate> operator[](std::size_t i) const {
        const std::size_t end = i + 1 < begins_.size() ? begins_[i + 1] : events_.size();
        return std::span<const candidate>(events_).subspan(begins_[i], end - begins_[i]);
    }
    std::int64_t time(std::size_t i) const { return events_[begins_[i]].time; }
    /// The first instant of the time of instant i, not before `from`; the first behind that time.
    std::size_t first_of_time(std::size_t i, std::size_t from) const {
        if (!each_alone_) return i;
        const std::int64_t t = time(i);
        while (i > from && time(i - 1) == t) --i;
        return i;
    }
    std::size_t end_of_time(std::size_t i) const {
        if (!each_alone_) return i + 1;
        const std::int64_t t = time(i);
        while (i < size() && time(i) == t) ++i;
        return i;
    }
    std::span<const candidate> events() const { return events_; }

private:
    bool each_alone_;
    std::vector<candidate> events_{};
    std::vector<std::size_t> begins_{};
};

}  // namespace weir::inline v1
