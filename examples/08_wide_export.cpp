// A wide CRM export, one row for each deal with a column for each date, becomes events by a mapping.
#include <iostream>

#include <weir.hpp>

int main(int, char** argv) {
    const auto mapping = weir::mapping_from_json(R"({
        "lead": "deal", "time_format": "%d.%m.%Y", "zone": "Europe/Berlin",
        "events": [{"event": "created",   "time": "created",      "attributes": ["owner"]},
                   {"event": "qualified", "time": "qualified on", "attributes": ["owner"]},
                   {"event": "won",       "time": "won on",
                    "attributes": ["owner", {"column": "value", "type": "money", "currency": "EUR"}]},
                   {"event": "lost",      "time": "lost on",      
                    "attributes": ["owner", {"column": "why lost", "name": "why"}]}]
    })")
                             .value();

    weir::store store;
    const auto report =
        weir::load(store, weir::csv{.path = argv[1], .mapping = mapping, .separator = ';'}).value();
    std::cout << report.rows << " rows: " << report.events << " events, " << report.without_event
              << " without an event, " << report.rejected << " rejected\n";
    for (const auto& r : report.samples)
        std::cout << "line " << r.line << ", " << r.field << ": " << r.reason << '\n';

    const weir::lifecycle deals{.name = "deals",
                                .stages = {"open", "qualified", {"won", {.terminal = true}}},
                                .exits = "lost",
                                .rules = {{.to = "open", .event = "created"},
                                          {.to = "qualified", .event = "qualified"},
                                          {.to = "won", .event = "won"},
                                          {.to = "lost", .event = "lost", .reason_from = "why"}}};
    const auto flow =
        measure(derive(store.snapshot(), deals).value(), weir::flow{.by = "owner", .amount = "value"})
            .value();
    for (const auto& r : flow.reasons)
        if (!r.part.group) std::cout << r.entries << " lost in stage " << r.stage << ": " << r.reason << '\n';
    for (const auto& a : flow.amounts)
        std::cout << a.part.group.value_or("all") << ": " << a.stage << ' ' << a.amount << '\n';
}
