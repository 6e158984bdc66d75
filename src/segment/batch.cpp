// batch.cpp - the append buffer: checks each event and takes it apart into columns.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/text.hpp"
#include "segment/batch_data.hpp"

namespace weir::inline v1 {
namespace {

std::unique_ptr<text_table> copy_of(const text_table& d) {
    auto copy = std::make_unique<text_table>();
    for (text_table::code c = 0; c < d.size(); ++c) copy->insert(d.at(c));
    return copy;
}

// The identity of a column as one text, for the table of columns.
std::string key_of(const column_name& n) {
    std::string key = n.attribute;
    key += '\0';
    key += static_cast<char>('0' + static_cast<int>(n.kind));
    key += n.currency.code();
    return key;
}

// ASCII without NUL, as most names are.
bool is_plain(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<signed char>(c) > 0; });
}

std::optional<std::string> fault_of_any_text(std::string_view text, std::size_t limit,
                                             std::string_view what) {
    if (text.size() > limit)
        return std::string(what) + " has " + std::to_string(text.size()) + " bytes, at most " +
               std::to_string(limit) + " are allowed";
    if (!valid_utf8(text)) return std::string(what) + " " + quoted(text) + " is not valid UTF-8";
    return std::nullopt;
}

// Names are short and mostly as expected: eight bytes at a time are found equal sooner than by a call.
bool are_equal(std::string_view a, std::string_view b) {
    constexpr std::size_t word = sizeof(std::uint64_t);
    const std::size_t n = a.size();
    if (n != b.size()) return false;
    if (n < word) return std::equal(a.begin(), a.end(), b.begin());
    const auto same = [&](std::size_t at) {
        std::uint64_t x, y;
        std::memcpy(&x, a.data() + at, word);
        std::memcpy(&y, b.data() + at, word);
        return x == y;
    };
    for (std::size_t at = 0; at + word < n; at += word)
        if (!same(at)) return false;
    return same(n - word);
}

bool is_stored_as_it_is(const lead_id& lead) {
    return lead.kind().empty() && lead.key().find('\0') == std::string::npos;
}

// `key` is the stored form of the lead.
std::optional<std::string> fault_of(const event& e, std::string_view key) {
    if (e.lead.kind().find('\0') != std::string::npos) return "the lead's kind contains a NUL character";
    if (auto fault = fault_of_lead(e.lead.key())) return fault;
    if (key.size() > e.lead.key().size())
        if (auto fault = fault_of_lead(key)) return fault;
    if (auto fault = fault_of_name(e.name)) return fault;
    return fault_of_any_text(e.id, max_text_bytes, "the event id");
}

// What a value is stored as; of a text the code is still to be found.
struct stored_value {
    value_kind kind;
    std::int64_t bits = 0;
    weir::currency currency = no_currency;
};
struct storing {
    stored_value operator()(std::monostate) const { return {value_kind::text}; }
    stored_value operator()(bool b) const { return {value_kind::boolean, b ? 1 : 0}; }
    stored_value operator()(std::int64_t i) const { return {value_kind::integer, i}; }
    stored_value operator()(double d) const {
        // -0.0 and 0.0 are one value: keep one form, so that equal content has equal bytes.
        return {value_kind::number, std::bit_cast<std::int64_t>(d == 0 ? 0.0 : d)};
    }
    stored_value operator()(const std::string&) const { return {value_kind::text}; }
    stored_value operator()(const money& m) const { return {value_kind::money, m.units, m.currency}; }
    stored_value operator()(instant t) const { return {value_kind::time, t.time_since_epoch().count()}; }
};

}  // namespace

std::optional<std::string> fault_of_lead(std::string_view key) {
    if (key.empty()) return "the lead's key is empty";
    return fault_of_any_text(key, max_text_bytes, "the lead's key");
}

std::optional<std::string> fault_of_name(std::string_view name) {
    if (!name.empty() && name.size() <= max_name_bytes && is_plain(name)) return std::nullopt;
    if (name.empty()) return "a name is empty";
    if (name.find('\0') != std::string_view::npos)
        return "name " + quoted(name) + " contains a NUL character";
    return fault_of_any_text(name, max_name_bytes, "name");
}

std::optional<std::string> fault_of_text(std::string_view text) {
    return fault_of_any_text(text, max_text_bytes, "the text");
}

std::string stored_key(const lead_id& lead) {
    return is_stored_as_it_is(lead) ? lead.key() : lead.kind() + '\0' + lead.key();
}

lead_id lead_of(std::string_view stored) {
    const auto nul = stored.find('\0');
    if (nul == std::string_view::npos) return lead_id(stored);
    return lead_id(stored.substr(0, nul), stored.substr(nul + 1));
}

// Events mostly name the same attributes in the same order.
std::size_t batch::impl::column_of(std::string_view attribute, value_kind kind, const currency& c) {
    if (likely_column < columns.size()) {
        const column_name& n = columns[likely_column].name;
        if (n.kind == kind && n.currency == c && n.attribute == attribute) return likely_column++;
    }
    column_name name{std::string(attribute), kind, c};
    const std::size_t index = column_keys->insert(key_of(name));
    if (index == columns.size()) {
        const std::uint32_t number = attribute_of(attribute);
        columns.push_back({.name = std::move(name), .texts = nullptr, .attribute = number});
        if (kind == value_kind::text) columns.back().texts = std::make_unique<text_table>();
    }
    likely_column = index + 1;
    return index;
}

std::uint32_t batch::impl::attribute_of(std::string_view name) {
    const std::uint32_t code = attributes->insert(name);
    if (code == met.size()) met.push_back(0);
    return code;
}

// Names of columns are good: one that is as expected need not be looked at again.
std::optional<std::string> batch::impl::set(const named_value& v) {
    const column_name* const likely = likely_column < columns.size() ? &columns[likely_column].name : nullptr;
    const bool known = likely != nullptr && are_equal(likely->attribute, v.name);
    if (!known)
        if (const auto why = fault_of_name(v.name)) return "attribute: " + *why;
    const auto* text = v.value.get<std::string>();
    if (text != nullptr)
        if (const auto why = fault_of_text(*text)) return "attribute " + quoted(v.name) + ": " + *why;
    if (const auto* d = v.value.get<double>(); d != nullptr && !std::isfinite(*d))
        return "attribute " + quoted(v.name) + " is not a finite number";
    std::uint32_t attribute = 0;
    if (v.value.missing()) {  // it leaves no trace
        attribute = known ? columns[likely_column++].attribute : attribute_of(v.name);
    } else {
        const auto [kind, bits, currency] = std::visit(storing{}, v.value.data());
        const bool as_likely = known && likely->kind == kind && likely->currency == currency;
        const std::size_t into = as_likely ? likely_column++ : column_of(v.name, kind, currency);
        attribute = columns[into].attribute;
        set(into, text != nullptr ? columns[into].texts->insert(*text) : bits);
    }
    const auto row = static_cast<std::uint32_t>(leads.size());
    if (std::exchange(met[attribute], row) == row) return "attribute " + quoted(v.name) + " stands twice";
    return std::nullopt;
}

void batch::impl::take_back_row() {
    leads.pop_back();
    events.pop_back();
    times.pop_back();
    for (column& c : columns)
        while (!c.rows.empty() && c.rows.back() == leads.size()) {
            c.rows.pop_back();
            c.bits.pop_back();
        }
}

void batch::impl::add_row(std::string_view lead_key, std::string_view event_name, std::int64_t time) {
    leads.push_back(lead_keys->insert(lead_key));
    events.push_back(event_names->insert(event_name));
    times.push_back(time);
}

batch::batch() : impl_(std::make_unique<impl>()) {}
batch::batch(batch&&) noexcept = default;
batch::~batch() = default;

batch::batch(const batch& other) : batch() {
    const impl& from = *other.impl_;
    impl_->lead_keys = copy_of(*from.lead_keys);
    impl_->event_names = copy_of(*from.event_names);
    impl_->column_keys = copy_of(*from.column_keys);
    impl_->attributes = copy_of(*from.attributes);
    impl_->met = from.met;
    impl_->leads = from.leads;
    impl_->events = from.events;
    impl_->times = from.times;
    impl_->ids = from.ids;
    impl_->first_fault = from.first_fault;
    for (const auto& c : from.columns)
        impl_->columns.push_back(
            {c.name, c.texts ? copy_of(*c.texts) : nullptr, c.rows, c.bits, c.attribute});
}

batch& batch::operator=(batch other) noexcept {
    std::swap(impl_, other.impl_);
    return *this;
}

batch& batch::add(const event& e) {
    impl& d = *impl_;
    if (d.first_fault) return *this;  // the batch is refused anyway
    const std::string joined = is_stored_as_it_is(e.lead) ? std::string() : stored_key(e.lead);
    const std::string_view key = joined.empty() ? e.lead.key() : joined;
    if (auto fault = fault_of(e, key)) {
        d.first_fault = {size(), std::move(*fault)};
        return *this;
    }
    d.add_row(key, e.name, e.time.time_since_epoch().count());
    d.likely_column = 0;
    for (const auto& a : e.attributes)
        if (auto fault = d.set(a)) {
            d.take_back_row();
            d.first_fault = {size(), std::move(*fault)};
            return *this;
        }
    if (!e.id.empty()) d.set_id(e.id);
    return *this;
}

std::size_t batch::size() const { return impl_->leads.size(); }

void batch::clear() {
    impl& d = *impl_;
    d.lead_keys->clear();
    d.event_names->clear();
    d.leads.clear();
    d.events.clear();
    d.times.clear();
    d.ids.clear();
    d.first_fault.reset();
    std::fill(d.met.begin(), d.met.end(), 0U);
    for (auto& c : d.columns) {  // the columns themselves stay: their indices are in use
        if (c.texts) c.texts->clear();
        c.rows.clear();
        c.bits.clear();
    }
}

}  // namespace weir::inline v1
