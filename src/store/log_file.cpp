#include "store/log_file.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/fail.hpp"

namespace weir::inline v1 {
namespace {

using disk::field_reader;
using disk::field_writer;
using byte_view = std::span<const std::byte>;

constexpr std::uint32_t frame_magic = 0x4D524657;  // "WFRM"
constexpr std::size_t header_hash_at = 120, frame_hash_at = 40;
constexpr std::uint16_t may_be_skipped = 0x8000;
constexpr std::size_t frame_alignment = 8;
constexpr std::size_t most_times_hashed = 16;  // a torn frame may hold some beginnings by chance

constexpr std::size_t padded(std::size_t n) {
    return (n + (frame_alignment - 1)) / frame_alignment * frame_alignment;
}

std::uint64_t hash_without(const disk::file_identity& who, std::uint64_t offset, byte_view block,
                           std::size_t hash_at) {
    byte_vector copy(block.begin(), block.end());
    std::memset(copy.data() + hash_at, 0, sizeof(std::uint64_t));
    return disk::hash_block(who, offset, copy);
}

struct frame_header {
    std::uint32_t length = 0;
    std::uint64_t seq = 0, durable = 0, before = 0, hash = 0;
    std::uint16_t type = 0;
    std::size_t bytes() const { return frame_header_bytes + padded(length); }
};

// The frame that begins at an offset, if a whole one does.
std::optional<frame_header> frame_at(byte_view log, const disk::file_identity& who, std::size_t offset) {
    if (log.size() - offset < frame_header_bytes) return std::nullopt;
    field_reader r(log.subspan(offset, frame_header_bytes), who, offset);
    if (r.u32() != frame_magic) return std::nullopt;
    frame_header h;
    h.length = r.u32();
    h.seq = r.u64();
    h.durable = r.u64();
    h.before = r.u64();
    h.type = r.u16();
    const bool is_plain = r.u16() == 0 && r.u32() == 0;
    h.hash = r.u64();
    if (h.length > max_frame_bytes || log.size() - offset < h.bytes()) return std::nullopt;
    if (h.hash != hash_without(who, offset, log.subspan(offset, h.bytes()), frame_hash_at))
        return std::nullopt;
    if (!is_plain) disk::fail_corrupt(who, offset, "a frame has flags or bytes that must be zero");
    const byte_view padding =
        log.subspan(offset + frame_header_bytes + h.length, padded(h.length) - h.length);
    if (std::any_of(padding.begin(), padding.end(), [](std::byte b) { return b != std::byte{}; }))
        disk::fail_corrupt(who, offset, "a frame is not filled up with zeros");
    return h;
}

// What it takes to see whether one begins there.
std::size_t bytes_to_hash(byte_view log, const disk::file_identity& who, std::size_t offset) {
    field_reader r(log.subspan(offset, frame_header_bytes), who, offset);
    if (r.u32() != frame_magic) return 0;
    return std::min<std::size_t>(frame_header_bytes + r.u32(), log.size() - offset);
}

std::optional<log_end> read_log_header(byte_view log, const disk::file_identity& who, std::uint64_t& hash) {
    if (log.size() < log_header_bytes) return std::nullopt;
    const byte_view raw = log.first(log_header_bytes);
    field_reader r(raw.subspan(disk::header_bytes), who, disk::header_bytes);
    log_end before;
    before.file = r.u64();
    before.length = r.u64();
    before.seq = r.u64();
    before.hash = r.u64();
    const byte_view reserved = r.bytes(24);
    hash = r.u64();
    if (hash != hash_without(who, 0, raw, header_hash_at)) return std::nullopt;
    const auto common = disk::read_header(raw.first<disk::header_bytes>(), who, disk::file_kind::log);
    if (common.length != log_header_bytes || common.compatible_flags != 0 ||
        std::any_of(reserved.begin(), reserved.end(), [](std::byte b) { return b != std::byte{}; }))
        disk::fail_corrupt(who, 0, "the header of a log has something where nothing may be");
    return before;
}

// Looks behind the good part of a log for frames that prove that more was durable.
void look_behind(byte_view log, const disk::file_identity& who, std::size_t from, log_contents& found) {
    // A text of an event could make every place look like the beginning of a long frame.
    std::size_t hashed = 0;
    for (std::size_t at = padded(from); at + frame_header_bytes <= log.size(); at += frame_alignment) {
        hashed += bytes_to_hash(log, who, at);
        if (hashed > most_times_hashed * log.size()) return;
        const auto h = frame_at(log, who, at);
        if (!h) continue;
        found.holds_frames = true;
        found.lost_durable |= h->durable > from;
        at += h->bytes() - frame_alignment;
    }
}

}  // namespace

log_writer::log_writer(std::unique_ptr<disk::file> file, disk::file_identity who, const log_end& before)
    : file_(std::move(file)), who_(std::move(who)) {
    field_writer w;
    w.bytes(disk::write_header({.kind = disk::file_kind::log,
                                .length = log_header_bytes,
                                .store = who_.store,
                                .number = who_.number}));
    w.u64(before.file);
    w.u64(before.length);
    w.u64(before.seq);
    w.u64(before.hash);
    w.zeros(log_header_bytes - w.size());
    end_ = {who_.number, log_header_bytes, before.seq, disk::hash_block(who_, 0, w.written())};
    w.u64_at(header_hash_at, end_.hash);
    disk::append_all(*file_, w.written());
}

void log_writer::write(std::span<const frame> frames) {
    byte_vector all;
    log_end end = end_;
    for (const frame& f : frames) {
        field_writer w;
        w.u32(frame_magic);
        w.u32(static_cast<std::uint32_t>(f.payload.size()));
        w.u64(++end.seq);
        w.u64(synced_);
        w.u64(end.hash);
        w.u16(static_cast<std::uint16_t>(f.type));
        w.zeros(frame_header_bytes - w.size());
        const std::size_t begin = all.size();
        all.insert(all.end(), w.written().begin(), w.written().end());
        all.insert(all.end(), f.payload.begin(), f.payload.end());
        all.resize(padded(all.size()));
        end.hash = disk::hash_block(who_, end.length, std::span(all).subspan(begin));
        std::memcpy(all.data() + begin + frame_hash_at, &end.hash, sizeof end.hash);
        end.length += all.size() - begin;
    }
    closed_ = true;
    disk::append_all(*file_, all);
    closed_ = false;
    end_ = end;
}

void log_writer::sync() {
    file_->sync();
    synced_ = end_.length;
}

log_contents read_log(byte_view log, const disk::file_identity& who, std::optional<std::uint64_t> length) {
    log_contents found;
    found.end.file = who.number;
    std::uint64_t hash = 0;
    found.before = read_log_header(log, who, hash);
    if (!found.before) {
        look_behind(log, who, 0, found);
        return found;
    }
    if (length && (*length > log.size() || *length < log_header_bytes))
        disk::fail_corrupt(who, log.size(),
                           "the log should have " + std::to_string(*length) + " bytes, it has " +
                               std::to_string(log.size()));
    const byte_view good = length ? log.first(static_cast<std::size_t>(*length)) : log;
    found.end = {who.number, log_header_bytes, found.before->seq, hash};
    while (found.end.length < good.size()) {
        const auto h = frame_at(good, who, found.end.length);
        if (!h) break;
        if (h->seq != found.end.seq + 1 || h->before != found.end.hash || h->durable > found.end.length)
            disk::fail_corrupt(who, found.end.length, "a frame does not follow the one before it");
        if ((h->type & may_be_skipped) == 0) {
            if (h->type != static_cast<std::uint16_t>(frame_type::events) &&
                h->type != static_cast<std::uint16_t>(frame_type::erase) &&
                h->type != static_cast<std::uint16_t>(frame_type::erase_many))
                fail(errc::unsupported,
                     "a frame has type " + std::to_string(h->type) + "; a newer weir wrote it",
                     who.name + ':' + std::to_string(found.end.length));
            found.frames.push_back({static_cast<frame_type>(h->type), h->seq,
                                    good.subspan(found.end.length + frame_header_bytes, h->length),
                                    found.end.length + frame_header_bytes});
        }
        found.holds_frames = true;
        found.durable = std::max(found.durable, h->durable);
        found.end = {who.number, found.end.length + h->bytes(), h->seq, h->hash};
    }
    if (length && found.end.length != *length)
        disk::fail_corrupt(who, found.end.length, "a frame that was acknowledged is damaged");
    if (!length) {
        found.torn = log.size() - found.end.length;
        look_behind(log, who, found.end.length, found);
    }
    return found;
}

std::vector<log_contents::entry> find_frames(byte_view log, const disk::file_identity& who) {
    std::vector<log_contents::entry> found;
    std::size_t hashed = 0;
    for (std::size_t at = log_header_bytes; at + frame_header_bytes <= log.size(); at += frame_alignment) {
        hashed += bytes_to_hash(log, who, at);
        if (hashed > most_times_hashed * log.size()) break;
        const auto h = guarded([&] { return frame_at(log, who, at); });
        if (!h || !*h) continue;
        found.push_back({static_cast<frame_type>((*h)->type), (*h)->seq,
                         log.subspan(at + frame_header_bytes, (*h)->length), at + frame_header_bytes});
        at += (*h)->bytes() - frame_alignment;
    }
    return found;
}

std::optional<log_end> log_before(byte_view log, const disk::file_identity& who) {
    std::uint64_t hash = 0;
    const auto read = guarded([&] { return read_log_header(log, who, hash); });
    return read ? *read : std::nullopt;
}

namespace {
constexpr std::size_t digits = 16;
std::string numbered(std::string prefix, std::uint64_t number) {
    for (int shift = 60; shift >= 0; shift -= 4) prefix += "0123456789abcdef"[number >> shift & 15];
    return prefix;
}
}  // namespace

std::string log_name(std::uint64_t number) { return numbered("wal-", number); }
std::string segment_name(std::uint64_t number) { return numbered("seg-", number); }

std::optional<std::uint64_t> number_in(const std::string& name, const char* prefix) {
    const std::size_t size = std::strlen(prefix);
    if (name.size() != size + digits || !name.starts_with(prefix)) return std::nullopt;
    std::uint64_t number = 0;
    for (std::size_t i = size; i < name.size(); ++i) {
        const std::size_t digit = std::string_view("0123456789abcdef").find(name[i]);
        if (digit == std::string_view::npos) return std::nullopt;
        number = number << 4 | digit;
    }
    return number;
}

}  // namespace weir::inline v1
