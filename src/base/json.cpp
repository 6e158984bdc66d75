// json.cpp - builds the tree from what Boost's parser reports.
#include "base/json.hpp"

#include <algorithm>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/src.hpp>

#include "base/fail.hpp"
#include "base/text.hpp"

namespace weir::inline v1::json {
namespace {

using failure = boost::json::error_code;
using boost::json::string_view;

// The text is given to the parser as a whole, but texts with escapes still arrive in parts.
class tree_builder {
public:
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = max_object_size;
    static constexpr std::size_t max_key_size = max_object_size;
    static constexpr std::size_t max_string_size = max_object_size;

    node root{};
    std::optional<std::string> repeated_key{};

    bool on_document_begin(failure&) { return true; }
    bool on_document_end(failure&) { return true; }

    bool on_object_begin(failure&) { return open(kind::object); }
    bool on_object_end(std::size_t, failure& f) {
        if (!find_repeated_key()) return close();
        f = boost::json::error::syntax;
        return false;
    }
    bool on_array_begin(failure&) { return open(kind::array); }
    bool on_array_end(std::size_t, failure&) { return close(); }

    bool on_key_part(string_view s, std::size_t, failure&) { return collect(s); }
    bool on_key(string_view s, std::size_t, failure&) {
        collect(s);
        open_.back().keys.push_back(std::exchange(text_, {}));
        return true;
    }
    bool on_string_part(string_view s, std::size_t, failure&) { return collect(s); }
    bool on_string(string_view s, std::size_t, failure&) {
        collect(s);
        return add({.kind = kind::text, .text = std::exchange(text_, {})});
    }
    bool on_number_part(string_view s, failure&) { return collect(s); }
    bool on_int64(std::int64_t, string_view s, failure&) { return number(s); }
    bool on_uint64(std::uint64_t, string_view s, failure&) { return number(s); }
    bool on_double(double, string_view s, failure&) { return number(s); }
    bool on_bool(bool b, failure&) { return add({.kind = kind::boolean, .truth = b}); }
    bool on_null(failure&) { return add({}); }
    bool on_comment_part(string_view, failure&) { return true; }
    bool on_comment(string_view, failure&) { return true; }

private:
    bool collect(string_view s) {
        text_.append(s.data(), s.size());
        return true;
    }
    bool number(string_view s) {
        collect(s);
        return add({.kind = kind::number, .text = std::exchange(text_, {})});
    }
    bool open(json::kind k) {
        open_.push_back({.kind = k});
        return true;
    }
    bool close() {
        node done = std::move(open_.back());
        open_.pop_back();
        return add(std::move(done));
    }
    bool add(node n) {
        if (open_.empty()) {
            root = std::move(n);
        } else {
            open_.back().items.push_back(std::move(n));
        }
        return true;
    }
    bool find_repeated_key() {
        const auto& keys = open_.back().keys;
        std::vector<std::string_view> sorted(keys.begin(), keys.end());
        std::sort(sorted.begin(), sorted.end());
        const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
        if (twice == sorted.end()) return false;
        repeated_key = *twice;
        return true;
    }

    std::vector<node> open_{};  // arrays and objects that have no end yet, outermost first
    std::string text_{};
};

std::string place(std::string_view before) {
    const auto begins_character = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const std::string_view in_line = before.substr(before.rfind('\n') + 1);
    const auto column = std::count_if(in_line.begin(), in_line.end(), begins_character) + 1;
    return std::to_string(line) + ':' + std::to_string(column);
}

std::string describe(const failure& f, const tree_builder& tree, std::string_view rest) {
    using boost::json::error;
    const std::string found = "found " + quoted(rest.substr(0, rest.find('\n')));
    if (tree.repeated_key)
        return "found the key " + quoted(*tree.repeated_key) +
               " twice in the object that ends here, expected once";
    if (f == error::too_deep) return "found more than 32 levels of arrays and objects, expected at most 32";
    if (f == error::exponent_overflow) return "found an exponent beyond all numbers, expected a smaller one";
    if (f == error::extra_data) return found + " after the JSON value, expected the end of the text";
    if (rest.empty()) return "found the end of the text, expected the rest of a JSON value";
    return found + ", which is not JSON at this place";
}

}  // namespace

node parse(std::string_view text) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());

    boost::json::basic_parser<tree_builder> parser{boost::json::parse_options{}};
    failure f;
    const std::size_t end = parser.write_some(false, text.data(), text.size(), f);
    if (!f && end < text.size()) f = boost::json::error::extra_data;
    if (f) fail(errc::bad_input, describe(f, parser.handler(), text.substr(end)), place(text.substr(0, end)));
    return std::move(parser.handler().root);
}

}  // namespace weir::inline v1::json
