#include "oracle/lifecycle.hpp"

#include <algorithm>
#include <limits>
#include <set>

namespace oracle {
namespace {

constexpr std::int64_t after_all = std::numeric_limits<std::int64_t>::max();

bool contains(const weir::names& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

// A rule with the version that it belongs to.
struct written_rule {
    const weir::rule* rule;
    criterion where;
    std::string cause;
    int version;
    std::size_t number;  ///< of the version, from 0
};

std::vector<written_rule> all_rules(const weir::lifecycle& l) {
    std::vector<written_rule> out;
    const auto add = [&](const std::vector<weir::rule>& rules, const std::string& path, int version,
                         std::size_t number) {
        for (std::size_t i = 0; i < rules.size(); ++i)
            out.push_back({&rules[i], criterion(to_string(rules[i].where)),
                           rules[i].name.empty() ? path + "rules[" + std::to_string(i) + "]" : rules[i].name,
                           version, number});
    };
    add(l.rules, "", l.version, 0);
    for (std::size_t v = 0; v < l.versions.size(); ++v)
        add(l.versions[v].rules, "versions[" + std::to_string(v) + "].", l.versions[v].version, v + 1);
    return out;
}

// The life of one lead.
class life {
public:
    life(const weir::lifecycle& rules, const std::vector<written_rule>& all, const story& facts, micros as_of,
         fault planted)
        : rules_(rules), all_(all), facts_(facts), as_of_(as_of), planted_(planted), tried_(all.size()) {}

    history tell() {
        std::set<micros> instants;
        for (const fact& f : facts_)
            if (f.time <= as_of_) instants.insert(f.time);
        for (const micros t : instants) live_through(t);
        run_time_outs(as_of_, true);
        if (planted_ == fault::arrival_not_told) told_.disputed = false;
        for (std::size_t i = 1; i < told_.visits.size(); ++i)
            told_.visits[i - 1].until = told_.visits[i].from;
        return std::move(told_);
    }

private:
    struct proposal {
        place to;
        std::size_t rule;
        const fact* event;  // none: a time-out
    };

    void live_through(micros t) {
        run_time_outs(t, planted_ == fault::activity_in_time_ignored);
        std::vector<const fact*> events;
        for (const fact& f : facts_)
            if (f.time == t) events.push_back(&f);
        now_ = t;
        latest_cause_ = std::numeric_limits<std::int64_t>::min();
        const bool together = rules_.same_time == weir::same_time::in_stage_order;
        if (together && planted_ != fault::instant_in_arrival_order) {
            take(events);
        } else {
            for (const fact* f : events) take({f});
        }
        known_ = t;
        run_time_outs(t, true);
    }

    void take(const std::vector<const fact*>& events) {
        std::vector<proposal> proposals;
        for (std::size_t r = 0; r < all_.size(); ++r)
            for (const fact* f : events) propose(proposals, r, *f);
        std::stable_sort(proposals.begin(), proposals.end(), [](const proposal& a, const proposal& b) {
            return std::tuple(a.to, a.rule, a.event->arrival) < std::tuple(b.to, b.rule, b.event->arrival);
        });
        std::set<place> used;
        for (const proposal& p : proposals) {
            if (used.count(p.to) != 0 || !may_leave(p)) continue;
            used.insert(p.to);
            const std::size_t before = told_.visits.size();
            move(p, now_);
            if (told_.visits.size() == before) continue;
            for (const proposal& other : proposals)
                if (other.to == p.to && other.rule == p.rule && differ(*other.event, *p.event))
                    told_.disputed = true;
        }
    }

    static bool differ(const fact& a, const fact& b) {
        for (const fact* f : {&a, &b})
            for (const auto& named : f->attributes)
                if (!(a.at(named.name) == b.at(named.name))) return true;
        return false;
    }

    void note_reads(std::size_t r, micros time) {
        for (const auto& attribute : all_[r].where.of_lead())
            if (latest_is_disputed(facts_, attribute, time)) told_.disputed = true;
    }

    void propose(std::vector<proposal>& proposals, std::size_t r, const fact& f) {
        const weir::rule& rule = *all_[r].rule;
        const bool is_change = !rule.stage_change.event.empty();
        if (!in_force(r, f.time)) return;
        if (f.hidden || rule.idle || !contains(is_change ? rule.stage_change.event : rule.event, f.name))
            return;
        note_reads(r, f.time);
        if (!satisfies(all_[r].where, facts_, f)) return;
        if (!is_change) {
            proposals.push_back({place_of(rule.to), r, &f});
            return;
        }
        const auto value = f.at(rule.stage_change.attribute);
        if (value.missing()) return;
        std::string word = text_of(value);
        for (const auto& [theirs, ours] : rule.stage_change.map) {
            if (theirs != word) continue;
            word = ours;
            break;
        }
        const place to = place_of(word);
        if (to != nowhere) {
            proposals.push_back({to, r, &f});
            return;
        }
        told_.unknown_word = true;
        told_.refusals.push_back({f.time, f.name, "unknown_stage", word});
    }

    bool may_leave(const proposal& p) const {
        const weir::rule& rule = *all_[p.rule].rule;
        if (!rule.from.empty()) return here_ != nowhere && contains(rule.from, name_of(here_));
        if (!rule.stage_change.event.empty()) return true;
        if (rule.idle || is_exit(p.to)) return here_ != nowhere && !is_terminal(here_);
        return here_ == nowhere || (!is_terminal(here_) && here_ < p.to);
    }

    // One row of the table of policies after the other.
    void move(const proposal& p, micros t) {
        if (here_ == p.to) {
            if (rules_.repeated == weir::repeated::new_entry) enter(p, p.to, t, "repeated", true);
        } else if (is_exit(p.to)) {
            enter(p, p.to, t, here_ == nowhere ? "created" : is_exit(here_) ? "corrected" : "exit", false);
        } else if (here_ != nowhere && is_terminal(here_)) {
            if (rules_.reopened == weir::reopened::reject)
                refuse(p, t, "reopened");
            else
                enter(p, p.to, t, "reopen", true);
        } else if (p.to < here_) {
            if (rules_.backward == weir::backward::reject)
                refuse(p, t, "backward");
            else
                enter(p, p.to, t, "recycle", planted_ != fault::recycle_keeps_entry);
        } else {
            move_forward(p, t);
        }
    }

    void move_forward(const proposal& p, micros t) {
        const bool jumps = p.to > here_ + 1;
        if (jumps && rules_.skipped == weir::skipped::reject) return refuse(p, t, "skipped");
        if (jumps && rules_.skipped == weir::skipped::fill) {
            for (place between = here_ + 1; between < p.to; ++between) enter(p, between, t, "filled", false);
            return enter(p, p.to, t, "advance", false);
        }
        const bool says_jump = jumps && planted_ != fault::jump_is_advance;
        enter(p, p.to, t, here_ == nowhere ? "created" : says_jump ? "jump" : "advance", false);
    }

    void refuse(const proposal& p, micros t, const char* policy) {
        told_.refusals.push_back({t, p.event == nullptr ? "" : p.event->name, policy, name_of(p.to)});
    }

    void enter(const proposal& p, place to, micros t, const char* kind, bool new_entry) {
        const weir::rule& rule = *all_[p.rule].rule;
        if (new_entry) ++entry_;
        visit v;
        v.where = to;
        v.before = here_;
        v.stage = name_of(to);
        v.from = t;
        v.entry = entry_;
        v.move = kind;
        v.filled = v.move == "filled";
        v.cause = all_[p.rule].cause;
        v.version = all_[p.rule].version;
        v.reason = rule.reason;
        const bool is_change = !rule.stage_change.event.empty();
        const auto& reason_from = is_change ? rule.stage_change.reason_from : rule.reason_from;
        // A text without a letter states nothing.
        const std::string said =
            p.event == nullptr || reason_from.empty() ? "" : text_of(p.event->at(reason_from));
        v.stated = !said.empty();
        if (v.stated) v.reason = said;
        v.event = stage_event(v, p);
        here_ = to;
        since_ = t;
        told_.visits.push_back(std::move(v));
    }

    // Comes directly after the last event that had a part in it.
    fact stage_event(const visit& v, const proposal& p) {
        fact f;
        f.name = v.stage;
        f.time = v.from;
        latest_cause_ = p.event == nullptr ? after_all : std::max(latest_cause_, p.event->arrival);
        f.arrival = latest_cause_;
        f.order = 1;
        for (const fact& other : facts_)  // of a lifecycle derived before
            if (other.time == f.time && other.arrival == f.arrival)
                f.order = std::max(f.order, other.order + 1);
        for (const visit& earlier : told_.visits)
            if (earlier.event.time == f.time && earlier.event.arrival == f.arrival) ++f.order;
        f.attributes = {{"lifecycle", rules_.name},
                        {"version", v.version},
                        {"from", v.before == nowhere ? "" : name_of(v.before)},
                        {"move", v.move},
                        {"cause", v.cause},
                        {"reason", v.reason},
                        {"stated", v.stated},
                        {"entry", v.entry}};
        if (p.event == nullptr) return f;
        for (const auto& a : p.event->attributes) f.attributes.push_back(a);
        return f;
    }

    // Time-outs in the order in which they are due, up to a limit.
    void run_time_outs(micros limit, bool inclusive) {
        while (here_ != nowhere) {
            std::optional<std::size_t> next;
            micros next_due = 0;
            for (std::size_t r = 0; r < all_.size(); ++r) {
                const auto due = due_of(r, limit, inclusive);
                if (!due || (next && *due >= next_due)) continue;
                next = r;
                next_due = *due;
            }
            if (!next) return;
            tried_[*next] = clock_of(*next);
            const proposal p{place_of(all_[*next].rule->to), *next, nullptr};
            const bool holds = all_[*next].where.holds([&](const std::string& attribute, bool of_lead) {
                return of_lead ? latest(facts_, attribute, next_due) : weir::value();
            });
            if (may_leave(p)) note_reads(*next, next_due);
            if (holds && may_leave(p)) move(p, next_due);
        }
    }

    std::optional<micros> due_of(std::size_t r, micros limit, bool inclusive) const {
        if (!all_[r].rule->idle) return std::nullopt;
        const micros start = clock_of(r);
        const auto idle = static_cast<std::uint64_t>(all_[r].rule->idle->count());
        if (tried_[r] == start || start > limit || idle > gap(start, limit)) return std::nullopt;
        if (idle == gap(start, limit) && !inclusive) return std::nullopt;
        const micros due = start + static_cast<micros>(idle);
        return in_force(r, due) ? std::optional(due) : std::nullopt;
    }

    // Whether the rule belongs to the last version that holds from this time or an earlier one.
    bool in_force(std::size_t r, micros time) const {
        if (planted_ == fault::versions_ignored) return true;
        std::size_t number = 0;
        for (std::size_t v = 0; v < rules_.versions.size(); ++v) {
            const micros from = rules_.versions[v].valid_from.time_since_epoch().count();
            if (planted_ == fault::version_after_its_time ? from < time : from <= time) number = v + 1;
        }
        return all_[r].number == number;
    }

    // The later of the last activity so far and the start of the visit.
    micros clock_of(std::size_t r) const {
        micros start = since_;
        for (const fact& f : facts_)
            if (known_ && f.time <= *known_ && is_activity(r, f)) start = std::max(start, f.time);
        return start;
    }
    // Any raw event, or those that the rule names; what a stage event hides bears no name.
    bool is_activity(std::size_t r, const fact& f) const {
        const auto& named = all_[r].rule->event;
        return named.empty() ? f.order == 0 : !f.hidden && contains(named, f.name);
    }

    place place_of(const std::string& name) const {
        const int stages = static_cast<int>(rules_.stages.size());
        for (int i = 0; i < stages; ++i)
            if (rules_.stages[static_cast<std::size_t>(i)].name == name) return i;
        for (std::size_t i = 0; i < rules_.exits.size(); ++i)
            if (rules_.exits[i] == name) return stages + static_cast<int>(i);
        return nowhere;
    }
    std::string name_of(place p) const {
        const auto i = static_cast<std::size_t>(p), stages = rules_.stages.size();
        return i < stages ? rules_.stages[i].name : rules_.exits[i - stages];
    }
    bool is_exit(place p) const { return p >= static_cast<int>(rules_.stages.size()); }
    bool is_terminal(place p) const {
        return p + 1 >= static_cast<int>(rules_.stages.size()) ||
               rules_.stages[static_cast<std::size_t>(p)].terminal;
    }

    const weir::lifecycle& rules_;
    const std::vector<written_rule>& all_;
    const story& facts_;
    micros as_of_;
    fault planted_;
    std::vector<std::optional<micros>> tried_;  // by rule: the clock at which it was tried last
    history told_{};
    place here_ = nowhere;
    micros since_ = 0, now_ = 0;
    std::optional<micros> known_{};
    int entry_ = 1;
    std::int64_t latest_cause_ = 0;
};

}  // namespace

histories derive(const people& all, const weir::lifecycle& rules, std::optional<micros> as_of,
                 fault planted) {
    const std::vector<written_rule> written = all_rules(rules);
    histories out;
    if (!as_of) return out;
    for (const auto& [lead, facts] : all) out[lead] = life(rules, written, facts, *as_of, planted).tell();
    return out;
}

people staged(const people& all, const weir::lifecycle& rules, const histories& derived) {
    std::set<std::string> names(rules.exits.begin(), rules.exits.end());
    for (const auto& s : rules.stages) names.insert(s.name);
    people out;
    for (const auto& [lead, facts] : all) {
        story& mine = out[lead] = facts;
        for (fact& f : mine) f.hidden = f.hidden || (f.order == 0 && names.count(f.name) != 0);
        if (const auto found = derived.find(lead); found != derived.end())
            for (const visit& v : found->second.visits) mine.push_back(v.event);
        std::sort(mine.begin(), mine.end(), [](const fact& a, const fact& b) { return a.rank() < b.rank(); });
    }
    return out;
}

namespace {

std::string print(const weir::visit& v) {
    const auto time = [](weir::instant t) { return std::to_string(t.time_since_epoch().count()); };
    return to_string(v.lead) + " " + v.stage + "[" + time(v.from) + "," + (v.until ? time(*v.until) : "-") +
           ")#" + std::to_string(v.entry) + " " + v.move + " by " + v.cause + " of version " +
           std::to_string(v.version) + " reason '" + v.reason + "'" + (v.stated ? " stated" : "") +
           (v.filled ? " filled" : "");
}

weir::instant instant_of(micros t) { return weir::from_unix_microseconds(t); }

weir::visit visit_of(const std::string& lead, const visit& v) {
    weir::visit out;
    out.lead = lead_of(lead);
    out.stage = v.stage;
    out.from = instant_of(v.from);
    if (v.until) out.until = instant_of(*v.until);
    out.entry = v.entry;
    out.move = v.move;
    out.cause = v.cause;
    out.version = v.version;
    out.reason = v.reason;
    out.stated = v.stated;
    out.filled = v.filled;
    return out;
}

// "lifecycle "deals": equal-time events of 2 leads differ; order of arrival decided"
std::ptrdiff_t disputes_in(const weir::stage_history& h) {
    const std::string opening = "lifecycle \"" + h.lifecycle.name + "\": equal-time events of ";
    for (const auto& note : h.notes)
        if (note.rfind(opening, 0) == 0) return std::stoll(note.substr(opening.size()));
    return 0;
}

using violation_key = std::tuple<std::string, micros, std::string, std::string, std::string>;

}  // namespace

std::string difference(const histories& expected, const weir::stage_history& got) {
    std::vector<weir::visit> visits;
    std::vector<violation_key> refused, got_refused;
    for (const auto& [lead, h] : expected) {
        for (const visit& v : h.visits) visits.push_back(visit_of(lead, v));
        for (const refusal& r : h.refusals) refused.emplace_back(lead, r.time, r.event, r.policy, r.target);
    }
    std::stable_sort(visits.begin(), visits.end(), [](const weir::visit& a, const weir::visit& b) {
        return std::tie(a.lead.kind(), a.lead.key()) < std::tie(b.lead.kind(), b.lead.key());
    });
    for (std::size_t i = 0; i < std::max(visits.size(), got.visits.size()); ++i) {
        if (i < visits.size() && i < got.visits.size() && visits[i] == got.visits[i]) continue;
        return "visit " + std::to_string(i) + ":\n  expected " +
               (i < visits.size() ? print(visits[i]) : "none") + "\n  got      " +
               (i < got.visits.size() ? print(got.visits[i]) : "none");
    }
    for (const auto& v : got.violations)
        got_refused.emplace_back(to_string(v.lead), v.time.time_since_epoch().count(), v.event, v.policy,
                                 v.target);
    const auto disputed = std::count_if(expected.begin(), expected.end(),
                                        [](const auto& lead) { return lead.second.disputed; });
    if (const auto said = disputes_in(got); said != disputed)
        return "expected " + std::to_string(disputed) + " disputed leads, got " + std::to_string(said);
    // Inside an instant refusals have no order.
    std::sort(refused.begin(), refused.end());
    std::sort(got_refused.begin(), got_refused.end());
    if (refused == got_refused) return {};
    std::string out = "violations:";
    for (const auto* list : {&refused, &got_refused}) {
        out += list == &refused ? "\n  expected" : "\n  got     ";
        for (const auto& [lead, time, event, policy, target] : *list)
            out += " " + lead + "@" + std::to_string(time) + " " + event + " " + policy + " " + target + ";";
    }
    return out;
}

}  // namespace oracle
