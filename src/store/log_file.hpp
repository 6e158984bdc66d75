// store/log_file.hpp - a file of the write-ahead log: a header that says where the log before it ended, then
// frames.
//
// A frame is one call of append() or erase() and counts wholly or not at all. Each holds the checksum of the
// one before it, so that no run of frames can be taken for another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "disk/block.hpp"
#include "store/frame.hpp"

namespace weir::inline v1 {

/// How far a log is good. The header of the next one repeats it, so that a loss is seen.
struct log_end {
    std::uint64_t file = 0, length = 0, seq = 0, hash = 0;
    friend bool operator==(const log_end&, const log_end&) = default;
};

inline constexpr std::size_t log_header_bytes = 128, frame_header_bytes = 48;
inline constexpr std::size_t max_frame_bytes = std::size_t{256} << 20;

/// Writes one log. A write that failed leaves it as good as it was before, and closed.
class log_writer {
public:
    /// Writes the header into a new file and syncs it; its directory is the caller's.
    log_writer(std::unique_ptr<disk::file>, disk::file_identity, const log_end& before);
    /// Frames get the next numbers, together. Throws io; then nothing more may be written.
    void write(std::span<const frame>);
    /// Makes all frames durable. Throws io.
    void sync();
    /// Lets no more frames be written.
    void close() { closed_ = true; }
    /// Whether it was closed or a write failed: what stands behind end() is no part of the log.
    bool is_closed() const { return closed_; }
    bool is_synced() const { return synced_ == end_.length; }
    const log_end& end() const { return end_; }

private:
    std::unique_ptr<disk::file> file_;
    disk::file_identity who_;
    log_end end_;
    std::uint64_t synced_ = 0;
    bool closed_ = false;
};

struct log_contents {
    struct entry {
        frame_type type;
        std::uint64_t seq;
        std::span<const std::byte> payload;
        std::uint64_t offset;  ///< of the payload
    };
    std::optional<log_end> before{};  ///< none: the header is damaged
    std::vector<entry> frames{};
    log_end end{};
    std::uint64_t durable =
        0;                   ///< length that is known to be durable; frames that begin behind it may not be
    std::uint64_t torn = 0;  ///< bytes behind the end, where nothing states it
    bool holds_frames = false;  ///< anywhere, also behind a damaged header
    /// Bytes behind the last good frame that were said to be durable: more than nothing is damage.
    bool lost_durable = false;
};

/// Reads a log up to its first frame that is not whole, or up to the length that the next log states of it,
/// which then has to be reached. Throws corrupt, or unsupported for a type of frame that is not known.
log_contents read_log(std::span<const std::byte>, const disk::file_identity&,
                      std::optional<std::uint64_t> length);

/// All whole frames of a log, also behind damage; they tell by their numbers what is missing between them.
std::vector<log_contents::entry> find_frames(std::span<const std::byte>, const disk::file_identity&);
/// What the header says of the log before; none if it is damaged.
std::optional<log_end> log_before(std::span<const std::byte>, const disk::file_identity&);

std::string log_name(std::uint64_t number);
std::string segment_name(std::uint64_t number);
/// The number in such a name, if it is one.
std::optional<std::uint64_t> number_in(const std::string& name, const char* prefix);

}  // namespace weir::inline v1
