#include "store/frame.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

namespace weir::inline v1 {
namespace {

using disk::field_reader;
using disk::field_writer;

using byte_view = std::span<const std::byte>;

// How many things of at least `each` bytes follow.
std::size_t get_count(field_reader& from, std::size_t each) {
    const std::uint32_t n = from.u32();
    if (n > from.left() / each) from.refuse("a frame counts more than its bytes can hold");
    return n;
}

void check_end(const field_reader& from) {
    if (from.left() != 0) from.refuse("a frame has bytes behind its end");
}

// Integers as the least one and what each has above it, in 1, 2, 4 or 8 bytes. Never in none: what is read
// must not take much more memory than there are bytes.
template <class Value> void put_integers(field_writer& to, std::size_t n, Value&& value) {
    std::int64_t least = 0;
    std::uint64_t range = 0;
    if (n > 0) {
        least = value(0);
        std::int64_t greatest = least;
        for (std::size_t i = 1; i < n; ++i) {
            const std::int64_t v = value(i);
            least = std::min(least, v);
            greatest = std::max(greatest, v);
        }
        range = static_cast<std::uint64_t>(greatest) - static_cast<std::uint64_t>(least);
    }
    const auto put_all = [&]<class Narrow>(Narrow) {
        to.u8(sizeof(Narrow));
        std::byte* at = to.room(n * sizeof(Narrow));
        for (std::size_t i = 0; i < n; ++i, at += sizeof(Narrow)) {
            const auto above =
                static_cast<Narrow>(static_cast<std::uint64_t>(value(i)) - static_cast<std::uint64_t>(least));
            std::memcpy(at, &above, sizeof above);
        }
    };
    to.i64(least);
    if (range <= UINT8_MAX) return put_all(std::uint8_t{});
    if (range <= UINT16_MAX) return put_all(std::uint16_t{});
    if (range <= UINT32_MAX) return put_all(std::uint32_t{});
    put_all(std::uint64_t{});
}

template <class Narrow, class Take>
void take_integers(byte_view raw, std::uint64_t least, std::size_t n, Take&& take) {
    for (std::size_t i = 0; i < n; ++i) {
        Narrow above;
        std::memcpy(&above, raw.data() + i * sizeof above, sizeof above);
        take(static_cast<std::int64_t>(least + above));
    }
}

template <class Take> void get_integers(field_reader& from, std::size_t n, Take&& take) {
    const auto least = from.u64();
    const std::size_t width = from.u8();
    if (width != 1 && width != 2 && width != 4 && width != 8)
        from.refuse("a frame has integers of an unknown width");
    if (n > from.left() / width) from.refuse("a frame counts more than its bytes can hold");
    const byte_view raw = from.bytes(n * width);
    if (width == 1) return take_integers<std::uint8_t>(raw, least, n, take);
    if (width == 2) return take_integers<std::uint16_t>(raw, least, n, take);
    if (width == 4) return take_integers<std::uint32_t>(raw, least, n, take);
    take_integers<std::uint64_t>(raw, least, n, take);
}

std::vector<std::uint32_t> get_codes(field_reader& from, std::size_t n, std::size_t limit) {
    std::vector<std::uint32_t> codes;
    codes.reserve(std::min(n, from.left()));
    get_integers(from, n, [&](std::int64_t v) {
        if (v < 0 || static_cast<std::uint64_t>(v) >= limit) from.refuse("a frame has a number out of range");
        codes.push_back(static_cast<std::uint32_t>(v));
    });
    return codes;
}

std::vector<std::uint32_t> get_rows(field_reader& from, std::size_t n, std::size_t limit) {
    auto rows = get_codes(from, n, limit);
    if (std::adjacent_find(rows.begin(), rows.end(), std::greater_equal<>()) != rows.end())
        from.refuse("a frame has rows out of order");
    return rows;
}

// Texts that the frame uses get codes of the frame, in the order in which they are first used.
class local_texts {
public:
    explicit local_texts(const text_table& all) : all_(all), codes_(all.size(), unused) {}
    std::uint32_t use(std::uint32_t code) {
        if (codes_[code] == unused) {
            codes_[code] = static_cast<std::uint32_t>(used_.size());
            used_.push_back(code);
        }
        return codes_[code];
    }
    void put(field_writer& to) const {
        to.u32(static_cast<std::uint32_t>(used_.size()));
        put_integers(to, used_.size(),
                     [&](std::size_t i) { return static_cast<std::int64_t>(all_.at(used_[i]).size()); });
        for (const std::uint32_t code : used_) to.text(all_.at(code));
    }

private:
    static constexpr std::uint32_t unused = UINT32_MAX;
    const text_table& all_;
    std::vector<std::uint32_t> codes_, used_{};
};

// `fault` says what is wrong with a text: a frame must not bring what a batch would refuse.
template <class Fault> void get_texts(field_reader& from, text_table& into, Fault&& fault) {
    const std::size_t n = get_count(from, 1);
    const auto sizes = get_codes(from, n, max_text_bytes + 1);
    for (const std::uint32_t size : sizes) {
        const byte_view raw = from.bytes(size);
        const std::string_view text(reinterpret_cast<const char*>(raw.data()), raw.size());
        if (fault(text)) from.refuse("a frame has a text that no batch takes");
        if (into.insert(text) + 1 != into.size()) from.refuse("a frame has a text twice");
    }
    if (into.size() != n) from.refuse("a frame has a text twice");
}

void put_coded(field_writer& to, const text_table& all, std::span<const std::uint32_t> codes,
               std::span<const std::uint32_t> rows) {
    local_texts texts(all);
    std::vector<std::uint32_t> local;
    local.reserve(rows.size());
    for (const std::uint32_t r : rows) local.push_back(texts.use(codes[r]));
    texts.put(to);
    put_integers(to, local.size(), [&](std::size_t i) { return std::int64_t{local[i]}; });
}

// The values of a column that belong to kept rows: the row among those kept, the bits.
struct kept_values {
    std::vector<std::uint32_t> rows{};
    std::vector<std::int64_t> bits{};
};
kept_values kept(const batch::impl::column& c, std::span<const std::uint32_t> rows, bool are_all) {
    if (are_all) return {c.rows, c.bits};
    kept_values found;
    std::size_t at = 0;
    for (std::size_t i = 0; i < c.rows.size(); ++i) {
        while (at < rows.size() && rows[at] < c.rows[i]) ++at;
        if (at == rows.size()) break;
        if (rows[at] != c.rows[i]) continue;
        found.rows.push_back(static_cast<std::uint32_t>(at));
        found.bits.push_back(c.bits[i]);
    }
    return found;
}

void put_column(field_writer& to, const batch::impl::column& c, kept_values values) {
    to.u8(static_cast<std::uint8_t>(c.name.attribute.size()));
    to.u8(static_cast<std::uint8_t>(c.name.kind));
    to.text(c.name.currency.code());
    to.text(c.name.attribute);
    to.u32(static_cast<std::uint32_t>(values.rows.size()));
    put_integers(to, values.rows.size(), [&](std::size_t i) { return std::int64_t{values.rows[i]}; });
    if (c.texts) {
        local_texts texts(*c.texts);
        for (std::int64_t& b : values.bits) b = texts.use(static_cast<std::uint32_t>(b));
        texts.put(to);
    }
    put_integers(to, values.bits.size(), [&](std::size_t i) { return values.bits[i]; });
}

column_name get_name(field_reader& from) {
    const std::size_t size = from.u8();
    const auto kind = from.u8();
    if (kind > static_cast<std::uint8_t>(value_kind::time))
        from.refuse("a frame has a kind of values unknown");
    const byte_view code = from.bytes(3), name = from.bytes(size);
    const auto currency =
        weir::currency::parse(std::string_view(reinterpret_cast<const char*>(code.data()), code.size()));
    if (!currency) from.refuse("a frame has a currency that is none");
    const std::string_view attribute(reinterpret_cast<const char*>(name.data()), name.size());
    if (fault_of_name(attribute)) from.refuse("a frame has an attribute's name that no batch takes");
    return {std::string(attribute), static_cast<value_kind>(kind), *currency};
}

bool is_value(value_kind kind, std::int64_t bits) {
    if (kind == value_kind::boolean) return bits == 0 || bits == 1;
    if (kind != value_kind::number) return true;
    const auto d = std::bit_cast<double>(bits);
    return d - d == 0 && (d != 0 || bits == 0);  // finite, and no -0.0
}

void get_column(field_reader& from, batch::impl& into) {
    const column_name name = get_name(from);
    const std::size_t at = into.column_of(name.attribute, name.kind, name.currency);
    if (at + 1 != into.columns.size() || !into.columns[at].rows.empty())
        from.refuse("a frame has a column twice");
    auto& c = into.columns[at];
    const std::size_t n = get_count(from, 1);
    c.rows = get_rows(from, n, into.leads.size());
    if (n == 0) from.refuse("a frame has a column without values");
    if (c.texts) get_texts(from, *c.texts, fault_of_text);
    const std::size_t texts = c.texts ? c.texts->size() : 0;
    c.bits.reserve(n);
    get_integers(from, n, [&](std::int64_t bits) {
        if (c.texts ? bits < 0 || static_cast<std::uint64_t>(bits) >= texts : !is_value(name.kind, bits))
            from.refuse("a frame has a value that no batch takes");
        c.bits.push_back(bits);
    });
}

content_hash get_hash(field_reader& from) {
    const auto low = from.u64();
    return {low, from.u64()};
}

void put_hash(field_writer& to, const content_hash& h) {
    to.u64(h.low);
    to.u64(h.high);
}

void put_ids(field_writer& to, const batch::impl& b, std::span<const std::uint32_t> rows) {
    kept_values of_rows;
    std::vector<const content_hash*> hashes;
    std::size_t at = 0;
    for (const auto& [row, hash] : b.ids) {
        while (at < rows.size() && rows[at] < row) ++at;
        if (at == rows.size()) break;
        if (rows[at] != row) continue;
        of_rows.rows.push_back(static_cast<std::uint32_t>(at));
        hashes.push_back(&hash);
    }
    to.u32(static_cast<std::uint32_t>(hashes.size()));
    put_integers(to, hashes.size(), [&](std::size_t i) { return std::int64_t{of_rows.rows[i]}; });
    for (const auto* hash : hashes) put_hash(to, *hash);
}

}  // namespace

byte_vector encode_events(const batch::impl& b, std::span<const std::uint32_t> rows,
                          std::int64_t first_arrival) {
    std::vector<std::pair<const batch::impl::column*, kept_values>> columns;
    const bool are_all = rows.size() == b.leads.size();
    for (const auto& c : b.columns)
        if (auto values = kept(c, rows, are_all); !values.rows.empty())
            columns.emplace_back(&c, std::move(values));
    field_writer to;
    to.i64(first_arrival);
    to.u32(static_cast<std::uint32_t>(rows.size()));
    to.u32(static_cast<std::uint32_t>(columns.size()));
    put_coded(to, *b.lead_keys, b.leads, rows);
    put_coded(to, *b.event_names, b.events, rows);
    put_integers(to, rows.size(), [&](std::size_t i) { return b.times[rows[i]]; });
    for (auto& [column, values] : columns) put_column(to, *column, std::move(values));
    put_ids(to, b, rows);
    return to.take();
}

framed_events decode_events(field_reader from) {
    framed_events frame;
    batch::impl& b = frame.events;
    frame.first_arrival = from.i64();
    const std::size_t rows = get_count(from, 1);
    const std::size_t columns = get_count(from, 1);
    if (frame.first_arrival < 0 || rows == 0) from.refuse("a frame has a frame without events");
    get_texts(from, *b.lead_keys, fault_of_lead);
    b.leads = get_codes(from, rows, b.lead_keys->size());
    get_texts(from, *b.event_names, fault_of_name);
    b.events = get_codes(from, rows, b.event_names->size());
    b.times.reserve(rows);
    get_integers(from, rows, [&](std::int64_t t) { b.times.push_back(t); });
    for (std::size_t c = 0; c < columns; ++c) get_column(from, b);
    const std::size_t ids = get_count(from, sizeof(content_hash));
    for (const std::uint32_t row : get_rows(from, ids, rows)) b.ids.emplace_back(row, content_hash{});
    for (auto& id : b.ids) id.second = get_hash(from);
    check_end(from);
    return frame;
}

frame encode_erasures(std::span<const erasure> all) {
    field_writer to;
    to.u64(all.front().id);
    to.i64(all.front().when);
    to.u32(static_cast<std::uint32_t>(all.size()));
    to.u32(0);
    for (const erasure& e : all) put_hash(to, e.lead);
    return {all.size() == 1 ? frame_type::erase : frame_type::erase_many, to.take()};
}

std::vector<erasure> decode_erasures(frame_type type, field_reader from) {
    const std::uint64_t first = from.u64();
    const std::int64_t when = from.i64();
    const std::uint32_t n = from.u32();
    from.zeros(4);
    if (first == 0 || first > INT64_MAX || (n > 1) != (type == frame_type::erase_many) || n == 0)
        from.refuse("a frame has an erasure that is none");
    if (from.left() != n * sizeof(content_hash))
        from.refuse("a frame counts more or fewer erasures than it has");
    std::vector<erasure> all;
    all.reserve(n);
    for (std::uint32_t i = 0; i < n; ++i) all.push_back({first + i, when, get_hash(from)});
    return all;
}

}  // namespace weir::inline v1
