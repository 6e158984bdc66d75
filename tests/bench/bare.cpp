// bare.cpp - columns clustered by lead and a mask of event types for each lead; nothing general.
#include "bare.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <thread>

#include "workload.hpp"

namespace weir_bench {
namespace {

using levels_of_group = std::array<std::int64_t, funnel_steps>;

struct columns {
    std::vector<std::uint8_t> types, channels;
    std::vector<std::int64_t> times;
    std::vector<std::uint32_t> offsets{0};  // by lead
    std::vector<std::uint32_t> masks;       // by lead: bit t is set if it has an event of type t

    explicit columns(std::vector<workload_event> events) {
        cluster(events);
        for (const auto& e : events) {
            if (e.lead >= masks.size()) {
                masks.push_back(0);
                offsets.push_back(offsets.back());
            }
            ++offsets.back();
            masks.back() |= 1U << e.type;
            types.push_back(e.type);
            channels.push_back(e.channel);
            times.push_back(e.time);
        }
    }
    std::size_t leads() const { return masks.size(); }
};

// The steps that a lead reaches: latest[k] is the latest start of a chain that has come to step k.
int level_of(const columns& c, std::size_t lead) {
    constexpr std::int64_t never = INT64_MIN / 2;
    std::array<std::int64_t, funnel_steps> latest;
    latest.fill(never);
    for (std::uint32_t i = c.offsets[lead]; i < c.offsets[lead + 1]; ++i) {
        const std::size_t type = c.types[i];
        if (type == 0)
            latest[0] = c.times[i];
        else if (type < funnel_steps && c.times[i] <= latest[type - 1] + funnel_window)
            latest[type] = latest[type - 1];
    }
    return static_cast<int>(std::find(latest.begin(), latest.end(), never) - latest.begin());
}

// f(thread, first lead, last lead)
template <class F> void in_parallel(std::size_t leads, int threads, F&& f) {
    if (threads == 1) return f(0, std::size_t{0}, leads);
    std::thread other([&] { f(1, leads / 2, leads); });
    f(0, std::size_t{0}, leads / 2);
    other.join();
}

void count(levels_of_group& levels, const columns& c, std::size_t lead) {
    const std::uint32_t mask = c.masks[lead];
    levels[0] += mask & 1;
    if ((mask & 3) != 3) return;
    const int level = level_of(c, lead);
    for (int k = 1; k < level; ++k) ++levels[static_cast<std::size_t>(k)];
}

std::string line_of(const levels_of_group& levels) {
    std::string line;
    for (const std::int64_t n : levels) line += (line.empty() ? "" : ",") + std::to_string(n);
    return line + '\n';
}

std::string q1(const columns& c, int threads) {
    std::array<levels_of_group, 2> parts{};
    in_parallel(c.leads(), threads, [&](std::size_t t, std::size_t first, std::size_t last) {
        levels_of_group mine{};
        for (std::size_t lead = first; lead < last; ++lead) count(mine, c, lead);
        parts[t] = mine;
    });
    for (std::size_t k = 0; k < funnel_steps; ++k) parts[0][k] += parts[1][k];
    return line_of(parts[0]);
}

std::string q2(const columns& c, int threads) {
    std::array<std::array<levels_of_group, channels>, 2> parts{};
    in_parallel(c.leads(), threads, [&](std::size_t t, std::size_t first, std::size_t last) {
        auto& mine = parts[t];
        for (std::size_t lead = first; lead < last; ++lead) count(mine[c.channels[c.offsets[lead]]], c, lead);
    });
    std::map<std::string, levels_of_group> by_text;
    for (std::size_t channel = 0; channel < channels; ++channel) {
        levels_of_group& sum = by_text[std::to_string(channel)];
        for (std::size_t k = 0; k < funnel_steps; ++k) sum[k] = parts[0][channel][k] + parts[1][channel][k];
    }
    std::string text;
    for (const auto& [channel, levels] : by_text) text += channel + ',' + line_of(levels);
    return text;
}

struct transition {
    std::int64_t moves = 0, dwell = 0;
};

std::string q6(const columns& c, int threads) {
    using matrix = std::array<transition, funnel_steps * funnel_steps>;
    std::array<matrix, 2> parts{};
    in_parallel(c.leads(), threads, [&](std::size_t t, std::size_t first, std::size_t last) {
        matrix& mine = parts[t];
        for (std::size_t lead = first; lead < last; ++lead) {
            std::size_t from = funnel_steps;
            std::int64_t since = 0;
            for (std::uint32_t i = c.offsets[lead]; i < c.offsets[lead + 1]; ++i) {
                if (c.types[i] >= funnel_steps) continue;
                if (from < funnel_steps) {
                    transition& move = mine[from * funnel_steps + c.types[i]];
                    ++move.moves;
                    move.dwell += c.times[i] - since;
                }
                from = c.types[i];
                since = c.times[i];
            }
        }
    });
    std::string text;
    for (std::size_t i = 0; i < parts[0].size(); ++i)
        if (const auto n = parts[0][i].moves + parts[1][i].moves; n > 0)
            text += std::to_string(i / funnel_steps) + ',' + std::to_string(i % funnel_steps) + ',' +
                    std::to_string(n) + '\n';
    return text;
}

}  // namespace

std::vector<timing> time_bare_loops(std::size_t events, int runs) {
    const columns c(make_workload(events));
    std::vector<timing> all;
    struct named_question {
        const char* name;
        std::string (*ask)(const columns&, int threads);
    };
    for (const named_question& q : {named_question{"Q1", q1}, {"Q2", q2}, {"Q6", q6}}) {
        for (const int threads : {1, 2}) {
            timing t{.engine = "bare loop", .question = q.name, .threads = threads};
            t.median_ms = median_of(runs, [&] { t.answer = q.ask(c, threads); });
            all.push_back(std::move(t));
        }
    }
    return all;
}

}  // namespace weir_bench
