// json_writer.cpp - JSON as text, compact or indented.
#include "base/json.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <iterator>

#include "base/text.hpp"

namespace weir::inline v1::json {
namespace {

std::size_t length_of_character(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    return length <= text.size() && valid_utf8(text.substr(0, length)) ? length : 0;
}

std::string escaped(char c) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
        case '"': return "\\\"";
        case '\\': return "\\\\";
        case '\n': return "\\n";
        case '\r': return "\\r";
        case '\t': return "\\t";
        default: break;
    }
    if (byte >= 0x20) return {c};
    return {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
}

void append_text(std::string& out, std::string_view text) {
    constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD
    out += '"';
    while (!text.empty()) {
        const std::size_t length = length_of_character(text);
        if (length == 1) {
            out += escaped(text.front());
        } else {
            out += length == 0 ? replacement : text.substr(0, length);
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    out += '"';
}

}  // namespace

void writer::new_line() {
    if (indent_ == 0) return;
    out_ += '\n';
    out_.append(first_.size() * static_cast<std::size_t>(indent_), ' ');
}

void writer::before_value() {
    if (after_key_) {
        after_key_ = false;
        return;
    }
    if (first_.empty()) return;
    if (!first_.back()) out_ += ',';
    first_.back() = false;
    new_line();
}

void writer::begin(char bracket) {
    before_value();
    out_ += bracket;
    first_.push_back(true);
}

void writer::end(char bracket) {
    assert(!first_.empty() && !after_key_);
    const bool was_empty = first_.back();
    first_.pop_back();
    if (!was_empty) new_line();
    out_ += bracket;
}

writer& writer::begin_object() { return begin('{'), *this; }
writer& writer::end_object() { return end('}'), *this; }
writer& writer::begin_array() { return begin('['), *this; }
writer& writer::end_array() { return end(']'), *this; }

writer& writer::key(std::string_view name) {
    before_value();
    append_text(out_, name);
    out_ += indent_ == 0 ? ":" : ": ";
    after_key_ = true;
    return *this;
}

writer& writer::text(std::string_view s) {
    before_value();
    append_text(out_, s);
    return *this;
}

writer& writer::raw(std::string_view json) {
    before_value();
    out_ += json;
    return *this;
}

writer& writer::integer(std::int64_t i) { return raw(std::to_string(i)); }
writer& writer::number(double d) { return std::isfinite(d) ? raw(print_number(d)) : null(); }
writer& writer::boolean(bool b) { return raw(b ? "true" : "false"); }
writer& writer::null() { return raw("null"); }

void write(writer& w, const names& list) {
    if (list.size() == 1) {
        w.text(list[0]);
        return;
    }
    w.begin_array();
    for (const std::string& name : list) w.text(name);
    w.end_array();
}

void write(writer& w, const period& p) {
    w.begin_object();
    if (p.from) w.key("from").text(to_string(*p.from));
    if (p.until) w.key("until").text(to_string(*p.until));
    w.end_object();
}

void write(writer& w, const calendar& c) {
    w.begin_object().key("unit").text(calendar_units[static_cast<std::size_t>(c.unit)]);
    if (c.zone != "UTC") w.key("zone").text(c.zone);
    w.end_object();
}

void write_text(writer& w, std::string_view key, const std::string& text) {
    if (!text.empty()) w.key(key).text(text);
}

void write_names(writer& w, std::string_view key, const names& list) {
    if (!list.empty()) write(w.key(key), list);
}

void write_condition(writer& w, std::string_view key, const condition& where) {
    if (!where.always()) w.key(key).text(to_string(where));
}

void write_duration(writer& w, std::string_view key, const std::optional<duration>& d) {
    if (d) w.key(key).text(print_duration(*d));
}

std::string print_duration(duration d) {
    struct unit {
        std::int64_t microseconds;
        const char* name;
    };
    constexpr std::int64_t second = 1'000'000;
    constexpr unit units[] = {
        {86'400 * second, "d"}, {3'600 * second, "h"}, {60 * second, "m"},
        {second, "s"},          {1'000, "ms"},         {1, "us"},
    };
    if (d == duration::zero()) return "0s";
    const auto divides = [d](const unit& u) { return d.count() % u.microseconds == 0; };
    const unit* largest = std::find_if(std::begin(units), std::end(units), divides);
    return std::to_string(d.count() / largest->microseconds) + largest->name;
}

void write(writer& w, const node& n) {
    switch (n.kind) {
        case kind::null: w.null(); return;
        case kind::boolean: w.boolean(n.truth); return;
        case kind::number: w.raw(n.text); return;
        case kind::text: w.text(n.text); return;
        case kind::array:
            w.begin_array();
            for (const node& item : n.items) write(w, item);
            w.end_array();
            return;
        case kind::object:
            w.begin_object();
            for (std::size_t i = 0; i < n.keys.size(); ++i) write(w.key(n.keys[i]), n.items[i]);
            w.end_object();
            return;
    }
}

}  // namespace weir::inline v1::json
