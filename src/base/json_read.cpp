// json_read.cpp - what a definition in JSON says, and how it is told where it is wrong.
#include "base/json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/fail.hpp"
#include "base/text.hpp"

namespace weir::inline v1::json {
namespace {

std::string name_of(json::kind k) {
    switch (k) {
        case kind::null: return "null";
        case kind::boolean: return "a truth value";
        case kind::number: return "a number";
        case kind::text: return "a text";
        case kind::array: return "an array";
        case kind::object: return "an object";
    }
    return "nothing";
}

std::string found(const node& n) {
    switch (n.kind) {
        case kind::boolean: return n.truth ? "found true" : "found false";
        case kind::number: return "found " + n.text.substr(0, 60);
        case kind::text: return "found " + quoted(n.text);
        default: return "found " + name_of(n.kind);
    }
}

const node& expect(const node& n, json::kind k, const std::string& where) {
    if (n.kind != k) fail(errc::invalid_question, found(n) + ", expected " + name_of(k), where);
    return n;
}

[[noreturn]] void refuse_name(const std::string& wrong, const std::vector<std::string>& known,
                              const std::string& where) {
    std::string expected;
    for (const std::string& name : known) expected += (expected.empty() ? "" : ", ") + name;
    if (expected.empty()) expected = "none at all";
    expected += did_you_mean(wrong, known);
    fail(errc::unknown_name, "found " + quoted(wrong) + ", expected " + expected, where);
}

// A value that cannot be read is a fault of the definition that it stands in.
template <class T> T accept(result<T> r, const std::string& where) {
    if (r) return *std::move(r);
    const error& e = r.error();
    const std::string inside = e.where.empty() ? where : where + ": " + e.where;
    fail(e.code == errc::bad_input ? errc::invalid_question : e.code, e.message, inside);
}

}  // namespace

node parse_member(std::string_view text, std::string_view name) {
    node root = parse(text);
    object members(root, "");
    const bool is_there = members.find(name) != nullptr;
    members.finish();
    if (!is_there) fail(errc::bad_input, "the object has no member " + quoted(name), std::string(name));
    return std::move(root.items.front());  // the only one
}

const node* node::find(std::string_view key) const {
    const auto at = std::find(keys.begin(), keys.end(), key);
    return at == keys.end() ? nullptr : &items[static_cast<std::size_t>(at - keys.begin())];
}

std::string as_text(const node& n, const std::string& where) { return expect(n, kind::text, where).text; }

bool as_bool(const node& n, const std::string& where) { return expect(n, kind::boolean, where).truth; }

std::int64_t as_integer(const node& n, const std::string& where) {
    const std::string& digits = expect(n, kind::number, where).text;
    std::int64_t integer = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), integer);
    if (read.ec != std::errc{})
        fail(errc::invalid_question, found(n) + ", expected an integer of at most 64 bits", where);
    if (read.ptr != digits.data() + digits.size())
        fail(errc::invalid_question, found(n) + ", expected an integer without point or exponent", where);
    return integer;
}

int as_int(const node& n, const std::string& where) {
    const std::int64_t integer = as_integer(n, where);
    if (!std::in_range<int>(integer))
        fail(errc::invalid_question, found(n) + ", expected an integer of at most 32 bits", where);
    return static_cast<int>(integer);
}

double as_double(const node& n, const std::string& where) {
    const auto number = as_number(expect(n, kind::number, where).text);
    if (!number) fail(errc::invalid_question, found(n) + ", expected a number that a double can hold", where);
    return *number;
}

duration as_duration(const node& n, const std::string& where) {
    return accept(parse_duration(as_text(n, where)), where);
}

instant as_instant(const node& n, const std::string& where) {
    return accept(parse_instant(as_text(n, where)), where);
}

condition as_condition(const node& n, const std::string& where) {
    return accept(parse_condition(as_text(n, where)), where);
}

names as_names(const node& n, const std::string& where) {
    if (n.kind == kind::text) return names(n.text);
    if (n.kind != kind::array)
        fail(errc::invalid_question, found(n) + ", expected a text or an array of texts", where);
    std::vector<std::string> texts;
    for (const node& item : n.items)
        texts.push_back(as_text(item, where + '[' + std::to_string(texts.size()) + ']'));
    return names(texts);
}

period as_period(const node& n, const std::string& where) {
    object members(n, where);
    period p;
    if (const node* from = members.find("from")) p.from = as_instant(*from, members.at("from"));
    if (const node* until = members.find("until")) p.until = as_instant(*until, members.at("until"));
    members.finish();
    return p;
}

calendar as_calendar(const node& n, const std::string& where) {
    object members(n, where);
    const node* unit = members.find("unit");
    const node* zone = members.find("zone");
    members.finish();
    if (unit == nullptr)
        fail(errc::invalid_question, "found no unit, expected one, such as {\"unit\": \"week\"}", where);
    calendar c;
    c.unit = static_cast<calendar_unit>(as_word(*unit, members.at("unit"), calendar_units));
    if (zone != nullptr) c.zone = as_text(*zone, members.at("zone"));
    return c;
}

std::size_t as_word(const node& n, const std::string& where, std::span<const std::string_view> words) {
    const std::string& word = expect(n, kind::text, where).text;
    const auto at = std::find(words.begin(), words.end(), word);
    if (at != words.end()) return static_cast<std::size_t>(at - words.begin());
    refuse_name(word, {words.begin(), words.end()}, where);
}

const std::vector<node>& as_array(const node& n, const std::string& where) {
    return expect(n, kind::array, where).items;
}

object::object(const node& n, std::string where)
    : node_(expect(n, kind::object, where)), where_(std::move(where)) {}

const node* object::find(std::string_view key) {
    known_.emplace_back(key);
    return node_.find(key);
}

std::string object::at(std::string_view key) const {
    return where_.empty() ? std::string(key) : where_ + '.' + std::string(key);
}

void object::finish() const {
    for (const std::string& key : node_.keys)
        if (std::find(known_.begin(), known_.end(), key) == known_.end()) refuse_name(key, known_, at(key));
}

}  // namespace weir::inline v1::json
