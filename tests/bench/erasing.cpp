// erasing.cpp - what it costs to erase a thousand leads of a store on disk, and to remove their bytes.
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include <weir.hpp>

#include "stopwatch.hpp"
#include "workload.hpp"

namespace {

using weir_bench::milliseconds;

void fill(weir::store& s, std::size_t events) {
    constexpr std::size_t batch_size = 20'000;
    weir::batch b;
    for (const auto& e : weir_bench::make_workload(events)) {
        b.add({.lead = e.lead,
               .name = "type" + std::to_string(e.type),
               .time = weir::instant(weir::duration(e.time)),
               .attributes = {{"channel", "channel" + std::to_string(e.channel)},
                              {"campaign", std::int64_t{e.campaign}},
                              {"cost", std::int64_t{e.cost}},
                              {"revenue", e.revenue}}});
        if (b.size() < batch_size) continue;
        s.append(b).value();
        b.clear();
        s.maintain().value();
    }
    if (b.size() > 0) s.append(b).value();
    while (s.maintain().value() > 0) {
    }
}

std::vector<weir::lead_id> some_leads(const weir::snapshot& s, std::int64_t n, std::int64_t first) {
    std::vector<weir::lead_id> leads;
    const std::int64_t stride = s.leads() / n;
    for (std::int64_t i = 0; i < n; ++i) leads.emplace_back(first + i * stride);
    return leads;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::cerr << "usage: weir_erasing EVENTS DIRECTORY\n";
        return 1;
    }
    const std::string path = argv[2];
    std::filesystem::remove_all(path);
    weir::store s = weir::store::open(path).value();
    fill(s, std::strtoull(argv[1], nullptr, 10));
    std::cout << s.snapshot().size() << " events of " << s.snapshot().leads() << " leads\n";
    const std::vector<weir::lead_id> together = some_leads(s.snapshot(), 1000, 7),
                                     alone = some_leads(s.snapshot(), 100, 3);
    const auto before = s.memory();
    std::cout << "1000 leads in one call: " << milliseconds([&] { s.erase(together).value(); }) << " ms\n";
    std::cout << "100 leads, a call each: " << milliseconds([&] {
        for (const auto& lead : alone) s.erase(lead).value();
    }) << " ms\n";
    std::cout << "memory more by " << s.memory() - before << " bytes\n";
    weir::purge_receipt gone;
    const double took = milliseconds([&] { gone = s.purge().value(); });
    std::cout << "purge: " << took << " ms, " << gone.leads << " leads, " << gone.events << " events, "
              << gone.files << " files, " << gone.bytes << " bytes written\n";
    const auto last = s.snapshot().last().value();
    const double aged =
        milliseconds([&] { gone = s.purge({.before = last - std::chrono::days{30}}).value(); });
    std::cout << "by age: " << aged << " ms, " << gone.aged << " events went, " << gone.files
              << " files written\n";
    std::cout << s.snapshot().size() << " events are left\n";
    s.close().value();
    std::filesystem::remove_all(path);
}
