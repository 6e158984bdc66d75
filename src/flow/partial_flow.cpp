// partial_flow.cpp - a flow counted as far as sums, followed, merged, and made an answer.
#include "flow/partial_flow.hpp"

#include <algorithm>
#include <iterator>
#include <memory>

#include "base/fail.hpp"
#include "flow/flow_rows.hpp"
#include "measure/grouping.hpp"
#include "measure/time_limits.hpp"
#include "scan/changed_leads.hpp"
#include "stats/interval.hpp"

namespace weir::inline v1 {
namespace {

using part_data = partial_flow::impl;
using codes = std::vector<std::uint32_t>;

// Counting
// -----------------------------------------------------------------------------------------------------

part_data part_without_sums(const snapshot& s, const flow& q, const scope& how) {
    check(q).value();
    check_threads(how);
    const snapshot::impl& data = s.data();
    const std::size_t layer = data.layer_named(q.lifecycle);
    const derived_layer& stages = *data.layers[layer];
    check_exit_names(stages.lifecycle);
    part_data p{.question = q,
                .lifecycle = stages.lifecycle,
                .as_of = data.as_of_for(q.as_of),
                .derived_as_of = stages.as_of,
                .facts = stages.facts,
                .attributes = known_attributes(data, {q.by, q.amount})};
    for (std::size_t i = 0; i <= layer; ++i)
        p.stages.emplace_back(data.layers[i]->lifecycle.name,
                              static_cast<std::int64_t>(data.layers[i]->disputed.size()));
    return p;
}

// All leads, or those alone with these codes. Times of validity are noted if there is a place for them.
flow_addends count(const snapshot& s, const part_data& p, const scope& how, std::optional<codes> only,
                   valid_times* valid) {
    if (!p.as_of) return {};
    flow_scan scanned(s.data(), p.question, s.data().layer_named(p.question.lifecycle), *p.as_of, how.threads,
                      std::move(only));
    if (valid != nullptr) scanned.ask_validity();
    scanned.run();
    if (valid != nullptr) scanned.tell_validity(*valid);
    return take_addends(scanned, p.question);
}

void put_to(codes& all, const codes& more) {
    codes both;
    std::set_union(all.begin(), all.end(), more.begin(), more.end(), std::back_inserter(both));
    all = std::move(both);
}

// Leads whose events are the same, but of whom another as_of tells something else.
void add_leads_of_other_times(changed_leads& leads, const valid_times& valid, std::int64_t as_of) {
    const codes others = valid.outside(as_of);
    if (leads.codes.empty()) {
        put_to(leads.now, others);
        put_to(leads.before, others);
        return;
    }
    codes now;
    for (const std::uint32_t lead : others)
        if (lead < leads.codes.size() && leads.codes[lead] != changed_leads::nobody)
            now.push_back(leads.codes[lead]);
    std::sort(now.begin(), now.end());
    put_to(leads.now, now);
    put_to(leads.before, others);
}

// Counts the leads that differ out of what was before and into what is now.
void follow(part_data& now, const part_data& before, const snapshot& s, const scope& how) {
    auto leads = before.follows && before.question == now.question && before.lifecycle == now.lifecycle
                     ? find_changed_leads(before.seen.data(), before.as_of, s.data(), now.as_of)
                     : changed_leads{.all = true};
    now.seen = s;
    now.follows = true;
    if (leads.all) {
        auto all = count(s, now, how, std::nullopt, &now.valid);
        now.state = changed({}, {}, std::move(all), now.shape(), now.question.max_groups);
        return;
    }
    add_leads_of_other_times(leads, before.valid, *now.as_of);
    now.valid = leads.codes.empty()
                    ? before.valid
                    : before.valid.renamed(leads.codes, changed_leads::nobody, s.data().lead_limit());
    auto less = count(before.seen, before, how, std::move(leads.before), nullptr);
    auto more = count(s, now, how, std::move(leads.now), &now.valid);
    now.state = changed(before.state, std::move(less), std::move(more), now.shape(), now.question.max_groups);
}

// The answer
// ---------------------------------------------------------------------------------------------------

void add_notes(flow_table& answer, const part_data& p) {
    const flow& q = p.question;
    answer.notes = notes_of(p.facts);
    for (const auto& [lifecycle, leads] : p.stages)
        if (leads > 0)
            answer.notes.push_back(arrival_note_of_stages(lifecycle, static_cast<std::size_t>(leads)));
    if (!p.as_of) return;
    note_open_period(q.period, *answer.as_of, answer.notes);
    for (const auto& name : {q.by, q.amount})
        if (!name.empty()) note_missing_attribute(p.attributes, name, answer.notes);
}

told_times tell_times(const flow_sum& sum) {
    const auto at = [](const kept_times& t, int numerator, int denominator) -> std::optional<duration> {
        if (t.size() == 0) return std::nullopt;
        return duration{t.nth(place_of(t.size(), numerator, denominator))};
    };
    told_times told;
    for (const kept_times& t : sum.stays) {
        told_times::stay& s = told.stays.emplace_back();
        s.ended = static_cast<std::int64_t>(t.size());
        if (s.ended > 0) s.mean = duration{static_cast<std::int64_t>(t.sum() / s.ended)};
        s.median = at(t, 1, 2);
        s.p90 = at(t, 9, 10);
    }
    for (const kept_times& t : sum.by_leads) told.by_leads.push_back(at(t, 1, 2));
    for (const kept_times& t : sum.by_entries) told.by_entries.push_back(at(t, 1, 2));
    return told;
}

flow_tally with_reasons(const flow_sum& sum) {
    flow_tally t = sum.tally;
    for (const auto& [r, n] : sum.reasons) t.reasons[{r.stage, r.exit, r.none, r.text, r.stated}] = n;
    return t;
}

// Writes the rows of one group, or of the whole.
class group_writer {
public:
    group_writer(const part_data& p, flow_table& answer, const std::vector<std::string>& places)
        : p_(p), shape_(p.shape()), places_(places), nothing_(shape_), writer_(answer, shape_, places_) {}

    void add(const std::optional<std::string>& group, const flow_frame& frame) {
        const flow_sum* const whole = find({group, std::nullopt});
        counts balance = whole == nullptr ? counts(shape_.places()) : whole->tally.rise;
        for (std::size_t i = 0; i < frame.periods(); ++i) {
            flow_key key{group, std::nullopt};
            if (!frame.labels.empty()) key.bucket = static_cast<std::int64_t>(frame.borders[i]);
            const flow_sum* const found = find(key);
            const counts before = balance;
            if (found != nullptr) add_to(balance, found->rise_at_end);
            if (found == nullptr && group && all_zero(before) && all_zero(balance)) continue;
            const flow_sum& sum = found == nullptr ? nothing_ : *found;
            flow_tally t = with_reasons(sum);
            t.balance_from = before;
            t.balance_until = balance;
            check_conservation(t, shape_, places_);
            weir::flow_part part{.group = group, .bucket = {}};
            if (!frame.labels.empty()) part.bucket = frame.labels[i];
            writer_.add(part, t, tell_times(sum));
        }
    }

private:
    static bool all_zero(const counts& numbers) {
        return std::all_of(numbers.begin(), numbers.end(), [](std::int64_t n) { return n == 0; });
    }
    const flow_sum* find(const flow_key& key) const {
        const auto at = p_.state.parts.find(key);
        return at == p_.state.parts.end() ? nullptr : at->second.get();
    }

    const part_data& p_;
    flow_shape shape_;
    const std::vector<std::string>& places_;
    flow_sum nothing_;
    flow_writer writer_;
};

// The begin of the first bucket in which a visit begins.
std::optional<std::int64_t> first_bucket(const flow_state& s) {
    for (const auto& [key, sum] : s.parts)
        if (!key.group && key.bucket && !sum->tally.moves.none()) return key.bucket;
    return std::nullopt;
}

std::vector<flow_frame> frames_of(const part_data& p) {
    const std::int64_t as_of = p.as_of.value_or(0);
    std::vector<flow_frame> frames{whole_frame(p.question.period, as_of)};
    if (p.question.bucket.unit != calendar_unit::none)
        frames.push_back(bucket_frame(p.question.bucket, frames.front(), first_bucket(p.state), as_of));
    return frames;
}

void add_rows(flow_table& answer, const part_data& p) {
    std::vector<std::optional<std::string>> groups{std::nullopt};
    for (const auto& [text, leads] : p.state.groups)
        if (text != no_group) groups.emplace_back(text);
    if (p.state.groups.contains(std::string(no_group))) groups.emplace_back(std::string(no_group));
    const std::vector<flow_frame> frames = frames_of(p);
    check_parts(groups.size() - 1, frames);
    const std::vector<std::string> places = p.places();
    group_writer writer(p, answer, places);
    for (const auto& group : groups)
        for (const flow_frame& frame : frames) writer.add(group, frame);
}

// Merging
// ----------------------------------------------------------------------------------------------------

void check_alike(const part_data& a, const part_data& b) {
    if (a.question != b.question)
        fail(errc::invalid_question, "the parts answer two questions; only parts of one can be merged", {});
    const auto same_name = [](const auto& x, const auto& y) { return x.first == y.first; };
    if (a.lifecycle != b.lifecycle ||
        !std::equal(a.stages.begin(), a.stages.end(), b.stages.begin(), b.stages.end(), same_name))
        fail(errc::invalid_question, "the parts were counted over other lifecycles", "lifecycle");
    if (!a.as_of || !b.as_of) return;
    for (const auto& [x, y] : {std::pair(*a.as_of, *b.as_of), std::pair(a.derived_as_of, b.derived_as_of)})
        if (x != y)
            fail(errc::invalid_question,
                 "the parts were counted up to " + to_string(instant{duration{x}}) + " and up to " +
                     to_string(instant{duration{y}}) + "; derive both with one as_of",
                 "as_of");
}

std::vector<std::string> united(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    std::vector<std::string> both;
    std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
    return both;
}

part_data merged(const part_data& a, const part_data& b) {
    check_alike(a, b);
    part_data m{.question = a.question,
                .lifecycle = a.lifecycle,
                .as_of = a.as_of ? a.as_of : b.as_of,
                .derived_as_of = a.as_of ? a.derived_as_of : b.derived_as_of,
                .facts = {.named_like_stages = a.facts.named_like_stages + b.facts.named_like_stages,
                          .refused = a.facts.refused + b.facts.refused,
                          .present = united(a.facts.present, b.facts.present)},
                .attributes = united(a.attributes, b.attributes),
                .stages = a.stages};
    const auto& others = b.facts.unborne;
    for (const auto& t : a.facts.unborne)
        if (std::find(others.begin(), others.end(), t) != others.end()) m.facts.unborne.push_back(t);
    for (std::size_t i = 0; i < m.stages.size(); ++i) m.stages[i].second += b.stages[i].second;
    m.state = united(a.state, b.state, m.question.max_groups);
    return m;
}

}  // namespace

std::vector<std::string> partial_flow::impl::places() const {
    std::vector<std::string> all;
    for (const auto& s : lifecycle.stages) all.push_back(s.name);
    all.insert(all.end(), lifecycle.exits.begin(), lifecycle.exits.end());
    return all;
}

partial_flow::partial_flow(std::shared_ptr<const impl> data) noexcept : impl_(std::move(data)) {}

result<flow_table> partial_flow::answer() const {
    return guarded([&] {
        const impl& p = *impl_;
        flow_table answer{.question = p.question};
        answer.exits.assign(p.lifecycle.exits.begin(), p.lifecycle.exits.end());
        if (p.as_of) answer.as_of = instant{duration{*p.as_of}};
        add_notes(answer, p);
        add_rows(answer, p);
        if (p.state.disputed > 0) answer.notes.push_back(arrival_note(p.question.by, p.state.disputed));
        if (p.state.read_none > 0) answer.notes.push_back(reads_none_note(p.question.by));
        if (const auto whole = p.state.parts.find(flow_key{}); whole != p.state.parts.end())
            note_not_money(whole->second->tally.not_money, p.question.amount, answer.notes);
        return answer;
    });
}

result<partial_flow> part_of(const snapshot& s, const flow& q, const scope& how) {
    return guarded([&] {
        auto p = std::make_shared<part_data>(part_without_sums(s, q, how));
        p->state = changed({}, {}, count(s, *p, how, std::nullopt, nullptr), p->shape(), q.max_groups);
        return partial_flow(std::shared_ptr<const part_data>(std::move(p)));
    });
}

result<partial_flow> part_of(const snapshot& s, const flow& q, const std::optional<partial_flow>& before,
                             const scope& how) {
    return guarded([&] {
        auto p = std::make_shared<part_data>(part_without_sums(s, q, how));
        follow(*p, before ? before->data() : part_data{}, s, how);
        return partial_flow(std::shared_ptr<const part_data>(std::move(p)));
    });
}

result<partial_flow> merge(const partial_flow& a, const partial_flow& b) {
    return guarded(
        [&] { return partial_flow(std::make_shared<const part_data>(merged(a.data(), b.data()))); });
}

}  // namespace weir::inline v1
