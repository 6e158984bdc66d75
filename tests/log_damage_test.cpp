// The manifest and the log of a store, damaged in every way: opening gives an error or what was there, and
// never takes more memory than the files justify.
#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include <weir/store.hpp>

#include "allocation.hpp"
#include "base/fail.hpp"
#include "catch.hpp"
#include "disk/simulated.hpp"
#include "store/store_impl.hpp"

namespace {

using weir::errc;
using weir::event;
using weir::store;

weir::result<store> open_on(simulated::machine& m, const weir::store_options& o = {}) {
    return weir::guarded([&] { return store(open_store(simulated::open(m), o)); });
}

event make(int i) {
    return {.lead = "lead" + std::to_string(i % 3),
            .name = i % 2 == 0 ? "visit" : "won",
            .time = weir::from_unix_seconds(i),
            .attributes = {{"n", std::int64_t{i} * 1000}, {"text", "t" + std::to_string(i % 4)}},
            .id = "id" + std::to_string(i)};
}

std::string tell(const store& s) {
    std::string all;
    for (int lead = 0; lead < 3; ++lead)
        for (const auto& e : weir::events_of(s.snapshot(), "lead" + std::to_string(lead)).value()) {
            all += std::to_string(lead) + e.name + std::to_string(e.time.time_since_epoch().count());
            for (const auto& a : e.attributes) all += a.name + weir::to_string(a.value);
            all += '\n';
        }
    return all;
}

// Two segments, an erased lead, and a log with frames of which all but the last are known to be durable.
struct sample {
    simulated::image closed{}, unclean{};
    std::string told{}, told_unclean{}, told_without_last{};
};
sample make_sample() {
    sample all;
    simulated::machine m(7);
    auto s = open_on(m).value();
    for (int i = 0; i < 12; ++i) s.append(make(i)).value();
    s.seal().value();
    s.erase("lead1").value();
    s.append(make(20)).value();
    s.close().value();
    all.told = tell(s);
    all.closed = m.shown();
    s = open_on(m).value();
    s.append(make(30)).value();
    s.erase("lead2").value();
    s.append(make(33)).value();
    all.told_without_last = tell(s);
    s.append(make(36)).value();
    all.told_unclean = tell(s);
    all.unclean = m.shown();
    return all;
}

std::string log_in(const simulated::image& files) {
    for (const auto& [name, data] : files)
        if (name.starts_with("wal-")) return name;
    return {};
}

// What opening makes of a store: what it holds, or the code of the error. Fails if it took too much memory.
std::string outcome(const simulated::image& files) {
    std::size_t bytes = 0;
    for (const auto& [name, data] : files) bytes += data.size();
    simulated::machine m(3, files);
    const std::size_t before = weir_test::bytes_asked_for();
    const auto opened = open_on(m);
    const std::size_t asked = weir_test::bytes_asked_for() - before;
    if (asked > 64 * bytes + (std::size_t{1} << 20)) return "took " + std::to_string(asked) + " bytes";
    if (opened) return tell(*opened);
    const bool is_told = opened.error().code == errc::corrupt || opened.error().code == errc::unsupported ||
                         opened.error().code == errc::limit_exceeded;
    if (!is_told) return "unexpected " + to_string(opened.error());
    if (opened.error().message.find("lead") != std::string::npos) return "told of a lead";
    return "error";
}

struct count {
    int tried = 0, errors = 0, same = 0;
    std::string wrong{};
};

// Each bit of a file; of long runs of zeros, which fill it up, those of every seventh byte.
count flip_all(const simulated::image& files, const std::string& name,
               const std::vector<std::string>& right) {
    count c;
    simulated::image damaged = files;
    auto& data = damaged[name];
    std::size_t zeros = 0;
    for (std::size_t bit = 0; bit < 8 * data.size(); ++bit) {
        if (bit % 8 == 0) zeros = data[bit / 8] == std::byte{0} ? zeros + 1 : 0;
        if (zeros > 64 && bit / 8 % 7 != 0) continue;
        const std::byte mask{static_cast<unsigned char>(1U << bit % 8)};
        data[bit / 8] ^= mask;
        const auto what = outcome(damaged);
        data[bit / 8] ^= mask;
        ++c.tried;
        if (what == "error")
            ++c.errors;
        else if (std::find(right.begin(), right.end(), what) != right.end())
            ++c.same;
        else if (c.wrong.empty())
            c.wrong = name + " bit " + std::to_string(bit) + ": " + what;
    }
    return c;
}

// Of files whose numbers are hostile and whose checksums are right: whatever they say may be so.
class outcomes {
public:
    void take(const std::string& what) {
        INFO(what);
        ++tried_;
        errors_ += what == "error" ? 1 : 0;
        CHECK_FALSE(what.starts_with("took"));
        CHECK_FALSE(what.starts_with("unexpected"));
        CHECK_FALSE(what.starts_with("told"));
    }
    void tell(const char* of) const {
        WARN(tried_ << " hostile " << of << ", " << errors_ << " of them refused");
        CHECK(errors_ > tried_ / 4);
    }

private:
    int tried_ = 0, errors_ = 0;
};

constexpr std::array<std::uint64_t, 8> hostile{
    0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF};

void put(simulated::bytes& to, std::size_t at, std::uint64_t value, std::size_t width) {
    std::memcpy(to.data() + at, &value, width);
}

std::uint64_t get(const simulated::bytes& from, std::size_t at) {
    std::uint64_t value;
    std::memcpy(&value, from.data() + at, sizeof value);
    return value;
}

weir::disk::store_id store_of(const simulated::bytes& file) {
    weir::disk::store_id id;
    std::memcpy(id.data(), file.data() + 24, id.size());
    return id;
}

}  // namespace

TEST_CASE("damage: a bit of a manifest that flips is made good by its other copy") {
    const sample s = make_sample();
    const auto c = flip_all(s.closed, "MANIFEST", {s.told});
    INFO(c.wrong);
    CHECK(c.wrong.empty());
    CHECK(c.errors == 0);
    CHECK(c.same == c.tried);
    CHECK(c.tried > 10'000);
}

TEST_CASE("damage: verify tells of a manifest with one bad copy, and the next writer mends it") {
    const sample s = make_sample();
    for (const std::size_t at : {std::size_t{100}, std::size_t{5000}}) {
        simulated::image damaged = s.closed;
        damaged["MANIFEST"][at] ^= std::byte{1};
        simulated::machine m(3, damaged);
        auto reader = open_on(m, {.read_only = true}).value();
        CHECK(reader.verify().value().manifest_copy_damaged);
        auto writer = open_on(m).value();
        CHECK_FALSE(writer.verify().value().manifest_copy_damaged);
    }
}

TEST_CASE("damage: a manifest that is cut, or damaged in both copies, is refused") {
    const sample s = make_sample();
    const auto& whole = s.closed.at("MANIFEST");
    for (std::size_t size = 0; size < whole.size(); size += size < 200 ? 1 : 97) {
        simulated::image cut = s.closed;
        cut["MANIFEST"].resize(size);
        CHECK(outcome(cut) == "error");
    }
    for (std::size_t at = 0; at < whole.size() / 2; at += 13) {
        simulated::image damaged = s.closed;
        damaged["MANIFEST"][at] ^= std::byte{4};
        damaged["MANIFEST"][at + whole.size() / 2] ^= std::byte{4};
        CHECK(outcome(damaged) == "error");
    }
}

TEST_CASE("damage: a bit of a log that flips is an error, or costs the last frame alone") {
    const sample s = make_sample();
    const std::string log = log_in(s.unclean);
    REQUIRE(outcome(s.unclean) == s.told_unclean);
    const auto c = flip_all(s.unclean, log, {s.told_unclean, s.told_without_last});
    INFO(c.wrong);
    CHECK(c.wrong.empty());
    CHECK(c.errors > c.same);
}

TEST_CASE("damage: a log that is cut gives whole frames from its beginning") {
    const sample s = make_sample();
    const std::string log = log_in(s.unclean);
    std::size_t longest = 0;
    std::vector<std::string> seen;
    for (std::size_t size = s.unclean.at(log).size() + 1; size-- > 0;) {
        simulated::image cut = s.unclean;
        cut[log].resize(size);
        const auto what = outcome(cut);
        if (seen.empty() || seen.back() != what) seen.push_back(what);
        longest = std::max(longest, what.size());
    }
    // With four frames, three, two, one, none; and without its header.
    CHECK(seen.size() == 6);
    CHECK(seen.front() == s.told_unclean);
    CHECK(seen.back() == "error");
}

TEST_CASE("damage: a missing, exchanged or stale file is refused") {
    const sample s = make_sample();
    for (const auto& [name, data] : s.unclean) {
        if (name == "LOCK") continue;
        simulated::image less = s.unclean;
        less.erase(name);
        CHECK(outcome(less) == "error");
        for (const auto& [other, other_data] : s.unclean) {
            if (other == name || other == "LOCK") continue;
            simulated::image exchanged = s.unclean;
            exchanged[name] = other_data;
            CHECK(outcome(exchanged) == "error");
        }
    }
    simulated::image stale = s.unclean;
    stale["MANIFEST"] = s.closed.at("MANIFEST");
    CHECK(outcome(stale) == "error");
}

TEST_CASE("damage: numbers of a manifest that are hostile and sealed are refused or harmless") {
    const sample s = make_sample();
    const auto& whole = s.closed.at("MANIFEST");
    const std::size_t half = whole.size() / 2;
    const weir::disk::file_identity who{store_of(whole), 0, "MANIFEST"};
    const std::size_t end = 72 + static_cast<std::size_t>(get(whole, 64));
    outcomes tried;
    for (std::size_t at = 64; at < end; at += 4)
        for (std::uint64_t value : hostile)
            for (const std::size_t width : {std::size_t{4}, std::size_t{8}}) {
                if (width == 4 && value > UINT32_MAX) continue;
                simulated::image damaged = s.closed;
                auto& data = damaged["MANIFEST"];
                for (const std::size_t begin : {std::size_t{0}, half}) {
                    put(data, begin + at, value, width);
                    const auto body = std::span(data).subspan(begin + 64, half - 64 - 8);
                    put(data, begin + half - 8, weir::disk::hash_block(who, begin + 64, body), 8);
                }
                INFO(at << " = " << value);
                tried.take(outcome(damaged));
            }
    tried.tell("manifests");
}

TEST_CASE("damage: numbers of a log that are hostile and sealed are refused or harmless") {
    const sample s = make_sample();
    const std::string log = log_in(s.unclean);
    const auto& whole = s.unclean.at(log);
    const weir::disk::file_identity who{store_of(whole), *weir::number_in(log, "wal-"), log};
    outcomes tried;
    const std::size_t length = get(whole, 128) >> 32, end = 128 + 48 + length;
    const std::size_t sealed = (end + 7) / 8 * 8;
    for (std::size_t at = 64; at < end; ++at)
        for (std::uint64_t value : hostile)
            for (const std::size_t width : {std::size_t{1}, std::size_t{4}, std::size_t{8}}) {
                if ((width < 8 && value >> (8 * width) != 0) || at + width > end) continue;
                if (at < 128 && at + width > 120) continue;
                simulated::image damaged = s.unclean;
                auto& data = damaged[log];
                put(data, at, value, width);
                const std::size_t begin = at < 128 ? 0 : 128, size = at < 128 ? 128 : sealed - 128,
                                  hash = at < 128 ? 120 : 168;
                if (at < 168 + 8 && at + width > 168) continue;
                put(data, hash, 0, 8);
                put(data, hash, weir::disk::hash_block(who, begin, std::span(data).subspan(begin, size)), 8);
                INFO(at << " = " << value);
                tried.take(outcome(damaged));
            }
    tried.tell("logs");
}

TEST_CASE("damage: a frame reads only what a batch could have been, and tells of nothing in it") {
    weir::batch b;
    for (int i = 0; i < 6; ++i) b.add(make(i));
    const std::vector<std::uint32_t> rows{0, 1, 3, 5};
    const auto payload = weir::encode_events(b.data(), rows, 17);
    const weir::disk::file_identity who{{}, 1, "log"};
    const auto read = weir::decode_events({payload, who, 0});
    CHECK(read.first_arrival == 17);
    REQUIRE(read.events.leads.size() == 4);
    CHECK(read.events.times == std::vector<std::int64_t>{0, 1'000'000, 3'000'000, 5'000'000});
    CHECK(read.events.lead_keys->size() == 3);
    CHECK(read.events.ids.size() == 4);
    const std::vector<std::uint32_t> all{0, 1, 2, 3};
    CHECK(weir::encode_events(read.events, all, 17) == payload);
    int errors = 0;
    for (std::size_t at = 0; at < payload.size(); ++at)
        for (const int value : {0, 1, 127, 128, 255}) {
            auto damaged = payload;
            damaged[at] = static_cast<std::byte>(value);
            const std::size_t before = weir_test::bytes_asked_for();
            const auto what = weir::guarded([&] { weir::decode_events({damaged, who, 0}); });
            CHECK(weir_test::bytes_asked_for() - before < 100'000 + 100 * payload.size());
            if (what) continue;
            ++errors;
            CHECK(what.error().code == errc::corrupt);
            CHECK(what.error().message.find("lead") == std::string::npos);
        }
    CHECK(errors > 100);
    for (std::size_t size = 0; size < payload.size(); ++size)
        CHECK_FALSE(weir::guarded([&] { weir::decode_events({std::span(payload).first(size), who, 0}); }));
}

TEST_CASE("damage: behind a log every place may look like the beginning of a frame, and it opens in time") {
    const sample s = make_sample();
    simulated::image hostile_files = s.unclean;
    auto& log = hostile_files[log_in(s.unclean)];
    const std::uint64_t magic = get(log, 128) & UINT32_MAX;
    const std::size_t begin = log.size();
    log.resize(begin + (std::size_t{1} << 20));
    for (std::size_t at = begin; at + 16 <= log.size(); at += 8)
        put(log, at, magic | (log.size() - at - 48) << 32, 8);
    CHECK(outcome(hostile_files) == s.told_unclean);
}
