// Files of this machine: what each call does, and what it says when the system refuses.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/fail.hpp"
#include "catch.hpp"
#include "disk/block.hpp"
#include "disk/file.hpp"
#include "place.hpp"

namespace {

namespace fs = std::filesystem;
using namespace weir;

std::unique_ptr<disk::directory> open(const weir_test::place& here) {
    return disk::open_directory(here.path(), true);
}

std::vector<std::byte> bytes_of(const std::string& text) {
    const auto all = std::as_bytes(std::span(text));
    return {all.begin(), all.end()};
}

template <class F> std::string refusal(F&& f) {
    const auto done = guarded(std::forward<F>(f));
    if (done) return "nothing is refused";
    CHECK(done.error().code == errc::io);
    CHECK(!done.error().where.empty());
    return done.error().message;
}

struct soft_limit {
    soft_limit(__rlimit_resource_t which, rlim_t value) : which_(which) {
        ::getrlimit(which_, &before_);
        rlimit now = before_;
        now.rlim_cur = value;
        ::setrlimit(which_, &now);
    }
    soft_limit(const soft_limit&) = delete;
    soft_limit& operator=(const soft_limit&) = delete;
    ~soft_limit() { ::setrlimit(which_, &before_); }

private:
    __rlimit_resource_t which_;
    rlimit before_{};
};

}  // namespace

TEST_CASE("real file: it is appended to, read anywhere, renamed, wiped and removed") {
    const weir_test::place here;
    const auto all = open(here);
    CHECK(all->path() == here.path());
    CHECK(all->list().empty());
    {
        const auto file = all->create("b");
        disk::append_all(*file, bytes_of("first "));
        disk::append_all(*file, bytes_of("second"));
        file->sync();
    }
    all->create("a")->sync();
    all->sync();
    CHECK(all->list() == std::vector<std::string>{"a", "b"});
    const auto file = all->open("b");
    CHECK(file->size() == 12);
    std::array<std::byte, 20> to{};
    CHECK(file->read(6, to) == 6);
    CHECK(static_cast<char>(to[0]) == 's');
    CHECK(file->read(12, to) == 0);
    all->rename("b", "c");
    CHECK(all->exists("c"));
    CHECK_FALSE(all->exists("b"));
    all->wipe("c");
    all->wipe("a");
    CHECK(file->read(0, to) == 12);
    CHECK(to[0] == std::byte{0});
    all->unlink("c");
    CHECK(file->read(0, to) == 12);  // it was open
    CHECK_FALSE(all->exists("c"));
    std::array<std::byte, 300> random{};
    all->random(random);
    CHECK(std::count(random.begin(), random.end(), std::byte{0}) < 100);
    CHECK(all->now() > 1'700'000'000'000'000);
    CHECK(fs::status(here.path()).permissions() == fs::perms::owner_all);
}

TEST_CASE("real file: a refusal names the call, the file and what the system says") {
    const weir_test::place here;
    const auto all = open(here);
    all->create("there")->sync();
    fs::create_directory(here.path() + "/folder");
    fs::create_symlink("there", here.path() + "/link");
    CHECK(refusal([&] { all->create("there"); }) == "open failed: File exists");
    CHECK(refusal([&] { all->open("none"); }) == "open failed: No such file or directory");
    CHECK(refusal([&] { all->open("link"); }) == "open failed: Too many levels of symbolic links");
    CHECK(refusal([&] { all->rename("none", "some"); }) == "rename failed: No such file or directory");
    CHECK(refusal([&] { all->unlink("none"); }) == "unlink failed: No such file or directory");
    CHECK(refusal([&] { all->unlink("folder"); }) == "unlink failed: Is a directory");
    CHECK(refusal([&] { all->wipe("none"); }) == "open failed: No such file or directory");
    CHECK(refusal([&] { all->lock("folder"); }) == "open failed: Is a directory");
    CHECK(refusal([&] { all->exists(std::string(300, 'x')); }) == "stat failed: File name too long");
    CHECK(refusal([&] { all->open("there")->append(bytes_of("x")); }) == "write failed: Bad file descriptor");
    std::array<std::byte, 4> to{};
    CHECK(refusal([&] { all->open("folder")->read(0, to); }) == "pread failed: Is a directory");
    CHECK(refusal([&] { disk::open_directory(here.path() + "/none", false); }) ==
          "open failed: No such file or directory");
    CHECK(refusal([&] { disk::open_directory(here.path() + "/none/deeper", true); }) ==
          "mkdir failed: No such file or directory");
    CHECK(refusal([&] { disk::open_directory(here.path() + "/there", true); }) ==
          "open failed: Not a directory");
    {
        const soft_limit few(RLIMIT_NOFILE, 0);
        CHECK(refusal([&] { all->list(); }) == "open failed: Too many open files");
        CHECK(refusal([&] { all->open("there"); }) == "open failed: Too many open files");
        CHECK(refusal([&] { disk::open_directory(here.path() + "/new", true); }) ==
              "open failed: Too many open files");
    }
    const auto before = std::signal(SIGXFSZ, SIG_IGN);
    {
        const auto file = all->create("long");
        const soft_limit small(RLIMIT_FSIZE, 10);
        CHECK(file->append(bytes_of("0123456789ab")) == 10);
        CHECK(refusal([&] { disk::append_all(*file, bytes_of("c")); }) == "write failed: File too large");
    }
    std::signal(SIGXFSZ, before);
}

TEST_CASE("real file: one directory holds the lock, and another gets it when that one gives it up") {
    const weir_test::place here;
    const auto first = open(here);
    const auto second = open(here);
    CHECK(first->lock("LOCK"));
    CHECK_FALSE(second->lock("LOCK"));
    first->unlock();
    CHECK(second->lock("LOCK"));
    const pid_t child = ::fork();
    if (child == 0) {
        bool refused = true;
        for (const auto& f : std::vector<std::function<void()>>{[&] { second->create("x"); },
                                                                [&] { second->rename("LOCK", "x"); },
                                                                [&] { second->unlink("LOCK"); }}) {
            const auto done = guarded(f);
            refused &= !done && done.error().code == errc::unsupported;
        }
        ::_exit(refused ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}
