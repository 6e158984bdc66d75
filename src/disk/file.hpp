// disk/file.hpp - the one door to the operating system: the files of one directory, the clock, randomness.
//
// Everything that weir keeps on disk goes through these two types, so that tests can put a simulated or a
// failing disk in their place. No other file of the library opens, writes, syncs, renames or asks the time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <weir/error.hpp>

namespace weir::inline v1::disk {

/// What a call throws that finds no room: an io error like others, but one that room would mend.
class no_space final : public exception {
public:
    using exception::exception;
};

/// An open file. It stays readable after it was unlinked or replaced.
class file {
public:
    virtual ~file() = default;
    virtual std::uint64_t size() const = 0;
    /// Reads at an offset; fewer bytes than asked for only at the end of the file.
    virtual std::size_t read(std::uint64_t offset, std::span<std::byte> to) const = 0;
    /// Writes at the end, maybe less than all: gives how many bytes. Only of a file that was created here.
    virtual std::size_t append(std::span<const std::byte>) = 0;
    /// Makes what was appended durable. After a failure nothing is known of the file any more.
    virtual void sync() = 0;
};

/// A directory. Names are plain, without a slash. Every failure throws io, with the call, the name and the
/// system's words.
class directory {
public:
    virtual ~directory() = default;
    virtual std::vector<std::string> list() const = 0;  ///< sorted
    /// Whether another machine or a process keeps the files, so that locks and syncs may promise little.
    virtual bool is_remote() const = 0;
    virtual bool exists(const std::string& name) const = 0;
    virtual std::unique_ptr<file> open(const std::string& name) const = 0;  ///< to read
    virtual std::unique_ptr<file> create(const std::string& name) = 0;      ///< it must not exist
    virtual void rename(const std::string& from, const std::string& to) = 0;
    virtual void unlink(const std::string& name) = 0;
    /// Makes created, renamed and unlinked names durable.
    virtual void sync() = 0;
    /// Overwrites a file that nothing refers to any more with zeros and makes that durable.
    virtual void wipe(const std::string& name) = 0;
    /// Takes the lock of the one writer; released with the directory. False: another holds it.
    virtual bool lock(const std::string& name) = 0;
    virtual void unlock() = 0;

    virtual std::int64_t now() = 0;  ///< microseconds since 1970
    virtual void random(std::span<std::byte> to) = 0;
    /// The path, for messages.
    virtual const std::string& path() const = 0;
};

/// What directories of this machine take for the time.
std::int64_t machine_time();

/// A directory of this machine. `create`: makes it, mode 0700, if it is not there.
std::unique_ptr<directory> open_directory(const std::string& path, bool create);

}  // namespace weir::inline v1::disk
