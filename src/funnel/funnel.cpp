// funnel.cpp - the verb: checks a funnel, has it counted, and puts the parts into rows.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <weir/funnel.hpp>

#include <fmt/format.h>

#include "base/fail.hpp"
#include "base/text.hpp"
#include "base/wording.hpp"
#include "funnel/accounts.hpp"
#include "funnel/funnel_count.hpp"
#include "funnel/funnel_rows.hpp"
#include "funnel/preset.hpp"
#include "measure/grouping.hpp"
#include "measure/time_limits.hpp"
#include "scan/scan.hpp"
#include "stats/interval.hpp"

namespace weir::inline v1 {

step in_any_order(std::vector<step> members, step_options options) {
    if (options.name.empty())
        for (const step& s : members) options.name += (options.name.empty() ? "" : "+") + s.name;
    step block(std::move(options), names{});
    block.members = std::move(members);
    return block;
}

// The rows of the answer
// ---------------------------------------------------------------------------------------

void add_to_parts(parts& all, const tally_key& key, const funnel_tally& counted, std::size_t group,
                  bool bucketed) {
    std::vector<std::size_t> groups;
    if (key.in_whole) groups.push_back(0);
    if (key.in_group && group > 0) groups.push_back(group);
    for (const std::size_t g : groups) {
        auto& total = all[{g, std::nullopt}];  // it has rows even if none of its entries is the lead's
        if (key.in_total) total.push_back(&counted);
        if (bucketed && key.in_bucket) all[{g, key.bucket}].push_back(&counted);
    }
}

namespace {

void add_parts(parts& all, const funnel_tallies& tallies, std::size_t number, std::size_t group,
               bool bucketed) {
    for (const auto& [key, counted] : tallies.of_group(number))
        add_to_parts(all, key, counted, group, bucketed);
}

parts parts_of(const funnel& q, const std::vector<funnel_counter::worker>& workers,
               const group_order& order) {
    const bool bucketed = q.bucket.unit != calendar_unit::none;
    parts all;
    all[{0, std::nullopt}];  // the whole has its rows even if nobody came
    for (std::size_t w = 0; w < workers.size(); ++w) {
        for (std::size_t g = 0; g < workers[w].tallies.groups(); ++g)
            add_parts(all, workers[w].tallies, g, q.by.empty() ? 0 : 1 + order.places[w][g], bucketed);
        for (std::size_t g = 0; g < workers[w].whole.groups(); ++g)
            add_parts(all, workers[w].whole, g, 0, bucketed);
    }
    return all;
}

std::vector<std::int64_t> waits_of(const std::vector<const funnel_tally*>& part, std::size_t step) {
    std::vector<std::int64_t> waits;
    for (const auto* t : part) waits.insert(waits.end(), t->waits[step].begin(), t->waits[step].end());
    return waits;
}

}  // namespace

// Steps in any order have no names of their own: row k is the k-th in time.
std::string step_name(const funnel& q, std::size_t step) {
    return q.order == order::any_order ? fmt::format("any-{}", step + 1) : q.steps[step].name;
}

void add_rows(funnel_table& answer, const std::vector<const funnel_tally*>& part, const funnel_row& like) {
    const funnel& q = answer.question;
    const auto rate_of = q.counting == counting::entries ? share : wilson;  // of one lead they depend
    std::vector<std::int64_t> leads(q.steps.size());
    for (const auto* t : part)
        for (std::size_t k = 0; k < leads.size(); ++k) leads[k] += t->reached[k];
    std::size_t before = 0;  // the required step that a rate is of
    for (std::size_t k = 0; k < q.steps.size(); ++k) {
        funnel_row r = like;
        r.step = static_cast<int>(k) + 1;
        r.name = step_name(q, k);
        r.leads = leads[k];
        r.of_first = rate_of(leads[k], leads.front());
        r.of_previous = rate_of(leads[k], leads[before]);
        if (!q.steps[k].optional) before = k;
        auto waits = waits_of(part, k);
        const quantiles of_waits = median_and_p90(waits);
        r.median_wait = of_waits.median;
        r.p90_wait = of_waits.p90;
        answer.rows.push_back(std::move(r));
    }
}

void note_missing_names(const funnel& q, const std::vector<std::string>& present,
                        std::vector<std::string>& notes) {
    const auto check = [&](std::string_view what, const names& events) {
        for (const auto& name : events) {
            if (std::binary_search(present.begin(), present.end(), name)) continue;
            auto note = fmt::format("funnel {} {} names no event{} ({} event {} in the store)", what,
                                    quoted(name), did_you_mean(name, present), present.size(),
                                    present.size() == 1 ? "name" : "names");
            if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(std::move(note));
        }
    };
    for (const step* s : terms_of(q)) check("step", s->event);
    for (const auto& x : q.exclude) check("exclusion", x.event);
}

// A limit belongs to the bar that ends with it.
void add_histogram(funnel_table& answer, const std::vector<const funnel_tally*>& part,
                   const funnel_row& like) {
    const auto& limits = answer.question.histogram;
    if (limits.empty()) return;
    std::vector<std::int64_t> counts(limits.size() + 1);
    std::int64_t all = 0;
    for (const auto* t : part)
        for (const std::int64_t d : t->durations) {
            const auto bar = std::lower_bound(limits.begin(), limits.end(), duration{d});
            ++counts[static_cast<std::size_t>(bar - limits.begin())];
            ++all;
        }
    const auto rate_of = answer.question.counting == counting::entries ? share : wilson;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        histogram_row r{.group = like.group, .bucket = like.bucket};
        if (i > 0) r.over = limits[i - 1];
        if (i < limits.size()) r.up_to = limits[i];
        r.leads = counts[i];
        r.of_complete = rate_of(counts[i], all);
        answer.histogram.push_back(std::move(r));
    }
}

std::string excluded_note(std::int64_t leads) {
    return fmt::format("{} that an exclusion disqualifies {} left out of all steps", leads_text(leads),
                       leads == 1 ? "is" : "are");
}

namespace {

// The page of the list, by key.
void add_list(funnel_table& answer, const snapshot::impl& data, funnel_counter& all) {
    const funnel& q = answer.question;
    if (!q.list) return;
    struct named {
        std::string_view key;
        std::size_t worker;
        const funnel_counter::listed* lead;
    };
    std::vector<named> found;
    for (std::size_t w = 0; w < all.workers().size(); ++w)
        for (const auto& l : all.workers()[w].list) found.push_back({data.lead_key(l.lead), w, &l});
    std::sort(found.begin(), found.end(), [](const named& a, const named& b) { return a.key < b.key; });
    answer.listed = static_cast<std::int64_t>(found.size());
    const std::int64_t begin = std::min(q.list->offset, answer.listed);
    const std::int64_t end = begin + std::min(q.list->limit, answer.listed - begin);
    for (std::int64_t i = begin; i < end; ++i) {
        const named& n = found[static_cast<std::size_t>(i)];
        answer.leads.push_back(all.describe(*n.lead, n.worker));
    }
}

void count_leads(funnel_table& answer, const snapshot::impl& data, const scope& how) {
    const funnel& q = answer.question;
    funnel_counter all(data, q, answer.as_of->time_since_epoch().count(), how.threads);
    const std::string plan = all.run();
    if (how.explain_plan) answer.notes.push_back(plan);
    const group_order order = merge_groups(all.groups(), q.max_groups);
    std::map<std::string, std::int64_t> disputed;
    for (const auto& w : all.workers()) {
        for (const auto& [attribute, leads] : w.disputed) disputed[attribute] += leads;
        answer.excluded += w.excluded;
    }
    for (const auto& [attribute, leads] : disputed) answer.notes.push_back(arrival_note(attribute, leads));
    if (answer.excluded > 0) answer.notes.push_back(excluded_note(answer.excluded));
    if (order.value_reads_none) answer.notes.push_back(reads_none_note(q.by));
    for (const auto& [key, part] : parts_of(q, all.workers(), order)) {
        funnel_row like;
        if (key.first > 0) like.group = order.texts[key.first - 1];
        if (key.second) like.bucket = all.workers().front().buckets.label(*key.second);
        add_rows(answer, part, like);
        add_histogram(answer, part, like);
    }
    add_list(answer, data, all);
}

// An account is a lead whose events are those of all its leads.
void count_accounts(funnel_table& answer, const snapshot::impl& data, const scope& how) {
    const std::string& attribute = answer.question.account;
    const accounts all = accounts_of(data, attribute, answer.as_of->time_since_epoch().count(), how.threads);
    note_accounts(data, attribute, all, answer.notes);
    count_leads(answer, *all.data, how);
}

void add_nothing(funnel_table& answer) {
    add_rows(answer, {}, {});
    add_histogram(answer, {}, {});
}

}  // namespace

result<funnel_table> measure(const snapshot& s, const funnel& q, const scope& how) {
    return guarded([&] {
        check(q).value();
        check_threads(how);
        const snapshot::impl& data = s.data();
        funnel_table answer{.question = resolved(q)};
        if (const auto as_of = data.as_of_for(q.as_of)) answer.as_of = instant{duration{*as_of}};
        note_missing_names(answer.question, data.present_events(), answer.notes);
        data.add_arrival_notes(data.layers.size(), answer.notes);
        if (answer.as_of) {
            note_open_period(q.period, *answer.as_of, answer.notes);
            note_missing_attribute(data, q.by, answer.notes);
            const bool accounts = q.counting == counting::accounts;
            accounts ? count_accounts(answer, data, how) : count_leads(answer, data, how);
        } else {
            add_nothing(answer);
        }
        answer.question = q;
        return answer;
    });
}

const funnel_row* funnel_table::find(std::string_view step, std::optional<std::string_view> group) const& {
    for (const auto& r : rows) {
        const bool same_group = r.group.has_value() == group.has_value() && (!group || *r.group == *group);
        if (!r.bucket && same_group && r.name == step) return &r;
    }
    return nullptr;
}

}  // namespace weir::inline v1
