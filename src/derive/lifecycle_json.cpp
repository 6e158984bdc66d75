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

std::string item(const std::string& list, std::size_t i) { return list + "[" + std::to_string(i) + "]"; }

// Writing. What is default is left out.

void write_text(json::writer& out, std::string_view key, const std::string& text) {
    if (!text.empty()) out.key(key).text(text);
}

void write_names(json::writer& out, std::string_view key, const names& list) {
    if (!list.empty()) json::write(out.key(key), list);
}

template <class Policy, std::size_t N>
void write_policy(json::writer& out, std::string_view key, Policy value,
                  const std::array<std::string_view, N>& words) {
    if (value != Policy{}) out.key(key).text(words[static_cast<std::size_t>(value)]);
}

void write_stage(json::writer& out, const stage& s) {
    if (!s.stalled_after && !s.terminal) {
        out.text(s.name);
        return;
    }
    out.begin_object().key("name").text(s.name);
    if (s.stalled_after) out.key("stalled_after").text(json::print_duration(*s.stalled_after));
    if (s.terminal) out.key("terminal").boolean(true);
    out.end_object();
}

void write_stage_change(json::writer& out, const stage_change& change) {
    out.key("stage_change").begin_object();
    write_names(out, "event", change.event);
    write_text(out, "attribute", change.attribute);
    if (!change.map.empty()) {
        out.key("map").begin_object();
        for (const auto& [word, target] : change.map) out.key(word).text(target);
        out.end_object();
    }
    write_text(out, "reason_from", change.reason_from);
    out.end_object();
}

void write_rule(json::writer& out, const rule& r) {
    out.begin_object();
    write_text(out, "name", r.name);
    write_text(out, "to", r.to);
    write_names(out, "event", r.event);
    if (!r.where.always()) out.key("where").text(to_string(r.where));
    if (r.idle) out.key("idle").text(json::print_duration(*r.idle));
    if (r.stage_change != stage_change{}) write_stage_change(out, r.stage_change);
    write_names(out, "from", r.from);
    write_text(out, "reason", r.reason);
    write_text(out, "reason_from", r.reason_from);
    out.end_object();
}

void write_policies(json::writer& out, const lifecycle& l) {
    write_policy(out, "skipped", l.skipped, skipped_words);
    write_policy(out, "backward", l.backward, backward_words);
    write_policy(out, "repeated", l.repeated, repeated_words);
    write_policy(out, "same_time", l.same_time, same_time_words);
    write_policy(out, "reopened", l.reopened, reopened_words);
    write_policy(out, "unknown_stage", l.unknown_stage, unknown_stage_words);
}

// Reading.

void read_text(json::object& in, std::string_view key, std::string& to) {
    if (const json::node* found = in.find(key)) to = json::as_text(*found, in.at(key));
}

void read_names(json::object& in, std::string_view key, names& to) {
    if (const json::node* found = in.find(key)) to = json::as_names(*found, in.at(key));
}

void read_duration(json::object& in, std::string_view key, std::optional<duration>& to) {
    if (const json::node* found = in.find(key)) to = json::as_duration(*found, in.at(key));
}

template <class Policy, std::size_t N>
void read_policy(json::object& in, std::string_view key, Policy& to,
                 const std::array<std::string_view, N>& words) {
    if (const json::node* found = in.find(key))
        to = static_cast<Policy>(json::as_word(*found, in.at(key), words));
}

stage read_stage(const json::node& n, const std::string& where) {
    if (n.kind == json::kind::text) return n.text;
    json::object in(n, where);
    stage read{""};
    read_text(in, "name", read.name);
    read_duration(in, "stalled_after", read.stalled_after);
    if (const json::node* found = in.find("terminal"))
        read.terminal = json::as_bool(*found, in.at("terminal"));
    in.finish();
    return read;
}

stage_change read_stage_change(const json::node& n, const std::string& where) {
    json::object in(n, where);
    stage_change read;
    read_names(in, "event", read.event);
    read_text(in, "attribute", read.attribute);
    if (const json::node* map = in.find("map")) {
        if (map->kind != json::kind::object) {
            fail(errc::invalid_question, "the map of a stage change is an object: word, then stage or exit",
                 in.at("map"));
        }
        for (std::size_t i = 0; i < map->keys.size(); ++i) {
            read.map.emplace_back(map->keys[i], json::as_text(map->items[i], in.at("map")));
        }
    }
    read_text(in, "reason_from", read.reason_from);
    in.finish();
    return read;
}

rule read_rule(const json::node& n, const std::string& where) {
    json::object in(n, where);
    rule read;
    read_text(in, "name", read.name);
    read_text(in, "to", read.to);
    read_names(in, "event", read.event);
    if (const json::node* found = in.find("where")) read.where = json::as_condition(*found, in.at("where"));
    read_duration(in, "idle", read.idle);
    if (const json::node* found = in.find("stage_change")) {
        read.stage_change = read_stage_change(*found, in.at("stage_change"));
    }
    read_names(in, "from", read.from);
    read_text(in, "reason", read.reason);
    read_text(in, "reason_from", read.reason_from);
    in.finish();
    return read;
}

void read_policies(json::object& in, lifecycle& to) {
    read_policy(in, "skipped", to.skipped, skipped_words);
    read_policy(in, "backward", to.backward, backward_words);
    read_policy(in, "repeated", to.repeated, repeated_words);
    read_policy(in, "same_time", to.same_time, same_time_words);
    read_policy(in, "reopened", to.reopened, reopened_words);
    read_policy(in, "unknown_stage", to.unknown_stage, unknown_stage_words);
}

int read_version(const json::node& n, const std::string& where) {
    const std::int64_t version = json::as_integer(n, where);
    if (!std::in_range<int>(version)) {
        fail(errc::invalid_question, "the version " + std::to_string(version) + " does not fit into 32 bits",
             where);
    }
    return static_cast<int>(version);
}

lifecycle read_lifecycle(const json::node& n, const std::string& where) {
    json::object in(n, where);
    lifecycle read;
    read_text(in, "name", read.name);
    if (const json::node* found = in.find("version")) read.version = read_version(*found, in.at("version"));
    if (const json::node* found = in.find("stages")) {
        const auto& items = json::as_array(*found, in.at("stages"));
        for (std::size_t i = 0; i < items.size(); ++i) {
            read.stages.push_back(read_stage(items[i], item(in.at("stages"), i)));
        }
    }
    read_names(in, "exits", read.exits);
    if (const json::node* found = in.find("rules")) {
        const auto& items = json::as_array(*found, in.at("rules"));
        for (std::size_t i = 0; i < items.size(); ++i) {
            read.rules.push_back(read_rule(items[i], item(in.at("rules"), i)));
        }
    }
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
    write_names(out, "exits", l.exits);
    if (!l.rules.empty()) {
        out.key("rules").begin_array();
        for (const rule& r : l.rules) write_rule(out, r);
        out.end_array();
    }
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
