#include "live.hpp"

#include <algorithm>
#include <ctime>
#include <iomanip>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <weir.hpp>

#include "questions.hpp"
#include "workload.hpp"

namespace weir_bench {
namespace {

constexpr std::size_t appended = 1000;

void append(weir::store& store, const std::vector<workload_event>& events) {
    std::ostringstream csv;
    write_csv(events, csv);
    weir::load(store, weir::csv{.mapping = mapping_of_workload(), .content = csv.str()}).value();
}

template <class F> double cpu_ms(F&& f) {
    const std::clock_t begin = std::clock();
    f();
    return 1000.0 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

struct question {
    const char* name;
    weir::funnel asked;
    weir::live_funnel live{asked};
    std::vector<double> updates{}, answers{}, measures{};
    std::int64_t leads = 0;  // of the last update

    void ask(const weir::snapshot& now) {
        weir::funnel_table kept, anew;
        updates.push_back(cpu_ms([&] { leads = live.update(now).value().leads; }));
        answers.push_back(cpu_ms([&] { kept = live.answer().value(); }));
        measures.push_back(cpu_ms([&] { anew = measure(now, asked).value(); }));
        if (to_json(weir::answer(kept)) != to_json(weir::answer(anew)))
            throw std::runtime_error(std::string(name) + ": the live funnel answers other bytes");
    }
};

double median(std::vector<double> all) {
    std::sort(all.begin(), all.end());
    return all[all.size() / 2];
}

weir::funnel any_order_funnel() {
    weir::funnel q = plain_funnel();
    q.order = weir::order::any_order;
    return q;
}

}  // namespace

void print_live(std::size_t events, int runs, std::ostream& out) {
    std::vector<workload_event> all = make_workload(events + static_cast<std::size_t>(runs) * appended);
    const std::vector<workload_event> more(all.begin() + static_cast<std::ptrdiff_t>(events), all.end());
    all.resize(events);
    weir::store store;
    append(store, all);
    store.seal().value();
    std::vector<question> questions{{"seven steps", plain_funnel()},
                                    {"by channel", funnel_by_channel()},
                                    {"in any order", any_order_funnel()}};
    for (question& q : questions) q.live.update(store.snapshot()).value();
    for (auto begin = more.begin(); begin != more.end(); begin += appended) {
        append(store, {begin, begin + appended});
        for (question& q : questions) q.ask(store.snapshot());
    }
    out << "| question | leads read again | update, CPU ms | answer, CPU ms | measured anew, CPU ms | ratio "
           "|\n"
        << "|---|---|---|---|---|---|\n"
        << std::fixed << std::setprecision(2);
    for (const question& q : questions) {
        const double kept = median(q.updates) + median(q.answers), anew = median(q.measures);
        out << "| " << q.name << " | " << q.leads << " | " << median(q.updates) << " | " << median(q.answers)
            << " | " << anew << " | " << anew / kept << " |\n";
    }
}

}  // namespace weir_bench
