// flow/flow_tally.hpp - the integers of one part of a flow: what is counted, how parts add up, what must
// hold.
//
// A part is the whole or one group, over the whole period or one bucket. All of a part's numbers are sums
// over leads, so that any split of the leads gives the same answer.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weir/money.hpp>

namespace weir::inline v1 {

/// Holds any sum of 2^64 times or amounts, and a time beyond either end of time.
__extension__ typedef __int128 wide_int;

/// Stages and exits as numbers, called places: the stages in order, then the exits.
struct flow_shape {
    std::size_t stages = 0, exits = 0;

    std::size_t places() const { return stages + exits; }
    bool is_exit(std::size_t place) const { return place >= stages; }
    /// The conversions that a flow tells: between neighbours, then from the first stage to the last.
    std::vector<std::pair<std::size_t, std::size_t>> pairs() const;
};

/// What became of a visit to a stage; fate_exits + e is exit e.
enum fate_number : std::size_t {
    fate_advanced,
    fate_recycled,
    fate_repeated,
    fate_stalled,
    fate_open,
    fate_exits
};

using counts = std::vector<std::int64_t>;

/// What became of the visits to each stage, or of the leads in it.
struct outcome_tally {
    explicit outcome_tally(const flow_shape& s)
        : entered(s.stages),
          skipped_past(s.stages),
          filled(s.stages),
          fates(s.stages, counts(fate_exits + s.exits)) {}

    counts entered, skipped_past, filled;  ///< by stage
    std::vector<counts> fates;             ///< by stage, by fate_number
    void add(const outcome_tally&, std::int64_t times = 1);
};

enum conversion_end : std::size_t { end_converted, end_lost, end_recycled, end_stalled, end_open, end_count };

/// Those who entered the first stage of a pair.
struct conversion_tally {
    std::array<std::int64_t, end_count> ends{};
    std::int64_t mature = 0, mature_converted = 0;
    std::vector<std::int64_t> waits{};  ///< of the converted

    std::int64_t entered() const;
    void add(const conversion_tally&);
    void add_counts(const conversion_tally&, std::int64_t times);  ///< all but waits
};

struct move_key {
    std::optional<std::size_t> from{};  ///< none: created
    std::size_t to = 0;
};
/// How often leads went from one place to another.
class move_counts {
public:
    explicit move_counts(const flow_shape& s) : places_(s.places()), counts_((places_ + 1) * places_) {}
    std::int64_t& to(std::size_t place) { return counts_[place]; }  ///< created
    std::int64_t& between(std::size_t from, std::size_t place) {
        return counts_[(from + 1) * places_ + place];
    }
    void add(const move_counts&, std::int64_t times = 1);
    bool none() const;
    /// Moves that happened, creations first.
    std::vector<std::pair<move_key, std::int64_t>> list() const;

private:
    std::size_t places_;
    counts counts_;
};
struct reason_key {
    std::size_t stage = 0, exit = 0;
    bool none = false;  ///< stands before the text, so that "(none)" comes last
    std::string_view reason{};
    bool stated = false;
    friend auto operator<=>(const reason_key&, const reason_key&) = default;
};
struct amount_key {
    std::size_t place = 0;
    weir::currency currency = no_currency;
    friend auto operator<=>(const amount_key&, const amount_key&) = default;
};
struct amount_sum {
    std::int64_t entries = 0;
    wide_int units = 0;
};

struct flow_tally {
    explicit flow_tally(const flow_shape&);

    /// By place. `rise` is how the balance at the part's opening differs from that at the opening before; the
    /// balances themselves are set when all leads are counted.
    counts rise, balance_from, created, in, out, balance_until;
    move_counts moves;
    outcome_tally by_visit, by_lead;
    std::map<reason_key, std::int64_t> reasons{};
    std::vector<std::vector<std::int64_t>> stays;        ///< by stage: how long each ended visit took
    std::vector<conversion_tally> by_leads, by_entries;  ///< by pair
    std::map<amount_key, amount_sum> amounts{};
    std::int64_t not_money = 0;  ///< entries whose amount is a value of another kind

    void add(const flow_tally&);
    /// Adds as often as said, which may be -1: all but the lists of times, and reasons, whose texts are not
    /// owned.
    void add_counts(const flow_tally&, std::int64_t times);
};

/// Adds up numbers by place or stage.
void add_to(counts& sum, const counts& more, std::int64_t times = 1);

/// Throws corrupt if the numbers of a part contradict each other: a balance that its moves do not explain, a
/// move that left nowhere, a visit without a fate. No input can cause that, only a fault of this library.
void check_conservation(const flow_tally&, const flow_shape&, std::span<const std::string> places);

}  // namespace weir::inline v1
