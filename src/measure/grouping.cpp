// grouping.cpp - groups of leads by a touched value, met by many workers and put into one order.
#include "measure/grouping.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/fail.hpp"
#include "base/text.hpp"

namespace weir::inline v1 {
namespace {

[[noreturn]] void too_many(int max_groups) {
    fail(errc::limit_exceeded,
         fmt::format("the breakdown has more than {} groups; raise max_groups", max_groups), "max_groups");
}

bool exceeds(std::size_t groups, int max_groups) {
    return groups > static_cast<std::size_t>(std::max(max_groups, 0));
}

// The first value in the order of iteration, compared with all others of its instant.
template <class Iterator>
touch first_found(const attribute_reader& reader, Iterator begin, Iterator end, touching which) {
    touch found;
    std::int64_t decided_at = 0;
    for (auto it = begin; it != end; ++it) {
        const row& r = *it;
        if (!found.value.missing() && r.time != decided_at) break;
        if (which == touching::raw && r.order != 0) continue;
        const datum d = reader.at(r);
        if (d.missing()) continue;
        if (found.value.missing()) {
            found.value = d;
            decided_at = r.time;
        } else if (reader.reads_otherwise(d, found.value)) {
            found.disputed = true;
            break;
        }
    }
    return found;
}

}  // namespace

std::span<const row> up_to(std::span<const row> rows, std::int64_t until) {
    const auto end =
        std::partition_point(rows.begin(), rows.end(), [&](const row& r) { return r.time <= until; });
    return rows.first(static_cast<std::size_t>(end - rows.begin()));
}

touch first_touch(const attribute_reader& reader, std::span<const row> rows, std::int64_t until,
                  touching which) {
    const auto seen = up_to(rows, until);
    return first_found(reader, seen.begin(), seen.end(), which);
}

touch last_touch(const attribute_reader& reader, std::span<const row> rows, std::int64_t until,
                 touching which) {
    const auto seen = up_to(rows, until);
    return first_found(reader, seen.rbegin(), seen.rend(), which);
}

std::size_t group_set::look_up(const datum& d) {
    if (const auto known = by_value_.find(d); known != by_value_.end()) return known->second;
    std::string text = d.missing() ? std::string(no_group) : reader_->text_of(d);
    if (!d.missing() && text == no_group) value_reads_none_ = true;
    const std::size_t number = add(std::move(text));
    by_value_.emplace(d, number);
    make_quick(d, number);
    return number;
}

void group_set::make_quick(const datum& d, std::size_t number) {
    if (d.missing() || reader_->kind_of(d) != value_kind::text || d.bits >= std::int64_t{most_codes}) return;
    if (quick_column_ == datum::none) quick_column_ = d.column;
    if (quick_column_ != d.column) return;
    const auto code = static_cast<std::size_t>(d.bits);
    if (code >= quick_.size()) quick_.resize(code + 1);
    quick_[code] = number + 1;
}

std::size_t group_set::add(std::string text) {
    if (const auto known = by_text_.find(text); known != by_text_.end()) return known->second;
    const std::size_t number = texts_.size();
    check_groups(number + 1, max_groups_);
    if (text == no_group) none_ = number;
    texts_.push_back(text);
    by_text_.emplace(std::move(text), number);
    return number;
}

group_order merge_groups(std::span<const group_set> workers, int max_groups) {
    const auto none_last = [](std::string_view a, std::string_view b) {
        return std::pair(a == no_group, a) < std::pair(b == no_group, b);
    };
    std::map<std::string_view, std::size_t, decltype(none_last)> place_of(none_last);
    group_order order;
    for (const auto& w : workers) {
        for (const auto& text : w.texts()) place_of.emplace(text, 0);
        order.value_reads_none = order.value_reads_none || w.value_reads_none();
    }
    check_groups(place_of.size(), max_groups);
    for (auto& [text, place] : place_of) {
        place = order.texts.size();
        order.texts.emplace_back(text);
    }
    for (const auto& w : workers) {
        auto& places = order.places.emplace_back();
        for (const auto& text : w.texts()) places.push_back(place_of.at(text));
    }
    return order;
}

void check_groups(std::size_t groups, int max_groups) {
    if (exceeds(groups, max_groups)) too_many(max_groups);
}

std::vector<std::string> known_attributes(const snapshot::impl& data, std::vector<std::string> asked) {
    std::erase(asked, std::string());
    if (asked.empty()) return {};
    auto all = data.present_attributes();
    const bool present = std::all_of(asked.begin(), asked.end(), [&](const auto& name) {
        return std::binary_search(all.begin(), all.end(), name);
    });
    if (!present) return all;
    std::sort(asked.begin(), asked.end());
    asked.erase(std::unique(asked.begin(), asked.end()), asked.end());
    return asked;
}

void note_missing_attribute(const snapshot::impl& data, std::string_view attribute,
                            std::vector<std::string>& notes) {
    if (!attribute.empty()) note_missing_attribute(data.present_attributes(), attribute, notes);
}

void note_missing_attribute(const std::vector<std::string>& known, std::string_view attribute,
                            std::vector<std::string>& notes) {
    if (std::binary_search(known.begin(), known.end(), attribute)) return;
    notes.push_back(fmt::format("no event carries the attribute {}{}", quoted(attribute),
                                did_you_mean(attribute, known)));
}

std::string arrival_note(std::string_view attribute, std::int64_t leads) {
    return fmt::format("equal-time events of {} {} differ in {}; order of arrival decided", leads,
                       leads == 1 ? "lead" : "leads", quoted(attribute));
}

std::string reads_none_note(std::string_view attribute) {
    return fmt::format("a value of {} reads \"(none)\" and is counted with the leads that lack it",
                       quoted(attribute));
}

}  // namespace weir::inline v1
