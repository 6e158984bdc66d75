#include <weir/identity.hpp>

#include <array>

#include "base/fail.hpp"
#include "base/json.hpp"

namespace weir::inline v1 {
namespace {

// The words of each policy, in the order of its values.
constexpr std::array<std::string_view, 2> joins_words{"with_lead", "keys_alone"};
constexpr std::array<std::string_view, 2> merges_words{"whole_history", "from_merge_time"};

// Writing. What is default is left out.

void write_rule(json::writer& out, const identity_rule& r) {
    out.begin_object();
    json::write_names(out, "event", r.event);
    json::write_condition(out, "where", r.where);
    if (!r.keys.empty()) {
        out.key("keys").begin_object();
        for (const auto& [kind, attributes] : r.keys) {
            out.key(kind);
            json::write(out, attributes);
        }
        out.end_object();
    }
    json::write_word(out, "joins", r.joins, joins_words);
    json::write_text(out, "merge_id", r.merge_id);
    json::write_text(out, "cancels", r.cancels);
    out.end_object();
}

// Reading.

std::vector<std::pair<std::string, names>> read_keys(const json::node& n, const std::string& where) {
    if (n.kind != json::kind::object)
        fail(errc::invalid_question, "keys are an object: a kind, then the attribute that holds the key",
             where);
    std::vector<std::pair<std::string, names>> keys;
    for (std::size_t i = 0; i < n.keys.size(); ++i)
        keys.emplace_back(n.keys[i], json::as_names(n.items[i], where + '.' + n.keys[i]));
    return keys;
}

identity_rule read_rule(const json::node& n, const std::string& where) {
    json::object in(n, where);
    identity_rule read;
    json::read(in, "event", read.event, json::as_names);
    json::read(in, "where", read.where, json::as_condition);
    json::read(in, "keys", read.keys, read_keys);
    json::read_word(in, "joins", read.joins, joins_words);
    json::read(in, "merge_id", read.merge_id, json::as_text);
    json::read(in, "cancels", read.cancels, json::as_text);
    in.finish();
    return read;
}

identity read_identity(const json::node& n, const std::string& where) {
    json::object in(n, where);
    identity read;
    json::read(in, "name", read.name, json::as_text);
    json::read(in, "version", read.version, json::as_int);
    json::read(in, "rules", read.rules, json::list_of<identity_rule>(read_rule));
    json::read(in, "lead_kind", read.lead_kind, json::as_text);
    json::read(in, "ranks", read.ranks, json::as_names);
    json::read(in, "shared", read.shared, json::as_names);
    json::read(in, "anonymous", read.anonymous, json::as_names);
    json::read(in, "max_keys", read.max_keys, json::as_int);
    json::read_word(in, "merges", read.merges, merges_words);
    in.finish();
    return read;
}

}  // namespace

std::string to_json(const identity& i) {
    const identity plain;
    json::writer out;
    out.begin_object().key("identity").begin_object();
    if (i.name != plain.name) out.key("name").text(i.name);
    if (i.version != plain.version) out.key("version").integer(i.version);
    if (!i.rules.empty()) {
        out.key("rules").begin_array();
        for (const identity_rule& r : i.rules) write_rule(out, r);
        out.end_array();
    }
    json::write_text(out, "lead_kind", i.lead_kind);
    json::write_names(out, "ranks", i.ranks);
    json::write_names(out, "shared", i.shared);
    json::write_names(out, "anonymous", i.anonymous);
    if (i.max_keys != plain.max_keys) out.key("max_keys").integer(i.max_keys);
    json::write_word(out, "merges", i.merges, merges_words);
    out.end_object().end_object();
    return out.take();
}

result<identity> identity_from_json(std::string_view text) {
    return guarded([&] {
        const json::node whole = json::parse(text);
        json::object outer(whole, "");
        const json::node* inner = outer.find("identity");
        outer.finish();
        if (inner == nullptr) fail(errc::invalid_question, "the key \"identity\" is missing", "identity");
        return read_identity(*inner, "identity");
    });
}

}  // namespace weir::inline v1
