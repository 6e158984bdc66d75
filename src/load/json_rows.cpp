// json_rows.cpp - reads lines, and their objects into cells; numbers stay as they were written.
#include "load/json_rows.hpp"

#include <charconv>
#include <utility>

#include "base/fail.hpp"
#include "base/text.hpp"
#include "segment/batch_data.hpp"
#include "segment/event_keys.hpp"

namespace weir::inline v1 {
namespace {

bool is_integer(std::string_view number) {
    std::int64_t ignored = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), ignored);
    return error == std::errc() && end == number.data() + number.size();
}

file_cell cell_of(const json::node& value) {
    switch (value.kind) {
        case json::kind::null: return {};
        case json::kind::boolean: return {cell_kind::boolean, value.truth ? "true" : "false"};
        case json::kind::number:
            return {is_integer(value.text) ? cell_kind::integer : cell_kind::number, value.text};
        case json::kind::text: return {cell_kind::text, value.text};
        case json::kind::array: return {cell_kind::nested, "an array"};
        case json::kind::object: return {cell_kind::nested, "an object"};
    }
    return {};
}

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r\n") == std::string_view::npos; }

}  // namespace

json_rows::json_rows(const std::string& path, const std::optional<std::string>& content, std::string name,
                     bool all_keys)
    : text_(path, content), all_keys_(all_keys) {
    where_ = std::move(name);
}

bool json_rows::next(file_row& to) {
    do {
        if (!next_line()) return false;
    } while (!too_long_ && is_blank(line_text_));
    to.line = line_;
    to.fault.reset();
    if (too_long_) {
        to.fault = {0, {}, "found a line of more than " + std::to_string(max_json_line_bytes) + " bytes"};
    } else if (auto reason = fault_of_bytes(line_text_)) {
        to.fault = {0, {}, std::move(*reason)};
    } else {
        read_object(to);
    }
    return true;
}

bool json_rows::next_line() {
    text_.drop(line_bytes_);
    ++line_;
    too_long_ = false;
    std::size_t searched = 0;
    while (true) {
        const std::string_view seen(text_.data(), text_.size());
        const auto end = seen.find('\n', searched);
        if (end != std::string_view::npos) {
            line_text_ = seen.substr(0, end);
            line_bytes_ = end + 1;
            return true;
        }
        searched = seen.size();
        if (searched > max_json_line_bytes) {
            too_long_ = true;
            text_.drop(searched);
            searched = 0;
        }
        if (text_.grow()) continue;
        line_text_ = {text_.data(), text_.size()};
        line_bytes_ = text_.size();
        return too_long_ || line_bytes_ > 0;
    }
}

void json_rows::read_object(file_row& to) {
    try {
        object_ = json::parse(line_text_);
    } catch (const exception& e) {
        if (e.error().code != errc::bad_input) throw;
        to.fault = {0, {}, e.error().message};
        return;
    }
    if (object_.kind != json::kind::object) {
        to.fault = {0, {}, "found JSON that is not an object, expected one like {\"lead\": ...}"};
        return;
    }
    to.cells.assign(columns_.size(), {});
    for (std::size_t i = 0; i < object_.keys.size() && !to.fault; ++i) {
        const json::node& value = object_.items[i];
        const bool has_keys = object_.keys[i] == "keys" && value.kind == json::kind::object;
        to.fault = has_keys ? fill_keys(value, to) : fill(object_.keys[i], value, to);
    }
}

std::optional<row_fault> json_rows::fill_keys(const json::node& keys, file_row& to) {
    for (std::size_t i = 0; i < keys.keys.size(); ++i)
        if (auto fault = fill(event_key_attribute(keys.keys[i]), keys.items[i], to)) return fault;
    return std::nullopt;
}

std::optional<row_fault> json_rows::fill(const std::string& key, const json::node& value, file_row& to) {
    auto found = keys_.find(key);
    if (!found && !all_keys_) return std::nullopt;
    if (!found) {
        if (auto reason = fault_of_name(key))
            return row_fault{0, key, "a key cannot name an attribute: " + *reason};
        if (columns_.size() == max_columns)
            return row_fault{0, key,
                             "found one more key, at most " + std::to_string(max_columns) + " are allowed"};
        found = static_cast<text_table::code>(column(key));
        to.cells.emplace_back();
    }
    if (filled_by_others_[*found]) return row_fault{0, key, "found a key that comes from a lookup as well"};
    to.cells[*found] = cell_of(value);
    return std::nullopt;
}

std::size_t json_rows::column(const std::string& name) {
    const std::size_t index = keys_.insert(name);
    if (index == columns_.size()) {
        columns_.push_back(name);
        filled_by_others_.push_back(false);
    }
    return index;
}

std::size_t json_rows::add_column(const std::string& name) {
    const std::size_t before = columns_.size();
    const std::size_t index = column(name);
    if (columns_.size() == before)
        fail(errc::bad_input, "column " + quoted(name) + " comes from two lookups, or is the key of one",
             where_);
    filled_by_others_[index] = true;
    return index;
}

}  // namespace weir::inline v1
