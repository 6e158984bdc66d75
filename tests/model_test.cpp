// A store on disk to which anything may happen - small batches, late and repeated events, erasures, merges,
// purges, restarts, calls that fail and are made again - answers as the oracle does, and as a store in memory
// to which the events that are left were given at once.
//
// WEIR_HISTORIES and WEIR_OPERATIONS in the environment set how many histories are told, and how long each
// is.
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <weir.hpp>

#include "agreement.hpp"
#include "catch.hpp"
#include "disk/simulated.hpp"
#include "store/store_impl.hpp"
#include "told_history.hpp"

namespace {

using namespace weir_test;

// What the harness itself does wrong, to see that it is noticed.
enum class planted { nothing, retry_counts_twice, erased_lead_returns, restart_forgets };

constexpr int most_events = 6;  // of a lead: the oracle tries every chain

struct tally {
    std::int64_t asked = 0, answered = 0, tried = 0;  // of the store; without an error; of the oracle
    std::int64_t failures = 0;                        // of calls of the disk
};

// The store, and a list of what it should hold. Every event has an id, so that a call whose fate is not known
// may be made again.
template <class World> class history {
public:
    history(const World& w, std::uint64_t seed, planted fault)
        : dice_(seed), fault_(fault), question_(w), from_(w.events), leads_(most_events), machine_(seed) {
        options_.merge_on_append = dice_.chance(50);
        if (dice_.chance(50)) tuning_.log_bytes = 1500;
        if (dice_.chance(50)) tuning_.rows_of_file = 7;
        question_.events.clear();
        question_.erased.clear();
        machine_.before = [this](simulated::call what, const std::string&) { return judge(what); };
        open();
    }

    void change() {
        if (const std::string lead = leads_.full(); !lead.empty()) {
            leads_.replace(lead);
            return erase(lead);
        }
        const int kind = dice_.below(100);
        if (kind < 62) return append(1 + (dice_.chance(20) ? dice_.below(6) : 0));
        if (kind < 66) return erase(leads_.any(dice_));
        if (kind < 76) return insist([&] { return store_->seal(); });
        if (kind < 86) return insist([&] { return done(store_->maintain()); });
        if (kind < 91) return insist([&] { return done(store_->purge()); });
        if (kind < 95) return static_cast<void>(store_->verify().value());
        if (dice_.chance(50)) static_cast<void>(store_->close());
        open();
        if (fault_ == planted::restart_forgets && !question_.events.empty()) question_.events.pop_back();
    }

    // Where the answers differ from those of the list, or "".
    std::string difference() {
        const int threads = 1 + dice_.below(2);
        const told here = ask(question_, store_->snapshot(), threads);
        ++counts_.asked;
        if (here.error.empty()) ++counts_.answered;
        if (const std::string d = weir_test::difference(here, ask(question_)); !d.empty()) return d;
        if (here.error.empty() && is_small()) {
            ++counts_.tried;
            if (const std::string d = disagreement(question_, here); !d.empty()) return "oracle: " + d;
        }
        if (held_ && print(ask(question_, *held_, threads)) != held_told_) return "an older snapshot changed";
        if (dice_.chance(40)) {
            held_ = store_->snapshot();
            held_told_ = print(here);
        }
        return "";
    }
    std::string world() const { return weir_test::print(question_); }
    const tally& counts() const { return counts_; }

private:
    static std::string print(const told& t) {
        std::string all = t.error;
        for (const auto& a : answers_of(t)) all += to_json(a);
        return all;
    }
    // Whether the oracle, which tries every order of equal times, has an answer today.
    bool is_small() const {
        if (question_.funnel.counting == weir::counting::accounts) return false;
        std::map<std::pair<std::string, weir::instant>, int> at_once;
        for (const auto& e : question_.events)
            if (++at_once[{e.lead.key(), e.time}] > 3) return false;
        return true;
    }
    simulated::fate judge(simulated::call what) {
        using simulated::call, simulated::fate;
        if (fails_in_ == 0 || --fails_in_ > 0) return fate::done;
        ++counts_.failures;
        const bool writes = what == call::append || what == call::create;
        return writes && dice_.chance(60) ? fate::no_space : fate::refused;
    }
    void open() {
        store_.reset();
        store_.emplace(open_store(simulated::open(machine_), options_, tuning_));
    }
    template <class T> static weir::result<void> done(const weir::result<T>& r) {
        return r ? weir::result<void>{} : r.error();
    }
    // Makes a call until it succeeds, opening the store anew where it asks for that.
    template <class Call> void insist(Call call) {
        if (dice_.chance(30)) fails_in_ = 1 + dice_.below(9);
        while (!call()) {
            if (dice_.chance(50)) fails_in_ = 0;
            if (fails_in_ > 0 && dice_.chance(50)) continue;
            fails_in_ = 0;
            open();
        }
        fails_in_ = 0;
    }
    weir::event any_event() {
        weir::event e = dice_.pick(from_);
        e.lead = leads_.tell(dice_);
        if (dice_.chance(30)) e.time = dice_.pick(from_).time;
        e.id = "e" + std::to_string(++ids_);
        return e;
    }
    void append(int n) {
        weir::batch b;
        std::vector<weir::event> fresh;
        for (; n > 0; --n) {
            // What was told before is told again, by a host that is not sure.
            if (!question_.events.empty() && dice_.chance(20)) {
                b.add(dice_.pick(question_.events));
                continue;
            }
            fresh.push_back(any_event());
            b.add(fresh.back());
        }
        int tries = 0;
        insist([&] {
            if (fault_ == planted::retry_counts_twice && ++tries == 2) b.add(again(fresh));
            return done(store_->append(b));
        });
        for (auto& e : fresh)
            if (!erased_.contains(e.lead.key())) question_.events.push_back(std::move(e));
    }
    weir::event again(const std::vector<weir::event>& fresh) {
        weir::event e = fresh.empty() ? any_event() : fresh.front();
        e.id += " again";
        return e;
    }
    void erase(const std::string& lead) {
        insist([&] { return done(store_->erase(lead)); });
        erased_.insert(lead);
        if (fault_ != planted::erased_lead_returns)
            std::erase_if(question_.events, [&](const auto& e) { return e.lead.key() == lead; });
    }

    dice dice_;
    planted fault_;
    World question_;  // with the events that should be there
    std::vector<weir::event> from_;
    population leads_;
    std::set<std::string> erased_{};
    simulated::machine machine_;
    weir::store_options options_{};
    weir::store_tuning tuning_{};
    std::optional<weir::store> store_{};
    std::optional<weir::snapshot> held_{};
    std::string held_told_{};
    tally counts_{};
    int fails_in_ = 0, ids_ = 0;
};

struct outcome : tally {
    std::string found{};
    std::int64_t operations = 0;
};

template <class World>
outcome tell(World (*make)(std::uint64_t), int histories, int operations, planted fault = planted::nothing) {
    outcome all;
    for (int i = 0; i < histories && all.found.empty(); ++i) {
        const std::uint64_t seed = 880'000'000 + static_cast<std::uint64_t>(i);
        const World w = make(seed);
        if (w.events.empty()) continue;
        history<World> h(w, seed, fault);
        for (int n = 1; n <= operations && all.found.empty(); ++n) {
            h.change();
            ++all.operations;
            if (n % 20 != 0 && n != operations) continue;
            if (const std::string found = h.difference(); !found.empty())
                all.found = "history " + std::to_string(seed) + ", operation " + std::to_string(n) + ": " +
                            found + '\n' + h.world();
        }
        all.asked += h.counts().asked;
        all.answered += h.counts().answered;
        all.tried += h.counts().tried;
        all.failures += h.counts().failures;
    }
    return all;
}

template <class World> void check_histories(World (*make)(std::uint64_t), int histories) {
    const int operations = from_environment("WEIR_OPERATIONS", 200);
    const auto all = tell(make, from_environment("WEIR_HISTORIES", histories), operations);
    INFO(all.found);
    CHECK(all.found.empty());
    CHECK(all.answered > all.asked / 2);
    CHECK(all.tried > all.asked / 4);
    if (operations >= 100) CHECK(all.failures > all.operations / 100);
    WARN(all.operations << " operations, " << all.failures << " calls of the disk that failed, " << all.asked
                        << " times asked, " << all.tried << " times of the oracle");
}

}  // namespace

TEST_CASE("model: funnels over a store to which anything happened are those of its events") {
    check_histories(make_axes_world, 1000);
}

TEST_CASE("model: stages over a store to which anything happened are those of its events") {
    check_histories(make_lifecycle_world, 500);
}

TEST_CASE("model: a store that counts twice, forgets or remembers too much is noticed") {
    for (const auto fault :
         {planted::retry_counts_twice, planted::erased_lead_returns, planted::restart_forgets}) {
        INFO("fault " << static_cast<int>(fault));
        CHECK(tell(make_axes_world, 40, 200, fault).found != "");
    }
}
