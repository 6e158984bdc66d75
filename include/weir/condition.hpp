// weir/condition.hpp - attribute("channel") == "ads", &&, ||, !; prints as text, parses from text.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weir/error.hpp>
#include <weir/value.hpp>

namespace weir {
inline namespace v1 {

class attribute;

/// Holds or does not hold for one event. The default condition always holds.
///
/// It is not a bool and no bool becomes one. A comparison with a missing value, or between kinds that do not
/// compare (truth with text), is false; `a != v` is `!(a == v)`, so it holds for a missing `a`. A text that
/// an event bears compares with a number literal as the number that it wholly reads as. Copies share their
/// content.
///
/// Literals are texts, numbers and truth values; money and instants stand for their text. A text literal that
/// reads wholly as an instant compares with a time as that instant, one like '19.99 EUR' with money of that
/// currency, and a number literal with money as major units: 10 is 10.00 of whatever currency.
class WEIR_API condition {
public:
    condition() = default;
    condition(const attribute&) = delete;  // compare it with a value, or ask .exists()
    template <std::same_as<bool> B> condition(B) = delete;

    /// True for the default condition.
    bool always() const { return node_ == nullptr; }

    friend condition operator&&(const condition& a, const condition& b) {
        return combine(junction::all, a, b);
    }
    friend condition operator||(const condition& a, const condition& b) {
        return combine(junction::any, a, b);
    }
    friend condition operator!(const condition& a) { return combine(junction::none, a, {}); }
    /// Compares the text, not the meaning: `a && b` differs from `b && a`.
    friend bool operator==(const condition& a, const condition& b) { return to_string(a) == to_string(b); }
    friend WEIR_API std::ostream& operator<<(std::ostream&, const condition&);
    friend WEIR_API std::string to_string(const condition&);

    struct node;
    const node* root() const { return node_.get(); }

private:
    friend class attribute;
    friend struct node;
    enum class junction : std::uint8_t { all, any, none };
    enum class relation : std::uint8_t {
        equal,
        unequal,
        less,
        at_most,
        more,
        at_least,
        one_of,
        exists,
        like
    };
    static condition combine(junction, const condition& a, const condition& b);
    static condition leaf(bool of_lead, const std::string& name, relation, std::vector<value>);
    std::shared_ptr<const node> node_{};
};
/// Prints text that parse_condition reads back; the default condition prints as "true".
WEIR_API std::string to_string(const condition&);

/// Reads a condition: `source == 'ads' && (amount >= 10 || has(coupon)) && !(page like '/blog/*')`.
///
/// A term is `x == 1` (!= < <= > >=), `x in (1, 2)`, `x like 'glob*'`, `has(x)`, true or false; in a glob `*`
/// stands for any text. `!` binds before `&&`, that before `||`; a comparison behind `!` stands in brackets.
/// Names are `[A-Za-z_$][A-Za-z0-9_$.-]*`, or anything in backquotes (one inside is doubled), as the words
/// true, false, has, in and like must be. `lead.x` is the lead's latest known x, in backquotes the event's
/// own lead.x. Literals: 'text' (a quote inside is doubled), a number, true, false. Errors: bad_input with
/// the column in `where`; limit_exceeded beyond 1,000 terms or 100 levels of brackets.
WEIR_API result<condition> parse_condition(std::string_view text);

/// Names an attribute of the event, or, made by latest(), the lead's latest known value at the event's time.
class attribute {
public:
    template <text S> explicit attribute(const S& name) : name_(std::string_view(name)) {}
    template <text S> friend attribute latest(const S& name);

    friend condition operator==(const attribute& a, const value& v) { return a.compare(rel::equal, v); }
    friend condition operator!=(const attribute& a, const value& v) { return a.compare(rel::unequal, v); }
    friend condition operator<(const attribute& a, const value& v) { return a.compare(rel::less, v); }
    friend condition operator<=(const attribute& a, const value& v) { return a.compare(rel::at_most, v); }
    friend condition operator>(const attribute& a, const value& v) { return a.compare(rel::more, v); }
    friend condition operator>=(const attribute& a, const value& v) { return a.compare(rel::at_least, v); }
    friend condition operator==(const attribute&, const attribute&) = delete;  // compare with a value

    condition one_of(std::vector<value> values) const {
        return condition::leaf(of_lead_, name_, rel::one_of, std::move(values));
    }
    condition one_of(std::initializer_list<value> values) const { return one_of(std::vector<value>(values)); }
    condition exists() const { return condition::leaf(of_lead_, name_, rel::exists, {}); }
    condition missing() const { return !exists(); }
    /// Matches a whole text; `*` stands for any run of characters, also none.
    template <text S> condition like(const S& glob) const {
        return condition::leaf(of_lead_, name_, rel::like, {value(glob)});
    }

private:
    using rel = condition::relation;
    condition compare(rel r, const value& v) const { return condition::leaf(of_lead_, name_, r, {v}); }
    std::string name_;
    bool of_lead_ = false;
};
template <text S> attribute latest(const S& name) {
    attribute a(name);
    a.of_lead_ = true;
    return a;
}

}  // namespace v1
}  // namespace weir
