// The program weir with stores on disk: append, verify, and a store as the source of the other commands.
#ifdef WEIR_COMMAND

#include <string>

#include <weir.hpp>

#include "catch.hpp"
#include "command.hpp"

using weir_test::ContainsSubstring;

TEST_CASE("command: append keeps files in a store, which answers as the files do") {
    const folder f;
    const auto first = f.weir("append store events.csv");
    CHECK(first.status == 0);
    CHECK(first.out == "store: 3 events added, 0 duplicate, 0 of erased leads; 3 in all\n");
    CHECK(first.err == "events.csv: 3 rows, 3 events, 0 rows without an event, 0 rejected\n");
    f.write("more.csv", "lead,event,time,channel\nb,won,2024-01-09,mail\n");
    CHECK(f.weir("append store more.csv").out ==
          "store: 1 events added, 0 duplicate, 0 of erased leads; 4 in all\n");
    for (const char* rest : {"--format json", "--format csv", "--as-of 2024-01-05"}) {
        const std::string how = std::string(" ") + rest;
        const auto stored = f.weir("measure q.json store" + how);
        CHECK(stored.status == 0);
        CHECK(stored.err.empty());
        CHECK(stored.out == f.weir("measure q.json events.csv more.csv" + how).out);
    }
    CHECK(f.weir("derive b2b store").out == f.weir("derive b2b events.csv more.csv").out);
    CHECK(f.weir("explain q.json store --lead a").out ==
          f.weir("explain q.json events.csv more.csv --lead a").out);
    CHECK(f.weir("report r.json store -o r.html").status == 0);
    CHECK_THAT(f.read("r.html"), ContainsSubstring("store"));
}

TEST_CASE("command: append of the same ids again adds nothing") {
    const folder f;
    f.write("ids.jsonl",
            "{\"lead\": \"a\", \"event\": \"visit\", \"time\": \"2024-01-01\", \"id\": \"1\"}\n"
            "{\"lead\": \"a\", \"event\": \"won\", \"time\": \"2024-01-02\", \"id\": \"2\"}\n");
    const std::string map = " --map m.json";
    f.write("m.json", R"({"lead": "lead", "events": [
        {"event": {"column": "event"}, "time": "time", "id": "id"}]})");
    const auto first = f.weir("append store ids.jsonl" + map);
    INFO(first.err);
    CHECK(first.out == "store: 2 events added, 0 duplicate, 0 of erased leads; 2 in all\n");
    CHECK(f.weir("append store ids.jsonl" + map).out ==
          "store: 0 events added, 2 duplicate, 0 of erased leads; 2 in all\n");
}

TEST_CASE("command: verify tells of a whole store, of half a manifest, of damage") {
    const folder f;
    CHECK(refusal(f.weir("verify store")) == "store: open failed: No such file or directory (io)");
    f.weir("append store events.csv");
    const auto fine = f.weir("verify store");
    CHECK(fine.status == 0);
    CHECK_THAT(fine.out, ContainsSubstring("store: 2 files, "));
    CHECK_THAT(fine.out, ContainsSubstring(" bytes, 3 events; every checksum fits\n"));

    f.run("printf x | dd of=store/MANIFEST bs=1 seek=80 conv=notrunc");
    const auto half = f.weir("verify store");
    CHECK(half.status == 0);
    CHECK_THAT(half.out, ContainsSubstring("one of two copies of the manifest is damaged"));

    f.run("printf x | dd of=store/seg-0000000000000002 bs=1 seek=200 conv=notrunc");
    const auto damaged = f.weir("verify store");
    CHECK(damaged.status == 1);
    CHECK_THAT(damaged.err, ContainsSubstring("seg-0000000000000002:"));
    CHECK_THAT(damaged.err, ContainsSubstring("(corrupt)"));

    const auto saved = f.weir("salvage store saved");
    INFO(saved.err);
    CHECK(saved.status == 0);
    CHECK_THAT(saved.out, ContainsSubstring("saved: "));
    CHECK_THAT(saved.out, ContainsSubstring("lost: MANIFEST: one of two copies\n"));
    CHECK_THAT(saved.out, ContainsSubstring("lost: seg-0000000000000002, "));
    CHECK(f.weir("verify saved").status == 0);
    CHECK_THAT(refusal(f.weir("salvage store saved")), ContainsSubstring("the new directory must be empty"));
    CHECK_THAT(refusal(f.weir("salvage store")), ContainsSubstring("needs a STORE and a NEWSTORE"));
    CHECK_THAT(refusal(f.weir("verify store --accept-lost-erasures")),
               ContainsSubstring("takes no --accept-lost-erasures"));
}

TEST_CASE("command: verify tells of a call that was never finished") {
    const folder f;
    {
        auto s = weir::store::open(f.path() + "/store").value();
        s.append(weir::event{.lead = "a", .name = "visit"}).value();
    }
    CHECK(f.run("printf half | tee -a store/wal-*").status == 0);
    const auto found = f.weir("verify store");
    CHECK(found.status == 0);
    CHECK_THAT(found.out, ContainsSubstring("1 events; every checksum fits\n"));
    CHECK_THAT(found.out,
               ContainsSubstring("store: the log ends with 4 bytes of a call that was never finished\n"));
}

#endif
