#include "bridge/parts.hpp"

namespace weir::inline v1 {
namespace {

// What its own reader says stands under its own name.
error moved(const error& e, const std::string& own, const std::string& where) {
    std::string rest = e.where;
    if (rest.compare(0, own.size(), own) == 0) rest.erase(0, own.size());
    return {e.code, e.message, where + rest};
}

}  // namespace

std::string text_of(const json::node& n) {
    json::writer w;
    json::write(w, n);
    return w.take();
}

error inside(const std::string& part, const error& e) {
    if (part.empty()) return e;
    return {e.code, e.message, e.where.empty() ? part : part + "." + e.where};
}

lifecycle lifecycle_of(const json::node& n, const std::string& part) {
    if (n.kind == json::kind::text) {
        auto found = lifecycle::preset(n.text);
        if (!found) fail(found.error().code, found.error().message, part + ".lifecycle");
        return *std::move(found);
    }
    if (n.find("lifecycle") != nullptr)
        return value_inside(part + ".lifecycle", lifecycle_from_json(text_of(n)));
    return value_inside(part, lifecycle_from_json("{\"lifecycle\":" + text_of(n) + "}"));
}

lifecycle lifecycle_at(const json::node& n, const std::string& where) {
    const bool wrapped = n.kind == json::kind::object && n.find("lifecycle") != nullptr;
    auto found = n.kind == json::kind::text ? lifecycle::preset(n.text)
                 : wrapped                  ? lifecycle_from_json(text_of(n))
                                            : lifecycle_from_json("{\"lifecycle\":" + text_of(n) + "}");
    if (found) return *std::move(found);
    const error e = n.kind == json::kind::text ? error{found.error().code, found.error().message, where}
                                               : moved(found.error(), "lifecycle", where);
    fail(e.code, e.message, e.where);
}

funnel funnel_at(const json::node& n, const std::string& where) {
    const bool wrapped = n.kind == json::kind::object && n.find("funnel") != nullptr;
    auto found = funnel_from_json(wrapped ? text_of(n) : "{\"funnel\":" + text_of(n) + "}");
    if (found) return *std::move(found);
    const error e = moved(found.error(), "funnel", where);
    fail(e.code, e.message, e.where);
}

std::string body_of(const std::string& printed, std::string_view key) {
    return text_of(*json::parse(printed).find(key));
}

}  // namespace weir::inline v1
