#include "store/event_id.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <tuple>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace weir::inline v1 {
namespace {

void append_bits(std::string& bytes, std::int64_t bits) {
    for (int shift = 0; shift < 64; shift += 8)
        bytes += static_cast<char>(static_cast<std::uint64_t>(bits) >> shift & 0xff);
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

row_hasher::row_hasher(const batch::impl& b) : batch_(b), columns_(b.ids.empty() ? 0 : b.columns.size()) {
    std::iota(columns_.begin(), columns_.end(), std::size_t{0});
    std::sort(columns_.begin(), columns_.end(), [&](std::size_t i, std::size_t j) {
        const column_name &x = b.columns[i].name, &y = b.columns[j].name;
        return std::tie(x.attribute, x.kind, x.currency) < std::tie(y.attribute, y.kind, y.currency);
    });
}

content_hash row_hasher::of(std::uint32_t row) const {
    std::string bytes;
    append_text(bytes, batch_.lead_keys->at(batch_.leads[row]));
    append_text(bytes, batch_.event_names->at(batch_.events[row]));
    append_bits(bytes, batch_.times[row]);
    for (const std::size_t i : columns_) {
        const auto& c = batch_.columns[i];
        const auto at = std::lower_bound(c.rows.begin(), c.rows.end(), row);
        if (at == c.rows.end() || *at != row) continue;
        append_text(bytes, c.name.attribute);
        append_bits(bytes, static_cast<std::int64_t>(c.name.kind));
        append_text(bytes, c.name.currency.code());
        const std::int64_t bits = c.bits[static_cast<std::size_t>(at - c.rows.begin())];
        if (c.texts)
            append_text(bytes, c.texts->at(static_cast<text_table::code>(bits)));
        else
            append_bits(bytes, bits);
    }
    return hash_of_text(bytes);
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
