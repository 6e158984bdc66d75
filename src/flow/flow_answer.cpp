// flow_answer.cpp - a flow's tables as an answer, under a title that states the finding.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <weir/flow.hpp>

#include <fmt/format.h>

#include "base/json.hpp"
#include "base/wording.hpp"
#include "measure/time_limits.hpp"

namespace weir::inline v1 {
namespace {

// The title
// ------------------------------------------------------------------------------------------------------

using conversions = std::vector<const conversion_row*>;

// Of the whole, by leads: between neighbours, then, given three stages or more, from the first to the last.
conversions whole_of(const flow_table& t) {
    conversions whole;
    for (const auto& r : t.conversion)
        if (r.part == flow_part{} && r.basis == basis::leads) whole.push_back(&r);
    return whole;
}

// The pair at which fewest go on beyond doubt: its interval lies wholly below all others.
const conversion_row* bottleneck(const conversions& neighbours) {
    conversions asked;
    for (const auto* r : neighbours)
        if (r->observed.value()) asked.push_back(r);
    if (asked.empty()) return nullptr;
    const auto* worst = *std::min_element(asked.begin(), asked.end(), [](const auto* a, const auto* b) {
        return a->observed.high < b->observed.high;
    });
    const bool clear = std::all_of(asked.begin(), asked.end(), [worst](const auto* other) {
        return other == worst || worst->observed.high < other->observed.low;
    });
    return clear ? worst : nullptr;
}

bool all_went_on(const conversion_row* r) { return r->observed.n == r->observed.of; }

std::string total_of(const conversion_row& r, const std::optional<duration>& within) {
    if (r.observed.of == 0) return fmt::format("no lead entered {}", r.from);
    return fmt::format("{} of {} in {} reach {}{}", percent(r.observed.n, r.observed.of),
                       with_commas(r.observed.of), r.from, r.to,
                       window_of(within) ? " within " + json::print_duration(*within) : std::string());
}

std::string title_of(const flow_table& t) {
    std::vector<const outcome_row*> stages;
    for (const auto& r : t.outcome)
        if (r.part == flow_part{}) stages.push_back(&r);
    if (std::all_of(stages.begin(), stages.end(), [](const auto* s) { return s->leads == 0; }))
        return "no lead entered a stage";
    conversions pairs = whole_of(t);
    if (pairs.empty())
        return fmt::format("{} entered {}", leads_text(stages.front()->leads), stages.front()->stage);
    const auto total = total_of(*pairs.back(), t.question.within);
    if (pairs.size() == 1) return total;
    pairs.pop_back();
    if (std::all_of(pairs.begin(), pairs.end(), all_went_on)) return total;
    const conversion_row* worst = bottleneck(pairs);
    if (worst == nullptr) return "no stage stands out: " + total;
    const rate& kept = worst->observed;
    return fmt::format("fewest go on from {} to {}: {} of {}", worst->from, worst->to,
                       percent(kept.n, kept.of), with_commas(kept.of));
}

// The tables
// -----------------------------------------------------------------------------------------------------

template <class T> cell or_null(const std::optional<T>& v) { return v ? cell(*v) : cell(); }

column text_column(std::string name) { return {std::move(name), column_type::text, {}}; }
column integer_column(std::string name) { return {std::move(name), column_type::integer, {}}; }
column duration_column(std::string name) { return {std::move(name), column_type::duration_us, {}}; }
column rate_column(std::string name) { return {std::move(name), column_type::rate, {}}; }

// A table whose first columns tell the part.
class part_table {
public:
    part_table(const flow& q, std::string name, std::vector<column> columns)
        : bucketed_(q.bucket.unit != calendar_unit::none) {
        std::vector<column> all{text_column("group")};
        if (bucketed_) all.push_back(text_column("bucket"));
        for (column& c : columns) all.push_back(std::move(c));
        table_ = table(std::move(name), std::move(all));
    }
    void add(const flow_part& part, std::vector<cell> cells) {
        std::vector<cell> all{or_null(part.group)};
        if (bucketed_) all.push_back(or_null(part.bucket));
        for (cell& c : cells) all.push_back(std::move(c));
        table_.add_row(std::move(all));
    }
    table take() { return std::move(table_); }

private:
    bool bucketed_;
    table table_{};
};

table movement_table(const flow_table& t) {
    std::vector<column> columns{text_column("stage")};
    for (const char* name : {"balance_from", "created", "in", "out", "merged", "erased", "balance_until"})
        columns.push_back(integer_column(name));
    part_table rows(t.question, "movement", std::move(columns));
    for (const auto& r : t.movement)
        rows.add(r.part,
                 {r.stage, r.balance_from, r.created, r.in, r.out, r.merged, r.erased, r.balance_until});
    return rows.take();
}

table moves_table(const flow_table& t) {
    part_table rows(t.question, "moves", {text_column("from"), text_column("to"), integer_column("moves")});
    for (const auto& r : t.moves) rows.add(r.part, {or_null(r.from), r.to, r.moves});
    return rows.take();
}

// By leads there is one count of those who entered, by visits there are two.
table outcome_table(const flow_table& t, const char* name, basis b) {
    std::vector<column> columns{text_column("stage")};
    if (b == basis::entries) columns.push_back(integer_column("entries"));
    for (const char* c : {"leads", "advanced", "recycled", "repeated"}) columns.push_back(integer_column(c));
    for (const auto& exit : t.exits) columns.push_back(integer_column(exit));
    for (const char* c : {"merged", "stalled", "open", "skipped_past", "filled"})
        columns.push_back(integer_column(c));
    part_table rows(t.question, name, std::move(columns));
    for (const auto& r : b == basis::entries ? t.outcome : t.outcome_leads) {
        std::vector<cell> cells{r.stage};
        if (b == basis::entries) cells.emplace_back(r.entries);
        for (const auto n : {r.leads, r.advanced, r.recycled, r.repeated}) cells.emplace_back(n);
        for (const auto n : r.exits) cells.emplace_back(n);
        for (const auto n : {r.merged, r.stalled, r.open, r.skipped_past, r.filled}) cells.emplace_back(n);
        rows.add(r.part, std::move(cells));
    }
    return rows.take();
}

table reasons_table(const flow_table& t) {
    part_table rows(t.question, "reasons",
                    {text_column("stage"),
                     text_column("exit"),
                     text_column("reason"),
                     {"stated", column_type::boolean, {}},
                     integer_column("entries")});
    for (const auto& r : t.reasons) rows.add(r.part, {r.stage, r.exit, r.reason, r.stated, r.entries});
    return rows.take();
}

table stay_table(const flow_table& t) {
    part_table rows(t.question, "stay",
                    {text_column("stage"), integer_column("ended"), duration_column("mean"),
                     duration_column("median"), duration_column("p90")});
    for (const auto& r : t.stay)
        rows.add(r.part, {r.stage, r.ended, or_null(r.mean), or_null(r.median), or_null(r.p90)});
    return rows.take();
}

table conversion_table(const flow_table& t) {
    part_table rows(
        t.question, "conversion",
        {text_column("from"), text_column("to"), text_column("basis"), rate_column("observed"),
         rate_column("mature"), rate_column("adjusted"), integer_column("lost"), integer_column("recycled"),
         integer_column("stalled"), integer_column("open"), duration_column("median_wait")});
    for (const auto& r : t.conversion) {
        const std::string basis = r.basis == basis::leads ? "leads" : "entries";
        rows.add(r.part, {r.from, r.to, basis, r.observed, r.mature, or_null(r.adjusted), r.lost, r.recycled,
                          r.stalled, r.open, or_null(r.median_wait)});
    }
    return rows.take();
}

table amounts_table(const flow_table& t) {
    part_table rows(t.question, "amounts",
                    {text_column("stage"),
                     text_column("currency"),
                     integer_column("entries"),
                     {"amount", column_type::money, {}}});
    for (const auto& r : t.amounts) rows.add(r.part, {r.stage, r.currency, r.entries, r.amount});
    return rows.take();
}

}  // namespace

const conversion_row* flow_table::find(std::string_view from, std::string_view to, weir::basis basis) const& {
    for (const auto& r : conversion)
        if (r.part == flow_part{} && r.from == from && r.to == to && r.basis == basis) return &r;
    return nullptr;
}

flow_table::operator answer() const {
    answer a{.title = title_of(*this), .question = to_json(question), .as_of = as_of, .notes = notes};
    a.tables = {movement_table(*this),
                moves_table(*this),
                outcome_table(*this, "outcome", basis::entries),
                outcome_table(*this, "outcome_leads", basis::leads),
                reasons_table(*this),
                stay_table(*this),
                conversion_table(*this)};
    if (!question.amount.empty()) a.tables.push_back(amounts_table(*this));
    return a;
}

}  // namespace weir::inline v1
