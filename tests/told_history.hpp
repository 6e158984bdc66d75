// told_history.hpp - a store that grows, is corrected and reorganised, and what is asked of it all the time.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "world.hpp"

namespace weir_test {

/// A number that a variable of the environment sets, as for long runs.
int from_environment(const char* name, int otherwise);

/// Of "user_id"; an event that carries one and a "link" can be undone.
weir::identity keys_and_merges();

/// Who there is: always as many leads. One of whom enough events were told is to be erased, and another takes
/// its place, so that no lead and no store grows for ever.
class population {
public:
    explicit population(int most_events) : most_events_(most_events) {}

    /// Counts an event of any of them.
    std::string tell(dice&);
    /// One of whom enough was told; "" if there is none.
    std::string full() const;
    std::string any(dice& d) const { return leads_[place(d)].name; }
    void replace(const std::string& lead);

private:
    struct lead {
        std::string name{};
        int events = 0;
    };
    std::size_t place(dice& d) const {
        return static_cast<std::size_t>(d.below(static_cast<int>(leads_.size())));
    }

    std::vector<lead> leads_{{"lead 1"}, {"lead 2"}, {"lead 3"}, {"lead 4"}, {"lead 5"},
                             {"lead 6"}, {"lead 7"}, {"lead 8"}, {"lead 9"}};
    int most_events_, last_ = 9;
};

/// What a history asks, and of what its events are made.
struct subject {
    explicit subject(std::uint64_t seed);
    bool identified, staged;
    weir::lifecycle lifecycle{};
    weir::flow flow{};
    weir::funnel funnel{};
    std::vector<std::string> names{};
    std::vector<weir::instant> times{};
};

/// Tampers with the snapshots that updates get.
struct tampering {
    std::function<weir::snapshot(const weir::snapshot&)> of_funnel{}, of_flow{};
};

class told_history {
public:
    explicit told_history(std::uint64_t seed);
    /// Appends events, late ones and duplicates among them; puts keys together or parts them; erases;
    /// reorganises.
    void change();
    /// Says where the answers that follow the store differ from those measured anew, or "".
    std::string difference(const tampering& = {});

    /// How often an answer was another than before.
    std::int64_t news() const { return news_; }
    std::int64_t events() const { return store_.snapshot().size(); }

private:
    weir::event any_event();
    void append(int n);
    void repeat();
    void say(const std::string& attribute, const std::string& value, bool merges);
    void erase(const std::string& lead);
    weir::snapshot raw_snapshot(const weir::scope&);
    weir::result<weir::snapshot> with_stages(const weir::snapshot& raw, weir::scope);
    std::string flow_difference(const weir::snapshot& raw, const weir::scope&, const tampering&);
    std::string funnel_difference(const weir::snapshot& asked, const weir::scope&, const tampering&);
    void hear(std::string& before, const std::string& now);

    dice dice_;
    subject about_;
    population leads_;
    weir::store store_;
    weir::live_funnel live_;
    weir::live_flow live_flow_;
    std::deque<weir::event> lately_{};  ///< events that may come again
    std::string funnel_before_{}, flow_before_{};
    int links_ = 0, ids_ = 0;
    std::int64_t news_ = 0;
};

}  // namespace weir_test
