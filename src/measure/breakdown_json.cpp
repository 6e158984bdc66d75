#include "measure/breakdown_json.hpp"

#include <array>
#include <string_view>

namespace weir::inline v1 {
namespace {

constexpr std::array<std::string_view, 3> by_value_words{"first_touch", "last_touch", "each_value"};

}  // namespace

by_value read_by_value(const json::node& n, const std::string& where) {
    if (n.kind == json::kind::object) {
        json::object members(n, where);
        int k = 0;
        json::read(members, "at_step", k, json::as_int);
        members.finish();
        return by_value::at_step(k);
    }
    switch (json::as_word(n, where, by_value_words)) {
        case 0: return by_value::first_touch;
        case 1: return by_value::last_touch;
        default: return by_value::each_value;
    }
}

void write_by_value(json::writer& w, const by_value& v) {
    switch (v.which()) {
        case by_value::kind::standard: return;
        case by_value::kind::at_step:
            w.key("by_value").begin_object().key("at_step").integer(v.step()).end_object();
            return;
        case by_value::kind::first_touch: w.key("by_value").text(by_value_words[0]); return;
        case by_value::kind::last_touch: w.key("by_value").text(by_value_words[1]); return;
        case by_value::kind::each_value: w.key("by_value").text(by_value_words[2]); return;
    }
}

}  // namespace weir::inline v1
