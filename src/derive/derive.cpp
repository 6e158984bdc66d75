#include <algorithm>
#include <deque>
#include <functional>
#include <iterator>
#include <tuple>

#include <weir/lifecycle.hpp>

#include "base/fail.hpp"
#include "base/text.hpp"
#include "derive/earlier.hpp"
#include "derive/fold.hpp"
#include "derive/layer.hpp"
#include "derive/splice.hpp"

namespace weir::inline v1 {
namespace {

void check_name(const snapshot::impl& data, const lifecycle& l) {
    for (const auto& layer : data.layers) {
        if (layer->lifecycle.name != l.name) continue;
        fail(errc::invalid_question, "a lifecycle named " + quoted(l.name) + " is derived already", "name");
    }
}

std::vector<refused_move> take_refused(std::deque<findings>& parts) {
    std::vector<refused_move> all;
    for (findings& part : parts) std::move(part.refused.begin(), part.refused.end(), std::back_inserter(all));
    return all;
}

// Names the first unknown word by text: the order of refusals is that of the leads' codes, which nobody
// knows.
void check_words(const rulebook& rules, const std::vector<refused_move>& refused) {
    if (rules.lifecycle().unknown_stage != unknown_stage::fail) return;
    const refused_move* first = nullptr;
    for (const refused_move& r : refused) {
        if (r.policy != "unknown_stage") continue;
        if (first == nullptr || std::tie(r.target, r.rule) < std::tie(first->target, first->rule)) first = &r;
    }
    if (first == nullptr) return;
    std::vector<std::string> known = rules.places();
    for (const auto& [word, target] : rules.rule(first->rule).written->stage_change.map)
        known.push_back(word);
    fail(errc::unknown_name,
         "an event says the stage " + quoted(first->target) + ", which is no stage, exit or word of the map" +
             did_you_mean(first->target, known),
         rules.rule(first->rule).path + ".stage_change");
}

std::int64_t raw_events_named(const snapshot::impl& data, const std::vector<std::uint32_t>& codes) {
    std::int64_t sum = 0;
    for (std::size_t s = 0; s < data.raw_segments(); ++s) {
        const auto erased = data.veil_of(s);
        for (const auto& [code, count] : erased ? erased->event_counts : data.segments[s]->event_counts) {
            if (std::find(codes.begin(), codes.end(), code) != codes.end()) sum += count;
        }
    }
    return sum;
}

layer_facts facts_of(const snapshot::impl& data, const rulebook& rules,
                     const std::vector<std::uint32_t>& codes, std::size_t refused) {
    layer_facts f{.named_like_stages = raw_events_named(data, codes),
                  .refused = static_cast<std::int64_t>(refused),
                  .present = data.present_events()};
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const weir::rule& r = *rules.rule(i).written;
        for (const std::string& name : r.stage_change.event.empty() ? r.event : r.stage_change.event)
            if (!std::binary_search(f.present.begin(), f.present.end(), name))
                f.unborne.push_back({rules.rule(i).path, name});
    }
    return f;
}

std::vector<std::uint32_t> codes_of(const rulebook& rules, dictionary& event_names) {
    std::vector<std::uint32_t> codes;
    for (const std::string& name : rules.places()) codes.push_back(event_names.insert(name));
    return codes;
}

void hide(std::vector<bool>& hidden, const std::vector<std::uint32_t>& codes) {
    for (const std::uint32_t code : codes) {
        if (code >= hidden.size()) hidden.resize(code + std::size_t{1});
        hidden[code] = true;
    }
}

// What is taken over from an earlier derivation: all of the leads that need not be folded again.
struct reuse {
    const derived_layer& layer;
    row_tracker rows;
    std::vector<bool> again;

    reuse(const snapshot::impl& before, const snapshot::impl& now, const rulebook& rules,
          std::span<const std::uint32_t> codes, std::int64_t as_of)
        : layer(*before.layers.front()),
          rows(before, now),
          again(leads_to_fold(before, now, rules, codes, rows, as_of)) {}
};

bool fits(const snapshot::impl& before, const snapshot::impl& now, const lifecycle& l, std::int64_t as_of) {
    return now.layers.empty() && !before.layers.empty() && before.lead_keys == now.lead_keys &&
           before.cuts == now.cuts && before.layers.front()->lifecycle == l &&
           before.layers.front()->as_of <= as_of;
}

// Of the first layer; none if it has no stage events.
std::shared_ptr<dictionary> reasons_of(const snapshot::impl& data) {
    for (const segment_column& c : data.layers.front()->segment->columns)
        if (data.columns[c.column].name.attribute == "reason") return data.columns[c.column].texts;
    return nullptr;
}

// Merges two lists that are in order.
template <class T, class Less> void put_to(std::vector<T>& all, const std::vector<T>& more, Less less) {
    const auto middle = static_cast<std::ptrdiff_t>(all.size());
    all.insert(all.end(), more.begin(), more.end());
    std::inplace_merge(all.begin(), all.begin() + middle, all.end(), less);
}

// Puts what is known of the other leads to a layer of those that were folded again.
void add_kept(const reuse& kept, std::uint32_t first_column, derived_layer& layer) {
    layer.segment = splice_layers(*kept.layer.segment, *layer.segment, kept.again, kept.rows, first_column);
    std::vector<std::uint32_t> disputed;
    for (const std::uint32_t lead : kept.layer.disputed)
        if (!kept.again[lead]) disputed.push_back(lead);
    put_to(layer.disputed, disputed, std::less<>());
    std::vector<derived_layer::refusal> refusals;
    for (const derived_layer::refusal& r : kept.layer.refusals)
        if (!kept.again[r.lead]) refusals.push_back(r);
    put_to(layer.refusals, refusals, [](const auto& a, const auto& b) { return a.lead < b.lead; });
}

snapshot derive_checked(const snapshot& from, const lifecycle& l, const snapshot::impl* before,
                        const scope& how) {
    const snapshot::impl& data = from.data();
    check_threads(how);
    check_name(data, l);
    auto layer = std::make_shared<derived_layer>();
    layer->lifecycle = l;
    // Without events there is nothing to judge, at whatever time somebody asks.
    layer->as_of = data.as_of_for(how.as_of).value_or(std::numeric_limits<std::int64_t>::max());

    const rulebook rules(data, layer->lifecycle);
    const std::vector<std::uint32_t> codes = codes_of(rules, *data.event_names);
    std::optional<reuse> kept;
    if (before != nullptr && fits(*before, data, l, layer->as_of))
        kept.emplace(*before, data, rules, codes, layer->as_of);
    std::deque<findings> parts =
        fold(data, rules, layer->as_of, how.threads, kept ? kept->again : std::vector<bool>{});
    std::vector<refused_move> refused = take_refused(parts);
    check_words(rules, refused);
    for (const findings& part : parts)
        layer->disputed.insert(layer->disputed.end(), part.disputed.begin(), part.disputed.end());
    for (refused_move& r : refused) {
        layer->refusals.push_back({r.lead, r.time, r.event, std::string(r.policy), std::move(r.target)});
    }

    auto extended = std::make_shared<snapshot::impl>(data);
    const auto first_column = static_cast<std::uint32_t>(extended->columns.size());
    layer->segment =
        build_layer(rules, parts, codes, extended->columns, kept ? reasons_of(*before) : nullptr);
    if (kept) add_kept(*kept, first_column, *layer);
    layer->facts = facts_of(data, rules, codes, layer->refusals.size());
    extended->segments.push_back(layer->segment);
    extended->layers.push_back(std::move(layer));
    hide(extended->hidden, codes);
    return snapshot(std::move(extended));
}

}  // namespace

result<snapshot> derive(const snapshot& from, const lifecycle& l, const scope& how) {
    return guarded([&] {
        check(l).value();
        return derive_checked(from, l, nullptr, how);
    });
}

result<snapshot> derive(const snapshot& from, const lifecycle& l, const snapshot& before, const scope& how) {
    return guarded([&] {
        check(l).value();
        return derive_checked(from, l, &before.data(), how);
    });
}

}  // namespace weir::inline v1
