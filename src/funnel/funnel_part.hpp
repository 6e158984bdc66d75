// funnel/funnel_part.hpp - what a part holds beside its sums: all that the notes of an answer need.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <weir/live.hpp>

#include "funnel/accounts.hpp"
#include "funnel/funnel_state.hpp"

namespace weir::inline v1 {

struct funnel_part::impl {
    funnel question{};  ///< as it was asked
    std::optional<std::int64_t> as_of{};
    std::vector<std::string> events{};      ///< that the snapshot has, sorted
    std::vector<std::string> attributes{};  ///< likewise; those asked for alone, if all are there
    std::vector<std::pair<std::string, std::int64_t>> stages{};  ///< lifecycles: leads that arrival decided
    funnel_state state{};

    // Where accounts are counted:
    std::int64_t without = 0, disputed = 0;  ///< leads that belong to none, or to one because of arrival
    std::vector<std::string> accounts{};     ///< sorted, but where `members` tells them
    std::shared_ptr<const lead_accounts> members{};  ///< of a snapshot that is followed

    bool counts_accounts() const { return question.counting == counting::accounts; }
    std::vector<std::string> names_of_accounts() const {
        return members ? members->names_in_use() : accounts;
    }
};

/// A part that has no sums yet. Throws what measure() would.
funnel_part::impl part_without_sums(const snapshot&, const funnel&, const scope&);
/// Takes over to which account leads belong, and what notes tell of it.
void take_members(funnel_part::impl&, lead_accounts);
/// The sums of all leads, or of those alone with these codes, up to the part's as_of.
funnel_state sums_of(const snapshot::impl&, const funnel_part::impl&, const scope&,
                     std::optional<std::vector<std::uint32_t>> only = {});

}  // namespace weir::inline v1
