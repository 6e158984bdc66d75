// measure/accounts.hpp - the leads of each account put together, so that an account is measured like a lead.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <weir/funnel.hpp>

#include "store/snapshot_data.hpp"

namespace weir::inline v1 {

struct accounts {
    std::shared_ptr<const snapshot::impl> data{};  ///< the same events; leads are accounts, by name
    std::int64_t without = 0;                      ///< leads that belong to none, and are left out
    std::int64_t disputed = 0;                     ///< leads of whom arrival decided to which one they belong
};

/// Says which leads are left out, and where arrival decided.
void note_accounts(const snapshot::impl&, const std::string& attribute, const accounts&,
                   std::vector<std::string>& notes);

/// Whom a funnel asks about: the leads of a snapshot, or its accounts. The snapshot must outlive it.
struct asked_leads {
    accounts of_accounts{};
    const snapshot::impl* data = nullptr;
    std::optional<std::int64_t> as_of{};  ///< none: there are no events
};
asked_leads asked_of(const snapshot::impl&, const funnel&, int threads);

/// Assigns each lead by its last event up to as_of that carries the attribute. Values that read alike are one
/// account. Cost: every event is read, and rewritten once.
accounts accounts_of(const snapshot::impl&, const std::string& attribute, std::int64_t as_of, int threads);

}  // namespace weir::inline v1
