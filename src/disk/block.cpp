#include "disk/block.hpp"

#include <algorithm>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/fail.hpp"

namespace weir::inline v1::disk {
namespace {

constexpr std::uint16_t major_version = 1, minor_version = 0;
constexpr std::size_t header_hash = 56;  // its offset

}  // namespace

std::uint64_t hash_block(const file_identity& who, std::uint64_t offset, std::span<const std::byte> bytes,
                         std::size_t zeros) {
    field_writer place;
    place.bytes(who.store);
    place.u64(who.number);
    place.u64(offset);
    XXH3_state_t state;
    XXH3_INITSTATE(&state);  // else what the stack held is taken for the secret of an equal seed
    XXH3_64bits_reset_withSeed(&state, XXH3_64bits(place.written().data(), place.size()));
    if (!bytes.empty()) XXH3_64bits_update(&state, bytes.data(), bytes.size());
    constexpr std::array<std::byte, block_alignment> nothing{};
    for (; zeros > 0; zeros -= std::min(zeros, nothing.size()))
        XXH3_64bits_update(&state, nothing.data(), std::min(zeros, nothing.size()));
    return XXH3_64bits_digest(&state);
}

void fail_corrupt(const file_identity& who, std::uint64_t offset, std::string message) {
    fail(errc::corrupt, std::move(message), who.name + ':' + std::to_string(offset));
}

void append_all(file& to, std::span<const std::byte> bytes) {
    while (!bytes.empty()) bytes = bytes.subspan(to.append(bytes));
}

void read_all(const file& from, const file_identity& who, std::uint64_t offset, std::span<std::byte> to) {
    const std::size_t found = from.read(offset, to);
    if (found < to.size())
        fail_corrupt(who, offset + found,
                     "the file ends here, " + std::to_string(to.size() - found) + " bytes early");
}

void field_writer::u64_at(std::size_t offset, std::uint64_t v) {
    for (std::size_t i = 0; i < 8; ++i) bytes_[offset + i] = static_cast<std::byte>(v >> (8 * i));
}

std::span<const std::byte> field_reader::bytes(std::uint64_t n) {
    if (n > left()) refuse(std::to_string(n) + " bytes should stand here, " + std::to_string(left()) + " do");
    const auto found = from_.subspan(at_, n);
    at_ += n;
    return found;
}

std::string_view field_reader::text(std::uint64_t n) {
    const auto found = bytes(n);
    return {reinterpret_cast<const char*>(found.data()), found.size()};
}

void field_reader::zeros(std::uint64_t n) {
    const std::uint64_t begin = at_;
    for (const std::byte b : bytes(n))
        if (b != std::byte{}) {
            at_ = begin;
            refuse("bytes that must be zero are not");
        }
}

std::array<std::byte, header_bytes> write_header(const file_header& h) {
    field_writer w;
    w.bytes(std::as_bytes(std::span(magic)));
    w.u16(static_cast<std::uint16_t>(h.kind));
    w.u16(major_version);
    w.u16(minor_version);
    w.u16(h.length);
    w.u32(0);
    w.u32(h.compatible_flags);
    w.bytes(h.store);
    w.u64(h.number);
    w.zeros(16);
    w.u64_at(header_hash, hash_block({h.store, h.number, {}}, 0, w.written()));
    std::array<std::byte, header_bytes> raw;
    std::copy(w.written().begin(), w.written().end(), raw.begin());
    return raw;
}

file_header read_header(std::span<const std::byte, header_bytes> raw, const std::string& name) {
    const file_identity who{{}, 0, name};
    if (!std::equal(raw.begin(), raw.begin() + magic.size(), std::as_bytes(std::span(magic)).begin()))
        fail_corrupt(who, 0, "this is no file of weir");
    field_reader r(raw.subspan<magic.size()>(), who, magic.size());
    file_header h{.kind = static_cast<file_kind>(r.u16())};
    const std::uint16_t major = r.u16(), minor = r.u16();
    h.length = r.u16();
    const std::uint32_t incompatible = r.u32();
    h.compatible_flags = r.u32();
    std::ranges::copy(r.bytes(h.store.size()), h.store.begin());
    h.number = r.u64();
    const std::uint64_t reserved = r.u64(), hash = r.u64();
    std::array<std::byte, header_bytes> unsealed;
    std::ranges::copy(raw, unsealed.begin());
    std::fill(unsealed.begin() + header_hash, unsealed.end(), std::byte{});
    if (hash != hash_block({h.store, h.number, {}}, 0, unsealed))
        fail_corrupt(who, 0, "the checksum of the header does not fit");
    if (major != major_version || incompatible != 0)
        fail(errc::unsupported,
             "the file has format version " + std::to_string(major) + '.' + std::to_string(minor) +
                 " with flags " + std::to_string(incompatible) + "; this build reads version " +
                 std::to_string(major_version) + " without flags",
             name);
    if (reserved != 0) fail_corrupt(who, header_hash - 8, "bytes that must be zero are not");
    return h;
}

file_header read_header(std::span<const std::byte, header_bytes> raw, const file_identity& who,
                        file_kind kind) {
    const file_header h = read_header(raw, who.name);
    if (h.store != who.store) fail_corrupt(who, 0, "the file belongs to another store");
    if (h.number != who.number || h.kind != kind) fail_corrupt(who, 0, "this is another file of the store");
    return h;
}

}  // namespace weir::inline v1::disk
