// funnel_range_json.cpp - a range of a funnel as JSON, both ways. Times are microseconds.
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/fail.hpp"
#include "base/json.hpp"
#include "funnel/funnel_range.hpp"
#include "funnel/preset.hpp"
#include "funnel/question_json.hpp"
#include "funnel/step_plan.hpp"
#include "measure/part_json.hpp"

namespace weir::inline v1 {
namespace {

using range_data = funnel_range::impl;

constexpr int version = 1;

std::int64_t count_of(instant t) { return t.time_since_epoch().count(); }

// A run is [first step, last step, time], steps from 1.
void write(json::writer& w, const held_runs::key_type& key, const step_runs& runs) {
    w.begin_object().key("lead").text(key.first);
    if (!key.second.empty()) write_list(w, "held", key.second);
    w.key("runs").begin_array();
    for (const step_run& r : runs)
        w.begin_array().integer(r.first + 1).integer(r.end).integer(r.time).end_array();
    w.end_array().end_object();
}

void write(json::writer& w, const range_data& r) {
    w.begin_object().key("version").integer(version);
    w.key("question").raw(to_json(r.question));
    if (r.when.from) w.key("from").integer(count_of(*r.when.from));
    if (r.when.until) w.key("until").integer(count_of(*r.when.until));
    if (r.as_of) w.key("as_of").integer(*r.as_of);
    write_list(w, "events", r.events);
    if (!r.question.by.empty()) write_list(w, "attributes", r.attributes);
    w.key("leads").begin_array();
    for (const auto& [key, runs] : r.leads) write(w, key, runs);
    w.end_array();
    if (r.question.by.empty()) return static_cast<void>(w.end_object());
    w.key("groups").begin_array();
    for (const auto& [key, runs] : r.groups) write(w, key, runs);
    w.end_array().end_object();
}

step_run as_run(const json::node& n, const std::string& where, int steps) {
    const auto numbers = json::list_of<std::int64_t>(json::as_integer)(n, where);
    if (numbers.size() != 3 || numbers[0] < 1 || numbers[0] > numbers[1] || numbers[1] > steps)
        fail(errc::bad_input, fmt::format("a run is [first step, last step, time] of {} steps", steps),
             where);
    return {static_cast<int>(numbers[0]) - 1, static_cast<int>(numbers[1]), numbers[2]};
}

void read_lead(const json::node& n, const std::string& where, int steps, std::size_t held, held_runs& into) {
    json::object members(n, where);
    held_runs::key_type key;
    step_runs runs;
    json::read(members, "lead", key.first, json::as_text);
    json::read(members, "held", key.second, json::list_of<std::string>(json::as_text));
    json::read(members, "runs", runs,
               json::list_of<step_run>(
                   [steps](const json::node& run, const std::string& at) { return as_run(run, at, steps); }));
    members.finish();
    if (key.second.size() != held)
        fail(errc::bad_input, fmt::format("{} values are held and not {}", key.second.size(), held), where);
    const auto before = [](const step_run& a, const step_run& b) {
        return std::pair(a.first, a.end) < std::pair(b.first, b.end);
    };
    if (std::adjacent_find(runs.begin(), runs.end(),
                           [&](const auto& a, const auto& b) { return !before(a, b); }) != runs.end())
        fail(errc::bad_input, "the runs do not ascend", where);
    if (!into.emplace(std::move(key), std::move(runs)).second)
        fail(errc::bad_input, "the same lead stands twice", where);
}

std::optional<instant> as_time(const json::node& n, const std::string& where) {
    return instant{duration{json::as_integer(n, where)}};
}

range_data read_range(const json::node& n, const std::string& where) {
    json::object members(n, where);
    range_data r;
    check_version(members, version, "a range");
    json::read(members, "question", r.question, as_question);
    check_ranges(r.question);
    json::read(members, "from", r.when.from, as_time);
    json::read(members, "until", r.when.until, as_time);
    json::read(members, "as_of", r.as_of, json::as_integer);
    json::read(members, "events", r.events, as_sorted);
    json::read(members, "attributes", r.attributes, as_sorted);
    const int steps = step_plan(resolved(r.question)).rules().chain.steps;
    const std::size_t held = r.question.hold.size();
    read_items(members, "leads",
               [&](const auto& item, const std::string& at) { read_lead(item, at, steps, held, r.leads); });
    if (!r.question.by.empty())
        read_items(members, "groups", [&](const auto& item, const std::string& at) {
            read_lead(item, at, steps, held + 1, r.groups);
        });
    members.finish();
    return r;
}

}  // namespace

std::string to_json(const funnel_range& range) {
    json::writer w;
    w.begin_object().key("funnel_range");
    write(w, range.data());
    w.end_object();
    return w.take();
}

result<funnel_range> funnel_range_from_json(std::string_view text) {
    return guarded([&] {
        const json::node body = json::parse_member(text, "funnel_range");
        return funnel_range(std::make_shared<const range_data>(read_range(body, "funnel_range")));
    });
}

}  // namespace weir::inline v1
