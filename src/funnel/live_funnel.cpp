// live_funnel.cpp - a funnel that goes from snapshot to snapshot: leads that differ are counted out and in.
#include <algorithm>
#include <memory>
#include <utility>

#include "base/fail.hpp"
#include "funnel/funnel_part.hpp"
#include "funnel/preset.hpp"
#include "scan/changed_leads.hpp"

namespace weir::inline v1 {
namespace {

using codes = std::vector<std::uint32_t>;

// Those of leads that are the same, under the codes that leads have now.
lead_accounts renamed(const lead_accounts& before, const codes& names, std::uint32_t limit) {
    if (names.empty()) return before;
    lead_accounts now{.names = before.names,
                      .of = codes(limit, lead_accounts::absent),
                      .disputed = std::vector<bool>(limit)};
    for (std::size_t lead = 0; lead < std::min(names.size(), before.of.size()); ++lead) {
        if (names[lead] == changed_leads::nobody) continue;
        now.of[names[lead]] = before.of[lead];
        now.disputed[names[lead]] = before.disputed[lead];
    }
    return now;
}

void mark(std::vector<bool>& accounts, const codes& leads, const lead_accounts& all) {
    for (const std::uint32_t lead : leads)
        if (lead < all.of.size() && all.of[lead] < accounts.size()) accounts[all.of[lead]] = true;
}

// An account is counted again if one of its leads differs, left it, or came to it.
void follow_accounts(funnel_part::impl& now, const snapshot::impl& data, const funnel_part::impl& before,
                     const snapshot::impl& seen, const changed_leads& leads, const scope& how) {
    const std::string& attribute = now.question.account;
    if (leads.all) {
        if (!now.as_of) return;
        take_members(now, assign_leads(data, attribute, *now.as_of, how.threads));
        now.state = sums_of(*events_of_accounts(data, *now.members), now, how);
        return;
    }
    lead_accounts all = renamed(*before.members, leads.codes, data.lead_limit());
    assign_again(all, leads.now, data, attribute, *now.as_of, how.threads);
    std::vector<bool> touched(all.names->size());
    mark(touched, leads.before, *before.members);
    mark(touched, leads.now, all);
    take_members(now, std::move(all));
    now.state = before.state;
    if (std::find(touched.begin(), touched.end(), true) == touched.end()) return;
    const auto less = sums_of(*events_of_accounts(seen, *before.members, touched), before, how);
    const auto more = sums_of(*events_of_accounts(data, *now.members, touched), now, how);
    now.state = changed(before.state, less, more, resolved(now.question));
}

}  // namespace

live_funnel::live_funnel(funnel question) : question_(std::move(question)), part_(question_) {}

result<live_update> live_funnel::update(const snapshot& s, const scope& how) {
    return guarded([&] {
        const funnel_part::impl& before = part_.data();
        auto now = std::make_shared<funnel_part::impl>(part_without_sums(s, question_, how));
        auto leads = find_changed_leads(seen_.data(), before.as_of, s.data(), now->as_of);
        live_update done{.all = leads.all};
        if (!leads.all)
            done.leads = static_cast<std::int64_t>(std::max(leads.before.size(), leads.now.size()));
        if (now->counts_accounts()) {
            follow_accounts(*now, s.data(), before, seen_.data(), leads, how);
        } else if (leads.all) {
            now->state = sums_of(s.data(), *now, how);
        } else {
            const auto less = sums_of(seen_.data(), before, how, std::move(leads.before));
            const auto more = sums_of(s.data(), *now, how, std::move(leads.now));
            now->state = changed(before.state, less, more, resolved(question_));
        }
        part_ = funnel_part(std::shared_ptr<const funnel_part::impl>(std::move(now)));
        seen_ = s;
        return done;
    });
}

}  // namespace weir::inline v1
