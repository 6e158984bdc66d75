// Stages derived from events, conversion and drop-off between them, and a funnel over stages and clicks
// alike.
#include <iostream>

#include <weir.hpp>

int main(int, char** argv) {
    weir::store store;
    weir::load(store, weir::csv{argv[1]}).value();

    const weir::lifecycle sales{
        .name = "sales",
        .stages = {"visitor", "prospect", "qualified", "customer"},
        .exits = {"inactive"},
        .rules = {{.to = "visitor", .event = "visit"},
                  {.to = "prospect", .event = "signup"},
                  {.to = "qualified", .event = "demo"},
                  {.to = "customer", .event = "won"},
                  {.to = "inactive",
                   .idle = std::chrono::days{21},
                   .reason = "no sign of life for three weeks"}},
    };
    const auto staged = derive(store.snapshot(), sales).value();

    const auto flow = measure(staged, weir::flow{}).value();
    for (const auto& c : flow.conversion)
        if (c.basis == weir::basis::leads)
            std::cout << c.from << " -> " << c.to << ": " << c.observed.n << " of " << c.observed.of
                      << ", lost " << c.lost << ", open " << c.open << '\n';

    std::cout << render(measure(staged, weir::funnel{.steps = {"prospect", "demo", "customer"}}).value());
}
