#include "measure/accounts.hpp"

#include <utility>
#include <vector>

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

}  // namespace weir::inline v1
