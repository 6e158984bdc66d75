// The same few events under other policies of a funnel: each changes one answer, and the question says so.
#include <iostream>

#include <weir.hpp>

int main() {
    weir::store store;
    const auto at = [](int hour) { return weir::utc(2024, 3, 1) + std::chrono::hours{hour}; };
    weir::batch events;
    events.add({.lead = "ana", .name = "visit", .time = at(1)});
    events.add({.lead = "ana", .name = "call", .time = at(2)});
    events.add({.lead = "ana", .name = "visit", .time = at(8)});
    events.add({.lead = "ana", .name = "offer", .time = at(9)});
    events.add({.lead = "ana", .name = "won", .time = at(9)});  // the same second as the offer
    events.add({.lead = "ben", .name = "offer", .time = at(1)});
    events.add({.lead = "ben", .name = "visit", .time = at(3)});
    store.append(events).value();

    const auto show = [&](const char* what, const weir::funnel& question) {
        const auto answer = measure(store.snapshot(), question).value();
        std::cout << what << ':';
        for (const auto& row : answer.rows) std::cout << ' ' << row.name << ' ' << row.leads;
        std::cout << '\n';
    };

    const weir::funnel standard{.steps = {"visit", "offer", "won"}};
    show("as it stands", standard);

    weir::funnel q = standard;
    q.ties = weir::ties::strictly_later;
    show("won after the offer, not with it", q);

    q = standard;
    q.within = std::chrono::hours{4};
    show("within four hours", q);
    q.entry = weir::entry::first;
    show("of the first visit", q);

    q = standard;
    q.order = weir::order::any_order;
    show("in any order", q);

    q = standard;
    q.steps = {"visit", weir::in_any_order({"offer", "call"}), "won"};
    show("offer and call in any order", q);

    q = standard;
    q.exclude = {{.event = "call"}};
    q.entry = weir::entry::first;
    q.on_exclusion = weir::on_exclusion::disqualify;
    show("first visits that led to no call", q);

    q = standard;
    q.counting = weir::counting::entries;
    show("passages", q);
}
