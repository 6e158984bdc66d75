// store/event_id.hpp - event ids remembered for a while, so that a retried append counts once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "store/batch_data.hpp"
#include "store/content_hash.hpp"

namespace weir::inline v1 {

/// Hashes all that a row says (lead, name, time, attributes), in an order that does not depend on the batch.
class row_hasher {
public:
    explicit row_hasher(const batch::impl&);
    /// Rows are asked for in ascending order.
    content_hash of(std::uint32_t row);

private:
    struct cursor {
        const batch::impl::column* column;
        std::size_t next = 0;  ///< of the column's rows: none before it is asked for again
    };
    const batch::impl& batch_;
    std::vector<cursor> columns_{};  ///< by name, kind, currency
    std::string bytes_{};
};

/// The ids of the last events, each with its arrival and content.
class id_memory {
public:
    enum class verdict : std::uint8_t { fresh, duplicate, conflicting };
    /// What an event that would get this arrival number is; an id that arrived `horizon` or more before is
    /// fresh.
    verdict judge(content_hash id, content_hash content, std::int64_t arrival, std::int64_t horizon) const;
    /// Remembers an event and forgets those too far back. Arrivals ascend.
    void remember(content_hash id, content_hash content, std::int64_t arrival, std::int64_t horizon);
    /// Remembers all that another one does.
    void take(const id_memory&, std::int64_t horizon);
    /// Forgets an event.
    void forget(content_hash id, std::int64_t arrival) {
        if (const auto at = known_.find(id); at != known_.end() && at->second.arrival == arrival)
            known_.erase(at);
    }
    /// Calls f(id, content, arrival) for each event that is remembered, in order of arrival.
    template <class F> void for_each(F&& f) const {
        for (const auto& [arrival, id] : by_arrival_)
            if (const auto at = known_.find(id); at != known_.end() && at->second.arrival == arrival)
                f(id, at->second.content, arrival);
    }

private:
    struct seen {
        std::int64_t arrival;
        content_hash content;
    };
    boost::unordered_flat_map<content_hash, seen, content_hash::hasher> known_{};
    std::deque<std::pair<std::int64_t, content_hash>> by_arrival_{};
};

}  // namespace weir::inline v1
