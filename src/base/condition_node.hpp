// base/condition_node.hpp - the tree inside a condition, for those who evaluate it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <weir/condition.hpp>

namespace weir::inline v1 {

struct condition::node {
    using junction = condition::junction;
    using relation = condition::relation;

    node() = default;
    node(const node&) = delete;
    node& operator=(const node&) = delete;
    ~node();  // without recursion: a condition may be as deep as it has terms

    /// The conditions that must all hold, as written, for this one to hold.
    static std::vector<condition> terms(const condition&);

    bool is_leaf = false;
    // A junction: all, any (two children) or none (one child).
    junction join = junction::all;
    std::vector<std::shared_ptr<const node>> children{};
    // A leaf: `attribute relation values`.
    bool of_lead = false;
    std::string attribute{};
    relation rel = relation::equal;
    std::vector<value> values{};  ///< one, several for one_of, none for exists
};

}  // namespace weir::inline v1
