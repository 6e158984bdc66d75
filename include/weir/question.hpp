// weir/question.hpp - any question as one value, and a report as a list of them: what programs read from
// files.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <weir/compare.hpp>
#include <weir/drop_off.hpp>
#include <weir/error.hpp>
#include <weir/flow.hpp>
#include <weir/funnel.hpp>
#include <weir/identity.hpp>
#include <weir/lifecycle.hpp>
#include <weir/render.hpp>
#include <weir/store.hpp>
#include <weir/table.hpp>
#include <weir/what_if.hpp>

namespace weir {
inline namespace v1 {

using question = std::variant<funnel, flow, what_if, compare, drop_off>;

/// Reads {"funnel": {...}}, {"flow": {...}}, {"what_if": {...}}, {"compare": {...}} or {"drop_off": {...}}.
/// Errors: bad_input, unknown_name, unsupported (a later form).
WEIR_API result<question> question_from_json(std::string_view);
WEIR_API std::string to_json(const question&);
/// Measures whichever question it is.
WEIR_API result<answer> measure(const snapshot&, const question&, const scope& = {});

/// One answer of a report: a question, over the stages of a lifecycle if one is given.
struct report_part {
    std::string title{};
    std::optional<weir::lifecycle> lifecycle{};  ///< derived at the question's as_of
    weir::question question{};
};
/// Titled questions, to be answered over one snapshot and shown on one page.
struct report_question {
    std::string title{};
    std::optional<weir::identity> identity{};    ///< puts leads together first, at each question's as_of
    std::optional<weir::lifecycle> lifecycle{};  ///< of the answers that have none of their own
    std::vector<report_part> answers{};
};
/// Reads {"report": {"title", "identity", "lifecycle", "answers": [{"title", "lifecycle", "question"}]}}; a
/// lifecycle is a preset's name or an object. Errors: bad_input, unknown_name, invalid_question (no answers).
WEIR_API result<report_question> report_from_json(std::string_view);
/// Answers every question. Errors: those of the verbs, with the part in `where`: "answers[2].steps[1]".
WEIR_API result<report> measure(const snapshot&, const report_question&, const scope& = {});

}  // namespace v1
}  // namespace weir
