// compare.cpp - the verb: finds each lead's chain under both funnels, and under those that lie between.
#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weir/compare.hpp>

#include <fmt/format.h>

#include "base/fail.hpp"
#include "base/wording.hpp"
#include "funnel/accounts.hpp"
#include "funnel/funnel_rows.hpp"
#include "funnel/obstacle.hpp"
#include "funnel/preset.hpp"
#include "measure/grouping.hpp"
#include "measure/time_limits.hpp"

namespace weir::inline v1 {
namespace {

// What funnels may differ in
// --------------------------------------------------------------------------------

struct axis {
    std::string_view name;
    bool (*same)(const funnel&, const funnel&);
    void (*take)(funnel& into, const funnel& from);
};
template <auto Member> constexpr axis axis_of(std::string_view name) {
    return {name, [](const funnel& a, const funnel& b) { return a.*Member == b.*Member; },
            [](funnel& into, const funnel& from) { into.*Member = from.*Member; }};
}

// A preset that is a rule of its own decides the order by itself.
bool same_order(const funnel& a, const funnel& b) {
    return a.order == b.order || !a.preset.empty() || !b.preset.empty();
}
void take_preset(funnel& into, const funnel& from) {
    into.preset = from.preset;
    into.order = from.order;
}

constexpr std::array axes{axis_of<&funnel::steps>("steps"),
                          axis_of<&funnel::within>("within"),
                          axis_of<&funnel::clock>("clock"),
                          axis{"order", same_order, axis_of<&funnel::order>("").take},
                          axis_of<&funnel::ties>("ties"),
                          axis_of<&funnel::entry>("entry"),
                          axis_of<&funnel::exclude>("exclude"),
                          axis_of<&funnel::on_exclusion>("on_exclusion"),
                          axis_of<&funnel::breaks>("breaks"),
                          axis_of<&funnel::hold>("hold"),
                          axis_of<&funnel::period>("period"),
                          axis_of<&funnel::as_of>("as_of"),
                          axis{"preset", axis_of<&funnel::preset>("").same, take_preset}};

// The axes that a funnel's preset stands for; the preset stays if it is a rule of its own.
funnel in_axes(const funnel& asked, std::int64_t as_of) {
    funnel q = resolved(of_each_lead(asked));
    if (!window_funnel_of(q)) q.preset.clear();
    q.as_of = instant{duration{as_of}};
    return q;
}

bool can_be_asked(funnel q) {
    if (!q.preset.empty()) q.order = {};
    return check(q).has_value();
}

// The leads
// -------------------------------------------------------------------------------------------------

// A funnel that leads are put to.
class asked_of_leads {
public:
    asked_of_leads(const snapshot::impl& data, funnel q) : q_(std::move(q)), chains_(data, q_) {}
    const funnel& question() const { return q_; }
    const lead_chains& chains() const { return chains_; }
    lead_chain chain(std::span<const row> rows) { return chains_.find(own(rows)); }
    int step(std::span<const row> rows) { return chains_.plan().steps_done(chain(rows).level); }
    std::span<const row> own(std::span<const row> rows) const { return up_to(rows, as_of()); }
    std::int64_t as_of() const { return q_.as_of->time_since_epoch().count(); }

private:
    funnel q_;
    lead_chains chains_;
};

struct differing {
    std::uint32_t lead;
    int before, after;
    std::string_view cause;
};

// Compares lead after lead. Of one worker.
class comparison {
public:
    comparison(const snapshot::impl& data, const funnel& before, const funnel& after)
        : before_(data, before), after_(data, after) {
        std::vector<const axis*> found;
        for (const axis& a : axes)
            if (!a.same(before, after)) found.push_back(&a);
        if (found.size() == 1) only_ = found.front()->name;
        for (const axis* a : found) {
            if (found.size() == 1) break;
            funnel between = before;
            a->take(between, after);
            if (can_be_asked(between))
                between_.emplace_back(a->name, std::make_unique<asked_of_leads>(data, std::move(between)));
        }
    }

    void add(std::uint32_t lead, std::span<const row> rows) {
        const int before = before_.step(rows), after = after_.step(rows);
        if (before == 0 && after == 0) return;
        ++steps[{before, after}];
        if (before != after) leads.push_back({lead, before, after, cause_of(rows, after)});
    }
    // The events that have to be read for it; empty: all.
    event_set needed() const {
        event_set all = before_.chains().needed();
        const event_set other = after_.chains().needed();
        if (all.empty() || other.empty()) return {};
        for (std::size_t e = 0; e < all.size(); ++e) all[e] = all[e] || other[e];
        return all;
    }
    std::int64_t as_of() const { return std::max(before_.as_of(), after_.as_of()); }
    asked_of_leads& before() { return before_; }
    asked_of_leads& after() { return after_; }

    std::map<std::pair<int, int>, std::int64_t> steps{};
    std::vector<differing> leads{};

private:
    std::string_view cause_of(std::span<const row> rows, int after) {
        if (!only_.empty()) return only_;
        for (auto& [name, one] : between_)
            if (one->step(rows) == after) return name;
        return "several";
    }

    asked_of_leads before_, after_;
    std::string_view only_{};
    std::vector<std::pair<std::string_view, std::unique_ptr<asked_of_leads>>> between_{};
};

// What keeps the lead back where it gets less far.
std::string reason_of(const snapshot::impl& data, comparison& both, const differing& l) {
    asked_of_leads& shorter = l.before < l.after ? both.before() : both.after();
    const auto rows = rows_of(data, l.lead, shorter.as_of());
    const lead_chain now = shorter.chain(rows);
    if (now.level == shorter.chains().plan().rules().chain.steps) return "";
    const lead_case c{data, shorter.question(), data.lead_key(l.lead), rows, shorter.as_of()};
    return obstacle_of(c, now).reason;
}

using comparisons = std::vector<std::unique_ptr<comparison>>;

void add_counts(const comparisons& workers, compare_table& out) {
    std::map<std::pair<int, int>, std::int64_t> steps;
    std::map<std::string_view, std::int64_t> causes;
    for (const auto& w : workers) {
        for (const auto& [at, n] : w->steps) steps[at] += n;
        for (const differing& l : w->leads) ++causes[l.cause];
    }
    for (const auto& [at, n] : steps) {
        out.steps.push_back({at.first, at.second, n});
        out.total += n;
    }
    for (const axis& a : axes)
        if (causes[a.name] > 0) out.causes.push_back({std::string(a.name), causes[a.name]});
    if (causes["several"] > 0) out.causes.push_back({"several", causes["several"]});
}

void add_page(const snapshot::impl& data, const comparisons& workers, compare_table& out) {
    std::vector<const differing*> all;
    for (const auto& w : workers)
        for (const differing& l : w->leads) all.push_back(&l);
    std::sort(all.begin(), all.end(), [&](const differing* a, const differing* b) {
        return data.lead_key(a->lead) < data.lead_key(b->lead);
    });
    out.differ = static_cast<std::int64_t>(all.size());
    const std::int64_t begin = std::min(out.question.offset, out.differ);
    const std::int64_t end = begin + std::min(out.question.limit, out.differ - begin);
    for (std::int64_t i = begin; i < end; ++i) {
        const differing& l = *all[static_cast<std::size_t>(i)];
        out.leads.push_back({data.lead_key(l.lead), l.before, l.after, std::string(l.cause),
                             reason_of(data, *workers.front(), l)});
    }
}

void note_side(const char* which, const snapshot::impl& data, const funnel& q, std::int64_t as_of,
               compare_table& out) {
    std::vector<std::string> notes;
    note_missing_names(q, data.present_events(), notes);
    note_open_period(q.period, instant{duration{as_of}}, notes);
    for (const auto& note : notes) out.notes.push_back(fmt::format("{}: {}", which, note));
}

void fill(const snapshot::impl& raw, const compare& q, const scope& how, compare_table& out) {
    const auto before_at = raw.as_of_for(q.before.as_of), after_at = raw.as_of_for(q.after.as_of);
    if (!before_at || !after_at) return;
    const bool accounts = q.before.counting == counting::accounts;
    if (accounts && *before_at != *after_at)
        fail(errc::invalid_question, "accounts are compared at one time; as_of is not the same",
             "after.as_of");
    out.as_of = instant{duration{*before_at}};
    note_side("before", raw, q.before, *before_at, out);
    note_side("after", raw, q.after, *after_at, out);
    raw.add_arrival_notes(raw.layers.size(), out.notes);
    if (*after_at != *before_at)
        out.notes.push_back(fmt::format("after is asked at {}", to_string(instant{duration{*after_at}})));
    const asked_leads asked = asked_of(raw, q.before, how.threads);
    if (accounts) note_accounts(raw, q.before.account, asked.of_accounts, out.notes);
    const funnel before = in_axes(q.before, *before_at), after = in_axes(q.after, *after_at);
    comparisons workers;
    for (int w = 0; w < how.threads; ++w)
        workers.push_back(std::make_unique<comparison>(*asked.data, before, after));
    const comparison& any = *workers.front();
    scan(*asked.data, {.as_of = any.as_of(), .threads = how.threads, .events = any.needed()},
         [&](int w, const lead_rows& l) { workers[static_cast<std::size_t>(w)]->add(l.lead, l.rows); });
    add_counts(workers, out);
    add_page(*asked.data, workers, out);
}

}  // namespace

result<compare_table> measure(const snapshot& s, const compare& q, const scope& how) {
    return guarded([&] {
        check(q).value();
        check_threads(how);
        compare_table out{.question = q};
        fill(s.data(), q, how, out);
        return out;
    });
}

// The answer
// ------------------------------------------------------------------------------------------------

namespace {

cell step_name_or_null(const funnel& asked, int step) {
    if (step == 0) return {};
    return step_name(resolved(asked), static_cast<std::size_t>(step) - 1);
}

table steps_table(const compare_table& t) {
    table out("reached", {{"before", column_type::integer},
                          {"before_name", column_type::text},
                          {"after", column_type::integer},
                          {"after_name", column_type::text},
                          {"leads", column_type::integer}});
    for (const auto& r : t.steps)
        out.add_row({std::int64_t{r.before}, step_name_or_null(t.question.before, r.before),
                     std::int64_t{r.after}, step_name_or_null(t.question.after, r.after), r.leads});
    return out;
}

table causes_table(const compare_table& t) {
    table out("causes", {{"cause", column_type::text}, {"leads", column_type::integer}});
    for (const auto& r : t.causes) out.add_row({r.cause, r.leads});
    return out;
}

table leads_table(const compare_table& t) {
    table out("leads", {{"lead", column_type::text},
                        {"before", column_type::integer},
                        {"after", column_type::integer},
                        {"cause", column_type::text},
                        {"reason", column_type::text}});
    for (const auto& l : t.leads)
        out.add_row({to_string(l.lead), std::int64_t{l.before}, std::int64_t{l.after}, l.cause,
                     l.reason.empty() ? cell() : cell(l.reason)});
    return out;
}

std::string title_of(const compare_table& t) {
    if (t.differ == 0) return fmt::format("no lead of {} reaches another step", with_commas(t.total));
    std::int64_t further = 0;
    for (const auto& r : t.steps)
        if (r.after > r.before) further += r.leads;
    return fmt::format("{} of {} reach another step: {} further, {} less far", with_commas(t.differ),
                       leads_text(t.total), with_commas(further), with_commas(t.differ - further));
}

}  // namespace

compare_table::operator answer() const {
    answer a{.title = title_of(*this), .question = to_json(question), .as_of = as_of, .notes = notes};
    a.tables = {steps_table(*this), causes_table(*this), leads_table(*this)};
    if (static_cast<std::int64_t>(leads.size()) < differ)
        a.notes.push_back(fmt::format(
            "{} of {} are listed", with_commas(static_cast<std::int64_t>(leads.size())), leads_text(differ)));
    return a;
}

}  // namespace weir::inline v1
