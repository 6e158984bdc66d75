// what_if.cpp - derives twice, measures twice, and tells the numbers and the leads that differ.
#include <algorithm>
#include <map>
#include <span>
#include <tuple>
#include <utility>

#include <weir/explain.hpp>
#include <weir/what_if.hpp>

#include <fmt/format.h>

#include "base/wording.hpp"
#include "bridge/parts.hpp"

namespace weir::inline v1 {
namespace {

struct told {
    snapshot staged;
    flow_table flow;
    stage_history history;
};

told tell(const snapshot& s, const lifecycle& l, const flow& asked, const scope& how,
          const std::string& part) {
    scope at = how;
    if (asked.as_of) at.as_of = asked.as_of;
    snapshot staged = value_inside(part, derive(s, l, at));
    flow_table flow = value_inside("flow", measure(staged, asked, how));
    stage_history list = value_inside(part, history(staged));
    return {std::move(staged), std::move(flow), std::move(list)};
}

// The numbers
// -----------------------------------------------------------------------------------------------

using place = std::tuple<std::size_t, std::string, std::string, std::string>;  // number of the table first
using numbers = std::map<place, std::pair<std::int64_t, std::int64_t>>;

std::string text_of(const cell& c) {
    if (const auto* text = std::get_if<std::string>(&c)) return *text;
    if (const auto* truth = std::get_if<bool>(&c)) return *truth ? "stated" : "set by a rule";
    return "";
}

bool names_row(const column& c) { return c.type == column_type::text || c.type == column_type::boolean; }

// The whole, and what is not there, read "all" among the texts of a row.
std::string row_text(const table& t, std::size_t row) {
    std::string text;
    for (const column& c : t.columns()) {
        if (!names_row(c)) continue;
        const std::string own = text_of(c.cells[row]);
        if (!text.empty()) text += " / ";
        text += own.empty() ? "all" : own;
    }
    return text;
}

void add_numbers(const answer& a, std::int64_t std::pair<std::int64_t, std::int64_t>::*side, numbers& all) {
    for (std::size_t t = 0; t < a.tables.size(); ++t) {
        const table& of = a.tables[t];
        for (std::size_t row = 0; row < of.row_count(); ++row) {
            const std::string text = row_text(of, row);
            const auto add = [&](const std::string& column, std::int64_t n) {
                all[{t, of.name(), text, column}].*side += n;
            };
            for (const column& c : of.columns()) {
                const cell& value = c.cells[row];
                if (const auto* n = std::get_if<std::int64_t>(&value)) add(c.name, *n);
                if (const auto* m = std::get_if<money>(&value)) add(c.name, m->units);
                if (const auto* r = std::get_if<rate>(&value)) {
                    add(c.name + ".n", r->n);
                    add(c.name + ".of", r->of);
                }
            }
        }
    }
}

std::vector<flow_difference> differences(const flow_table& before, const flow_table& after) {
    numbers all;
    add_numbers(answer(before), &std::pair<std::int64_t, std::int64_t>::first, all);
    add_numbers(answer(after), &std::pair<std::int64_t, std::int64_t>::second, all);
    std::vector<flow_difference> out;
    for (const auto& [at, n] : all)
        if (n.first != n.second)
            out.push_back({std::get<1>(at), std::get<2>(at), std::get<3>(at), n.first, n.second});
    return out;
}

// The leads
// -------------------------------------------------------------------------------------------------

using visits = std::span<const visit>;

bool comes_first(const lead_id& a, const lead_id& b) {
    return std::tie(a.kind(), a.key()) < std::tie(b.kind(), b.key());
}

// The visits of the next lead of a list; takes them off.
visits next_lead(visits& rest, const lead_id& lead) {
    const auto end = std::find_if(rest.begin(), rest.end(), [&](const visit& v) { return v.lead != lead; });
    const visits own = rest.first(static_cast<std::size_t>(end - rest.begin()));
    rest = rest.subspan(own.size());
    return own;
}

bool same_move(const visit& a, const visit& b) {
    return a.from == b.from && a.stage == b.stage && a.move == b.move && a.entry == b.entry;
}

// What became of a move under rules that did not make it.
std::string fate_of(const visit& lacking, const snapshot& other) {
    const auto why = explain(other, lacking.lead).value();
    for (const auto& p : why.proposals)
        if (p.time == lacking.from && p.to == lacking.stage) return fmt::format("{}: {}", p.rule, p.why);
    return "";
}

std::optional<moved_lead> compare(visits before, visits after) {
    const auto [b, a] = std::mismatch(before.begin(), before.end(), after.begin(), after.end(), same_move);
    if (b == before.end() && a == after.end()) return std::nullopt;
    moved_lead m;
    m.lead = before.empty() ? after.front().lead : before.front().lead;
    const bool has_b = b != before.end(), has_a = a != after.end();
    m.time = has_b && has_a ? std::min(b->from, a->from) : has_b ? b->from : a->from;
    if (has_b && b->from == m.time) {
        m.before = b->stage;
        m.before_rule = b->cause;
    }
    if (has_a && a->from == m.time) {
        m.after = a->stage;
        m.after_rule = a->cause;
    }
    if (!before.empty()) m.now_before = before.back().stage;
    if (!after.empty()) m.now_after = after.back().stage;
    return m;
}

visit move_at(const moved_lead& m, const std::string& stage) {
    return {.lead = m.lead, .stage = stage, .from = m.time};
}

void add_leads(const told& before, const told& after, what_if_table& out) {
    visits b = before.history.visits, a = after.history.visits;
    while (!b.empty() || !a.empty()) {
        const bool from_b = a.empty() || (!b.empty() && !comes_first(a.front().lead, b.front().lead));
        const lead_id lead = from_b ? b.front().lead : a.front().lead;
        const visits own_b = next_lead(b, lead), own_a = next_lead(a, lead);
        ++out.total;
        auto moved = compare(own_b, own_a);
        if (!moved) continue;
        const std::int64_t number = out.moved++;
        if (number < out.question.offset || number - out.question.offset >= out.question.limit) continue;
        if (!moved->before.empty())
            moved->why = fate_of(move_at(*moved, moved->before), after.staged);
        else
            moved->why = fate_of(move_at(*moved, moved->after), before.staged);
        out.leads.push_back(std::move(*moved));
    }
}

// The answer
// ------------------------------------------------------------------------------------------------

cell or_null(const std::string& text) { return text.empty() ? cell() : cell(text); }

table leads_table(const what_if_table& t) {
    table out("leads", {{"lead", column_type::text},
                        {"time", column_type::instant_us},
                        {"before", column_type::text},
                        {"after", column_type::text},
                        {"before_rule", column_type::text},
                        {"after_rule", column_type::text},
                        {"why", column_type::text},
                        {"now_before", column_type::text},
                        {"now_after", column_type::text}});
    for (const auto& l : t.leads)
        out.add_row({to_string(l.lead), l.time, or_null(l.before), or_null(l.after), or_null(l.before_rule),
                     or_null(l.after_rule), or_null(l.why), or_null(l.now_before), or_null(l.now_after)});
    return out;
}

table differences_table(const what_if_table& t) {
    table out("differences", {{"table", column_type::text},
                              {"row", column_type::text},
                              {"column", column_type::text},
                              {"before", column_type::integer},
                              {"after", column_type::integer},
                              {"difference", column_type::integer}});
    for (const auto& d : t.differences)
        out.add_row({d.table, d.row, d.column, d.before, d.after, d.after - d.before});
    return out;
}

}  // namespace

result<what_if_table> measure(const snapshot& s, const what_if& q, const scope& how) {
    return guarded([&] {
        check(q).value();
        const told before = tell(s, q.before, q.flow, how, "before");
        const told after = tell(s, q.after, q.flow, how, "after");
        what_if_table out{.question = q, .as_of = before.flow.as_of};
        const auto add_notes = [&](const char* which, const std::vector<std::string>& notes) {
            for (const auto& note : notes) out.notes.push_back(fmt::format("{}: {}", which, note));
        };
        add_notes("before", before.flow.notes);
        add_notes("after", after.flow.notes);
        out.differences = differences(before.flow, after.flow);
        add_leads(before, after, out);
        return out;
    });
}

what_if_table::operator answer() const {
    answer a{.question = to_json(question), .as_of = as_of, .notes = notes};
    a.title = moved == 0 ? fmt::format("no lead of {} moves otherwise", with_commas(total))
                         : fmt::format("{} of {} move otherwise", with_commas(moved), leads_text(total));
    a.tables = {leads_table(*this), differences_table(*this)};
    if (static_cast<std::int64_t>(leads.size()) < moved)
        a.notes.push_back(fmt::format(
            "{} of {} are listed", with_commas(static_cast<std::int64_t>(leads.size())), leads_text(moved)));
    return a;
}

}  // namespace weir::inline v1
