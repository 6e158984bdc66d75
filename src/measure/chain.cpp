// chain.cpp - one pass finds the level, a second one over the span of the chain finds its events.
#include "measure/chain.hpp"

#include <algorithm>
#include <bit>

namespace weir::inline v1 {
namespace {

constexpr std::uint64_t bit(int step) { return std::uint64_t{1} << step; }
constexpr bool has(std::uint64_t steps, int step) { return (steps >> step & 1) != 0; }
constexpr int last_of(std::uint64_t steps) { return 63 - std::countl_zero(steps); }
constexpr std::size_t at(int step) { return static_cast<std::size_t>(step); }

std::span<const candidate> first_instant(std::span<const candidate> events) {
    std::size_t n = 1;
    while (n < events.size() && events[n].time == events.front().time) ++n;
    return events.first(n);
}

std::span<const candidate> last_instant(std::span<const candidate> events) {
    std::size_t n = 1;
    while (n < events.size() && events[events.size() - n - 1].time == events.back().time) ++n;
    return events.last(n);
}

}  // namespace

void chain_finder::clear() {
    events_.clear();
    instant_begin_ = 0;
    alive_ = 0;
    level_ = 0;
}

bool chain_finder::add(const candidate& event) {
    if (!events_.empty() && event.time != events_.back().time) close_instant();
    if (level_ == rules_.steps) return false;
    if (event.steps != 0) events_.push_back(event);
    return true;
}

std::span<const std::uint32_t> chain_finder::find() {
    close_instant();
    chain_.clear();
    times_.clear();
    if (level_ > 0) {
        const auto events = span_of_chain();
        look_back(events);
        choose(events);
    }
    return chain_;
}

// The level
// ----------------------------------------------------------------------------------------------------

void chain_finder::close_instant() {
    const auto instant = std::span<const candidate>(events_).subspan(instant_begin_);
    instant_begin_ = events_.size();
    if (instant.size() == 1)
        extend(instant.front());
    else if (!instant.empty())
        extend(instant);
}

// Of all chains that end just before `step`, the latest start is the best for every window.
std::optional<std::int64_t> chain_finder::start_for(int step, std::int64_t time) const {
    if (step == 0) {
        const bool inside = (!rules_.from || *rules_.from <= time) && (!rules_.until || time < *rules_.until);
        return inside ? std::optional(time) : std::nullopt;
    }
    if (!has(alive_, step - 1) || elapsed(starts_[at(step - 1)], time) > rules_.within) return std::nullopt;
    return starts_[at(step - 1)];
}

void chain_finder::reach(int step, std::int64_t start, std::int64_t time) {
    if (!has(alive_, step) || start > starts_[at(step)]) starts_[at(step)] = start;
    alive_ |= bit(step);
    if (step < level_) return;
    level_ = step + 1;
    start_ = start;
    end_ = time;
}

// Descending, so that a step sees the chains from before this event: one event fills one step.
void chain_finder::extend(const candidate& event) {
    for (std::uint64_t rest = event.steps; rest != 0; rest &= ~bit(last_of(rest))) {
        const int step = last_of(rest);
        if (const auto start = start_for(step, event.time)) reach(step, *start, event.time);
    }
}

// The steps that a chain fills at one instant follow one another: a prefix from before, then a run of steps.
void chain_finder::extend(std::span<const candidate> instant) {
    const std::int64_t time = instant.front().time;
    std::uint64_t reached = 0;
    std::array<std::int64_t, max_steps> latest{};
    tie_.load(instant);
    for (int first = 0; first < rules_.steps; ++first) {
        const auto start = start_for(first, time);
        if (!start) continue;
        tie_.clear();
        for (int step = first; step < rules_.steps && tie_.fill(step); ++step) {
            latest[at(step)] = has(reached, step) ? std::max(latest[at(step)], *start) : *start;
            reached |= bit(step);
        }
    }
    for (; reached != 0; reached &= ~bit(last_of(reached)))
        reach(last_of(reached), latest[at(last_of(reached))], time);
}

// The events of the chain that counts
// ------------------------------------------------------------------------

std::span<const candidate> chain_finder::span_of_chain() const {
    const auto begin = std::partition_point(events_.begin(), events_.end(),
                                            [this](const candidate& e) { return e.time < start_; });
    const auto end =
        std::partition_point(begin, events_.end(), [this](const candidate& e) { return e.time <= end_; });
    return {begin, end};
}

// True if the steps after this one can be filled later than `time`.
bool chain_finder::rest_fits_after(int step, std::int64_t time) const {
    if (step + 1 == level_) return true;
    return has(finishes_, step + 1) && latest_[at(step + 1)] > time;
}

bool chain_finder::fits_alone(const candidate& event, int step) const {
    return has(event.steps, step) && rest_fits_after(step, event.time);
}

// True if `step`, which has its event, begins a run at this instant after which the rest fits.
bool chain_finder::run_ends_well(int step, std::int64_t time) {
    while (!rest_fits_after(step, time)) {
        ++step;
        if (!tie_.fill(step)) return false;
    }
    return true;
}

void chain_finder::look_back(std::span<const candidate> events) {
    finishes_ = 0;
    while (!events.empty()) {
        const auto instant = last_instant(events);
        look_back_at(instant);
        events = events.first(events.size() - instant.size());
    }
}

void chain_finder::look_back_at(std::span<const candidate> instant) {
    const std::int64_t time = instant.front().time;
    if (instant.size() == 1) {
        const std::uint64_t all = level_ == max_steps ? ~std::uint64_t{0} : bit(level_) - 1;
        for (std::uint64_t rest = instant.front().steps & all & ~finishes_; rest != 0; rest &= rest - 1)
            if (const int step = std::countr_zero(rest); rest_fits_after(step, time)) finish(step, time);
        return;
    }
    tie_.load(instant);
    for (int step = 0; step < level_; ++step) {
        if (has(finishes_, step)) continue;
        tie_.clear();
        if (tie_.fill(step) && run_ends_well(step, time)) finish(step, time);
    }
}

void chain_finder::finish(int step, std::int64_t time) {
    latest_[at(step)] = time;
    finishes_ |= bit(step);
}

// Takes for each step the earliest time that leaves the rest possible.
void chain_finder::choose(std::span<const candidate> events) {
    int step = 0;
    while (step < level_) {
        const auto instant = first_instant(events);
        if (instant.size() > 1) {
            step = choose_run(instant, step);
        } else if (fits_alone(instant.front(), step)) {
            take(instant.front());
            ++step;
        }
        events = events.subspan(instant.size());
    }
}

// Fills as many steps as this instant can, so that arrival decides which events stand there but never when.
// Gives the first step that is left.
int chain_finder::choose_run(std::span<const candidate> instant, int first) {
    tie_.load(instant);
    int end = first;
    while (end < level_ && tie_.fill(end)) ++end;
    if (end == first || !rest_fits_after(end - 1, instant.front().time)) return first;
    for (int step = first; step < end; ++step) choose_one_of(instant, step, end);
    return end;
}

// Takes the first event that leaves one for each step of the run behind it.
void chain_finder::choose_one_of(std::span<const candidate> instant, int step, int end) {
    for (const std::uint32_t event : tie_.candidates(step)) {
        if (tie_.is_pinned(event)) continue;
        tie_.clear();
        tie_.pin(event);
        if (can_fill(step + 1, end, step)) return take(instant[event]);
        tie_.unpin(event);
    }
}

void chain_finder::take(const candidate& event) {
    chain_.push_back(event.id);
    times_.push_back(event.time);
}

bool chain_finder::can_fill(int first, int end, int except) {
    for (int step = first; step < end; ++step)
        if (step != except && !tie_.fill(step)) return false;
    return true;
}

bool chain_finder::has_rival(int step, const std::function<bool(std::uint32_t)>& differs) {
    const std::int64_t time = times_[at(step)];
    const auto [first, end] = std::equal_range(times_.begin(), times_.end(), time);
    const auto instant = std::span<const candidate>(events_).subspan(
        static_cast<std::size_t>(std::partition_point(events_.begin(), events_.end(),
                                                      [&](const candidate& e) { return e.time < time; }) -
                                 events_.begin()));
    bool loaded = false;
    for (std::uint32_t i = 0; i < instant.size() && instant[i].time == time; ++i) {
        if (instant[i].id == chain_[at(step)] || !has(instant[i].steps, step) || !differs(instant[i].id))
            continue;
        if (!loaded) tie_.load(first_instant(instant));
        loaded = true;
        tie_.clear();
        tie_.pin(i);
        if (can_fill(static_cast<int>(first - times_.begin()), static_cast<int>(end - times_.begin()), step))
            return true;
        tie_.unpin(i);
    }
    return false;
}

}  // namespace weir::inline v1
