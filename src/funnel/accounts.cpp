#include "funnel/accounts.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/wording.hpp"
#include "measure/grouping.hpp"
#include "scan/regroup.hpp"
#include "scan/scan.hpp"

namespace weir::inline v1 {

namespace {

void assign(lead_accounts& all, const snapshot::impl& data, const std::string& attribute,
            const scan_options& which) {
    struct found {
        std::uint32_t lead;
        touch last;
    };
    const attribute_reader reader(data, attribute);
    std::vector<std::vector<found>> workers(static_cast<std::size_t>(which.threads));
    scan(data, which, [&](int w, const lead_rows& lead) {
        workers[static_cast<std::size_t>(w)].push_back(
            {lead.lead, last_touch(reader, lead.rows, which.as_of)});
    });
    for (const auto& some : workers)
        for (const auto& [lead, last] : some) {
            all.disputed[lead] = !last.value.missing() && last.disputed;
            all.of[lead] =
                last.value.missing() ? lead_accounts::without : all.names->insert(reader.text_of(last.value));
        }
}

bool is_account(std::uint32_t number) { return number < lead_accounts::without; }

}  // namespace

std::int64_t lead_accounts::count_without() const { return std::count(of.begin(), of.end(), without); }

std::int64_t lead_accounts::count_disputed() const {
    return std::count(disputed.begin(), disputed.end(), true);
}

std::vector<std::string> lead_accounts::names_in_use() const {
    std::vector<bool> used(names->size());
    for (const std::uint32_t account : of)
        if (is_account(account)) used[account] = true;
    std::vector<std::string> found;
    for (std::uint32_t account = 0; account < used.size(); ++account)
        if (used[account]) found.emplace_back(names->at(account));
    std::sort(found.begin(), found.end());
    return found;
}

lead_accounts assign_leads(const snapshot::impl& data, const std::string& attribute, std::int64_t as_of,
                           int threads) {
    lead_accounts all;
    all.of.assign(data.lead_limit(), lead_accounts::absent);
    all.disputed.assign(data.lead_limit(), false);
    assign(all, data, attribute, {.as_of = as_of, .threads = threads});
    return all;
}

void assign_again(lead_accounts& all, std::vector<std::uint32_t> leads, const snapshot::impl& data,
                  const std::string& attribute, std::int64_t as_of, int threads) {
    const std::uint32_t limit = std::max(data.lead_limit(), leads.empty() ? 0 : leads.back() + 1);
    all.of.resize(limit, lead_accounts::absent);
    all.disputed.resize(limit);
    for (const std::uint32_t lead : leads) {
        all.of[lead] = lead_accounts::absent;
        all.disputed[lead] = false;
    }
    assign(all, data, attribute, {.as_of = as_of, .only = std::move(leads), .threads = threads});
}

std::shared_ptr<const snapshot::impl> events_of_accounts(const snapshot::impl& data, const lead_accounts& all,
                                                         const std::vector<bool>& wanted) {
    regrouping grouping{all.names, all.of};
    for (std::uint32_t& account : grouping.owners)
        if (!is_account(account) || (!wanted.empty() && !wanted[account])) account = no_lead;
    return regroup(data, grouping);
}

accounts accounts_of(const snapshot::impl& data, const std::string& attribute, std::int64_t as_of,
                     int threads) {
    const lead_accounts leads = assign_leads(data, attribute, as_of, threads);
    return {events_of_accounts(data, leads), leads.count_without(), leads.count_disputed()};
}

void note_accounts(const std::vector<std::string>& known, const std::string& attribute, std::int64_t without,
                   std::int64_t disputed, std::vector<std::string>& notes) {
    note_missing_attribute(known, attribute, notes);
    if (without > 0)
        notes.push_back(fmt::format("{} without an account {} left out", leads_text(without),
                                    without == 1 ? "is" : "are"));
    if (disputed > 0) notes.push_back(arrival_note(attribute, disputed));
}

void note_accounts(const snapshot::impl& data, const std::string& attribute, const accounts& all,
                   std::vector<std::string>& notes) {
    note_accounts(data.present_attributes(), attribute, all.without, all.disputed, notes);
}

asked_leads asked_of(const snapshot::impl& data, const funnel& q, int threads) {
    asked_leads asked{.data = &data, .as_of = data.as_of_for(q.as_of)};
    if (!asked.as_of || q.counting != counting::accounts) return asked;
    asked.of_accounts = accounts_of(data, q.account, *asked.as_of, threads);
    asked.data = asked.of_accounts.data.get();
    return asked;
}

}  // namespace weir::inline v1
