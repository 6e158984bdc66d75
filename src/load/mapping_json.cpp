// mapping_json.cpp - a mapping as JSON, in and out.
#include <array>
#include <span>

#include <weir/ingest.hpp>

#include "base/fail.hpp"
#include "base/json.hpp"
#include "load/mapping.hpp"

namespace weir::inline v1 {
namespace {

// Reads a member that is a text, if there is one.
void read(json::object& from, std::string_view key, std::string& to) {
    if (const auto* n = from.find(key)) to = json::as_text(*n, from.at(key));
}

template <class T, class Read>
void read_list(json::object& from, std::string_view key, std::vector<T>& to, Read read_one) {
    const auto* n = from.find(key);
    if (n == nullptr) return;
    const std::string where = from.at(key);
    const auto& items = json::as_array(*n, where);
    for (std::size_t i = 0; i < items.size(); ++i) to.push_back(read_one(items[i], element(where, i)));
}

attribute_mapping attribute_from(const json::node& n, const std::string& where) {
    attribute_mapping a;
    if (n.kind == json::kind::text) {
        a.column = n.text;
        return a;
    }
    json::object from(n, where);
    read(from, "name", a.name);
    a.column = a.name;
    read(from, "column", a.column);
    read(from, "currency", a.currency);
    if (const auto* type = from.find("type")) {
        const auto words = std::span(attribute_type_words).subspan(1);  // as_read is the absence of a type
        a.type = static_cast<attribute_type>(json::as_word(*type, from.at("type"), words) + 1);
    }
    from.finish();
    return a;
}

void read_event_name(json::object& from, event_mapping& e) {
    const auto* n = from.find("event");
    if (n == nullptr) return;
    if (n->kind != json::kind::object) {
        e.event = json::as_text(*n, from.at("event"));
        return;
    }
    json::object column(*n, from.at("event"));
    read(column, "column", e.event_column);
    column.finish();
}

event_mapping event_from(const json::node& n, const std::string& where) {
    json::object from(n, where);
    event_mapping e;
    read_event_name(from, e);
    read(from, "time", e.time);
    read(from, "time_format", e.time_format);
    read(from, "id", e.id);
    if (from.find("attributes") != nullptr)
        read_list(from, "attributes", e.attributes.emplace(), attribute_from);
    from.finish();
    return e;
}

lookup_mapping lookup_from(const json::node& n, const std::string& where) {
    json::object from(n, where);
    lookup_mapping l;
    read(from, "file", l.file);
    read(from, "key", l.key);
    read_list(from, "attributes", l.attributes, json::as_text);
    from.finish();
    return l;
}

// {"user": "user_id"}: a kind, then a column.
std::vector<key_mapping> keys_from(const json::node& n, const std::string& where) {
    if (n.kind != json::kind::object)
        fail(errc::bad_input, "keys are an object: a kind, then the column that holds the key", where);
    std::vector<key_mapping> keys;
    for (std::size_t i = 0; i < n.keys.size(); ++i)
        keys.push_back({n.keys[i], json::as_text(n.items[i], where + '.' + n.keys[i])});
    return keys;
}

void write(json::writer& to, const attribute_mapping& a) {
    if (a == attribute_mapping{.column = a.column}) {
        to.text(a.column);
        return;
    }
    to.begin_object();
    if (!a.name.empty()) to.key("name").text(a.name);
    to.key("column").text(a.column);
    if (a.type != attribute_type::as_read)
        to.key("type").text(attribute_type_words[static_cast<std::size_t>(a.type)]);
    if (!a.currency.empty()) to.key("currency").text(a.currency);
    to.end_object();
}

void write(json::writer& to, const event_mapping& e) {
    to.begin_object().key("event");
    if (e.event_column.empty())
        to.text(e.event);
    else
        to.begin_object().key("column").text(e.event_column).end_object();
    to.key("time").text(e.time);
    if (!e.time_format.empty()) to.key("time_format").text(e.time_format);
    if (!e.id.empty()) to.key("id").text(e.id);
    if (e.attributes) {
        to.key("attributes").begin_array();
        for (const auto& a : *e.attributes) write(to, a);
        to.end_array();
    }
    to.end_object();
}

void write(json::writer& to, const lookup_mapping& l) {
    to.begin_object().key("file").text(l.file).key("key").text(l.key).key("attributes").begin_array();
    for (const auto& a : l.attributes) to.text(a);
    to.end_array().end_object();
}

template <class T> void write_list(json::writer& to, std::string_view key, const std::vector<T>& list) {
    if (list.empty()) return;
    to.key(key).begin_array();
    for (const auto& item : list) write(to, item);
    to.end_array();
}

mapping mapping_of(const json::node& root) {
    json::object from(root, "mapping");
    mapping m;
    read(from, "lead", m.lead);
    read(from, "lead_kind", m.lead_kind);
    read(from, "time_format", m.time_format);
    read(from, "zone", m.zone);
    read_list(from, "events", m.events, event_from);
    read_list(from, "lookup", m.lookups, lookup_from);
    json::read(from, "keys", m.keys, keys_from);
    from.finish();
    return m;
}

}  // namespace

result<mapping> mapping_from_json(std::string_view text) {
    auto read = guarded([&] {
        mapping m = mapping_of(json::parse(text));
        check_mapping(m);
        return m;
    });
    // The readers of JSON are those of questions, and say so.
    if (!read && read.error().code == errc::invalid_question) read.error().code = errc::bad_input;
    return read;
}

std::string to_json(const mapping& m) {
    json::writer to;
    to.begin_object().key("lead").text(m.lead);
    json::write_text(to, "lead_kind", m.lead_kind);
    to.key("time_format").text(m.time_format).key("zone").text(m.zone);
    write_list(to, "events", m.events);
    write_list(to, "lookup", m.lookups);
    if (!m.keys.empty()) {
        to.key("keys").begin_object();
        for (const key_mapping& k : m.keys) to.key(k.kind).text(k.column);
        to.end_object();
    }
    return to.end_object().take();
}

}  // namespace weir::inline v1
