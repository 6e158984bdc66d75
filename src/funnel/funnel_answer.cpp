// funnel_answer.cpp - a funnel's table as an answer, under a title that states the finding.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <weir/funnel.hpp>

#include <fmt/format.h>

#include "base/wording.hpp"
#include "funnel/funnel_words.hpp"

namespace weir::inline v1 {
namespace {

// The rows of the whole over all buckets: they come first.
std::vector<const funnel_row*> whole_of(const funnel_table& t) {
    std::vector<const funnel_row*> whole;
    for (const auto& r : t.rows)
        if (!r.group && !r.bucket) whole.push_back(&r);
    return whole;
}

// The step before which most are lost beyond doubt: its interval lies wholly below all others.
const funnel_row* bottleneck(const std::vector<const funnel_row*>& whole) {
    std::vector<const funnel_row*> asked;
    for (std::size_t k = 1; k < whole.size(); ++k)
        if (whole[k]->of_previous.value()) asked.push_back(whole[k]);
    if (asked.empty()) return nullptr;
    const auto* worst = *std::min_element(asked.begin(), asked.end(), [](const auto* a, const auto* b) {
        return a->of_previous.high < b->of_previous.high;
    });
    const bool clear = std::all_of(asked.begin(), asked.end(), [worst](const auto* other) {
        return other == worst || worst->of_previous.high < other->of_previous.low;
    });
    return clear ? worst : nullptr;
}

std::string title_of(const funnel_table& t) {
    const auto whole = whole_of(t);
    if (whole.empty()) return "no step was asked for";
    const funnel_row& first = *whole.front();
    const funnel_row& last = *whole.back();
    if (first.leads == 0) return fmt::format("no lead reaches {}", first.name);
    if (whole.size() == 1)
        return fmt::format("{} {} {}", leads_text(first.leads), first.leads == 1 ? "reaches" : "reach",
                           first.name);
    const auto reached = fmt::format("{} of {} reach {}", percent(last.leads, first.leads),
                                     with_commas(first.leads), last.name);
    if (whole.size() == 2) return reached;
    if (last.leads == first.leads) return reached;
    const funnel_row* worst = bottleneck(whole);
    if (worst == nullptr) return "no step stands out: " + reached;
    const rate& kept = worst->of_previous;
    return fmt::format("{} to {} loses most: {} of {}",
                       whole[static_cast<std::size_t>(worst->step) - 2]->name, worst->name,
                       percent(kept.of - kept.n, kept.of), with_commas(kept.of));
}

template <class T> cell or_null(const std::optional<T>& v) { return v ? cell(*v) : cell(); }

std::string counted_by(const funnel& q) { return std::string(words::word_of(words::counting, q.counting)); }

table steps_table(const funnel_table& t) {
    const bool bucketed = t.question.bucket.unit != calendar_unit::none;
    std::vector<column> columns{{"group", column_type::text}};
    if (bucketed) columns.push_back({"bucket", column_type::text});
    for (column c :
         {column{"step", column_type::integer}, column{"name", column_type::text},
          column{counted_by(t.question), column_type::integer}, column{"of_first", column_type::rate},
          column{"of_previous", column_type::rate}, column{"median_wait", column_type::duration_us},
          column{"p90_wait", column_type::duration_us}})
        columns.push_back(std::move(c));
    table steps("steps", std::move(columns));
    for (const auto& r : t.rows) {
        std::vector<cell> cells{or_null(r.group)};
        if (bucketed) cells.push_back(or_null(r.bucket));
        for (cell c : {cell(std::int64_t{r.step}), cell(r.name), cell(r.leads), cell(r.of_first),
                       cell(r.of_previous), or_null(r.median_wait), or_null(r.p90_wait)})
            cells.push_back(std::move(c));
        steps.add_row(std::move(cells));
    }
    return steps;
}

table histogram_table(const funnel_table& t) {
    const bool bucketed = t.question.bucket.unit != calendar_unit::none;
    std::vector<column> columns{{"group", column_type::text}};
    if (bucketed) columns.push_back({"bucket", column_type::text});
    for (column c :
         {column{"over", column_type::duration_us}, column{"up_to", column_type::duration_us},
          column{counted_by(t.question), column_type::integer}, column{"of_complete", column_type::rate}})
        columns.push_back(std::move(c));
    table out("histogram", std::move(columns));
    for (const auto& r : t.histogram) {
        std::vector<cell> cells{or_null(r.group)};
        if (bucketed) cells.push_back(or_null(r.bucket));
        for (cell c : {or_null(r.over), or_null(r.up_to), cell(r.leads), cell(r.of_complete)})
            cells.push_back(std::move(c));
        out.add_row(std::move(cells));
    }
    return out;
}

table leads_table(const funnel_table& t) {
    table out("leads", {{"lead", column_type::text},
                        {"group", column_type::text},
                        {"step", column_type::integer},
                        {"first", column_type::instant_us},
                        {"last", column_type::instant_us}});
    for (const auto& l : t.leads)
        out.add_row({l.lead.key(), or_null(l.group), std::int64_t{l.step}, l.first, l.last});
    return out;
}

}  // namespace

funnel_table::operator answer() const {
    answer a{.title = title_of(*this), .question = to_json(question), .as_of = as_of, .notes = notes};
    if (std::any_of(rows.begin(), rows.end(), [](const auto& r) { return r.median_wait.has_value(); }))
        a.notes.emplace_back("waits are over those who made the step (converted only)");
    a.tables.push_back(steps_table(*this));
    if (!question.histogram.empty()) a.tables.push_back(histogram_table(*this));
    if (question.list) {
        a.tables.push_back(leads_table(*this));
        a.notes.push_back(listed_text(leads.size(), listed));
    }
    return a;
}

}  // namespace weir::inline v1
