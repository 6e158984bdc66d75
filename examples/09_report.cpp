// Several answers on one self-contained page; the same answers as JSON and CSV.
#include <fstream>
#include <iostream>

#include <weir.hpp>

int main(int, char** argv) {
    weir::store store;
    weir::load(store, weir::csv{argv[1]}).value();
    const auto snapshot = store.snapshot();
    const weir::funnel question{.steps = {"visit", "signup", "won"}, .within = std::chrono::days{30}};

    const weir::report page{
        .title = "Pipeline, first quarter",
        .sections = {{.title = "Visit to won", .answer = measure(snapshot, question).value()},
                     {.title = "By week of the first visit",
                      .answer = measure(snapshot,
                                        weir::question_from_json(R"({"funnel": {"steps": ["visit", "signup"],
                                                   "within": "7d", "bucket": {"unit": "week"}}})")
                                            .value())
                                    .value()}},
    };
    std::ofstream("report.html") << render(page);
    std::cout << to_csv(page.sections[0].answer) << '\n' << to_json(page.sections[0].answer) << '\n';
}
