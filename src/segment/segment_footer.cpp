#include "segment/segment_footer.hpp"

#include <algorithm>

#include <weir/money.hpp>

#include "base/fail.hpp"
#include "segment/batch_data.hpp"
#include "segment/packed.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::size_t trailer_hash = 48;  // its offset
// Codes of rows and of texts have 32 bits.
constexpr std::uint64_t most_rows = UINT32_MAX, most_texts = UINT32_MAX - 2;

void write(disk::field_writer& w, const file_block& b) {
    w.u64(b.offset);
    w.u64(b.length);
    w.i64(b.least);
    w.u64(b.range);
    w.u64(b.hash);
}

void read(disk::field_reader& r, file_block& b) {
    b.offset = r.u64();
    b.length = r.u64();
    b.least = r.i64();
    b.range = r.u64();
    b.hash = r.u64();
}

column_name read_name(disk::field_reader& r, std::uint16_t length, std::uint8_t kind,
                      std::span<const std::byte> code) {
    column_name n;
    n.attribute = r.text(length);
    if (fault_of_name(n.attribute)) r.refuse("the name of a column is no name");
    if (kind > static_cast<std::uint8_t>(value_kind::time)) r.refuse("a column has an unknown kind");
    n.kind = static_cast<value_kind>(kind);
    const auto currency = weir::currency::parse({reinterpret_cast<const char*>(code.data()), code.size()});
    if (!currency) r.refuse("the currency of a column is none");
    n.currency = *currency;
    return n;
}

struct checker {
    const disk::file_identity& who;
    std::uint64_t offset;  // of the footer

    [[noreturn]] void refuse(const std::string& message) const { fail_corrupt(who, offset, message); }

    void check_layout(const segment_footer& f) const {
        std::uint64_t expected = disk::header_bytes;
        each_block(f, [&](const file_block& b) {
            if (b.offset != expected) refuse("a block does not begin where the one before it ends");
            if (b.length > offset - expected) refuse("a block is longer than the file");
            expected = disk::aligned(expected + b.length);
            if (expected > offset) refuse("a block runs into the footer");
            if (b.range > static_cast<std::uint64_t>(INT64_MAX) - static_cast<std::uint64_t>(b.least))
                refuse("the range of a block is beyond 64 bits");
        });
        if (expected != offset) refuse("bytes before the footer belong to no block");
    }

    void check_raw(const file_block& b, std::uint64_t count, std::uint64_t width) const {
        if (b.least != 0 || b.range != 0) refuse("a block that holds no integers states a range");
        if (b.length / width != count || b.length % width != 0) refuse("a block has not the length it must");
    }
    // A column of so many integers between two bounds.
    void check_integers(const file_block& b, std::uint64_t count, std::int64_t least,
                        std::uint64_t most) const {
        const std::uint64_t width = packed::width_for(b.range);
        if (b.length != count * width) refuse("a block has not the length that its integers take");
        const auto above = static_cast<std::uint64_t>(b.least) - static_cast<std::uint64_t>(least);
        if (count > 0 && (b.least < least || above > most || b.range > most - above))
            refuse("a block states integers that it cannot hold");
    }
    void check_any_integers(const file_block& b, std::uint64_t count) const {
        check_integers(b, count, INT64_MIN, UINT64_MAX);
    }
    void check_texts(const text_blocks& t, std::uint64_t count) const {
        if (count > most_texts) refuse("there are more texts than codes");
        check_integers(t.lengths, count, 0, max_text_bytes);
        if (t.bytes.least != 0 || t.bytes.range != 0) refuse("a block that holds no integers states a range");
    }
    void check_column(const segment_footer& f, const segment_footer::column& c) const {
        const bool is_text = c.name.kind == value_kind::text;
        if (!is_text && c.texts != 0) refuse("a column that holds no texts has a dictionary");
        if (c.name.kind != value_kind::money && c.name.currency != no_currency)
            refuse("a column that holds no money has a currency");
        check_texts(c.dictionary, c.texts);
        if (!is_text && c.dictionary.bytes.length > 0) refuse("a dictionary holds more than its texts");
        check_raw(c.present, c.present.length == 0 || is_text ? 0 : (f.rows + 63) / 64, 8);
        if (is_text)
            check_integers(c.values, f.rows, 0, c.texts);
        else if (c.name.kind == value_kind::boolean)
            check_integers(c.values, f.rows, 0, 1);
        else
            check_any_integers(c.values, f.rows);
    }
    void check(const segment_footer& f) const {
        if (f.rows == 0 || f.rows > most_rows) refuse("a segment holds 1 to 2^32 - 1 events");
        if (f.leads == 0 || f.leads > f.rows) refuse("a segment holds at least one event of each lead");
        if (f.events == 0) refuse("a segment holds at least one name of events");
        if (f.min_time > f.max_time) refuse("the first time is after the last");
        if (f.first_arrival < 0 || f.first_arrival > INT64_MAX - static_cast<std::int64_t>(f.rows))
            refuse("the number of the first arrival is out of range");
        check_layout(f);
        check_texts(f.lead_keys, f.leads);
        check_integers(f.lead_rows, f.leads, 1, f.rows - 1);
        check_raw(f.masks, f.leads, 8);
        check_raw(f.tied, (f.leads + 63) / 64, 8);
        check_texts(f.event_names, f.events);
        check_integers(f.event_rows, f.events, 1, f.rows - 1);
        check_raw(f.stored_ids, f.ids, stored_id_bytes);
        check_integers(f.events_of_rows, f.rows, 0, f.events - std::uint64_t{1});
        check_any_integers(f.times, f.rows);
        if (f.times.least != f.min_time ||
            f.times.range != static_cast<std::uint64_t>(f.max_time) - static_cast<std::uint64_t>(f.min_time))
            refuse("the times are not those that are stated");
        for (const auto& c : f.columns) check_column(f, c);
    }
};

}  // namespace

std::string columns_message(std::size_t columns) {
    return "a segment has " + std::to_string(columns) + " columns of attributes, at most " +
           std::to_string(max_columns) + " are possible";
}

segment_entry entry_of(const segment_footer& f, const segment_trailer& t, std::uint64_t file) {
    return {.file = file,
            .file_length = t.file_length,
            .footer_hash = t.footer_hash,
            .rows = f.rows,
            .min_time = f.min_time,
            .max_time = f.max_time,
            .last_seq = f.last_seq,
            .first_arrival = f.first_arrival,
            .last_arrival = f.first_arrival + static_cast<std::int64_t>(f.rows) - 1};
}

std::vector<std::byte> encode(const segment_footer& f) {
    disk::field_writer w;
    w.u64(f.rows);
    w.u64(f.leads);
    w.u64(f.ids);
    w.u32(f.events);
    w.u32(static_cast<std::uint32_t>(f.columns.size()));
    w.i64(f.min_time);
    w.i64(f.max_time);
    w.i64(f.first_arrival);
    w.u64(f.last_seq);
    for (const auto& c : f.columns) {
        w.u16(static_cast<std::uint16_t>(c.name.attribute.size()));
        w.u8(static_cast<std::uint8_t>(c.name.kind));
        w.text(c.name.currency.code());
        w.zeros(2);
        w.u64(c.texts);
    }
    each_block(f, [&](const file_block& b) { write(w, b); });
    for (const auto& c : f.columns) w.text(c.name.attribute);
    w.pad_to(disk::block_alignment);
    return {w.written().begin(), w.written().end()};
}

segment_footer decode_footer(std::span<const std::byte> raw, const disk::file_identity& who,
                             std::uint64_t offset) {
    disk::field_reader r(raw, who, offset);
    segment_footer f;
    f.rows = r.u64();
    f.leads = r.u64();
    f.ids = r.u64();
    f.events = r.u32();
    const std::uint32_t columns = r.u32();
    f.min_time = r.i64();
    f.max_time = r.i64();
    f.first_arrival = r.i64();
    f.last_seq = r.u64();
    struct named {
        std::uint16_t length;
        std::uint8_t kind;
        std::span<const std::byte> currency;
    };
    constexpr std::size_t column_bytes = 16;
    if (columns > r.left() / column_bytes) r.refuse("there are more columns than the footer has room for");
    if (columns > max_columns)
        fail(errc::limit_exceeded, columns_message(columns), who.name + ':' + std::to_string(offset));
    std::vector<named> names(columns);
    f.columns.resize(columns);
    for (std::size_t i = 0; i < columns; ++i) {
        names[i].length = r.u16();
        names[i].kind = r.u8();
        names[i].currency = r.bytes(3);
        r.zeros(2);
        f.columns[i].texts = r.u64();
    }
    each_block(f, [&](file_block& b) { read(r, b); });
    for (std::size_t i = 0; i < columns; ++i) {
        f.columns[i].name = read_name(r, names[i].length, names[i].kind, names[i].currency);
        for (std::size_t j = 0; j < i; ++j)
            if (f.columns[i].name == f.columns[j].name) r.refuse("a column stands twice");
    }
    r.skip_padding(disk::block_alignment);
    if (r.left() > 0) r.refuse("the footer is longer than what it holds");
    checker{who, offset}.check(f);
    return f;
}

std::array<std::byte, trailer_bytes> encode(const segment_trailer& t, const disk::file_identity& who) {
    disk::field_writer w;
    w.u64(t.footer_offset);
    w.u64(t.footer_length);
    w.u64(t.footer_hash);
    w.u64(t.rows);
    w.u64(t.file_length);
    w.zeros(16);
    w.bytes(std::as_bytes(std::span(disk::magic)));
    w.u64_at(trailer_hash, hash_block(who, t.file_length - trailer_bytes, w.written()));
    std::array<std::byte, trailer_bytes> raw;
    std::ranges::copy(w.written(), raw.begin());
    return raw;
}

segment_trailer decode_trailer(std::span<const std::byte, trailer_bytes> raw, const disk::file_identity& who,
                               std::uint64_t file_length) {
    const std::uint64_t offset = file_length - trailer_bytes;
    disk::field_reader r(raw, who, offset);
    segment_trailer t;
    t.footer_offset = r.u64();
    t.footer_length = r.u64();
    t.footer_hash = r.u64();
    t.rows = r.u64();
    t.file_length = r.u64();
    // Equal to what is written for these fields: the zeros, the checksum and the magic are right as well.
    if (!std::ranges::equal(raw, encode(t, who)))
        fail_corrupt(who, offset, "the checksum of the trailer does not fit");
    if (t.file_length != file_length) r.refuse("the file has another length than it states");
    if (t.footer_offset % disk::block_alignment != 0 || t.footer_offset < disk::header_bytes ||
        t.footer_offset > offset || t.footer_length != offset - t.footer_offset)
        fail_corrupt(who, offset, "the footer is not where the trailer says");
    return t;
}

}  // namespace weir::inline v1
