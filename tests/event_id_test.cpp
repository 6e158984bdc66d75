#include "store/event_id.hpp"

#include <map>
#include <random>
#include <tuple>
#include <vector>

#include "catch.hpp"

using weir::content_hash;
using weir::id_memory;
using verdict = id_memory::verdict;

namespace {

// The same by a list that is read from its end.
class plain_memory {
public:
    verdict judge(content_hash id, content_hash content, std::int64_t arrival, std::int64_t horizon) const {
        for (auto s = all_.rbegin(); s != all_.rend(); ++s)
            if (s->id == id)
                return s->arrival <= arrival - horizon ? verdict::fresh
                       : s->content == content         ? verdict::duplicate
                                                       : verdict::conflicting;
        return verdict::fresh;
    }
    void remember(content_hash id, content_hash content, std::int64_t arrival) {
        std::erase_if(all_, [&](const seen& s) { return s.id == id; });
        all_.push_back({id, content, arrival});
    }
    void forget(content_hash id, std::int64_t arrival) {
        std::erase_if(all_, [&](const seen& s) { return s.id == id && s.arrival == arrival; });
    }
    std::size_t younger_than(std::int64_t arrival) const {
        std::size_t n = 0;
        for (const seen& s : all_) n += s.arrival > arrival;
        return n;
    }

private:
    struct seen {
        content_hash id, content;
        std::int64_t arrival;
    };
    std::vector<seen> all_{};
};

}  // namespace

TEST_CASE("event id: what is remembered is what a list would, where hashes share their beginnings, too") {
    for (unsigned seed = 0; seed < 60; ++seed) {
        std::mt19937 random(seed);
        const auto below = [&](unsigned n) { return random() % n; };
        // The low half places an id among the others: few values make long searches, that wrap around.
        const unsigned low_values = seed % 3 == 0 ? 4 : seed % 3 == 1 ? 40 : 4000;
        const auto horizon = static_cast<std::int64_t>(1 + below(200));
        id_memory memory;
        plain_memory plain;
        std::vector<std::pair<content_hash, std::int64_t>> said;
        for (std::int64_t arrival = 0; arrival < 1500; ++arrival) {
            const std::uint64_t low = below(low_values) + (below(2) == 0 ? 0 : UINT64_MAX - low_values);
            const content_hash id{low, below(3)}, content{below(2), 7};
            const auto judged = memory.judge(id, content, arrival, horizon);
            REQUIRE(judged == plain.judge(id, content, arrival, horizon));
            if (judged == verdict::fresh) {
                memory.remember(id, content, arrival, horizon);
                plain.remember(id, content, arrival);
                said.emplace_back(id, arrival);
            }
            if (below(5) == 0 && !said.empty()) {
                const auto& [old, when] = said[below(static_cast<unsigned>(said.size()))];
                memory.forget(old, when);
                plain.forget(old, when);
            }
        }
        std::size_t kept = 0;
        std::int64_t before = -1;
        memory.for_each([&](content_hash, content_hash, std::int64_t arrival) {
            REQUIRE(arrival > before);
            before = arrival;
            kept += arrival > 1500 - horizon;
        });
        CHECK(kept == plain.younger_than(1500 - horizon));

        id_memory taken;
        taken.take(memory, horizon);
        std::size_t as_many = 0;
        taken.for_each([&](content_hash, content_hash, std::int64_t a) { as_many += a > 1500 - horizon; });
        CHECK(as_many == kept);
    }
}
