// bridge/parts.hpp - parts of a definition that are definitions of their own.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <weir/funnel.hpp>
#include <weir/lifecycle.hpp>

#include "base/fail.hpp"
#include "base/json.hpp"

namespace weir::inline v1 {

/// A part of a definition as text again, for the reader of that part.
std::string text_of(const json::node&);
/// Says in which part an error lies.
error inside(const std::string& part, const error&);

template <class T> T value_inside(const std::string& part, result<T> r) {
    if (!r) {
        const error e = inside(part, r.error());
        fail(e.code, e.message, e.where);
    }
    return *std::move(r);
}

/// The lifecycle at `part`.lifecycle: a preset's name, {"lifecycle": {...}}, or what stands inside that.
lifecycle lifecycle_of(const json::node&, const std::string& part);
/// The same, at a place of its own name.
lifecycle lifecycle_at(const json::node&, const std::string& where);

/// A funnel at a place of its own name: {"funnel": {...}}, or what stands inside that.
funnel funnel_at(const json::node&, const std::string& where);

/// The body of a definition that prints as {"key": body}.
std::string body_of(const std::string& printed, std::string_view key);

}  // namespace weir::inline v1
