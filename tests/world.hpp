// world.hpp - small random worlds for tests: events, questions, lifecycles. The same seed makes the same
// world.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <weir.hpp>

namespace weir_test {

/// splitmix64 with distributions of its own: those of the standard library differ between libraries.
class dice {
public:
    explicit dice(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next();
    /// 0 .. n - 1
    int below(int n) { return static_cast<int>(next() % static_cast<std::uint64_t>(n)); }
    bool chance(int percent) { return below(100) < percent; }
    template <class T> const T& pick(const std::vector<T>& list) {
        return list[static_cast<std::size_t>(below(static_cast<int>(list.size())))];
    }
    template <class T> void shuffle(std::vector<T>& list) {
        for (std::size_t i = list.size(); i > 1; --i)
            std::swap(list[i - 1], list[static_cast<std::size_t>(below(static_cast<int>(i)))]);
    }

private:
    std::uint64_t state_;
};

/// Merges any two parts until one is left.
template <class Part> weir::result<Part> merge_all(dice& d, std::vector<Part> all) {
    while (all.size() > 1) {
        d.shuffle(all);
        const auto both = merge(all.back(), *(all.end() - 2));
        if (!both) return both;
        all.pop_back();
        all.back() = *both;
    }
    return all.front();
}

/// The JSON of an answer, or the error.
template <class Table> std::string print(const weir::result<Table>& r) {
    return r ? to_json(weir::answer(*r)) : to_string(r.error());
}

/// Events of one lead, a line each.
std::string print(const weir::result<std::vector<weir::event>>&);

/// An event without attributes, at a time in microseconds.
struct did {
    const char* lead;
    const char* name;
    int time;
};
weir::snapshot store_of(const std::vector<did>&);

struct world {
    std::vector<weir::event> events{};  ///< some of them twice, with one id
    std::set<std::string> erased{};     ///< leads that are erased from the store
    /// Attributes are a function of lead and time, so that the order of arrival cannot matter.
    bool any_arrival = false;
    weir::duration tick{};  ///< times, windows and periods are multiples
};

std::set<std::string> leads_of(const world&);

struct funnel_world : world {
    weir::funnel funnel{};
};
struct lifecycle_world : world {
    weir::lifecycle lifecycle{};
    std::optional<weir::lifecycle> second{};  ///< derived on top of the first; the flow is of either
    weir::scope scope{};
    weir::flow flow{};
    weir::funnel funnel{};  ///< over stages and raw events alike
};

funnel_world make_funnel_world(std::uint64_t seed);
/// A funnel with axes other than the defaults, over few events.
funnel_world make_axes_world(std::uint64_t seed);
lifecycle_world make_lifecycle_world(std::uint64_t seed);

/// The text of a condition on the attributes that worlds have.
std::string make_condition(dice&);
/// Attributes as worlds have them.
std::vector<weir::named_value> make_attributes(dice&);

/// How the events of a world come into a store.
struct layout {
    std::vector<int> batches{};  ///< sizes, in turn; none: a single batch
    int erase_after = -1;        ///< of so many batches leads are erased; -1: of all
    bool seal = false;
    int threads = 1;
};
layout make_layout(dice&);
weir::store make_store(const world&, const layout& = {});

}  // namespace weir_test
