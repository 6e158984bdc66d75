// A store on a simulated disk, with the power cut at every call, and with calls that fail. What comes back
// must be what the model has after some number of whole calls, at least those that were acknowledged.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <weir/event.hpp>
#include <weir/store.hpp>

#include "base/fail.hpp"
#include "catch.hpp"
#include "disk/simulated.hpp"
#include "store/store_impl.hpp"

namespace {

using weir::errc;
using weir::event;

constexpr std::size_t leads = 6;
std::string key_of(std::size_t lead) { return "lead-canary-" + std::to_string(lead); }

// What a store should hold, told as text: of each lead its events by time, then by arrival.
class model {
public:
    void append(const std::vector<event>& events) {
        for (const auto& e : events) {
            if (erased_.contains(e.lead.key())) continue;
            if (!e.id.empty() && !ids_.emplace(e.id, e.lead.key()).second) continue;
            held_[e.lead.key()].push_back(e);
        }
    }
    void erase(const std::string& key) {
        held_.erase(key);
        erased_.insert(key);
        std::erase_if(ids_, [&](const auto& id) { return id.second == key; });
    }
    void cut(weir::instant before) {
        for (auto& [key, events] : held_)
            std::erase_if(events, [&](const event& e) { return e.time < before; });
    }
    const std::set<std::string>& erased() const { return erased_; }
    std::string tell() const {
        std::string all;
        for (const auto& [key, events] : held_) {
            auto sorted = events;
            std::stable_sort(sorted.begin(), sorted.end(),
                             [](const event& a, const event& b) { return a.time < b.time; });
            for (const auto& e : sorted) all += line(key, e);
        }
        return all;
    }
    static std::string line(const std::string& key, const event& e) {
        std::string text = key + ' ' + e.name + ' ' + std::to_string(e.time.time_since_epoch().count());
        for (const auto& a : e.attributes) text += ' ' + a.name + '=' + weir::to_string(a.value);
        return text + '\n';
    }

private:
    std::map<std::string, std::vector<event>> held_{};
    std::set<std::string> erased_{};
    std::map<std::string, std::string> ids_{};  // the lead whose event it is
};

std::string tell(const weir::store& s) {
    const auto now = s.snapshot();
    std::string all;
    for (std::size_t lead = 0; lead < leads; ++lead) {
        const auto events = weir::events_of(now, key_of(lead));
        for (const auto& e : events.value()) all += model::line(key_of(lead), e);
    }
    return all;
}

struct step {
    enum class kind { append, erase, cut, seal, maintain, purge, reopen } what = kind::append;
    std::vector<event> events{};
    std::vector<weir::lead_id> erased{};
    weir::instant before{};  // of a purge that removes by age
    bool stops = false;      // a purge after its first piece of work
    bool changes() const { return goes_to_log() || what == kind::cut; }
    bool goes_to_log() const { return what == kind::append || what == kind::erase; }
};

std::vector<step> workload(std::mt19937_64& random) {
    std::vector<step> steps;
    const std::size_t n = 4 + random() % 8;
    // An id whose event went by its age may be known or not.
    const bool has_cuts = random() % 3 == 0;
    for (std::size_t i = 0; i < n; ++i) {
        step s;
        const auto dice = random() % 16;
        if (dice < 8) {
            for (std::size_t k = 1 + random() % (random() % 4 == 0 ? 40 : 4); k > 0; --k) {
                event e{.lead = key_of(random() % leads),
                        .name = random() % 2 == 0 ? "visit" : "won",
                        .time = weir::from_unix_seconds(static_cast<std::int64_t>(random() % 50)),
                        .attributes = {{"n", static_cast<std::int64_t>(1000 * i + k)}}};
                if (random() % 3 == 0)
                    e.attributes.push_back({"text", "value " + std::to_string(random() % 5)});
                if (random() % 3 == 0 && !has_cuts) e.id = "id " + std::to_string(random() % 20);
                s.events.push_back(std::move(e));
            }
        } else if (dice < 10) {
            s.what = step::kind::erase;
            for (std::size_t k = 1 + random() % 3; k > 0; --k)
                s.erased.emplace_back(key_of(random() % leads));
        } else if (dice < 11 && has_cuts) {
            s = {.what = step::kind::cut,
                 .before = weir::from_unix_seconds(static_cast<std::int64_t>(random() % 50))};
        } else {
            constexpr std::array rest{step::kind::seal,  step::kind::seal,  step::kind::maintain,
                                      step::kind::purge, step::kind::purge, step::kind::reopen};
            s.what = rest[dice - 10];
            s.stops = random() % 3 == 0;
        }
        steps.push_back(std::move(s));
    }
    return steps;
}

weir::batch batch_of(const std::vector<event>& events) {
    weir::batch b;
    for (const auto& e : events) b.add(e);
    return b;
}

constexpr std::uint64_t short_log = 1000;

// A fault of the protocol, or none.
struct plant {
    const char* name = "none";
    weir::store_tuning tuning{};
    bool (*ignores)(simulated::call, const std::string& name, simulated::call before) = nullptr;
    weir::ack level = weir::ack::durable;
    bool suppress = true;
    bool needs_failure = false;  // of a call
    const char* fails_at = "";   // only appends to such files, if it is not empty, and soon
    bool reads_all = false;      // a reader of what is durable
};

struct tally {
    std::uint64_t states = 0, crash_points = 0, meanwhile = 0, double_crashes = 0, failing_calls = 0,
                  files_searched = 0, durable_reads = 0;
    std::optional<std::string> violation{};
    void note(std::uint64_t seed, const std::string& what) {
        if (!violation) violation = "seed " + std::to_string(seed) + ": " + what;
    }
};

bool holds(const simulated::bytes& file, const std::string& key) {
    const auto is = [](std::byte b, char c) { return static_cast<char>(b) == c; };
    return std::search(file.begin(), file.end(), key.begin(), key.end(), is) != file.end();
}

// One run of a workload on one machine.
class run {
public:
    run(std::uint64_t seed, const plant& p, tally& t)
        : seed_(seed), plant_(p), tally_(t), random_(seed), machine_(seed ^ 0x5EED) {
        options_.acknowledge = p.level;
        options_.suppress_erased = p.suppress;
        options_.merge_on_append = random_() % 2 == 0;
        tuning_ = p.tuning;
        if (random_() % 3 == 0) tuning_.log_bytes = short_log;
        if (random_() % 3 == 0) tuning_.rows_of_file = 5;
        if (random_() % 3 == 0) tuning_.reserve_bytes = 700;
        options_.overwrite_purged = random_() % 4 == 0;
        steps_ = workload(random_);
        told_.push_back(now_.tell());
    }

    // Cuts the power before each call and after the last.
    void with_power_cuts(int images_per_call) {
        machine_.before = [&, images_per_call](simulated::call what, const std::string& name) {
            cut(images_per_call);
            if (what != simulated::call::create && name.starts_with("seg-")) meanwhile();
            return judge(what, name);
        };
        std::unique_ptr<weir::store> store = open_here();
        for (const step& s : steps_) {
            if (tally_.violation || !store) return;
            open_ = s.changes() || s.what == step::kind::reopen ? nullptr : store.get();
            before_flush_ = told_.size() - 1;
            if (s.changes()) told_.push_back(after(s));
            const auto done = perform(s, store);
            if (!done) return tally_.note(seed_, "a call failed: " + to_string(done.error()));
            acknowledge(s);
            if (tell(*store) != told_.back()) tally_.note(seed_, "the open store shows something else");
        }
        cut(images_per_call);
    }

    // Counts the calls.
    void without_cuts() {
        std::unique_ptr<weir::store> store = open_here();
        for (const step& s : steps_)
            if (store) static_cast<void>(perform(s, store));
    }

    // Lets one call fail, or all from one on.
    void with_failing_call(std::uint64_t calls) {
        const std::string only = plant_.fails_at;
        const std::uint64_t first = 1 + random_() % (only.empty() ? calls : 8);
        const bool for_ever = random_() % 2 == 0;
        const bool no_space = random_() % 2 == 0;
        bool fails = true;
        std::uint64_t appends = 0;
        machine_.before = [&](simulated::call what, const std::string& name) {
            if (!only.empty() && (what != simulated::call::append || !name.starts_with(only)))
                return judge(what, name);
            const std::uint64_t now = only.empty() ? machine_.calls : ++appends;
            const bool hit = fails && (for_ever ? now >= first : now == first);
            if (!hit) return judge(what, name);
            const bool writes = what == simulated::call::append || what == simulated::call::create;
            if (no_space && !writes) return judge(what, name);
            return no_space ? simulated::fate::no_space : simulated::fate::refused;
        };
        ++tally_.failing_calls;
        may_fail_ = true;
        std::unique_ptr<weir::store> store = open_here();
        for (const step& s : steps_) {
            if (tally_.violation || !store || is_ambiguous_) break;
            if (random_() % 6 == 0) fails = false;
            const auto done = perform(s, store);
            if (done && s.changes()) {
                const std::string before = now_.tell();
                apply(s, now_);
                // Where nothing was written, what failed before may still be the last of the log.
                if (before != now_.tell()) lost_.clear();
                for (auto& other : lost_) apply(s, other);
            } else if (s.changes()) {
                std::vector<model> others = lost_;
                others.push_back(now_);
                for (auto& other : others) apply(s, other);
                // What went by its age may be gone although the files could not be removed.
                if (s.what == step::kind::cut && tell(*store) == others.back().tell())
                    std::swap(now_, others.back());
                lost_.insert(lost_.end(), others.begin(), others.end());
            }
            if (!store) break;
            if (s.what == step::kind::reopen)
                choose(tell(*store), "reopened");
            else if (tell(*store) != now_.tell())
                tally_.note(seed_, "a failed call shows");
        }
        machine_.before = nullptr;
        store.reset();
        if (random_() % 2 == 0) {  // the process ends, and the power stays for a while
            store = open_here();
            if (store) choose(tell(*store), "reopened");
            if (tally_.violation) return;
            store.reset();
        }
        told_ = {now_.tell()};
        for (const auto& other : lost_) told_.push_back(other.tell());
        check(machine_.shown());
        if (plant_.level == weir::ack::durable)
            for (int i = 0; i < 3; ++i) check(machine_.after_power_cut(random_));
    }
    std::uint64_t calls() const { return machine_.calls; }

private:
    // While a segment is written the store takes events, and erases leads.
    void meanwhile() {
        if (open_ == nullptr || tuning_.log_bytes == short_log || random_() % 2 == 0) return;
        weir::store& store = *std::exchange(open_, nullptr);
        auto some = workload(random_);
        const auto s =
            std::find_if(some.begin(), some.end(), [](const step& one) { return one.goes_to_log(); });
        if (s == some.end()) return;
        if (std::any_of(steps_.begin(), steps_.end(),
                        [](const step& one) { return one.what == step::kind::cut; }))
            for (event& e : s->events) e.id.clear();  // as in the workload itself
        ++tally_.meanwhile;
        told_.push_back(after(*s));
        const auto done = s->what == step::kind::append ? done_of(store.append(batch_of(s->events)))
                                                        : done_of(store.erase(s->erased));
        if (!done) tally_.note(seed_, "a call beside a flush failed: " + to_string(done.error()));
        acknowledge(*s);
    }

    weir::result<std::unique_ptr<weir::store>> open(simulated::machine& m) const {
        return weir::guarded(
            [&] { return std::make_unique<weir::store>(open_store(simulated::open(m), options_, tuning_)); });
    }
    std::unique_ptr<weir::store> open_here() {
        auto opened = open(machine_);
        if (opened) return *std::move(opened);
        if (!may_fail_) tally_.note(seed_, to_string(opened.error()));
        return nullptr;
    }
    simulated::fate judge(simulated::call what, const std::string& name) {
        const auto before = std::exchange(last_, what);
        return plant_.ignores != nullptr && plant_.ignores(what, name, before) ? simulated::fate::ignored
                                                                               : simulated::fate::done;
    }
    static void apply(const step& s, model& m) {
        if (s.what == step::kind::append) m.append(s.events);
        for (const auto& lead : s.erased) m.erase(lead.key());
        if (s.what == step::kind::cut) m.cut(s.before);
    }
    std::string after(const step& s) {
        apply(s, now_);
        return now_.tell();
    }
    // A store that cannot be opened again is gone.
    weir::result<void> perform(const step& s, std::unique_ptr<weir::store>& store) {
        if (s.what == step::kind::append) return done_of(store->append(batch_of(s.events)));
        if (s.what == step::kind::erase) return done_of(store->erase(s.erased));
        if (s.what == step::kind::seal) return store->seal();
        if (s.what == step::kind::maintain) return done_of(store->maintain());
        if (s.what == step::kind::purge || s.what == step::kind::cut) {
            const auto erased = now_.erased();
            weir::purge_options how;
            if (s.what == step::kind::cut) how.before = s.before;
            if (s.stops) how.budget = weir::duration{0};
            const auto done = store->purge(how);
            if (done && !done->more) look_for(erased);
            return done_of(done);
        }
        const auto closed = store->close();
        store.reset();
        auto opened = open(machine_);
        if (!opened) return opened.error();
        store = *std::move(opened);
        return closed;
    }
    template <class T> static weir::result<void> done_of(const weir::result<T>& r) {
        return r ? weir::result<void>{} : r.error();
    }
    void look_for(const std::set<std::string>& erased) {
        purged_ = erased;
        for (const auto* file : machine_.all_bytes())
            for (const auto& key : purged_) {
                ++tally_.files_searched;
                if (holds(*file, key)) tally_.note(seed_, "a purged lead is in a file");
            }
    }
    void acknowledge(const step& s) {
        const bool is_flushed = !s.goes_to_log();
        if (plant_.level == weir::ack::durable || s.what == step::kind::cut)
            acknowledged_ = told_.size() - 1;
        else if (is_flushed && s.what != step::kind::maintain)
            acknowledged_ = before_flush_;
    }
    void cut(int images) {
        if (tally_.violation) return;
        ++tally_.crash_points;
        seen_durable_ = 0;
        const bool is_read = random_() % 8 == 0;
        simulated::machine now = machine_;  // a reader makes durable what it found by name
        if (is_read) look_at_durable(now);
        for (int i = 0; i < images; ++i) check((is_read ? now : machine_).after_power_cut(random_));
    }
    void look_at_durable(simulated::machine& m) {
        m.before = nullptr;
        const auto seen = seen_by_reader(m, !plant_.reads_all);
        const auto at = seen ? std::find(told_.begin(), told_.end(), *seen) : told_.begin();
        if (at == told_.end()) return tally_.note(seed_, "a reader of what is durable sees:\n" + *seen);
        seen_durable_ = static_cast<std::size_t>(at - told_.begin());
        ++tally_.durable_reads;
    }
    // What came back has to be one of the states from the last that was acknowledged on.
    void choose(const std::string& found, const char* when) {
        const auto looks_so = [&](const model& m) { return m.tell() == found; };
        if (looks_so(now_)) {
            // An erasure that took nothing away may have come through or not.
            is_ambiguous_ = std::any_of(lost_.begin(), lost_.end(), looks_so);
            if (!is_ambiguous_) lost_.clear();
            return;
        }
        for (auto& other : lost_) {
            if (found != other.tell()) continue;
            now_ = model(other);
            return lost_.clear();
        }
        tally_.note(seed_, std::string(when) + " store shows something else");
    }
    void check(const simulated::image& left) {
        if (tally_.violation) return;
        ++tally_.states;
        simulated::machine other(random_(), left);
        std::optional<simulated::image> second;
        const std::uint64_t at = random_() % 24;
        if (random_() % 4 == 0)
            other.before = [&](simulated::call what, const std::string& name) {
                if (other.calls == at) second = other.after_power_cut(random_);
                return plant_.ignores != nullptr && plant_.ignores(what, name, simulated::call::wipe)
                           ? simulated::fate::ignored
                           : simulated::fate::done;
            };
        std::optional<std::string> read;
        if (random_() % 8 == 0) {
            simulated::machine beside(random_(), left);
            read = seen_by_reader(beside, false);
        }
        const auto first = recovered(other);
        if (!first) return;
        if (read && *read != *first) return tally_.note(seed_, "a reader sees something else");
        const auto least = static_cast<std::ptrdiff_t>(std::max(acknowledged_, seen_durable_));
        if (std::find(told_.begin() + least, told_.end(), *first) == told_.end())
            return tally_.note(seed_, "recovered something else:\n" + *first + "instead of\n" + told_.back());
        for (const auto& key : purged_)
            for (const auto& [name, file] : left)
                if (++tally_.files_searched; holds(file, key))
                    tally_.note(seed_, "a purged lead is in " + name + " after a power cut");
        if (!second)
            second = random_() % 4 == 0 ? std::optional(other.after_power_cut(random_)) : std::nullopt;
        if (!second) return;
        ++tally_.states;
        ++tally_.double_crashes;
        simulated::machine third(random_(), *second);
        const auto again = recovered(third);
        if (again && *again != *first) tally_.note(seed_, "a second power cut changed what was recovered");
    }
    std::optional<std::string> seen_by_reader(simulated::machine& m, bool durable) {
        const std::uint64_t calls = m.calls;
        auto options = options_;
        options.read_only = true;
        options.durable_only = durable;
        const auto opened =
            weir::guarded([&] { return weir::store(open_store(simulated::open(m), options, tuning_)); });
        // One sync of the directory, each time it begins.
        if (m.calls > calls && !durable) tally_.note(seed_, "a reader changes files");
        return opened ? std::optional(tell(*opened)) : std::nullopt;  // it may be that there is no store yet
    }
    std::optional<std::string> recovered(simulated::machine& m) {
        const auto opened = open(m);
        if (opened) return tell(**opened);
        tally_.note(seed_, "it does not open: " + to_string(opened.error()));
        return std::nullopt;
    }

    std::uint64_t seed_;
    bool may_fail_ = false, is_ambiguous_ = false;
    const plant& plant_;
    tally& tally_;
    std::mt19937_64 random_;
    simulated::machine machine_;
    weir::store* open_ = nullptr;  // while it does something beside which it takes events
    weir::store_options options_{};
    weir::store_tuning tuning_{};
    std::vector<step> steps_{};
    model now_{};
    std::vector<std::string> told_{};  // after each call that changes something
    std::vector<model> lost_{};        // with one of the calls that failed since the last that did not
    std::size_t acknowledged_ = 0, before_flush_ = 0;
    std::size_t seen_durable_ = 0;  // by a reader right before the power cut
    std::set<std::string> purged_{};
    simulated::call last_ = simulated::call::wipe;
};

// Runs workloads until enough states were seen, or a violation.
tally simulate(const plant& p, std::uint64_t first_seed, std::uint64_t states,
               std::chrono::seconds limit = std::chrono::hours(24)) {
    tally t;
    const auto end = std::chrono::steady_clock::now() + limit;
    for (std::uint64_t seed = first_seed; t.states < states && !t.violation; ++seed) {
        if (std::chrono::steady_clock::now() > end) break;
        run cuts(seed, p, t);
        if (p.needs_failure)
            cuts.without_cuts();
        else
            cuts.with_power_cuts(3);
        for (int i = 0; i < (p.needs_failure ? 40 : 8) && !t.violation; ++i) {
            run failing(seed + (static_cast<std::uint64_t>(i) << 40), p, t);
            failing.with_failing_call(cuts.calls());
        }
    }
    return t;
}

std::uint64_t number_in(const char* variable, std::uint64_t otherwise) {
    const char* const given = std::getenv(variable);
    return given != nullptr ? std::strtoull(given, nullptr, 10) : otherwise;
}
// WEIR_STATES makes a long run, WEIR_SEED=199 WEIR_STATES=1 replays one world.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t usual_states = 100'000;
#else
constexpr std::uint64_t usual_states = 1'000'000;
#endif
std::uint64_t states_wanted() { return number_in("WEIR_STATES", usual_states); }
std::uint64_t first_seed() { return number_in("WEIR_SEED", 1); }

}  // namespace

TEST_CASE("crash: whatever the power cut leaves, a store comes back with whole calls and without a hole") {
    for (const auto level : {weir::ack::durable, weir::ack::process_safe}) {
        const plant none{.level = level};
        const auto t = simulate(none, first_seed(), (states_wanted() + 1) / 2);
        std::cout << "crash: " << t.states << " states, " << t.crash_points << " crash points, "
                  << t.double_crashes << " double crashes, " << t.failing_calls
                  << " runs with a failing call, " << t.meanwhile << " calls beside a flush, "
                  << t.durable_reads << " reads of what is durable, " << t.files_searched
                  << " searches for purged leads\n";
        INFO(t.violation.value_or(""));
        CHECK(!t.violation);
    }
}

TEST_CASE("crash: planted faults of the protocol are caught") {
    using simulated::call;
    const std::vector<plant> plants{
        {.name = "a segment is not synced",
         .ignores = [](call c, const std::string& n,
                       call) { return c == call::sync && n.starts_with("seg-"); }},
        {.name = "a manifest is not synced",
         .ignores = [](call c, const std::string& n,
                       call) { return c == call::sync && n.starts_with("MAN"); }},
        {.name = "it is acknowledged before the log is synced",
         .ignores = [](call c, const std::string& n,
                       call) { return c == call::sync && n.starts_with("wal-"); }},
        {.name = "the directory is never synced",
         .ignores = [](call c, const std::string&, call) { return c == call::sync_directory; }},
        {.name = "the directory is not synced for a new log",
         .ignores = [](call c, const std::string&,
                       call before) { return c == call::sync_directory && before == call::sync; }},
        {.name = "the directory is not synced for a new manifest",
         .ignores = [](call c, const std::string&,
                       call before) { return c == call::sync_directory && before == call::rename; }},
        {.name = "a log is removed before the manifest is there", .tuning = {.remove_before_manifest = true}},
        {.name = "a log is not synced when the next one begins",
         .tuning = {.no_sync_at_rotation = true},
         .level = weir::ack::process_safe},
        {.name = "a failed sync is forgiven", .tuning = {.forgive_failed_sync = true}, .needs_failure = true},
        {.name = "a log that was found is trusted",
         .tuning = {.trust_found_log = true},
         .needs_failure = true},
        {.name = "a log goes on behind a failed write",
         .tuning = {.write_behind_failed_write = true},
         .needs_failure = true},
        {.name = "a log goes on although the next one may say that it ended",
         .tuning = {.write_before_failed_log = true},
         .needs_failure = true,
         .fails_at = "wal-"},
        {.name = "purge forgets the log", .tuning = {.purge_forgets_log = true}},
        {.name = "events go by their age file by file", .tuning = {.cut_file_by_file = true}},
        {.name = "leads that are erased together are not",
         .tuning = {.erase_frame_by_frame = true},
         .needs_failure = true},
        {.name = "events of erased leads are taken", .suppress = false},
        {.name = "a reader takes for durable what is not",
         .level = weir::ack::process_safe,
         .reads_all = true},
    };
    for (const plant& p : plants) {
        INFO(p.name);
        const auto begin = std::chrono::steady_clock::now();
        const auto t = simulate(p, 1, 1'000'000, std::chrono::seconds(60));
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        std::cout << "planted: " << p.name << ": after " << t.states << " states, " << took.count()
                  << " s: " << t.violation.value_or("NOT CAUGHT").substr(0, 100) << '\n';
        CHECK(t.violation);
    }
}
