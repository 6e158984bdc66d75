// oracle/identity.hpp - which keys are one lead, by going over all merges until nothing changes.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <weir/identity.hpp>

#include "oracle/facts.hpp"

namespace oracle {

/// The leads that an identity makes, and what is to be said of them.
struct identified {
    people leads{};  ///< by the key that names each, as to_string prints it
    std::map<std::string, std::string>
        named{};                         ///< by any key of a lead that has events: that which names it
    std::int64_t before = 0, after = 0;  ///< leads with an event by as_of
    std::int64_t merges = 0, cancelled = 0, unknown_merges = 0, shared = 0, alone = 0;
    std::int64_t anonymous = 0, anonymous_events = 0, events = 0;
    std::map<std::string, bool> still_joined{};  ///< by the id of a cancelled merge
    std::set<std::string> oversized{};
};

identified identify(const people&, const weir::identity&, std::optional<micros> as_of, fault = fault::none);

}  // namespace oracle
