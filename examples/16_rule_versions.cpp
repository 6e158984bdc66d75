// Rules that change in spring: each event is judged by the rules of its time, and what_if tells whom they
// move.
#include <iostream>

#include <weir.hpp>

int main() {
    weir::store store;
    const auto at = [](int month, int day) { return weir::utc(2024, month, day); };
    const auto add = [&](const char* lead, const char* name, weir::instant time, int pages) {
        store.append({.lead = lead, .name = name, .time = time, .attributes = {{"pages", pages}}}).value();
    };
    for (const char* lead : {"ana", "ben", "cleo"}) add(lead, "form", at(2, 1), 1);
    add("ana", "download", at(2, 20), 2);
    add("ben", "download", at(3, 10), 2);
    add("cleo", "download", at(3, 11), 8);

    weir::lifecycle rules;
    rules.stages = {"lead", "mql"};
    rules.rules = {{.to = "lead", .event = "form"}, {.to = "mql", .event = "download"}};
    weir::lifecycle spring = rules;
    spring.versions = {{.version = 2, .valid_from = at(3, 1), .rules = rules.rules}};
    spring.versions[0].rules[1].where = weir::attribute("pages") >= 5;

    const auto staged = derive(store.snapshot(), spring).value();
    for (const auto& v : history(staged).value().visits)
        std::cout << v.lead << ' ' << v.stage << ", version " << v.version << ", " << v.cause << '\n';

    const auto told = measure(store.snapshot(), weir::what_if{.before = rules, .after = spring}).value();
    std::cout << weir::answer(told).title << '\n';
    for (const auto& l : told.leads) std::cout << l.lead << ": no " << l.before << ", " << l.why << '\n';
}
