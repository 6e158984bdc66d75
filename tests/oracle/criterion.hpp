// oracle/criterion.hpp - a second, naive reading of condition texts.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include <weir/value.hpp>

namespace oracle {

/// A condition read from its text.
class criterion {
public:
    /// Gives the value of an attribute, of the event or, `of_lead`, of the lead; missing if there is none.
    using reader = std::function<weir::value(const std::string& attribute, bool of_lead)>;

    explicit criterion(const std::string& text);
    bool holds(const reader&) const;
    /// The attributes that it reads of the lead.
    std::set<std::string> of_lead() const;

    struct term;

private:
    std::shared_ptr<const term> root_;
};

/// The text of a value: what names a group.
std::string text_of(const weir::value&);

}  // namespace oracle
