// A store on disk: one thread takes events in, another reports beside it. Then the process ends without a
// word, the store is opened again, and what was sent twice counts once.
#include <atomic>
#include <filesystem>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include <weir.hpp>

namespace {

// As a queue gives them: an id for each, so that a batch may be sent again when nobody knows what became of
// it.
weir::batch batch_number(int n) {
    weir::batch events;
    for (int i = 0; i < 50; ++i) {
        const std::string lead = "lead " + std::to_string(i);
        const char* name = n == 0                 ? "visit"
                           : n == 1 && i % 2 == 0 ? "demo"
                           : n == 2 && i % 5 == 0 ? "won"
                                                  : "mail";
        events.add({.lead = lead,
                    .name = name,
                    .time = weir::utc(2024, 3, 1 + n) + std::chrono::minutes{i},
                    .id = std::to_string(n) + '/' + std::to_string(i)});
    }
    return events;
}

const weir::funnel question{.steps = {"visit", "demo", "won"}};

void report(const weir::store& store) {
    for (const auto& row : weir::measure(store.snapshot(), question).value().rows)
        std::cout << "  " << row.name << ' ' << row.leads << '\n';
}

}  // namespace

int main(int argc, char** argv) {
    const std::string path = argc > 1 ? argv[1] : "17_durable.store";
    std::filesystem::remove_all(path);
    {
        weir::store store = weir::store::open(path).value();
        std::atomic<bool> done = false;
        bool went_back = false;
        std::thread reporter([&] {
            for (std::int64_t before = 0; !done;) {
                const auto visits = weir::measure(store.snapshot(), question).value().rows.front().leads;
                went_back |= visits < before;
                before = visits;
            }
        });
        for (int n = 0; n < 3; ++n) {
            const auto receipt =
                store.append(batch_number(n)).value();  // from here on no loss of power takes it
            std::cout << "batch " << n << ": " << receipt.accepted << " accepted\n";
        }
        done = true;
        reporter.join();
        std::cout << "a report beside it " << (went_back ? "went back" : "never went back") << '\n';
        report(store);
    }  // not closed: the next open reads the log

    weir::store store = weir::store::open(path).value();
    const auto again = store.append(batch_number(2)).value();
    std::cout << "sent again: " << again.accepted << " accepted, " << again.duplicate << " duplicate\n";
    report(store);

    const auto other = weir::store::open(path);
    std::cout << "a second writer: " << other.error().message << '\n';
    auto reader = weir::store::open(path, {.read_only = true}).value();
    std::cout << "a reader sees " << reader.snapshot().size() << " events\n";

    const std::vector<weir::lead_id> keys{"lead 0", "lead 2"};  // of one person: all or none
    std::cout << "erased: " << store.erase(keys).value() << " events\n";
    const auto gone = store.purge().value();
    std::cout << "purged: " << gone.leads << " leads, " << gone.events << " events, " << gone.files
              << " file written anew\n";
    report(store);
    const auto aged = store.purge({.before = weir::utc(2024, 3, 2)}).value();
    std::cout << "too old: " << aged.aged << " events\n";
    std::cout << "verified: " << store.verify().value().events << " events\n";
    store.close().value();
}
