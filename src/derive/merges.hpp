// derive/merges.hpp - the events that join keys or cancel that, as the rules of an identity find them.
#pragma once

#include <cstdint>
#include <vector>

#include <weir/identity.hpp>

#include "scan/attribute_reader.hpp"
#include "scan/predicate.hpp"

namespace weir::inline v1 {

/// What a range of leads says about keys, in no order that matters.
struct said_of_keys {
    struct key {
        std::uint32_t kind;  ///< index into merge_rules::kinds()
        datum value;
    };
    struct merge {
        std::uint32_t lead;          ///< that it joins too, or no_lead
        std::uint32_t first, count;  ///< of `keys`
        datum id;                    ///< its name, if it has one
        std::int64_t events;         ///< that say so, one after another
    };
    struct un_merge {
        datum id;
        std::int64_t time;
    };
    std::vector<key> keys{};
    std::vector<merge> merges{};
    std::vector<un_merge> un_merges{};
    std::int64_t without_id = 0;  ///< un-merges that name none
};

/// The rules of an identity, bound to a snapshot; it must outlive them.
class merge_rules {
public:
    merge_rules(const snapshot::impl&, const identity&);
    const std::vector<std::string>& kinds() const { return kinds_; }
    /// Reads one lead's events.
    void read(const lead_rows&, said_of_keys&) const;

private:
    struct carried_key {
        std::uint32_t kind;
        attribute_reader value;
    };
    struct rule {
        event_set events;  // empty: any
        predicate where;
        std::vector<carried_key> keys{};
        bool with_lead = true;
        std::optional<attribute_reader> id{};  // of the merge, or of the one that is cancelled
        bool cancels = false;
    };
    rule bind(const identity_rule&);
    void bind_event_keys();
    void add_key(rule&, const std::string& kind, const std::string& attribute);
    void merge(const rule&, std::uint32_t lead, const row&, said_of_keys&) const;
    void cancel(const rule&, const row&, said_of_keys&) const;
    datum text_in(const attribute_reader&, const row&) const;

    const snapshot::impl& snapshot_;
    std::vector<std::string> kinds_{};
    std::vector<rule> rules_{};
};

/// The text of a value that names a key or a merge.
std::string text_of(const snapshot::impl&, const datum&);

}  // namespace weir::inline v1
