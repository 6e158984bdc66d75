// sample - a made-up B2B pipeline of 20,000 leads with a known truth: it writes the events as CSV, reads them
// back through weir and compares every count with what it decided when it made them.
//
// Each lead gets a fate: how far it goes, and whether it goes in time. The rest is noise that must not
// matter: page views, mails, rows out of order, equal times.
#include <array>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include <weir.hpp>

namespace {

// splitmix64, the same numbers everywhere.
class dice {
public:
    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9E3779B97F4A7C15U;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
        return z ^ (z >> 31);
    }
    std::int64_t below(std::int64_t n) {
        return static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(n));
    }
    bool chance(int percent) { return below(100) < percent; }

private:
    std::uint64_t state_ = 0x5EED;
};

constexpr std::array steps{"visitor", "prospect", "mql", "sql", "opportunity", "customer"};
constexpr std::array channels{"organic", "ads", "email", "partner", "events"};
constexpr std::array keep_going{46, 52, 58, 62,
                                44};            // percent that go on from each step, of the average channel
constexpr std::array better{0, -8, 6, 14, -3};  // by channel, added to the above
constexpr std::array losses{"price", "competitor", "no budget", "no answer"};
constexpr std::int64_t hour = 3'600, day = 24 * hour, window = 90 * day;
constexpr int leads = 20'000;

struct truth {
    std::array<std::int64_t, steps.size()> reached{};  // within the window
    std::array<std::array<std::int64_t, steps.size()>, channels.size()> by_channel{};
    std::int64_t lost = 0;
};

class maker {
public:
    explicit maker(const std::string& path) : out_(path, std::ios::binary) {
        out_ << "lead,event,time,channel,reason\n";
    }

    truth make() {
        truth t;
        for (int lead = 0; lead < leads; ++lead) live(lead, t);
        return t;
    }
    bool good() { return static_cast<bool>(out_.flush()); }

private:
    void live(int lead, truth& t) {
        const auto channel =
            static_cast<std::size_t>(dice_.below(static_cast<std::int64_t>(channels.size())));
        const std::int64_t first = start_ + dice_.below(270 * day);
        std::int64_t time = first;
        bool in_time = true;
        std::size_t at = 0;
        row(lead, steps[0], time, channel);
        for (;; ++at) {
            if (in_time) {
                ++t.reached[at];
                ++t.by_channel[channel][at];
            }
            noise(lead, time, channel);
            if (at == keep_going.size() || !dice_.chance(keep_going[at] + better[channel])) break;
            // One in thirty takes so long that the window is over; the others stay well inside it.
            if (dice_.below(30) == 0) {
                time = std::max(time, first + window + 1 + dice_.below(20 * day));
                in_time = false;
            } else {
                time += dice_.chance(5) ? 0 : 1 + dice_.below(17 * day);
            }
            row(lead, steps[at + 1], time, channel);
        }
        if (at >= 2 && at < 5 && dice_.chance(40)) {
            row(lead, "lost", time + 1 + dice_.below(30 * day), channel,
                losses[static_cast<std::size_t>(dice_.below(4))]);
            ++t.lost;
        }
    }
    void noise(int lead, std::int64_t time, std::size_t channel) {
        for (std::int64_t n = dice_.below(4); n > 0; --n)
            row(lead, dice_.chance(50) ? "page_view" : "email_open", time + dice_.below(3 * day), channel);
    }
    void row(int lead, const char* event, std::int64_t time, std::size_t channel, const char* reason = "") {
        out_ << 'L' << 10'000 + lead << ',' << event << ',' << weir::to_string(weir::from_unix_seconds(time))
             << ',' << channels[channel] << ',' << reason << '\n';
    }

    std::ofstream out_;
    dice dice_{};
    const std::int64_t start_ = weir::utc(2024, 1, 1).time_since_epoch().count() / 1'000'000;
};

bool same(const weir::funnel_table& answer, const truth& t) {
    bool good = true;
    const auto compare = [&](std::size_t step, std::optional<std::string> group, std::int64_t expected) {
        const auto* found =
            answer.find(steps[step], group ? std::optional<std::string_view>(*group) : std::nullopt);
        if (found != nullptr && found->leads == expected) return;
        std::cerr << "step " << steps[step] << " of " << group.value_or("all") << ": made " << expected
                  << ", measured " << (found != nullptr ? found->leads : -1) << '\n';
        good = false;
    };
    for (std::size_t s = 0; s < steps.size(); ++s) {
        compare(s, std::nullopt, t.reached[s]);
        for (std::size_t c = 0; c < channels.size(); ++c) compare(s, channels[c], t.by_channel[c][s]);
    }
    return good;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: sample FILE.csv\n";
        return 1;
    }
    maker m(argv[1]);
    const truth t = m.make();
    if (!m.good()) {
        std::cerr << argv[1] << ": cannot be written\n";
        return 1;
    }
    weir::store store;
    const auto report = weir::load(store, weir::csv{argv[1]}).value();
    const weir::funnel question{
        .steps = {steps.begin(), steps.end()}, .within = std::chrono::seconds{window}, .by = "channel"};
    const auto answer = measure(store.snapshot(), question).value();
    if (!same(answer, t)) return 1;
    std::cerr << argv[1] << ": " << report.events << " events of " << leads
              << " leads; every count is as made\n";
    return 0;
}
