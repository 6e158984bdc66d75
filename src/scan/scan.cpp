// scan.cpp - blocks of leads: first the masks of all segments together, then the rows of those that pass.
#include "scan/scan.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/fail.hpp"
#include "base/parallel.hpp"
#include "base/tuned.hpp"
#include "segment/column_cache.hpp"

namespace weir::inline v1 {
namespace {

constexpr int max_threads = 256;

bool before(const row& a, const row& b) {
    if (a.time != b.time) return a.time < b.time;
    if (a.arrival != b.arrival) return a.arrival < b.arrival;
    return a.order < b.order;
}

bool has(const event_set& set, std::uint32_t event) { return event < set.size() && set[event]; }

std::uint64_t mask_of(const event_set& set) {
    std::uint64_t mask = 0;
    for (std::uint32_t e = 0; e < set.size(); ++e)
        if (set[e]) mask |= event_bit(e);
    return mask;
}

// Walks one range of leads.
class walker {
public:
    walker(const snapshot::impl& data, const scan_options& options, std::uint32_t from, std::uint32_t until)
        : data_(data), options_(options), next_lead_(from), until_(until) {
        for (std::uint32_t s = 0; s < data.segments.size(); ++s)
            if (options.segments.empty() || options.segments[s]) add_cursor(s);
        classify_events();
        const lead_filter& filter = options.filter;
        first_ = filter.first.empty() ? ~std::uint64_t{0} : mask_of(filter.first);
        second_ = mask_of(filter.second);
        may_stop_ = !filter.first.empty() && filter.stops != lead_filter::stopping::whole;
        timed_ = filter.from || filter.until;
        may_count_ = may_stop_ && exact_ && !timed_ && filter.stops == lead_filter::stopping::counted;
    }

    scan_result run(int worker, const visit_lead& visit, const visit_firsts& firsts) {
        while (options_.only ? next_wanted() : next_block()) {
            const std::uint32_t begin = block_begin_;
            collect_masks(begin, next_lead_);
            choose(next_lead_ - begin);
            if (chosen_count_ == 0) continue;
            if (!rows_are_ready_) make_rows_ready();
            if (timed_ && block_.places == nullptr)  // before any rows are fetched
                leave_out([&](std::uint32_t i) { return !may_be_meant(*biggest_, block_.place(i)); });
            if (firsts && may_take_firsts()) firsts(worker, take_firsts());
            rows_.reserve(fetch(next_lead_ - begin));
            for (const std::uint32_t i : chosen()) {
                const bool stops = stops_early(i);
                if (take(begin + i, stops)) visit(worker, lead_rows{begin + i, rows_, stops});
            }
        }
        done_.bytes += done_.masks * static_cast<std::int64_t>(sizeof(std::uint64_t));
        return done_;
    }

private:
    static constexpr std::uint32_t block_size = tuned(2048, 7);
    // What is known of a block of leads, by lead: its events, and where it is in the biggest segment, if
    // there.
    struct block {
        const std::uint64_t* masks = nullptr;
        const std::uint32_t* places = nullptr;  // nothing: side by side from first_place on
        std::uint32_t first_place = 0;
        std::uint32_t place(std::uint32_t i) const { return places == nullptr ? first_place + i : places[i]; }
    };
    struct cursor {
        const segment* from;
        std::uint32_t number;  // of the segment
        bool raw;
        std::uint32_t seen, next,
            last;               // of the segment's leads: masks are read up to `seen`, rows to `next`
        std::uint64_t visible;  // bits of events that are not hidden
        std::span<const std::uint32_t> erased;  // leads that are not given
        bool hides(std::uint32_t lead) const {
            return std::binary_search(erased.begin(), erased.end(), lead);
        }
        bool hides_any(std::uint32_t begin, std::uint32_t end) const {
            const auto at = std::lower_bound(erased.begin(), erased.end(), begin);
            return at != erased.end() && *at < end;
        }
    };

    bool next_block() {
        if (next_lead_ == until_) return false;
        block_begin_ = next_lead_;
        next_lead_ += std::min(until_ - block_begin_, block_size);
        return true;
    }
    // A block of one lead, to which the cursors leap.
    bool next_wanted() {
        const auto wanted = std::lower_bound(options_.only->begin(), options_.only->end(), next_lead_);
        if (wanted == options_.only->end() || *wanted >= until_) return false;
        block_begin_ = *wanted;
        next_lead_ = block_begin_ + 1;
        for (cursor& c : cursors_) {
            const std::uint32_t* const leads = c.from->leads.data();
            std::uint32_t stride = 1;
            while (c.last - c.seen > stride && leads[c.seen + stride] < block_begin_) stride *= 2;
            const std::uint32_t* const end = leads + c.seen + std::min(c.last - c.seen, stride + 1);
            c.next = c.seen =
                static_cast<std::uint32_t>(std::lower_bound(leads + c.seen, end, block_begin_) - leads);
        }
        return true;
    }

    void add_cursor(std::uint32_t s) {
        const segment& from = *data_.segments[s];
        const auto at = [&](std::uint32_t lead) {
            return static_cast<std::uint32_t>(std::lower_bound(from.leads.begin(), from.leads.end(), lead) -
                                              from.leads.begin());
        };
        cursor c{&from, s, s < data_.raw_segments(), at(next_lead_), 0, at(until_), ~std::uint64_t{0}, {}};
        c.next = c.seen;
        if (c.seen == c.last) return;
        if (c.raw && s < data_.veils.size() && data_.veils[s]) c.erased = data_.veils[s]->leads;
        if (from.masks_are_exact() && c.raw && !options_.hidden) c.visible = ~mask_of(data_.hidden);
        if (biggest_ == nullptr || biggest_->size() < from.size()) {
            biggest_ = &from;
            biggest_number_ = s;
            biggest_raw_ = c.raw;
        }
        exact_ = exact_ && from.masks_are_exact() && from.max_time <= options_.as_of;
        cursors_.push_back(c);
    }

    void classify_events() {
        roles_.resize(data_.event_names->size());
        for (std::uint32_t e = 0; e < roles_.size(); ++e) {
            const bool wanted = options_.events.empty() || has(options_.events, e);
            if (wanted) roles_[e] |= given_if_derived;
            if (wanted && (options_.hidden || !data_.is_hidden(e))) roles_[e] |= given_if_raw;
            if (has(options_.filter.first, e)) roles_[e] |= ends_a_stop;
        }
    }

    // Not before they are needed: masks alone may tell that no row is.
    void make_rows_ready() {
        for (const cursor& c : cursors_) c.from->rows_ready();
        rows_are_ready_ = true;
    }

    void collect_masks(std::uint32_t begin, std::uint32_t end) {
        if (cursor* const only = only_segment_of(begin, end)) {
            block_ = {only->from->masks.data() + only->seen, nullptr, only->seen};
            only->seen += end - begin;
            done_.masks += end - begin;
            return;
        }
        std::fill_n(masks_.begin(), end - begin, 0);
        for (cursor& c : cursors_) {
            const std::uint32_t* const leads = c.from->leads.data();
            const std::uint64_t* const masks = c.from->masks.data();
            std::uint32_t i = c.seen;
            if (c.from == biggest_)
                for (std::uint32_t p = i; p < c.last && leads[p] < end; ++p) places_[leads[p] - begin] = p;
            if (c.hides_any(begin, end))
                for (; i < c.last && leads[i] < end; ++i)
                    masks_[leads[i] - begin] |= c.hides(leads[i]) ? 0 : masks[i] & c.visible;
            for (; i < c.last && leads[i] < end; ++i) masks_[leads[i] - begin] |= masks[i] & c.visible;
            done_.masks += i - c.seen;
            c.seen = i;
        }
        block_ = {masks_.data(), places_.data()};
    }

    // The biggest segment, if all leads of the block are in it, and none of them elsewhere: it is then read
    // where it lies.
    cursor* only_segment_of(std::uint32_t begin, std::uint32_t end) {
        cursor* only = nullptr;
        for (cursor& c : cursors_) {
            if (c.seen == c.last || c.from->leads[c.seen] >= end) continue;
            if (c.from != biggest_ || c.visible != ~std::uint64_t{0} || c.last - c.seen < end - begin ||
                c.hides_any(begin, end))
                return nullptr;
            if (c.from->leads[c.seen] != begin || c.from->leads[c.seen + (end - begin) - 1] != end - 1)
                return nullptr;
            only = &c;
        }
        return only;
    }

    // Fills chosen_ with the leads of the block that are to be read.
    void choose(std::uint32_t size) {
        const selection s = select_masks(options_.instructions, {block_.masks, size}, first_,
                                         may_count_ ? second_ : ~std::uint64_t{0}, chosen_.data());
        chosen_count_ = s.chosen;
        if (!options_.leads.empty())
            leave_out([&](std::uint32_t i) { return !options_.leads[block_begin_ + i]; });
        done_.counted += s.counted;
        done_.leads += static_cast<std::int64_t>(chosen_count_);
    }

    template <class F> void leave_out(F&& unwanted) {
        const auto end = std::remove_if(chosen_.begin(), chosen_.begin() + chosen_count_, unwanted);
        chosen_count_ = static_cast<std::size_t>(end - chosen_.begin());
    }

    std::span<const std::uint32_t> chosen() const { return {chosen_.data(), chosen_count_}; }
    bool stops_early(std::uint32_t i) const { return may_stop_ && (block_.masks[i] & second_) == 0; }

    // Where one segment has the whole block, and as_of is behind it, no time needs to be read.
    bool may_take_firsts() const {
        return may_stop_ && block_.places == nullptr && biggest_raw_ && biggest_->max_time <= options_.as_of;
    }

    // Takes those leads out of the chosen that stop at their first event, and that alone.
    first_events take_firsts() {
        const segment& s = *biggest_;
        const auto events = s.events.look();
        const std::uint8_t* const roles = roles_.data();
        std::size_t kept = 0, taken = 0;
        for (const std::uint32_t i : chosen()) {
            const std::uint32_t place = block_.place(i), r = s.offsets[place];
            constexpr unsigned wanted = given_if_raw | ends_a_stop;
            const bool fits = (roles[static_cast<std::uint32_t>(events[r])] & wanted) == wanted;
            const bool take = stops_early(i) && fits && !s.first_is_tied(place) && is_meant(s.times[r]);
            firsts_[taken] = r;
            chosen_[kept] = i;
            taken += take;
            kept += !take;
        }
        chosen_count_ = kept;
        note_rows(taken, s.events.width());
        return {biggest_number_, {firsts_.data(), taken}};
    }

    // Brings near what lies far apart: where the few chosen leads of a block are in the biggest segment, then
    // their first and last rows there. Many leads lie side by side, which the machine sees by itself.
    // (A function that only prefetches is nothing to g++, which leaves it out: this one gives a number.)
    std::size_t fetch(std::uint32_t size) const {
        if (chosen_count_ == 0 || chosen_count_ > size / 4) return 0;
        const auto& offsets = biggest_->offsets;
        for (std::size_t i = 0; i < chosen_count_; ++i)
            __builtin_prefetch(&offsets[block_.place(chosen_[i])]);
        std::size_t rows = 0;
        for (std::size_t i = 0; i < chosen_count_; ++i) {
            const std::uint32_t place = block_.place(chosen_[i]);
            const std::uint32_t first = offsets[place], last = offsets[place + 1] - 1;
            for (const packed* column : {&biggest_->events, &biggest_->times}) {
                __builtin_prefetch(column->address(first));
                __builtin_prefetch(column->address(last));
            }
            rows += last - first + 1;
        }
        return rows;
    }

    // Moves the cursor to the lead; false if it is not in the segment.
    bool find(cursor& c, std::uint32_t lead) const {
        if (block_.places == nullptr) {
            c.next = c.from == biggest_ ? block_.place(lead - block_begin_) : c.next;
            return c.from == biggest_;
        }
        while (c.next < c.last && c.from->leads[c.next] < lead) ++c.next;
        return c.next < c.last && c.from->leads[c.next] == lead && !c.hides(lead);
    }

    // Whether an event of that time counts as one of `first`.
    bool is_meant(std::int64_t time) const {
        const lead_filter& filter = options_.filter;
        return !timed_ || ((!filter.from || time >= *filter.from) && (!filter.until || time < *filter.until));
    }

    // Whether the times of the lead's first and last events there leave room for one that is meant.
    bool may_be_meant(const segment& s, std::uint32_t place) const {
        const lead_filter& filter = options_.filter;
        return (!filter.from || s.times[s.offsets[place + 1] - std::size_t{1}] >= *filter.from) &&
               (!filter.until || s.times[s.offsets[place]] < *filter.until);
    }
    bool may_be_meant(std::uint32_t lead) {
        return std::any_of(cursors_.begin(), cursors_.end(),
                           [&](cursor& c) { return find(c, lead) && may_be_meant(*c.from, c.next); });
    }

    // Fills rows_ with what the lead has to give; false if that is nothing.
    bool take(std::uint32_t lead, bool stops) {
        rows_.clear();
        if (timed_ && block_.places != nullptr && !may_be_meant(lead)) return false;
        int parts = 0;
        for (cursor& c : cursors_) {
            if (!find(c, lead)) continue;
            const std::size_t had = rows_.size();
            take_rows(c, stops);
            if (rows_.size() > had) ++parts;
        }
        if (parts > 1) std::sort(rows_.begin(), rows_.end(), before);
        if (stops) cut_at_first_instant();
        return !rows_.empty();
    }

    void take_rows(const cursor& c, bool stops) {
        const segment& s = *c.from;
        std::int64_t until = options_.as_of;
        const unsigned given = c.raw ? given_if_raw : given_if_derived;
        const std::uint32_t first = s.offsets[c.next], last = s.offsets[c.next + 1];
        note_rows(last - first, s.events.width() + s.times.width());
        const auto events = s.events.look(), times = s.times.look();
        const std::uint8_t* const roles = roles_.data();
        for (std::uint32_t r = first; r < last; ++r) {
            const auto event = static_cast<std::uint32_t>(events[r]);
            const unsigned role = roles[event];
            if ((role & given) == 0) continue;
            const std::int64_t time = times[r];
            if (time > until) return;
            if (stops && (role & ends_a_stop) != 0 && is_meant(time)) until = time;
            if (c.raw)
                rows_.push_back({time, s.first_arrival + r, 0, event, c.number, r});
            else
                rows_.push_back(
                    {time, s.arrivals[r], static_cast<std::uint32_t>(s.orders[r]), event, c.number, r});
        }
    }

    void note_rows(std::size_t rows, std::size_t bytes_of_each) {
        done_.rows += static_cast<std::int64_t>(rows);
        done_.bytes += static_cast<std::int64_t>(rows * bytes_of_each);
    }

    // Several segments may have given more than the first of their instants, and a shared bit of a mask may
    // have promised an event that is not there.
    void cut_at_first_instant() {
        std::size_t first = 0;
        while (first < rows_.size() &&
               ((roles_[rows_[first].event] & ends_a_stop) == 0 || !is_meant(rows_[first].time)))
            ++first;
        if (first == rows_.size()) return rows_.clear();
        const std::int64_t until = rows_[first].time;
        while (rows_.back().time > until) rows_.pop_back();
    }

    const snapshot::impl& data_;
    const scan_options& options_;
    std::uint32_t next_lead_, until_;
    std::uint64_t first_ = 0, second_ = 0;
    bool exact_ = true;  // a bit in a mask is an event that is given
    bool may_stop_ = false, may_count_ = false, timed_ = false;
    std::vector<cursor> cursors_{};
    bool rows_are_ready_ = false;
    static constexpr unsigned given_if_raw = 1, given_if_derived = 2, ends_a_stop = 4;
    std::vector<std::uint8_t> roles_{};  // by event code
    const segment* biggest_ = nullptr;
    std::uint32_t biggest_number_ = 0;
    bool biggest_raw_ = false;
    std::uint32_t block_begin_ = 0;  // the lead
    block block_{};
    std::array<std::uint64_t, block_size> masks_{};
    std::array<std::uint32_t, block_size> places_{};
    std::array<std::uint32_t, block_size + 8> chosen_{};  // leads of the block that are to be read
    std::size_t chosen_count_ = 0;
    std::array<std::uint32_t, block_size> firsts_{};
    std::vector<row> rows_{};
    scan_result done_{};
};

void add(scan_result& all, const scan_result& part) {
    all.counted += part.counted;
    all.masks += part.masks;
    all.leads += part.leads;
    all.rows += part.rows;
    all.bytes += part.bytes;
}

// Walks a range of leads piece by piece, so that few files are in use at a time.
scan_result walk(const snapshot::impl& data, const scan_options& options, std::uint32_t from,
                 std::uint32_t until, int worker, const visit_lead& visit, const visit_firsts& firsts) {
    scan_result all;
    in_pieces(data, from, until, [&](std::uint32_t begin, std::uint32_t end) {
        add(all, walker(data, options, begin, end).run(worker, visit, firsts));
    });
    return all;
}

// Rows of leads below a code, over all segments.
std::uint64_t rows_below(const snapshot::impl& data, std::uint32_t lead) {
    std::uint64_t sum = 0;
    for (const auto& s : data.segments)
        sum += s->offsets[static_cast<std::size_t>(std::lower_bound(s->leads.begin(), s->leads.end(), lead) -
                                                   s->leads.begin())];
    return sum;
}

// Borders of n ranges of leads with about equally many rows.
std::vector<std::uint32_t> split(const snapshot::impl& data, int n) {
    const std::uint32_t limit = data.lead_limit();
    const std::uint64_t total = rows_below(data, limit);
    std::vector<std::uint32_t> borders{0};
    for (int i = 1; i < n; ++i) {
        const std::uint64_t wanted = total * static_cast<std::uint64_t>(i) / static_cast<std::uint64_t>(n);
        std::uint32_t low = borders.back(), high = limit;
        while (low < high) {
            const std::uint32_t middle = low + (high - low) / 2;
            if (rows_below(data, middle) < wanted)
                low = middle + 1;
            else
                high = middle;
        }
        borders.push_back(low);
    }
    borders.push_back(limit);
    return borders;
}

}  // namespace

void check_threads(const scope& how) {
    if (how.threads < 1 || how.threads > max_threads)
        fail(errc::invalid_question,
             std::to_string(how.threads) + " threads were asked for, 1 to 256 are possible", "threads");
}

scan_result scan(const snapshot::impl& data, const scan_options& options, const visit_lead& visit,
                 const visit_firsts& firsts) {
    if (options.lead) return walk(data, options, *options.lead, *options.lead + 1, 0, visit, firsts);
    const int n = options.threads;
    const auto borders = split(data, n);
    std::vector<scan_result> parts(static_cast<std::size_t>(n));
    in_parallel(n, [&](int worker) {
        const auto w = static_cast<std::size_t>(worker);
        parts[w] = walk(data, options, borders[w], borders[w + 1], worker, visit, firsts);
    });
    scan_result all;
    for (const scan_result& part : parts) add(all, part);
    return all;
}

std::string plan_note(const snapshot::impl& data, const scan_options& options, const scan_result& done) {
    std::uint64_t events = 0, segments = 0;
    for (std::size_t s = 0; s < data.segments.size(); ++s) {
        if (!options.segments.empty() && !options.segments[s]) continue;
        events += data.segments[s]->size();
        ++segments;
    }
    const char* const instructions[]{"no wide instructions", "AVX2", "AVX-512"};
    return fmt::format(
        "plan: {} of {} segments, {} masks of leads looked at with {}; {} leads counted by masks alone, {} "
        "leads "
        "and {} of {} events read; {} bytes of masks, names and times; {} threads",
        segments, data.segments.size(), done.masks, instructions[static_cast<int>(options.instructions)],
        done.counted, done.leads, done.rows, events, done.bytes, options.threads);
}

}  // namespace weir::inline v1
