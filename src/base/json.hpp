// base/json.hpp - JSON in and out: a small tree with numbers kept as written, and a streaming writer.
//
// Numbers stay text until somebody says what they should be, so that integers and decimals are exact.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weir/condition.hpp>
#include <weir/error.hpp>
#include <weir/time.hpp>
#include <weir/value.hpp>

namespace weir::inline v1::json {

/// The words for the values of calendar_unit, in their order.
inline constexpr std::array<std::string_view, 7> calendar_units{"none",  "hour",    "day", "week",
                                                                "month", "quarter", "year"};

enum class kind : std::uint8_t { null, boolean, number, text, array, object };

struct node {
    json::kind kind = kind::null;
    bool truth = false;
    std::string text{};               ///< a text, or a number as it was written
    std::vector<std::string> keys{};  ///< of an object, in order; none stands twice
    std::vector<node> items{};        ///< of an array, or of an object: items[i] belongs to keys[i]

    const node* find(std::string_view key) const;
};

/// Reads one JSON value; a byte-order mark is skipped. Throws bad_input with `where` = "line:column" for a
/// syntax error, a key that stands twice, more than 32 levels, or text after the value.
node parse(std::string_view text);
/// Reads an object that has one member, of that name, and gives its value. Throws as parse() does, bad_input
/// without the member, and unknown_name for another.
node parse_member(std::string_view text, std::string_view name);

// Each reads a node as one kind of thing; `where` is its place in the question and goes into the error.
std::string as_text(const node&, const std::string& where);
bool as_bool(const node&, const std::string& where);
std::int64_t as_integer(const node&, const std::string& where);
int as_int(const node&, const std::string& where);
double as_double(const node&, const std::string& where);
duration as_duration(const node&, const std::string& where);    ///< text "30d"
instant as_instant(const node&, const std::string& where);      ///< text
condition as_condition(const node&, const std::string& where);  ///< text
names as_names(const node&, const std::string& where);          ///< a text or an array of texts
period as_period(const node&, const std::string& where);        ///< {"from", "until"}
calendar as_calendar(const node&, const std::string& where);    ///< {"unit", "zone"}
/// The index of the text in `words`; unknown_name with a suggestion if it is none of them.
std::size_t as_word(const node&, const std::string& where, std::span<const std::string_view> words);
/// The items of an array.
const std::vector<node>& as_array(const node&, const std::string& where);

/// Reads the members of an object and refuses what nobody asked for.
class object {
public:
    object(const node&, std::string where);
    /// The member, or nullptr; either way the key is known from now on.
    const node* find(std::string_view key);
    /// "funnel.steps" for the key "steps" of an object at "funnel".
    std::string at(std::string_view key) const;
    /// Throws unknown_name, with a suggestion, if a member was never asked for.
    void finish() const;

private:
    const node& node_;
    std::string where_;
    std::vector<std::string> known_{};
};

// Each reads a member if it is there and leaves the default if not.
template <class T, class Read> void read(object& members, std::string_view key, T& into, Read as) {
    if (const auto* n = members.find(key)) into = as(*n, members.at(key));
}
template <class Axis, std::size_t N>
void read_word(object& members, std::string_view key, Axis& into,
               const std::array<std::string_view, N>& axis) {
    if (const auto* n = members.find(key)) into = static_cast<Axis>(as_word(*n, members.at(key), axis));
}

/// Reads an array, item by item, each at "where[i]".
template <class T, class Read> auto list_of(Read as) {
    return [as](const node& n, const std::string& where) {
        std::vector<T> list;
        for (const node& item : as_array(n, where))
            list.push_back(as(item, where + '[' + std::to_string(list.size()) + ']'));
        return list;
    };
}

/// Writes JSON into a string. Keys and values are given in order; commas, quotes and indentation come by
/// themselves.
class writer {
public:
    explicit writer(int indent = 0) : indent_(indent) {}
    writer& begin_object();
    writer& end_object();
    writer& begin_array();
    writer& end_array();
    writer& key(std::string_view);
    writer& text(std::string_view);  ///< control characters escaped; bad UTF-8 becomes U+FFFD
    writer& integer(std::int64_t);
    writer& number(double);  ///< shortest text that reads back; null if it is not finite
    writer& boolean(bool);
    writer& null();
    writer& raw(std::string_view json);  ///< a value that is JSON already
    /// The text so far; each begin must have had its end.
    std::string take() { return std::move(out_); }

private:
    void begin(char bracket);
    void end(char bracket);
    void before_value();
    void new_line();
    std::string out_{};
    std::vector<bool> first_{};
    int indent_;
    bool after_key_ = false;
};

/// Writes a tree back; numbers stay as they were written.
void write(writer&, const node&);

// What questions share.
void write(writer&, const names&);  ///< one name as a text, several as an array
void write(writer&, const period&);
void write(writer&, const calendar&);

// A member each, left out where there is nothing to say.
void write_text(writer&, std::string_view key, const std::string&);
void write_names(writer&, std::string_view key, const names&);
void write_condition(writer&, std::string_view key, const condition&);
void write_duration(writer&, std::string_view key, const std::optional<duration>&);
template <class Axis, std::size_t N>
void write_word(writer& w, std::string_view key, Axis value, const std::array<std::string_view, N>& axis) {
    if (value != Axis{}) w.key(key).text(axis[static_cast<std::size_t>(value)]);
}
std::string print_duration(duration);  ///< exact, in the largest unit that fits: "30d", "90s"

}  // namespace weir::inline v1::json
