// probe write DIRECTORY [LINE]   - puts a store through its life; prints what was acknowledged, a line at
//                                  once for each; ends without closing it when it has printed LINE
// probe check DIRECTORY PRINTED  - says whether a store has what was acknowledged, all before it, and no more
// probe cut DIRECTORY PRINTED    - the file system of a directory loses power: nothing reaches the disk any
// more
//
// `faults` runs the first with system calls that fail, or that the process does not outlive, `power` ends it
// by a loss of power; then the second.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include <weir.hpp>

namespace {

constexpr int batches = 14, erased_after = 7;
const std::string gone = "a-lead-that-is-erased";

void say(const std::string& line) {
    const std::string text = line + '\n';
    if (::write(STDOUT_FILENO, text.data(), text.size()) < 0) return;  // then nobody was told
}

weir::batch make_batch(int n) {
    weir::batch b;
    for (int i = 0; i < 3; ++i)
        b.add({.lead = "lead " + std::to_string(i),
               .name = "visit",
               .time = weir::from_unix_seconds(n),
               .attributes = {{"n", n}, {"text", "value " + std::to_string(n % 4)}}});
    if (n < erased_after) b.add({.lead = gone, .name = "visit", .time = weir::from_unix_seconds(n)});
    return b;
}

// Stops at the first failure, as a host would that opens the store anew.
int write(const char* path, const std::string& last) {
    auto opened = weir::store::open(path);
    if (!opened) return 3;
    weir::store& s = *opened;
    const auto told = [&last](const auto& done, const std::string& line) {
        if (done) say(line);
        if (done && line == last) std::_Exit(0);
        return done.has_value();
    };
    for (int n = 0; n < batches; ++n) {
        if (!told(s.append(make_batch(n)), "batch " + std::to_string(n))) return 3;
        if (n % 4 == 3 && !s.seal()) return 3;
        if (n == erased_after && !told(s.erase(gone), "erased")) return 3;
        if (n == erased_after + 2 && !told(s.purge(), "purged")) return 3;
        if (n == erased_after + 4 && !s.maintain()) return 3;
    }
    return s.close() ? 0 : 3;
}

// The call that ext4 and XFS have for such tests, without a flush of their journal. What is acknowledged
// after its begin does not count: while they go down, both may answer a sync that they drop with success.
int cut(const char* path, const char* printed) {
    constexpr auto shut_down = _IOR('X', 125, std::uint32_t);
    std::uint32_t without_flush = 2;
    const int descriptor = ::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return std::perror(path), 3;
    struct stat now {};
    if (::stat(printed, &now) != 0) return std::perror(printed), 3;
    if (::ioctl(descriptor, shut_down, &without_flush) != 0) return std::perror(path), 3;
    std::cout << now.st_size << '\n';
    return 0;
}

bool holds(const std::filesystem::path& folder, const std::string& text) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        std::ifstream in(entry.path(), std::ios::binary);
        const std::string all(std::istreambuf_iterator<char>(in), {});
        if (all.find(text) != std::string::npos) return true;
    }
    return false;
}

int wrong(const std::string& what) {
    std::cout << what << '\n';
    return 1;
}

int check(const char* path, const char* printed) {
    int acknowledged = -1;
    bool is_erased = false, is_purged = false;
    std::ifstream in(printed);
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("batch ")) acknowledged = std::stoi(line.substr(6));
        is_erased |= line == "erased";
        is_purged |= line == "purged";
    }
    if (!std::filesystem::exists(path)) return acknowledged < 0 ? 0 : wrong("the directory is not there");
    if (is_purged && holds(path, gone)) return wrong("a purged lead is in a file");
    auto opened = weir::store::open(path);
    if (!opened) return wrong(to_string(opened.error()));
    std::vector<std::int64_t> found;
    for (int i = 0; i < 3; ++i) {
        std::vector<std::int64_t> of_lead;
        for (const weir::event& e : weir::events_of(opened->snapshot(), "lead " + std::to_string(i)).value())
            of_lead.push_back(std::get<std::int64_t>(e.attributes.front().value.data()));
        if (i > 0 && of_lead != found) return wrong("a batch is there in part");
        found = of_lead;
    }
    for (std::size_t n = 0; n < found.size(); ++n)
        if (found[n] != static_cast<std::int64_t>(n))
            return wrong("batch " + std::to_string(n) + " is a hole");
    if (static_cast<int>(found.size()) <= acknowledged)
        return wrong("batch " + std::to_string(acknowledged) + " was acknowledged and is lost");
    const auto left = weir::events_of(opened->snapshot(), gone).value();
    if (is_erased && !left.empty()) return wrong("an erased lead is back");
    if (is_purged)
        for (const weir::erasure_status& e : opened->erasures().value())
            if (!e.gone) return wrong("a purge is forgotten");
    if (!opened->verify()) return wrong("verify finds damage");
    return opened->append(make_batch(static_cast<int>(found.size()))) ? 0
                                                                      : wrong("the store takes nothing more");
}

}  // namespace

int main(int count, char** arguments) {
    if ((count == 3 || count == 4) && std::strcmp(arguments[1], "write") == 0)
        return write(arguments[2], count == 4 ? arguments[3] : "");
    if (count == 4 && std::strcmp(arguments[1], "cut") == 0) return cut(arguments[2], arguments[3]);
    if (count == 4 && std::strcmp(arguments[1], "check") == 0) return check(arguments[2], arguments[3]);
    return 2;
}
