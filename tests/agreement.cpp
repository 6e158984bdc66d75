#include "agreement.hpp"

#include <algorithm>

#include "oracle/flow.hpp"
#include "oracle/funnel.hpp"
#include "oracle/sheet.hpp"

namespace weir_test {
namespace {

std::optional<oracle::micros> micros_of(const std::optional<weir::instant>& t) {
    return t ? std::optional(t->time_since_epoch().count()) : std::nullopt;
}

// Without a time of its own a question is asked at the last event.
std::optional<oracle::micros> or_last(const std::optional<weir::instant>& asked, const oracle::people& all) {
    return asked ? micros_of(asked) : oracle::last_time(all);
}

template <class Answer>
std::string compare(const oracle::verdict& expected, const weir::result<Answer>& got) {
    if (!got) return "the engine refused: " + to_string(got.error());
    return oracle::difference(expected, weir::answer(*got));
}

std::string print_events(const world& w) {
    std::string out;
    for (const auto& e : w.events) {
        out +=
            "  " + e.lead.key() + " | " + e.name + " | " + std::to_string(e.time.time_since_epoch().count());
        for (const auto& a : e.attributes) out += " " + a.name + "=" + to_string(a.value);
        out += "\n";
    }
    return out;
}

}  // namespace

std::string disagreement(const funnel_world& w, oracle::fault planted) {
    const auto all = oracle::meet(w.events);
    const auto expected = oracle::ask(all, w.funnel, or_last(w.funnel.as_of, all), planted);
    return compare(expected, measure(make_store(w.events).snapshot(), w.funnel));
}

lifecycle_trial::lifecycle_trial(const lifecycle_world& w, oracle::fault planted)
    : world_(w),
      planted_(planted),
      people_(oracle::meet(w.events)),
      as_of_(or_last(w.scope.as_of, people_)),
      derived_(derive(make_store(w.events).snapshot(), w.lifecycle, w.scope)),
      told_(oracle::derive(people_, w.lifecycle, as_of_, planted)) {
    if (w.lifecycle.unknown_stage != weir::unknown_stage::fail) return;
    must_fail_ =
        std::any_of(told_.begin(), told_.end(), [](const auto& lead) { return lead.second.unknown_word; });
}

std::string lifecycle_trial::history() const {
    if (must_fail_)
        return !derived_ && derived_.error().code == weir::errc::unknown_name
                   ? ""
                   : "an unknown word was accepted";
    if (!derived_) return "the engine refused: " + to_string(derived_.error());
    const auto found = weir::history(*derived_);
    if (!found) return "the engine refused: " + to_string(found.error());
    if (micros_of(found->as_of) != as_of_) return "another as_of";
    return oracle::difference(told_, *found);
}

std::string lifecycle_trial::flow() const {
    if (!derived_) return "";
    const auto& asked = world_.flow;
    const auto expected = oracle::ask(people_, world_.lifecycle, told_, asked,
                                      asked.as_of ? micros_of(asked.as_of) : as_of_, planted_);
    return compare(expected, measure(*derived_, asked));
}

std::string lifecycle_trial::funnel() const {
    if (!derived_) return "";
    const auto staged = oracle::staged(people_, world_.lifecycle, told_);
    const auto& asked = world_.funnel;
    const auto expected = oracle::ask(staged, asked, asked.as_of ? micros_of(asked.as_of) : as_of_, planted_);
    return compare(expected, measure(*derived_, asked));
}

std::string lifecycle_trial::all() const {
    if (auto d = history(); !d.empty()) return "history: " + d;
    if (auto d = flow(); !d.empty()) return "flow: " + d;
    if (auto d = funnel(); !d.empty()) return "funnel: " + d;
    return "";
}

std::string print(const funnel_world& w) { return to_json(w.funnel) + "\n" + print_events(w); }

std::string print(const lifecycle_world& w) {
    const auto as_of = micros_of(w.scope.as_of);
    return to_json(w.lifecycle) + "\n" + to_json(w.flow) + "\n" + to_json(w.funnel) + "\nderived at " +
           (as_of ? std::to_string(*as_of) : "the last event") + "\n" + print_events(w);
}

}  // namespace weir_test
