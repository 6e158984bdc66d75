// bridge/question.cpp - any question, from JSON and back, and measured.
#include <array>

#include <weir/question.hpp>

#include "base/fail.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace weir::inline v1 {
namespace {

// Forms that the language of questions has and this version cannot answer.
constexpr std::array<std::string_view, 1> later_forms{"sql"};

// The key of {"funnel": {...}}: the only one there.
std::string form_of(const json::node& n) {
    if (n.kind != json::kind::object || n.keys.size() != 1)
        fail(errc::bad_input,
             "a question is an object with one key: \"funnel\", \"flow\", \"compare\", \"drop_off\" or "
             "\"what_if\"",
             {});
    const std::string& form = n.keys.front();
    for (const auto later : later_forms)
        if (form == later)
            fail(errc::unsupported, "a question of the form " + quoted(form) + " cannot be answered yet",
                 form);
    return form;
}

}  // namespace

result<question> question_from_json(std::string_view text) {
    return guarded([&]() -> question {
        const std::string form = form_of(json::parse(text));
        if (form == "funnel") return funnel_from_json(text).value();
        if (form == "flow") return flow_from_json(text).value();
        if (form == "compare") return compare_from_json(text).value();
        if (form == "drop_off") return drop_off_from_json(text).value();
        if (form == "what_if") return what_if_from_json(text).value();
        const std::vector<std::string> forms{"funnel", "flow", "compare", "drop_off", "what_if"};
        fail(errc::unknown_name, "there is no question " + quoted(form) + did_you_mean(form, forms), form);
    });
}

std::string to_json(const question& q) {
    return std::visit([](const auto& one) { return to_json(one); }, q);
}

result<answer> measure(const snapshot& s, const question& q, const scope& how) {
    return std::visit(
        [&](const auto& one) -> result<answer> {
            auto measured = measure(s, one, how);
            if (!measured) return measured.error();
            return guarded([&] { return answer(*measured); });
        },
        q);
}

}  // namespace weir::inline v1
