// derive/rulebook.hpp - a lifecycle made ready for one snapshot: names became numbers, conditions predicates.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <weir/lifecycle.hpp>

#include "scan/attribute_reader.hpp"
#include "scan/predicate.hpp"
#include "scan/scan.hpp"

namespace weir::inline v1 {

/// Where a lead can be: stages 0 .. n - 1 in their order, then the exits in theirs.
using place = std::int32_t;
inline constexpr place nowhere = -1;  ///< no stage yet

/// A set of places, perhaps with nowhere.
class place_set {
public:
    void add(place p) {
        if (p == nowhere)
            nowhere_ = true;
        else
            bits_ |= std::uint64_t{1} << p;
    }
    bool has(place p) const { return p == nowhere ? nowhere_ : (bits_ >> p & 1) != 0; }

private:
    std::uint64_t bits_ = 0;
    bool nowhere_ = false;
};

struct bound_rule {
    const weir::rule* written = nullptr;
    std::string path{};  ///< in the definition: "rules[0]", "versions[1].rules[0]"
    int version = 1;
    std::int64_t valid_from = std::numeric_limits<std::int64_t>::min();
    std::optional<std::int64_t> valid_until{};  ///< none: it holds on
    place to = nowhere;                         ///< of a stage change: what its word says
    place_set from{};
    predicate where;
    std::int64_t idle = 0;                   ///< 0: not a time-out
    std::optional<attribute_reader> word{};  ///< only of a stage change
    std::map<std::string, place, std::less<>> map{};
    std::optional<attribute_reader> reason{};

    bool holds_at(std::int64_t time) const {
        return valid_from <= time && (!valid_until || time < *valid_until);
    }
    /// Its name, or its path.
    const std::string& shown() const { return written->name.empty() ? path : written->name; }
};

/// The rules that an event of some name triggers.
struct triggers {
    struct trigger {
        std::uint32_t rule;
        place to;  ///< nowhere: what its word says
    };
    std::vector<trigger> rules{};  ///< by target, then by rule
    bool plain = true;             ///< every rule proposes its target without asking anything
};

/// A checked lifecycle, bound. Immutable, shared by threads; lifecycle and snapshot must outlive it.
class rulebook {
public:
    rulebook(const snapshot::impl&, const weir::lifecycle&);

    const weir::lifecycle& lifecycle() const { return *lifecycle_; }
    /// Those of all versions, one version after the other.
    const bound_rule& rule(std::size_t i) const { return rules_[i]; }
    std::size_t size() const { return rules_.size(); }
    /// Names by place.
    const std::vector<std::string>& places() const { return places_; }
    bool is_stage(place p) const {
        return p != nowhere && static_cast<std::size_t>(p) < lifecycle_->stages.size();
    }
    bool is_terminal(place p) const { return terminal_.has(p); }

    /// Rules that events of this name trigger. Events that another lifecycle hides trigger none.
    const triggers& triggered_by(const row& r) const {
        const auto& by_event = r.order == 0 ? triggered_raw_ : triggered_;
        return r.event < by_event.size() ? by_event[r.event] : no_rules_;
    }
    /// Whether two events differ in any attribute.
    bool differ(const row&, const row&) const;
    /// Rules that are time-outs, ascending.
    const std::vector<std::uint32_t>& time_outs() const { return time_outs_; }
    /// Whether an event is activity for a time-out: one that it names, else any raw one, be it hidden.
    bool is_activity(std::size_t time_out, const row&) const;
    /// Events that trigger a rule that is no time-out: a lead without one never enters anything.
    event_set triggering() const;
    /// Events that the fold has to see; empty: all.
    event_set needed() const;
    /// Where a word of the CRM leads under a rule that is a stage change; none if nowhere.
    std::optional<place> find(const bound_rule&, const std::string& word) const;

private:
    place place_of(std::string_view name) const;
    place_set default_from(const weir::rule&, place to) const;
    bound_rule bind(const weir::rule&) const;
    void bind_versions();
    void index_triggers();
    void add_trigger(std::uint32_t event, std::uint32_t rule);
    bool is_hidden(const row&) const;

    const snapshot::impl* snapshot_;
    const weir::lifecycle* lifecycle_;
    std::vector<std::string> places_{};
    std::map<std::string, place, std::less<>> place_by_name_{};
    place_set terminal_{};
    std::vector<bound_rule> rules_{};
    std::vector<attribute_reader> attributes_{};  // all
    std::vector<std::uint32_t> time_outs_{};
    std::vector<triggers> triggered_{}, triggered_raw_{};  // by event code
    triggers no_rules_{};
    std::vector<std::vector<bool>> activity_{};  // by time-out, by event code; empty: any raw event
};

}  // namespace weir::inline v1
