#include "questions.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <vector>

#include "workload.hpp"

namespace weir_bench {

weir::mapping mapping_of_workload() {
    using weir::attribute_type;
    weir::mapping m{.time_format = "unix_us"};
    m.events = {{.event_column = "event",
                 .attributes = {{{.column = "channel"},
                                 {.column = "campaign"},
                                 {.column = "content"},
                                 {.column = "keyword"},
                                 {.column = "cost", .type = attribute_type::integer},
                                 {.column = "revenue", .type = attribute_type::integer}}}}};
    return m;
}

weir::funnel plain_funnel() {
    weir::funnel q{.within = std::chrono::days{30}};
    for (int step = 0; step < funnel_steps; ++step) q.steps.emplace_back(std::to_string(step));
    return q;
}

weir::funnel funnel_by_channel() {
    weir::funnel q = plain_funnel();
    q.by = "channel";
    q.by_value = weir::by_value::first_touch;
    return q;
}

weir::lifecycle transitions() {
    weir::lifecycle l{.name = "steps",
                      .repeated = weir::repeated::new_entry,
                      .same_time = weir::same_time::in_arrival_order};
    std::vector<std::string> stages;
    for (int step = 0; step < funnel_steps; ++step) {
        stages.push_back("step " + std::to_string(step));
        l.stages.emplace_back(stages.back());
    }
    for (int step = 0; step < funnel_steps; ++step) {
        const weir::rule forward{.to = stages[static_cast<std::size_t>(step)], .event = std::to_string(step)};
        l.rules.push_back(forward);
        l.rules.push_back(forward);
        l.rules.back().from = weir::names(stages);
    }
    return l;
}

namespace {

void append_levels(std::string& text, const weir::funnel_row& row) {
    if (row.step > 1) text += ',';
    text += std::to_string(row.leads);
    if (row.step == funnel_steps) text += '\n';
}

}  // namespace

std::string levels(const weir::funnel_table& t) {
    std::string text;
    for (const auto& row : t.rows)
        if (!row.group) append_levels(text, row);
    return text;
}

std::string levels_by_group(const weir::funnel_table& t) {
    std::string text;
    for (const auto& row : t.rows) {
        if (!row.group) continue;
        if (row.step == 1) text += *row.group + ',';
        append_levels(text, row);
    }
    return text;
}

std::string moves(const weir::flow_table& t) {
    const auto type_of = [](const std::string& stage) { return stage.substr(stage.find(' ') + 1); };
    std::vector<std::string> lines;
    for (const auto& m : t.moves)
        if (m.from && m.moves > 0)
            lines.push_back(type_of(*m.from) + ',' + type_of(m.to) + ',' + std::to_string(m.moves) + '\n');
    std::sort(lines.begin(), lines.end());
    return std::accumulate(lines.begin(), lines.end(), std::string());
}

std::string journey(const std::vector<weir::event>& events) {
    std::vector<std::string> lines;
    for (const auto& e : events) {
        std::string line = std::to_string(e.time.time_since_epoch().count()) + ',' + e.name;
        for (const char* name : {"channel", "campaign", "content", "keyword", "cost", "revenue"})
            for (const auto& a : e.attributes)
                if (a.name == name) line += ',' + to_string(a.value);
        lines.push_back(line + '\n');
    }
    std::sort(lines.begin(), lines.end());
    return std::accumulate(lines.begin(), lines.end(), std::string());
}

}  // namespace weir_bench
