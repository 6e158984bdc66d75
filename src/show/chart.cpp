#include "show/chart.hpp"

#include <algorithm>
#include <map>

#include "show/text_width.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::size_t most_groups = 12;
constexpr std::size_t most_buckets = 36;

template <class T> T at(const table& t, std::size_t row, std::string_view column) {
    const auto found = t.get<T>(row, column);
    return found && *found ? **found : T{};
}
template <class T> std::optional<T> maybe(const table& t, std::size_t row, std::string_view column) {
    const auto found = t.get<T>(row, column);
    return found ? *found : std::nullopt;
}

bar funnel_bar(const table& t, std::size_t row) {
    bar b;
    b.label = clean(at<std::string>(t, row, "name"));
    b.share = at<rate>(t, row, "of_first");
    b.previous = at<rate>(t, row, "of_previous");
    b.median_wait = maybe<duration>(t, row, "median_wait");
    return b;
}

bar flow_bar(const table& t, std::size_t row) {
    bar b;
    b.label = clean(at<std::string>(t, row, "from")) + " → " + clean(at<std::string>(t, row, "to"));
    b.share = at<rate>(t, row, "observed");
    b.lost = at<std::int64_t>(t, row, "lost");
    b.recycled = at<std::int64_t>(t, row, "recycled");
    b.stalled = at<std::int64_t>(t, row, "stalled");
    b.open = at<std::int64_t>(t, row, "open");
    b.median_wait = maybe<duration>(t, row, "median_wait");
    return b;
}

// Gathers the bars of each group, and of the whole by bucket.
class gatherer {
public:
    void add(const table& t, std::size_t row, bar b) {
        const auto group = maybe<std::string>(t, row, "group");
        const auto bucket = maybe<std::string>(t, row, "bucket");
        if (bucket && !group) by_bucket_[*bucket].push_back(std::move(b));
        if (bucket) return;
        const std::string title = group ? clean(*group) : std::string();
        const bool known =
            !panels_.empty() && has_group_ == group.has_value() && panels_.back().title == title;
        if (!known) panels_.push_back({title, {}});
        has_group_ = group.has_value();
        panels_.back().bars.push_back(std::move(b));
    }
    chart take(chart_kind kind) {
        chart c;
        c.kind = kind;
        c.first = kind == chart_kind::funnel ? "step" : "from → to";
        c.groups_left_out = keep_largest();
        c.ends_only = kind == chart_kind::funnel && drop_first_of_two();
        if (put_in_one_if_single()) c.first = "group";
        c.panels = std::move(panels_);
        // The last bar of a bucket: the last step of a funnel, from first to last of a flow.
        for (auto& [bucket, bars] : by_bucket_) {
            if (c.trend_title.empty()) c.trend_title = bars.back().label;
            bars.back().label = bucket;
            c.trend.push_back(std::move(bars.back()));
        }
        if (c.trend.size() > most_buckets) {
            c.buckets_left_out = c.trend.size() - most_buckets;
            c.trend.erase(c.trend.begin(), c.trend.end() - most_buckets);
        }
        return c;
    }

private:
    // Of two steps the first says nothing that compares groups.
    bool drop_first_of_two() {
        const bool two = panels_.size() > 1 && std::all_of(panels_.begin(), panels_.end(),
                                                           [](const panel& p) { return p.bars.size() == 2; });
        if (!two) return false;
        for (panel& p : panels_) {
            p.bars[1].label = p.bars[0].label + " → " + p.bars[1].label;
            p.bars.erase(p.bars.begin());
        }
        return true;
    }

    // Groups of one bar each are rows of one panel.
    bool put_in_one_if_single() {
        const bool single =
            panels_.size() > 1 &&
            std::all_of(panels_.begin(), panels_.end(), [](const panel& p) { return p.bars.size() == 1; });
        if (!single) return false;
        panel one{panels_.front().bars.front().label, {}};
        for (panel& p : panels_) {
            p.bars.front().label = p.title.empty() ? "all" : p.title;
            one.bars.push_back(std::move(p.bars.front()));
        }
        panels_ = {std::move(one)};
        return true;
    }

    static std::int64_t size_of(const panel& p) { return p.bars.front().share.of; }

    std::size_t keep_largest() {
        if (panels_.size() <= 1 + most_groups) return 0;
        std::vector<std::int64_t> sizes;
        for (std::size_t i = 1; i < panels_.size(); ++i) sizes.push_back(size_of(panels_[i]));
        std::sort(sizes.rbegin(), sizes.rend());
        const std::int64_t least = sizes[most_groups - 1];
        auto same = most_groups - static_cast<std::size_t>(std::count_if(sizes.begin(), sizes.end(),
                                                                         [&](auto n) { return n > least; }));
        const std::size_t all = panels_.size();
        std::vector<panel> kept{std::move(panels_.front())};
        for (std::size_t i = 1; i < all; ++i) {
            const std::int64_t n = size_of(panels_[i]);
            if (n < least || (n == least && same == 0)) continue;
            if (n == least) --same;
            kept.push_back(std::move(panels_[i]));
        }
        panels_ = std::move(kept);
        return all - panels_.size();
    }

    std::vector<panel> panels_{};
    bool has_group_ = false;
    std::map<std::string, std::vector<bar>> by_bucket_{};
};

bool same_counts(const bar& a, const bar& b) { return a.share.n == b.share.n && a.share.of == b.share.of; }

chart flow_chart(const table& t) {
    gatherer all;
    std::vector<bar> leads, entries;  // of the whole
    for (std::size_t r = 0; r < t.row_count(); ++r) {
        const bool by_leads = at<std::string>(t, r, "basis") == "leads";
        const bool whole = !maybe<std::string>(t, r, "group") && !maybe<std::string>(t, r, "bucket");
        if (whole) (by_leads ? leads : entries).push_back(flow_bar(t, r));
        if (by_leads) all.add(t, r, flow_bar(t, r));
    }
    chart c = all.take(chart_kind::flow);
    if (!std::equal(leads.begin(), leads.end(), entries.begin(), entries.end(), same_counts))
        c.entries = std::move(entries);
    return c;
}

bool has_columns(const table* t, std::initializer_list<std::string_view> names) {
    return t != nullptr && std::all_of(names.begin(), names.end(),
                                       [&](std::string_view name) { return t->find(name) != nullptr; });
}

}  // namespace

chart chart_of(const answer& a) {
    if (const table* steps = a.find("steps"); has_columns(steps, {"name", "of_first", "of_previous"})) {
        gatherer all;
        for (std::size_t r = 0; r < steps->row_count(); ++r) all.add(*steps, r, funnel_bar(*steps, r));
        return all.take(chart_kind::funnel);
    }
    if (const table* t = a.find("conversion"); has_columns(t, {"from", "to", "basis", "observed"}))
        return flow_chart(*t);
    return {};
}

}  // namespace weir::inline v1
