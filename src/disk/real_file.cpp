// real_file.cpp - files of this machine, by POSIX calls relative to one open directory.
//
// A name is never followed through a link, and no descriptor outlives an exec. What the host does with its
// working directory later does not matter.
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <new>
#include <system_error>
#include <utility>

#include <dirent.h>

#include "base/fail.hpp"
#include "base/text.hpp"
#include "disk/file.hpp"

namespace weir::inline v1::disk {
namespace {

[[noreturn]] void refuse(const char* call, const std::string& what) {
    const int why = errno;
    if (why == ENOMEM) throw std::bad_alloc();
    const error e{errc::io, std::string(call) + " failed: " + std::system_category().message(why), what};
    if (why == ENOSPC || why == EDQUOT) throw no_space(e);
    throw exception(e);
}

// As the kernel numbers them: NFS, SMB (three), NCP, AFS (two), Coda, Ceph, OCFS2, 9p, FUSE, Lustre, GFS2.
constexpr std::array<std::uint32_t, 14> remote_kinds{
    0x6969,     0x517B,     0xFF534D42, 0xFE534D42, 0x564C,     0x5346414F, 0x6B414653,
    0x73757245, 0x00C36400, 0x7461636F, 0x01021997, 0x65735546, 0x0BD00BD0, 0x01161970};

// A call that a signal interrupted is made again.
template <class F> auto again(F&& call) {
    for (;;) {
        const auto done = call();
        if (done >= 0 || errno != EINTR) return done;
    }
}

class descriptor {
public:
    explicit descriptor(int number) : number_(number) {}
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    int number() const { return number_; }

private:
    int number_;
};

// A child has the descriptors and the lock of its parent, and would write into its files.
class owner {
public:
    void check(const std::string& what) const {
        if (::getpid() != process_)
            fail(errc::unsupported, "another process opened the store; open it anew after a fork", what);
    }

private:
    pid_t process_ = ::getpid();
};

class real_file final : public file {
public:
    real_file(int number, std::string name) : descriptor_(number), name_(std::move(name)) {}

    std::uint64_t size() const override {
        struct stat about {};
        if (::fstat(descriptor_.number(), &about) != 0) refuse("fstat", name_);
        return static_cast<std::uint64_t>(about.st_size);
    }
    std::size_t read(std::uint64_t offset, std::span<std::byte> to) const override {
        std::size_t done = 0;
        while (done < to.size()) {
            const ssize_t n = again([&] {
                return ::pread(descriptor_.number(), to.data() + done, to.size() - done,
                               static_cast<off_t>(offset + done));
            });
            if (n < 0) refuse("pread", name_);
            if (n == 0) break;
            done += static_cast<std::size_t>(n);
        }
        return done;
    }
    std::size_t append(std::span<const std::byte> bytes) override {
        owner_.check(name_);
        const ssize_t n = again([&] { return ::write(descriptor_.number(), bytes.data(), bytes.size()); });
        if (n < 0) refuse("write", name_);
        return static_cast<std::size_t>(n);
    }
    void sync() override {
        if (::fdatasync(descriptor_.number()) != 0) refuse("fdatasync", name_);
    }

private:
    descriptor descriptor_;
    std::string name_;
    owner owner_{};
};

class real_directory final : public directory {
public:
    real_directory(int number, std::string path) : descriptor_(number), path_(std::move(path)) {}

    std::vector<std::string> list() const override {
        const int copy = ::openat(at(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (copy < 0) refuse("open", path_);
        DIR* const entries = ::fdopendir(copy);
        if (entries == nullptr) {
            ::close(copy);
            refuse("fdopendir", path_);
        }
        const std::unique_ptr<DIR, int (*)(DIR*)> closed(entries, ::closedir);
        std::vector<std::string> names;
        errno = 0;
        while (const dirent* e = ::readdir(entries)) {
            if (const std::string name = e->d_name; name != "." && name != "..") names.push_back(name);
            errno = 0;
        }
        if (errno != 0) refuse("readdir", path_);
        std::sort(names.begin(), names.end());
        return names;
    }
    bool is_remote() const override {
        struct statfs about {};
        if (again([&] { return ::fstatfs(at(), &about); }) != 0) refuse("fstatfs", path_);
        const auto kind = static_cast<std::uint32_t>(about.f_type);
        return std::find(remote_kinds.begin(), remote_kinds.end(), kind) != remote_kinds.end();
    }
    bool exists(const std::string& name) const override {
        struct stat about {};
        if (::fstatat(at(), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0) return true;
        if (errno != ENOENT) refuse("stat", path_ + '/' + name);
        return false;
    }
    std::unique_ptr<file> open(const std::string& name) const override { return opened(name, O_RDONLY); }
    std::unique_ptr<file> create(const std::string& name) override {
        owner_.check(path_);
        return opened(name, O_WRONLY | O_APPEND | O_CREAT | O_EXCL);
    }
    void rename(const std::string& from, const std::string& to) override {
        owner_.check(path_);
        if (::renameat(at(), from.c_str(), at(), to.c_str()) != 0) refuse("rename", path_ + '/' + from);
    }
    void unlink(const std::string& name) override {
        owner_.check(path_);
        if (::unlinkat(at(), name.c_str(), 0) != 0) refuse("unlink", path_ + '/' + name);
    }
    void sync() override {
        if (::fsync(at()) != 0) refuse("fsync", path_);
    }
    void wipe(const std::string& name) override {
        const std::string what = path_ + '/' + name;
        const descriptor target(openat(name, O_WRONLY));
        struct stat about {};
        if (::fstat(target.number(), &about) != 0) refuse("fstat", what);
        const std::vector<std::byte> zeros(std::size_t{1} << 16);
        for (off_t done = 0; done < about.st_size;) {
            const auto wanted = std::min<off_t>(about.st_size - done, static_cast<off_t>(zeros.size()));
            const ssize_t n = again([&] {
                return ::pwrite(target.number(), zeros.data(), static_cast<std::size_t>(wanted), done);
            });
            if (n < 0) refuse("pwrite", what);
            done += n;
        }
        if (::fdatasync(target.number()) != 0) refuse("fdatasync", what);
    }
    bool lock(const std::string& name) override {
        auto held = std::make_unique<descriptor>(openat(name, O_RDWR | O_CREAT));
        struct flock whole {};
        whole.l_type = F_WRLCK;
        whole.l_whence = SEEK_SET;
        if (::fcntl(held->number(), F_OFD_SETLK, &whole) != 0) {
            if (errno == EAGAIN || errno == EACCES) return false;
            refuse("fcntl(F_OFD_SETLK)", path_ + '/' + name);
        }
        lock_ = std::move(held);
        return true;
    }

    void unlock() override { lock_.reset(); }

    std::int64_t now() override { return machine_time(); }
    void random(std::span<std::byte> to) override {
        for (std::size_t done = 0; done < to.size();) {
            const ssize_t n = again([&] { return ::getrandom(to.data() + done, to.size() - done, 0); });
            if (n < 0) refuse("getrandom", path_);
            done += static_cast<std::size_t>(n);
        }
    }
    const std::string& path() const override { return path_; }

private:
    int at() const { return descriptor_.number(); }
    int openat(const std::string& name, int flags) const {
        const int number = again(
            [&] { return ::openat(at(), name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR); });
        if (number < 0) refuse("open", path_ + '/' + name);
        return number;
    }
    std::unique_ptr<file> opened(const std::string& name, int flags) const {
        const int number = openat(name, flags);
        auto held = std::unique_ptr<real_file>();
        try {
            held = std::make_unique<real_file>(number, path_ + '/' + name);
        } catch (...) {
            ::close(number);
            throw;
        }
        return held;
    }

    descriptor descriptor_;
    std::string path_;
    owner owner_{};
    std::unique_ptr<descriptor> lock_{};
};

}  // namespace

std::int64_t machine_time() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

// The name of a new directory is made durable in the one that holds it.
static void make_directory(const std::string& path) {
    if (::mkdir(path.c_str(), S_IRWXU) != 0) {
        if (errno != EEXIST) refuse("mkdir", path);
        return;
    }
    const std::string above = path + "/..";
    const descriptor holder(again([&] { return ::open(above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
    if (holder.number() < 0) refuse("open", above);
    if (::fsync(holder.number()) != 0) refuse("fsync", above);
}

std::unique_ptr<directory> open_directory(const std::string& path, bool create) {
    if (create) make_directory(path);
    const int number = again([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
    if (number < 0) refuse("open", path);
    try {
        return std::make_unique<real_directory>(number, path);
    } catch (...) {
        ::close(number);
        throw;
    }
}

}  // namespace weir::inline v1::disk
