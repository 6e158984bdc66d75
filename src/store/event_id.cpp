#include "store/event_id.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <tuple>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace weir::inline v1 {
namespace {

void append_bits(std::string& bytes, std::int64_t bits) {
    std::array<char, sizeof bits> raw;
    std::memcpy(raw.data(), &bits, sizeof bits);
    bytes.append(raw.data(), raw.size());
}

// The length stands first, so that no two lists of texts give the same bytes.
void append_text(std::string& bytes, std::string_view text) {
    append_bits(bytes, static_cast<std::int64_t>(text.size()));
    bytes += text;
}

}  // namespace

content_hash hash_of_text(std::string_view text) {
    const XXH128_hash_t h = XXH3_128bits(text.data(), text.size());
    return {h.low64, h.high64};
}

row_hasher::row_hasher(const batch::impl& b) : batch_(b) {
    if (b.ids.empty()) return;
    for (const auto& column : b.columns) columns_.push_back({&column});
    std::sort(columns_.begin(), columns_.end(), [](const cursor& i, const cursor& j) {
        const column_name &x = i.column->name, &y = j.column->name;
        return std::tie(x.attribute, x.kind, x.currency) < std::tie(y.attribute, y.kind, y.currency);
    });
}

content_hash row_hasher::of(std::uint32_t row) {
    bytes_.clear();
    append_text(bytes_, batch_.lead_keys->at(batch_.leads[row]));
    append_text(bytes_, batch_.event_names->at(batch_.events[row]));
    append_bits(bytes_, batch_.times[row]);
    for (auto& [column, next] : columns_) {
        while (next < column->rows.size() && column->rows[next] < row) ++next;
        if (next == column->rows.size() || column->rows[next] != row) continue;
        append_text(bytes_, column->name.attribute);
        append_bits(bytes_, static_cast<std::int64_t>(column->name.kind));
        append_text(bytes_, column->name.currency.code());
        const std::int64_t bits = column->bits[next];
        if (column->texts)
            append_text(bytes_, column->texts->at(static_cast<text_table::code>(bits)));
        else
            append_bits(bytes_, bits);
    }
    return hash_of_text(bytes_);
}

id_memory::verdict id_memory::judge(content_hash id, content_hash content, std::int64_t arrival,
                                    std::int64_t horizon) const {
    const auto found = known_.find(id);
    if (found == known_.end() || found->second.arrival <= arrival - horizon) return verdict::fresh;
    return found->second.content == content ? verdict::duplicate : verdict::conflicting;
}

void id_memory::remember(content_hash id, content_hash content, std::int64_t arrival, std::int64_t horizon) {
    while (!by_arrival_.empty() && by_arrival_.front().first <= arrival - horizon) {
        const auto [old_arrival, old_id] = by_arrival_.front();
        // An id that came back after its time has a younger entry, which stays.
        if (const auto at = known_.find(old_id); at != known_.end() && at->second.arrival == old_arrival)
            known_.erase(at);
        by_arrival_.pop_front();
    }
    known_.insert_or_assign(id, seen{arrival, content});
    by_arrival_.emplace_back(arrival, id);
}

void id_memory::take(const id_memory& other, std::int64_t horizon) {
    for (const auto& [arrival, id] : other.by_arrival_) {
        const auto at = other.known_.find(id);
        if (at != other.known_.end()) remember(id, at->second.content, arrival, horizon);
    }
}

}  // namespace weir::inline v1
