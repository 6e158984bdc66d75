// A log with checksums that are right: it is refused, or its frames are such as appends and erasures write.
#include <numeric>

#include "base/fail.hpp"
#include "fuzz.hpp"
#include "sealed.hpp"
#include "store/log_file.hpp"

namespace {

// The header, then frame after frame as long as their lengths lead to one.
void seal_log(weir_fuzz::bytes& log) {
    weir_fuzz::seal_header(log, weir::disk::file_kind::log);
    weir_fuzz::put(log, 14, static_cast<std::uint16_t>(weir::log_header_bytes));
    weir_fuzz::seal(log, 0, weir::disk::header_bytes, 56);
    std::uint64_t before = weir_fuzz::seal(log, 0, weir::log_header_bytes, 120);
    for (std::size_t at = weir::log_header_bytes; at + weir::frame_header_bytes <= log.size();) {
        const std::size_t size =
            (weir::frame_header_bytes + std::size_t{weir_fuzz::get<std::uint32_t>(log, at + 4)} + 7) / 8 * 8;
        if (size > log.size() - at) return;
        weir_fuzz::put(log, at + 24, before);
        before = weir_fuzz::seal(log, at, size, at + 40);
        at += size;
    }
}

void read(const weir::log_contents::entry& e) {
    const weir::disk::field_reader from(e.payload, weir_fuzz::who(), e.offset);
    if (e.type != weir::frame_type::events) {
        const auto again = weir::encode_erasures(weir::decode_erasures(e.type, from));
        weir_fuzz::require(again.type == e.type && std::equal(again.payload.begin(), again.payload.end(),
                                                              e.payload.begin(), e.payload.end()),
                           "an erasure that is read is not one that is written");
        return;
    }
    const auto events = weir::decode_events(from);
    std::vector<std::uint32_t> rows(events.events.leads.size());
    std::iota(rows.begin(), rows.end(), 0U);
    const auto written = weir::encode_events(events.events, rows, events.first_arrival);
    const auto again = weir::decode_events({written, weir_fuzz::who(), 0});
    weir_fuzz::require(again.events.leads.size() == rows.size() &&
                           again.first_arrival == events.first_arrival &&
                           weir::encode_events(again.events, rows, again.first_arrival) == written,
                       "events that are read change when they are written");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < weir::log_header_bytes) return 0;
    const auto* const first = reinterpret_cast<const std::byte*>(data);
    weir_fuzz::bytes log(first, first + size);
    seal_log(log);
    const auto done = weir::guarded([&] {
        for (const auto& e : weir::read_log(log, weir_fuzz::who(), std::nullopt).frames) read(e);
    });
    weir_fuzz::require(done || done.error().code == weir::errc::corrupt ||
                           done.error().code == weir::errc::unsupported ||
                           done.error().code == weir::errc::limit_exceeded,
                       done ? "" : to_string(done.error()));
    return 0;
}
