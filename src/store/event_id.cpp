#include "store/event_id.hpp"

#include <algorithm>
#include <array>
#include <bit>
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
    for (const auto& column : b.columns) {
        if (column.rows.empty()) continue;
        cursor& c = columns_.emplace_back(cursor{&column});
        append_text(c.name, column.name.attribute);
        append_bits(c.name, static_cast<std::int64_t>(column.name.kind));
        append_text(c.name, column.name.currency.code());
    }
    std::sort(columns_.begin(), columns_.end(), [](const cursor& i, const cursor& j) {
        const column_name &x = i.column->name, &y = j.column->name;
        return std::tie(x.attribute, x.kind, x.currency) < std::tie(y.attribute, y.kind, y.currency);
    });
}

content_hash row_hasher::of(std::uint32_t row) {
    size_ = 0;
    append(batch_.lead_keys->at(batch_.leads[row]));
    append(batch_.event_names->at(batch_.events[row]));
    append(batch_.times[row]);
    for (auto& [column, name, next] : columns_) {
        while (next < column->rows.size() && column->rows[next] < row) ++next;
        if (next == column->rows.size() || column->rows[next] != row) continue;
        append(name.data(), name.size());
        const std::int64_t bits = column->bits[next];
        if (column->texts)
            append(column->texts->at(static_cast<text_table::code>(bits)));
        else
            append(bits);
    }
    return hash_of_text({bytes_.data(), size_});
}

// The slot of an id that is known, or the free one where it would go. There are slots.
std::size_t id_memory::slot_of(const content_hash& id) const {
    const std::size_t last = slots_.size() - 1;
    const std::uint32_t tag = tag_of(id);
    std::size_t i = tag & last;
    while (slots_[i].number != nothing && !(slots_[i].tag == tag && at(slots_[i].number).id == id))
        i = (i + 1) & last;
    return i;
}

// What stands behind moves up, so that no search ends before it.
void id_memory::erase(std::size_t hole) {
    const std::size_t last = slots_.size() - 1;
    at(slots_[hole].number).is_known = false;
    for (std::size_t i = (hole + 1) & last; slots_[i].number != nothing; i = (i + 1) & last) {
        if (((i - slots_[i].tag) & last) < ((i - hole) & last)) continue;
        slots_[hole] = slots_[i];
        hole = i;
    }
    slots_[hole] = {};
    --used_;
}

void id_memory::grow(std::size_t slots) {
    std::vector<slot> wider(slots);
    const std::size_t last = slots - 1;
    for (const slot& s : slots_) {
        if (s.number == nothing) continue;
        std::size_t i = s.tag & last;
        while (wider[i].number != nothing) i = (i + 1) & last;
        wider[i] = s;
    }
    slots_ = std::move(wider);
}

void id_memory::reserve(std::size_t more) {
    constexpr std::size_t least = 16;
    if (const std::size_t slots = std::bit_ceil(std::max(least, 2 * (used_ + more))); slots > slots_.size())
        grow(slots);
}

id_memory::verdict id_memory::judge(content_hash id, content_hash content, std::int64_t arrival,
                                    std::int64_t horizon) const {
    if (used_ == 0) return verdict::fresh;
    const slot& s = slots_[slot_of(id)];
    if (s.number == nothing || at(s.number).arrival <= arrival - horizon) return verdict::fresh;
    return at(s.number).content == content ? verdict::duplicate : verdict::conflicting;
}

void id_memory::drop_first() {
    if (const seen& first = all_.front(); first.is_known) erase(slot_of(first.id));
    all_.pop_front();
    first_ = (first_ + 1) & numbers;
}

void id_memory::remember(content_hash id, content_hash content, std::int64_t arrival, std::int64_t horizon) {
    while (!all_.empty() && (all_.front().arrival <= arrival - horizon || all_.size() >= numbers))
        drop_first();
    reserve(1);
    all_.push_back({id, content, arrival});
    slot& s = slots_[slot_of(id)];
    if (s.number == nothing)
        ++used_;
    else
        at(s.number).is_known = false;
    s = {tag_of(id), (first_ + static_cast<std::uint32_t>(all_.size() - 1)) & numbers};
}

void id_memory::take(const id_memory& other, std::int64_t horizon) {
    constexpr std::size_t ahead = 16;
    reserve(other.used_);
    for (std::size_t i = 0; i < other.all_.size(); ++i) {
        if (i + ahead < other.all_.size()) prefetch(other.all_[i + ahead].id);
        const seen& s = other.all_[i];
        if (s.is_known) remember(s.id, s.content, s.arrival, horizon);
    }
}

void id_memory::forget(content_hash id, std::int64_t arrival) {
    if (used_ == 0) return;
    const std::size_t i = slot_of(id);
    if (slots_[i].number != nothing && at(slots_[i].number).arrival == arrival) erase(i);
}

}  // namespace weir::inline v1
