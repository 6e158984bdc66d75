#include "derive/key_graph.hpp"

#include <algorithm>
#include <tuple>

#include "segment/batch_data.hpp"

namespace weir::inline v1 {
namespace {

// Where a kind stands in a list, or its end. Keys without a kind are of lead_kind.
std::size_t place_in(const names& kinds, std::string_view kind, const std::string& lead_kind) {
    const auto at = std::find_if(kinds.begin(), kinds.end(), [&](const std::string& k) {
        return k == kind || (kind.empty() && k == lead_kind);
    });
    return static_cast<std::size_t>(at - kinds.begin());
}

}  // namespace

key_graph::key_graph(const identity& rules) : rules_(rules) {}

std::uint32_t key_graph::number_of(std::string_view name) {
    if (name == rules_.lead_kind) name = {};
    const auto found = numbers_.find(name);
    if (found != numbers_.end()) return found->second;
    const auto is_in = [&](const names& list) {
        return place_in(list, name, rules_.lead_kind) < list.size();
    };
    const bool anonymous = rules_.anonymous.empty() ? name.empty() : is_in(rules_.anonymous);
    const auto number = static_cast<std::uint32_t>(kinds_.size());
    kinds_.push_back(
        {std::string(name), place_in(rules_.ranks, name, rules_.lead_kind), is_in(rules_.shared), anonymous});
    numbers_.emplace(name, number);
    return number;
}

key_graph::node key_graph::node_of(std::string_view kind, std::string_view value) {
    const std::uint32_t number = number_of(kind);
    const node n = kinds_[number].name.empty() && value.find('\0') == std::string_view::npos
                       ? keys_.insert(value)
                       : keys_.insert(stored_key(lead_id(kinds_[number].name, value)));
    if (n == parents_.size()) {
        parents_.push_back(n);
        kind_of_.push_back(number);
    }
    return n;
}

lead_id key_graph::key(node n) const { return lead_of(stored(n)); }

bool key_graph::precedes(node a, node b) const {
    const key_kind &of_a = kinds_[kind_of_[a]], &of_b = kinds_[kind_of_[b]];
    // The kind is the stored key's beginning.
    return std::tuple(of_a.rank, std::string_view(of_a.name), stored(a)) <
           std::tuple(of_b.rank, std::string_view(of_b.name), stored(b));
}

// Ways are cut to a half as they are walked.
key_graph::node key_graph::first_of(node n) const {
    while (parents_[n] != n) n = parents_[n] = parents_[parents_[n]];
    return n;
}

void key_graph::join(node a, node b) {
    a = first_of(a);
    b = first_of(b);
    if (a == b) return;
    if (precedes(b, a)) std::swap(a, b);
    parents_[b] = a;
}

}  // namespace weir::inline v1
