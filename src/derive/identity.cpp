#include <weir/identity.hpp>

#include <algorithm>
#include <ostream>

#include "base/fail.hpp"
#include "base/text.hpp"
#include "segment/batch_data.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::size_t max_rules = 64;

void check_kind(const std::string& kind, const std::string& where) {
    if (kind.find('\0') != std::string::npos)
        fail(errc::invalid_question, "the kind " + quoted(kind) + " contains a NUL character", where);
}

void check_attribute(const std::string& attribute, const std::string& where) {
    if (const auto fault = fault_of_name(attribute))
        fail(errc::invalid_question, "the attribute " + quoted(attribute) + " cannot be: " + *fault, where);
}

void check_kinds(const names& kinds, const std::string& where) {
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        check_kind(kinds[i], where);
        if (std::count(kinds.begin(), kinds.end(), kinds[i]) > 1)
            fail(errc::invalid_question, "the kind " + quoted(kinds[i]) + " stands twice", where);
    }
}

void check_keys(const identity_rule& r, const std::string& where) {
    std::size_t attributes = 0;
    for (const auto& [kind, held_by] : r.keys) {
        check_kind(kind, where + ".keys");
        if (held_by.empty())
            fail(errc::invalid_question,
                 "the kind " + quoted(kind) + " needs an attribute that holds the key", where + ".keys");
        for (const std::string& attribute : held_by) check_attribute(attribute, where + ".keys");
        attributes += held_by.size();
    }
    if (r.joins == joins::keys_alone && attributes < 2)
        fail(errc::invalid_question, "a rule that joins keys_alone needs two attributes or more",
             where + ".keys");
    if (!r.merge_id.empty()) check_attribute(r.merge_id, where + ".merge_id");
}

void check_rule(const identity_rule& r, const std::string& where) {
    if (r.keys.empty() == r.cancels.empty())
        fail(errc::invalid_question,
             std::string("a rule ") + (r.keys.empty() ? "needs keys to join or a merge that it cancels"
                                                      : "joins keys or cancels a merge, and this does both"),
             where);
    if (!r.keys.empty()) return check_keys(r, where);
    check_attribute(r.cancels, where + ".cancels");
    if (!r.merge_id.empty() || r.joins != joins{})
        fail(errc::invalid_question, "a rule that cancels a merge takes neither merge_id nor joins", where);
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const identity& i) { return out << to_json(i); }

result<void> check(const identity& i) {
    return guarded([&] {
        if (const auto fault = fault_of_name(i.name))
            fail(errc::invalid_question, "the name " + quoted(i.name) + " cannot be used: " + *fault, "name");
        if (i.merges != merges::whole_history)
            fail(errc::unsupported,
                 "leads cannot be put together from_merge_time on; whole_history puts all their events "
                 "together",
                 "merges");
        if (i.max_keys < 1)
            fail(errc::invalid_question,
                 "max_keys is " + std::to_string(i.max_keys) + "; a lead has one key at least", "max_keys");
        if (i.rules.size() > max_rules)
            fail(errc::limit_exceeded,
                 "there are " + std::to_string(i.rules.size()) + " rules, at most 64 are possible", "rules");
        check_kind(i.lead_kind, "lead_kind");
        check_kinds(i.ranks, "ranks");
        check_kinds(i.shared, "shared");
        check_kinds(i.anonymous, "anonymous");
        for (std::size_t r = 0; r < i.rules.size(); ++r)
            check_rule(i.rules[r], "rules[" + std::to_string(r) + "]");
    });
}

}  // namespace weir::inline v1
