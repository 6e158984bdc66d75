// funnel/accounts.hpp - the leads of each account put together, so that an account is measured like a lead.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <weir/funnel.hpp>

#include "segment/dictionary.hpp"
#include "segment/segment_merge.hpp"
#include "segment/snapshot_data.hpp"

namespace weir::inline v1 {

/// To which account each lead belongs. Accounts have numbers, those that nobody belongs to any more among
/// them.
struct lead_accounts {
    static constexpr std::uint32_t absent = no_lead;       ///< no event up to as_of
    static constexpr std::uint32_t without = no_lead - 1;  ///< belongs to none

    std::shared_ptr<dictionary> names = std::make_shared<dictionary>();
    std::vector<std::uint32_t> of{};  ///< by lead code
    std::vector<bool> disputed{};     ///< likewise: arrival decided to which one it belongs

    std::int64_t count_without() const;
    std::int64_t count_disputed() const;
    /// Of accounts with at least one lead, sorted.
    std::vector<std::string> names_in_use() const;
};
/// Assigns each lead by its last event up to as_of that carries the attribute. Values that read alike are one
/// account. Cost: every event is read.
lead_accounts assign_leads(const snapshot::impl&, const std::string& attribute, std::int64_t as_of,
                           int threads);
/// Assigns those leads again that have these codes, which ascend; some may have no events any more.
void assign_again(lead_accounts&, std::vector<std::uint32_t> leads, const snapshot::impl&,
                  const std::string& attribute, std::int64_t as_of, int threads);
/// The events of the accounts of which `wanted` holds by number; of all, if it is empty. Leads are accounts,
/// by name. Cost: those events are rewritten.
std::shared_ptr<const snapshot::impl> events_of_accounts(const snapshot::impl&, const lead_accounts&,
                                                         const std::vector<bool>& wanted = {});

struct accounts {
    std::shared_ptr<const snapshot::impl> data{};  ///< the same events; leads are accounts, by name
    std::int64_t without = 0;                      ///< leads that belong to none, and are left out
    std::int64_t disputed = 0;                     ///< leads of whom arrival decided to which one they belong
};

/// Says which leads are left out, and where arrival decided. `known` are the attributes that there are.
void note_accounts(const std::vector<std::string>& known, const std::string& attribute, std::int64_t without,
                   std::int64_t disputed, std::vector<std::string>& notes);
void note_accounts(const snapshot::impl&, const std::string& attribute, const accounts&,
                   std::vector<std::string>& notes);

/// Whom a funnel asks about: the leads of a snapshot, or its accounts. The snapshot must outlive it.
struct asked_leads {
    accounts of_accounts{};
    const snapshot::impl* data = nullptr;
    std::optional<std::int64_t> as_of{};  ///< none: there are no events
};
asked_leads asked_of(const snapshot::impl&, const funnel&, int threads);

/// Puts the leads of all accounts together. Cost: every event is read, and rewritten once.
accounts accounts_of(const snapshot::impl&, const std::string& attribute, std::int64_t as_of, int threads);

}  // namespace weir::inline v1
