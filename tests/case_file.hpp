// case_file.hpp - reads cases: events, questions and expected answers in text that an analyst can write.
//
//   # A lead who skips the demo is not counted at "won" when steps are in sequence.
//   events     ana visit 2024-01-01   ana signup 2024-01-02 channel=ads amount=3   ana won 5
//   question   funnel visit > demo|webinar > won[amount >= 3]   within 30d by channel
//   answer     visit 1   demo 0   won 0
//   answer     ads: visit 1   demo 0   won 0
//
// A bare integer is a time or a duration in microseconds. An attribute is text, unless it reads as an
// integer, a number, true or false, or as money (12.50EUR); 'quotes' keep it text. Further lines:
//
//   moves      1: lead@1 mql@3   2: lead@2        an event "move" each, its attribute "to" is the stage
//   erased     ana                                leads that are erased again
//   lifecycle  lead > mql > won   exits lost,no_decision   stalled_after 6   idle 10,lost   skipped fill
//   as_of      14                                 at which the lifecycle is derived
//   visits     1: lead[1,3)#1 mql[3,-)#1          every visit of that lead; - is open
//   violations 1: @3 @6                           every violation of that lead
//   question   flow from 3 until 10 reach exact   or any question as JSON, as a lifecycle may be
//   answer     outcome lead entries=4 leads=4 advanced=2 stalled=1 open=1     other counts must be 0
//   answer     conversion mql > sql leads observed=2/4 lost=1 open=1
//   answer     of ads in 2024-01-01 outcome lead entries=1 leads=1 open=1     of a group, in a bucket
//   question   drop_off visit > won within 30d
//   answer     lost 2 won came=3 reached=1 lost=2           step and name; reasons: step, name, obstacle
//   question   compare visit > won within 1d against visit > won within 30d
//   answer     reached 1 visit 2 won leads=1                also: causes within leads=1, leads ben 1 2 within
//   note       period not over                    a note says this, perhaps among other words
//   error      invalid_question                   instead of an answer, or of visits
//
// Each question also passes the oracle. An event with an id ends in #id. In a funnel's answer `won 1 after
// 4d` also checks the median wait, and `ads: won 1` is short for `of ads won 1`. In the short form of a
// lifecycle any "move" leads anywhere. Options of questions: within, by, at_step, first_touch, last_touch,
// from, until, as_of, bucket, zone, reach, amount.
#pragma once

#include <iosfwd>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <weir.hpp>

namespace weir_test {

struct case_question {
    weir::question question{};
    std::vector<std::string> answers{}, notes{};
    std::string error{};
    int line = 0;
};
struct case_text {
    std::string title{};
    int line = 0;
    std::vector<weir::event> events{};
    std::set<std::string> erased{};
    std::optional<weir::lifecycle> lifecycle{};
    std::optional<weir::instant> as_of{};
    std::vector<std::string> visits{}, violations{};  ///< one for each lead
    std::vector<case_question> questions{};
    std::string error{};  ///< of the derivation
};

/// Reads all cases of a file; blank lines separate them. Throws std::runtime_error that names the line.
std::vector<case_text> read_cases(const std::string& path);
std::vector<case_text> read_cases(std::istream&, const std::string& name);

/// Words between blanks; brackets of all kinds and quotes hold theirs together.
std::vector<std::string> words_of(const std::string& line);
/// "10", "30d"
weir::duration read_duration(const std::string&);

}  // namespace weir_test
