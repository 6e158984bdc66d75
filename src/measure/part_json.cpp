#include "measure/part_json.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/fail.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::int64_t most = std::int64_t{1} << 48;

std::int64_t not_negative(const json::node& n, const std::string& where) {
    const std::int64_t number = json::as_integer(n, where);
    if (number < 0) fail(errc::bad_input, fmt::format("{} is less than 0", number), where);
    return number;
}

}  // namespace

void write_list(json::writer& w, std::string_view key, const std::vector<std::string>& texts) {
    w.key(key).begin_array();
    for (const auto& text : texts) w.text(text);
    w.end_array();
}

void write_list(json::writer& w, const std::vector<std::int64_t>& all) {
    w.begin_array();
    for (const std::int64_t n : all) w.integer(n);
    w.end_array();
}

void check_version(json::object& members, std::int64_t known, const char* what) {
    std::int64_t written = 0;
    json::read(members, "version", written, json::as_integer);
    if (written != known)
        fail(errc::unsupported, fmt::format("{} of version {} cannot be read, {} can", what, written, known),
             members.at("version"));
}

std::int64_t as_count(const json::node& n, const std::string& where) {
    const std::int64_t count = not_negative(n, where);
    if (count > most) fail(errc::bad_input, fmt::format("{} is more than a part may count", count), where);
    return count;
}

std::vector<std::int64_t> as_ascending(const json::node& n, const std::string& where) {
    auto all = json::list_of<std::int64_t>(not_negative)(n, where);
    if (!std::is_sorted(all.begin(), all.end())) fail(errc::bad_input, "the times do not ascend", where);
    return all;
}

std::vector<std::string> as_sorted(const json::node& n, const std::string& where) {
    auto all = json::list_of<std::string>(json::as_text)(n, where);
    if (!std::is_sorted(all.begin(), all.end())) fail(errc::bad_input, "the names do not ascend", where);
    return all;
}

std::pair<std::string, std::int64_t> as_sum(const json::node& n, const std::string& where) {
    json::object members(n, where);
    std::pair<std::string, std::int64_t> sum;
    json::read(members, "name", sum.first, json::as_text);
    json::read(members, "leads", sum.second, as_count);
    members.finish();
    return sum;
}

std::map<std::string, std::int64_t> as_sums(const json::node& n, const std::string& where) {
    const auto all = json::list_of<std::pair<std::string, std::int64_t>>(as_sum)(n, where);
    return {all.begin(), all.end()};
}

}  // namespace weir::inline v1
