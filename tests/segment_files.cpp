#include "segment_files.hpp"

#include <span>
#include <string>
#include <utility>

#include "segment/segment_merge.hpp"

namespace weir_test {

using namespace weir;

disk::file_identity identity_of(std::uint64_t number) {
    disk::file_identity who{{}, number, "seg-" + std::to_string(number)};
    for (std::size_t i = 0; i < who.store.size(); ++i) who.store[i] = static_cast<std::byte>(7 * i + 1);
    return who;
}

std::shared_ptr<snapshot::impl> empty_snapshot() {
    auto data = std::make_shared<snapshot::impl>();
    data->lead_keys = std::make_shared<dictionary>();
    data->event_names = std::make_shared<dictionary>();
    return data;
}

void segment_files::add(const segment& s, const snapshot::impl& names, std::vector<stored_id> of) {
    all.push_back(std::make_shared<memory_file>());
    entries.push_back(write_segment(*all.back(), identity_of(all.size()), s, names, of));
    ids.push_back(std::move(of));
}

snapshot segment_files::open(std::shared_ptr<column_cache> cache,
                             const std::shared_ptr<snapshot::impl>& into) const {
    for (std::size_t i = 0; i < all.size(); ++i)
        into->segments.push_back(open_segment(all[i], identity_of(i + 1), entries[i], *into, cache).data);
    return snapshot(into);
}

segment_files write_files(const snapshot& s) {
    segment_files to;
    const auto& data = s.data();
    for (std::size_t i = 0; i < data.raw_segments(); ++i) to.add(*data.segments[i], data);
    return to;
}

segment_files write_parts(const snapshot& s, dice& d) {
    segment_files to;
    const auto& data = s.data();
    const std::span all = std::span(data.segments).first(data.raw_segments());
    for (std::size_t begin = 0; begin < all.size();) {
        const auto size = static_cast<std::size_t>(1 + d.below(static_cast<int>(all.size() - begin)));
        merge_in_parts(all.subspan(begin, size), static_cast<std::uint64_t>(1 + d.below(12)),
                       [&](const std::shared_ptr<segment>& part) { to.add(*part, data); });
        begin += size;
    }
    return to;
}

}  // namespace weir_test
