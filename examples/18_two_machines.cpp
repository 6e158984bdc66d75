// Two machines, each with leads of its own: what each counted of a flow goes as JSON to a third, which has no
// events, and answers as if all were in one store.
#include <iostream>
#include <string>

#include <weir.hpp>

namespace {

weir::instant at(int day) { return weir::utc(2024, 3, 1) + std::chrono::days{day}; }

const weir::lifecycle sales{
    .stages = {{"lead", {.stalled_after = std::chrono::days{20}}}, "offer", "customer"},
    .exits = {"lost"},
    .rules = {{.to = "lead", .event = "form"},
              {.to = "offer", .event = "offer"},
              {.to = "customer", .event = "won"},
              {.to = "lost", .event = "no", .reason_from = "why"}}};

// Runs on each machine. Stages are derived up to one time, whatever the machine has seen last.
std::string count(const weir::store& store) {
    const auto stages = derive(store.snapshot(), sales, {.as_of = at(30)}).value();
    return to_json(part_of(stages, weir::flow{.by = "channel", .amount = "deal"}).value());
}

weir::store north() {
    weir::store s;
    s.append(weir::batch()
                 .add({.lead = "ana", .name = "form", .time = at(1), .attributes = {{"channel", "ads"}}})
                 .add({.lead = "ana", .name = "offer", .time = at(4)})
                 .add({.lead = "ana",
                       .name = "won",
                       .time = at(9),
                       .attributes = {{"deal", weir::money{250'000, "EUR"}}}})
                 .add({.lead = "ben", .name = "form", .time = at(2), .attributes = {{"channel", "mail"}}}))
        .value();
    return s;
}

weir::store south() {
    weir::store s;
    s.append(weir::batch()
                 .add({.lead = "max", .name = "form", .time = at(3), .attributes = {{"channel", "ads"}}})
                 .add({.lead = "max", .name = "offer", .time = at(11)})
                 .add({.lead = "max", .name = "no", .time = at(15), .attributes = {{"why", "price"}}})
                 .add({.lead = "mia", .name = "form", .time = at(28), .attributes = {{"channel", "ads"}}}))
        .value();
    return s;
}

}  // namespace

int main() {
    const std::string from_north = count(north()), from_south = count(south());

    const auto both = merge(weir::partial_flow_from_json(from_north).value(),
                            weir::partial_flow_from_json(from_south).value())
                          .value();
    const auto answer = both.answer().value();
    for (const auto& o : answer.outcome_leads)
        std::cout << o.part.group.value_or("all") << ' ' << o.stage << ": " << o.leads << " leads, "
                  << o.advanced << " advanced, " << o.exits.front() << " lost, " << o.stalled << " stalled, "
                  << o.open << " open\n";
    for (const auto& r : answer.reasons)
        if (!r.part.group) std::cout << "lost from " << r.stage << ": " << r.reason << '\n';
    for (const auto& a : answer.amounts)
        if (!a.part.group) std::cout << a.stage << ": " << to_string(a.amount) << '\n';

    // Parts belong together only if they were counted alike.
    const auto other = part_of(derive(south().snapshot(), sales, {.as_of = at(29)}).value(),
                               weir::flow{.by = "channel", .amount = "deal"})
                           .value();
    std::cout << to_string(merge(both, other).error()) << '\n';
}
