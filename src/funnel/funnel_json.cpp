// funnel_json.cpp - a funnel as JSON, both ways.
#include <array>
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include <weir/funnel.hpp>

#include <fmt/format.h>

#include "base/fail.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "funnel/funnel_words.hpp"
#include "funnel/question_json.hpp"
#include "measure/breakdown_json.hpp"

namespace weir::inline v1 {
namespace {

// Keys whose meaning is fixed but which this version cannot answer: better refused as such than as unknown.
constexpr std::array<std::string_view, 3> later_keys{"lead_where", "lost_on", "stalled_after"};

// Does not ask `members` for them: they would be told as keys that were expected.
void refuse_later_keys(const json::node& n, const json::object& members) {
    for (const auto key : later_keys)
        if (n.find(key) != nullptr)
            fail(errc::unsupported, fmt::format("{} is not supported by this version", quoted(key)),
                 members.at(key));
}

// Reading
// ------------------------------------------------------------------------------------------------------

step read_step(const json::node& n, const std::string& where);

step read_block(json::object& members) {
    std::vector<step> steps;
    step_options options;
    json::read(members, "any_order", steps, json::list_of<step>(read_step));
    if (steps.empty()) fail(errc::invalid_question, "a block needs 2 steps or more", members.at("any_order"));
    json::read(members, "name", options.name, json::as_text);
    json::read(members, "min_gap", options.min_gap, json::as_duration);
    json::read(members, "max_gap", options.max_gap, json::as_duration);
    members.finish();
    return in_any_order(std::move(steps), std::move(options));
}

step read_step(const json::node& n, const std::string& where) {
    if (n.kind == json::kind::text) return step(n.text);
    json::object members(n, where);
    if (n.find("any_order") != nullptr) return read_block(members);
    names event;
    step_options options;
    json::read(members, "name", options.name, json::as_text);
    json::read(members, "event", event, json::as_names);
    if (event.empty() && !options.name.empty()) event = names(options.name);
    json::read(members, "where", options.where, json::as_condition);
    json::read(members, "optional", options.optional, json::as_bool);
    json::read(members, "min_gap", options.min_gap, json::as_duration);
    json::read(members, "max_gap", options.max_gap, json::as_duration);
    json::read(members, "at_least", options.at_least, json::as_int);
    members.finish();
    return step(event, std::move(options));
}

exclusion read_exclusion(const json::node& n, const std::string& where) {
    json::object members(n, where);
    exclusion x;
    json::read(members, "event", x.event, json::as_names);
    json::read(members, "where", x.where, json::as_condition);
    json::read(members, "after", x.after, json::as_int);
    json::read(members, "before", x.before, json::as_int);
    members.finish();
    return x;
}

lead_list read_list(const json::node& n, const std::string& where) {
    json::object members(n, where);
    lead_list l;
    json::read(members, "at", l.at, json::as_int);
    json::read(members, "lost_after", l.lost_after, json::as_int);
    json::read(members, "offset", l.offset, json::as_integer);
    json::read(members, "limit", l.limit, json::as_integer);
    members.finish();
    return l;
}

funnel read_funnel(const json::node& n, const std::string& where) {
    json::object members(n, where);
    refuse_later_keys(n, members);
    funnel q;
    json::read(members, "steps", q.steps, json::list_of<step>(read_step));
    json::read(members, "within", q.within, json::as_duration);
    json::read(members, "preset", q.preset, json::as_text);
    json::read_word(members, "clock", q.clock, words::clock);
    json::read_word(members, "order", q.order, words::order);
    json::read_word(members, "ties", q.ties, words::ties);
    json::read_word(members, "entry", q.entry, words::entry);
    json::read_word(members, "counting", q.counting, words::counting);
    json::read(members, "account", q.account, json::as_text);
    json::read(members, "exclude", q.exclude, json::list_of<exclusion>(read_exclusion));
    json::read_word(members, "on_exclusion", q.on_exclusion, words::on_exclusion);
    json::read_word(members, "breaks", q.breaks, words::breaks);
    json::read(members, "hold", q.hold, json::as_names);
    json::read(members, "by", q.by, json::as_text);
    json::read(members, "by_value", q.by_value, read_by_value);
    json::read(members, "period", q.period, json::as_period);
    json::read(members, "bucket", q.bucket, json::as_calendar);
    json::read(members, "as_of", q.as_of, json::as_instant);
    json::read(members, "max_groups", q.max_groups, json::as_int);
    json::read(members, "histogram", q.histogram, json::list_of<duration>(json::as_duration));
    json::read(members, "list", q.list, read_list);
    members.finish();
    return q;
}

// Writing
// ------------------------------------------------------------------------------------------------------

void write(json::writer& w, const step& s) {
    if (s == step(s.name)) {
        w.text(s.name);
        return;
    }
    w.begin_object();
    if (!s.members.empty()) {
        w.key("any_order").begin_array();
        for (const step& member : s.members) write(w, member);
        w.end_array();
        if (s.name != in_any_order(s.members).name) w.key("name").text(s.name);
    } else if (s.event.empty() || s.name != s.event[0]) {
        w.key("name").text(s.name);
    }
    json::write_names(w, "event", s.event);
    json::write_condition(w, "where", s.where);
    if (s.optional) w.key("optional").boolean(true);
    json::write_duration(w, "min_gap", s.min_gap);
    json::write_duration(w, "max_gap", s.max_gap);
    if (s.at_least != 1) w.key("at_least").integer(s.at_least);
    w.end_object();
}

void write(json::writer& w, const exclusion& x) {
    w.begin_object();
    json::write_names(w, "event", x.event);
    json::write_condition(w, "where", x.where);
    if (x.after != 0) w.key("after").integer(x.after);
    if (x.before != 0) w.key("before").integer(x.before);
    w.end_object();
}

void write(json::writer& w, const lead_list& l) {
    w.key("list").begin_object();
    if (l.at != 0) w.key("at").integer(l.at);
    if (l.lost_after != 0) w.key("lost_after").integer(l.lost_after);
    if (l.offset != 0) w.key("offset").integer(l.offset);
    w.key("limit").integer(l.limit);
    w.end_object();
}

// Steps always stand there, so that the text shows what a funnel is.
void write_steps(json::writer& w, const funnel& q) {
    w.key("steps").begin_array();
    for (const auto& s : q.steps) write(w, s);
    w.end_array();
    if (q.exclude.empty()) return;
    w.key("exclude").begin_array();
    for (const auto& x : q.exclude) write(w, x);
    w.end_array();
}

void write(json::writer& w, const funnel& q) {
    const funnel standard;
    w.begin_object();
    write_steps(w, q);
    json::write_duration(w, "within", q.within);
    json::write_text(w, "preset", q.preset);
    json::write_word(w, "clock", q.clock, words::clock);
    json::write_word(w, "order", q.order, words::order);
    json::write_word(w, "ties", q.ties, words::ties);
    json::write_word(w, "entry", q.entry, words::entry);
    json::write_word(w, "counting", q.counting, words::counting);
    json::write_text(w, "account", q.account);
    json::write_word(w, "on_exclusion", q.on_exclusion, words::on_exclusion);
    json::write_word(w, "breaks", q.breaks, words::breaks);
    json::write_names(w, "hold", q.hold);
    json::write_text(w, "by", q.by);
    write_by_value(w, q.by_value);
    if (q.period != standard.period) json::write(w.key("period"), q.period);
    if (q.bucket != standard.bucket) json::write(w.key("bucket"), q.bucket);
    if (q.as_of) w.key("as_of").text(to_string(*q.as_of));
    if (q.max_groups != standard.max_groups) w.key("max_groups").integer(q.max_groups);
    if (!q.histogram.empty()) {
        w.key("histogram").begin_array();
        for (const duration d : q.histogram) w.text(to_string(d));
        w.end_array();
    }
    if (q.list) write(w, *q.list);
    w.end_object();
}

}  // namespace

std::string to_json(const funnel& q) {
    json::writer w;
    w.begin_object().key("funnel");
    write(w, q);
    w.end_object();
    return w.take();
}

std::ostream& operator<<(std::ostream& out, const funnel& q) { return out << to_json(q); }

result<funnel> funnel_from_json(std::string_view text) {
    return guarded([&] {
        const json::node body = json::parse_member(text, "funnel");
        return read_funnel(body, "funnel");
    });
}

funnel as_question(const json::node& n, const std::string&) {
    json::writer w;
    json::write(w, n);
    return funnel_from_json(w.take()).value();
}

}  // namespace weir::inline v1
