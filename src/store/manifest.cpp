#include "store/manifest.hpp"

#include <algorithm>
#include <utility>

#include "base/fail.hpp"

namespace weir::inline v1 {
namespace {

using disk::field_reader;
using disk::field_writer;

constexpr std::size_t page = 4096, hash_bytes = 8, entry_bytes = 96, erasure_bytes = 32, purge_bytes = 72,
                      age_bytes = 24;
enum class section : std::uint32_t { segments = 1, erasures = 2, purges = 3, ages = 4 };
constexpr std::uint32_t may_be_skipped = std::uint32_t{1} << 31;

void put_entry(field_writer& w, const segment_entry& e) {
    w.u64(e.file);
    w.u64(e.file_length);
    w.u64(e.footer_hash);
    w.u64(e.rows);
    w.i64(e.min_time);
    w.i64(e.max_time);
    w.u64(e.first_seq);
    w.u64(e.last_seq);
    w.i64(e.first_arrival);
    w.i64(e.last_arrival);
    w.u64(e.erase_epoch);
    w.u32(e.partition);
    w.u32(e.flags);
}

segment_entry get_entry(field_reader& r) {
    segment_entry e;
    e.file = r.u64();
    e.file_length = r.u64();
    e.footer_hash = r.u64();
    e.rows = r.u64();
    e.min_time = r.i64();
    e.max_time = r.i64();
    e.first_seq = r.u64();
    e.last_seq = r.u64();
    e.first_arrival = r.i64();
    e.last_arrival = r.i64();
    e.erase_epoch = r.u64();
    e.partition = r.u32();
    e.flags = r.u32();
    return e;
}

void put_erasure(field_writer& w, const erasure& e) {
    w.u64(e.id);
    w.i64(e.when);
    w.u64(e.lead.low);
    w.u64(e.lead.high);
}

erasure get_erasure(field_reader& r) {
    erasure e;
    e.id = r.u64();
    e.when = r.i64();
    e.lead.low = r.u64();
    e.lead.high = r.u64();
    return e;
}

void put_purge(field_writer& w, const purge_receipt& p) {
    w.u64(p.last_erasure);
    w.i64(p.when.time_since_epoch().count());
    w.i64(p.leads);
    w.i64(p.events);
    w.i64(p.files);
    w.i64(p.bytes);
    w.i64(p.first ? p.first->time_since_epoch().count() : 0);
    w.i64(p.last ? p.last->time_since_epoch().count() : 0);
    w.u64(p.first ? 1 : 0);
}

purge_receipt get_purge(field_reader& r) {
    purge_receipt p;
    p.last_erasure = r.u64();
    p.when = instant(duration(r.i64()));
    p.leads = r.i64();
    p.events = r.i64();
    p.files = r.i64();
    p.bytes = r.i64();
    const std::int64_t first = r.i64(), last = r.i64();
    const std::uint64_t has_times = r.u64();
    if (has_times > 1 || p.leads < 0 || p.events < 0 || p.files < 0 || p.bytes < 0)
        r.refuse("a receipt has numbers that none has");
    if (has_times == 1) {
        p.first = instant(duration(first));
        p.last = instant(duration(last));
    }
    return p;
}

// What a receipt says of events that went by their age. A reader that is older skips it.
struct age {
    std::uint64_t receipt;
    std::int64_t before, events;
};

std::vector<age> ages_of(const std::vector<purge_receipt>& purges) {
    std::vector<age> all;
    for (std::size_t i = 0; i < purges.size(); ++i)
        if (purges[i].before)
            all.push_back({i, purges[i].before->time_since_epoch().count(), purges[i].aged});
    return all;
}

void put_age(field_writer& w, const age& a) {
    w.u64(a.receipt);
    w.i64(a.before);
    w.i64(a.events);
}

void get_ages(field_reader& r, std::uint64_t length, std::vector<purge_receipt>& purges) {
    if (length % age_bytes != 0 || length > r.left()) r.refuse("a section holds a part of something");
    for (std::uint64_t n = length / age_bytes; n > 0; --n) {
        const std::uint64_t i = r.u64();
        const std::int64_t before = r.i64(), events = r.i64();
        if (i >= purges.size() || purges[i].before || events < 0) r.refuse("an age is of no receipt");
        purges[i].before = instant(duration(before));
        purges[i].aged = events;
    }
}

template <class Things, class Put>
void put_section(field_writer& w, section tag, std::size_t each, const Things& things, Put&& put,
                 std::uint32_t flags = 0) {
    w.u32(static_cast<std::uint32_t>(tag));
    w.u32(flags);
    w.u64(each * things.size());
    for (const auto& thing : things) put(w, thing);
}

template <class Thing, class Get>
void get_section(field_reader& r, std::uint64_t length, std::size_t each, std::vector<Thing>& things,
                 Get&& get) {
    if (length % each != 0) r.refuse("a section holds a part of something");
    if (length > r.left()) r.refuse("a section is longer than the file");
    things.reserve(static_cast<std::size_t>(length / each));
    for (std::uint64_t n = length / each; n > 0; --n) things.push_back(get(r));
}

void put_payload(field_writer& w, const manifest& m) {
    w.u64(m.generation);
    w.u64(m.next_file);
    w.i64(m.next_arrival);
    w.u64(m.flushed_seq);
    w.u64(m.first_log);
    w.u64(m.last_erasure);
    w.u64(m.gone);
    w.u64(m.is_clean ? 1 : 0);
    w.bytes(m.secret);
    put_section(w, section::segments, entry_bytes, m.segments, put_entry);
    put_section(w, section::erasures, erasure_bytes, m.erasures, put_erasure);
    put_section(w, section::purges, purge_bytes, m.purges, put_purge);
    if (const auto ages = ages_of(m.purges); !ages.empty())
        put_section(w, section::ages, age_bytes, ages, put_age, may_be_skipped);
}

void check(const manifest& m, const field_reader& r) {
    const auto later = [](const segment_entry& a, const segment_entry& b) {
        return a.last_arrival >= b.first_arrival;
    };
    std::vector<std::uint64_t> files;
    for (const auto& e : m.segments) {
        files.push_back(e.file);
        if (e.file == 0 || e.file >= m.next_file || e.rows == 0 || e.min_time > e.max_time ||
            e.first_arrival < 0 || e.first_arrival > e.last_arrival || e.last_arrival >= m.next_arrival ||
            e.last_seq > m.flushed_seq || e.erase_epoch > m.last_erasure || e.flags != 0)
            r.refuse("what is said of a segment cannot be");
    }
    std::sort(files.begin(), files.end());
    if (std::adjacent_find(files.begin(), files.end()) != files.end()) r.refuse("a segment stands twice");
    if (std::adjacent_find(m.segments.begin(), m.segments.end(), later) != m.segments.end())
        r.refuse("segments are out of order");
    for (std::size_t i = 0; i < m.erasures.size(); ++i)
        if (m.erasures[i].id > m.last_erasure || m.erasures[i].id <= (i == 0 ? 0 : m.erasures[i - 1].id))
            r.refuse("erasures are out of order");
    if (m.next_arrival < 0 || m.gone > m.last_erasure || m.next_file == 0 || m.next_file > INT64_MAX ||
        m.first_log > m.next_file || m.flushed_seq > INT64_MAX || m.last_erasure > INT64_MAX)
        r.refuse("a number cannot be");
}

manifest get_payload(field_reader r, const disk::store_id& store) {
    manifest m{.store = store};
    m.generation = r.u64();
    m.next_file = r.u64();
    m.next_arrival = r.i64();
    m.flushed_seq = r.u64();
    m.first_log = r.u64();
    m.last_erasure = r.u64();
    m.gone = r.u64();
    const std::uint64_t flags = r.u64();
    if (flags > 1) r.refuse("a flag is not known");
    m.is_clean = flags == 1;
    const auto secret = r.bytes(m.secret.size());
    std::copy(secret.begin(), secret.end(), m.secret.begin());
    std::uint32_t last = 0;
    while (r.left() > 0) {
        const std::uint32_t tag = r.u32(), section_flags = r.u32();
        const std::uint64_t length = r.u64();
        if (section_flags == 0 && (tag <= last || tag > 3)) {
            if (tag > 3)
                fail(errc::unsupported,
                     "section " + std::to_string(tag) + " is not known; a newer weir wrote it",
                     manifest_name);
            r.refuse("sections are out of order");
        }
        if (section_flags == may_be_skipped) {
            if (tag != static_cast<std::uint32_t>(section::ages) || last == tag) {
                r.bytes(length);
                continue;
            }
            get_ages(r, length, m.purges);
            last = tag;
            continue;
        }
        if (section_flags != 0) r.refuse("a section has a flag that is not known");
        last = tag;
        if (tag == static_cast<std::uint32_t>(section::segments))
            get_section(r, length, entry_bytes, m.segments, get_entry);
        if (tag == static_cast<std::uint32_t>(section::erasures))
            get_section(r, length, erasure_bytes, m.erasures, get_erasure);
        if (tag == static_cast<std::uint32_t>(section::purges))
            get_section(r, length, purge_bytes, m.purges, get_purge);
    }
    check(m, r);
    return m;
}

manifest decode_half(std::span<const std::byte> half, std::uint64_t offset) {
    const disk::file_header header =
        disk::read_header(half.first<disk::header_bytes>(), std::string(manifest_name));
    const disk::file_identity who{header.store, 0, manifest_name};
    if (header.kind != disk::file_kind::manifest || header.length != disk::header_bytes ||
        header.number != 0 || header.compatible_flags != 0)
        disk::fail_corrupt(who, offset, "this is no manifest");
    const auto body = half.subspan(disk::header_bytes, half.size() - disk::header_bytes - hash_bytes);
    const std::uint64_t begin = offset + disk::header_bytes;
    if (field_reader(half.last<hash_bytes>(), who, begin).u64() != disk::hash_block(who, begin, body))
        disk::fail_corrupt(who, begin, "the checksum does not fit");
    field_reader r(body, who, begin);
    const std::uint64_t length = r.u64();
    const auto payload = r.bytes(length);
    r.zeros(r.left());
    return get_payload(field_reader(payload, who, begin + hash_bytes), header.store);
}

}  // namespace

byte_vector encode_manifest(const manifest& m) {
    const disk::file_identity who{m.store, 0, manifest_name};
    field_writer payload;
    put_payload(payload, m);
    const std::size_t used = disk::header_bytes + 8 + payload.size() + hash_bytes;
    const std::size_t half = (used + page - 1) / page * page;
    constexpr std::size_t most = limits{}.manifest_bytes;
    if (2 * half > most)
        fail(errc::limit_exceeded,
             "the manifest would take " + std::to_string(2 * half) + " bytes, at most " +
                 std::to_string(most) + " are allowed",
             manifest_name);
    field_writer all;
    for (std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{half}}) {
        all.bytes(disk::write_header({.kind = disk::file_kind::manifest, .store = m.store}));
        all.u64(payload.size());
        all.bytes(payload.written());
        all.zeros(half - used);
        const std::uint64_t begin = offset + disk::header_bytes;
        all.u64(disk::hash_block(who, begin, all.written().subspan(static_cast<std::size_t>(begin))));
    }
    return {all.written().begin(), all.written().end()};
}

decoded_manifest decode_manifest(std::span<const std::byte> file) {
    if (file.empty() || file.size() % (2 * page) != 0)
        fail(errc::corrupt, "a manifest cannot have " + std::to_string(file.size()) + " bytes",
             manifest_name);
    const std::size_t half = file.size() / 2;
    decoded_manifest found;
    std::optional<error> why;
    for (const std::size_t i : {std::size_t{1}, std::size_t{0}}) {
        auto read = guarded([&] { return decode_half(file.subspan(i * half, half), i * half); });
        found.is_good[i] = read.has_value();
        if (read)
            found.value = *std::move(read);
        else
            why = read.error();
    }
    if (found.is_good[0] || found.is_good[1]) return found;
    fail(why->code, why->message, why->where);
}

}  // namespace weir::inline v1
