// A funnel that follows its store: each update reads the leads that changed, and the answer is the one that
// would be measured anew. Then two stores that share no lead, whose parts make one answer, and two ranges of
// time.
#include <iostream>

#include <weir.hpp>

int main() {
    const auto at = [](int day) { return weir::utc(2024, 3, 1) + std::chrono::days{day}; };
    const weir::funnel question{.steps = {"visit", "demo", "won"}, .as_of = at(30)};

    weir::store store;
    weir::live_funnel live(question);
    const auto update = [&](const char* what) {
        const auto done = live.update(store.snapshot()).value();
        std::cout << what << ": ";
        done.all ? std::cout << "all leads read," : std::cout << done.leads << " read again,";
        for (const auto& row : live.answer().value().rows) std::cout << ' ' << row.name << ' ' << row.leads;
        std::cout << '\n';
    };

    weir::batch events;
    for (const char* lead : {"ana", "ben", "eve"}) events.add({.lead = lead, .name = "visit", .time = at(1)});
    events.add({.lead = "ana", .name = "won", .time = at(9)});
    store.append(events).value();
    update("at first");

    store.append({.lead = "ben", .name = "demo", .time = at(3)}).value();
    update("a demo");

    store.append({.lead = "ana", .name = "demo", .time = at(5)}).value();  // told late: before she was won
    update("a late demo");

    store.erase("eve").value();
    update("eve erased");

    store.seal().value();
    update("sealed");

    weir::store other;
    other.append({.lead = "max", .name = "visit", .time = at(2)}).value();
    const std::string sent = to_json(part_of(other.snapshot(), question).value());  // from another machine
    const auto both = merge(live.part(), weir::funnel_part_from_json(sent).value()).value();
    std::cout << "with the other store:";
    for (const auto& row : both.answer().value().rows) std::cout << ' ' << row.name << ' ' << row.leads;
    std::cout << '\n';

    const auto early = range_of(store.snapshot(), question, {std::nullopt, at(4)}).value();
    const auto late = range_of(store.snapshot(), question, {at(4), std::nullopt}).value();
    const auto joined = merge(early, late).value().answer().value();
    std::cout << "two ranges of time:";
    for (const auto& row : joined.rows) std::cout << ' ' << row.name << ' ' << row.leads;
    std::cout << '\n';
}
