#include "measure/accounts.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/wording.hpp"
#include "measure/grouping.hpp"
#include "store/regroup.hpp"
#include "store/scan.hpp"

namespace weir::inline v1 {

accounts accounts_of(const snapshot::impl& data, const std::string& attribute, std::int64_t as_of,
                     int threads) {
    struct worker {
        std::vector<std::pair<std::uint32_t, datum>> found{};  ///< by lead
        std::int64_t without = 0, disputed = 0;
    };
    const attribute_reader reader(data, attribute);
    std::vector<worker> workers(static_cast<std::size_t>(threads));
    scan(data, {.as_of = as_of, .threads = threads}, [&](int w, const lead_rows& lead) {
        worker& me = workers[static_cast<std::size_t>(w)];
        const touch t = last_touch(reader, lead.rows, as_of);
        if (t.value.missing()) {
            ++me.without;
            return;
        }
        me.disputed += t.disputed ? 1 : 0;
        me.found.emplace_back(lead.lead, t.value);
    });
    regrouping grouping{std::make_shared<dictionary>(),
                        std::vector<std::uint32_t>(data.lead_limit(), no_lead)};
    accounts all;
    for (const worker& w : workers) {
        all.without += w.without;
        all.disputed += w.disputed;
        for (const auto& [lead, value] : w.found)
            grouping.owners[lead] = grouping.keys->insert(reader.text_of(value));
    }
    all.data = regroup(data, grouping);
    return all;
}

void note_accounts(const snapshot::impl& data, const std::string& attribute, const accounts& all,
                   std::vector<std::string>& notes) {
    note_missing_attribute(data, attribute, notes);
    if (all.without > 0)
        notes.push_back(fmt::format("{} without an account {} left out", leads_text(all.without),
                                    all.without == 1 ? "is" : "are"));
    if (all.disputed > 0) notes.push_back(arrival_note(attribute, all.disputed));
}

asked_leads asked_of(const snapshot::impl& data, const funnel& q, int threads) {
    asked_leads asked{.data = &data, .as_of = data.as_of_for(q.as_of)};
    if (!asked.as_of || q.counting != counting::accounts) return asked;
    asked.of_accounts = accounts_of(data, q.account, *asked.as_of, threads);
    asked.data = asked.of_accounts.data.get();
    return asked;
}

}  // namespace weir::inline v1
