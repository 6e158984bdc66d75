// funnel_part.cpp - a funnel counted as far as sums, merged, and made an answer.
#include "funnel/funnel_part.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/fail.hpp"
#include "base/text.hpp"
#include "funnel/funnel_rows.hpp"
#include "funnel/preset.hpp"
#include "measure/grouping.hpp"
#include "measure/time_limits.hpp"

namespace weir::inline v1 {
namespace {

using part_data = funnel_part::impl;

std::vector<std::string> united(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    std::vector<std::string> both;
    std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
    return both;
}

// The answer
// ---------------------------------------------------------------------------------------------------

// Groups by text, "(none)" last.
std::map<std::string, std::size_t> places_of_groups(const part_data& p, std::vector<std::string>& texts) {
    std::map<std::string, std::size_t> places;
    for (const auto& [part, tally] : p.state.tallies)
        if (part.second.in_group) places.emplace(part.first, 0);
    const bool none = places.erase(std::string(no_group)) > 0;
    for (auto& [text, place] : places) {
        texts.push_back(text);
        place = texts.size();
    }
    if (!none) return places;
    texts.emplace_back(no_group);
    places.emplace(no_group, texts.size());
    return places;
}

void add_all_rows(funnel_table& answer, const part_data& p) {
    const funnel& q = answer.question;
    const bool bucketed = q.bucket.unit != calendar_unit::none;
    std::vector<std::string> texts;
    std::map<std::string, std::size_t> places;
    if (!q.by.empty()) places = places_of_groups(p, texts);
    parts all;
    all[{0, std::nullopt}];  // the whole has its rows even if nobody came
    for (const auto& [part, tally] : p.state.tallies) {
        const bool grouped = !q.by.empty() && part.second.in_group;
        add_to_parts(all, part.second, *tally, grouped ? places.at(part.first) : 0, bucketed);
    }
    bucketer buckets(bucketed ? q.bucket : calendar{});
    for (const auto& [key, part] : all) {
        funnel_row like;
        if (key.first > 0) like.group = texts[key.first - 1];
        if (key.second) like.bucket = buckets.label(*key.second);
        add_rows(answer, part, like);
        add_histogram(answer, part, like);
    }
}

void add_page(funnel_table& answer, const part_data& p) {
    if (!answer.question.list) return;
    const lead_list& page = *answer.question.list;
    answer.listed = static_cast<std::int64_t>(p.state.listed.size());
    const std::int64_t begin = std::min(page.offset, answer.listed);
    auto at = std::next(p.state.listed.begin(), begin);
    for (std::int64_t n = std::min(page.limit, answer.listed - begin); n > 0; --n, ++at)
        answer.leads.push_back(at->second);
}

void add_notes(funnel_table& answer, const part_data& p) {
    const funnel& q = answer.question;
    note_missing_names(answer.question, p.events, answer.notes);
    for (const auto& [lifecycle, leads] : p.stages)
        if (leads > 0)
            answer.notes.push_back(arrival_note_of_stages(lifecycle, static_cast<std::size_t>(leads)));
    if (!p.as_of) return;
    note_open_period(q.period, *answer.as_of, answer.notes);
    if (!q.by.empty()) note_missing_attribute(p.attributes, q.by, answer.notes);
    if (p.counts_accounts()) note_accounts(p.attributes, q.account, p.without, p.disputed, answer.notes);
    for (const auto& [attribute, leads] : p.state.disputed)
        answer.notes.push_back(arrival_note(attribute, leads));
    answer.excluded = p.state.excluded;
    if (answer.excluded > 0) answer.notes.push_back(excluded_note(answer.excluded));
    if (p.state.read_none > 0) answer.notes.push_back(reads_none_note(q.by));
}

// Merging
// ----------------------------------------------------------------------------------------------------

void check_alike(const part_data& a, const part_data& b) {
    if (a.question != b.question)
        fail(errc::invalid_question, "the parts answer two questions; only parts of one can be merged", {});
    if (a.as_of && b.as_of && a.as_of != b.as_of)
        fail(errc::invalid_question,
             "the parts were counted up to " + to_string(instant{duration{*a.as_of}}) + " and up to " +
                 to_string(instant{duration{*b.as_of}}) + "; set the question's as_of",
             "as_of");
    const auto same_name = [](const auto& x, const auto& y) { return x.first == y.first; };
    if (!std::equal(a.stages.begin(), a.stages.end(), b.stages.begin(), b.stages.end(), same_name))
        fail(errc::invalid_question, "the parts were counted over other lifecycles", "lifecycle");
    for (const auto& [key, lead] : a.state.listed)
        if (b.state.listed.contains(key))
            fail(errc::invalid_question, "both parts list the lead \"" + key + "\"; each lead belongs in one",
                 "list");
}

// The events of an account have to be in one part: counts of two pieces of it say nothing of the whole.
std::vector<std::string> accounts_of_both(const std::vector<std::string>& a,
                                          const std::vector<std::string>& b) {
    std::vector<std::string> shared;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(shared));
    if (!shared.empty())
        fail(errc::invalid_question,
             fmt::format("both parts have leads of the account {}; each account belongs in one",
                         quoted(shared.front())),
             "account");
    return united(a, b);
}

part_data merged(const part_data& a, const part_data& b) {
    check_alike(a, b);
    part_data m{.question = a.question, .as_of = a.as_of ? a.as_of : b.as_of, .stages = a.stages};
    m.events = united(a.events, b.events);
    m.attributes = united(a.attributes, b.attributes);
    for (std::size_t i = 0; i < m.stages.size(); ++i) m.stages[i].second += b.stages[i].second;
    m.without = a.without + b.without;
    m.disputed = a.disputed + b.disputed;
    if (m.counts_accounts()) m.accounts = accounts_of_both(a.names_of_accounts(), b.names_of_accounts());
    m.state = changed(a.state, {}, b.state, resolved(a.question));
    return m;
}

}  // namespace

funnel_part::impl part_without_sums(const snapshot& s, const funnel& q, const scope& how) {
    check(q).value();
    check_threads(how);
    const snapshot::impl& data = s.data();
    part_data p{.question = q, .as_of = data.as_of_for(q.as_of)};
    p.events = data.present_events();
    p.attributes = known_attributes(data, {q.by, q.account});
    for (const auto& layer : data.layers)
        p.stages.emplace_back(layer->lifecycle.name, static_cast<std::int64_t>(layer->disputed.size()));
    return p;
}

funnel_state sums_of(const snapshot::impl& data, const funnel_part::impl& p, const scope& how,
                     std::optional<std::vector<std::uint32_t>> only) {
    if (!p.as_of) return {};
    const funnel q = resolved(p.question);
    funnel_counter counted(data, q, *p.as_of, how.threads, std::move(only));
    counted.run();
    funnel_state s = take_state(counted, data, q);
    return changed({}, {}, s, q);
}

funnel_part::funnel_part(const funnel& q) : impl_(std::make_shared<impl>(impl{.question = q})) {}
funnel_part::funnel_part(std::shared_ptr<const impl> data) noexcept : impl_(std::move(data)) {}

result<funnel_table> funnel_part::answer() const {
    return guarded([&] {
        const impl& p = *impl_;
        check(p.question).value();
        funnel_table answer{.question = resolved(p.question)};
        if (p.as_of) answer.as_of = instant{duration{*p.as_of}};
        add_notes(answer, p);
        add_all_rows(answer, p);
        add_page(answer, p);
        answer.question = p.question;
        return answer;
    });
}

void take_members(funnel_part::impl& p, lead_accounts all) {
    p.without = all.count_without();
    p.disputed = all.count_disputed();
    p.members = std::make_shared<const lead_accounts>(std::move(all));
}

namespace {

// An account is a lead whose events are those of all its leads.
void count_accounts(part_data& p, const snapshot::impl& data, const scope& how) {
    if (!p.as_of) return;
    take_members(p, assign_leads(data, p.question.account, *p.as_of, how.threads));
    p.state = sums_of(*events_of_accounts(data, *p.members), p, how);
    p.accounts = p.names_of_accounts();
    p.members.reset();
}

}  // namespace

result<funnel_part> part_of(const snapshot& s, const funnel& q, const scope& how) {
    return guarded([&] {
        auto p = std::make_shared<part_data>(part_without_sums(s, q, how));
        if (p->counts_accounts())
            count_accounts(*p, s.data(), how);
        else
            p->state = sums_of(s.data(), *p, how);
        return funnel_part(std::shared_ptr<const part_data>(std::move(p)));
    });
}

result<funnel_part> merge(const funnel_part& a, const funnel_part& b) {
    return guarded(
        [&] { return funnel_part(std::make_shared<const part_data>(merged(a.data(), b.data()))); });
}

}  // namespace weir::inline v1
