// Why one lead did not convert, and what would have to be otherwise.
#include <iostream>

#include <weir.hpp>

namespace {

void show(const weir::funnel_explanation& why) {
    std::cout << weir::answer(why).title << '\n';
    for (const auto& e : why.events)
        std::cout << "  " << weir::to_string(e.event.time) << ' ' << e.event.name << " (" << e.part << ")\n";
    if (!why.change.empty()) std::cout << "  it would get further with: " << why.change << '\n';
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 1;
    weir::store store;
    weir::load(store, weir::csv{argv[1]}).value();
    const weir::snapshot events = store.snapshot();

    weir::funnel question{.steps = {"visit", "signup", "demo", "won"}, .within = std::chrono::days{30}};
    show(explain(events, question, "ana").value());
    show(explain(events, question, "cleo").value());
    question.as_of = weir::utc(2024, 1, 12);
    show(explain(events, question, "ben").value());

    // The same of a stage: which rule moved the lead, and what could move it now.
    weir::lifecycle trial;
    trial.name = "trial";
    trial.stages = {"trial", "customer"};
    trial.exits = {"lost"};
    trial.rules = {{.to = "trial", .event = "signup"},
                   {.to = "customer", .event = "won"},
                   {.to = "lost", .from = "trial", .idle = std::chrono::days{60}, .name = "silence"}};
    const auto staged = derive(events, trial).value();
    const auto why = explain(staged, "ben").value();
    std::cout << weir::answer(why).title << '\n';
    for (const auto& rule : why.rules)
        for (const auto& condition : rule.conditions)
            std::cout << "  to " << rule.to << ": " << condition.text << (condition.holds ? ": yes" : ": no")
                      << '\n';
}
