// One lead on two devices: what was done before the log-in counts, and a wrong merge is taken back.
#include <iostream>

#include <weir.hpp>

int main() {
    weir::store store;
    const auto add = [&](const char* lead, const char* name, int day,
                         std::vector<weir::named_value> attributes = {}) {
        store.append({.lead = lead, .name = name, .time = weir::utc(2024, 1, day), .attributes = attributes})
            .value();
    };
    add("phone", "visit", 1);
    add("phone", "login", 2, {{"user_id", 42}});
    add("desk", "login", 5, {{"user_id", 42}});
    add("desk", "won", 6);
    add("tablet", "visit", 3);
    add("kiosk", "visit", 4);
    add("crm", "link", 7, {{"a", "tablet"}, {"b", "kiosk"}, {"id", "case 1"}});
    add("crm", "unlink", 8, {{"id", "case 1"}});

    const weir::identity people{
        .name = "people",
        .rules = {{.event = "login", .keys = {{"user", "user_id"}}},
                  {.event = "link",
                   .keys = {{"cookie", weir::names{"a", "b"}}},
                   .joins = weir::joins::keys_alone,
                   .merge_id = "id"},
                  {.event = "unlink", .cancels = "id"}},
        .lead_kind = "cookie",
        .ranks = "user",
    };
    const auto joined = derive(store.snapshot(), people).value();

    const weir::funnel sales{.steps = {"visit", "won"}};
    for (const auto& s : {store.snapshot(), joined})
        for (const auto& row : measure(s, sales).value().rows)
            std::cout << row.name << ' ' << row.leads << '\n';
    for (const auto& e : events_of(joined, "phone").value())
        std::cout << e.lead << ": " << e.name << ' ' << weir::to_string(e.time) << '\n';

    const auto report = weir::identities(joined).value();
    std::cout << weir::answer(report).title << '\n';
    for (const auto& c : report.cancelled_merges) std::cout << c.merge_id << " is cancelled\n";
}
