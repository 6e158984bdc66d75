#include <cmath>

#include <weir.hpp>

#include "catch.hpp"

using weir::batch;
using weir::event;
using weir::instant;
using weir::store;

namespace {

event event_with(std::vector<weir::named_value> attributes) {
    return {.lead = "a", .name = "visit", .attributes = std::move(attributes)};
}

std::string refused(const batch& b) {
    store s;
    const auto done = s.append(b);
    CHECK(s.snapshot().size() == 0);
    return done ? "" : done.error().where + ": " + done.error().message;
}

}  // namespace

TEST_CASE("batch: an attribute that stands twice is found, whatever its kinds and wherever it stands") {
    const auto why = [](std::vector<weir::named_value> attributes, bool known) {
        batch b;
        if (known) b.add(event_with({{"channel", "ads"}, {"cost", 3}, {"a long name, beyond a word", 1}}));
        b.add(event_with(std::move(attributes)));
        return refused(b);
    };
    for (const bool known : {false, true}) {
        const std::string where = known ? "batch[1]: " : "batch[0]: ";
        CHECK(why({{"channel", "ads"}, {"channel", "ads"}}, known) ==
              where + "attribute \"channel\" stands twice");
        CHECK(why({{"channel", "ads"}, {"cost", 3}, {"channel", 3}}, known) ==
              where + "attribute \"channel\" stands twice");
        CHECK(why({{"channel"}, {"cost", 3}, {"channel", 3}}, known) ==
              where + "attribute \"channel\" stands twice");
        CHECK(why({{"cost", 3}, {"channel", 3}, {"cost"}}, known) ==
              where + "attribute \"cost\" stands twice");
        CHECK(why({{"channel", "ads"}, {"a long name, beyond a word", 1}, {"a long name, beyond a word", 2}},
                  known) == where + "attribute \"a long name, beyond a word\" stands twice");
        CHECK(why({{"", 3}}, known) == where + "attribute: a name is empty");
        CHECK(why({{"cost", std::nan("")}}, known) == where + "attribute \"cost\" is not a finite number");
        CHECK(why({{"cost", "\xff"}}, known).starts_with(where + "attribute \"cost\": the text"));
    }
}

TEST_CASE("batch: events after a clear() may have the attributes of those before") {
    batch b;
    store s;
    for (int round = 0; round < 3; ++round) {
        b.clear();
        b.add(event_with({{"channel", "ads"}, {"cost", 3}}));
        b.add(event_with({{"cost", round}, {"channel"}, {"keyword", "x"}}));
        b.add(event_with({{"channel", 3}, {"cost", weir::money{3, "EUR"}}}));
        REQUIRE(s.append(b).value().accepted == 3);
    }
    const auto all = events_of(s.snapshot(), "a").value();
    REQUIRE(all.size() == 9);
    for (std::size_t i = 0; i < all.size(); i += 3) {
        CHECK(all[i] == event_with({{"channel", "ads"}, {"cost", 3}}));
        CHECK(all[i + 1] == event_with({{"cost", static_cast<int>(i / 3)}, {"keyword", "x"}}));
        CHECK(all[i + 2] == event_with({{"channel", 3}, {"cost", weir::money{3, "EUR"}}}));
    }
}

TEST_CASE("batch: a wrong event leaves nothing of itself, and the first one is named") {
    batch b;
    b.add(event_with({{"channel", "ads"}}));
    b.add(event_with({{"channel", "ads"}, {"cost", 3}, {"cost", 4}}));
    CHECK(b.size() == 1);
    b.add(event_with({{"", 1}}));
    CHECK(b.size() == 1);
    CHECK(refused(b) == "batch[1]: attribute \"cost\" stands twice");
    b.clear();
    b.add(event_with({{"cost", 5}}));
    store s;
    s.append(b).value();
    CHECK(events_of(s.snapshot(), "a").value() == std::vector{event_with({{"cost", 5}})});
}
