#include <ostream>

#include <weir/compare.hpp>

#include "base/fail.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "bridge/parts.hpp"

namespace weir::inline v1 {
namespace {

funnel read_side(json::object& members, std::string_view which) {
    const auto* n = members.find(which);
    if (n == nullptr) fail(errc::invalid_question, "the funnel " + quoted(which) + " is missing", "compare");
    return funnel_at(*n, members.at(which));
}

void check_side(const char* which, const funnel& q) {
    const auto fine = check(q);
    if (!fine) {
        const error e = inside(which, fine.error());
        fail(e.code, e.message, e.where);
    }
    if (q.counting == counting::entries)
        fail(errc::invalid_question, "leads are compared; entries are counted",
             std::string(which) + ".counting");
}

}  // namespace

std::string to_json(const compare& q) {
    const compare standard;
    json::writer w;
    w.begin_object().key("compare").begin_object();
    w.key("before").raw(body_of(to_json(q.before), "funnel"));
    w.key("after").raw(body_of(to_json(q.after), "funnel"));
    if (q.offset != standard.offset) w.key("offset").integer(q.offset);
    if (q.limit != standard.limit) w.key("limit").integer(q.limit);
    w.end_object().end_object();
    return w.take();
}

std::ostream& operator<<(std::ostream& out, const compare& q) { return out << to_json(q); }

result<compare> compare_from_json(std::string_view text) {
    return guarded([&] {
        const json::node body = json::parse_member(text, "compare");
        json::object members(body, "compare");
        compare q;
        q.before = read_side(members, "before");
        q.after = read_side(members, "after");
        json::read(members, "offset", q.offset, json::as_integer);
        json::read(members, "limit", q.limit, json::as_integer);
        members.finish();
        return q;
    });
}

result<void> check(const compare& q) {
    return guarded([&] {
        check_side("before", q.before);
        check_side("after", q.after);
        if (q.before.counting != q.after.counting)
            fail(errc::invalid_question, "leads are counted under one funnel and accounts under the other",
                 "after.counting");
        if (q.before.account != q.after.account)
            fail(errc::invalid_question, "the funnels count accounts by two attributes", "after.account");
        if (q.offset < 0 || q.limit < 0)
            fail(errc::invalid_question, "a page begins at 0 or later and has 0 leads or more",
                 q.offset < 0 ? "offset" : "limit");
    });
}

}  // namespace weir::inline v1
