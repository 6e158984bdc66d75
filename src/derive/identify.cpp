// identify.cpp - derive(snapshot, identity): reads what events say of keys, joins keys, puts leads together.
#include <algorithm>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include <weir/identity.hpp>

#include "base/fail.hpp"
#include "derive/key_graph.hpp"
#include "derive/merges.hpp"
#include "scan/regroup.hpp"
#include "segment/batch_data.hpp"

namespace weir::inline v1 {
namespace {

using node = key_graph::node;
constexpr node no_node = std::numeric_limits<node>::max();

instant instant_at(std::int64_t t) { return instant{duration{t}}; }

// The keys of leads, joined as far as events say so.
struct joined_keys {
    explicit joined_keys(const identity& rules) : keys(rules) { report.identity = rules; }

    key_graph keys;
    std::vector<node> lead_nodes{};      // by lead code; no_node: it has no events
    std::vector<std::int64_t> events{};  // by lead code, up to as_of
    identity_report report{};            // as far as merges go
};

// Works what events say into keys that are joined.
class joiner {
public:
    joiner(const snapshot::impl& data, joined_keys& to) : data_(data), to_(to) { read_leads(); }

    void read(const std::optional<std::int64_t>& as_of, int threads) {
        if (as_of) to_.report.as_of = instant_at(*as_of);
        const merge_rules rules(data_, to_.report.identity);
        std::vector<said_of_keys> parts(static_cast<std::size_t>(threads));
        to_.events.resize(data_.lead_limit());
        const auto until = as_of.value_or(std::numeric_limits<std::int64_t>::max());
        scan(data_, {.as_of = until, .threads = threads}, [&](int worker, const lead_rows& lead) {
            to_.events[lead.lead] = static_cast<std::int64_t>(lead.rows.size());
            rules.read(lead, parts[static_cast<std::size_t>(worker)]);
        });
        for (const said_of_keys& part : parts) take(part, rules.kinds());
        for (const said_of_keys& part : parts) cancel(part);
        join_named();
        to_.report.ignored = {{"one_key", one_key_},
                              {"shared_kind", shared_kind_},
                              {"no_merge_id", no_merge_id_},
                              {"unknown_merge", unknown_merge_}};
    }

private:
    struct named_merge {
        std::vector<std::vector<node>> keys{};  // of each event that merges
        std::int64_t events = 0;
        std::optional<std::int64_t> cancelled{};
    };

    // Every lead that has events, also later ones.
    void read_leads() {
        to_.lead_nodes.assign(data_.lead_limit(), no_node);
        std::vector<bool> present(data_.lead_limit());
        each_part_of_lead(data_, [&](std::uint32_t lead, std::uint32_t) { present[lead] = true; });
        for (std::uint32_t lead = 0; lead < present.size(); ++lead)
            if (present[lead]) to_.lead_nodes[lead] = to_.keys.node_of(lead_of(data_.lead_key(lead)));
    }

    void take(const said_of_keys& part, const std::vector<std::string>& kinds) {
        for (const said_of_keys::merge& m : part.merges) {
            std::vector<node> joined;
            if (m.lead != no_lead) joined.push_back(to_.lead_nodes[m.lead]);
            for (std::uint32_t k = m.first; k < m.first + m.count; ++k)
                joined.push_back(node_of(part.keys[k], kinds));
            named_merge* const named = m.id.missing() ? nullptr : &named_[text_of(data_, m.id)];
            if (!is_merge(joined, m.events)) continue;
            if (named != nullptr) {
                named->events += m.events;
                named->keys.push_back(std::move(joined));
            } else {
                to_.report.merges += m.events;
                join(joined);
            }
        }
        no_merge_id_ += part.without_id;
    }

    // Leaves the different keys that may be joined; false, and says why, if they are not two at least.
    bool is_merge(std::vector<node>& joined, std::int64_t n) {
        std::sort(joined.begin(), joined.end());
        joined.erase(std::unique(joined.begin(), joined.end()), joined.end());
        if (joined.size() < 2) {
            one_key_ += n;
            return false;
        }
        joined.erase(
            std::remove_if(joined.begin(), joined.end(), [&](node k) { return to_.keys.is_shared(k); }),
            joined.end());
        if (joined.size() >= 2) return true;
        shared_kind_ += n;
        return false;
    }

    void join(const std::vector<node>& joined) {
        for (const node k : joined) to_.keys.join(joined.front(), k);
    }

    // Texts have codes: each is looked up once.
    node node_of(const said_of_keys::key& k, const std::vector<std::string>& kinds) {
        const store_column& column = data_.columns[k.value.column];
        if (column.name.kind != value_kind::text)
            return to_.keys.node_of(kinds[k.kind], text_of(data_, k.value));
        auto& known = text_nodes_[{k.kind, k.value.column}];
        const auto code = static_cast<std::size_t>(k.value.bits);
        if (code >= known.size()) known.resize(std::max(code + 1, 2 * known.size()), no_node);
        if (known[code] == no_node)
            known[code] = to_.keys.node_of(kinds[k.kind], column.texts->at(static_cast<std::uint32_t>(code)));
        return known[code];
    }

    void cancel(const said_of_keys& part) {
        for (const said_of_keys::un_merge& u : part.un_merges) {
            const auto found = named_.find(text_of(data_, u.id));
            if (found == named_.end()) {
                ++unknown_merge_;
                continue;
            }
            auto& at = found->second.cancelled;
            at = std::min(at.value_or(u.time), u.time);
        }
    }

    void join_named() {
        for (const auto& [id, m] : named_) {
            (m.cancelled ? to_.report.cancelled : to_.report.merges) += m.events;
            if (!m.cancelled)
                for (const auto& joined : m.keys) join(joined);
        }
        for (const auto& [id, m] : named_)
            if (m.cancelled)
                to_.report.cancelled_merges.push_back({id, instant_at(*m.cancelled), are_joined(m.keys)});
    }

    bool are_joined(const std::vector<std::vector<node>>& each) const {
        return !each.empty() && std::all_of(each.begin(), each.end(), [&](const auto& joined) {
            return std::all_of(joined.begin(), joined.end(), [&](node k) {
                return to_.keys.first_of(k) == to_.keys.first_of(joined.front());
            });
        });
    }

    const snapshot::impl& data_;
    joined_keys& to_;
    std::map<std::string, named_merge> named_{};
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<node>> text_nodes_{};  // by kind, column
    std::int64_t one_key_ = 0, shared_kind_ = 0, no_merge_id_ = 0, unknown_merge_ = 0;
};

// A share of all there are; no interval belongs to it.
rate share(std::int64_t n, std::int64_t of) {
    return {.n = n, .of = of, .status = of == 0 ? rate_status::empty : rate_status::ok};
}

// Counts leads as they were and as they are now.
void count_leads(joined_keys& j) {
    identity_report& report = j.report;
    struct lead {
        std::int64_t keys = 0, events = 0;
        bool identified = false;
    };
    std::vector<lead> leads(j.keys.size());
    for (node k = 0; k < j.keys.size(); ++k) {
        lead& of = leads[j.keys.first_of(k)];
        ++of.keys;
        of.identified = of.identified || j.keys.identifies(k);
    }
    for (std::uint32_t code = 0; code < j.events.size(); ++code) {
        if (j.events[code] == 0) continue;
        ++report.leads_before;
        leads[j.keys.first_of(j.lead_nodes[code])].events += j.events[code];
    }
    std::int64_t anonymous_leads = 0, anonymous_events = 0, all_events = 0;
    for (node k = 0; k < leads.size(); ++k) {
        const lead& of = leads[k];
        if (of.keys > report.identity.max_keys)
            report.oversized.push_back({j.keys.key(k), of.keys, of.events});
        all_events += of.events;
        report.leads_after += of.events > 0;
        if (of.identified || of.events == 0) continue;
        ++anonymous_leads;
        anonymous_events += of.events;
    }
    report.anonymous_leads = share(anonymous_leads, report.leads_after);
    report.anonymous_events = share(anonymous_events, all_events);
    std::sort(report.oversized.begin(), report.oversized.end(), [](const auto& a, const auto& b) {
        if (a.keys != b.keys) return a.keys > b.keys;
        return std::tie(a.lead.kind(), a.lead.key()) < std::tie(b.lead.kind(), b.lead.key());
    });
}

// The dictionary of the new leads: first a key for each, which names it, then those that find it.
struct naming {
    regrouping leads{.keys = std::make_shared<dictionary>()};
    std::vector<std::uint32_t> aliases{};  // by code: the lead
    bool same = true;                      // as before
};
naming name_leads(const snapshot::impl& data, const joined_keys& j) {
    naming n;
    n.leads.owners.assign(j.lead_nodes.size(), no_lead);
    std::vector<std::uint32_t> lead_of_node(j.keys.size(), no_lead);
    for (std::uint32_t code = 0; code < j.lead_nodes.size(); ++code) {
        if (j.lead_nodes[code] == no_node) continue;
        const node first = j.keys.first_of(j.lead_nodes[code]);
        n.same = n.same && lead_of_node[first] == no_lead && j.keys.stored(first) == data.lead_key(code);
        if (lead_of_node[first] == no_lead) lead_of_node[first] = n.leads.keys->insert(j.keys.stored(first));
        n.leads.owners[code] = lead_of_node[first];
    }
    n.aliases.resize(n.leads.keys->size());
    for (std::uint32_t lead = 0; lead < n.aliases.size(); ++lead) n.aliases[lead] = lead;
    for (node k = 0; k < j.keys.size(); ++k) {
        const std::uint32_t lead = lead_of_node[j.keys.first_of(k)];
        if (lead == no_lead || j.keys.first_of(k) == k) continue;
        n.same = false;
        n.leads.keys->insert(j.keys.stored(k));
        n.aliases.push_back(lead);
    }
    return n;
}

std::shared_ptr<lead_origins> origins_of(const snapshot::impl& data, const naming& n) {
    auto origins = std::make_shared<lead_origins>();
    origins->keys = data.lead_keys;
    origins->owners = n.leads.owners;
    origins->rows.resize(n.leads.owners.size());
    each_part_of_lead(data, [&](std::uint32_t lead, std::uint32_t rows) { origins->rows[lead] += rows; });
    if (n.same)  // codes stay
        for (std::uint32_t code = 0; code < origins->owners.size(); ++code) origins->owners[code] = code;
    return origins;
}

void check_underived(const snapshot::impl& data) {
    if (data.joined) fail(errc::invalid_question, "the snapshot's leads are put together already", {});
    if (!data.layers.empty())
        fail(errc::invalid_question,
             "the snapshot has stages already; put its leads together first, then derive stages", {});
}

snapshot derive_checked(const snapshot& from, const identity& rules, const scope& how) {
    const snapshot::impl& data = from.data();
    check_threads(how);
    check_underived(data);
    joined_keys j(rules);
    joiner(data, j).read(data.as_of_for(how.as_of), how.threads);
    count_leads(j);
    naming named = name_leads(data, j);
    const auto put_together =
        named.same ? std::make_shared<snapshot::impl>(data) : regroup(data, named.leads);
    if (!named.same) put_together->aliases = std::make_shared<std::vector<std::uint32_t>>(named.aliases);
    put_together->origins = origins_of(data, named);
    put_together->joined = std::make_shared<identity_report>(std::move(j.report));
    return snapshot(put_together);
}

}  // namespace

result<snapshot> derive(const snapshot& from, const identity& rules, const scope& how) {
    return guarded([&] {
        check(rules).value();
        return derive_checked(from, rules, how);
    });
}

}  // namespace weir::inline v1
