// segment_write.cpp - a segment to a file, with dictionaries of its own and bounds that fit exactly: nothing
// of an erased lead, not even an extreme value, gets into a new file.
#include <algorithm>
#include <optional>

#include "base/fail.hpp"
#include "segment/column_cache.hpp"
#include "segment/segment_footer.hpp"

namespace weir::inline v1 {
namespace {

// Codes of the store that occur, and their codes in the file: dense, in the same order.
class local_codes {
public:
    explicit local_codes(std::size_t size) : map_(size) {}
    void use(std::int64_t code) { map_[static_cast<std::size_t>(code)] = 1; }
    /// Call it once, when all that occur were used.
    void number() {
        for (std::uint32_t code = 0; code < map_.size(); ++code) {
            if (map_[code] == 0) continue;
            map_[code] = static_cast<std::uint32_t>(used_.size());
            used_.push_back(code);
        }
    }
    std::int64_t operator[](std::int64_t code) const { return map_[static_cast<std::size_t>(code)]; }
    const std::vector<std::uint32_t>& used() const { return used_; }

private:
    std::vector<std::uint32_t> map_, used_{};
};

// A column of what get(0) .. get(count - 1) give, between its exact bounds.
template <class F> packed pack(std::size_t count, F&& get) {
    if (count == 0) return {};
    bounds b;
    for (std::size_t i = 0; i < count; ++i) b.take(get(i));
    packed_writer writer(b, count);
    writer.set(0, count, get);
    return writer.finish();
}

class segment_writer {
public:
    segment_writer(disk::file& to, const disk::file_identity& who, const segment& from,
                   const snapshot::impl& names)
        : to_(to), who_(who), from_(from), names_(names), events_(names.event_names->size()) {}

    segment_entry write(std::span<const stored_id> ids, std::uint64_t last_seq) {
        const segment_in_use used(from_);
        from_.rows_ready();
        append(disk::write_header(
            {.kind = disk::file_kind::segment, .store = who_.store, .number = who_.number}));
        footer_.rows = from_.size();
        footer_.min_time = from_.min_time;
        footer_.max_time = from_.max_time;
        footer_.first_arrival = from_.first_arrival;
        footer_.last_seq = last_seq;
        for (const auto& [code, rows] : from_.event_counts) events_.use(code);
        events_.number();
        write_leads();
        write_event_names();
        write_ids(ids);
        put(footer_.events_of_rows,
            pack(from_.size(), [&](std::size_t r) { return events_[from_.events[r]]; }));
        put(footer_.times, pack(from_.size(), [&](std::size_t r) { return from_.times[r]; }));
        for (const segment_column& c : from_.columns) write_column(c);
        return finish();
    }

private:
    void write_leads() {
        footer_.leads = from_.leads.size();
        put_texts(footer_.lead_keys, from_.leads, *names_.lead_keys);
        put(footer_.lead_rows, pack(from_.leads.size(), [&](std::size_t lead) {
                return std::int64_t{from_.offsets[lead + 1]} - from_.offsets[lead];
            }));
        std::vector<std::uint64_t> masks(from_.leads.size());
        for (std::size_t lead = 0; lead < masks.size(); ++lead)
            for (std::uint32_t r = from_.offsets[lead]; r < from_.offsets[lead + 1]; ++r)
                masks[lead] |= event_bit(static_cast<std::uint32_t>(events_[from_.events[r]]));
        put(footer_.masks, std::as_bytes(std::span(masks)));
        put(footer_.tied, std::as_bytes(std::span(from_.tied)));
    }

    void write_event_names() {
        footer_.events = static_cast<std::uint32_t>(events_.used().size());
        put_texts(footer_.event_names, events_.used(), *names_.event_names);
        put(footer_.event_rows,
            pack(footer_.events, [&](std::size_t e) { return from_.event_counts[e].second; }));
    }

    void write_ids(std::span<const stored_id> ids) {
        disk::field_writer w;
        if (!ids.empty()) {
            const std::uint32_t first = from_.leads.front();
            std::vector<std::uint32_t> index(from_.leads.back() - first + std::size_t{1}, no_lead);
            for (std::uint32_t i = 0; i < from_.leads.size(); ++i) index[from_.leads[i] - first] = i;
            w.reserve(ids.size() * stored_id_bytes);
            for (const stored_id& id : ids)
                if (id.lead >= first && id.lead - first < index.size() && index[id.lead - first] != no_lead)
                    write_id(w, id, index[id.lead - first]);
        }
        footer_.ids = w.size() / stored_id_bytes;
        put(footer_.stored_ids, w.written());
    }
    static void write_id(disk::field_writer& to, const stored_id& id, std::uint32_t lead) {
        for (const content_hash& h : {id.id, id.content}) {
            to.u64(h.low);
            to.u64(h.high);
        }
        to.i64(id.arrival);
        to.u64(lead);
    }

    void write_column(const segment_column& c) {
        segment_footer::column& to = footer_.columns.emplace_back();
        to.name = names_.columns[c.column].name;
        const auto row_of_any = first_present(c);
        if (!row_of_any) return footer_.columns.pop_back();
        c.is_text ? write_texts(c, to) : write_numbers(c, *row_of_any, to);
    }

    // The first row with a value: rows of erased leads may have left none.
    std::optional<std::size_t> first_present(const segment_column& c) const {
        for (std::size_t r = 0; r < from_.size(); ++r)
            if (c.has(r)) return r;
        return std::nullopt;
    }

    void write_texts(const segment_column& c, segment_footer::column& to) {
        const dictionary& texts = *names_.columns[c.column].texts;
        local_codes codes(texts.size());
        for (std::size_t r = 0; r < from_.size(); ++r)
            if (c.has(r)) codes.use(c.at(r));
        codes.number();
        to.texts = codes.used().size();
        put_texts(to.dictionary, codes.used(), texts);
        put(to.present, std::span<const std::byte>());
        put(to.values, pack(from_.size(), [&](std::size_t r) { return c.has(r) ? codes[c.at(r)] + 1 : 0; }));
    }

    // A missing number repeats one that occurs: what it was before may be a value of an erased lead.
    void write_numbers(const segment_column& c, std::size_t row_of_any, segment_footer::column& to) {
        put(to.dictionary.lengths, packed());
        put(to.dictionary.bytes, std::span<const std::byte>());
        put(to.present, std::as_bytes(std::span(c.present)));
        const std::int64_t filler = c.at(row_of_any);
        put(to.values, pack(from_.size(), [&](std::size_t r) { return c.has(r) ? c.at(r) : filler; }));
    }

    void put_texts(text_blocks& to, std::span<const std::uint32_t> codes, const dictionary& texts) {
        put(to.lengths, pack(codes.size(), [&](std::size_t i) {
                return static_cast<std::int64_t>(texts.at(codes[i]).size());
            }));
        disk::field_writer bytes;
        for (const std::uint32_t code : codes) bytes.text(texts.at(code));
        put(to.bytes, bytes.written());
    }

    void put(file_block& to, const packed& values) {
        to.least = values.least();
        to.range = static_cast<std::uint64_t>(values.greatest()) - static_cast<std::uint64_t>(values.least());
        put(to, values.bytes());
    }

    void put(file_block& to, std::span<const std::byte> bytes) {
        to.offset = length_;
        to.length = bytes.size();
        const auto padding = static_cast<std::size_t>(disk::aligned(bytes.size()) - bytes.size());
        to.hash = hash_block(who_, length_, bytes, padding);
        append(bytes);
        constexpr std::array<std::byte, disk::block_alignment> zeros{};
        append(std::span(zeros).first(padding));
    }

    void append(std::span<const std::byte> bytes) {
        append_all(to_, bytes);
        length_ += bytes.size();
    }

    segment_entry finish() {
        const std::vector<std::byte> footer = encode(footer_);
        segment_trailer t{.footer_offset = length_, .footer_length = footer.size()};
        t.footer_hash = hash_block(who_, length_, footer);
        t.rows = footer_.rows;
        t.file_length = length_ + footer.size() + trailer_bytes;
        append(footer);
        append(encode(t, who_));
        to_.sync();
        segment_entry entry = entry_of(footer_, t, who_.number);
        entry.partition = from_.part;
        return entry;
    }

    disk::file& to_;
    const disk::file_identity& who_;
    const segment& from_;
    const snapshot::impl& names_;
    local_codes events_;
    std::uint64_t length_ = 0;  // of the file, so far
    segment_footer footer_{};
};

}  // namespace

segment_entry write_segment(disk::file& to, const disk::file_identity& who, const segment& from,
                            const snapshot::impl& names, std::span<const stored_id> ids,
                            std::uint64_t last_seq) {
    if (from.columns.size() > max_columns) fail(errc::limit_exceeded, columns_message(from.columns.size()));
    return segment_writer(to, who, from, names).write(ids, last_seq);
}

}  // namespace weir::inline v1
