// base/parallel.hpp - the same work on several threads at once.
#pragma once

#include <cstddef>
#include <exception>
#include <thread>
#include <vector>

namespace weir::inline v1 {

/// Calls work(0) .. work(n - 1) at once, work(0) on this thread. Joins all before it returns, or throws what
/// the first of them threw.
template <class F> void in_parallel(int n, F&& work) {
    std::vector<std::exception_ptr> faults(static_cast<std::size_t>(n));
    const auto attempt = [&](int worker) {
        try {
            work(worker);
        } catch (...) {
            faults[static_cast<std::size_t>(worker)] = std::current_exception();
        }
    };
    {
        std::vector<std::jthread> others;
        others.reserve(static_cast<std::size_t>(n));
        for (int i = 1; i < n; ++i) others.emplace_back(attempt, i);
        attempt(0);
    }
    for (const auto& fault : faults)
        if (fault) std::rethrow_exception(fault);
}

}  // namespace weir::inline v1
