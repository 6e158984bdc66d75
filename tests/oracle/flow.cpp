#include "oracle/flow.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include "oracle/civil.hpp"

namespace oracle {
namespace {

using count = std::int64_t;

// One lead as a flow sees it: visits up to as_of.
struct lead_view {
    std::vector<visit> visits{};
    micros last_event = 0;
    std::string group{};
};
using leads = std::vector<const lead_view*>;

// What the tables count over: some leads, one period.
struct part {
    std::optional<std::string> group{}, bucket{};
    leads members{};
    std::optional<micros> from{}, until{};

    bool holds(micros t) const { return (!from || *from <= t) && (!until || t < *until); }
};

class report {
public:
    report(const weir::lifecycle& rules, const weir::flow& asked, micros as_of, fault planted)
        : rules_(rules), asked_(asked), as_of_(as_of), planted_(planted) {
        for (const auto& s : rules.stages) places_.push_back(s.name);
        for (const auto& e : rules.exits) places_.push_back(e);
    }

    std::vector<sheet> tables(const std::vector<part>& parts) const {
        std::vector<sheet> out;
        std::vector<std::string> outcomes{"advanced", "recycled", "repeated"};
        for (const auto& e : rules_.exits) outcomes.push_back(e);
        for (const char* c : {"merged", "stalled", "open", "skipped_past", "filled"}) outcomes.push_back(c);
        const auto with = [](std::vector<std::string> first, const std::vector<std::string>& rest) {
            first.insert(first.end(), rest.begin(), rest.end());
            return first;
        };
        add(out, parts, "movement",
            {"stage", "balance_from", "created", "in", "out", "merged", "erased", "balance_until"},
            &report::movement);
        add(out, parts, "moves", {"from", "to", "moves"}, &report::moves);
        add(out, parts, "outcome", with({"stage", "entries", "leads"}, outcomes), &report::outcome);
        add(out, parts, "outcome_leads", with({"stage", "leads"}, outcomes), &report::outcome_leads);
        add(out, parts, "reasons", {"stage", "exit", "reason", "stated", "entries"}, &report::reasons);
        add(out, parts, "stay", {"stage", "ended", "mean", "median", "p90"}, &report::stay);
        add(out, parts, "conversion",
            {"from", "to", "basis", "observed", "mature", "adjusted", "lost", "recycled", "stalled", "open",
             "median_wait"},
            &report::conversion);
        if (!asked_.amount.empty())
            add(out, parts, "amounts", {"stage", "currency", "entries", "amount"}, &report::amounts);
        return out;
    }

private:
    using rows = std::vector<std::vector<weir::cell>>;

    void add(std::vector<sheet>& out, const std::vector<part>& parts, const char* name,
             const std::vector<std::string>& columns, rows (report::*make)(const part&) const) const {
        const bool with_bucket = asked_.bucket.unit != weir::calendar_unit::none;
        sheet s{name, {"group"}, {}};
        if (with_bucket) s.columns.push_back("bucket");
        s.columns.insert(s.columns.end(), columns.begin(), columns.end());
        for (const part& p : parts) {
            if (p.group && !p.bucket && is_silent(p)) continue;
            for (const auto& row : (this->*make)(p)) {
                if (p.group && p.bucket && !says_something(row)) continue;
                std::vector<weir::cell> full{optional_text(p.group)};
                if (with_bucket) full.push_back(optional_text(p.bucket));
                full.insert(full.end(), row.begin(), row.end());
                s.rows.push_back(std::move(full));
            }
        }
        out.push_back(std::move(s));
    }
    // Nobody of the group was anywhere at either end of the period, nor went anywhere in it.
    bool is_silent(const part& p) const {
        bool silent = true;
        each_begun(p, [&](const lead_view&, std::size_t) { silent = false; });
        for (place where = 0; where < static_cast<place>(places_.size()); ++where)
            silent = silent && (!p.from || balance(p, where, p.from) == 0) && balance(p, where, p.until) == 0;
        return silent;
    }
    static bool says_something(const std::vector<weir::cell>& row) {
        for (const auto& c : row) {
            if (const auto* i = std::get_if<count>(&c); i && *i != 0) return true;
            if (const auto* r = std::get_if<weir::rate>(&c); r && r->of != 0) return true;
        }
        return false;
    }

    // Goes through all visits of a part, in whatever period they begin.
    static void each(const part& p, const std::function<void(const lead_view&, std::size_t)>& f) {
        for (const lead_view* lead : p.members)
            for (std::size_t i = 0; i < lead->visits.size(); ++i) f(*lead, i);
    }
    static void each_begun(const part& p, const std::function<void(const lead_view&, std::size_t)>& f) {
        each(p, [&](const lead_view& lead, std::size_t i) {
            if (p.holds(lead.visits[i].from)) f(lead, i);
        });
    }
    bool is_exit(place p) const { return p >= static_cast<place>(rules_.stages.size()); }
    place stage_count() const { return static_cast<place>(rules_.stages.size()); }
    const std::string& name(place p) const { return places_[static_cast<std::size_t>(p)]; }

    // Leads whose visit to a place has from < t <= until; without t, just after as_of.
    count balance(const part& p, place where, std::optional<micros> t) const {
        count n = 0;
        each(p, [&](const lead_view& lead, std::size_t i) {
            const visit& v = lead.visits[i];
            if (v.where != where) return;
            if (!t)
                n += v.until ? 0 : 1;
            else if (planted_ == fault::balance_at_most)
                n += v.from <= *t && (!v.until || *t <= *v.until) ? 1 : 0;
            else
                n += v.from < *t && (!v.until || *t <= *v.until) ? 1 : 0;
        });
        return n;
    }

    rows movement(const part& p) const {
        rows out;
        for (place where = 0; where < static_cast<place>(places_.size()); ++where) {
            count created = 0, in = 0, left = 0;
            each_begun(p, [&](const lead_view& lead, std::size_t i) {
                const visit& v = lead.visits[i];
                if (v.where == where) (v.before == nowhere ? created : in) += 1;
                if (v.before == where) ++left;
            });
            const count before = p.from ? balance(p, where, p.from) : 0;
            out.push_back(
                {name(where), before, created, in, left, count{0}, count{0}, balance(p, where, p.until)});
        }
        return out;
    }

    rows moves(const part& p) const {
        rows out;
        for (place from = nowhere; from < static_cast<place>(places_.size()); ++from) {
            for (place to = 0; to < static_cast<place>(places_.size()); ++to) {
                count n = 0;
                each_begun(p, [&](const lead_view& lead, std::size_t i) {
                    if (lead.visits[i].before == from && lead.visits[i].where == to) ++n;
                });
                if (n > 0)
                    out.push_back({from == nowhere ? weir::cell() : weir::cell(name(from)), name(to), n});
            }
        }
        return out;
    }

    // "advanced", "recycled", "repeated", "stalled", "open" or the name of an exit.
    std::string fate(const lead_view& lead, std::size_t i) const {
        if (i + 1 == lead.visits.size()) return is_stalled(lead, lead.visits[i]) ? "stalled" : "open";
        const visit& next = lead.visits[i + 1];
        if (next.move == "advance" || next.move == "jump" || next.move == "filled") return "advanced";
        if (next.move == "recycle") return planted_ == fault::recycle_is_advance ? "advanced" : "recycled";
        if (next.move == "repeated" || next.move == "reopen") return "repeated";
        return next.stage;
    }
    bool is_stalled(const lead_view& lead, const visit& v) const {
        if (is_exit(v.where)) return false;
        const auto limit = rules_.stages[static_cast<std::size_t>(v.where)].stalled_after;
        if (!limit) return false;
        const auto idle = gap(std::max(lead.last_event, v.from), as_of_);
        const auto most = static_cast<std::uint64_t>(limit->count());
        return planted_ == fault::stalled_at_limit ? idle >= most : idle > most;
    }

    static bool jumps_over(const visit& v, place s) {
        return (v.move == "created" || v.move == "jump") && v.before < s && s < v.where;
    }

    std::vector<weir::cell> fates(std::map<std::string, count>& n) const {
        std::vector<weir::cell> out{n["advanced"], n["recycled"], n["repeated"]};
        for (const auto& e : rules_.exits) out.push_back(n["exit " + e]);
        for (const char* c : {"merged", "stalled", "open", "skipped past", "filled"}) out.push_back(n[c]);
        return out;
    }
    std::string label(const std::string& fate_) const {
        const bool exit = std::find(rules_.exits.begin(), rules_.exits.end(), fate_) != rules_.exits.end();
        return exit ? "exit " + fate_ : fate_;
    }

    rows outcome(const part& p) const {
        rows out;
        for (place s = 0; s < stage_count(); ++s) {
            std::map<std::string, count> n;
            std::set<const lead_view*> seen;
            count entries = 0;
            each_begun(p, [&](const lead_view& lead, std::size_t i) {
                const visit& v = lead.visits[i];
                // An exit is no stage to be skipped.
                if (!is_exit(v.where) && jumps_over(v, s)) ++n["skipped past"];
                if (v.where != s) return;
                ++entries;
                seen.insert(&lead);
                ++n[label(fate(lead, i))];
                if (v.filled) ++n["filled"];
            });
            std::vector<weir::cell> row{name(s), entries, static_cast<count>(seen.size())};
            for (auto& c : fates(n)) row.push_back(std::move(c));
            out.push_back(std::move(row));
        }
        return out;
    }

    rows outcome_leads(const part& p) const {
        rows out;
        for (place s = 0; s < stage_count(); ++s) {
            std::map<std::string, count> n;
            count seen = 0;
            for (const lead_view* lead : p.members) {
                bool skipped = false, filled = false;
                std::vector<std::string> own;
                for (std::size_t i = 0; i < lead->visits.size(); ++i) {
                    const visit& v = lead->visits[i];
                    if (!p.holds(v.from)) continue;
                    skipped = skipped || (!is_exit(v.where) && jumps_over(v, s));
                    if (v.where != s) continue;
                    filled = filled || v.filled;
                    own.push_back(fate(*lead, i));
                }
                n["skipped past"] += skipped ? 1 : 0;
                n["filled"] += filled ? 1 : 0;
                if (own.empty()) continue;
                ++seen;
                const bool advanced = std::find(own.begin(), own.end(), "advanced") != own.end();
                ++n[label(advanced ? "advanced" : own.back())];
            }
            std::vector<weir::cell> row{name(s), seen};
            for (auto& c : fates(n)) row.push_back(std::move(c));
            out.push_back(std::move(row));
        }
        return out;
    }

    rows reasons(const part& p) const {
        std::map<std::tuple<place, place, bool, std::string, bool>, count> n;  // (none) last
        each_begun(p, [&](const lead_view& lead, std::size_t i) {
            if (is_exit(lead.visits[i].where) || i + 1 == lead.visits.size()) return;
            const visit& next = lead.visits[i + 1];
            if (!is_exit(next.where)) return;
            const std::string reason = next.reason.empty() ? "(none)" : next.reason;
            ++n[{lead.visits[i].where, next.where, reason == "(none)", reason, next.stated}];
        });
        rows out;
        for (const auto& [key, entries] : n) {
            const auto& [stage, exit, none, reason, stated] = key;
            out.push_back({name(stage), name(exit), reason, stated, entries});
        }
        return out;
    }

    rows stay(const part& p) const {
        rows out;
        for (place s = 0; s < stage_count(); ++s) {
            std::vector<count> times;
            each_begun(p, [&](const lead_view& lead, std::size_t i) {
                const visit& v = lead.visits[i];
                if (v.where == s && v.until) times.push_back(wait(v.from, *v.until));
            });
            out.push_back({name(s), static_cast<count>(times.size()), mean(times), quantile(times, 50),
                           quantile(times, 90)});
        }
        return out;
    }

    // One who entered A in the period, and what came of it.
    struct entrant {
        micros start = 0;
        std::string end{};  // "converted", "lost", "recycled", "stalled" or "open"
        micros wait = 0;
    };

    bool reaches(const visit& v, place b) const {
        if (is_exit(v.where)) return false;
        return asked_.reach == weir::reach::or_later ? v.where >= b : v.where == b;
    }
    // The greatest duration is none.
    bool has_horizon() const { return asked_.within && *asked_.within != weir::duration::max(); }
    bool in_time(const visit& a, const visit& b) const {
        return !has_horizon() || gap(a.from, b.from) <= static_cast<std::uint64_t>(asked_.within->count());
    }
    std::string standing(const lead_view& lead) const {
        const visit& v = lead.visits.back();
        return is_exit(v.where) ? "lost" : is_stalled(lead, v) ? "stalled" : "open";
    }

    std::vector<entrant> entrant_leads(const part& p, place a, place b) const {
        std::vector<entrant> out;
        for (const lead_view* lead : p.members) {
            const auto& visits = lead->visits;
            std::size_t first = 0;
            while (first < visits.size() && !(visits[first].where == a && p.holds(visits[first].from)))
                ++first;
            if (first == visits.size()) continue;
            entrant e{visits[first].from, standing(*lead), 0};
            for (std::size_t i = visits.size() - 1; i > first; --i)
                if (reaches(visits[i], b) && in_time(visits[first], visits[i]))
                    e = {visits[first].from, "converted", wait(visits[first].from, visits[i].from)};
            out.push_back(std::move(e));
        }
        return out;
    }

    std::vector<entrant> entrant_visits(const part& p, place a, place b) const {
        std::vector<entrant> out;
        each_begun(p, [&](const lead_view& lead, std::size_t i) {
            const visit& start = lead.visits[i];
            if (start.where != a) return;
            entrant e{start.from, standing(lead), 0};
            for (std::size_t j = i + 1; j < lead.visits.size(); ++j) {
                const visit& v = lead.visits[j];
                if (is_exit(v.where) && planted_ == fault::exit_then_converted) continue;
                if (is_exit(v.where))
                    e.end = "lost";
                else if (v.where == a)
                    e.end = "recycled";
                else if (reaches(v, b) && in_time(start, v))
                    e = {start.from, "converted", wait(start.from, v.from)};
                else
                    continue;
                break;
            }
            out.push_back(std::move(e));
        });
        return out;
    }

    bool is_mature(const entrant& e) const {
        if (planted_ == fault::mature_if_converted && e.end == "converted") return true;
        return e.start <= as_of_ &&
               gap(e.start, as_of_) >= static_cast<std::uint64_t>(asked_.within->count());
    }

    std::vector<weir::cell> conversion_row(const std::vector<entrant>& all, place a, place b,
                                           bool by_leads) const {
        std::map<std::string, count> n;
        count mature = 0, mature_converted = 0;
        std::vector<count> waits;
        for (const entrant& e : all) {
            ++n[e.end];
            if (e.end == "converted") waits.push_back(e.wait);
            if (!has_horizon() || !is_mature(e)) continue;
            ++mature;
            if (e.end == "converted") ++mature_converted;
        }
        const auto rate = by_leads ? of_independent : of_dependent;
        return {name(a),
                name(b),
                by_leads ? "leads" : "entries",
                rate(n["converted"], static_cast<count>(all.size())),
                has_horizon() ? rate(mature_converted, mature) : without_meaning(),
                weir::cell(),
                n["lost"],
                n["recycled"],
                n["stalled"],
                n["open"],
                quantile(waits, 50)};
    }

    rows conversion(const part& p) const {
        std::vector<std::pair<place, place>> pairs;
        for (place a = 0; a + 1 < stage_count(); ++a) pairs.emplace_back(a, a + 1);
        if (stage_count() > 2) pairs.emplace_back(0, stage_count() - 1);
        rows out;
        for (const auto& [a, b] : pairs) {
            out.push_back(conversion_row(entrant_leads(p, a, b), a, b, true));
            out.push_back(conversion_row(entrant_visits(p, a, b), a, b, false));
        }
        return out;
    }

    rows amounts(const part& p) const {
        std::map<std::pair<place, std::string>, std::pair<count, count>> sums;
        each_begun(p, [&](const lead_view& lead, std::size_t i) {
            const weir::value v = lead.visits[i].event.at(asked_.amount);
            const auto* m = v.get<weir::money>();
            if (m == nullptr) return;
            auto& [entries, units] = sums[{lead.visits[i].where, std::string(m->currency.code())}];
            ++entries;
            units += m->units;
        });
        rows out;
        for (const auto& [key, sum] : sums)
            out.push_back({name(key.first), key.second, sum.first,
                           weir::money{sum.second, weir::currency::parse(key.second).value()}});
        return out;
    }

    const weir::lifecycle& rules_;
    const weir::flow& asked_;
    micros as_of_;
    fault planted_;
    std::vector<std::string> places_{};
};

// What the lead did, without what was derived from it.
story raw(const story& facts) {
    story out;
    for (const fact& f : facts)
        if (f.order == 0) out.push_back(f);
    return out;
}

lead_view view_of(const story& facts, const history& h, micros as_of) {
    lead_view view;
    for (const visit& v : h.visits)
        if (v.from <= as_of) view.visits.push_back(v);
    if (!view.visits.empty() && view.visits.back().until && *view.visits.back().until > as_of)
        view.visits.back().until.reset();
    for (const fact& f : facts)
        if (f.time <= as_of) view.last_event = f.time;
    return view;
}

std::optional<micros> micros_of(const std::optional<weir::instant>& t) {
    return t ? std::optional(t->time_since_epoch().count()) : std::nullopt;
}

// The period's buckets: from that of the first visit to that of its end, without a gap.
std::vector<part> buckets_of(const part& whole, const weir::calendar& c, micros as_of, fault planted) {
    std::optional<micros> first;
    for (const lead_view* lead : whole.members)
        for (const visit& v : lead->visits)
            if (whole.holds(v.from)) first = first ? std::min(*first, v.from) : v.from;
    std::vector<part> out;
    if (!first) return out;
    const micros last = whole.until ? std::min(as_of, *whole.until - 1) : as_of;
    for (bucket b = bucket_at(*first, c, planted); b.begin <= last; b = bucket_at(b.end, c, planted)) {
        part p;
        p.bucket = b.label;
        p.from = whole.from ? std::max(*whole.from, b.begin) : b.begin;
        p.until = whole.until ? std::min(*whole.until, b.end) : b.end;
        out.push_back(std::move(p));
    }
    return out;
}

std::vector<part> parts_of(const std::vector<lead_view>& views, const weir::flow& asked, micros as_of,
                           fault planted) {
    part whole;
    whole.from = micros_of(asked.period.from);
    whole.until = micros_of(asked.period.until);
    std::map<std::pair<bool, std::string>, leads> groups;  // (none) last
    for (const lead_view& view : views) {
        whole.members.push_back(&view);
        if (!asked.by.empty()) groups[{view.group == "(none)", view.group}].push_back(&view);
    }
    std::vector<part> spans{whole};
    if (asked.bucket.unit != weir::calendar_unit::none)
        for (auto& b : buckets_of(whole, asked.bucket, as_of, planted)) spans.push_back(std::move(b));
    std::vector<part> out;
    const auto add = [&](const std::optional<std::string>& group, const leads& members) {
        for (part p : spans) {
            p.group = group;
            p.members = members;
            out.push_back(std::move(p));
        }
    };
    add(std::nullopt, whole.members);
    for (const auto& [key, members] : groups) add(key.second, members);
    return out;
}

}  // namespace

verdict ask(const people& all, const weir::lifecycle& rules, const histories& derived,
            const weir::flow& asked, std::optional<micros> as_of, fault planted) {
    verdict v;
    v.as_of = as_of;
    v.period_open = as_of && asked.period.until && *micros_of(asked.period.until) > *as_of;
    std::vector<lead_view> views;
    for (const auto& [lead, h] : derived) {
        if (!as_of) break;
        const story own = raw(all.at(lead));
        lead_view view = view_of(own, h, *as_of);
        if (view.visits.empty()) continue;
        const bool first = asked.by_value.which() != weir::by_value::kind::last_touch;
        const touch t = asked.by.empty() ? touch() : touch_of(own, asked.by, first, *as_of);
        view.group = t.value.value_or("(none)");
        if (t.disputed) ++v.disputed[asked.by];
        views.push_back(std::move(view));
    }
    const report r(rules, asked, as_of.value_or(0), planted);
    v.sheets = r.tables(parts_of(views, asked, as_of.value_or(0), planted));
    return v;
}

}  // namespace oracle
