#include <weir/lifecycle.hpp>

#include <array>

#include "base/fail.hpp"
#include "base/json.hpp"

namespace weir::inline v1 {
namespace {

// The words of each policy, in the order of its values.
constexpr std::array<std::string_view, 3> skipped_words{"keep_jump", "fill", "reject"};
constexpr std::array<std::string_view, 2> backward_words{"recycle", "reject"};
constexpr std::array<std::string_view, 2> repeated_words{"ignore", "new_entry"};
constexpr std::array<std::string_view, 2> same_time_words{"in_stage_order", "in_arrival_order"};
constexpr std::array<std::string_view, 2> reopened_words{"new_entry", "reject"};
constexpr std::array<std::string_view, 2> unknown_stage_words{"reject", "fail"};

// Writing. What is default is left out.

void write_stage(json::writer& out, const stage& s) {
    if (!s.stalled_after && !s.terminal) {
        out.text(s.name);
        return;
    }
    out.begin_object().key("name").text(s.name);
    json::write_duration(out, "stalled_after", s.stalled_after);
    if (s.terminal) out.key("terminal").boolean(true);
    out.end_object();
}

void write_stage_change(json::writer& out, const stage_change& change) {
    out.key("stage_change").begin_object();
    json::write_names(out, "event", change.event);
    json::write_text(out, "attribute", change.attribute);
    if (!change.map.empty()) {
        out.key("map").begin_object();
        for (const auto& [word, target] : change.map) out.key(word).text(target);
        out.end_object();
    }
    json::write_text(out, "reason_from", change.reason_from);
    out.end_object();
}

void write_rule(json::writer& out, const rule& r) {
    out.begin_object();
    json::write_text(out, "name", r.name);
    json::write_text(out, "to", r.to);
    json::write_names(out, "event", r.event);
    json::write_condition(out, "where", r.where);
    json::write_duration(out, "idle", r.idle);
    if (r.stage_change != stage_change{}) write_stage_change(out, r.stage_change);
    json::write_names(out, "from", r.from);
    json::write_text(out, "reason", r.reason);
    json::write_text(out, "reason_from", r.reason_from);
    out.end_object();
}

void write_rules(json::writer& out, const std::vector<rule>& rules) {
    out.key("rules").begin_array();
    for (const rule& r : rules) write_rule(out, r);
    out.end_array();
}

void write_versions(json::writer& out, const lifecycle& l) {
    if (l.versions.empty()) return;
    out.key("versions").begin_array();
    for (const rule_version& v : l.versions) {
        out.begin_object().key("version").integer(v.version);
        out.key("valid_from").text(to_string(v.valid_from));
        write_rules(out, v.rules);
        out.end_object();
    }
    out.end_array();
}

void write_policies(json::writer& out, const lifecycle& l) {
    json::write_word(out, "skipped", l.skipped, skipped_words);
    json::write_word(out, "backward", l.backward, backward_words);
    json::write_word(out, "repeated", l.repeated, repeated_words);
    json::write_word(out, "same_time", l.same_time, same_time_words);
    json::write_word(out, "reopened", l.reopened, reopened_words);
    json::write_word(out, "unknown_stage", l.unknown_stage, unknown_stage_words);
}

// Reading.

stage read_stage(const json::node& n, const std::string& where) {
    if (n.kind == json::kind::text) return n.text;
    json::object in(n, where);
    stage read{""};
    json::read(in, "name", read.name, json::as_text);
    json::read(in, "stalled_after", read.stalled_after, json::as_duration);
    json::read(in, "terminal", read.terminal, json::as_bool);
    in.finish();
    return read;
}

stage_change read_stage_change(const json::node& n, const std::string& where) {
    json::object in(n, where);
    stage_change read;
    json::read(in, "event", read.event, json::as_names);
    json::read(in, "attribute", read.attribute, json::as_text);
    if (const json::node* map = in.find("map")) {
        if (map->kind != json::kind::object) {
            fail(errc::invalid_question, "the map of a stage change is an object: word, then stage or exit",
                 in.at("map"));
        }
        for (std::size_t i = 0; i < map->keys.size(); ++i) {
            read.map.emplace_back(map->keys[i], json::as_text(map->items[i], in.at("map")));
        }
    }
    json::read(in, "reason_from", read.reason_from, json::as_text);
    in.finish();
    return read;
}

rule read_rule(const json::node& n, const std::string& where) {
    json::object in(n, where);
    rule read;
    json::read(in, "name", read.name, json::as_text);
    json::read(in, "to", read.to, json::as_text);
    json::read(in, "event", read.event, json::as_names);
    json::read(in, "where", read.where, json::as_condition);
    json::read(in, "idle", read.idle, json::as_duration);
    json::read(in, "stage_change", read.stage_change, read_stage_change);
    json::read(in, "from", read.from, json::as_names);
    json::read(in, "reason", read.reason, json::as_text);
    json::read(in, "reason_from", read.reason_from, json::as_text);
    in.finish();
    return read;
}

rule_version read_version(const json::node& n, const std::string& where) {
    json::object in(n, where);
    rule_version read;
    json::read(in, "version", read.version, json::as_int);
    const json::node* from = in.find("valid_from");
    if (from == nullptr)
        fail(errc::invalid_question, "a version of the rules says from when it holds", in.at("valid_from"));
    read.valid_from = json::as_instant(*from, in.at("valid_from"));
    json::read(in, "rules", read.rules, json::list_of<rule>(read_rule));
    in.finish();
    return read;
}

void read_policies(json::object& in, lifecycle& to) {
    json::read_word(in, "skipped", to.skipped, skipped_words);
    json::read_word(in, "backward", to.backward, backward_words);
    json::read_word(in, "repeated", to.repeated, repeated_words);
    json::read_word(in, "same_time", to.same_time, same_time_words);
    json::read_word(in, "reopened", to.reopened, reopened_words);
    json::read_word(in, "unknown_stage", to.unknown_stage, unknown_stage_words);
}

lifecycle read_lifecycle(const json::node& n, const std::string& where) {
    json::object in(n, where);
    lifecycle read;
    json::read(in, "name", read.name, json::as_text);
    json::read(in, "version", read.version, json::as_int);
    json::read(in, "stages", read.stages, json::list_of<stage>(read_stage));
    json::read(in, "exits", read.exits, json::as_names);
    json::read(in, "rules", read.rules, json::list_of<rule>(read_rule));
    json::read(in, "versions", read.versions, json::list_of<rule_version>(read_version));
    read_policies(in, read);
    in.finish();
    return read;
}

}  // namespace

std::string to_json(const lifecycle& l) {
    json::writer out;
    out.begin_object().key("lifecycle").begin_object();
    if (l.name != lifecycle{}.name) out.key("name").text(l.name);
    if (l.version != lifecycle{}.version) out.key("version").integer(l.version);
    out.key("stages").begin_array();
    for (const stage& s : l.stages) write_stage(out, s);
    out.end_array();
    json::write_names(out, "exits", l.exits);
    if (!l.rules.empty()) write_rules(out, l.rules);
    write_versions(out, l);
    write_policies(out, l);
    out.end_object().end_object();
    return out.take();
}

result<lifecycle> lifecycle_from_json(std::string_view text) {
    return guarded([&] {
        const json::node whole = json::parse(text);
        json::object outer(whole, "");
        const json::node* inner = outer.find("lifecycle");
        outer.finish();
        if (inner == nullptr) fail(errc::invalid_question, "the key \"lifecycle\" is missing", "lifecycle");
        lifecycle read = read_lifecycle(*inner, "lifecycle");
        // A misspelt stage is a fault of the text; what else check() finds is the verb's to say.
        if (const auto checked = check(read); !checked && checked.error().code == errc::unknown_name) {
            fail(errc::unknown_name, checked.error().message, "lifecycle." + checked.error().where);
        }
        return read;
    });
}

}  // namespace weir::inline v1
