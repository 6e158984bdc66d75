// funnel_part_json.cpp - a part of a funnel's answer as JSON, both ways. Times are microseconds.
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/fail.hpp"
#include "base/json.hpp"
#include "funnel/funnel_part.hpp"
#include "funnel/preset.hpp"
#include "funnel/question_json.hpp"
#include "measure/part_json.hpp"

namespace weir::inline v1 {
namespace {

using part_data = funnel_part::impl;

constexpr int version = 1;

// Writing
// ----------------------------------------------------------------------------------------------------

void write(json::writer& w, const funnel_state::part& p, const funnel_tally& t) {
    const auto& [group, key] = p;
    w.begin_object().key("group").text(group).key("bucket").integer(key.bucket);
    w.key("in_whole").boolean(key.in_whole).key("in_group").boolean(key.in_group);
    w.key("in_total").boolean(key.in_total).key("in_bucket").boolean(key.in_bucket);
    w.key("chains").integer(t.chains);
    write_list(w.key("reached"), t.reached);
    w.key("waits").begin_array();
    for (const auto& waits : t.waits) write_list(w, waits);
    w.end_array();
    write_list(w.key("durations"), t.durations);
    w.end_object();
}

void write(json::writer& w, const std::string& key, const listed_lead& l) {
    w.begin_object().key("lead").text(key);
    if (l.group) w.key("group").text(*l.group);
    w.key("step").integer(l.step);
    w.key("first").integer(l.first.time_since_epoch().count());
    w.key("last").integer(l.last.time_since_epoch().count()).end_object();
}

void write(json::writer& w, const part_data& p) {
    w.begin_object().key("version").integer(version);
    w.key("question").raw(to_json(p.question));
    if (p.as_of) w.key("as_of").integer(*p.as_of);
    write_list(w, "events", p.events);
    write_list(w, "attributes", p.attributes);
    write_sums(w, "stages", p.stages);
    write_sums(w, "met", p.state.met);
    write_sums(w, "disputed", p.state.disputed);
    w.key("excluded").integer(p.state.excluded);
    w.key("read_none").integer(p.state.read_none);
    if (p.counts_accounts()) {
        w.key("without").integer(p.without).key("account_disputed").integer(p.disputed);
        write_list(w, "accounts", p.names_of_accounts());
    }
    w.key("tallies").begin_array();
    for (const auto& [part, tally] : p.state.tallies) write(w, part, *tally);
    w.end_array().key("listed").begin_array();
    for (const auto& [key, lead] : p.state.listed) write(w, key, lead);
    w.end_array().end_object();
}

// Reading
// ----------------------------------------------------------------------------------------------------

void read_tally(const json::node& n, const std::string& where, std::size_t steps, funnel_state& into) {
    json::object members(n, where);
    funnel_state::part p;
    auto t = std::make_shared<funnel_tally>(steps);
    json::read(members, "group", p.first, json::as_text);
    json::read(members, "bucket", p.second.bucket, json::as_integer);
    json::read(members, "in_whole", p.second.in_whole, json::as_bool);
    json::read(members, "in_group", p.second.in_group, json::as_bool);
    json::read(members, "in_total", p.second.in_total, json::as_bool);
    json::read(members, "in_bucket", p.second.in_bucket, json::as_bool);
    json::read(members, "chains", t->chains, as_count);
    json::read(members, "reached", t->reached, json::list_of<std::int64_t>(as_count));
    json::read(members, "waits", t->waits, json::list_of<std::vector<std::int64_t>>(as_ascending));
    json::read(members, "durations", t->durations, as_ascending);
    members.finish();
    if (t->reached.size() != steps || t->waits.size() != steps)
        fail(errc::bad_input,
             fmt::format("{} numbers and {} lists of waits for {} steps", t->reached.size(), t->waits.size(),
                         steps),
             where);
    if (static_cast<std::int64_t>(t->durations.size()) > t->chains ||
        std::any_of(t->reached.begin(), t->reached.end(),
                    [&](std::int64_t some) { return some > t->chains; }))
        fail(errc::bad_input, fmt::format("more than {} chains are told of", t->chains), where);
    if (!into.tallies.emplace(std::move(p), std::move(t)).second)
        fail(errc::bad_input, "the same tally stands twice", where);
}

void read_listed(const json::node& n, const std::string& where, funnel_state& into) {
    json::object members(n, where);
    std::string key;
    listed_lead l;
    std::int64_t first = 0, last = 0;
    json::read(members, "lead", key, json::as_text);
    if (members.find("group") != nullptr) json::read(members, "group", l.group.emplace(), json::as_text);
    json::read(members, "step", l.step, json::as_int);
    json::read(members, "first", first, json::as_integer);
    json::read(members, "last", last, json::as_integer);
    members.finish();
    l.lead = lead_id(key);
    l.first = instant{duration{first}};
    l.last = instant{duration{last}};
    if (!into.listed.emplace(key, std::move(l)).second)
        fail(errc::bad_input, "the same lead stands twice", where);
}

part_data read_part(const json::node& n, const std::string& where) {
    json::object members(n, where);
    part_data p;
    std::int64_t as_of = 0;
    check_version(members, version, "a part");
    json::read(members, "question", p.question, as_question);
    check(p.question).value();
    json::read(members, "as_of", as_of, json::as_integer);
    if (n.find("as_of") != nullptr) p.as_of = as_of;
    json::read(members, "events", p.events, as_sorted);
    json::read(members, "attributes", p.attributes, as_sorted);
    json::read(members, "stages", p.stages, json::list_of<std::pair<std::string, std::int64_t>>(as_sum));
    json::read(members, "met", p.state.met, as_sums);
    json::read(members, "disputed", p.state.disputed, as_sums);
    json::read(members, "excluded", p.state.excluded, as_count);
    json::read(members, "read_none", p.state.read_none, as_count);
    if (p.counts_accounts()) {
        json::read(members, "without", p.without, as_count);
        json::read(members, "account_disputed", p.disputed, as_count);
        json::read(members, "accounts", p.accounts, as_sorted);
    }
    const std::size_t steps = resolved(p.question).steps.size();
    read_items(members, "tallies",
               [&](const auto& item, const std::string& at) { read_tally(item, at, steps, p.state); });
    read_items(members, "listed",
               [&](const auto& item, const std::string& at) { read_listed(item, at, p.state); });
    members.finish();
    return p;
}

}  // namespace

std::string to_json(const funnel_part& part) {
    json::writer w;
    w.begin_object().key("funnel_part");
    write(w, part.data());
    w.end_object();
    return w.take();
}

result<funnel_part> funnel_part_from_json(std::string_view text) {
    return guarded([&] {
        const json::node body = json::parse_member(text, "funnel_part");
        return funnel_part(std::make_shared<const part_data>(read_part(body, "funnel_part")));
    });
}

}  // namespace weir::inline v1
