// Why leads are lost at each step of a funnel, and whom another policy would put elsewhere.
#include <iostream>

#include <weir.hpp>

int main(int argc, char** argv) {
    if (argc < 2) return 1;
    weir::store store;
    weir::load(store, weir::csv{argv[1]}).value();
    const weir::snapshot events = store.snapshot();
    const weir::funnel question{.steps = {"visit", "signup", "demo", "won"}, .within = std::chrono::days{30}};

    weir::drop_off why{.funnel = question};
    why.list = weir::drop_off_list{.step = 4};
    const auto lost = measure(events, why).value();
    std::cout << weir::answer(lost).title << '\n';
    for (const auto& step : lost.steps)
        std::cout << step.name << ": " << step.lost << " of " << step.came << " lost, " << step.open
                  << " of them open\n";
    for (const auto& r : lost.reasons)
        std::cout << "  before " << r.name << ": " << to_string(r.obstacle) << ' ' << r.leads << '\n';
    for (const auto& l : lost.leads) std::cout << "  " << l.lead << ' ' << to_string(l.obstacle) << '\n';

    weir::compare policies{.before = question, .after = question};
    policies.after.entry = weir::entry::first;
    policies.after.ties = weir::ties::strictly_later;
    const auto both = measure(events, policies).value();
    std::cout << weir::answer(both).title << '\n';
    for (const auto& l : both.leads)
        std::cout << "  " << l.lead << " from step " << l.before << " to " << l.after << ", by " << l.cause
                  << ": " << l.reason << '\n';
}
