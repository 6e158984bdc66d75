// A host: includes the library under strict warnings, asks a question, checks the answer.
#include <cstdio>

#include <weir.hpp>

int main() {
    weir::store store;
    for (const char* name : {"visit", "won"}) {
        const auto done = store.append(
            {.lead = 7, .name = name, .time = weir::utc(2024, 1, 1), .attributes = {}, .id = {}});
        if (!done) return 1;
    }
    const auto answer =
        measure(store.snapshot(), weir::funnel{.steps = {"visit", "won"}, .bucket = weir::daily()});
    if (!answer) {
        std::fprintf(stderr, "%s\n", answer.error().message.c_str());
        return 1;
    }
    const auto* won = answer->find("won");
    if (won == nullptr || won->leads != 1) return 1;
    std::printf("%s", to_csv(*answer).c_str());
    return measure(store.snapshot(), weir::funnel{}) ? 1 : 0;
}
