// disk/simulated.hpp - a disk that loses power: what was not synced may be there afterwards, in any part.
//
// A file keeps what the system shows beside what the disk has. At a power cut any of the 512-byte sectors
// written since the last sync may have arrived or not, and the size before the data; creations, renames and
// removals since the last sync of the directory arrive as a prefix or as any subset. A sync that fails drops
// what it should have written, yet later ones succeed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "disk/file.hpp"

namespace simulated {

using bytes = std::vector<std::byte>;
/// What is on a disk after a power cut: contents by name.
using image = std::map<std::string, bytes>;

enum class call { create, append, sync, rename, unlink, sync_directory, wipe };

/// What happens to a call.
enum class fate {
    done,
    refused,   ///< EIO: nothing is done; of a sync: what it should have written is dropped
    no_space,  ///< ENOSPC: an append may write a part, or all
    ignored,   ///< it reports success and does nothing
};

struct inode {
    bytes shown{};    ///< what reads give
    bytes durable{};  ///< what the disk has
    struct range {
        std::size_t begin, end;
    };
    std::vector<range> pending{};
};

/// One machine's disk with one directory.
class machine {
public:
    explicit machine(std::uint64_t seed, const image& content = {});

    /// Is asked before each call that changes something. It may look at the disk, and take images.
    std::function<fate(call, const std::string& name)> before{};
    std::uint64_t calls = 0;
    bool is_locked = false;
    bool is_remote = false;
    std::optional<std::size_t> capacity{};  ///< bytes of all files that have names; none: no limit
    std::int64_t clock = 0;                 ///< microseconds; a second passes with each look at it

    /// What may be left if the power fails now.
    image after_power_cut(std::mt19937_64&) const;
    /// All bytes that a name, or a file that is still being written, leads to: shown and durable.
    std::vector<const bytes*> all_bytes() const;
    image shown() const;

private:
    friend class directory;
    friend class open_file;
    struct change {
        call what;
        std::string name, to;
        std::shared_ptr<inode> file;
    };
    fate ask(call, const std::string& name);
    std::size_t room() const;

    std::map<std::string, std::shared_ptr<inode>> names_{}, durable_names_{};
    std::vector<change> changes_{};
    std::mt19937_64 random_;
};

/// Opens the directory of a machine, which outlives it.
std::unique_ptr<weir::disk::directory> open(machine&);

}  // namespace simulated
