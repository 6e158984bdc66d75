// funnel/held_values.hpp - the values that a funnel holds equal across its steps, and a lead's events by
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "funnel/step_matcher.hpp"
#include "measure/grouping.hpp"

namespace weir::inline v1 {

/// Cuts a lead's events into streams, one for each combination of values. An event is in the stream of every
/// combination that agrees with the values it carries, but fills steps only if it carries all. Of one worker.
class held_values {
public:
    held_values(const snapshot::impl& data, const std::vector<std::string>& attributes) {
        for (const auto& name : attributes) readers_.emplace_back(data, name);
        for (const auto& reader : readers_) numbers_.emplace_back(reader, std::numeric_limits<int>::max());
    }

    held_values(held_values&&) = default;  // group sets know where their readers are
    held_values& operator=(held_values&&) = delete;

    /// Calls visit(roles of the stream, value of the last attribute) for each, in the order in which the
    /// first event of each comes.
    template <class Visit>
    void for_streams(const step_matcher& matcher, std::span<const row> rows,
                     std::span<const step_matcher::role> roles, Visit&& visit) {
        read(rows, roles);
        for (std::size_t s = 0; s < streams_.size(); ++s) {
            at_hand_ = s;
            stream_.clear();
            for (std::size_t i = 0; i < roles.size(); ++i) {
                if (!agrees(streams_[s], i)) continue;
                stream_.push_back(complete_[i] ? roles[i] : matcher.without_steps(roles[i]));
            }
            visit(std::span<const step_matcher::role>(stream_), last_[s]);
        }
    }

    /// How the values of the stream that is visited read, by attribute.
    std::vector<std::string> texts() const {
        std::vector<std::string> all;
        for (std::size_t a = 0; a < numbers_.size(); ++a)
            all.push_back(numbers_[a].texts()[streams_[at_hand_][a]]);
        return all;
    }

private:
    static constexpr std::size_t missing = static_cast<std::size_t>(-1);

    void read(std::span<const row> rows, std::span<const step_matcher::role> roles) {
        const std::size_t n = readers_.size();
        values_.assign(roles.size() * n, missing);
        complete_.assign(roles.size(), true);
        streams_.clear();
        last_.clear();
        for (std::size_t i = 0; i < roles.size(); ++i) {
            datum d;
            for (std::size_t a = 0; a < n; ++a) {
                d = readers_[a].at(rows[roles[i].event.id]);
                if (d.missing())
                    complete_[i] = false;
                else
                    values_[i * n + a] = numbers_[a].number_of(d);
            }
            if (!complete_[i] || (roles[i].event.steps | roles[i].optional) == 0) continue;
            const auto own = std::span<const std::size_t>(values_).subspan(i * n, n);
            bool known = false;
            for (const auto& s : streams_) known = known || std::equal(own.begin(), own.end(), s.begin());
            if (known) continue;
            streams_.emplace_back(own.begin(), own.end());
            last_.push_back(d);
        }
    }
    bool agrees(const std::vector<std::size_t>& stream, std::size_t i) const {
        for (std::size_t a = 0; a < stream.size(); ++a) {
            const std::size_t own = values_[i * stream.size() + a];
            if (own != missing && own != stream[a]) return false;
        }
        return true;
    }

    std::vector<attribute_reader> readers_{};
    std::vector<group_set> numbers_{};
    std::vector<std::size_t> values_{};  ///< of each event, for each attribute
    std::vector<bool> complete_{};       ///< by event: it carries all
    std::vector<std::vector<std::size_t>> streams_{};
    std::vector<datum> last_{};  ///< by stream
    std::vector<step_matcher::role> stream_{};
    std::size_t at_hand_ = 0;
};

}  // namespace weir::inline v1
