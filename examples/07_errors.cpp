// Two schools: ask a result like a pointer, or let value() throw. Bad rows are reported, not fatal.
#include <iostream>

#include <weir.hpp>

int main() {
    weir::store store;
    const auto missing = weir::load(store, weir::csv{"no-such-file.csv"});
    if (!missing) std::cout << to_string(missing.error().code) << ": " << missing.error().where << '\n';

    const weir::csv rows{.path = "inline.csv",
                         .content =
                             "lead,event,time\n"
                             "ana,visit,2024-01-01\n"
                             "ben,visit,2024-02-30\n"
                             "cleo,visit\n"
                             "ana,won,2024-01-09T10:00:00Z\n"};
    const auto report = weir::load(store, rows).value();
    std::cout << report.events << " events, " << report.rejected << " rows rejected\n";
    for (const auto& r : report.samples)
        std::cout << "line " << r.line << ", column " << r.column << ": " << r.reason << '\n';

    try {
        measure(store.snapshot(), weir::funnel{}).value();
    } catch (const weir::exception& e) {
        std::cout << e.what() << '\n';
    }

    const auto answer = measure(store.snapshot(), weir::funnel{.steps = {"vist", "won"}}).value();
    for (const auto& note : answer.notes) std::cout << "note: " << note << '\n';
}
