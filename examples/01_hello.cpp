// A funnel over a CSV file: one per channel, and the total.
#include <fstream>
#include <iostream>

#include <weir.hpp>

int main(int, char** argv) {
    using std::chrono::days;

    weir::store store;
    weir::load(store, weir::csv{argv[1]}).value();  // columns lead, event, time; all others are attributes

    const weir::funnel pipeline{
        .steps = {"visit", "signup", {"demo", weir::attribute("source") == "ads"}, "won"},
        .within = days{30},  // first step to last step
        .by = "channel",     // one funnel for each channel, and the total
    };

    const auto answer = measure(store.snapshot(), pipeline).value();

    std::cout << render(answer);                                   // table with bars in the terminal
    std::ofstream("pipeline.svg") << render(answer, weir::svg{});  // the same as a picture
}
