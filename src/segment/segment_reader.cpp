#include "segment/segment_reader.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <functional>
#include <numeric>

#include "base/fail.hpp"
#include "segment/batch_data.hpp"

namespace weir::inline v1 {
namespace {

bool bits_end_at(const std::vector<std::uint64_t>& bits, std::uint64_t count) {
    return count % 64 == 0 || bits.back() >> (count % 64) == 0;
}

std::vector<std::uint32_t> unless_same(std::vector<std::uint32_t> map) {
    for (std::uint32_t i = 0; i < map.size(); ++i)
        if (map[i] != i) return map;
    return {};
}

std::uint64_t sum_of(const packed& numbers) {
    std::uint64_t sum = 0;
    if (numbers.empty()) return sum;
    const auto number = numbers.look();
    for (std::size_t i = 0; i < numbers.size(); ++i) sum += static_cast<std::uint64_t>(number[i]);
    return sum;
}

// Whether all bytes are of ASCII without NUL: then texts need not be looked at one by one.
bool are_plain(std::span<const std::byte> bytes) {
    constexpr std::uint64_t ones = 0x0101010101010101, highs = ones << 7;
    std::uint64_t odd = 0;
    std::size_t at = 0;
    for (; at + sizeof odd <= bytes.size(); at += sizeof odd) {
        std::uint64_t word;
        std::memcpy(&word, bytes.data() + at, sizeof word);
        odd |= word | (word - ones);  // of a byte of 1 to 127, less 1, the highest bit is not set
    }
    for (; at < bytes.size(); ++at)
        odd |= std::to_integer<std::uint64_t>(bytes[at]) | (std::to_integer<std::uint64_t>(bytes[at]) - 1);
    return (odd & highs) == 0;
}

bool has_twice(std::vector<std::uint32_t> codes) {
    // New texts get ascending codes, and known ones mostly stand in the order in which they came.
    if (std::adjacent_find(codes.begin(), codes.end(), std::greater_equal()) == codes.end()) return false;
    std::sort(codes.begin(), codes.end());
    return std::adjacent_find(codes.begin(), codes.end()) != codes.end();
}

std::uint64_t range_of(const bounds& b) {
    return static_cast<std::uint64_t>(b.greatest) - static_cast<std::uint64_t>(b.least);
}

struct found_footer {
    segment_footer footer;
    segment_trailer trailer;
};

found_footer find_footer(const disk::file& file, const disk::file_identity& who) {
    const std::uint64_t length = file.size();
    if (length < disk::header_bytes + trailer_bytes) fail_corrupt(who, 0, "the file is too short");
    std::array<std::byte, disk::header_bytes> header;
    read_all(file, who, 0, header);
    const disk::file_header h = read_header(header, who, disk::file_kind::segment);
    if (h.length != disk::header_bytes) fail_corrupt(who, 0, "the header has another length");
    std::array<std::byte, trailer_bytes> last;
    read_all(file, who, length - trailer_bytes, last);
    const segment_trailer t = decode_trailer(last, who, length);
    std::vector<std::byte> raw(t.footer_length);
    read_all(file, who, t.footer_offset, raw);
    if (hash_block(who, t.footer_offset, raw) != t.footer_hash)
        fail_corrupt(who, t.footer_offset, "the checksum of the footer does not fit");
    segment_footer f = decode_footer(raw, who, t.footer_offset);
    if (t.rows != f.rows)
        fail_corrupt(who, t.footer_offset, "the footer and the trailer tell different things");
    return {std::move(f), t};
}

}  // namespace

segment_entry entry_of_segment(const disk::file& file, const disk::file_identity& who) {
    const auto [f, t] = find_footer(file, who);
    return entry_of(f, t, who.number);
}

segment_reader::segment_reader(std::shared_ptr<const disk::file> file, const disk::file_identity& who,
                               const segment_entry& entry)
    : file_(std::move(file)), who_(who), footer_(read_footer(entry)) {}

void segment_reader::refuse(const file_block& at, std::string message) const {
    fail_corrupt(who_, at.offset, std::move(message));
}

segment_footer segment_reader::read_footer(const segment_entry& entry) const {
    const std::uint64_t length = file_->size();
    if (entry.file != who_.number) fail_corrupt(who_, 0, "the store knows this file by another number");
    if (length != entry.file_length)
        fail_corrupt(who_, 0,
                     "the file has " + std::to_string(length) + " bytes, its store knows of " +
                         std::to_string(entry.file_length));
    auto [f, t] = find_footer(*file_, who_);
    if (t.footer_hash != entry.footer_hash)
        fail_corrupt(who_, t.footer_offset, "this is not the segment that its store knows of");
    segment_entry told = entry_of(f, t, who_.number);
    told.first_seq = entry.first_seq;
    told.erase_epoch = entry.erase_epoch;
    told.partition = entry.partition;
    told.flags = entry.flags;
    if (told != entry) fail_corrupt(who_, t.footer_offset, "the footer and the store tell different things");
    return std::move(f);
}

// The bytes of a block, with as many behind them as a packed column needs.
std::unique_ptr<std::byte[]> segment_reader::read(const file_block& b) const {
    const auto padded = static_cast<std::size_t>(disk::aligned(b.length));
    auto bytes = std::make_unique_for_overwrite<std::byte[]>(padded + packed::slack);
    const std::span<std::byte> all(bytes.get(), padded);
    read_all(*file_, who_, b.offset, all);
    if (hash_block(who_, b.offset, all) != b.hash) refuse(b, "the checksum of a block does not fit");
    const auto zeros = all.subspan(b.length);
    if (std::any_of(zeros.begin(), zeros.end(), [](std::byte x) { return x != std::byte{}; }))
        refuse(b, "bytes that must be zero are not");
    std::memset(bytes.get() + padded, 0, packed::slack);
    return bytes;
}

packed segment_reader::integers(const file_block& b, std::uint64_t count) const {
    packed column(b.least, b.range, count);
    column.load(read(b));
    if (!column.fits()) refuse(b, "a value is beyond the range that is stated");
    return column;
}

std::vector<std::uint64_t> segment_reader::words(const file_block& b) const {
    std::vector<std::uint64_t> all(b.length / sizeof(std::uint64_t));
    if (!all.empty()) std::memcpy(all.data(), read(b).get(), b.length);
    return all;
}

std::vector<std::uint64_t> segment_reader::bits(const file_block& b, std::uint64_t count) const {
    std::vector<std::uint64_t> all = words(b);
    if (!all.empty() && !bits_end_at(all, count)) refuse(b, "bits that must be zero are not");
    return all;
}

// What is always in memory
// ----------------------------------------------------------------------------------------------------------

std::vector<stored_id> segment_reader::open(segment& to, snapshot::impl& names) {
    to.first_arrival = footer_.first_arrival;
    to.min_time = footer_.min_time;
    to.max_time = footer_.max_time;
    const code_map lead_codes = open_leads(to, *names.lead_keys);
    open_event_names(to, *names.event_names);
    open_masks(to);
    if (!std::is_sorted(to.leads.begin(), to.leads.end())) sort_leads(to);
    to.events = unloaded(footer_.events_of_rows, footer_.rows, event_codes_);
    to.times = unloaded(footer_.times, footer_.rows, {});
    open_columns(to, names);
    return read_ids(lead_codes);
}

// The codes that a dictionary gives to texts, which must be good for it and differ.
template <class Fault>
segment_reader::code_map segment_reader::insert(const text_blocks& from, std::uint64_t count, dictionary& to,
                                                Fault&& fault) const {
    // Before anything is allocated by the count: texts differ, so at most one is empty.
    if (count > from.bytes.length + 1) refuse(from.bytes, "a text stands twice");
    const packed lengths = integers(from.lengths, count);
    const auto bytes = read(from.bytes);
    if (sum_of(lengths) != from.bytes.length) refuse(from.bytes, "texts have not the lengths stated");
    const bool all_are_good = count > 0 && lengths.least() > 0 &&
                              lengths.greatest() <= static_cast<std::int64_t>(max_name_bytes) &&
                              are_plain({bytes.get(), from.bytes.length});
    std::vector<std::string_view> texts;
    texts.reserve(count);
    const char* at = reinterpret_cast<const char*>(bytes.get());
    const auto length = lengths.look();
    for (std::size_t i = 0; i < count; ++i) {
        const std::string_view text(at, static_cast<std::size_t>(length[i]));
        if (!all_are_good && fault(text)) refuse(from.bytes, "a text is not one that a store takes");
        texts.push_back(text);
        at += text.size();
    }
    code_map codes = to.insert(texts);
    if (has_twice(codes)) refuse(from.bytes, "a text stands twice");
    return codes;
}

segment_reader::code_map segment_reader::open_leads(segment& to, dictionary& keys) const {
    to.leads = insert(footer_.lead_keys, footer_.leads, keys, fault_of_lead);
    const packed rows = integers(footer_.lead_rows, footer_.leads);
    if (sum_of(rows) != footer_.rows) refuse(footer_.lead_rows, "the rows of leads are not all rows");
    to.offsets.resize(footer_.leads + 1);
    const auto row_count = rows.look();
    for (std::size_t lead = 0; lead < rows.size(); ++lead)
        to.offsets[lead + 1] = to.offsets[lead] + static_cast<std::uint32_t>(row_count[lead]);
    to.tied = bits(footer_.tied, footer_.leads);
    return to.leads;
}

void segment_reader::open_event_names(segment& to, dictionary& names) {
    const code_map codes = insert(footer_.event_names, footer_.events, names, fault_of_name);
    const packed rows = integers(footer_.event_rows, footer_.events);
    if (sum_of(rows) != footer_.rows) refuse(footer_.event_rows, "the rows of events are not all rows");
    for (std::size_t e = 0; e < codes.size(); ++e) to.event_counts.emplace_back(codes[e], rows[e]);
    std::sort(to.event_counts.begin(), to.event_counts.end());
    event_codes_ = unless_same(codes);
}

// The bits are to be those of the store's codes. Bits of more than 64 events do not tell which they mean.
void segment_reader::open_masks(segment& to) const {
    to.masks = words(footer_.masks);
    const std::uint64_t possible = footer_.events < 64 ? event_bit(footer_.events) - 1 : ~std::uint64_t{0};
    for (const std::uint64_t mask : to.masks)
        if (mask == 0 || (mask & ~possible) != 0)
            refuse(footer_.masks, "a mask tells of no event, or of unknown ones");
    if (event_codes_.empty()) return;
    if (footer_.events <= 64) {
        for (std::uint64_t& mask : to.masks) {
            std::uint64_t made = 0;
            for (std::uint64_t left = mask; left != 0; left &= left - 1)
                made |= event_bit(event_codes_[static_cast<std::size_t>(std::countr_zero(left))]);
            mask = made;
        }
        return;
    }
    const packed events = integers(footer_.events_of_rows, footer_.rows);
    for (std::size_t lead = 0; lead < to.leads.size(); ++lead) {
        to.masks[lead] = 0;
        for (std::uint32_t r = to.offsets[lead]; r < to.offsets[lead + 1]; ++r)
            to.masks[lead] |= event_bit(event_codes_[static_cast<std::size_t>(events[r])]);
    }
}

// Leads whose codes do not ascend, with all that is kept for each; and the runs that bring their rows along.
void segment_reader::sort_leads(segment& to) {
    std::vector<std::uint32_t> order(to.leads.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return to.leads[a] < to.leads[b]; });
    segment sorted;
    sorted.tied.resize(to.tied.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        const std::uint32_t from = order[i], begin = to.offsets[from], end = to.offsets[from + 1];
        sorted.leads.push_back(to.leads[from]);
        sorted.offsets.push_back(sorted.offsets.back() + (end - begin));
        sorted.masks.push_back(to.masks[from]);
        sorted.tied[i / 64] |= std::uint64_t{to.first_is_tied(from)} << (i % 64);
        if (!runs_.empty() && runs_.back().end == begin)
            runs_.back().end = end;
        else
            runs_.push_back({0, begin, end});
    }
    to.leads.swap(sorted.leads);
    to.offsets.swap(sorted.offsets);
    to.masks.swap(sorted.masks);
    to.tied.swap(sorted.tied);
}

// A column with the bounds that its values will have: those of the codes that the file's may become.
packed segment_reader::unloaded(const file_block& b, std::uint64_t count, const code_map& codes) const {
    if (codes.empty()) return {b.least, b.range, count};
    bounds all;
    for (std::uint64_t code = 0; code <= b.range; ++code)
        all.take(codes[static_cast<std::size_t>(b.least) + code]);
    return {all.least, range_of(all), count};
}

void segment_reader::open_columns(segment& to, snapshot::impl& names) {
    std::vector<std::pair<std::uint32_t, column_source>> all;
    for (std::size_t c = 0; c < footer_.columns.size(); ++c) {
        const segment_footer::column& from = footer_.columns[c];
        const std::uint32_t id = names.add_column(from.name);
        code_map codes;
        if (from.name.kind == value_kind::text) {
            codes = insert(from.dictionary, from.texts, *names.columns[id].texts, fault_of_text);
            for (std::uint32_t& code : codes) ++code;
            codes.insert(codes.begin(), 0);
        }
        all.emplace_back(id, column_source{c, unless_same(std::move(codes))});
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [id, made] : all) {
        const segment_footer::column& from = footer_.columns[made.number];
        to.columns.push_back(
            {id, from.name.kind == value_kind::text, unloaded(from.values, footer_.rows, made.codes), {}});
        columns_.push_back(std::move(made));
    }
}

std::vector<stored_id> segment_reader::read_ids(const code_map& leads) const {
    const file_block& from = footer_.stored_ids;
    const auto raw = read(from);
    std::vector<stored_id> ids(footer_.ids);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        std::array<std::uint64_t, stored_id_bytes / sizeof(std::uint64_t)> words;
        std::memcpy(words.data(), raw.get() + i * stored_id_bytes, stored_id_bytes);
        const auto [id_low, id_high, low, high, arrival, lead] = words;
        if (lead >= leads.size())
            fail_corrupt(who_, from.offset + (i + 1) * stored_id_bytes, "an event id belongs to no lead");
        ids[i] = {{id_low, id_high}, {low, high}, static_cast<std::int64_t>(arrival), leads[lead]};
    }
    return ids;
}

// Columns
// ----------------------------------------------------------------------------------------------------------

void segment_reader::load_rows(segment& to) const {
    packed events = arranged(integers(footer_.events_of_rows, footer_.rows), to.events, event_codes_);
    packed times(footer_.times.least, footer_.times.range, footer_.rows);
    times.load(read(footer_.times));  // check_times() finds values beyond the range, too
    times = arranged(std::move(times), to.times, {});
    check_events(to, events);
    check_times(to, times);
    to.events.load(events.drop());
    to.times.load(times.drop());
}

void segment_reader::load_column(segment& to, std::size_t index) const {
    const column_source& c = columns_[index];
    const segment_footer::column& from = footer_.columns[c.number];
    segment_column& values = to.columns[index];
    packed loaded = arranged(integers(from.values, footer_.rows), values.bits, c.codes);
    if (from.name.kind == value_kind::number) {
        constexpr std::uint64_t infinity = std::uint64_t{0x7FF} << 52;
        for (std::size_t r = 0; r < loaded.size(); ++r)
            if ((static_cast<std::uint64_t>(loaded[r]) & infinity) == infinity)
                refuse(from.values, "a number is not finite");
    }
    if (!values.is_text && from.present.length > 0) {
        const auto some = bits(from.present, footer_.rows);
        if (std::all_of(some.begin(), some.end(), [](std::uint64_t b) { return b == 0; }))
            refuse(from.present, "a column has no values");
    }
    values.present = arranged(bits(from.present, footer_.rows));
    values.bits.load(loaded.drop());
}

std::int64_t segment_reader::bytes_of_column(const segment& s, std::size_t index) const {
    const segment_footer::column& from = footer_.columns[columns_[index].number];
    return s.columns[index].bits.memory() + static_cast<std::int64_t>(from.present.length);
}

// The column with the store's codes and by ascending lead, laid out like another.
packed segment_reader::arranged(packed column, const packed& like, const code_map& codes) const {
    if (!codes.empty()) {
        packed_writer writer(like.least(), like.greatest(), column.size());
        const auto from = column.look();
        writer.set(0, column.size(), [&](std::size_t i) { return codes[static_cast<std::size_t>(from[i])]; });
        column = writer.finish();
    }
    if (!runs_.empty()) {
        packed_writer writer(column.least(), column.greatest(), column.size());
        const packed* const from = &column;
        writer.append({&from, 1}, runs_);
        column = writer.finish();
    }
    return column;
}

std::vector<std::uint64_t> segment_reader::arranged(std::vector<std::uint64_t> bits) const {
    if (runs_.empty() || bits.empty()) return bits;
    std::vector<std::uint64_t> sorted(bits.size());
    std::size_t to = 0;
    for (const packed_run& r : runs_)
        for (std::uint32_t row = r.begin; row < r.end; ++row, ++to)
            sorted[to / 64] |= (bits[row / 64] >> (row % 64) & 1) << (to % 64);
    return sorted;
}

void segment_reader::check_events(const segment& s, const packed& events) const {
    const auto codes = events.look();
    // Rows side by side often bear one name: counted in one place, each would wait for the one before.
    std::vector<std::array<std::int64_t, 2>> counts(s.event_counts.back().first + std::size_t{1});
    for (std::size_t lead = 0; lead < s.leads.size(); ++lead) {
        std::uint64_t mask = 0;
        for (std::uint32_t r = s.offsets[lead]; r < s.offsets[lead + 1]; ++r) {
            const auto event = static_cast<std::uint32_t>(codes[r]);
            ++counts[event][r % 2];
            mask |= event_bit(event);
        }
        if (mask != s.masks[lead]) refuse(footer_.masks, "a lead's events are not those of its mask");
    }
    for (const auto& [code, rows] : s.event_counts)
        if (counts[code][0] + counts[code][1] != rows)
            refuse(footer_.event_rows, "there are not as many events as stated");
}

void segment_reader::check_times(const segment& s, const packed& times) const {
    const auto at = times.look();
    bounds all;
    for (std::size_t lead = 0; lead < s.leads.size(); ++lead) {
        const std::uint32_t begin = s.offsets[lead], end = s.offsets[lead + 1];
        for (std::uint32_t r = begin + 1; r < end; ++r)
            if (at[r] < at[r - 1]) refuse(footer_.times, "times of a lead do not ascend");
        all.take({at[begin], at[end - 1]});
        if (s.first_is_tied(lead) != (end - begin > 1 && at[begin] == at[begin + 1]))
            refuse(footer_.tied, "leads are not tied as their times are");
    }
    if (all.least != s.min_time || all.greatest != s.max_time)
        refuse(footer_.times, "the times are not those that are stated");
}

}  // namespace weir::inline v1
