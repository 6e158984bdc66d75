#include <ostream>

#include <weir/what_if.hpp>

#include "base/fail.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "bridge/parts.hpp"

namespace weir::inline v1 {
namespace {

lifecycle read_rules(json::object& members, std::string_view which) {
    const auto* n = members.find(which);
    if (n == nullptr)
        fail(errc::invalid_question, "the lifecycle " + quoted(which) + " is missing", "what_if");
    return lifecycle_at(*n, members.at(which));
}

}  // namespace

std::string to_json(const what_if& q) {
    const what_if standard;
    json::writer w;
    w.begin_object().key("what_if").begin_object();
    w.key("before").raw(body_of(to_json(q.before), "lifecycle"));
    w.key("after").raw(body_of(to_json(q.after), "lifecycle"));
    if (q.flow != standard.flow) w.key("flow").raw(body_of(to_json(q.flow), "flow"));
    if (q.offset != standard.offset) w.key("offset").integer(q.offset);
    if (q.limit != standard.limit) w.key("limit").integer(q.limit);
    w.end_object().end_object();
    return w.take();
}

std::ostream& operator<<(std::ostream& out, const what_if& q) { return out << to_json(q); }

result<what_if> what_if_from_json(std::string_view text) {
    return guarded([&] {
        const json::node body = json::parse_member(text, "what_if");
        json::object members(body, "what_if");
        what_if q;
        q.before = read_rules(members, "before");
        q.after = read_rules(members, "after");
        if (const auto* asked = members.find("flow"))
            q.flow = value_inside("what_if", flow_from_json("{\"flow\":" + text_of(*asked) + "}"));
        json::read(members, "offset", q.offset, json::as_integer);
        json::read(members, "limit", q.limit, json::as_integer);
        members.finish();
        return q;
    });
}

result<void> check(const what_if& q) {
    return guarded([&] {
        const auto hold = [](const std::string& part, const result<void>& fine) {
            if (fine) return;
            const error e = inside(part, fine.error());
            fail(e.code, e.message, e.where);
        };
        hold("before", check(q.before));
        hold("after", check(q.after));
        hold("flow", check(q.flow));
        if (!q.flow.lifecycle.empty())
            fail(errc::invalid_question, "the flow names a lifecycle; it is measured under both",
                 "flow.lifecycle");
        if (q.offset < 0 || q.limit < 0)
            fail(errc::invalid_question, "a page begins at 0 or later and has 0 leads or more",
                 q.offset < 0 ? "offset" : "limit");
    });
}

}  // namespace weir::inline v1
