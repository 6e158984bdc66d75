// A CRM's own stage changes, with reasons; what the policies refuse is listed, not lost.
#include <iostream>

#include <weir.hpp>

int main() {
    const weir::lifecycle deals{
        .name = "deals",
        .stages = {"lead",
                   {"mql", {.stalled_after = std::chrono::days{30}}},
                   "sql",
                   {"customer", {.terminal = true}}},
        .exits = {"lost"},
        .rules = {{.stage_change = {.event = "deal_stage",
                                    .attribute = "to",
                                    .map = {{"Won", "customer"}, {"Lost", "lost"}},
                                    .reason_from = "why"}}},
        .backward = weir::backward::reject,
    };
    std::cout << deals << "\n\n";

    weir::store store;
    const auto move = [&](const char* lead, int day, const char* to, const char* why = "") {
        weir::event e{
            .lead = lead, .name = "deal_stage", .time = weir::utc(2024, 1, day), .attributes = {{"to", to}}};
        if (*why != '\0') e.attributes.push_back({"why", why});
        store.append(e).value();
    };
    move("ana", 1, "lead"), move("ana", 4, "sql"), move("ana", 9, "Won");
    move("ben", 2, "mql"), move("ben", 3, "lead"), move("ben", 8, "Lost", "price");
    move("cleo", 5, "hot");

    const auto history = weir::history(derive(store.snapshot(), deals).value()).value();
    for (const auto& v : history.visits)
        std::cout << v.lead << ": " << v.stage << " from " << weir::to_string(v.from) << ", " << v.move
                  << (v.reason.empty() ? "" : " (" + v.reason + ")") << '\n';
    for (const auto& v : history.violations)
        std::cout << v.lead << ": no move to " << v.target << ", policy " << v.policy << '\n';
}
