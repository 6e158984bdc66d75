// workload.cpp - a generator with a fixed seed; distributions of its own, so that every library agrees.
#include "workload.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ostream>
#include <stdexcept>
#include <tuple>

namespace weir_bench {
namespace {

constexpr std::int64_t second = 1'000'000;
constexpr std::int64_t epoch = 1'735'689'600 * second;  // 2025-01-01
constexpr std::int64_t end = epoch + 180 * day;

class dice {
public:
    explicit dice(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
    double exponential(double mean) { return -mean * std::log1p(-unit()); }
    std::uint32_t below(std::uint32_t n) {
        return static_cast<std::uint32_t>(((next() >> 32) * std::uint64_t{n}) >> 32);
    }
    bool one_in(std::uint32_t n) { return below(n) == 0; }

private:
    std::uint64_t state_;
};

class zipf {
public:
    zipf(int n, double exponent) {
        double total = 0;
        for (int i = 1; i <= n; ++i) cumulative_.push_back(total += std::pow(i, -exponent));
        for (double& c : cumulative_) c /= total;
    }
    template <class T> void draw(dice& random, T& into) const {
        into = static_cast<T>(std::lower_bound(cumulative_.begin(), cumulative_.end(), random.unit()) -
                              cumulative_.begin());
    }

private:
    std::vector<double> cumulative_{};
};

std::int64_t microseconds(double days) { return static_cast<std::int64_t>(days * static_cast<double>(day)); }
std::int64_t seconds(double s) { return static_cast<std::int64_t>(s * static_cast<double>(second)); }

class world {
public:
    explicit world(std::size_t wanted) : random_(0x1ead5eed + wanted), wanted_(wanted) {
        events_.reserve(wanted + 8192);
    }

    std::vector<workload_event> make() {
        for (std::uint32_t lead = 0; events_.size() < wanted_; ++lead) live(lead);
        events_.resize(wanted_);
        return std::move(events_);
    }

private:
    void live(std::uint32_t lead) {
        std::int64_t t = epoch + static_cast<std::int64_t>(random_.unit() * static_cast<double>(end - epoch));
        std::uint32_t visits = 1;
        while (visits < 400 && random_.unit() < std::pow(visits / (visits + 1.0), 1.5)) ++visits;
        const bool converts = random_.unit() < 0.02;
        if (converts && visits < 2 && random_.unit() < 0.7) visits += 1 + random_.below(4);
        const std::uint32_t form_at = converts ? random_.below(std::min(visits, 4U)) : visits;
        const int bot_touches = random_.unit() < 1e-5 ? 1000 + static_cast<int>(random_.below(4000)) : 0;
        const double pace = std::exp(random_.unit() + random_.unit() + random_.unit() - 0.5);
        for (std::uint32_t v = 0; v < visits; ++v) {
            if (v > 0) t += microseconds(random_.exponential(pace) + 0.02);
            if (t >= end) break;
            workload_event last = visit(lead, t, v == 0 ? bot_touches : 0);
            if (v == form_at) walk(last);
        }
    }

    void keep(const workload_event& e) {
        if (e.time < end) events_.push_back(e);
    }

    // Gives the last event of the visit, whose campaign later steps inherit.
    workload_event visit(std::uint32_t lead, std::int64_t t, int extra_touches) {
        workload_event e{};
        e.lead = lead;
        channel_.draw(random_, e.channel);
        campaign_.draw(random_, e.campaign);
        content_.draw(random_, e.content);
        keyword_.draw(random_, e.keyword);
        const bool paid = e.channel == 1 || e.channel == 3 || e.channel == 7;
        e.cost = paid ? 20 + static_cast<std::int32_t>(random_.below(400)) : 0;
        e.time = random_.one_in(10) ? t / second * second : t;
        keep(e);
        e.cost = 0;
        int touches = 0;
        while (touches < 60 && random_.unit() < 0.667) ++touches;
        for (touches += extra_touches; touches > 0; --touches) {
            if (!random_.one_in(50)) e.time += 1000 + seconds(random_.exponential(45));
            touchpoint_.draw(random_, e.type);
            e.type = static_cast<std::uint8_t>(e.type + funnel_steps);
            keep(e);
        }
        return e;
    }

    // Steps 1 to 6 with lags; a tenth of the second steps falls back to the first.
    void walk(workload_event e) {
        static constexpr double going_on[]{0, .60, .65, .60, .55, .40};
        static constexpr double lag_days[]{0, 0, 3, 3, 4, 8, 12};
        e.type = 1;
        if (!random_.one_in(5)) e.time += seconds(random_.exponential(60));
        keep(e);
        while (e.type < 6 && random_.unit() < going_on[e.type] && e.time < end) {
            ++e.type;
            if (!random_.one_in(10)) e.time += microseconds(random_.exponential(lag_days[e.type]));
            e.time = (e.time + second - 1) / second * second;
            if (e.type == 6) e.revenue = 50'000 + static_cast<std::int64_t>(random_.exponential(400'000));
            keep(e);
            if (e.type == 2 && random_.one_in(10)) {
                e.type = 1;
                e.time += microseconds(random_.exponential(2));
                keep(e);
            }
        }
        while (e.type == 6 && random_.one_in(4)) {
            e.time += microseconds(random_.exponential(30)) / second * second;
            e.revenue = 10'000 + static_cast<std::int64_t>(random_.exponential(100'000));
            keep(e);
        }
    }

    dice random_;
    std::size_t wanted_;
    zipf channel_{channels, 1.0}, campaign_{200, 1.0}, content_{1000, 0.8}, keyword_{20'000, 1.0},
        touchpoint_{20, 0.9};
    std::vector<workload_event> events_{};
};

void order(std::vector<workload_event>& events) {
    std::sort(events.begin(), events.end(), [](const workload_event& a, const workload_event& b) {
        return std::tie(a.time, a.lead, a.type) < std::tie(b.time, b.lead, b.type);
    });
}

void renumber_leads(std::vector<workload_event>& events) {
    std::vector<std::uint32_t> code;
    std::uint32_t next = 0;
    for (auto& e : events) {
        if (e.lead >= code.size()) code.resize(e.lead + std::size_t{1}, UINT32_MAX);
        if (code[e.lead] == UINT32_MAX) code[e.lead] = next++;
        e.lead = code[e.lead];
    }
}

// Equal times of a lead get equal attributes of the visit: engines may then take any of them.
void settle_ties(std::vector<workload_event>& events) {
    for (std::size_t i = 1; i < events.size(); ++i) {
        const workload_event& before = events[i - 1];
        workload_event& e = events[i];
        if (e.time != before.time || e.lead != before.lead) continue;
        std::tie(e.channel, e.campaign, e.content, e.keyword) =
            std::tie(before.channel, before.campaign, before.content, before.keyword);
    }
}

void append(std::string& line, std::int64_t number, char after) {
    char digits[24];
    const auto end_of = std::to_chars(digits, digits + sizeof digits, number).ptr;
    line.append(digits, end_of);
    line += after;
}

}  // namespace

std::vector<workload_event> make_workload(std::size_t events) {
    auto made = world(events).make();
    order(made);
    renumber_leads(made);
    order(made);
    settle_ties(made);
    return made;
}

void write_csv(const std::vector<workload_event>& events, std::ostream& out) {
    std::string text = "time,lead,event,channel,campaign,content,keyword,cost,revenue\n";
    for (const auto& e : events) {
        for (const std::int64_t number :
             {e.time, std::int64_t{e.lead}, std::int64_t{e.type}, std::int64_t{e.channel},
              std::int64_t{e.campaign}, std::int64_t{e.content}, std::int64_t{e.keyword},
              std::int64_t{e.cost}})
            append(text, number, ',');
        append(text, e.revenue, '\n');
        if (text.size() < (1U << 20)) continue;
        out.write(text.data(), static_cast<std::streamsize>(text.size()));
        text.clear();
    }
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    if (!out.flush()) throw std::runtime_error("the events cannot be written");
}

void cluster(std::vector<workload_event>& events) {
    std::stable_sort(events.begin(), events.end(),
                     [](const workload_event& a, const workload_event& b) { return a.lead < b.lead; });
}

}  // namespace weir_bench
