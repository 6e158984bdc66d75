#include "derive/layer.hpp"

#include <string>
#include <utility>

#include "store/segment_builder.hpp"

namespace weir::inline v1 {
namespace {

class layer_builder {
public:
    layer_builder(const rulebook& rules, std::span<const stage_entry> entries,
                  std::vector<store_column>& columns)
        : rules_(rules), entries_(entries), columns_(columns), builder_(entries.size()) {}

    void add_rows(std::span<const std::uint32_t> event_codes) {
        for (const stage_entry& e : entries_) {
            builder_.add_row(e.lead, event_codes[static_cast<std::size_t>(e.to)], e.time);
        }
    }
    void add_columns() {
        add_text(
            "lifecycle", [](const stage_entry&) { return std::size_t{0}; },
            [&](std::size_t) { return rules_.lifecycle().name; });
        add("version", value_kind::integer, [&](const stage_entry&) { return rules_.lifecycle().version; });
        add_text(
            "from", [](const stage_entry& e) { return static_cast<std::size_t>(e.from + 1); },
            [&](std::size_t from) { return from == 0 ? std::string() : rules_.places()[from - 1]; });
        add_text(
            "move", [](const stage_entry& e) { return static_cast<std::size_t>(e.kind); },
            [](std::size_t kind) { return move_names[kind]; });
        add_text("cause", rule_of, [&](std::size_t rule) { return name_of(rule); });
        add_reasons();
        add("stated", value_kind::boolean,
            [&](const stage_entry& e) { return stated_reason(e).empty() ? 0 : 1; });
        add("entry", value_kind::integer, [](const stage_entry& e) { return e.number; });
    }
    std::shared_ptr<const segment> finish() {
        auto built = builder_.finish();
        built->arrivals = packed(map([](const stage_entry& e) { return e.arrival; }));
        built->orders = packed(map([](const stage_entry& e) { return e.order; }));
        built->source_segments = packed(map([](const stage_entry& e) {
            return e.cause_segment == stage_entry::no_cause ? std::int64_t{-1}
                                                            : std::int64_t{e.cause_segment};
        }));
        built->source_rows = packed(map([](const stage_entry& e) { return e.cause_row; }));
        return built;
    }

private:
    static std::size_t rule_of(const stage_entry& e) { return e.rule; }
    std::string name_of(std::size_t rule) const {
        const std::string& name = rules_.lifecycle().rules[rule].name;
        return name.empty() ? "rules[" + std::to_string(rule) + "]" : name;
    }
    std::string stated_reason(const stage_entry& e) const {
        return e.reason.missing() ? std::string() : rules_.rule(e.rule).reason->text_of(e.reason);
    }
    template <class F> std::vector<std::int64_t> map(F&& f) const {
        std::vector<std::int64_t> values;
        values.reserve(entries_.size());
        for (const stage_entry& e : entries_) values.push_back(f(e));
        return values;
    }
    template <class F>
    void add(const char* name, value_kind kind, F&& bits_of, std::shared_ptr<dictionary> texts = {}) {
        const auto column = static_cast<std::uint32_t>(columns_.size());
        const bool is_text = kind == value_kind::text;
        columns_.push_back({{.attribute = name, .kind = kind}, std::move(texts)});
        if (!entries_.empty()) builder_.add_column(column, is_text, map(bits_of));
    }
    // A column of texts that are told by a small number: each is made once.
    template <class Key, class Text> void add_text(const char* name, Key&& key_of, Text&& text_of) {
        const auto texts = std::make_shared<dictionary>();
        std::vector<std::int64_t> bits_of;  // by key; 0: not made yet
        const auto bits = [&](const stage_entry& e) {
            const std::size_t key = key_of(e);
            if (key >= bits_of.size()) bits_of.resize(key + 1);
            if (bits_of[key] == 0) bits_of[key] = std::int64_t{texts->insert(text_of(key))} + 1;
            return bits_of[key];
        };
        add(name, value_kind::text, bits, texts);
    }
    void add_reasons() {
        const auto texts = std::make_shared<dictionary>();
        std::vector<std::int64_t> of_rule;
        for (const weir::rule& r : rules_.lifecycle().rules)
            of_rule.push_back(std::int64_t{texts->insert(r.reason)} + 1);
        const auto bits = [&](const stage_entry& e) {
            const std::string stated = stated_reason(e);
            return stated.empty() ? of_rule[e.rule] : std::int64_t{texts->insert(stated)} + 1;
        };
        add("reason", value_kind::text, bits, texts);
    }

    const rulebook& rules_;
    std::span<const stage_entry> entries_;
    std::vector<store_column>& columns_;
    segment_builder builder_;
};

}  // namespace

std::shared_ptr<const segment> build_layer(const rulebook& rules, std::span<const stage_entry> entries,
                                           std::span<const std::uint32_t> event_codes,
                                           std::vector<store_column>& columns) {
    layer_builder builder(rules, entries, columns);
    builder.add_rows(event_codes);
    builder.add_columns();
    return builder.finish();
}

}  // namespace weir::inline v1
