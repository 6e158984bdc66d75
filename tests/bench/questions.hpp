// questions.hpp - the questions of the benchmark as weir asks them, and answers in the form in which engines
// are compared.
#pragma once

#include <string>
#include <vector>

#include <weir.hpp>

namespace weir_bench {

/// Says where the columns of the workload's CSV go; cost and revenue are integers, the others texts.
weir::mapping mapping_of_workload();

/// Q1: seven steps in sequence within 30 days. Its waits are Q3.
weir::funnel plain_funnel();
/// Q2: the same by the channel of the lead's first event.
weir::funnel funnel_by_channel();
/// Q6: every step event enters a stage of its own, whatever the stage before: its moves are the transitions
/// between consecutive step events.
weir::lifecycle transitions();

/// "leads of step 1,...,leads of step 7" for the whole, one line.
std::string levels(const weir::funnel_table&);
/// "channel,leads of step 1,...,leads of step 7", a line for each channel, by text.
std::string levels_by_group(const weir::funnel_table&);
/// "type,next type,moves", a line for each, of the flow over transitions().
std::string moves(const weir::flow_table&);
/// "time,event,channel,campaign,content,keyword,cost,revenue", a line for each event, by text.
std::string journey(const std::vector<weir::event>&);

}  // namespace weir_bench
