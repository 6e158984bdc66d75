// snapshot.cpp - what can be asked of a set of events before any question.
#include <algorithm>

#include "base/fail.hpp"
#include "base/text.hpp"
#include "base/wording.hpp"
#include "segment/batch_data.hpp"
#include "segment/column_cache.hpp"
#include "segment/snapshot_data.hpp"

namespace weir::inline v1 {
namespace {

std::shared_ptr<const snapshot::impl> no_events() {
    auto empty = std::make_shared<snapshot::impl>();
    empty->lead_keys = std::make_shared<dictionary>();
    empty->event_names = std::make_shared<dictionary>();
    return empty;
}

}  // namespace

std::uint32_t snapshot::impl::add_column(const column_name& name) {
    for (std::size_t i = 0; i < columns.size(); ++i)
        if (columns[i].name == name) return static_cast<std::uint32_t>(i);
    columns.push_back({name, name.kind == value_kind::text ? std::make_shared<dictionary>() : nullptr});
    return static_cast<std::uint32_t>(columns.size() - 1);
}

std::uint32_t snapshot::impl::lead_limit() const {
    std::uint32_t limit = 0;
    for (const auto& s : segments)
        if (!s->leads.empty()) limit = std::max(limit, s->leads.back() + 1);
    return limit;
}

std::optional<std::uint32_t> snapshot::impl::find_lead(const lead_id& key) const {
    const bool plain = joined && key.kind() == joined->identity.lead_kind;
    const auto code = lead_keys->find(stored_key(plain ? lead_id(key.key()) : key));
    return code && aliases ? (*aliases)[*code] : code;
}

std::optional<std::int64_t> snapshot::impl::last_raw() const {
    std::optional<std::int64_t> last;
    for (std::size_t i = 0; i < raw_segments(); ++i) {
        const auto hidden_leads = veil_of(i);
        if (segments[i]->size() == (hidden_leads ? hidden_leads->rows : 0)) continue;
        const std::int64_t time = hidden_leads ? hidden_leads->max_time : segments[i]->max_time;
        last = std::max(last.value_or(time), time);
    }
    return last;
}

std::optional<std::int64_t> snapshot::impl::as_of_for(std::optional<instant> asked) const {
    if (!last_raw()) return std::nullopt;
    std::optional<std::int64_t> derived;
    const char* what = "the stages were derived; derive them";
    if (joined && joined->as_of) {
        derived = joined->as_of->time_since_epoch().count();
        what = "leads were put together; put them together";
    }
    for (const auto& layer : layers) derived = std::min(derived.value_or(layer->as_of), layer->as_of);
    if (!asked) return derived ? derived : last_raw();
    const std::int64_t t = asked->time_since_epoch().count();
    if (derived && t > *derived)
        fail(errc::invalid_question,
             "as_of " + to_string(*asked) + " is after " + to_string(instant{duration{*derived}}) +
                 ", where " + what + " at a later as_of",
             "as_of");
    return t;
}

std::size_t snapshot::impl::layer_named(std::string_view name) const {
    if (layers.empty())
        fail(errc::invalid_question, "the snapshot has no lifecycle; derive one first", "lifecycle");
    if (name.empty() && layers.size() == 1) return 0;
    std::vector<std::string> known;
    for (const auto& layer : layers) {
        if (layer->lifecycle.name == name) return known.size();
        known.push_back(layer->lifecycle.name);
    }
    if (name.empty())
        fail(errc::invalid_question,
             "the snapshot has " + std::to_string(known.size()) + " lifecycles; name one, as " +
                 quoted(known.front()),
             "lifecycle");
    fail(errc::unknown_name, "no lifecycle is named " + quoted(name) + did_you_mean(name, known),
         "lifecycle");
}

std::vector<std::string> snapshot::impl::notes_of_layer(std::size_t layer) const {
    std::vector<std::string> notes = notes_of(layers[layer]->facts);
    add_arrival_notes(layer + 1, notes);
    return notes;
}

std::vector<std::string> notes_of(const layer_facts& f) {
    const auto counted = [](std::int64_t n, const char* one, const char* many) {
        return with_commas(n) + " " + (n == 1 ? one : many);
    };
    std::vector<std::string> notes;
    if (f.named_like_stages > 0)
        notes.push_back(counted(f.named_like_stages, "raw event named like a stage is",
                                "raw events named like a stage are") +
                        " hidden by the stage events");
    if (f.refused > 0) notes.push_back(counted(f.refused, "move was", "moves were") + " refused by a policy");
    // A trigger that no event bears is worth a word only if another name was probably meant.
    for (const auto& [path, name] : f.unborne)
        if (const std::string suggestion = did_you_mean(name, f.present); !suggestion.empty())
            notes.push_back(path + ": " + quoted(name) + " names no event" + suggestion);
    return notes;
}

std::string arrival_note_of_stages(std::string_view lifecycle, std::size_t leads) {
    return "lifecycle " + quoted(lifecycle) + ": equal-time events of " + std::to_string(leads) +
           (leads == 1 ? " lead" : " leads") + " differ; order of arrival decided";
}

void snapshot::impl::add_arrival_notes(std::size_t n, std::vector<std::string>& notes) const {
    for (std::size_t i = 0; i < n; ++i) {
        if (layers[i]->disputed.empty()) continue;
        notes.push_back(arrival_note_of_stages(layers[i]->lifecycle.name, layers[i]->disputed.size()));
    }
}

std::vector<std::int64_t> snapshot::impl::event_counts() const {
    std::vector<std::int64_t> counts;
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const auto erased = i < raw_segments() ? veil_of(i) : nullptr;
        for (const auto& [code, n] : erased ? erased->event_counts : segments[i]->event_counts) {
            if (i < raw_segments() && is_hidden(code)) continue;
            if (code >= counts.size()) counts.resize(code + std::size_t{1});
            counts[code] += n;
        }
    }
    return counts;
}

std::vector<std::string> snapshot::impl::present_events() const {
    const auto counts = event_counts();
    std::vector<std::string> names;
    for (std::uint32_t c = 0; c < counts.size(); ++c)
        if (counts[c] > 0) names.emplace_back(event_name(c));
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<std::string> snapshot::impl::present_attributes() const {
    const auto erased_of = [this](std::size_t i) { return i < raw_segments() ? veil_of(i) : nullptr; };
    // A column outlives the events of erased leads, but not in a file that was written without any.
    const auto surely_bears = [&](std::size_t i, std::uint32_t column) {
        const segment_column* c = segments[i]->find(column);
        return c != nullptr && c->pages != nullptr && !erased_of(i);
    };
    const auto bears = [&](std::size_t i, std::uint32_t column) {
        const segment& s = *segments[i];
        const segment_column* c = s.find(column);
        if (c == nullptr) return false;
        const auto erased = erased_of(i);
        const segment_in_use used(s);
        for (std::size_t lead = 0; lead < s.leads.size(); ++lead)
            for (std::size_t row = s.offsets[lead]; row < s.offsets[lead + 1]; ++row)
                if (c->has(row) && !(erased && erased->hides(s.leads[lead]))) return true;
        return false;
    };
    const auto any = [this](std::uint32_t column, const auto& test) {
        for (std::size_t i = 0; i < segments.size(); ++i)
            if (test(i, column)) return true;
        return false;
    };
    std::vector<std::string> names;
    for (std::uint32_t c = 0; c < columns.size(); ++c)
        if (any(c, surely_bears) || any(c, bears)) names.push_back(columns[c].name.attribute);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

snapshot::snapshot() : impl_(no_events()) {}
snapshot::snapshot(std::shared_ptr<const impl> data) noexcept : impl_(std::move(data)) {}

std::int64_t snapshot::size() const {
    std::int64_t sum = 0;
    for (const std::int64_t n : impl_->event_counts()) sum += n;
    return sum;
}

std::int64_t snapshot::leads() const {
    std::vector<bool> seen(impl_->lead_limit());
    for (std::size_t i = 0; i < impl_->segments.size(); ++i) {
        const auto erased = i < impl_->raw_segments() ? impl_->veil_of(i) : nullptr;
        for (const std::uint32_t lead : impl_->segments[i]->leads)
            if (!erased || !erased->hides(lead)) seen[lead] = true;
    }
    return std::count(seen.begin(), seen.end(), true);
}

std::optional<instant> snapshot::last() const {
    const auto t = impl_->last_raw();
    return t ? std::optional(instant{duration{*t}}) : std::nullopt;
}

}  // namespace weir::inline v1
