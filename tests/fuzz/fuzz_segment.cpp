// The file of a segment with checksums that are right: it is refused, or it is sound, and says the same when
// it is written again.
#include <memory>

#include "base/fail.hpp"
#include "fuzz.hpp"
#include "memory_file.hpp"
#include "sealed.hpp"
#include "segment/segment_file.hpp"
#include "segment/segment_footer.hpp"

namespace {

weir::snapshot::impl no_names() {
    weir::snapshot::impl names;
    names.lead_keys = std::make_shared<weir::dictionary>();
    names.event_names = std::make_shared<weir::dictionary>();
    return names;
}

// Blocks as the footer tells of them, as far as it can be read; the footer; the trailer; the header.
void seal_segment(weir_fuzz::bytes& file) {
    const std::size_t trailer = file.size() - weir::trailer_bytes;
    const auto footer = weir_fuzz::get<std::uint64_t>(file, trailer);
    const auto length = weir_fuzz::get<std::uint64_t>(file, trailer + 8);
    weir_fuzz::seal_header(file, weir::disk::file_kind::segment);
    if (footer <= trailer && length == trailer - footer) {
        const auto sealed = weir::guarded([&] {
            const auto f =
                weir::decode_footer(std::span(file).subspan(footer, length), weir_fuzz::who(), footer);
            std::size_t at = footer + 64 + 16 * f.columns.size();
            weir::each_block(f, [&](const weir::file_block& b) {
                const auto block = std::span(file).subspan(b.offset, weir::disk::aligned(b.length));
                weir_fuzz::put(file, at + 32, weir::disk::hash_block(weir_fuzz::who(), b.offset, block));
                at += 40;
            });
        });
        static_cast<void>(sealed);
        weir_fuzz::put(
            file, trailer + 16,
            weir::disk::hash_block(weir_fuzz::who(), footer, std::span(file).subspan(footer, length)));
    }
    weir_fuzz::put(file, trailer + 32, std::uint64_t{file.size()});
    weir_fuzz::seal(file, trailer, weir::trailer_bytes, trailer + 48);
}

void check_sound(const weir::segment& s, const weir::snapshot::impl& names) {
    weir_fuzz::require(s.offsets.size() == s.leads.size() + 1 && s.masks.size() == s.leads.size(), "leads");
    for (std::size_t lead = 0; lead < s.leads.size(); ++lead) {
        weir_fuzz::require(s.leads[lead] < names.lead_keys->size(), "a lead without a key");
        weir_fuzz::require(s.offsets[lead] < s.offsets[lead + 1], "a lead without rows");
        for (std::uint32_t r = s.offsets[lead]; r < s.offsets[lead + 1]; ++r) {
            weir_fuzz::require(static_cast<std::uint64_t>(s.events[r]) < names.event_names->size(),
                               "an event");
            weir_fuzz::require(r == s.offsets[lead] || s.times[r - 1] <= s.times[r],
                               "times of a lead descend");
        }
    }
    for (const auto& c : s.columns)
        for (std::size_t r = 0; r < s.size(); ++r)
            if (c.is_text && c.has(r))
                weir_fuzz::require(
                    static_cast<std::uint64_t>(c.at(r)) < names.columns[c.column].texts->size(), "a text");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < weir::disk::header_bytes + weir::trailer_bytes) return 0;
    const auto* const first = reinterpret_cast<const std::byte*>(data);
    weir_fuzz::bytes file(first, first + size);
    seal_segment(file);
    const std::size_t trailer = size - weir::trailer_bytes;
    weir::segment_entry entry{.file = weir_fuzz::who().number, .file_length = size};
    entry.footer_hash = weir_fuzz::get<std::uint64_t>(file, trailer + 16);
    entry.rows = weir_fuzz::get<std::uint64_t>(file, trailer + 24);
    const auto footer = weir_fuzz::get<std::uint64_t>(file, trailer);
    const auto length = weir_fuzz::get<std::uint64_t>(file, trailer + 8);
    const auto read = weir::guarded([&] {
        const auto f = weir::decode_footer(footer <= trailer && length == trailer - footer
                                               ? std::span(file).subspan(footer, length)
                                               : std::span<const std::byte>(),
                                           weir_fuzz::who(), footer);
        entry.min_time = f.min_time;
        entry.max_time = f.max_time;
        entry.first_arrival = f.first_arrival;
        entry.last_seq = f.last_seq;
        entry.last_arrival =
            static_cast<std::int64_t>(static_cast<std::uint64_t>(f.first_arrival) + f.rows - 1);
        weir::snapshot::impl names = no_names();
        const auto opened = weir::open_segment(std::make_shared<weir_test::memory_file>(file),
                                               weir_fuzz::who(), entry, names);
        check_sound(*opened.data, names);
        weir_test::memory_file copy;
        const auto copied = weir::write_segment(copy, weir_fuzz::who(), *opened.data, names, opened.ids);
        weir::snapshot::impl again = no_names();
        const auto reopened = weir::open_segment(std::make_shared<weir_test::memory_file>(copy.bytes),
                                                 weir_fuzz::who(), copied, again);
        weir_fuzz::require(reopened.data->size() == opened.data->size() && reopened.ids == opened.ids,
                           "a segment changes when it is written");
    });
    weir_fuzz::require(read || read.error().code == weir::errc::corrupt ||
                           read.error().code == weir::errc::unsupported ||
                           read.error().code == weir::errc::limit_exceeded,
                       read ? "" : to_string(read.error()));
    return 0;
}
