// flow.cpp - bind the question, count the leads, put the parts together.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <weir/flow.hpp>

#include "base/fail.hpp"
#include "flow/flow_count.hpp"
#include "flow/flow_rows.hpp"
#include "measure/time_limits.hpp"

namespace weir::inline v1 {
namespace {

using period_tallies = std::map<std::size_t, flow_tally>;  // by period of the frame

void take(period_tallies& into, std::size_t period, flow_tally&& t) {
    const auto [at, is_first] = into.try_emplace(period, std::move(t));
    if (!is_first) at->second.add(t);
}

// Index 0 is the whole, g + 1 the g-th group.
std::vector<period_tallies> tallies_of(flow_scan& scanned, std::size_t frame, const group_order& order) {
    std::vector<period_tallies> all(1 + order.texts.size());
    for (std::size_t w = 0; w < scanned.worker_count(); ++w) {
        for (auto& [key, counted] : scanned.counted(w)[frame]) {
            const auto& [group, period] = key;
            if (!order.texts.empty()) take(all[1 + order.places[w][group]], period, flow_tally(counted));
            take(all[0], period, std::move(counted));
        }
    }
    return all;
}

bool all_zero(const counts& numbers) {
    return std::all_of(numbers.begin(), numbers.end(), [](std::int64_t n) { return n == 0; });
}

class part_writer {
public:
    part_writer(const flow_scan& scanned, flow_table& answer)
        : scanned_(scanned), writer_(answer, scanned.rules().shape, scanned.places()) {}

    void add(const std::optional<std::string>& group, const flow_frame& frame, period_tallies& tallies) {
        counts balance(scanned_.rules().shape.places());
        raise(balance, tallies, 0);
        for (std::size_t p = 0; p < frame.periods(); ++p) {
            const counts before = balance;
            raise(balance, tallies, p + 1);
            const auto found = tallies.find(p);
            if (found == tallies.end() && group && all_zero(before) && all_zero(balance)) continue;
            flow_tally t =
                found == tallies.end() ? flow_tally(scanned_.rules().shape) : std::move(found->second);
            t.balance_from = before;
            t.balance_until = balance;
            check_conservation(t, scanned_.rules().shape, scanned_.places());
            not_money_ += frame.labels.empty() && !group ? t.not_money : 0;
            flow_part part{.group = group, .bucket = {}};
            if (!frame.labels.empty()) part.bucket = frame.labels[p];
            const told_times times = tell_times(t);
            writer_.add(part, t, times);
        }
    }
    std::int64_t not_money() const { return not_money_; }

private:
    static void raise(counts& balance, const period_tallies& tallies, std::size_t border) {
        if (const auto at = tallies.find(border); at != tallies.end()) add_to(balance, at->second.rise);
    }

    const flow_scan& scanned_;
    flow_writer writer_;
    std::int64_t not_money_ = 0;
};

void write_parts(flow_scan& scanned, flow_table& answer) {
    const flow& q = answer.question;
    const group_order order = q.by.empty() ? group_order{} : merge_groups(scanned.groups(), q.max_groups);
    check_parts(order.texts.size(), scanned.frames());
    std::vector<std::vector<period_tallies>> by_frame;
    for (std::size_t f = 0; f < scanned.frames().size(); ++f)
        by_frame.push_back(tallies_of(scanned, f, order));
    part_writer writer(scanned, answer);
    for (std::size_t g = 0; g <= order.texts.size(); ++g) {
        const auto group = g == 0 ? std::nullopt : std::optional(order.texts[g - 1]);
        for (std::size_t f = 0; f < by_frame.size(); ++f)
            writer.add(group, scanned.frames()[f], by_frame[f][g]);
    }
    if (scanned.disputed() > 0) answer.notes.push_back(arrival_note(q.by, scanned.disputed()));
    if (order.value_reads_none) answer.notes.push_back(reads_none_note(q.by));
    note_not_money(writer.not_money(), q.amount, answer.notes);
}

}  // namespace

result<flow_table> measure(const snapshot& s, const flow& q, const scope& how) {
    return guarded([&] {
        check(q).value();
        check_threads(how);
        const snapshot::impl& data = s.data();
        const std::size_t layer = data.layer_named(q.lifecycle);
        const lifecycle& stages = data.layers[layer]->lifecycle;
        check_exit_names(stages);
        flow_table answer{.question = q, .notes = data.notes_of_layer(layer)};
        answer.exits.assign(stages.exits.begin(), stages.exits.end());
        const auto as_of = data.as_of_for(q.as_of);
        if (as_of) {
            answer.as_of = instant{duration{*as_of}};
            note_open_period(q.period, *answer.as_of, answer.notes);
            note_missing_attribute(data, q.by, answer.notes);
            note_missing_attribute(data, q.amount, answer.notes);
        }
        flow_scan scanned(data, answer.question, layer, as_of.value_or(0), how.threads);
        const std::string plan = as_of ? scanned.run() : std::string("plan: nothing to read");
        write_parts(scanned, answer);
        if (how.explain_plan) answer.notes.push_back(plan);
        return answer;
    });
}

}  // namespace weir::inline v1
