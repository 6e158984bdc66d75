// mapping.cpp - looks at a mapping alone, before any file is opened.
#include "load/mapping.hpp"

#include <algorithm>
#include <utility>

#include "base/fail.hpp"
#include "base/text.hpp"
#include "load/time_format.hpp"
#include "segment/batch_data.hpp"
#include "segment/event_keys.hpp"

namespace weir::inline v1 {
namespace {

void need(const std::string& text, const char* what, const std::string& where) {
    if (text.empty()) fail(errc::bad_input, std::string("found an empty text, expected ") + what, where);
}

// Runs f and says where, should it fail.
template <class F> void at(const std::string& where, F&& f) {
    try {
        f();
    } catch (const exception& e) {
        fail(e.error().code, e.error().message, where);
    }
}

void check_format(const std::string& format, const mapping& m, const std::string& where) {
    at(where, [&] { time_format(format, m.zone); });
}

void check_attribute(const attribute_mapping& a, const std::string& where) {
    need(a.column, "the name of a column", where);
    if (auto fault = fault_of_name(name_of(a))) fail(errc::bad_input, "attribute: " + *fault, where);
    const bool is_money = a.type == attribute_type::money;
    if (is_money) at(where + ".currency", [&] { currency::parse(a.currency).value(); });
    if (!is_money && !a.currency.empty())
        fail(errc::bad_input, "found currency " + quoted(a.currency) + " on an attribute that is not money",
             where + ".currency");
}

void check_attributes(const std::vector<attribute_mapping>& attributes, const std::string& where) {
    for (std::size_t i = 0; i < attributes.size(); ++i) {
        check_attribute(attributes[i], element(where, i));
        for (std::size_t j = 0; j < i; ++j)
            if (name_of(attributes[i]) == name_of(attributes[j]))
                fail(errc::bad_input,
                     "attribute " + quoted(name_of(attributes[i])) + " stands twice, expected once",
                     element(where, i));
    }
}

void check_event(const event_mapping& e, const mapping& m, const std::string& where) {
    if (e.event.empty() == e.event_column.empty())
        fail(errc::bad_input,
             std::string("found ") +
                 (e.event.empty() ? "neither a fixed name nor a column" : "a fixed name and a column") +
                 " for the event's name, expected one of them",
             where + ".event");
    if (!e.event.empty())
        if (auto fault = fault_of_name(e.event)) fail(errc::bad_input, std::move(*fault), where + ".event");
    need(e.time, "the name of a column", where + ".time");
    if (!e.time_format.empty()) check_format(e.time_format, m, where + ".time_format");
    if (e.attributes) check_attributes(*e.attributes, where + ".attributes");
}

void check_lookup(const lookup_mapping& l, const std::string& where) {
    need(l.file, "the path of a file", where + ".file");
    need(l.key, "the name of a column", where + ".key");
    if (l.attributes.empty())
        fail(errc::bad_input, "found no attributes, expected at least one to join", where + ".attributes");
    for (std::size_t i = 0; i < l.attributes.size(); ++i)
        if (auto fault = fault_of_name(l.attributes[i]))
            fail(errc::bad_input, std::move(*fault), element(where + ".attributes", i));
}

void check_key(const mapping& m, std::size_t i) {
    const key_mapping& k = m.keys[i];
    const std::string where = "mapping.keys", attribute = event_key_attribute(k.kind);
    need(k.kind, "a kind of keys", where);
    need(k.column, "the name of a column", where);
    if (auto fault = fault_of_name(attribute)) fail(errc::bad_input, "a kind of keys: " + *fault, where);
    for (std::size_t j = 0; j < i; ++j)
        if (m.keys[j].kind == k.kind)
            fail(errc::bad_input, "the kind " + quoted(k.kind) + " stands twice, expected once", where);
    for (const event_mapping& e : m.events)
        for (const attribute_mapping& a : e.attributes.value_or(std::vector<attribute_mapping>{}))
            if (name_of(a) == attribute)
                fail(errc::bad_input,
                     "attribute " + quoted(attribute) + " comes from column " + quoted(a.column) +
                         " and from a key, expected one of them",
                     where);
}

}  // namespace

void check_mapping(const mapping& m) {
    need(m.lead, "the name of a column", "mapping.lead");
    if (m.lead_kind.find('\0') != std::string::npos)
        fail(errc::bad_input, "found a NUL character, expected a kind of keys", "mapping.lead_kind");
    at("mapping.zone", [&] { zone{m.zone}; });
    check_format(m.time_format, m, "mapping.time_format");
    for (std::size_t i = 0; i < m.events.size(); ++i)
        check_event(m.events[i], m, element("mapping.events", i));
    for (std::size_t i = 0; i < m.lookups.size(); ++i)
        check_lookup(m.lookups[i], element("mapping.lookup", i));
    for (std::size_t i = 0; i < m.keys.size(); ++i) check_key(m, i);
}

std::vector<event_mapping> events_of(const mapping& m) {
    if (!m.events.empty()) return m.events;
    return {event_mapping{.event_column = "event"}};
}

bool takes_other_columns(const mapping& m) {
    return m.events.empty() || std::any_of(m.events.begin(), m.events.end(),
                                           [](const event_mapping& e) { return !e.attributes.has_value(); });
}

std::string element(const std::string& list, std::size_t index) {
    return list + "[" + std::to_string(index) + "]";
}

const std::string& name_of(const attribute_mapping& a) { return a.name.empty() ? a.column : a.name; }

}  // namespace weir::inline v1
