// limits FOLDER - a store where the system has no more to give: file systems in memory of every size up to
// 4 MiB that get full, files that may not grow, few descriptors. Each time: an error says what is missing, no
// acknowledged batch is lost, and once there is room again the store goes on.
//
// Full file systems need leave to mount; without it, it is told how many sizes were left out.
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include <weir.hpp>

namespace {

namespace fs = std::filesystem;

const std::string gone = "a-lead-that-is-erased";

struct work {
    int batches = 60;         ///< at most
    int events = 3;           ///< of each lead in a batch
    int maintain_every = 4;   ///< batches
    std::size_t padding = 0;  ///< bytes of a text that each event has for itself
};

weir::batch make_batch(int n, const work& w) {
    weir::batch b;
    for (int lead = 0; lead < 3; ++lead)
        for (int i = 0; i < w.events; ++i) {
            std::string text = "value " + std::to_string(n % 4);
            if (w.padding > 0)
                text += std::to_string((n * 3 + lead) * w.events + i) + std::string(w.padding, '.');
            b.add({.lead = "lead " + std::to_string(lead),
                   .name = "visit",
                   .time = weir::from_unix_seconds(n),
                   .attributes = {{"n", n}, {"text", text}}});
        }
    if (n == 0) b.add({.lead = gone, .name = "visit", .time = weir::from_unix_seconds(n)});
    return b;
}

/// What went on in one trial.
struct trial {
    work what{};
    int acknowledged = 0, refused = 0;
    bool is_erased = false, stopped = false;
    std::optional<std::string> wrong{};
    void note(const std::string& text) {
        if (!wrong) wrong = text;
    }
    // Whether it went well; if not, the error has to say what the system lacks.
    template <class T> bool took(const char* verb, const weir::result<T>& done) {
        if (done) return true;
        ++refused;
        const std::string& said = done.error().message;
        bool is_clear = done.error().code == weir::errc::io && !done.error().where.empty();
        is_clear &= std::any_of(std::begin(lacks), std::end(lacks),
                                [&](const char* lack) { return said.find(lack) != std::string::npos; });
        if (!is_clear) note(std::string(verb) + ": unclear: " + to_string(done.error()));
        return false;
    }
    static constexpr const char* lacks[] = {"No space left on device", "File too large",
                                            "Too many open files", "a full disk"};
};

void check_content(const weir::store& s, trial& t) {
    std::vector<int> want;
    for (int n = 0; n < t.acknowledged; ++n)
        for (int i = 0; i < t.what.events; ++i) want.push_back(n);
    for (int lead = 0; lead < 3; ++lead) {
        const auto found = weir::events_of(s.snapshot(), "lead " + std::to_string(lead));
        if (!t.took("events_of", found)) return;
        std::vector<int> numbers;
        for (const weir::event& e : *found)
            numbers.push_back(static_cast<int>(std::get<std::int64_t>(e.attributes.front().value.data())));
        if (numbers != want)
            return t.note("lead " + std::to_string(lead) + " has " + std::to_string(numbers.size()) +
                          " events, " + std::to_string(want.size()) + " were acknowledged");
    }
    const auto left = weir::events_of(s.snapshot(), gone);
    if (t.is_erased && left && !left->empty()) t.note("an erased lead is back");
}

bool append_next(weir::store& s, trial& t) {
    if (!t.took("append", s.append(make_batch(t.acknowledged, t.what)))) return false;
    ++t.acknowledged;
    return true;
}

// Appends and merges until the system has no more.
void fill(weir::store& s, trial& t) {
    while (t.acknowledged < t.what.batches && append_next(s, t))
        if (t.acknowledged % t.what.maintain_every == 0) t.took("maintain", s.maintain());
    t.stopped = t.acknowledged < t.what.batches;
}

// What a host may try when nothing goes on any more. `erases`: an erasure has to go through.
void press_on(weir::store& s, trial& t, bool erases) {
    for (int i = 0; i < 3; ++i) append_next(s, t);
    t.took("seal", s.seal());
    if (t.acknowledged == 0) return;
    t.is_erased = t.took("erase", s.erase(gone));
    if (erases && !t.is_erased) t.note("a full disk refuses to erase in spite of its reserve");
    append_next(s, t);
    t.took("purge", s.purge());
    check_content(s, t);
}

using action = std::function<bool()>;

trial run(const fs::path& path, const work& what, const action& tighten, const action& loosen) {
    trial t{.what = what};
    const auto check = [&](const action& a, const char* name) {
        if (!a()) t.note(std::string("the system refused to ") + name);
    };
    check(tighten, "tighten");
    {
        auto opened = weir::store::open(path.string());
        if (t.took("open", opened)) {
            fill(*opened, t);
            if (t.stopped) press_on(*opened, t, fs::exists(path / "reserve"));
            check(loosen, "loosen");
            if (!append_next(*opened, t)) t.note("with room again it takes nothing");
            if (const auto purged = opened->purge(); !purged) t.note("purge: " + to_string(purged.error()));
            check_content(*opened, t);
        } else {
            check(loosen, "loosen");
        }
    }
    auto again = weir::store::open(path.string());
    if (!again) {
        t.note("it does not open: " + to_string(again.error()));
        return t;
    }
    check_content(*again, t);
    if (!append_next(*again, t)) t.note("opened again it takes nothing");
    if (!again->verify()) t.note("verify finds damage");
    if (!again->close()) t.note("it does not close");
    return t;
}

struct tally {
    int trials = 0, stopped = 0, wrong = 0;
    void add(const std::string& name, const trial& t) {
        ++trials;
        stopped += t.stopped || t.refused > 0;
        if (!t.wrong) return;
        ++wrong;
        std::cout << name << ": " << *t.wrong << '\n';
    }
    void tell(const char* what) const {
        std::cout << trials << ' ' << what << ", " << stopped << " with refused calls, " << wrong << " wrong"
                  << std::endl;  // at once
    }
};

bool set_soft_limit(int which, rlim_t value) {
    rlimit now{};
    if (::getrlimit(static_cast<__rlimit_resource_t>(which), &now) != 0) return false;
    now.rlim_cur = value == RLIM_INFINITY ? now.rlim_max : value;
    return ::setrlimit(static_cast<__rlimit_resource_t>(which), &now) == 0;
}

tally under_limit(const fs::path& home, int which, rlim_t first, rlim_t last, rlim_t step, const work& what) {
    tally all;
    for (rlim_t value = first; value <= last; value += step) {
        fs::remove_all(home / "store");
        all.add("limit " + std::to_string(value),
                run(
                    home / "store", what, [&] { return set_soft_limit(which, value); },
                    [&] { return set_soft_limit(which, RLIM_INFINITY); }));
    }
    return all;
}

// A space of names of its own, so that nothing stays mounted whatever happens.
bool may_mount() {
    if (::unshare(CLONE_NEWNS) != 0) return false;
    return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

constexpr int step = 4, largest = 4096;  // KiB

tally on_full_disks(const fs::path& home) {
    const fs::path disk = home / "disk";
    fs::create_directory(disk);
    tally all;
    for (int size = step; size <= largest; size += step) {
        const std::string small = "size=" + std::to_string(size) + "k";
        const auto tighten = [&] { return ::mount("tmpfs", disk.c_str(), "tmpfs", 0, small.c_str()) == 0; };
        const auto loosen = [&] {
            return ::mount("tmpfs", disk.c_str(), "tmpfs", MS_REMOUNT, "size=64m") == 0;
        };
        // Some 20 batches and what merges leave behind for a moment fill it.
        const work what{.batches = 4000, .events = 2, .padding = static_cast<std::size_t>(size) * 1024 / 150};
        all.add(std::to_string(size) + " KiB", run(disk / "store", what, tighten, loosen));
        if (::umount(disk.c_str()) != 0) {
            std::cout << "cannot unmount\n";
            ++all.wrong;
            break;
        }
    }
    return all;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) return 2;
    const fs::path home = fs::absolute(arguments[1]) / ("limits-" + std::to_string(::getpid()));
    fs::create_directories(home);
    std::signal(SIGXFSZ, SIG_IGN);
    int wrong = 0;
    const auto add = [&](const char* name, const tally& t) {
        t.tell(name);
        wrong += t.wrong;
        if (t.stopped == 0) wrong += 1;  // then nothing was tried
    };
    add("limits of descriptors",
        under_limit(home, RLIMIT_NOFILE, 4, 40, 1, {.batches = 30, .maintain_every = 1}));
    add("limits of file sizes",
        under_limit(home, RLIMIT_FSIZE, 512, 32 * 1024, 512, {.batches = 30, .events = 10}));
    if (may_mount())
        add("sizes of a file system", on_full_disks(home));
    else
        std::cout << "skipped: " << largest / step
                  << " sizes of a file system, for there is no leave to mount\n";
    // What was not acknowledged must be missed, or the checks above prove nothing.
    trial planted = run(
        home / "planted", {.batches = 5}, [] { return true; }, [] { return true; });
    ++planted.acknowledged;
    check_content(weir::store::open((home / "planted").string()).value(), planted);
    if (!planted.wrong) {
        std::cout << "a lost batch is not seen\n";
        ++wrong;
    }
    fs::remove_all(home);
    return wrong == 0 ? 0 : 1;
}
