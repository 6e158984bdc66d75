// disk/block.hpp - the bytes that files are made of: checksums seeded by place, fields, the common header.
//
// Parsers work on bytes in memory, know how many there are, and trust no number that was not checked.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "disk/file.hpp"

namespace weir::inline v1::disk {

using store_id = std::array<std::byte, 16>;

/// Which file of which store it is; every checksum depends on it.
struct file_identity {
    store_id store{};
    std::uint64_t number = 0;  ///< 0: MANIFEST
    std::string name{};        ///< for messages
};

inline constexpr std::size_t block_alignment = 64;
constexpr std::uint64_t aligned(std::uint64_t n) {
    return (n + (block_alignment - 1)) / block_alignment * block_alignment;
}

/// The checksum of a block that begins at an offset, its bytes followed by so many zeros.
std::uint64_t hash_block(const file_identity&, std::uint64_t offset, std::span<const std::byte>,
                         std::size_t zeros = 0);

/// Ends the call with `corrupt`, at an offset of a file. The message must not contain data of leads.
[[noreturn]] void fail_corrupt(const file_identity&, std::uint64_t offset, std::string message);

/// Writes all bytes at the end of a file.
void append_all(file&, std::span<const std::byte>);
/// Reads exactly so many bytes; fewer are corrupt.
void read_all(const file&, const file_identity&, std::uint64_t offset, std::span<std::byte> to);

/// Little-endian fields, one after another.
class field_writer {
public:
    void u8(std::uint8_t v) { put(v, 1); }
    void u16(std::uint16_t v) { put(v, 2); }
    void u32(std::uint32_t v) { put(v, 4); }
    void u64(std::uint64_t v) { put(v, 8); }
    void i64(std::int64_t v) { put(static_cast<std::uint64_t>(v), 8); }
    void bytes(std::span<const std::byte> b) { bytes_.insert(bytes_.end(), b.begin(), b.end()); }
    void text(std::string_view t) { bytes(std::as_bytes(std::span(t))); }
    void zeros(std::size_t n) { bytes_.resize(bytes_.size() + n); }
    /// Writes so many zeros, and gives where they begin, to be overwritten before anything else is written.
    std::byte* room(std::size_t n) {
        zeros(n);
        return bytes_.data() + bytes_.size() - n;
    }
    void pad_to(std::size_t alignment) { zeros((alignment - bytes_.size() % alignment) % alignment); }
    /// Overwrites a field that was written before.
    void u64_at(std::size_t offset, std::uint64_t v);
    std::span<const std::byte> written() const { return bytes_; }
    void reserve(std::size_t bytes) { bytes_.reserve(bytes); }
    std::vector<std::byte> take() { return std::move(bytes_); }
    std::size_t size() const { return bytes_.size(); }

private:
    void put(std::uint64_t v, int width) {
        std::array<std::byte, sizeof v> raw;
        for (std::size_t i = 0; i < raw.size(); ++i) raw[i] = static_cast<std::byte>(v >> (8 * i));
        bytes_.insert(bytes_.end(), raw.begin(), raw.begin() + width);
    }
    std::vector<std::byte> bytes_{};
};

/// Reads such fields. To read behind the end, or something else where zeros must be, is corrupt. The identity
/// must outlive it.
class field_reader {
public:
    /// `offset`: where the bytes stand in the file.
    field_reader(std::span<const std::byte> from, const file_identity& who, std::uint64_t offset)
        : from_(from), who_(&who), offset_(offset) {}

    std::uint8_t u8() { return static_cast<std::uint8_t>(get(1)); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(get(2)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(get(4)); }
    std::uint64_t u64() { return get(8); }
    std::int64_t i64() { return static_cast<std::int64_t>(get(8)); }
    std::span<const std::byte> bytes(std::uint64_t n);
    std::string_view text(std::uint64_t n);
    void zeros(std::uint64_t n);
    /// Skips zeros up to a multiple of the alignment.
    void skip_padding(std::size_t alignment) { zeros((alignment - at_ % alignment) % alignment); }
    std::uint64_t left() const { return from_.size() - at_; }
    std::uint64_t offset() const { return offset_ + at_; }
    [[noreturn]] void refuse(std::string message) const { fail_corrupt(*who_, offset(), std::move(message)); }

private:
    std::uint64_t get(std::size_t width) {
        std::uint64_t v = 0;
        const auto raw = bytes(width);
        for (std::size_t i = 0; i < width; ++i) v |= std::to_integer<std::uint64_t>(raw[i]) << (8 * i);
        return v;
    }
    std::span<const std::byte> from_;
    const file_identity* who_;
    std::uint64_t offset_;
    std::uint64_t at_ = 0;
};

// The common header
// ----------------------------------------------------------------------------------------------------------

enum class file_kind : std::uint16_t { manifest = 1, log = 2, segment = 3 };

struct file_header {
    file_kind kind;
    std::uint16_t length = 64;  ///< of the header with what a kind of file adds to it
    std::uint32_t compatible_flags = 0;
    store_id store{};
    std::uint64_t number = 0;
};
inline constexpr std::size_t header_bytes = 64;
/// The first bytes of every file: they show damage by text mode and by seven bits.
inline constexpr std::array<std::uint8_t, 8> magic{0x89, 'W', 'E', 'I', '\r', '\n', 0x1A, '\n'};

std::array<std::byte, header_bytes> write_header(const file_header&);
/// Reads the first 64 bytes of any file by what they state themselves. `unsupported` for a newer version or
/// an unknown incompatible flag, else corrupt. The name is for messages.
file_header read_header(std::span<const std::byte, header_bytes>, const std::string& name);
/// The same, of a file that is known: corrupt if it is another one.
file_header read_header(std::span<const std::byte, header_bytes>, const file_identity&, file_kind);

}  // namespace weir::inline v1::disk
