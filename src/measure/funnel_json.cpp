// funnel_json.cpp - a funnel as JSON, both ways.
#include <array>
#include <cstddef>
#include <limits>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include <weir/funnel.hpp>

#include <fmt/format.h>

#include "base/fail.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "measure/funnel_words.hpp"

namespace weir::inline v1 {
namespace {

// Keys whose meaning is fixed but which this version cannot answer: better refused as such than as unknown.
constexpr std::array<std::string_view, 7> later_keys{"preset",    "lead_where", "lost_on", "stalled_after",
                                                     "histogram", "list",       "account"};
constexpr std::array<std::string_view, 1> later_step_keys{"any_order"};
constexpr std::array<std::string_view, 3> by_value_words{"first_touch", "last_touch", "each_value"};

template <std::size_t N> void refuse(json::object& members, const std::array<std::string_view, N>& later) {
    for (const auto key : later)
        if (members.find(key) != nullptr)
            fail(errc::unsupported, fmt::format("{} is not supported by this version", quoted(key)),
                 members.at(key));
}

int as_int(const json::node& n, const std::string& where) {
    const std::int64_t i = json::as_integer(n, where);
    if (i < std::numeric_limits<int>::min() || i > std::numeric_limits<int>::max())
        fail(errc::bad_input, fmt::format("{} is too large a number here", i), where);
    return static_cast<int>(i);
}

// Each reads a member if it is there and leaves the default if not.
template <class T, class Read> void read(json::object& members, std::string_view key, T& into, Read as) {
    if (const auto* n = members.find(key)) into = as(*n, members.at(key));
}

template <class Axis, std::size_t N>
void read_word(json::object& members, std::string_view key, Axis& into,
               const std::array<std::string_view, N>& axis) {
    if (const auto* n = members.find(key)) into = static_cast<Axis>(json::as_word(*n, members.at(key), axis));
}

// Reading
// ------------------------------------------------------------------------------------------------------

step read_step(const json::node& n, const std::string& where) {
    if (n.kind == json::kind::text) return step(n.text);
    json::object members(n, where);
    refuse(members, later_step_keys);
    names event;
    step_options options;
    read(members, "name", options.name, json::as_text);
    read(members, "event", event, json::as_names);
    if (event.empty() && !options.name.empty()) event = names(options.name);
    read(members, "where", options.where, json::as_condition);
    read(members, "optional", options.optional, json::as_bool);
    read(members, "min_gap", options.min_gap, json::as_duration);
    read(members, "max_gap", options.max_gap, json::as_duration);
    read(members, "at_least", options.at_least, as_int);
    members.finish();
    return step(event, std::move(options));
}

exclusion read_exclusion(const json::node& n, const std::string& where) {
    json::object members(n, where);
    exclusion x;
    read(members, "event", x.event, json::as_names);
    read(members, "where", x.where, json::as_condition);
    read(members, "after", x.after, as_int);
    read(members, "before", x.before, as_int);
    members.finish();
    return x;
}

template <class T, class Read> auto list_of(Read as) {
    return [as](const json::node& n, const std::string& where) {
        std::vector<T> list;
        for (const auto& item : json::as_array(n, where))
            list.push_back(as(item, fmt::format("{}[{}]", where, list.size())));
        return list;
    };
}

by_value read_by_value(const json::node& n, const std::string& where) {
    if (n.kind == json::kind::object) {
        json::object members(n, where);
        int k = 0;
        read(members, "at_step", k, as_int);
        members.finish();
        return by_value::at_step(k);
    }
    switch (json::as_word(n, where, by_value_words)) {
        case 0: return by_value::first_touch;
        case 1: return by_value::last_touch;
        default: return by_value::each_value;
    }
}

funnel read_funnel(const json::node& n, const std::string& where) {
    json::object members(n, where);
    refuse(members, later_keys);
    funnel q;
    read(members, "steps", q.steps, list_of<step>(read_step));
    read(members, "within", q.within, json::as_duration);
    read_word(members, "clock", q.clock, words::clock);
    read_word(members, "order", q.order, words::order);
    read_word(members, "ties", q.ties, words::ties);
    read_word(members, "entry", q.entry, words::entry);
    read_word(members, "counting", q.counting, words::counting);
    read(members, "exclude", q.exclude, list_of<exclusion>(read_exclusion));
    read_word(members, "on_exclusion", q.on_exclusion, words::on_exclusion);
    read_word(members, "breaks", q.breaks, words::breaks);
    read(members, "hold", q.hold, json::as_names);
    read(members, "by", q.by, json::as_text);
    read(members, "by_value", q.by_value, read_by_value);
    read(members, "period", q.period, json::as_period);
    read(members, "bucket", q.bucket, json::as_calendar);
    read(members, "as_of", q.as_of, json::as_instant);
    read(members, "max_groups", q.max_groups, as_int);
    members.finish();
    return q;
}

// Writing
// ------------------------------------------------------------------------------------------------------

template <class Axis, std::size_t N>
void write_word(json::writer& w, std::string_view key, Axis value,
                const std::array<std::string_view, N>& axis) {
    if (value != Axis{}) w.key(key).text(words::word_of(axis, value));
}

void write_duration(json::writer& w, std::string_view key, const std::optional<duration>& d) {
    if (d) w.key(key).text(json::print_duration(*d));
}

void write_names(json::writer& w, std::string_view key, const names& list) {
    if (list.empty()) return;
    w.key(key);
    json::write(w, list);
}

void write_condition(json::writer& w, const condition& where) {
    if (!where.always()) w.key("where").text(to_string(where));
}

void write(json::writer& w, const step& s) {
    if (s == step(s.name)) {
        w.text(s.name);
        return;
    }
    w.begin_object();
    if (s.event.empty() || s.name != s.event[0]) w.key("name").text(s.name);
    write_names(w, "event", s.event);
    write_condition(w, s.where);
    if (s.optional) w.key("optional").boolean(true);
    write_duration(w, "min_gap", s.min_gap);
    write_duration(w, "max_gap", s.max_gap);
    if (s.at_least != 1) w.key("at_least").integer(s.at_least);
    w.end_object();
}

void write(json::writer& w, const exclusion& x) {
    w.begin_object();
    write_names(w, "event", x.event);
    write_condition(w, x.where);
    if (x.after != 0) w.key("after").integer(x.after);
    if (x.before != 0) w.key("before").integer(x.before);
    w.end_object();
}

void write_by_value(json::writer& w, const by_value& v) {
    switch (v.which()) {
        case by_value::kind::standard: return;
        case by_value::kind::at_step:
            w.key("by_value").begin_object().key("at_step").integer(v.step()).end_object();
            return;
        case by_value::kind::first_touch: w.key("by_value").text(by_value_words[0]); return;
        case by_value::kind::last_touch: w.key("by_value").text(by_value_words[1]); return;
        case by_value::kind::each_value: w.key("by_value").text(by_value_words[2]); return;
    }
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
    write_duration(w, "within", q.within);
    write_word(w, "clock", q.clock, words::clock);
    write_word(w, "order", q.order, words::order);
    write_word(w, "ties", q.ties, words::ties);
    write_word(w, "entry", q.entry, words::entry);
    write_word(w, "counting", q.counting, words::counting);
    write_word(w, "on_exclusion", q.on_exclusion, words::on_exclusion);
    write_word(w, "breaks", q.breaks, words::breaks);
    write_names(w, "hold", q.hold);
    if (!q.by.empty()) w.key("by").text(q.by);
    write_by_value(w, q.by_value);
    if (q.period != standard.period) json::write(w.key("period"), q.period);
    if (q.bucket != standard.bucket) json::write(w.key("bucket"), q.bucket);
    if (q.as_of) w.key("as_of").text(to_string(*q.as_of));
    if (q.max_groups != standard.max_groups) w.key("max_groups").integer(q.max_groups);
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
        const json::node root = json::parse(text);
        json::object members(root, "");
        const json::node* body = members.find("funnel");
        members.finish();
        if (body == nullptr) fail(errc::bad_input, "the object has no member \"funnel\"", "funnel");
        return read_funnel(*body, "funnel");
    });
}

}  // namespace weir::inline v1
