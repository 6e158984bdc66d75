// A CRM appends what its own structs hold; a retried append does not count twice.
#include <ctime>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include <weir.hpp>

namespace crm {
struct deal {
    int id;
    std::string stage;
    std::int64_t amount_cents;
    std::time_t changed;
    std::optional<std::string> owner;
};

weir::batch to_batch(const std::vector<deal>& deals) {
    weir::batch batch;
    for (const deal& d : deals)
        batch.add({
            .lead = d.id,
            .name = "deal_stage",
            .time = weir::from_unix_seconds(d.changed),
            .attributes = {{"to", d.stage},
                           {"amount", weir::money{d.amount_cents, "EUR"}},
                           {"owner", d.owner}},
            .id = std::to_string(d.id) + d.stage,
        });
    return batch;
}
}  // namespace crm

int main() {
    const std::vector<crm::deal> deals{{42, "Won", 199'900, 1'704'067'200, "eva"},
                                       {43, "Lost", 0, 1'704'153'600, {}}};
    weir::store store;
    const auto first = store.append(crm::to_batch(deals)).value();
    const auto again = store.append(crm::to_batch(deals)).value();
    std::cout << "first: " << first.accepted << " accepted\n"
              << "again: " << again.accepted << " accepted, " << again.duplicate << " duplicates\n"
              << "store: " << store.snapshot().size() << " events of " << store.snapshot().leads()
              << " leads\n";
    store.erase(43).value();
    std::cout << "after erasing 43: " << store.snapshot().size() << " event\n";
}
