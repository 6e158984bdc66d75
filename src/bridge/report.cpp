// bridge/report.cpp - a report's definition, from JSON, and its answers.
#include <algorithm>
#include <map>
#include <utility>

#include <weir/question.hpp>

#include "base/fail.hpp"
#include "base/json.hpp"
#include "bridge/parts.hpp"

namespace weir::inline v1 {
namespace {

report_part part_of(const json::node& n, const std::string& where) {
    json::object o(n, where);
    report_part part;
    if (const auto* title = o.find("title")) part.title = json::as_text(*title, o.at("title"));
    if (const auto* stages = o.find("lifecycle")) part.lifecycle = lifecycle_of(*stages, where);
    const auto* asked = o.find("question");
    if (asked == nullptr) fail(errc::bad_input, "an answer of a report needs a question", where);
    part.question = value_inside(o.at("question"), question_from_json(text_of(*asked)));
    o.finish();
    return part;
}

// The places in a question where a time is asked.
std::vector<std::optional<instant>*> as_ofs(funnel& q) { return {&q.as_of}; }
std::vector<std::optional<instant>*> as_ofs(flow& q) { return {&q.as_of}; }
std::vector<std::optional<instant>*> as_ofs(what_if& q) { return {&q.flow.as_of}; }
std::vector<std::optional<instant>*> as_ofs(drop_off& q) { return {&q.funnel.as_of}; }
std::vector<std::optional<instant>*> as_ofs(compare& q) { return {&q.before.as_of, &q.after.as_of}; }

// The last time that a question asks about; none: the snapshot's own. With `all`, that everywhere.
std::optional<instant> as_of_in(question& q, const std::optional<instant>& all) {
    const auto places = std::visit([](auto& one) { return as_ofs(one); }, q);
    std::optional<instant> last = *places.front();
    for (auto* place : places) {
        if (all) *place = all;
        last = last && *place ? std::max(last, *place) : std::nullopt;
    }
    return all ? all : last;
}

// Puts leads together once for each as_of, and derives each lifecycle once for each.
class derivations {
public:
    derivations(const snapshot& raw, const std::optional<identity>& rules, const scope& how)
        : raw_(raw), rules_(rules), how_(how) {}

    const snapshot& of_leads(std::optional<instant> as_of) {
        if (!rules_) return raw_;
        auto& kept = leads_[as_of];
        if (!kept) kept = value_inside("identity", derive(raw_, *rules_, at(as_of)));
        return *kept;
    }

    const snapshot& of(const lifecycle& l, std::optional<instant> as_of, const std::string& where) {
        auto& kept = kept_[{to_json(l), as_of}];
        if (!kept)
            kept = value_inside(where + (where.empty() ? "lifecycle" : ".lifecycle"),
                                derive(of_leads(as_of), l, at(as_of)));
        return *kept;
    }

private:
    scope at(std::optional<instant> as_of) const {
        scope how = how_;
        how.as_of = as_of;
        return how;
    }

    const snapshot& raw_;
    const std::optional<identity>& rules_;
    const scope& how_;
    std::map<std::optional<instant>, std::optional<snapshot>> leads_{};
    std::map<std::pair<std::string, std::optional<instant>>, std::optional<snapshot>> kept_{};
};

}  // namespace

result<report_question> report_from_json(std::string_view text) {
    return guarded([&] {
        const json::node root = json::parse(text);
        json::object outer(root, {});
        const auto* inner = outer.find("report");
        if (inner == nullptr) fail(errc::bad_input, "a report is an object with the key \"report\"", {});
        outer.finish();
        json::object o(*inner, "report");
        report_question report;
        if (const auto* title = o.find("title")) report.title = json::as_text(*title, o.at("title"));
        if (const auto* rules = o.find("identity"))
            report.identity =
                value_inside("report", identity_from_json("{\"identity\":" + text_of(*rules) + "}"));
        if (const auto* stages = o.find("lifecycle")) report.lifecycle = lifecycle_of(*stages, "report");
        if (const auto* answers = o.find("answers")) {
            const auto& parts = json::as_array(*answers, o.at("answers"));
            for (std::size_t i = 0; i < parts.size(); ++i)
                report.answers.push_back(part_of(parts[i], "answers[" + std::to_string(i) + "]"));
        }
        o.finish();
        if (report.answers.empty())
            fail(errc::invalid_question, "a report needs an answer", "report.answers");
        return report;
    });
}

result<report> measure(const snapshot& s, const report_question& asked, const scope& how) {
    return guarded([&] {
        report page{.title = asked.title, .sections = {}};
        derivations derived(s, asked.identity, how);
        for (std::size_t i = 0; i < asked.answers.size(); ++i) {
            const report_part& part = asked.answers[i];
            const std::string where =
                asked.answers.size() == 1 ? std::string() : "answers[" + std::to_string(i) + "]";
            question q = part.question;
            const std::optional<instant> as_of = as_of_in(q, how.as_of);
            // Rules are compared over events without stages.
            const std::optional<lifecycle> none;
            const auto& stages = std::holds_alternative<what_if>(q) ? none
                                 : part.lifecycle                   ? part.lifecycle
                                                                    : asked.lifecycle;
            const std::string of_stages = part.lifecycle ? where : "report";
            const snapshot& events = stages ? derived.of(*stages, as_of, of_stages) : derived.of_leads(as_of);
            page.sections.push_back({part.title, value_inside(where, measure(events, q, how))});
        }
        return page;
    });
}

}  // namespace weir::inline v1
