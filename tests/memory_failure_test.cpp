// Every request for memory is refused in turn, once and for ever: a verb gives out_of_memory or succeeds, and
// a store on disk stays as it was, or as it should become.
//
// WEIR_REFUSALS in the environment says how many of the requests are tried: 1 for all, 5 for every fifth.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <weir.hpp>

#include "allocation.hpp"
#include "catch.hpp"

namespace {

namespace fs = std::filesystem;
using namespace weir;
using weir_test::refused_memory;

std::size_t stride() {
    const char* const said = std::getenv("WEIR_REFUSALS");
    return said == nullptr ? 5 : static_cast<std::size_t>(std::max(1, std::atoi(said)));
}

// A directory in memory if the system has one: nothing here is about power.
class folder {
public:
    explicit folder(const std::string& name)
        : path_((fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) /
                ("weir-" + std::to_string(::getpid()) + '-' + name)) {
        fs::remove_all(path_);
    }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;
    ~folder() { fs::remove_all(path_); }
    std::string path() const { return path_.string(); }
    void become(const folder& other) const {
        fs::remove_all(path_);
        fs::copy(other.path_, path_);
    }

private:
    fs::path path_;
};

event make(int i) {
    return {.lead = "lead " + std::to_string(i % 4),
            .name = i % 3 == 0 ? "visit" : "won",
            .time = from_unix_seconds(i / 2 * 1000),
            .attributes = {{"channel", "a channel with a long name " + std::to_string(i % 3)}, {"n", i}},
            .id = "event " + std::to_string(i)};
}
batch make_batch(int begin, int end) {
    batch b;
    for (int i = begin; i < end; ++i) b.add(make(i));
    return b;
}

std::string tell(const store& s) {
    std::string all;
    for (int lead = 0; lead < 6; ++lead)
        for (const event& e : events_of(s.snapshot(), "lead " + std::to_string(lead)).value()) {
            all += std::to_string(lead) + e.name + to_string(e.time);
            for (const auto& a : e.attributes) all += a.name + to_string(a.value);
            all += '\n';
        }
    return all;
}

// Two segments, one of them with an erased lead, and a log.
void write_sample(const folder& to) {
    auto s = store::open(to.path()).value();
    s.append(make_batch(0, 20)).value();
    s.seal().value();
    s.append(make_batch(20, 30)).value();
    s.seal().value();
    s.erase("lead 3").value();
    s.append(make_batch(30, 36)).value();
    s.append(make(37)).value();
}

// Takes no memory itself.
template <class T> std::optional<errc> error_of(const result<T>& r) {
    return r ? std::nullopt : std::optional(r.error().code);
}

using verb = std::function<std::optional<errc>(store&)>;
struct named_verb {
    const char* name;
    verb run;
};

std::vector<named_verb> verbs() {
    return {{"append of a batch", [b = make_batch(40, 60)](store& s) { return error_of(s.append(b)); }},
            {"append of an event", [e = make(41)](store& s) { return error_of(s.append(e)); }},
            {"erase", [lead = lead_id("lead 1")](store& s) { return error_of(s.erase(lead)); }},
            {"seal", [](store& s) { return error_of(s.seal()); }},
            {"maintain", [](store& s) { return error_of(s.maintain()); }},
            {"purge", [](store& s) { return error_of(s.purge()); }},
            {"verify", [](store& s) { return error_of(s.verify()); }},
            {"erasures", [](store& s) { return error_of(s.erasures()); }},
            {"close", [](store& s) { return error_of(s.close()); }}};
}

struct trial {
    std::size_t points = 0;
    std::string wrong{};
};

// Refuses the nth request while the verb runs; false if it asks for fewer.
bool refuse(const named_verb& v, const folder& sample, std::size_t nth, bool for_ever,
            const std::string& after, trial& t) {
    const folder here("work");
    here.become(sample);
    const auto note = [&](const std::string& what) {
        if (t.wrong.empty())
            t.wrong = std::string(v.name) + ", request " + std::to_string(nth) +
                      (for_ever ? " and all after" : "") + ": " + what;
    };
    bool was_done = false;
    std::string before;
    {
        auto s = store::open(here.path()).value();
        s.append(make(38)).value();
        before = tell(s);
        std::optional<errc> failed;
        {
            const refused_memory memory(nth, for_ever);
            failed = v.run(s);
            if (!memory.has_refused()) return false;
        }
        ++t.points;
        was_done = !failed;
        if (failed && *failed != errc::out_of_memory) note(std::string(to_string(*failed)));
        if (tell(s) != (failed ? before : after)) note("the open store shows something else");
    }
    const auto again = store::open(here.path());
    if (!again) {
        note("cannot be opened again: " + to_string(again.error()));
    } else if (const std::string now = tell(*again); now != after && (was_done || now != before)) {
        note("opened again it shows something else");
    }
    return true;
}

trial refuse_all(const named_verb& v, const folder& sample) {
    std::string after;
    {
        const folder here("after");
        here.become(sample);
        auto s = store::open(here.path()).value();
        s.append(make(38)).value();
        REQUIRE_FALSE(v.run(s));
        after = tell(s);
    }
    trial t;
    for (const bool for_ever : {false, true})
        for (std::size_t nth = 1; refuse(v, sample, nth, for_ever, after, t); nth += stride()) {
        }
    return t;
}

}  // namespace

TEST_CASE("memory: a verb of a store on disk that gets no memory leaves the store as it was") {
    const folder sample("sample");
    write_sample(sample);
    std::size_t points = 0;
    for (const named_verb& v : verbs()) {
        const trial t = refuse_all(v, sample);
        INFO(v.name);
        CHECK(t.wrong == "");
        CHECK(t.points > 0);
        points += t.points;
    }
    std::cout << points << " refused requests of a store's verbs\n";
}

TEST_CASE("memory: a store that gets no memory while it is opened can be opened later") {
    const folder sample("sample");
    write_sample(sample);
    std::string right;
    {
        const folder here("right");
        here.become(sample);
        right = tell(store::open(here.path()).value());
    }
    std::size_t points = 0;
    for (const bool for_ever : {false, true})
        for (std::size_t nth = 1;; nth += stride()) {
            const folder here("work");
            here.become(sample);
            std::optional<errc> failed;
            bool has_refused = false;
            std::string path = here.path();
            {
                const refused_memory memory(nth, for_ever);
                failed = error_of(store::open(std::move(path)));
                has_refused = memory.has_refused();
            }
            if (!has_refused) break;
            ++points;
            if (failed) CHECK(*failed == errc::out_of_memory);
            CHECK(tell(store::open(here.path()).value()) == right);
        }
    CHECK(points > 20 / stride());
    std::cout << points << " refused requests while a store was opened\n";
}

TEST_CASE("memory: a question that gets no memory says so, and is answered the next time") {
    store s;
    s.append(make_batch(0, 60)).value();
    const snapshot events = s.snapshot();
    const lifecycle stages{.name = "deals",
                           .stages = {"seen", "bought"},
                           .rules = {{.to = "seen", .event = "visit"}, {.to = "bought", .event = "won"}}};
    const snapshot derived = derive(events, stages).value();
    const funnel steps{.steps = {"visit", "won"}, .by = "channel"};
    const funnel in_any_order{.steps = {"visit", "won"}, .order = order::any_order};
    const flow moves{};
    using told = std::variant<funnel_table, flow_table>;
    const auto tell = [](auto&& answer) { return told(std::forward<decltype(answer)>(answer)); };
    const auto text_of = [](const told& t) {
        return std::visit([](const auto& table) { return to_json(answer(table)); }, t);
    };
    const std::vector<std::function<result<told>()>> questions{
        [&] { return measure(events, steps).transform(tell); },
        [&] { return measure(events, in_any_order).transform(tell); },
        [&] { return measure(derived, moves).transform(tell); },
        [&] { return derive(events, stages).transform([](const snapshot&) { return told(flow_table{}); }); }};
    std::size_t points = 0;
    for (const auto& ask : questions) {
        const auto right = text_of(ask().value());
        for (const bool for_ever : {false, true})
            for (std::size_t nth = 1;; nth += stride()) {
                std::optional<errc> failed;
                bool has_refused = false;
                {
                    const refused_memory memory(nth, for_ever);
                    try {
                        failed = error_of(ask());
                    } catch (const std::bad_alloc&) {  // transform() copies the table
                    }
                    has_refused = memory.has_refused();
                }
                if (!has_refused) break;
                ++points;
                if (failed) CHECK(*failed == errc::out_of_memory);
                CHECK(text_of(ask().value()) == right);
            }
    }
    CHECK(points > 50 / stride());
    std::cout << points << " refused requests of questions\n";
}
