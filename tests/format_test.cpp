// Stores that were written by earlier versions, kept in tests/stores: they open, hold and answer the same for
// ever. A change of the format keeps the old store and adds one of its own:
//   WEIR_WRITE_STORE=tests/stores/2 build/dev/tests/weir_tests "format: write*"
#include <cstdlib>
#include <filesystem>
#include <string>

#include <weir.hpp>

#include "catch.hpp"
#include "place.hpp"
#include "store/store_impl.hpp"

namespace {

namespace fs = std::filesystem;
using weir::event;
using weir::instant;
using weir::store;

instant day(int d) { return weir::utc(2024, 3, d); }

// Without the room that a store keeps back for a full disk, which would be a file of 1 MiB.
store open_without_reserve(const std::string& directory, const weir::store_options& how = {}) {
    return store(open_store(weir::disk::open_directory(directory, !how.read_only), how, {}));
}

// Something of everything that files tell of, and it ends without close().
void live(store& s) {
    weir::batch first;
    first.add({.lead = "ana",
               .name = "visit",
               .time = day(1),
               .attributes = {{"channel", "ads"},
                              {"count", -7},
                              {"share", 0.25},
                              {"is_new", true},
                              {"paid", weir::money{1999, "EUR"}},
                              {"until", day(30)}},
               .id = "visit-1"});
    first.add({.lead = {"cookie", "7"}, .name = "visit", .time = day(1)});
    first.add({.lead = "bob", .name = "visit", .time = day(2), .attributes = {{"channel", "mail"}}});
    first.add({.lead = "ana", .name = "visit", .time = weir::utc(2001, 1, 1)});
    s.append(first).value();
    s.maintain().value();
    s.append({.lead = "eve", .name = "signup", .time = day(3), .attributes = {{"channel", "m\u00e4rz"}}})
        .value();
    s.append({.lead = "ana", .name = "signup", .time = day(3), .attributes = {}, .id = "signup-1"}).value();
    s.maintain().value();
    s.erase("bob").value();
    s.purge({.before = weir::utc(2010, 1, 1)}).value();
    s.erase("eve").value();
    s.append({.lead = "ana", .name = "won", .time = day(5), .attributes = {{"paid", weir::money{5, "USD"}}}})
        .value();
    s.append({.lead = "kim", .name = "visit", .time = day(6)}).value();
    s.append({.lead = "lou", .name = "visit", .time = day(6)}).value();
    s.erase(std::vector<weir::lead_id>{"kim", "nobody"}).value();
}

std::string contents(const store& s) {
    std::string all;
    for (const weir::lead_id& lead :
         std::vector<weir::lead_id>{"ana", {"cookie", "7"}, "bob", "eve", "kim", "lou"})
        for (const event& e : weir::events_of(s.snapshot(), lead).value()) {
            all += to_string(lead) + ' ' + e.name + ' ' + weir::to_string(e.time);
            for (const auto& a : e.attributes) all += ' ' + a.name + '=' + to_string(a.value);
            all += '\n';
        }
    return all;
}

const std::string what_it_holds =
    "ana visit 2024-03-01T00:00:00Z channel=ads count=-7 is_new=true paid=19.99 EUR share=0.25 "
    "until=2024-03-30T00:00:00Z\n"
    "ana signup 2024-03-03T00:00:00Z\n"
    "ana won 2024-03-05T00:00:00Z paid=0.05 USD\n"
    "cookie:7 visit 2024-03-01T00:00:00Z\n"
    "lou visit 2024-03-06T00:00:00Z\n";

void check(store& s) {
    CHECK(contents(s) == what_it_holds);
    CHECK(s.opened().log_events == 3);
    const auto erasures = s.erasures().value();
    REQUIRE(erasures.size() == 4);
    for (std::size_t i = 0; i < erasures.size(); ++i) {
        CHECK(erasures[i].id == i + 1);
        CHECK(erasures[i].gone == (i == 0));
    }
}

void check_to_write(store& s) {
    check(s);
    const auto again = [&s](const char* lead, const char* id) {
        return s.append({.lead = lead, .name = "signup", .time = day(3), .attributes = {}, .id = id}).value();
    };
    CHECK(again("ana", "signup-1") == weir::receipt{.offered = 1, .duplicate = 1});
    for (const char* lead : {"bob", "eve", "kim", "nobody"}) CHECK(again(lead, "").erased == 1);
    CHECK(again("lou", "").accepted == 1);
}

}  // namespace

TEST_CASE("format: stores of earlier versions hold what they held") {
    int stores = 0;
    for (const auto& one : fs::directory_iterator(WEIR_SOURCE_DIR "/tests/stores")) {
        INFO(one.path());
        const weir_test::place here;
        fs::copy(one.path(), here.path());
        store reader = open_without_reserve(here.path(), {.read_only = true});
        check(reader);
        CHECK(reader.verify().value().events == 7);  // with those that are erased and not purged
        store writer = open_without_reserve(here.path());
        check_to_write(writer);
        writer.purge().value();
        writer.seal().value();
        CHECK(writer.verify().value().events == 6);
        writer.close().value();
        ++stores;
    }
    CHECK(stores > 0);
}

TEST_CASE("format: write a store", "[.write]") {
    const char* const to = std::getenv("WEIR_WRITE_STORE");
    REQUIRE(to != nullptr);
    store s = open_without_reserve(to);
    live(s);
    CHECK(contents(s) == what_it_holds);
}
