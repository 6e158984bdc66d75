// segment_open.cpp - a segment out of a file. Whatever the checksums say, every number is checked before it
// is used: a file may come from anywhere.
#include <algorithm>
#include <numeric>

#include "base/fail.hpp"
#include "base/text.hpp"
#include "store/segment_file.hpp"
#include "store/segment_footer.hpp"

namespace weir::inline v1 {
namespace {

// What the store calls the codes of a file. Nothing: the same.
using code_map = std::vector<std::uint32_t>;

code_map unless_same(code_map map) {
    for (std::uint32_t i = 0; i < map.size(); ++i)
        if (map[i] != i) return map;
    return {};
}

packed mapped(packed from, const code_map& map) {
    if (map.empty()) return from;
    bounds b;
    for (std::int64_t code = from.least(); code <= from.greatest(); ++code)
        b.take(map[static_cast<std::size_t>(code)]);
    packed_writer writer(b, from.size());
    writer.set(0, from.size(), [&](std::size_t i) { return map[static_cast<std::size_t>(from[i])]; });
    return writer.finish();
}

class segment_reader {
public:
    segment_reader(std::shared_ptr<const disk::file> file, const disk::file_identity& who,
                   const segment_entry& entry)
        : file_(std::move(file)), who_(who), entry_(entry) {}

    opened_segment open(snapshot::impl& names) {
        read_footer();
        to_->first_arrival = footer_.first_arrival;
        to_->min_time = footer_.min_time;
        to_->max_time = footer_.max_time;
        read_leads(*names.lead_keys);
        read_event_names(*names.event_names);
        opened_segment opened;
        opened.ids = read_ids();
        to_->events = in_order(mapped(integers(footer_.events_of_rows, footer_.rows), event_codes_));
        check_events();
        to_->times = in_order(integers(footer_.times, footer_.rows));
        check_times();
        for (const auto& c : footer_.columns) read_column(c, names);
        std::sort(to_->columns.begin(), to_->columns.end(),
                  [](const auto& a, const auto& b) { return a.column < b.column; });
        opened.data = std::move(to_);
        return opened;
    }

private:
    void read_footer() {
        const std::uint64_t length = file_->size();
        if (length != entry_.file_length)
            fail_corrupt(who_, 0,
                         "the file has " + std::to_string(length) + " bytes, its store knows of " +
                             std::to_string(entry_.file_length));
        if (length < disk::header_bytes + trailer_bytes) fail_corrupt(who_, 0, "the file is too short");
        std::array<std::byte, disk::header_bytes> header;
        read_all(*file_, who_, 0, header);
        const disk::file_header h = read_header(header, who_, disk::file_kind::segment);
        if (h.length != disk::header_bytes) fail_corrupt(who_, 0, "the header has another length");
        std::array<std::byte, trailer_bytes> last;
        read_all(*file_, who_, length - trailer_bytes, last);
        const segment_trailer t = decode_trailer(last, who_, length);
        std::vector<std::byte> raw(t.footer_length);
        read_all(*file_, who_, t.footer_offset, raw);
        if (hash_block(who_, t.footer_offset, raw) != t.footer_hash)
            fail_corrupt(who_, t.footer_offset, "the checksum of the footer does not fit");
        if (t.footer_hash != entry_.footer_hash)
            fail_corrupt(who_, t.footer_offset, "this is not the segment that its store knows of");
        footer_ = decode_footer(raw, who_, t.footer_offset);
        const auto last_arrival = footer_.first_arrival + static_cast<std::int64_t>(footer_.rows) - 1;
        if (t.rows != footer_.rows || entry_.rows != footer_.rows || entry_.min_time != footer_.min_time ||
            entry_.max_time != footer_.max_time || entry_.first_arrival != footer_.first_arrival ||
            entry_.last_arrival != last_arrival)
            fail_corrupt(who_, t.footer_offset, "the footer and the store tell different things");
    }

    // The bytes of a block, with as many behind them as a packed column needs.
    std::unique_ptr<std::byte[]> read(const file_block& b) const {
        const auto padded = static_cast<std::size_t>(disk::aligned(b.length));
        auto bytes = std::make_unique_for_overwrite<std::byte[]>(padded + packed::slack);
        const std::span<std::byte> all(bytes.get(), padded);
        read_all(*file_, who_, b.offset, all);
        if (hash_block(who_, b.offset, all) != b.hash)
            fail_corrupt(who_, b.offset, "the checksum of a block does not fit");
        const auto zeros = all.subspan(b.length);
        if (std::any_of(zeros.begin(), zeros.end(), [](std::byte x) { return x != std::byte{}; }))
            fail_corrupt(who_, b.offset, "bytes that must be zero are not");
        std::memset(bytes.get() + padded, 0, packed::slack);
        return bytes;
    }

    packed integers(const file_block& b, std::uint64_t count) const {
        packed column(b.least, b.range, count, read(b));
        if (!column.fits()) fail_corrupt(who_, b.offset, "a value is beyond the range that is stated");
        return column;
    }

    std::vector<std::uint64_t> words(const file_block& b) const {
        std::vector<std::uint64_t> all(b.length / sizeof(std::uint64_t));
        if (b.length > 0) std::memcpy(all.data(), read(b).get(), b.length);
        return all;
    }

    // The codes that a dictionary gives to texts, which must be good for it and differ.
    template <class Fault>
    code_map insert(const text_blocks& from, std::uint64_t count, dictionary& to, Fault&& fault) const {
        const packed lengths = integers(from.lengths, count);
        const auto bytes = read(from.bytes);
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < count; ++i) sum += static_cast<std::uint64_t>(lengths[i]);
        if (sum != from.bytes.length)
            fail_corrupt(who_, from.bytes.offset, "texts have not the lengths stated");
        code_map codes;
        codes.reserve(count);
        const char* at = reinterpret_cast<const char*>(bytes.get());
        for (std::size_t i = 0; i < count; ++i) {
            const std::string_view text(at, static_cast<std::size_t>(lengths[i]));
            if (fault(text)) fail_corrupt(who_, from.bytes.offset, "a text is not one that a store takes");
            codes.push_back(to.insert(text));
            at += text.size();
        }
        code_map sorted = codes;
        std::sort(sorted.begin(), sorted.end());
        if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
            fail_corrupt(who_, from.bytes.offset, "a text stands twice");
        return codes;
    }

    void read_leads(dictionary& keys) {
        lead_codes_ = insert(footer_.lead_keys, footer_.leads, keys, fault_of_lead);
        const packed rows = integers(footer_.lead_rows, footer_.leads);
        std::uint64_t sum = 0;
        for (std::size_t lead = 0; lead < rows.size(); ++lead) sum += static_cast<std::uint64_t>(rows[lead]);
        if (sum != footer_.rows)
            fail_corrupt(who_, footer_.lead_rows.offset, "the rows of leads are not all rows");
        to_->masks = words(footer_.masks);
        to_->tied = words(footer_.tied);
        if (!bits_end_at(to_->tied, footer_.leads))
            fail_corrupt(who_, footer_.tied.offset, "bits that must be zero are not");
        to_->leads = lead_codes_;
        to_->offsets.reserve(footer_.leads + 1);
        for (std::size_t lead = 0; lead < rows.size(); ++lead)
            to_->offsets.push_back(to_->offsets.back() + static_cast<std::uint32_t>(rows[lead]));
        if (!std::is_sorted(to_->leads.begin(), to_->leads.end())) sort_leads();
    }

    static bool bits_end_at(const std::vector<std::uint64_t>& bits, std::uint64_t count) {
        return count % 64 == 0 || bits.back() >> (count % 64) == 0;
    }

    // Leads whose codes do not ascend, with all that is kept for each; and the runs that bring their rows
    // along.
    void sort_leads() {
        const std::size_t n = to_->leads.size();
        std::vector<std::uint32_t> order(n);
        std::iota(order.begin(), order.end(), 0U);
        std::sort(order.begin(), order.end(),
                  [&](std::uint32_t a, std::uint32_t b) { return lead_codes_[a] < lead_codes_[b]; });
        segment sorted;
        sorted.tied.resize(to_->tied.size());
        for (std::size_t i = 0; i < n; ++i) {
            const std::uint32_t from = order[i], begin = to_->offsets[from], end = to_->offsets[from + 1];
            sorted.leads.push_back(to_->leads[from]);
            sorted.offsets.push_back(sorted.offsets.back() + (end - begin));
            sorted.masks.push_back(to_->masks[from]);
            sorted.tied[i / 64] |= std::uint64_t{to_->first_is_tied(from)} << (i % 64);
            if (!runs_.empty() && runs_.back().end == begin)
                runs_.back().end = end;
            else
                runs_.push_back({0, begin, end});
        }
        to_->leads.swap(sorted.leads);
        to_->offsets.swap(sorted.offsets);
        to_->masks.swap(sorted.masks);
        to_->tied.swap(sorted.tied);
    }

    packed in_order(packed column) const {
        if (runs_.empty()) return column;
        packed_writer writer(column.least(), column.greatest(), column.size());
        const packed* const from = &column;
        writer.append({&from, 1}, runs_);
        return writer.finish();
    }

    std::vector<std::uint64_t> in_order(std::vector<std::uint64_t> bits) const {
        if (runs_.empty()) return bits;
        std::vector<std::uint64_t> sorted(bits.size());
        std::size_t to = 0;
        for (const packed_run& r : runs_)
            for (std::uint32_t row = r.begin; row < r.end; ++row, ++to)
                sorted[to / 64] |= (bits[row / 64] >> (row % 64) & 1) << (to % 64);
        return sorted;
    }

    void read_event_names(dictionary& names) {
        const code_map codes = insert(footer_.event_names, footer_.events, names, fault_of_name);
        const packed rows = integers(footer_.event_rows, footer_.events);
        for (std::size_t e = 0; e < codes.size(); ++e) to_->event_counts.emplace_back(codes[e], rows[e]);
        std::sort(to_->event_counts.begin(), to_->event_counts.end());
        event_codes_ = unless_same(codes);
    }

    // Masks are made anew: their bits are those of the store's codes.
    void check_events() {
        code_map back(event_codes_.empty() ? 0
                                           : *std::max_element(event_codes_.begin(), event_codes_.end()) + 1);
        for (std::uint32_t e = 0; e < event_codes_.size(); ++e) back[event_codes_[e]] = e;
        std::vector<std::int64_t> counts(to_->event_counts.back().first + std::size_t{1});
        for (std::size_t lead = 0; lead < to_->leads.size(); ++lead) {
            std::uint64_t mask = 0, stated = 0;
            for (std::uint32_t r = to_->offsets[lead]; r < to_->offsets[lead + 1]; ++r) {
                const auto event = static_cast<std::uint32_t>(to_->events[r]);
                ++counts[event];
                mask |= event_bit(event);
                stated |= event_bit(back.empty() ? event : back[event]);
            }
            if (stated != to_->masks[lead])
                fail_corrupt(who_, footer_.masks.offset, "a lead's events are not those of its mask");
            to_->masks[lead] = mask;
        }
        for (const auto& [code, rows] : to_->event_counts)
            if (counts[code] != rows)
                fail_corrupt(who_, footer_.event_rows.offset, "there are not as many events as stated");
    }

    void check_times() {
        bounds b;
        for (std::size_t lead = 0; lead < to_->leads.size(); ++lead) {
            std::int64_t last = INT64_MIN;
            for (std::uint32_t r = to_->offsets[lead]; r < to_->offsets[lead + 1]; ++r) {
                const std::int64_t time = to_->times[r];
                if (time < last) fail_corrupt(who_, footer_.times.offset, "times of a lead do not ascend");
                last = time;
                b.take(time);
            }
        }
        if (b.least != to_->min_time || b.greatest != to_->max_time)
            fail_corrupt(who_, footer_.times.offset, "the times are not those that are stated");
        const std::vector<std::uint64_t> stated = std::move(to_->tied);
        to_->find_ties();
        if (stated != to_->tied)
            fail_corrupt(who_, footer_.tied.offset, "leads are not tied as their times are");
    }

    void read_column(const segment_footer::column& c, snapshot::impl& names) {
        segment_column to{names.add_column(c.name), c.name.kind == value_kind::text, {}, {}};
        code_map codes;
        if (to.is_text) {
            codes = insert(c.dictionary, c.texts, *names.columns[to.column].texts, fault_of_text);
            for (std::uint32_t& code : codes) ++code;
            codes.insert(codes.begin(), 0);
        } else {
            to.present = words(c.present);
            if (!to.present.empty()) {
                if (!bits_end_at(to.present, footer_.rows))
                    fail_corrupt(who_, c.present.offset, "bits that must be zero are not");
                to.present = in_order(std::move(to.present));
            }
        }
        to.bits = in_order(mapped(integers(c.values, footer_.rows), unless_same(std::move(codes))));
        if (c.name.kind == value_kind::number) check_numbers(to.bits, c.values.offset);
        to_->columns.push_back(std::move(to));
    }

    void check_numbers(const packed& bits, std::uint64_t offset) const {
        constexpr std::uint64_t infinity = std::uint64_t{0x7FF} << 52;
        for (std::size_t r = 0; r < bits.size(); ++r)
            if ((static_cast<std::uint64_t>(bits[r]) & infinity) == infinity)
                fail_corrupt(who_, offset, "a number is not finite");
    }

    std::vector<stored_id> read_ids() const {
        const auto raw = read(footer_.stored_ids);
        disk::field_reader r({raw.get(), footer_.stored_ids.length}, who_, footer_.stored_ids.offset);
        std::vector<stored_id> ids(footer_.ids);
        for (stored_id& id : ids) {
            for (content_hash* h : {&id.id, &id.content}) {
                h->low = r.u64();
                h->high = r.u64();
            }
            id.arrival = r.i64();
            const std::uint64_t lead = r.u64();
            if (lead >= lead_codes_.size()) r.refuse("an event id belongs to no lead");
            id.lead = lead_codes_[lead];
        }
        return ids;
    }

    std::shared_ptr<const disk::file> file_;
    const disk::file_identity& who_;
    const segment_entry& entry_;
    segment_footer footer_{};
    code_map lead_codes_{}, event_codes_{};
    std::vector<packed_run> runs_{};  // where the file's order of leads is not that of codes
    std::shared_ptr<segment> to_ = std::make_shared<segment>();
};

}  // namespace

opened_segment open_segment(std::shared_ptr<const disk::file> file, const disk::file_identity& who,
                            const segment_entry& entry, snapshot::impl& names) {
    if (entry.file != who.number) fail_corrupt(who, 0, "the store knows this file by another number");
    return segment_reader(std::move(file), who, entry).open(names);
}

}  // namespace weir::inline v1
