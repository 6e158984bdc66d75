// partial_flow_json.cpp - a part of a flow's answer as JSON, both ways. Times are microseconds, stages and
// exits are numbers from 1, as the lifecycle lists them.
#include <algorithm>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/fail.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "flow/partial_flow.hpp"
#include "measure/grouping.hpp"
#include "measure/part_json.hpp"

namespace weir::inline v1 {
namespace {

using part_data = partial_flow::impl;
using numbers = std::vector<std::int64_t>;

constexpr int version = 1;

// Writing
// ----------------------------------------------------------------------------------------------------

std::int64_t number_of(std::size_t place) { return static_cast<std::int64_t>(place) + 1; }

void write(json::writer& w, std::string_view key, const outcome_tally& t) {
    w.key(key).begin_object().key("fates").begin_array();
    for (const counts& fates : t.fates) write_list(w, fates);
    w.end_array();
    write_list(w.key("skipped_past"), t.skipped_past);
    write_list(w.key("filled"), t.filled);
    w.end_object();
}

void write(json::writer& w, std::string_view key, const std::vector<conversion_tally>& tallies,
           const std::vector<kept_times>& waits) {
    w.key(key).begin_array();
    for (std::size_t p = 0; p < tallies.size(); ++p) {
        const conversion_tally& t = tallies[p];
        w.begin_object();
        write_list(w.key("ends"), {t.ends.begin(), t.ends.end()});
        w.key("mature").integer(t.mature).key("mature_converted").integer(t.mature_converted);
        write_list(w.key("waits"), waits[p].list());
        w.end_object();
    }
    w.end_array();
}

void write_reasons(json::writer& w, const flow_sum& sum) {
    w.key("reasons").begin_array();
    for (const auto& [r, n] : sum.reasons) {
        w.begin_object().key("stage").integer(number_of(r.stage)).key("exit").integer(number_of(r.exit));
        if (!r.none) w.key("reason").text(r.text);
        w.key("stated").boolean(r.stated).key("entries").integer(n).end_object();
    }
    w.end_array();
}

void write_amounts(json::writer& w, const flow_tally& t) {
    w.key("amounts").begin_array();
    for (const auto& [a, sum] : t.amounts) {
        w.begin_object().key("place").integer(number_of(a.place)).key("currency").text(a.currency.code());
        w.key("entries").integer(sum.entries).key("units").raw(fmt::format("{}", sum.units)).end_object();
    }
    w.end_array();
}

void write(json::writer& w, const flow_key& key, const flow_sum& sum) {
    const flow_tally& t = sum.tally;
    w.begin_object();
    if (key.group) w.key("group").text(*key.group);
    if (key.bucket) w.key("bucket").integer(*key.bucket);
    write_list(w.key("balance"), t.rise);
    w.key("moves").begin_array();
    for (const auto& [move, n] : t.moves.list())
        write_list(w, {move.from ? number_of(*move.from) : 0, number_of(move.to), n});
    w.end_array();
    write(w, "by_visit", t.by_visit);
    write(w, "by_lead", t.by_lead);
    write_reasons(w, sum);
    w.key("stays").begin_array();
    for (const kept_times& stays : sum.stays) write_list(w, stays.list());
    w.end_array();
    write(w, "conversion_leads", t.by_leads, sum.by_leads);
    write(w, "conversion_entries", t.by_entries, sum.by_entries);
    write_amounts(w, t);
    w.key("not_money").integer(t.not_money).end_object();
}

void write(json::writer& w, const layer_facts& f) {
    w.key("facts").begin_object().key("named_like_stages").integer(f.named_like_stages);
    w.key("refused").integer(f.refused).key("unborne").begin_array();
    for (const auto& t : f.unborne)
        w.begin_object().key("path").text(t.path).key("name").text(t.name).end_object();
    w.end_array();
    write_list(w, "present", f.present);
    w.end_object();
}

void write(json::writer& w, const part_data& p) {
    w.begin_object().key("version").integer(version);
    w.key("question").raw(to_json(p.question));
    w.key("lifecycle").raw(to_json(p.lifecycle));
    if (p.as_of) w.key("as_of").integer(*p.as_of).key("derived_as_of").integer(p.derived_as_of);
    write(w, p.facts);
    write_list(w, "attributes", p.attributes);
    write_sums(w, "stages", p.stages);
    write_sums(w, "groups", p.state.groups);
    w.key("disputed").integer(p.state.disputed).key("read_none").integer(p.state.read_none);
    w.key("parts").begin_array();
    for (const auto& [key, sum] : p.state.parts) write(w, key, *sum);
    w.end_array().end_object();
}

// Reading
// ----------------------------------------------------------------------------------------------------

std::string text_of(const json::node& n) {
    json::writer w;
    json::write(w, n);
    return w.take();
}

// What a reader of its own has read, or says is wrong.
template <class T> T told(result<T> r, const std::string& where) {
    if (r) return *std::move(r);
    const error& e = r.error();
    fail(e.code, e.message, e.where.empty() ? where : where + '.' + e.where);
}

std::int64_t sum_of(std::span<const std::int64_t> all) {
    return std::accumulate(all.begin(), all.end(), std::int64_t{0});
}

void check_size(std::size_t size, std::size_t expected, const char* what, const std::string& where) {
    if (size != expected)
        fail(errc::bad_input, fmt::format("{} numbers for {} {}", size, expected, what), where);
}

// Reads one number for each of so many places.
auto counts_for(std::size_t size, const char* what) {
    return [size, what](const json::node& n, const std::string& where) {
        counts all = json::list_of<std::int64_t>(as_count)(n, where);
        check_size(all.size(), size, what, where);
        return all;
    };
}

// Reads a number from 1 as a place from 0.
auto place_below(std::size_t limit) {
    return [limit](const json::node& n, const std::string& where) {
        const std::int64_t number = json::as_integer(n, where);
        if (number < 1 || static_cast<std::uint64_t>(number) > limit)
            fail(errc::bad_input, fmt::format("{} is none of the {} that there are", number, limit), where);
        return static_cast<std::size_t>(number) - 1;
    };
}

// One part of the answer, of one group in one bucket.
class part_reader {
public:
    part_reader(part_data& into) : into_(into), shape_(into.shape()) {}

    void read(const json::node& n, const std::string& where) {
        json::object in(n, where);
        const flow_key key = read_key(in);
        auto sum = std::make_shared<flow_sum>(shape_);
        flow_tally& t = sum->tally;
        json::read(in, "balance", t.rise, counts_for(shape_.places(), "stages and exits"));
        read_items(in, "moves", [&](const auto& item, const std::string& at) { read_move(item, at, t); });
        read_outcome(in, "by_visit", t.by_visit);
        read_outcome(in, "by_lead", t.by_lead);
        read_items(in, "reasons",
                   [&](const auto& item, const std::string& at) { read_reason(item, at, *sum); });
        read_stays(in, *sum);
        read_conversions(in, "conversion_leads", t.by_leads, sum->by_leads);
        read_conversions(in, "conversion_entries", t.by_entries, sum->by_entries);
        read_items(in, "amounts", [&](const auto& item, const std::string& at) { read_amount(item, at, t); });
        json::read(in, "not_money", t.not_money, as_count);
        in.finish();
        check(*sum, where);
        for (std::size_t p = 0; p < shape_.places(); ++p)
            sum->rise_at_end[p] = t.created[p] + t.in[p] - t.out[p];
        if (!into_.state.parts.emplace(key, std::move(sum)).second)
            fail(errc::bad_input, "the same part stands twice", where);
    }

private:
    flow_key read_key(json::object& in) const {
        flow_key key;
        const flow& q = into_.question;
        if (const auto* group = in.find("group")) {
            key.group = json::as_text(*group, in.at("group"));
            if (!into_.state.groups.contains(*key.group))
                fail(errc::bad_input, fmt::format("no group {} is listed", quoted(*key.group)),
                     in.at("group"));
        }
        if (const auto* bucket = in.find("bucket")) {
            key.bucket = json::as_integer(*bucket, in.at("bucket"));
            if (q.bucket.unit == calendar_unit::none)
                fail(errc::bad_input, "the question asks for no buckets", in.at("bucket"));
        }
        return key;
    }

    void read_move(const json::node& n, const std::string& where, flow_tally& t) const {
        const auto move = json::list_of<std::int64_t>(as_count)(n, where);
        const auto places = static_cast<std::int64_t>(shape_.places());
        if (move.size() != 3 || move[0] > places || move[1] < 1 || move[1] > places || move[2] < 1)
            fail(errc::bad_input,
                 fmt::format("a move is [from, to, how often] of {} stages and exits, from 0 if it begins",
                             places),
                 where);
        const auto to = static_cast<std::size_t>(move[1] - 1);
        const bool begins = move[0] == 0;
        const auto from = begins ? to : static_cast<std::size_t>(move[0] - 1);
        std::int64_t& moves = begins ? t.moves.to(to) : t.moves.between(from, to);
        if (moves != 0) fail(errc::bad_input, "the same move stands twice", where);
        moves = move[2];
        if (begins) {
            t.created[to] += moves;
            return;
        }
        t.out[from] += moves;
        t.in[to] += moves;
    }

    void read_outcome(json::object& members, std::string_view key, outcome_tally& t) const {
        const json::node* const n = members.find(key);
        if (n == nullptr) return;
        json::object in(*n, members.at(key));
        std::size_t stage = 0;
        read_items(in, "fates", [&](const auto& item, const std::string& at) {
            if (stage == shape_.stages) check_size(stage + 1, shape_.stages, "stages", in.at("fates"));
            t.fates[stage] = counts_for(fate_exits + shape_.exits, "outcomes")(item, at);
            t.entered[stage] = sum_of(t.fates[stage]);
            ++stage;
        });
        json::read(in, "skipped_past", t.skipped_past, counts_for(shape_.stages, "stages"));
        json::read(in, "filled", t.filled, counts_for(shape_.stages, "stages"));
        in.finish();
    }

    void read_reason(const json::node& n, const std::string& where, flow_sum& sum) const {
        json::object in(n, where);
        flow_sum::reason r;
        std::int64_t entries = 0;
        json::read(in, "stage", r.stage, place_below(shape_.stages));
        json::read(in, "exit", r.exit, place_below(shape_.exits));
        json::read(in, "reason", r.text, json::as_text);
        json::read(in, "stated", r.stated, json::as_bool);
        json::read(in, "entries", entries, as_count);
        in.finish();
        r.none = r.text.empty() || r.text == no_group;
        if (r.none) r.text = no_group;
        if (!sum.reasons.emplace(r, entries).second)
            fail(errc::bad_input, "the same reason stands twice", where);
    }

    void read_stays(json::object& in, flow_sum& sum) const {
        std::vector<numbers> stays(shape_.stages);
        json::read(in, "stays", stays, json::list_of<numbers>(as_ascending));
        check_size(stays.size(), shape_.stages, "stages", in.at("stays"));
        for (std::size_t s = 0; s < stays.size(); ++s) sum.stays[s].change({}, std::move(stays[s]));
    }

    void read_conversions(json::object& in, std::string_view key, std::vector<conversion_tally>& tallies,
                          std::vector<kept_times>& waits) const {
        std::size_t pair = 0;
        read_items(in, key, [&](const auto& item, const std::string& at) {
            if (pair == tallies.size()) check_size(pair + 1, pair, "pairs of stages", in.at(key));
            read_conversion(item, at, tallies[pair], waits[pair]);
            ++pair;
        });
    }

    static void read_conversion(const json::node& n, const std::string& where, conversion_tally& t,
                                kept_times& waits) {
        json::object in(n, where);
        counts ends(end_count);
        json::read(in, "ends", ends, counts_for(end_count, "ends of a conversion"));
        std::copy(ends.begin(), ends.end(), t.ends.begin());
        json::read(in, "mature", t.mature, as_count);
        json::read(in, "mature_converted", t.mature_converted, as_count);
        numbers times;
        json::read(in, "waits", times, as_ascending);
        in.finish();
        check_size(times.size(), static_cast<std::size_t>(t.ends[end_converted]), "converted",
                   in.at("waits"));
        if (t.mature > t.entered() || t.mature_converted > std::min(t.mature, t.ends[end_converted]))
            fail(errc::bad_input,
                 fmt::format("{} mature and {} of them converted, of {} and {}", t.mature, t.mature_converted,
                             t.entered(), t.ends[end_converted]),
                 where);
        waits.change({}, std::move(times));
    }

    void read_amount(const json::node& n, const std::string& where, flow_tally& t) const {
        json::object in(n, where);
        amount_key key;
        amount_sum sum;
        json::read(in, "place", key.place, place_below(shape_.places()));
        json::read(in, "currency", key.currency, [](const json::node& c, const std::string& at) {
            return told(currency::parse(json::as_text(c, at)), at);
        });
        json::read(in, "entries", sum.entries, as_count);
        json::read(in, "units", sum.units, as_wide);
        in.finish();
        const wide_int most = wide_int{sum.entries} << 63;
        if (into_.question.amount.empty() || sum.entries == 0 || sum.units > most || sum.units < -most)
            fail(errc::bad_input, "no entries have this amount", where);
        if (!t.amounts.emplace(key, sum).second) fail(errc::bad_input, "the same amount stands twice", where);
    }

    static wide_int as_wide(const json::node& n, const std::string& where) {
        const std::string& text = n.text;
        wide_int units = 0;
        constexpr std::size_t most_digits = 36;
        const bool below = !text.empty() && text.front() == '-';
        const std::string_view digits = std::string_view(text).substr(below ? 1 : 0);
        const bool is_whole =
            n.kind == json::kind::number && digits.size() <= most_digits &&
            std::all_of(digits.begin(), digits.end(), [](char c) { return '0' <= c && c <= '9'; });
        if (!is_whole) fail(errc::bad_input, "expected a whole number", where);
        for (const char c : digits) units = 10 * units + (c - '0');
        return below ? -units : units;
    }

    // What every answer obeys; without it the answer would blame the library.
    void check(const flow_sum& sum, const std::string& where) const {
        const flow_tally& t = sum.tally;
        const auto refuse = [&](std::size_t stage, const std::string& what) {
            fail(errc::bad_input,
                 fmt::format("{} of stage {} do not sum to {}", what, number_of(stage),
                             t.created[stage] + t.in[stage]),
                 where);
        };
        for (std::size_t s = 0; s < shape_.stages; ++s) {
            const std::int64_t visits = t.created[s] + t.in[s];
            if (t.by_visit.entered[s] != visits) refuse(s, "the outcomes by visit");
            if (t.by_lead.entered[s] > visits) refuse(s, "the outcomes by lead");
            if (static_cast<std::int64_t>(sum.stays[s].size()) > visits) refuse(s, "the stays");
        }
        std::vector<counts> left(shape_.stages, counts(shape_.exits));
        for (const auto& [r, n] : sum.reasons) left[r.stage][r.exit] += n;
        for (std::size_t s = 0; s < shape_.stages; ++s)
            for (std::size_t e = 0; e < shape_.exits; ++e)
                if (left[s][e] != t.by_visit.fates[s][fate_exits + e])
                    fail(errc::bad_input,
                         fmt::format("the reasons of stage {} do not sum to its exits", number_of(s)), where);
    }

    part_data& into_;
    flow_shape shape_;
};

layer_facts::trigger as_trigger(const json::node& n, const std::string& where) {
    json::object in(n, where);
    layer_facts::trigger t;
    json::read(in, "path", t.path, json::as_text);
    json::read(in, "name", t.name, json::as_text);
    in.finish();
    return t;
}

layer_facts as_facts(const json::node& n, const std::string& where) {
    json::object in(n, where);
    layer_facts f;
    json::read(in, "named_like_stages", f.named_like_stages, as_count);
    json::read(in, "refused", f.refused, as_count);
    json::read(in, "unborne", f.unborne, json::list_of<layer_facts::trigger>(as_trigger));
    json::read(in, "present", f.present, as_sorted);
    in.finish();
    return f;
}

void read_question(json::object& in, part_data& p) {
    json::read(in, "question", p.question, [](const json::node& n, const std::string& at) {
        return told(flow_from_json(text_of(n)), at);
    });
    json::read(in, "lifecycle", p.lifecycle, [](const json::node& n, const std::string& at) {
        return told(lifecycle_from_json(text_of(n)), at);
    });
    check(p.question).value();
    check(p.lifecycle).value();
    check_exit_names(p.lifecycle);
}

part_data read_part(const json::node& n, const std::string& where) {
    json::object in(n, where);
    part_data p;
    std::int64_t as_of = 0;
    check_version(in, version, "a part");
    read_question(in, p);
    json::read(in, "as_of", as_of, json::as_integer);
    if (n.find("as_of") != nullptr) p.as_of = as_of;
    json::read(in, "derived_as_of", p.derived_as_of, json::as_integer);
    json::read(in, "facts", p.facts, as_facts);
    json::read(in, "attributes", p.attributes, as_sorted);
    json::read(in, "stages", p.stages, json::list_of<std::pair<std::string, std::int64_t>>(as_sum));
    json::read(in, "groups", p.state.groups, as_sums);
    if (p.question.by.empty() && !p.state.groups.empty())
        fail(errc::bad_input, "the question asks for no groups", in.at("groups"));
    check_groups(p.state.groups.size(), p.question.max_groups);
    json::read(in, "disputed", p.state.disputed, as_count);
    json::read(in, "read_none", p.state.read_none, as_count);
    part_reader reader(p);
    read_items(in, "parts", [&](const auto& item, const std::string& at) { reader.read(item, at); });
    in.finish();
    return p;
}

}  // namespace

std::string to_json(const partial_flow& part) {
    json::writer w;
    w.begin_object().key("partial_flow");
    write(w, part.data());
    w.end_object();
    return w.take();
}

result<partial_flow> partial_flow_from_json(std::string_view text) {
    return guarded([&] {
        const json::node body = json::parse_member(text, "partial_flow");
        return partial_flow(std::make_shared<const part_data>(read_part(body, "partial_flow")));
    });
}

}  // namespace weir::inline v1
