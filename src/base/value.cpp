#include <weir/value.hpp>

#include <cmath>
#include <ostream>

#include <weir/event.hpp>

#include "base/text.hpp"

namespace weir::inline v1 {
namespace {

struct printer {
    std::string operator()(std::monostate) const { return {}; }
    std::string operator()(bool b) const { return b ? "true" : "false"; }
    std::string operator()(std::int64_t i) const { return std::to_string(i); }
    std::string operator()(double number) const {
        if (std::isnan(number)) return "nan";
        if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
        return print_number(number);
    }
    std::string operator()(const std::string& s) const { return s; }
    std::string operator()(const money& m) const { return to_string(m); }
    std::string operator()(instant t) const { return to_string(t); }
};

}  // namespace

std::string to_string(const value& v) { return std::visit(printer{}, v.data()); }

std::ostream& operator<<(std::ostream& out, const value& v) { return out << to_string(v); }

std::string to_string(const lead_id& id) { return id.kind().empty() ? id.key() : id.kind() + ':' + id.key(); }

std::ostream& operator<<(std::ostream& out, const lead_id& id) { return out << to_string(id); }

}  // namespace weir::inline v1
