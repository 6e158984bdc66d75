// Conditions are built, printed, parsed and compared; in a funnel they choose which events count.
#include <iostream>

#include <weir.hpp>

int main(int, char** argv) {
    using weir::attribute, weir::latest;

    const weir::condition built =
        attribute("source") == "ads" || (attribute("amount") >= 10 && latest("grade") != "C");
    std::cout << built << '\n';

    const auto parsed = weir::parse_condition("source == 'ads' || amount >= 10 && lead.grade != 'C'").value();
    std::cout << (parsed == built ? "the same text" : "another text") << '\n';

    const auto wrong = weir::parse_condition("source = 'ads'");
    std::cout << wrong.error() << '\n';

    weir::store store;
    weir::load(store, weir::csv{argv[1]}).value();
    for (const char* text : {"true", "source == 'ads'", "has(channel)", "channel like 's*'"}) {
        const auto where = weir::parse_condition(text).value();
        const auto answer =
            measure(store.snapshot(), weir::funnel{.steps = {"visit", {"demo", where}}}).value();
        std::cout << text << ": " << answer.find("demo")->leads << " of " << answer.find("visit")->leads
                  << '\n';
    }
}
