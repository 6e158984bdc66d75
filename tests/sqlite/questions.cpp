// questions FOLDER [COUNT] - random events in a store on disk and in SQLite; random funnels with filters,
// groups, gaps, windows and buckets asked of both, the latter in SQL: the counts have to be the same.
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <weir.hpp>

namespace {

namespace fs = std::filesystem;

class dice {
public:
    explicit dice(std::uint64_t seed) : state_(seed * 2654435769U + 1) {}
    int below(int n) {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return static_cast<int>(state_ % static_cast<std::uint64_t>(n));
    }
    bool chance(int percent) { return below(100) < percent; }

private:
    std::uint64_t state_;
};

// SQLite
// ---------------------------------------------------------------------------------------------------------

class database {
public:
    database() {
        sqlite3* opened = nullptr;
        if (sqlite3_open(":memory:", &opened) != SQLITE_OK) throw std::runtime_error("sqlite3_open");
        handle_.reset(opened);
    }
    void run(const std::string& sql) {
        char* why = nullptr;
        if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, &why) != SQLITE_OK)
            throw std::runtime_error(std::string(why) + " in " + sql);
    }
    /// The rows of a query, its columns joined by bars; sorted.
    std::vector<std::string> rows(const std::string& sql) {
        sqlite3_stmt* made = nullptr;
        if (sqlite3_prepare_v2(handle_.get(), sql.c_str(), -1, &made, nullptr) != SQLITE_OK)
            throw std::runtime_error(std::string(sqlite3_errmsg(handle_.get())) + " in " + sql);
        const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(made, sqlite3_finalize);
        std::vector<std::string> all;
        while (sqlite3_step(made) == SQLITE_ROW) {
            std::string row;
            for (int i = 0; i < sqlite3_column_count(made); ++i) {
                const auto* text = sqlite3_column_text(made, i);
                row += (i > 0 ? "|" : "") +
                       std::string(text == nullptr ? "(none)" : reinterpret_cast<const char*>(text));
            }
            all.push_back(row);
        }
        std::sort(all.begin(), all.end());
        return all;
    }

private:
    std::unique_ptr<sqlite3, int (*)(sqlite3*)> handle_{nullptr, sqlite3_close};
};

// Events
// ---------------------------------------------------------------------------------------------------------

constexpr const char* channels[] = {"mail", "web", "fair", "market"};
constexpr int leads = 9, hour = 3600;

// Attributes depend on lead and time alone: what is read of several events at once is the same.
weir::event make_event(dice& d, int span) {
    const int lead = d.below(leads), second = d.below(span) * hour;
    const int mix = (lead * 7 + second / hour * 5) % 97;
    weir::event e{.lead = "lead" + std::to_string(lead),
                  .name = std::string(1, "abcx"[d.below(4)]),
                  .time = weir::from_unix_seconds(second)};
    if (mix % 5 != 0) e.attributes.push_back({"channel", channels[mix % 4]});
    if (mix % 3 != 0) e.attributes.push_back({"n", mix % 11 - 3});
    return e;
}

std::string values_of(const weir::event& e, int arrival) {
    std::string channel = "NULL", n = "NULL";
    for (const auto& a : e.attributes)
        (a.name == "n" ? n : channel) = a.name == "n" ? to_string(a.value) : '\'' + to_string(a.value) + '\'';
    return "('" + e.lead.key() + "'," + std::to_string(arrival) + ",'" + e.name + "'," +
           std::to_string(e.time.time_since_epoch().count() / 1'000'000) + ',' + channel + ',' + n + ')';
}

// The same events in both, with whatever a store does of itself.
class world {
public:
    world(std::uint64_t seed, const fs::path& path) : d_(seed), path_(path) {
        fs::remove_all(path_);
        sql_.run(
            "create table ev(lead text, arrival integer, name text, t integer, channel text, n integer);"
            "create index by_lead on ev(lead, name, t)");
        open();
        const int events = 1 + d_.below(140), span = 3 + d_.below(120);
        weir::batch waiting;
        for (int i = 0; i < events; ++i) {
            const weir::event e = make_event(d_, span);
            waiting.add(e);
            sql_.run("insert into ev values" + values_of(e, i));
            if (d_.chance(80) && i + 1 < events) continue;
            store_->append(waiting).value();
            waiting.clear();
            if (d_.chance(20)) store_->seal().value();
            if (d_.chance(30)) store_->maintain().value();
            if (d_.chance(15)) open();
        }
        if (d_.chance(40)) erase("lead" + std::to_string(d_.below(leads)));
        if (d_.chance(20)) cut(d_.below(span) * hour / 3);
        if (d_.chance(50)) store_->close().value();
        open();
    }
    ~world() {
        store_.reset();
        fs::remove_all(path_);
    }
    world(const world&) = delete;
    world& operator=(const world&) = delete;
    dice& random() { return d_; }
    database& sql() { return sql_; }
    weir::snapshot snapshot() const { return store_->snapshot(); }

private:
    void open() {
        store_.reset();
        store_.emplace(weir::store::open(path_.string(), {.acknowledge = weir::ack::process_safe}).value());
    }
    void erase(const std::string& lead) {
        store_->erase(lead).value();
        sql_.run("delete from ev where lead = '" + lead + '\'');
    }
    void cut(int second) {
        store_->purge({.before = weir::from_unix_seconds(second)}).value();
        sql_.run("delete from ev where t < " + std::to_string(second));
    }
    dice d_;
    fs::path path_;
    database sql_{};
    std::optional<weir::store> store_{};
};

// Questions, each in both languages
// ---------------------------------------------------------------------------------------------------------

struct filter {
    weir::condition where{};
    std::string sql = "1";  // of an event @; never null
};

filter random_filter(dice& d, int depth) {
    const auto leaf = [](const weir::condition& c, const std::string& text) {
        return filter{c, "coalesce(" + text + ",0)"};
    };
    const weir::attribute channel("channel"), n("n");
    const std::string some = channels[d.below(4)], other = channels[d.below(4)];
    const int number = d.below(12) - 4;
    const std::string digits = std::to_string(number);
    if (depth > 0 && d.chance(60)) {
        const filter a = random_filter(d, depth - 1), b = random_filter(d, depth - 1);
        if (d.chance(30)) return {!a.where, "(not " + a.sql + ')'};
        if (d.chance(50)) return {a.where && b.where, '(' + a.sql + " and " + b.sql + ')'};
        return {a.where || b.where, '(' + a.sql + " or " + b.sql + ')'};
    }
    switch (d.below(9)) {
        case 0: return leaf(channel == some, "@.channel = '" + some + '\'');
        case 1: return leaf(channel != some, "@.channel is not '" + some + '\'');
        case 2: return leaf(channel.one_of({some, other}), "@.channel in ('" + some + "','" + other + "')");
        case 3: return leaf(channel.like("ma*"), "@.channel glob 'ma*'");
        case 4: return leaf(n >= number, "@.n >= " + digits);
        case 5: return leaf(n < number, "@.n < " + digits);
        case 6: return leaf(n != number, "@.n is not " + digits);
        case 7: return leaf(n.exists(), "@.n is not null");
        default: return leaf(n == number, "@.n = " + digits);
    }
}

std::string of_event(const std::string& sql, int i) {
    std::string text;
    for (const char c : sql) text += c == '@' ? 'e' + std::to_string(i) : std::string(1, c);
    return text;
}

struct question {
    weir::funnel funnel{};
    std::vector<std::string> matches{};  // by step, of an event @
    std::string start = "1";             // of the first event of a chain
    std::optional<int> within{}, as_of{};
    std::vector<std::optional<int>> min_gap{}, max_gap{};
};

weir::duration seconds(int n) { return std::chrono::seconds(n); }

question random_question(dice& d) {
    question q;
    const int steps = 1 + d.below(3);
    for (int i = 0; i < steps; ++i) {
        const std::string name(1, "abcx"[d.below(4)]), other(1, "abcx"[d.below(4)]);
        const filter f = d.chance(50) ? random_filter(d, 2) : filter{};
        weir::step_options o{.name = "s" + std::to_string(i), .where = f.where};
        q.min_gap.emplace_back();
        q.max_gap.emplace_back();
        if (i > 0 && d.chance(20)) q.min_gap.back() = d.below(6) * hour;
        if (i > 0 && d.chance(20)) q.max_gap.back() = q.min_gap.back().value_or(0) + d.below(30) * hour;
        if (q.min_gap.back()) o.min_gap = seconds(*q.min_gap.back());
        if (q.max_gap.back()) o.max_gap = seconds(*q.max_gap.back());
        const bool two = d.chance(25) && other != name;
        q.funnel.steps.push_back(two ? weir::step(weir::any_of{name, other}, o) : weir::step(name, o));
        q.matches.push_back("@.name in ('" + name + "','" + (two ? other : name) + "') and " + f.sql);
    }
    if (d.chance(50)) {
        q.within = d.below(40) * hour;
        q.funnel.within = seconds(*q.within);
    }
    constexpr weir::ties ties[] = {weir::ties::together, weir::ties::in_arrival_order,
                                   weir::ties::strictly_later};
    q.funnel.ties = ties[d.below(3)];
    if (d.chance(20)) q.funnel.hold = {"channel"};
    if (d.chance(25)) {
        const int from = d.below(60) * hour, until = from + d.below(60) * hour;
        q.funnel.period = {weir::from_unix_seconds(from), weir::from_unix_seconds(until)};
        q.start = "e0.t >= " + std::to_string(from) + " and e0.t < " + std::to_string(until);
    }
    if (d.chance(25)) {
        q.as_of = d.below(100) * hour;
        q.funnel.as_of = weir::from_unix_seconds(*q.as_of);
    }
    const int groups = d.below(4);
    if (groups == 1) q.funnel.by = "channel";
    if (groups == 2) q.funnel.by = "n";
    if (groups == 3) q.funnel.bucket = weir::daily();
    return q;
}

// Chains of the first so many steps, as a join of an event for each; nothing about how they are found.
std::string chains(const question& q, int steps) {
    std::string from, where = q.start;
    for (int i = 0; i < steps; ++i) {
        const auto e = 'e' + std::to_string(i), before = 'e' + std::to_string(i - 1);
        from += (i > 0 ? ", ev " : "ev ") + e;
        where += " and " + of_event(q.matches[static_cast<std::size_t>(i)], i);
        if (q.as_of) where += " and " + e + ".t <= " + std::to_string(*q.as_of);
        if (!q.funnel.hold.empty()) where += " and " + e + ".channel = e0.channel";  // not if it is null
        if (i == 0) continue;
        where += " and " + e + ".lead = e0.lead";
        for (int j = 0; j < i; ++j) where += " and " + e + ".arrival <> e" + std::to_string(j) + ".arrival";
        if (q.funnel.ties == weir::ties::together) where += " and " + e + ".t >= " + before + ".t";
        if (q.funnel.ties == weir::ties::strictly_later) where += " and " + e + ".t > " + before + ".t";
        if (q.funnel.ties == weir::ties::in_arrival_order)
            where += " and (" + e + ".t, " + e + ".arrival) > (" + before + ".t, " + before + ".arrival)";
        const auto gap = " and " + e + ".t - " + before + ".t ";
        const auto n = static_cast<std::size_t>(i);
        if (q.min_gap[n]) where += gap + ">= " + std::to_string(*q.min_gap[n]);
        if (q.max_gap[n]) where += gap + "<= " + std::to_string(*q.max_gap[n]);
    }
    const auto last = 'e' + std::to_string(steps - 1);
    if (q.within) where += " and " + last + ".t - e0.t <= " + std::to_string(*q.within);
    return "select e0.lead as lead, " + std::to_string(steps) + " as level, " + last +
           ".t as ended, e0.t as began, e0.channel as channel, e0.n as n from " + from + " where " + where;
}

// Of each lead the chain that counts: the longest; of those the first to end, then the last to begin.
std::string witnesses(const question& q) {
    std::string all;
    for (int k = 1; k <= static_cast<int>(q.matches.size()); ++k)
        all += (k > 1 ? " union all " : "") + chains(q, k);
    return "select * from (select *, row_number() over (partition by lead order by level desc, ended, began "
           "desc) as place from (" +
           all + ")) where place = 1";
}

std::vector<std::string> answer_of_sqlite(database& sql, const question& q) {
    const bool grouped = !q.funnel.by.empty(), bucketed = q.funnel.bucket != weir::calendar{};
    std::vector<std::string> all;
    for (std::size_t k = 1; k <= q.matches.size(); ++k) {
        const std::string from = " from (" + witnesses(q) + ") where level >= " + std::to_string(k);
        const std::string step = std::to_string(k) + '|';
        for (const auto& row : sql.rows("select count(*)" + from)) all.push_back(step + "all|all|" + row);
        if (grouped)
            for (const auto& row : sql.rows("select " + q.funnel.by + ", count(*)" + from + " group by 1"))
                all.push_back(step + "of|" + row);
        if (bucketed)
            for (const auto& row :
                 sql.rows("select date(began, 'unixepoch'), count(*)" + from + " group by 1"))
                all.push_back(step + "in|" + row);
    }
    std::sort(all.begin(), all.end());
    return all;
}

std::vector<std::string> answer_of_weir(const weir::snapshot& s, const question& q, int threads) {
    std::vector<std::string> all;
    for (const auto& row : weir::measure(s, q.funnel, {.threads = threads}).value().rows) {
        const std::string step = std::to_string(row.step) + '|', count = std::to_string(row.leads);
        if (!row.group && !row.bucket) all.push_back(step + "all|all|" + count);
        if (row.leads == 0) continue;  // SQL has no rows of nobody
        if (row.group) all.push_back(step + "of|" + *row.group + '|' + count);
        if (row.bucket) all.push_back(step + "in|" + row.bucket->substr(0, 10) + '|' + count);
    }
    std::sort(all.begin(), all.end());
    return all;
}

void print(const char* name, const std::vector<std::string>& rows) {
    std::cout << name << ':';
    for (const auto& row : rows) std::cout << ' ' << row;
    std::cout << '\n';
}

// Asks so many questions; gives how many had two answers. `plant`: SQL takes an edge for outside.
int ask(const fs::path& path, int count, bool plant, std::int64_t& counted) {
    constexpr int of_each_world = 50;
    int asked = 0, wrong = 0;
    for (std::uint64_t seed = 1; asked < count && wrong < 5; ++seed) {
        world w(seed, path);
        const auto rows = w.sql().rows("select count(*), count(distinct lead), max(t) from ev");
        const auto last = w.snapshot().last();
        const std::string held =
            std::to_string(w.snapshot().size()) + '|' + std::to_string(w.snapshot().leads()) + '|' +
            (last ? std::to_string(last->time_since_epoch().count() / 1'000'000) : "(none)");
        if (rows.front() != held) {
            ++wrong;
            std::cout << "seed " << seed << ": the store holds " << held << ", SQLite " << rows.front()
                      << '\n';
        }
        for (int i = 0; i < of_each_world && asked < count; ++i, ++asked) {
            question q = random_question(w.random());
            const auto want = answer_of_weir(w.snapshot(), q, 1 + i % 3);
            if (plant && q.within) q.within = *q.within - 1;
            const auto found = answer_of_sqlite(w.sql(), q);
            for (const auto& row : want) counted += row.ends_with("|0") ? 0 : 1;
            if (want == found) continue;
            ++wrong;
            if (plant) continue;
            std::cout << "seed " << seed << ", question " << i << ": " << to_json(q.funnel) << '\n';
            print("weir", want);
            print("SQLite", found);
        }
    }
    return wrong;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2 && count != 3) return 2;
    const int questions = count == 3 ? std::atoi(arguments[2]) : 20'000;
    const fs::path home = fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::path(arguments[1]);
    const fs::path path = home / ("weir-sqlite-" + std::to_string(::getpid()));
    std::int64_t counted = 0, ignored = 0;
    const int wrong = ask(path, questions, false, counted);
    std::cout << questions << " questions, " << counted << " counts that are not 0, " << wrong
              << " with two answers; SQLite " << sqlite3_libversion() << '\n';
    if (ask(path, 2000, true, ignored) == 0) {
        std::cout << "an edge that is left out is not seen\n";
        return 1;
    }
    return wrong == 0 && counted > questions ? 0 : 1;
}
