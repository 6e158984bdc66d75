// derive/key_graph.hpp - keys, which of them are joined, and which one names them all.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <weir/identity.hpp>

#include "segment/text_table.hpp"

namespace weir::inline v1 {

/// A set of keys in disjoint parts. What it tells depends on which keys were joined, not on the order.
class key_graph {
public:
    using node = text_table::code;  ///< a key

    /// Keeps a reference.
    explicit key_graph(const identity&);
    /// The key, new if it was never seen.
    node node_of(std::string_view kind, std::string_view value);
    node node_of(const lead_id& key) { return node_of(key.kind(), key.key()); }
    void join(node, node);
    /// The key that names all that are joined with this one: the first by rank of its kind, kind and value.
    node first_of(node) const;

    std::string_view stored(node n) const { return keys_.at(n); }  ///< see stored_key()
    lead_id key(node) const;
    bool is_shared(node n) const { return kinds_[kind_of_[n]].shared; }
    /// Whether the key tells who somebody is.
    bool identifies(node n) const { return !kinds_[kind_of_[n]].shared && !kinds_[kind_of_[n]].anonymous; }
    node size() const { return keys_.size(); }

private:
    struct key_kind {
        std::string name;
        std::size_t rank;
        bool shared, anonymous;
    };
    std::uint32_t number_of(std::string_view kind);
    bool precedes(node, node) const;

    const identity& rules_;
    std::vector<key_kind> kinds_{};
    std::map<std::string, std::uint32_t, std::less<>> numbers_{};
    text_table keys_{};
    std::vector<std::uint32_t> kind_of_{};
    mutable std::vector<node> parents_{};  // of one that is no other's: itself
};

}  // namespace weir::inline v1
