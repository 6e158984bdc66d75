#include "store/scan.hpp"

#include <algorithm>
#include <exception>
#include <thread>

#include "base/fail.hpp"

namespace weir::inline v1 {
namespace {

constexpr int max_threads = 256;

bool before(const row& a, const row& b) {
    if (a.time != b.time) return a.time < b.time;
    if (a.arrival != b.arrival) return a.arrival < b.arrival;
    return a.order < b.order;
}

// Walks one range of leads.
class walker {
public:
    walker(const snapshot::impl& data, const scan_options& options, std::uint32_t from, std::uint32_t until)
        : data_(data), options_(options) {
        for (std::uint32_t s = 0; s < data.segments.size(); ++s) {
            if (!options.segments.empty() && !options.segments[s]) continue;
            const auto& leads = data.segments[s]->leads;
            const auto first = std::lower_bound(leads.begin(), leads.end(), from) - leads.begin();
            const auto last = std::lower_bound(leads.begin(), leads.end(), until) - leads.begin();
            if (first < last)
                cursors_.push_back({s, static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(last)});
        }
    }

    template <class F> void run(F&& visit) {
        for (;;) {
            std::uint32_t lead = UINT32_MAX;
            for (const cursor& c : cursors_) lead = std::min(lead, segment_of(c).leads[c.next]);
            if (lead == UINT32_MAX) return;
            rows_.clear();
            int parts = 0;
            for (cursor& c : cursors_) {
                if (segment_of(c).leads[c.next] != lead) continue;
                const std::size_t had = rows_.size();
                take(c);
                if (rows_.size() > had) ++parts;
                ++c.next;
            }
            std::erase_if(cursors_, [](const cursor& c) { return c.next == c.last; });
            if (parts > 1) std::sort(rows_.begin(), rows_.end(), before);
            if (parts > 0) visit(lead_rows{lead, rows_});
        }
    }

private:
    struct cursor {
        std::uint32_t segment, next, last;  // of the segment's leads
    };
    const segment& segment_of(const cursor& c) const { return *data_.segments[c.segment]; }

    void take(const cursor& c) {
        const segment& s = segment_of(c);
        const bool raw = c.segment < data_.raw_segments();
        for (std::uint32_t r = s.offsets[c.next]; r < s.offsets[c.next + 1]; ++r) {
            const std::int64_t time = s.times[r];
            if (time > options_.as_of) return;
            const auto event = static_cast<std::uint32_t>(s.events[r]);
            if (raw && !options_.hidden && data_.is_hidden(event)) continue;
            const auto order = raw ? 0U : static_cast<std::uint32_t>(s.orders[r]);
            rows_.push_back({time, s.arrivals[r], order, event, c.segment, r});
        }
    }

    const snapshot::impl& data_;
    const scan_options& options_;
    std::vector<cursor> cursors_{};
    std::vector<row> rows_{};
};

// Rows of leads below a code, over all segments.
std::uint64_t rows_below(const snapshot::impl& data, std::uint32_t lead) {
    std::uint64_t sum = 0;
    for (const auto& s : data.segments)
        sum += s->offsets[static_cast<std::size_t>(std::lower_bound(s->leads.begin(), s->leads.end(), lead) -
                                                   s->leads.begin())];
    return sum;
}

// Borders of n ranges of leads with about equally many rows.
std::vector<std::uint32_t> split(const snapshot::impl& data, int n) {
    const std::uint32_t limit = data.lead_limit();
    const std::uint64_t total = rows_below(data, limit);
    std::vector<std::uint32_t> borders{0};
    for (int i = 1; i < n; ++i) {
        const std::uint64_t wanted = total * static_cast<std::uint64_t>(i) / static_cast<std::uint64_t>(n);
        std::uint32_t low = borders.back(), high = limit;
        while (low < high) {
            const std::uint32_t middle = low + (high - low) / 2;
            if (rows_below(data, middle) < wanted)
                low = middle + 1;
            else
                high = middle;
        }
        borders.push_back(low);
    }
    borders.push_back(limit);
    return borders;
}

}  // namespace

void check_threads(const scope& how) {
    if (how.threads < 1 || how.threads > max_threads)
        fail(errc::invalid_question,
             std::to_string(how.threads) + " threads were asked for, 1 to 256 are possible", "threads");
}

int scan(const snapshot::impl& data, const scan_options& options,
         const std::function<void(int worker, const lead_rows&)>& visit) {
    const int n = options.threads;
    const auto borders = split(data, n);
    std::vector<std::exception_ptr> faults(static_cast<std::size_t>(n));
    const auto work = [&](int worker) {
        const auto w = static_cast<std::size_t>(worker);
        try {
            walker(data, options, borders[w], borders[w + 1]).run([&](const lead_rows& lead) {
                visit(worker, lead);
            });
        } catch (...) {
            faults[w] = std::current_exception();
        }
    };
    {
        std::vector<std::jthread> others;
        others.reserve(static_cast<std::size_t>(n));
        for (int i = 1; i < n; ++i) others.emplace_back(work, i);
        work(0);
    }
    for (const auto& fault : faults)
        if (fault) std::rethrow_exception(fault);
    return n;
}

}  // namespace weir::inline v1
