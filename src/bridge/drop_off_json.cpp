#include <array>
#include <ostream>

#include <weir/drop_off.hpp>

#include <fmt/format.h>

#include "base/fail.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "bridge/parts.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::array obstacles{
    obstacle::no_such_event, obstacle::event_used_once, obstacle::tie,       obstacle::window,
    obstacle::gap,           obstacle::excluded,        obstacle::adjacency, obstacle::held_value,
    obstacle::entry,         obstacle::period,          obstacle::order,     obstacle::several};

obstacle read_obstacle(const json::node& n, const std::string& where) {
    std::array<std::string_view, obstacles.size()> words;
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = to_string(obstacles[i]);
    return obstacles[static_cast<std::size_t>(json::as_word(n, where, words))];
}

drop_off_list read_list(const json::node& n, const std::string& where) {
    json::object members(n, where);
    drop_off_list l;
    json::read(members, "step", l.step, json::as_int);
    json::read(members, "obstacle", l.obstacle, read_obstacle);
    json::read(members, "offset", l.offset, json::as_integer);
    json::read(members, "limit", l.limit, json::as_integer);
    members.finish();
    return l;
}

void check_list(const drop_off_list& l, const funnel& q) {
    const auto steps = static_cast<int>(q.steps.size());
    if (l.step < 1 || l.step > steps)
        fail(errc::invalid_question, fmt::format("found step {} of {}", l.step, steps), "list.step");
    if (q.steps[static_cast<std::size_t>(l.step - 1)].optional)
        fail(errc::invalid_question, fmt::format("step {} is optional; nobody is lost before it", l.step),
             "list.step");
    if (l.offset < 0 || l.limit < 0)
        fail(errc::invalid_question, "a page begins at 0 or later and has 0 leads or more", "list");
}

}  // namespace

std::string to_json(const drop_off& q) {
    json::writer w;
    w.begin_object().key("drop_off").begin_object();
    w.key("funnel").raw(body_of(to_json(q.funnel), "funnel"));
    if (q.list) {
        const drop_off_list standard;
        w.key("list").begin_object().key("step").integer(q.list->step);
        if (q.list->obstacle) w.key("obstacle").text(to_string(*q.list->obstacle));
        if (q.list->offset != standard.offset) w.key("offset").integer(q.list->offset);
        if (q.list->limit != standard.limit) w.key("limit").integer(q.list->limit);
        w.end_object();
    }
    w.end_object().end_object();
    return w.take();
}

std::ostream& operator<<(std::ostream& out, const drop_off& q) { return out << to_json(q); }

result<drop_off> drop_off_from_json(std::string_view text) {
    return guarded([&] {
        const json::node body = json::parse_member(text, "drop_off");
        json::object members(body, "drop_off");
        drop_off q;
        const auto* asked = members.find("funnel");
        if (asked == nullptr) fail(errc::invalid_question, "the funnel is missing", "drop_off");
        q.funnel = funnel_at(*asked, "drop_off.funnel");
        json::read(members, "list", q.list, read_list);
        members.finish();
        return q;
    });
}

result<void> check(const drop_off& q) {
    return guarded([&] {
        const auto fine = check(q.funnel);
        if (!fine) {
            const error e = inside("funnel", fine.error());
            fail(e.code, e.message, e.where);
        }
        if (q.funnel.counting == counting::entries)
            fail(errc::invalid_question, "lost leads are counted, not entries", "funnel.counting");
        if (q.list) check_list(*q.list, q.funnel);
    });
}

}  // namespace weir::inline v1
