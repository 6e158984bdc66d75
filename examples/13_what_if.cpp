// What a stricter rule would have done with the same events: numbers and leads that differ.
#include <iostream>

#include <weir.hpp>

int main(int argc, char** argv) {
    if (argc < 2) return 1;
    weir::store store;
    weir::load(store, weir::csv{argv[1]}).value();

    weir::lifecycle trial;
    trial.name = "trial";
    trial.stages = {"signed_up", "qualified", "customer"};
    trial.rules = {{.to = "signed_up", .event = "signup"},
                   {.to = "qualified", .event = "demo", .name = "demo"},
                   {.to = "customer", .event = "won"}};
    weir::lifecycle strict = trial;
    strict.version = 2;
    strict.rules[1].where = weir::attribute("source") == "ads";

    const auto told = measure(store.snapshot(), weir::what_if{.before = trial, .after = strict}).value();
    std::cout << weir::answer(told).title << '\n';
    for (const auto& lead : told.leads)
        std::cout << "  " << lead.lead << ": " << lead.before << " by " << lead.before_rule << ", now "
                  << lead.now_after << " (" << lead.why << ")\n";
    for (const auto& d : told.differences)
        if (d.table == "outcome")
            std::cout << "  " << d.row << ", " << d.column << ": " << d.before << " -> " << d.after << '\n';
}
