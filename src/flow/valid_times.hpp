// flow/valid_times.hpp - for which as_of each lead adds to an answer what it adds now.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "flow/flow_tally.hpp"

namespace weir::inline v1 {

/// As long as its events are the same.
struct valid_time {
    std::int64_t since = std::numeric_limits<std::int64_t>::min();
    std::int64_t last = std::numeric_limits<std::int64_t>::max();

    /// From t on something else holds than before.
    void cut(wide_int t, std::int64_t as_of) {
        if (t <= as_of)
            since = std::max(since, static_cast<std::int64_t>(t));
        else if (t <= last)
            last = static_cast<std::int64_t>(t - 1);
    }
    bool holds(std::int64_t as_of) const { return since <= as_of && as_of <= last; }
};

/// By lead code, in blocks that copies share until one changes them. A lead that was never set always holds.
class valid_times {
public:
    /// Makes room for codes below a limit.
    void reserve(std::uint32_t limit) {
        const std::size_t blocks = (limit + block_size - 1) / block_size;
        if (blocks > blocks_.size()) blocks_.resize(blocks);
    }
    void set(std::uint32_t lead, const valid_time& v) {
        auto& at = blocks_[lead / block_size];
        if (!at || at.use_count() > 1) at = at ? std::make_shared<block>(*at) : std::make_shared<block>();
        at->leads[lead % block_size] = v;
        at->settled = false;
    }
    /// Codes of leads that count otherwise as of another time, ascending. Cost: a look at each block.
    std::vector<std::uint32_t> outside(std::int64_t as_of) const {
        std::vector<std::uint32_t> found;
        for (std::size_t b = 0; b < blocks_.size(); ++b) {
            if (!blocks_[b] || (blocks_[b]->settled && blocks_[b]->all.holds(as_of))) continue;
            for (std::size_t i = 0; i < block_size; ++i)
                if (!blocks_[b]->leads[i].holds(as_of))
                    found.push_back(static_cast<std::uint32_t>(b * block_size + i));
        }
        return found;
    }
    /// Those of leads that have other codes now, by code before; leads without one now are left out.
    valid_times renamed(const std::vector<std::uint32_t>& codes, std::uint32_t none,
                        std::uint32_t limit) const {
        valid_times now;
        now.reserve(limit);
        for (std::size_t lead = 0; lead < std::min(codes.size(), blocks_.size() * block_size); ++lead)
            if (codes[lead] != none && blocks_[lead / block_size])
                now.set(codes[lead], blocks_[lead / block_size]->leads[lead % block_size]);
        now.settle();
        return now;
    }
    /// Makes outside() quick, after leads were set.
    void settle() {
        for (auto& b : blocks_) {
            if (!b || b->settled) continue;
            b->all = {};
            for (const valid_time& v : b->leads) {
                b->all.since = std::max(b->all.since, v.since);
                b->all.last = std::min(b->all.last, v.last);
            }
            b->settled = true;
        }
    }

private:
    static constexpr std::size_t block_size = 256;
    struct block {
        std::array<valid_time, block_size> leads{};
        valid_time all{};
        bool settled = false;
    };
    std::vector<std::shared_ptr<block>> blocks_{};
};

}  // namespace weir::inline v1
