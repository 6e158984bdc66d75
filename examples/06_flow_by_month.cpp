// Flow by month and channel: balances that carry over, conversion within a horizon, reading the typed rows.
#include <iostream>

#include <weir.hpp>

int main(int, char** argv) {
    weir::store store;
    weir::load(store, weir::csv{argv[1]}).value();
    const weir::lifecycle sales{.name = "sales",
                                .stages = {"visitor", "prospect", "customer"},
                                .exits = {},
                                .rules = {{.to = "visitor", .event = "visit"},
                                          {.to = "prospect", .event = "signup"},
                                          {.to = "customer", .event = "won"}}};
    const auto staged = derive(store.snapshot(), sales).value();
    const auto answer = measure(staged, weir::flow{.by = "channel",
                                                   .bucket = weir::monthly("Europe/Berlin"),
                                                   .within = std::chrono::days{14}})
                            .value();
    for (const auto& m : answer.movement)
        if (!m.part.group && m.part.bucket)
            std::cout << *m.part.bucket << ' ' << m.stage << ": " << m.balance_from << " + " << m.created
                      << " + " << m.in << " - " << m.out << " = " << m.balance_until << '\n';
    for (const auto& c : answer.conversion)
        if (!c.part.bucket && c.from == "visitor" && c.to == "prospect" && c.basis == weir::basis::leads)
            std::cout << c.part.group.value_or("all") << ": " << c.observed.n << " of " << c.observed.of
                      << " within 14 days, " << c.mature.n << " of " << c.mature.of << " mature\n";
    for (const auto& note : answer.notes) std::cout << "note: " << note << '\n';
}
