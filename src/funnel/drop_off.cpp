// drop_off.cpp - the verb: what keeps each lead from its next step, counted.
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <weir/drop_off.hpp>

#include <fmt/format.h>

#include "base/fail.hpp"
#include "base/wording.hpp"
#include "funnel/accounts.hpp"
#include "funnel/funnel_rows.hpp"
#include "funnel/obstacle.hpp"
#include "funnel/obstacle_finder.hpp"
#include "funnel/preset.hpp"
#include "measure/time_limits.hpp"
#include "stats/interval.hpp"

namespace weir::inline v1 {
namespace {

struct lost {
    std::int64_t leads = 0, open = 0;
};
struct listed {
    std::uint32_t lead;
    int step;
    obstacle what;
    bool open;
};

// Judges lead after lead. Of one worker.
class judge {
public:
    judge(const snapshot::impl& data, const funnel& q, const std::optional<drop_off_list>& list,
          std::int64_t as_of)
        : list_(list), as_of_(as_of), chains_(data, q), finder_(data, q) {}

    void add(std::uint32_t lead, std::span<const row> rows) {
        const step_plan& plan = chains_.plan();
        const lead_chain now = chains_.find(rows);
        ++reached[plan.steps_done(now.level)];
        if (now.level == plan.rules().chain.steps) return;
        const auto step = static_cast<int>(plan.written(now.level)) + 1;
        const obstacle what = finder_.find(rows, now).what;
        const bool open = is_open(chains_, rows, now, as_of_);
        lost& l = reasons[{step, what}];
        ++l.leads;
        l.open += open ? 1 : 0;
        if (list_ && list_->step == step && (!list_->obstacle || *list_->obstacle == what))
            found.push_back({lead, step, what, open});
    }

    std::map<int, std::int64_t> reached{};  ///< leads by their last required step
    std::map<std::pair<int, obstacle>, lost> reasons{};
    std::vector<listed> found{};

private:
    const std::optional<drop_off_list>& list_;
    std::int64_t as_of_;
    lead_chains chains_;
    obstacle_finder finder_;
};

using judges = std::vector<std::unique_ptr<judge>>;

void add_steps(const judges& workers, const funnel& q, drop_off_table& out) {
    std::map<int, std::int64_t> reached;
    std::map<std::pair<int, obstacle>, lost> reasons;
    for (const auto& w : workers) {
        for (const auto& [step, n] : w->reached) reached[step] += n;
        for (const auto& [at, l] : w->reasons) {
            reasons[at].leads += l.leads;
            reasons[at].open += l.open;
        }
    }
    std::int64_t came = 0;
    for (const auto& [step, n] : reached) came += n;
    int before = 0;
    for (std::size_t k = 0; k < q.steps.size(); ++k) {
        if (q.steps[k].optional) continue;
        drop_off_step s{.step = static_cast<int>(k) + 1, .name = step_name(q, k), .came = came};
        s.lost = reached[before];
        s.reached = came -= s.lost;
        before = s.step;
        out.steps.push_back(std::move(s));
    }
    for (const auto& [at, l] : reasons) {
        const auto [step, code] = at;
        auto s = out.steps.begin();
        while (s->step != step) ++s;
        s->open += l.open;
        out.reasons.push_back({step, s->name, code, l.leads, wilson(l.leads, s->lost), l.open});
    }
}

void add_list(const snapshot::impl& data, const judges& workers, drop_off_table& out) {
    if (!out.question.list) return;
    std::vector<listed> all;
    for (const auto& w : workers) all.insert(all.end(), w->found.begin(), w->found.end());
    std::sort(all.begin(), all.end(), [&](const listed& a, const listed& b) {
        return data.lead_key(a.lead) < data.lead_key(b.lead);
    });
    out.listed = static_cast<std::int64_t>(all.size());
    const std::int64_t begin = std::min(out.question.list->offset, out.listed);
    const std::int64_t end = begin + std::min(out.question.list->limit, out.listed - begin);
    for (std::int64_t i = begin; i < end; ++i) {
        const listed& l = all[static_cast<std::size_t>(i)];
        out.leads.push_back({data.lead_key(l.lead), l.step, l.what, l.open});
    }
}

void fill(const snapshot::impl& raw, const scope& how, drop_off_table& out) {
    const funnel& asked = out.question.funnel;
    const funnel q = resolved(of_each_lead(asked));
    note_missing_names(q, raw.present_events(), out.notes);
    raw.add_arrival_notes(raw.layers.size(), out.notes);
    const asked_leads all = asked_of(raw, asked, how.threads);
    judges workers;
    for (int w = 0; w < how.threads; ++w)
        workers.push_back(std::make_unique<judge>(*all.data, q, out.question.list, all.as_of.value_or(0)));
    if (all.as_of) {
        out.as_of = instant{duration{*all.as_of}};
        note_open_period(q.period, *out.as_of, out.notes);
        if (q.counting == counting::accounts) note_accounts(raw, q.account, all.of_accounts, out.notes);
        scan(*all.data, {.as_of = *all.as_of, .threads = how.threads},
             [&](int w, const lead_rows& l) { workers[static_cast<std::size_t>(w)]->add(l.lead, l.rows); });
    }
    add_steps(workers, q, out);
    add_list(*all.data, workers, out);
}

}  // namespace

result<drop_off_table> measure(const snapshot& s, const drop_off& q, const scope& how) {
    return guarded([&] {
        check(q).value();
        check_threads(how);
        drop_off_table out{.question = q};
        fill(s.data(), how, out);
        return out;
    });
}

// The answer
// ------------------------------------------------------------------------------------------------

namespace {

table steps_table(const drop_off_table& t) {
    table out("lost", {{"step", column_type::integer},
                       {"name", column_type::text},
                       {"came", column_type::integer},
                       {"reached", column_type::integer},
                       {"lost", column_type::integer},
                       {"open", column_type::integer}});
    for (const auto& s : t.steps)
        out.add_row({std::int64_t{s.step}, s.name, s.came, s.reached, s.lost, s.open});
    return out;
}

table reasons_table(const drop_off_table& t) {
    table out("reasons", {{"step", column_type::integer},
                          {"name", column_type::text},
                          {"obstacle", column_type::text},
                          {"leads", column_type::integer},
                          {"of_lost", column_type::rate},
                          {"open", column_type::integer}});
    for (const auto& r : t.reasons)
        out.add_row(
            {std::int64_t{r.step}, r.name, std::string(to_string(r.obstacle)), r.leads, r.of_lost, r.open});
    return out;
}

table leads_table(const drop_off_table& t) {
    table out("leads", {{"lead", column_type::text},
                        {"step", column_type::integer},
                        {"obstacle", column_type::text},
                        {"open", column_type::boolean}});
    for (const auto& l : t.leads)
        out.add_row({to_string(l.lead), std::int64_t{l.step}, std::string(to_string(l.obstacle)), l.open});
    return out;
}

// Who never came is not lost on the way.
std::string title_of(const drop_off_table& t) {
    const drop_off_reason* most = nullptr;
    std::int64_t lost = 0;
    for (const auto& r : t.reasons) {
        if (r.step == 1) continue;
        lost += r.leads;
        if (most == nullptr || r.leads > most->leads) most = &r;
    }
    if (most == nullptr) return "no lead is lost behind the first step";
    return fmt::format("{} of the {} lost: {} before {}", percent(most->leads, lost), leads_text(lost),
                       to_string(most->obstacle), most->name);
}

}  // namespace

drop_off_table::operator answer() const {
    answer a{.title = title_of(*this), .question = to_json(question), .as_of = as_of, .notes = notes};
    a.tables = {steps_table(*this), reasons_table(*this)};
    if (question.list) {
        a.tables.push_back(leads_table(*this));
        a.notes.push_back(listed_text(leads.size(), listed));
    }
    return a;
}

}  // namespace weir::inline v1
