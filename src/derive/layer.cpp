// layer.cpp - first the bounds of every column are known, then each part writes its own rows, all at once.
#include "derive/layer.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <string>
#include <utility>

#include "base/fail.hpp"
#include "base/parallel.hpp"

namespace weir::inline v1 {
namespace {

// How large the layer is, and where in it each part begins.
struct extent {
    struct position {
        std::size_t row, lead;
    };
    std::size_t rows = 0, leads = 0;
    std::vector<position> begins{};
    bounds times{}, arrivals{}, orders{}, segments{}, source_rows{}, numbers{};
    bool any_stated = false;

    explicit extent(const std::deque<findings>& parts) {
        for (const findings& part : parts) {
            begins.push_back({rows, leads});
            leads += part.leads.size();
            for (const auto& block : part.blocks) rows += block.size();
            times.take(part.times);
            arrivals.take(part.arrivals);
            orders.take(part.orders);
            segments.take(part.segments);
            source_rows.take(part.rows);
            numbers.take(part.numbers);
            any_stated = any_stated || part.reasons.size() > 0;
        }
        if (rows > UINT32_MAX) fail(errc::limit_exceeded, "a segment holds at most 2^32 - 1 events");
    }
};

bounds bounds_of(std::span<const std::uint32_t> codes) {
    bounds b;
    for (const std::uint32_t code : codes) b.take(code);
    return b;
}

// The words that stage events bear, with the bits (code + 1) that stand for them in the columns.
class wording {
public:
    wording(const rulebook& rules, const std::deque<findings>& parts, std::shared_ptr<dictionary> earlier) {
        if (earlier) reasons = std::move(earlier);
        const weir::lifecycle& l = rules.lifecycle();
        names->insert(l.name);
        places->insert("");
        for (const std::string& place_name : rules.places()) places->insert(place_name);
        for (const std::string_view move : move_names) moves->insert(move);
        versions.take(l.version);
        for (std::size_t i = 0; i < rules.size(); ++i) {
            const bound_rule& r = rules.rule(i);
            cause_bits.push_back(bits(*causes, r.shown()));
            rule_reason_bits.push_back(bits(*reasons, r.written->reason));
            versions.take(r.version);
        }
        for (const findings& part : parts) stated_codes.push_back(reasons->insert(part.reasons));
    }
    static std::int64_t place_bits(std::int8_t p) { return p + 2; }
    static std::int64_t move_bits(move_kind kind) { return static_cast<std::int64_t>(kind) + 1; }
    std::int64_t reason_bits(const stage_entry& e, std::size_t part) const {
        if (e.reason == stage_entry::no_reason) return rule_reason_bits[e.rule];
        return std::int64_t{stated_codes[part][e.reason]} + 1;
    }
    static bounds all(const dictionary& texts) { return {1, std::int64_t{texts.size()}}; }

    using table = std::shared_ptr<dictionary>;
    table names = make(), places = make(), moves = make(), causes = make(), reasons = make();
    bounds versions{};
    std::vector<std::int64_t> cause_bits{}, rule_reason_bits{};  // by rule
    std::vector<std::vector<dictionary::code>> stated_codes{};   // by part, by its own code

private:
    static table make() { return std::make_shared<dictionary>(); }
    static std::int64_t bits(dictionary& texts, std::string_view text) {
        return std::int64_t{texts.insert(text)} + 1;
    }
};

class layer_builder {
public:
    layer_builder(const rulebook& rules, const std::deque<findings>& parts,
                  std::span<const std::uint32_t> event_codes, std::shared_ptr<dictionary> reasons)
        : rules_(rules),
          parts_(parts),
          event_codes_(event_codes),
          size_(parts),
          words_(rules, parts, std::move(reasons)) {}

    std::shared_ptr<const segment> build(std::vector<store_column>& columns) {
        if (size_.rows > 0) write();
        add("lifecycle", value_kind::text, lifecycles_, columns, words_.names);
        add("version", value_kind::integer, versions_, columns);
        add("from", value_kind::text, froms_, columns, words_.places);
        add("move", value_kind::text, moves_, columns, words_.moves);
        add("cause", value_kind::text, causes_, columns, words_.causes);
        add("reason", value_kind::text, reasons_, columns, words_.reasons);
        add("stated", value_kind::boolean, stated_, columns);
        add("entry", value_kind::integer, numbers_, columns);
        return std::move(built_);
    }

private:
    using counts = std::array<std::int64_t, 64>;  // by place

    void write() {
        built_->leads.resize(size_.leads);
        built_->offsets.resize(size_.leads + 1);
        built_->masks.resize(size_.leads);
        std::vector<counts> entered(parts_.size());
        in_parallel(static_cast<int>(parts_.size()), [&](int part) {
            const auto p = static_cast<std::size_t>(part);
            write_leads(p);
            write_rows(p, entered[p]);
        });
        finish(entered);
    }

    void write_leads(std::size_t part) {
        auto [row, at] = size_.begins[part];
        for (const findings::lead& lead : parts_[part].leads) {
            row += lead.entries;
            built_->leads[at] = lead.code;
            built_->offsets[at + 1] = static_cast<std::uint32_t>(row);
            std::uint64_t mask = 0;
            for (std::uint64_t left = lead.places; left != 0; left &= left - 1)
                mask |= event_bit(event_codes_[static_cast<std::size_t>(std::countr_zero(left))]);
            built_->masks[at++] = mask;
        }
    }

    // Few entries at a time, so that they are near while one column after the other takes from them.
    void write_rows(std::size_t part, counts& entered) {
        constexpr std::size_t few = 256;
        std::size_t row = size_.begins[part].row;
        for (const auto& block : parts_[part].blocks)
            for (std::size_t i = 0; i < block.size(); i += few) {
                const auto some = std::span(block).subspan(i, std::min(few, block.size() - i));
                write_some(part, row, some);
                for (const stage_entry& e : some) ++entered[static_cast<std::size_t>(e.to)];
                row += some.size();
            }
    }

    void write_some(std::size_t part, std::size_t row, std::span<const stage_entry> some) {
        const auto set = [&](packed_writer& column, auto&& value_of) {
            column.set(row, row + some.size(), [&](std::size_t i) { return value_of(some[i - row]); });
        };
        set(events_,
            [&](const stage_entry& e) { return std::int64_t{event_codes_[static_cast<std::size_t>(e.to)]}; });
        set(times_, [](const stage_entry& e) { return e.time; });
        set(arrivals_, [](const stage_entry& e) { return e.arrival; });
        set(orders_, [](const stage_entry& e) { return e.order; });
        set(source_segments_, [](const stage_entry& e) { return e.source_segment(); });
        set(source_rows_, [](const stage_entry& e) { return e.cause_row; });
        set(versions_, [&](const stage_entry& e) { return rules_.rule(e.rule).version; });
        set(froms_, [](const stage_entry& e) { return wording::place_bits(e.from); });
        set(moves_, [](const stage_entry& e) { return wording::move_bits(e.kind); });
        set(causes_, [&](const stage_entry& e) { return words_.cause_bits[e.rule]; });
        set(reasons_, [&](const stage_entry& e) { return words_.reason_bits(e, part); });
        set(stated_, [](const stage_entry& e) { return e.reason != stage_entry::no_reason; });
        set(numbers_, [](const stage_entry& e) { return e.number; });
    }

    void finish(std::span<const counts> entered) {
        segment& s = *built_;
        s.events = events_.finish();
        s.times = times_.finish();
        s.arrivals = arrivals_.finish();
        s.orders = orders_.finish();
        s.source_segments = source_segments_.finish();
        s.source_rows = source_rows_.finish();
        s.min_time = size_.times.least;
        s.max_time = size_.times.greatest;
        for (std::size_t place = 0; place < event_codes_.size(); ++place) {
            std::int64_t sum = 0;
            for (const counts& c : entered) sum += c[place];
            if (sum > 0) s.event_counts.emplace_back(event_codes_[place], sum);
        }
        std::sort(s.event_counts.begin(), s.event_counts.end());
    }

    void add(const char* name, value_kind kind, packed_writer& bits, std::vector<store_column>& columns,
             std::shared_ptr<dictionary> texts = {}) {
        const auto column = static_cast<std::uint32_t>(columns.size());
        columns.push_back({{.attribute = name, .kind = kind}, std::move(texts)});
        if (size_.rows > 0) built_->columns.push_back({column, kind == value_kind::text, bits.finish(), {}});
    }

    packed_writer column(const bounds& b) const {
        return size_.rows == 0 ? packed_writer(0, 0, 0) : packed_writer(b, size_.rows);
    }
    packed_writer constant(std::int64_t value) const { return packed_writer(value, value, size_.rows); }

    const rulebook& rules_;
    const std::deque<findings>& parts_;
    std::span<const std::uint32_t> event_codes_;
    extent size_;
    wording words_;
    std::shared_ptr<segment> built_ = std::make_shared<segment>();
    packed_writer events_ = column(bounds_of(event_codes_));
    packed_writer times_ = column(size_.times), arrivals_ = column(size_.arrivals);
    packed_writer orders_ = column(size_.orders), source_segments_ = column(size_.segments);
    packed_writer source_rows_ = column(size_.source_rows);
    packed_writer lifecycles_ = constant(1), versions_ = column(words_.versions);
    packed_writer froms_ = column(words_.all(*words_.places)), moves_ = column(words_.all(*words_.moves));
    packed_writer causes_ = column(words_.all(*words_.causes)),
                  reasons_ = column(words_.all(*words_.reasons));
    packed_writer stated_ = column({0, size_.any_stated ? 1 : 0}), numbers_ = column(size_.numbers);
};

}  // namespace

std::shared_ptr<const segment> build_layer(const rulebook& rules, const std::deque<findings>& parts,
                                           std::span<const std::uint32_t> event_codes,
                                           std::vector<store_column>& columns,
                                           std::shared_ptr<dictionary> reasons) {
    return layer_builder(rules, parts, event_codes, std::move(reasons)).build(columns);
}

}  // namespace weir::inline v1
