// measure/part_json.hpp - what the JSON forms of parts of answers share.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"

namespace weir::inline v1 {

void write_list(json::writer&, std::string_view key, const std::vector<std::string>&);
void write_list(json::writer&, const std::vector<std::int64_t>&);
/// [{"name", "leads"}, ...] of pairs.
template <class Sums> void write_sums(json::writer& w, std::string_view key, const Sums& all) {
    w.key(key).begin_array();
    for (const auto& [name, leads] : all)
        w.begin_object().key("name").text(name).key("leads").integer(leads).end_object();
    w.end_array();
}

/// Reads the member "version" of what is named, as "a part"; throws unsupported for another than the known.
void check_version(json::object&, std::int64_t known, const char* what);
/// 0 to 2^48, so that sums of many cannot overflow.
std::int64_t as_count(const json::node&, const std::string& where);
std::vector<std::int64_t> as_ascending(const json::node&, const std::string& where);  ///< times, none below 0
std::vector<std::string> as_sorted(const json::node&, const std::string& where);
std::pair<std::string, std::int64_t> as_sum(const json::node&, const std::string& where);
std::map<std::string, std::int64_t> as_sums(const json::node&, const std::string& where);

/// Calls read_one(item, where) for each item of an array that may be missing.
template <class Read> void read_items(json::object& members, std::string_view key, Read&& read_one) {
    const json::node* const list = members.find(key);
    if (list == nullptr) return;
    for (std::size_t i = 0; i < json::as_array(*list, members.at(key)).size(); ++i)
        read_one(list->items[i], members.at(key) + '[' + std::to_string(i) + ']');
}

}  // namespace weir::inline v1
