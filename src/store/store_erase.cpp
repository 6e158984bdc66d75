// store_erase.cpp - leads are erased: in memory their rows go at once; on disk they are hidden, until a merge
// or purge() writes what is left.
#include <algorithm>
#include <iterator>
#include <utility>

#include <boost/unordered/unordered_flat_set.hpp>

#include "base/fail.hpp"
#include "segment/segment_merge.hpp"
#include "store/store_impl.hpp"

namespace weir::inline v1 {
namespace {

bool has_events(const snapshot::impl& data, std::uint32_t lead) {
    for (std::size_t i = 0; i < data.segments.size(); ++i) {
        const auto& leads = data.segments[i]->leads;
        const shared_veil hidden = data.veil_of(i);
        if (std::binary_search(leads.begin(), leads.end(), lead) && !(hidden && hidden->hides(lead)))
            return true;
    }
    return false;
}

}  // namespace

void replace_segments(snapshot::impl& data, const segment_run& r, std::span<const veiled_segment> by) {
    data.veils.resize(std::max(data.veils.size(), r.begin + r.size));
    const auto segments = data.segments.begin() + static_cast<std::ptrdiff_t>(r.begin);
    const auto veils = data.veils.begin() + static_cast<std::ptrdiff_t>(r.begin);
    const auto size = static_cast<std::ptrdiff_t>(r.size);
    auto s = data.segments.erase(segments, segments + size);
    auto v = data.veils.erase(veils, veils + size);
    for (const veiled_segment& one : by) {
        s = data.segments.insert(s, one.data) + 1;
        v = data.veils.insert(v, one.hidden) + 1;
    }
    while (!data.veils.empty() && !data.veils.back()) data.veils.pop_back();
}

std::vector<shared_veil> veils_of(const snapshot::impl& data, const segment_run& r) {
    std::vector<shared_veil> found;
    for (std::size_t i = r.begin; i < r.begin + r.size; ++i) found.push_back(data.veil_of(i));
    return found;
}

std::int64_t hide_leads(store_version& v, std::span<const std::uint32_t> leads) {
    auto next = std::make_shared<snapshot::impl>(*v.data);
    next->veils.resize(next->segments.size());
    std::int64_t hidden = 0;
    for (std::size_t i = 0; i < next->segments.size(); ++i) {
        const shared_veil before = next->veils[i];
        next->veils[i] = with_hidden(*next->segments[i], before, leads);
        if (next->veils[i] == before) continue;
        hidden += static_cast<std::int64_t>(next->veils[i]->rows - (before ? before->rows : 0));
    }
    if (hidden > 0) v.data = std::move(next);
    return hidden;
}

void drop_hidden(store_version& v, std::int64_t earliest) {
    auto next = std::make_shared<snapshot::impl>(*v.data);
    std::vector<std::uint64_t> files;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < next->segments.size(); ++i) {
        auto s = next->segments[i];
        const shared_veil hidden = next->veil_of(i);
        if (hidden || s->min_time < earliest) s = merge_segments({&s, 1}, {{&hidden, 1}, earliest});
        if (s->size() == 0) continue;
        next->segments[kept++] = std::move(s);
        files.push_back(v.files[i]);
    }
    next->segments.resize(kept);
    next->veils.clear();
    v = {std::move(next), std::move(files)};
}

shared_veil store::impl::veil_of_erased(const segment& s, std::uint64_t epoch,
                                        std::span<const erasure> erasures) const {
    boost::unordered_flat_set<content_hash, content_hash::hasher> later;
    for (const erasure& e : erasures)
        if (e.id > epoch) later.insert(e.lead);
    if (later.empty()) return nullptr;
    const dictionary& keys = *staged.data->lead_keys;
    std::vector<std::uint32_t> leads;
    for (const std::uint32_t lead : s.leads)
        if (later.contains(hash_of_lead(keys.at(lead)))) leads.push_back(lead);
    return with_hidden(s, nullptr, leads);
}

// What is staged is not durable yet, and the erasure must be seen by what is staged after it.
std::int64_t store::impl::erase(std::span<const lead_id> leads) {
    std::int64_t removed = 0;
    std::shared_ptr<commit_group> group;
    {
        const std::lock_guard lock(writing);
        check_open();
        store_version next = staged;
        std::vector<std::uint32_t> codes;
        std::vector<content_hash> hashes;  // of those that are not erased yet, or came back
        boost::unordered_flat_set<content_hash, content_hash::hasher> seen;
        for (const lead_id& lead : leads) {
            const std::string key = stored_key(lead);
            const content_hash hash = hash_of_lead(key);
            const auto code = next.data->lead_keys->find(key);
            if (code) codes.push_back(*code);
            if (seen.insert(hash).second &&
                (!erased.contains(hash) || (code && has_events(*next.data, *code))))
                hashes.push_back(hash);
        }
        std::sort(codes.begin(), codes.end());
        codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
        removed = hide_leads(next, codes);
        if (!files) {
            if (removed > 0) drop_hidden(next);
            for (const content_hash& hash : hashes) erased[hash] = 1;
            publish(next);
        } else if (!hashes.empty()) {
            stage_erasures(hashes, codes);
        }
        staged = std::move(next);
        group = waiting ? waiting : flying;
    }
    if (group) commit(group);
    return removed;
}

void store::impl::stage_erasures(std::span<const content_hash> hashes, std::span<const std::uint32_t> codes) {
    std::vector<erasure> fresh;
    const std::int64_t when = files->directory().now();
    for (const content_hash& hash : hashes) fresh.push_back({last_erasure + 1 + fresh.size(), when, hash});
    std::vector<frame> frames;
    const std::size_t each = files->tuning().erase_frame_by_frame ? 1 : fresh.size();
    for (std::size_t i = 0; i < fresh.size(); i += each)
        frames.push_back(encode_erasures(std::span(fresh).subspan(i, each)));
    check_size(frames.front());
    auto to = waiting ? waiting : std::make_shared<commit_group>();
    to->erasures.reserve(to->erasures.size() + fresh.size());
    to->frames.reserve(to->frames.size() + frames.size());
    to->erased_leads.insert(to->erased_leads.end(), codes.begin(), codes.end());
    if (options.suppress_erased)
        for (const erasure& e : fresh) ++erased[e.lead];
    to->erasures.insert(to->erasures.end(), fresh.begin(), fresh.end());
    std::move(frames.begin(), frames.end(), std::back_inserter(to->frames));
    waiting = std::move(to);
    last_erasure = fresh.back().id;
}

// They tell of the leads, and the files will not keep them.
void store::impl::forget_ids(std::vector<std::uint32_t> leads) {
    if (leads.empty()) return;
    std::sort(leads.begin(), leads.end());
    const auto forget = [&](std::vector<stored_id>& from) {
        std::erase_if(from, [&](const stored_id& i) {
            if (!std::binary_search(leads.begin(), leads.end(), i.lead)) return false;
            ids.forget(i.id, i.arrival);
            return true;
        });
    };
    forget(log_ids);
    for (auto& [file, its_ids] : file_ids) forget(its_ids);
}

}  // namespace weir::inline v1
