// segment/snapshot_data.hpp - what a snapshot holds: segments, dictionaries, derived layers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <weir/identity.hpp>
#include <weir/lifecycle.hpp>
#include <weir/store.hpp>

#include "segment/segment.hpp"
#include "segment/veil.hpp"

namespace weir::inline v1 {

/// What one derive() added. Its segment holds the stage events; attributes that they do not set themselves
/// are those of the event that caused them.
/// What the notes of a layer are made of, so that those of several stores can be put together.
struct layer_facts {
    struct trigger {
        std::string path, name;
        friend bool operator==(const trigger&, const trigger&) = default;
    };
    std::int64_t named_like_stages = 0;  ///< raw events
    std::int64_t refused = 0;            ///< moves
    std::vector<trigger> unborne{};      ///< names that rules wait for and no event bears, in order of rules
    std::vector<std::string> present{};  ///< names of events, sorted

    friend bool operator==(const layer_facts&, const layer_facts&) = default;
};
std::vector<std::string> notes_of(const layer_facts&);

struct derived_layer {
    struct refusal {
        std::uint32_t lead;
        std::int64_t time;
        std::uint32_t event;  ///< code of the name
        std::string policy, target;
    };
    weir::lifecycle lifecycle{};
    std::int64_t as_of = 0;
    std::shared_ptr<const weir::segment> segment{};
    std::vector<refusal> refusals{};  ///< by lead code, then in order
    layer_facts facts{};
    /// Codes of leads of whom arrival decided what a rule read, or which event moved them.
    std::vector<std::uint32_t> disputed{};
};

/// Says of how many leads arrival decided what a lifecycle made of them.
std::string arrival_note_of_stages(std::string_view lifecycle, std::size_t leads);

/// Where the events of leads that were put together come from, by code of the lead that they had.
struct lead_origins {
    std::shared_ptr<dictionary> keys{};
    std::vector<std::uint32_t> owners{};  ///< the lead that has the events now
    std::vector<std::uint32_t> rows{};    ///< how many there are; 0: there is no owner
};

struct snapshot::impl {
    std::shared_ptr<dictionary> lead_keys{}, event_names{};
    std::vector<store_column> columns{};
    std::vector<std::shared_ptr<const segment>> segments{};  ///< raw first, then one for each layer
    /// By raw segment: its erased leads whose bytes are still there. It may be shorter than they are.
    std::vector<shared_veil> veils{};
    std::uint64_t cuts = 0;  ///< how often events were removed by their age
    std::vector<std::shared_ptr<const derived_layer>> layers{};
    /// By code of a key: the lead that it belongs to. Nothing: each is a lead of its own.
    std::shared_ptr<const std::vector<std::uint32_t>> aliases{};
    std::shared_ptr<const identity_report> joined{};  ///< nothing: leads are as they came
    std::shared_ptr<const lead_origins> origins{};    ///< likewise
    std::vector<bool> hidden{};  ///< by event code: raw events of this name give way to stage events

    std::size_t raw_segments() const { return segments.size() - layers.size(); }
    shared_veil veil_of(std::size_t raw) const { return raw < veils.size() ? veils[raw] : nullptr; }
    bool is_hidden(std::uint32_t event) const { return event < hidden.size() && hidden[event]; }
    /// The index of the column with this name, which is added if it is not there.
    std::uint32_t add_column(const column_name&);
    /// Lead codes are below this.
    std::uint32_t lead_limit() const;
    /// The lead with this key. It may have no events.
    std::optional<std::uint32_t> find_lead(const lead_id& key) const;
    /// Time of the last raw event.
    std::optional<std::int64_t> last_raw() const;
    /// The as_of of a question: its own, else the earliest of the derivations', else last_raw(); none if
    /// there are no events. Throws invalid_question for one after a derivation's.
    std::optional<std::int64_t> as_of_for(std::optional<instant> asked) const;
    /// The layer of a lifecycle; an empty name means the only one. Throws invalid_question, unknown_name.
    std::size_t layer_named(std::string_view) const;
    /// What answers about a layer say of it: its own notes, and where arrival decided in it or in one before.
    std::vector<std::string> notes_of_layer(std::size_t) const;
    /// Says of the first n layers where arrival decided.
    void add_arrival_notes(std::size_t n, std::vector<std::string>& notes) const;
    /// Rows that bear a name, hidden ones not counted; indexed by event code.
    std::vector<std::int64_t> event_counts() const;
    /// Names that at least one visible event bears, sorted.
    std::vector<std::string> present_events() const;
    /// Attributes that at least one event carries, sorted. Cost: reads columns up to their first value.
    std::vector<std::string> present_attributes() const;
    std::string_view lead_key(std::uint32_t lead) const { return lead_keys->at(lead); }
    std::string_view event_name(std::uint32_t event) const { return event_names->at(event); }
};

/// Calls f(lead, rows) for each lead of each raw segment, erased ones left out.
template <class F> void each_part_of_lead(const snapshot::impl& data, F&& f) {
    for (std::size_t n = 0; n < data.raw_segments(); ++n) {
        const segment& s = *data.segments[n];
        const auto erased = data.veil_of(n);
        for (std::size_t i = 0; i < s.leads.size(); ++i)
            if (!erased || !erased->hides(s.leads[i])) f(s.leads[i], s.offsets[i + 1] - s.offsets[i]);
    }
}

}  // namespace weir::inline v1
