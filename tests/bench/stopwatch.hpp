// stopwatch.hpp - times, the memory of this process, and the record in which every engine reports both.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <ostream>
#include <string>
#include <vector>

namespace weir_bench {

/// Milliseconds that f takes.
template <class F> double milliseconds(F&& f) {
    const auto begin = std::chrono::steady_clock::now();
    f();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

/// The median of some runs after one that warms up.
template <class F> double median_of(int runs, F&& f) {
    f();
    std::vector<double> times;
    for (int i = 0; i < runs; ++i) times.push_back(milliseconds(f));
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

/// A field of /proc/self/status in bytes, "VmHWM:" or "VmRSS:"; 0 where there is none.
inline std::int64_t memory_status(const std::string& field) {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        std::int64_t kilobytes = 0;
        if (word == field && status >> kilobytes) return kilobytes * 1024;
    }
    return 0;
}
inline std::int64_t peak_memory() { return memory_status("VmHWM:"); }
/// Lets peak_memory() begin anew.
inline void forget_peak() { std::ofstream("/proc/self/clear_refs") << 5; }

/// Whose journey Q7 asks for: one of eight events, with equal times among them.
inline constexpr const char* looked_up_lead = "4242";

/// What one engine took for one question.
struct timing {
    std::string engine{};
    std::string question{};
    std::string variant{};  ///< "", or which way of asking: "best", "plain"
    int threads = 1;
    double median_ms = 0;
    std::int64_t peak_bytes = 0;  ///< of the process while it ran
    std::string answer{};         ///< lines, to be compared between engines; empty: nothing to compare
};

/// One line of tab-separated fields; the lines of the answer end in ';'.
inline std::ostream& operator<<(std::ostream& out, const timing& t) {
    std::string answer = t.answer;
    std::replace(answer.begin(), answer.end(), '\n', ';');
    return out << t.engine << '\t' << t.question << '\t' << t.variant << '\t' << t.threads << '\t'
               << t.median_ms << '\t' << t.peak_bytes << '\t' << answer << '\n';
}

}  // namespace weir_bench
