// flow_json.cpp - a flow as JSON, both ways.
#include <array>
#include <ostream>
#include <string>
#include <string_view>

#include <weir/flow.hpp>

#include "base/fail.hpp"
#include "base/json.hpp"
#include "measure/breakdown_json.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::array<std::string_view, 2> reach_words{"or_later", "exact"};

flow read_flow(const json::node& n, const std::string& where) {
    json::object members(n, where);
    flow q;
    json::read(members, "lifecycle", q.lifecycle, json::as_text);
    json::read(members, "by", q.by, json::as_text);
    json::read(members, "by_value", q.by_value, read_by_value);
    json::read(members, "period", q.period, json::as_period);
    json::read(members, "bucket", q.bucket, json::as_calendar);
    json::read(members, "within", q.within, json::as_duration);
    json::read_word(members, "reach", q.reach, reach_words);
    json::read(members, "amount", q.amount, json::as_text);
    json::read(members, "as_of", q.as_of, json::as_instant);
    json::read(members, "max_groups", q.max_groups, json::as_int);
    members.finish();
    return q;
}

void write(json::writer& w, const flow& q) {
    const flow standard;
    w.begin_object();
    json::write_text(w, "lifecycle", q.lifecycle);
    json::write_text(w, "by", q.by);
    write_by_value(w, q.by_value);
    if (q.period != standard.period) json::write(w.key("period"), q.period);
    if (q.bucket != standard.bucket) json::write(w.key("bucket"), q.bucket);
    json::write_duration(w, "within", q.within);
    json::write_word(w, "reach", q.reach, reach_words);
    json::write_text(w, "amount", q.amount);
    if (q.as_of) w.key("as_of").text(to_string(*q.as_of));
    if (q.max_groups != standard.max_groups) w.key("max_groups").integer(q.max_groups);
    w.end_object();
}

}  // namespace

std::string to_json(const flow& q) {
    json::writer w;
    w.begin_object().key("flow");
    write(w, q);
    w.end_object();
    return w.take();
}

std::ostream& operator<<(std::ostream& out, const flow& q) { return out << to_json(q); }

result<flow> flow_from_json(std::string_view text) {
    return guarded([&] {
        const json::node body = json::parse_member(text, "flow");
        return read_flow(body, "flow");
    });
}

}  // namespace weir::inline v1
