// A segment's file with any bit flipped, cut anywhere, or with any number in it replaced and all checksums
// made good again: an error, or a segment that is sound. Never a crash, never memory out of proportion.
#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <weir.hpp>

#include "allocation.hpp"
#include "base/fail.hpp"
#include "catch.hpp"
#include "segment/segment_footer.hpp"
#include "segment_files.hpp"

namespace {

using namespace weir_test;
using namespace weir;

using bytes = std::vector<std::byte>;

const disk::file_identity& who() {
    static const disk::file_identity id{{std::byte{1}, std::byte{2}, std::byte{3}}, 77, "seg"};
    return id;
}

struct sealed {
    bytes raw{};
    segment_entry entry{};
};

sealed file_of(const batch& b, const std::vector<stored_id>& ids) {
    store s;
    s.append(b).value();
    const auto snap = s.snapshot();
    memory_file file;
    sealed made;
    made.entry = write_segment(file, who(), *snap.data().segments[0], snap.data(), ids);
    made.raw = file.bytes;
    return made;
}

// Every kind of column, some with gaps, ties, event ids.
sealed make_file() {
    batch b;
    const std::array<std::string, 3> leads{"alpha", "beta", "gamma lead"};
    for (int i = 0; i < 40; ++i) {
        event e{leads[static_cast<std::size_t>(i * 7 % 3)],
                i % 4 == 0 ? "won" : "visit",
                from_unix_microseconds(1000 + i / 2 * 300),
                {},
                {}};
        if (i % 2 == 0) e.attributes.push_back({"channel", i % 3 == 0 ? "mail" : "web"});
        if (i % 5 == 0) e.attributes.push_back({"count", i});
        if (i % 7 != 0) e.attributes.push_back({"deal", money{100 * i, "EUR"}});
        e.attributes.push_back({"paid", i % 3 == 1});
        if (i % 6 == 0) e.attributes.push_back({"share", i / 7.0});
        if (i % 9 == 0) e.attributes.push_back({"since", from_unix_microseconds(i)});
        b.add(e);
    }
    const std::vector<stored_id> ids{{{1, 2}, {3, 4}, 0, 0}, {{5, 6}, {7, 8}, 3, 2}, {{1, 1}, {1, 1}, 4, 9}};
    return file_of(b, ids);
}

std::uint64_t number_at(const bytes& raw, std::size_t at, std::size_t width = 8) {
    std::uint64_t v = 0;
    for (std::size_t i = 0; i < width; ++i) v |= std::to_integer<std::uint64_t>(raw[at + i]) << (8 * i);
    return v;
}
void put_number(bytes& raw, std::size_t at, std::uint64_t v, std::size_t width = 8) {
    for (std::size_t i = 0; i < width; ++i) raw[at + i] = static_cast<std::byte>(v >> (8 * i));
}

// Where the checksums of blocks stand, with the blocks, in the file as it was written.
struct seal {
    std::size_t at, offset, length;
};
std::vector<seal> seals_of(const sealed& f) {
    const std::size_t footer = number_at(f.raw, f.raw.size() - trailer_bytes);
    const std::size_t length = number_at(f.raw, f.raw.size() - trailer_bytes + 8);
    const auto decoded = decode_footer(std::span(f.raw).subspan(footer, length), who(), footer);
    std::vector<seal> all;
    std::size_t at = footer + 64 + 16 * decoded.columns.size();
    each_block(decoded, [&](const file_block& b) {
        REQUIRE(number_at(f.raw, at) == b.offset);
        all.push_back({at + 32, b.offset, disk::aligned(b.length)});
        at += 40;
    });
    return all;
}

// Makes all checksums good again, as somebody does who means harm.
void reseal(sealed& f, const std::vector<seal>& seals) {
    std::fill_n(f.raw.begin() + 56, 8, std::byte{});
    disk::store_id stated{};
    std::copy_n(f.raw.begin() + 24, stated.size(), stated.begin());
    put_number(
        f.raw, 56,
        disk::hash_block({stated, number_at(f.raw, 40), {}}, 0, std::span(f.raw).first(disk::header_bytes)));
    for (const seal& s : seals)
        put_number(f.raw, s.at,
                   disk::hash_block(who(), s.offset, std::span(f.raw).subspan(s.offset, s.length)));
    const std::size_t trailer = f.raw.size() - trailer_bytes;
    const std::size_t footer = seals.back().offset + seals.back().length;
    f.entry.footer_hash = disk::hash_block(who(), footer, std::span(f.raw).subspan(footer, trailer - footer));
    put_number(f.raw, trailer + 16, f.entry.footer_hash);
    put_number(f.raw, trailer + 48, 0);
    put_number(f.raw, trailer + 48, disk::hash_block(who(), trailer, std::span(f.raw).subspan(trailer)));
}

// What is wrong with a segment that was opened, or "".
std::string flaw_of(const snapshot::impl& data, const segment& s) {
    if (!std::is_sorted(s.leads.begin(), s.leads.end(), std::less_equal<>())) return "leads";
    if (s.offsets.size() != s.leads.size() + 1 || s.masks.size() != s.leads.size()) return "offsets";
    if (s.leads.back() >= data.lead_keys->size()) return "a lead without a key";
    std::vector<std::int64_t> counts(data.event_names->size());
    for (std::size_t lead = 0; lead < s.leads.size(); ++lead) {
        if (s.offsets[lead] >= s.offsets[lead + 1]) return "a lead without rows";
        std::uint64_t mask = 0;
        for (std::uint32_t r = s.offsets[lead]; r < s.offsets[lead + 1]; ++r) {
            const auto event = static_cast<std::uint64_t>(s.events[r]);
            if (event >= counts.size()) return "an event without a name";
            ++counts[event];
            mask |= event_bit(static_cast<std::uint32_t>(event));
            if (r > s.offsets[lead] && s.times[r] < s.times[r - 1]) return "times";
            if (s.times[r] < s.min_time || s.times[r] > s.max_time) return "bounds of times";
        }
        const std::uint32_t first = s.offsets[lead];
        const bool tied = s.offsets[lead + 1] - first > 1 && s.times[first] == s.times[first + 1];
        if (mask != s.masks[lead]) return "a mask";
        if (tied != s.first_is_tied(lead)) return "a tie";
    }
    for (const auto& [code, rows] : s.event_counts)
        if (counts.at(code) != rows) return "counts";
    for (const auto& c : s.columns) {
        if (c.bits.size() != s.size()) return "a column's length";
        for (std::size_t r = 0; r < s.size(); ++r)
            if (c.has(r) && c.is_text &&
                static_cast<std::uint64_t>(c.at(r)) >= data.columns.at(c.column).texts->size())
                return "a text";
    }
    return "";
}

using opener = std::function<opened_segment(const sealed&, snapshot::impl&)>;

opened_segment open(const sealed& f, snapshot::impl& into) {
    return open_segment(std::make_shared<memory_file>(f.raw), who(), f.entry, into);
}

// Columns are read afterwards.
opened_segment open_lazily(const sealed& f, snapshot::impl& into) {
    return open_segment(std::make_shared<memory_file>(f.raw), who(), f.entry, into,
                        std::make_shared<column_cache>(1 << 20));
}

// The error that opening gives, if it does; a flaw of what it gives; memory beyond what the file is worth.
struct outcome {
    std::optional<error> refused{};
    std::string flaw{};
};
outcome try_open(const sealed& f, const opener& how) {
    outcome o;
    const auto data = empty_snapshot();
    const std::size_t before = bytes_asked_for();
    const auto result = guarded([&] {
        auto opened = how(f, *data);
        const segment_in_use used(*opened.data);
        opened.data->all_ready();
        return opened;
    });
    const std::size_t asked = bytes_asked_for() - before;
    if (asked > 100'000 + 40 * f.raw.size()) o.flaw = std::to_string(asked) + " bytes of memory";
    if (!result) {
        o.refused = result.error();
        return o;
    }
    const segment_in_use used(*result->data);
    if (o.flaw.empty()) o.flaw = flaw_of(*data, *result->data);
    data->segments.push_back(result->data);
    const funnel q{.steps = {"visit", "won"}, .by = "channel"};
    if (o.flaw.empty() && !measure(snapshot(data), q)) o.flaw = "no answer";
    return o;
}

bool is_expected(const error& e) {
    return e.code == errc::corrupt || e.code == errc::unsupported || e.code == errc::limit_exceeded;
}

std::string unnoticed_flip(const sealed& f, const opener& how) {
    for (std::size_t bit = 0; bit < 8 * f.raw.size(); ++bit) {
        sealed other = f;
        other.raw[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
        const outcome o = try_open(other, how);
        if (!o.refused || !is_expected(*o.refused)) return "bit " + std::to_string(bit) + ' ' + o.flaw;
        if (o.refused->where.find("seg") != 0) return "no place for bit " + std::to_string(bit);
    }
    return "";
}

std::string unsound_number(const sealed& f, const opener& how, std::size_t& tried, std::size_t& refused) {
    const auto seals = seals_of(f);
    for (const std::size_t width : {8U, 4U, 2U, 1U})
        for (std::size_t at = 0; at + width <= f.raw.size(); at += width) {
            const std::uint64_t was = number_at(f.raw, at, width);
            for (const std::uint64_t v :
                 {std::uint64_t{0}, std::uint64_t{1}, was - 1, was + 1, f.raw.size() - 1, f.raw.size() + 1,
                  std::uint64_t{INT32_MAX}, std::uint64_t{1} << 31, (std::uint64_t{1} << 31) + 1,
                  std::uint64_t{UINT32_MAX}, std::uint64_t{INT64_MAX}, std::uint64_t{UINT64_MAX}}) {
                sealed other = f;
                put_number(other.raw, at, v, width);
                reseal(other, seals);
                const outcome o = try_open(other, how);
                ++tried;
                refused += o.refused.has_value();
                if (!o.flaw.empty() || (o.refused && !is_expected(*o.refused)))
                    return std::to_string(v) + " at " + std::to_string(at) + ": " + o.flaw +
                           (o.refused ? to_string(*o.refused) : "");
            }
        }
    return "";
}

}  // namespace

TEST_CASE("segment damage: every flipped bit is found") {
    const sealed f = make_file();
    REQUIRE(try_open(f, open).flaw.empty());
    REQUIRE(!try_open(f, open).refused);
    CHECK(unnoticed_flip(f, open) == "");
    CHECK(unnoticed_flip(f, open_lazily) == "");
}

TEST_CASE("segment damage: a file that was cut, or grew, is found") {
    const sealed f = make_file();
    for (std::size_t length = 0; length < f.raw.size(); ++length) {
        sealed cut = f;
        cut.raw.resize(length);
        for (const bool known : {false, true}) {
            if (known) cut.entry.file_length = length;
            const outcome o = try_open(cut, open);
            INFO(length);
            REQUIRE(o.refused);
            REQUIRE(is_expected(*o.refused));
        }
    }
    sealed longer = f;
    longer.raw.resize(f.raw.size() + 64);
    CHECK(try_open(longer, open).refused);
    longer.entry.file_length += 64;
    CHECK(try_open(longer, open).refused);
}

TEST_CASE("segment damage: numbers replaced under good checksums are refused, or do no harm") {
    std::size_t tried = 0, refused = 0;
    CHECK(unsound_number(make_file(), open, tried, refused) == "");
    CHECK(unsound_number(make_file(), open_lazily, tried, refused) == "");
    CHECK(tried > 160'000);
    CHECK(refused > tried / 2);
    CHECK(refused < tried);
    WARN(tried << " files with hostile numbers, " << refused << " of them refused");
}

TEST_CASE("segment damage: another file, or another place, is found") {
    const sealed f = make_file();
    const auto refused = [&](const disk::file_identity& other, const segment_entry& entry) {
        const auto data = empty_snapshot();
        const auto r =
            guarded([&] { return open_segment(std::make_shared<memory_file>(f.raw), other, entry, *data); });
        return !r && r.error().code == errc::corrupt;
    };
    CHECK_FALSE(refused(who(), f.entry));
    disk::file_identity other = who();
    ++other.number;
    CHECK(refused(other, f.entry));
    segment_entry moved = f.entry;
    ++moved.file;
    CHECK(refused(other, moved));
    other = who();
    other.store[0] = std::byte{9};
    CHECK(refused(other, f.entry));
    for (auto* field : {&moved.file_length, &moved.footer_hash, &moved.rows, &moved.last_seq}) {
        moved = f.entry;
        ++*field;
        CHECK(refused(who(), moved));
    }
    for (auto* field : {&moved.min_time, &moved.max_time, &moved.first_arrival, &moved.last_arrival}) {
        moved = f.entry;
        ++*field;
        CHECK(refused(who(), moved));
    }
}

TEST_CASE("segment damage: a text that stands twice is refused, though every checksum fits") {
    batch b;
    for (const char* lead : {"ana", "bob", "eva"})
        b.add(
            {.lead = lead, .name = "visit", .time = from_unix_microseconds(1), .attributes = {{"of", lead}}});
    const sealed f = file_of(b, {});
    const auto seals = seals_of(f);
    const std::string from = "anabobeva", ascending = "anaanaeva", falling = "anabobana";
    int blocks = 0;
    for (const seal& one : seals) {
        const auto at = f.raw.begin() + static_cast<std::ptrdiff_t>(one.offset);
        if (one.length < from.size() ||
            !std::ranges::equal(std::as_bytes(std::span(from)), std::span(&*at, from.size())))
            continue;
        ++blocks;
        for (const std::string& to : {ascending, falling}) {
            sealed twice = f;
            std::ranges::copy(std::as_bytes(std::span(to)),
                              twice.raw.begin() + static_cast<std::ptrdiff_t>(one.offset));
            reseal(twice, seals);
            snapshot::impl names;
            names.lead_keys = std::make_shared<dictionary>();
            names.event_names = std::make_shared<dictionary>();
            const auto opened = guarded([&] { return open(twice, names); });
            REQUIRE_FALSE(opened);
            CHECK(opened.error().message == "a text stands twice");
        }
    }
    CHECK(blocks == 2);  // keys of leads, and an attribute
}

TEST_CASE("segment damage: a reader that looks at no checksum of blocks is caught") {
    const sealed f = make_file();
    const auto seals = seals_of(f);
    const opener careless = [&](const sealed& damaged, snapshot::impl& into) {
        sealed repaired = damaged;
        for (const seal& s : seals)
            if (!std::equal(f.raw.begin() + static_cast<std::ptrdiff_t>(s.offset),
                            f.raw.begin() + static_cast<std::ptrdiff_t>(s.offset + s.length),
                            damaged.raw.begin() + static_cast<std::ptrdiff_t>(s.offset)))
                reseal(repaired, seals);
        return open(repaired, into);
    };
    CHECK(unnoticed_flip(f, careless).find("bit ") == 0);
}

TEST_CASE("segment damage: a reader that hands out events without names is caught") {
    const opener careless = [](const sealed& damaged, snapshot::impl& into) {
        auto opened = open(damaged, into);
        auto wrong = std::make_shared<segment>();
        wrong->leads = opened.data->leads;
        wrong->offsets = opened.data->offsets;
        wrong->masks = opened.data->masks;
        wrong->tied = opened.data->tied;
        std::vector<std::int64_t> events(opened.data->size(), 2);
        wrong->events = packed(events);
        opened.data = wrong;
        return opened;
    };
    CHECK(try_open(make_file(), careless).flaw == "an event without a name");
}
