// soak FOLDER [SECONDS] - a store that takes events, is asked, erases leads, merges and purges by age for as
// long as is wanted: the memory of the process does not grow, neither do its descriptors, and the files take
// at most half as much again as what they hold.
//
// Leads and texts come from a fixed set, since their dictionaries stay in memory as long as a store is open.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include <weir.hpp>

namespace {

namespace fs = std::filesystem;
using clock_type = std::chrono::steady_clock;

constexpr int leads = 3000, batch_events = 200, kept_batches = 60, settle_every = 40;
constexpr double bytes_of_reserve = 1 << 20, most_slope = 1 << 20;  // bytes; bytes an hour

std::string lead(std::uint64_t n) { return "lead " + std::to_string(n % leads); }

// Any sequence that does not repeat soon.
struct sequence {
    std::uint64_t state = 7;
    std::uint64_t next() {
        state ^= state << 13;
        state ^= state >> 7;
        return state ^= state << 17;
    }
};

weir::batch make_batch(std::int64_t n, sequence& random) {
    weir::batch b;
    for (int i = 0; i < batch_events; ++i) {
        const std::uint64_t dice = random.next();
        b.add({.lead = lead(dice),
               .name = dice % 3 == 0 ? "won" : "visit",
               .time = weir::from_unix_seconds(n * 60 + i % 60),
               .attributes = {{"channel", "channel " + std::to_string(dice / 8 % 20)},
                              {"n", static_cast<std::int64_t>(dice >> 20)}},
               .id = std::to_string(n * batch_events + i)});
    }
    return b;
}

double resident() {
    std::ifstream in("/proc/self/statm");
    double pages = 0;
    in >> pages >> pages;
    return pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

std::ptrdiff_t descriptors() {
    const fs::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all)) - 1;  // one is for the list itself
}

double bytes_in(const fs::path& folder) {
    double sum = 0;
    for (const auto& e : fs::directory_iterator(folder)) sum += static_cast<double>(e.file_size());
    return sum - (fs::exists(folder / "reserve") ? bytes_of_reserve : 0);
}

struct sample {
    double seconds, resident, disk;
    std::ptrdiff_t descriptors;
    std::int64_t events;
};

// Bytes an hour, by least squares.
double slope_of(const std::vector<sample>& all) {
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (const sample& s : all) {
        n += 1;
        x += s.seconds;
        y += s.resident;
        xx += s.seconds * s.seconds;
        xy += s.seconds * s.resident;
    }
    const double spread = n * xx - x * x;
    return spread > 0 ? (n * xy - x * y) / spread * 3600 : 0;
}

class soak {
public:
    explicit soak(const fs::path& path)
        : path_(path),
          store_(weir::store::open(path.string(), {.memory_budget = std::int64_t{16} << 20,
                                                   .dedupe_horizon = kept_batches * batch_events,
                                                   .acknowledge = weir::ack::process_safe,
                                                   .suppress_erased = false})
                     .value()) {}

    void round() {
        store_.append(make_batch(n_, random_)).value();
        if (n_ % 3 == 0) store_.maintain().value();
        if (n_ % 5 == 0) store_.erase(lead(random_.next())).value();
        if (n_ % 10 == 0) {
            weir::measure(store_.snapshot(), {.steps = {"visit", "won"}, .by = "channel"}).value();
            weir::events_of(store_.snapshot(), lead(random_.next())).value();
        }
        ++n_;
        if (n_ % settle_every != 0) return;
        store_.purge({.before = weir::from_unix_seconds((n_ - kept_batches) * 60)}).value();
        while (store_.maintain().value() > 0) {
        }
    }
    bool is_settled() const { return n_ % settle_every == 0 && n_ >= 3 * kept_batches; }
    sample look(double seconds) const {
        return {seconds, resident(), bytes_in(path_), descriptors(), store_.snapshot().size()};
    }
    // What the files take that hold the same and nothing else.
    double sealed_bytes() {
        store_.seal().value();
        store_.purge().value();
        return bytes_in(path_) / static_cast<double>(store_.snapshot().size());
    }
    std::int64_t rounds() const { return n_; }

private:
    fs::path path_;
    weir::store store_;
    sequence random_{};
    std::int64_t n_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
    if (count != 2 && count != 3) return 2;
    const double time = count == 3 ? std::atof(arguments[2]) : 6.0;
    const fs::path home = fs::absolute(arguments[1]) / ("soak-" + std::to_string(::getpid()));
    fs::create_directories(home);
    std::vector<sample> all;
    int wrong = 0;
    {
        soak s(home / "store");
        const auto begin = clock_type::now();
        const auto seconds = [&] { return std::chrono::duration<double>(clock_type::now() - begin).count(); };
        while (seconds() < time || all.size() < 6) {
            s.round();
            if (s.is_settled()) all.push_back(s.look(seconds()));
        }
        // The first half is to get warm.
        all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2));
        const double slope = slope_of(all), grown = all.back().resident - all.front().resident;
        const auto fewer = [](const sample& a, const sample& b) { return a.descriptors < b.descriptors; };
        const auto [few, many] = std::minmax_element(all.begin(), all.end(), fewer);
        double most = 0;
        const double sealed = s.sealed_bytes();
        for (const sample& one : all)
            most = std::max(most, one.disk / static_cast<double>(one.events) / sealed);
        std::printf(
            "%lld batches in %.0f s; in the second half memory went from %.1f to %.1f MB, %+.2f MB an hour; "
            "descriptors %td to %td; files at most %.2f times what they hold\n",
            static_cast<long long>(s.rounds()), seconds(), all.front().resident / 1e6,
            all.back().resident / 1e6, slope / 1e6, few->descriptors, many->descriptors, most);
        // In a short run a slope says little; then memory may not have grown by much.
        const bool is_long = time >= 3600;
        if (is_long ? slope > most_slope : grown > 8e6) ++wrong, std::puts("memory grows");
        if (many->descriptors > few->descriptors + 12) ++wrong, std::puts("descriptors grow");
        if (most > 1.5) ++wrong, std::puts("files hold too little");
    }
    fs::remove_all(home);
    return wrong == 0 ? 0 : 1;
}
