// row_mapper.cpp - resolves names once; then each row is staged, and goes to the batch if all of it can be
// read.
#include "load/row_mapper.hpp"

#include <algorithm>
#include <utility>

#include "base/fail.hpp"
#include "base/text.hpp"
#include "load/mapping.hpp"
#include "load/typed_text.hpp"
#include "segment/event_keys.hpp"

namespace weir::inline v1 {
namespace {

bool is_blank(const file_cell& c) {
    if (c.kind != cell_kind::text) return c.kind == cell_kind::missing;
    for (const char byte : c.text)
        if (byte != ' ' && byte != '\t') return false;
    return true;
}

// Also of one that does not fit 64 bits: keys are never calculated with.
bool is_whole_number(const file_cell& c) {
    return c.kind == cell_kind::integer ||
           (c.kind == cell_kind::number && c.text.find_first_of(".eE") == std::string_view::npos);
}

value_kind kind_of(cell_kind kind) {
    switch (kind) {
        case cell_kind::boolean: return value_kind::boolean;
        case cell_kind::integer: return value_kind::integer;
        case cell_kind::number: return value_kind::number;
        case cell_kind::missing:
        case cell_kind::text:
        case cell_kind::nested: break;
    }
    return value_kind::text;
}

}  // namespace

row_mapper::row_mapper(const mapping& m, char separator, row_source& rows)
    : rows_(rows), format_(m.time_format, m.zone), lead_kind_(m.lead_kind) {
    for (const auto& l : m.lookups) lookups_.push_back(std::make_unique<lookup>(l, separator, rows));
    lead_column_ = use(m.lead);
    for (const auto& e : events_of(m)) compile_event(e, m);
    compile_keys(m.keys);
    compile_unmentioned_joins();
    adopt_new_columns();
}

std::size_t row_mapper::use(const std::string& column) {
    const std::size_t index = rows_.column(column);
    if (index >= used_.size()) used_.resize(index + 1);
    used_[index] = true;
    return index;
}

void row_mapper::compile_event(const event_mapping& e, const mapping& m) {
    events_.push_back({.name = e.event,
                       .name_column = e.event_column.empty() ? none : use(e.event_column),
                       .time_column = use(e.time),
                       .id_column = e.id.empty() ? none : use(e.id),
                       .format = e.time_format.empty() ? format_ : time_format(e.time_format, m.zone),
                       .takes_others = !e.attributes});
    if (!e.attributes) return;
    for (const auto& a : *e.attributes) compile_attribute(events_.back(), a);
}

// The columns say who, and so are no attributes by themselves.
void row_mapper::compile_keys(const std::vector<key_mapping>& keys) {
    for (const key_mapping& k : keys) {
        use(k.column);
        mapped_keys_.push_back(event_key_attribute(k.kind));
        for (event_plan& e : events_) compile_attribute(e, {.column = k.column, .name = mapped_keys_.back()});
    }
}

bool row_mapper::is_mapped_key(const std::string& attribute) const {
    return std::find(mapped_keys_.begin(), mapped_keys_.end(), attribute) != mapped_keys_.end();
}

void row_mapper::compile_attribute(event_plan& e, const attribute_mapping& a) {
    const currency c = a.type == attribute_type::money ? currency::parse(a.currency).value() : no_currency;
    e.attributes.push_back({rows_.column(a.column), name_of(a), a.type, c});
}

// A joined column that no event mentions was still asked for: every event that lists its attributes gets it.
void row_mapper::compile_unmentioned_joins() {
    std::vector<std::size_t> unmentioned;
    for (const auto& l : lookups_)
        for (const std::size_t column : l->columns())
            if (!is_used(column) && !is_attribute(column)) unmentioned.push_back(column);
    for (const std::size_t column : unmentioned)
        for (event_plan& e : events_)
            if (!e.takes_others) compile_join(e, rows_.columns()[column]);
}

void row_mapper::compile_join(event_plan& e, const std::string& column) {
    for (const attribute_plan& a : e.attributes)
        if (a.name == column)
            fail(errc::bad_input,
                 "attribute " + quoted(column) + " comes from a lookup and from column " +
                     quoted(rows_.columns()[a.column]) + ", expected one of them",
                 "mapping.lookup");
    compile_attribute(e, {.column = column});
}

bool row_mapper::is_attribute(std::size_t column) const {
    for (const event_plan& e : events_)
        for (const attribute_plan& a : e.attributes)
            if (a.column == column) return true;
    return false;
}

// Columns may appear while rows are read. One without a name (an export's row number) is no attribute.
void row_mapper::adopt_new_columns() {
    for (; adopted_ < rows_.columns().size(); ++adopted_) {
        const std::string name = rows_.columns()[adopted_];
        if (name.empty() || is_used(adopted_) || is_mapped_key(name)) continue;
        for (event_plan& e : events_) {
            if (!e.takes_others) continue;
            if (auto fault = fault_of_name(name)) fail(errc::bad_input, "a column: " + *fault, rows_.where());
            compile_attribute(e, {.column = name});
        }
    }
}

void row_mapper::begin(batch::impl& to) {
    to_ = &to;
    for (std::size_t i = to.columns.size(); i < made_.size(); ++i)
        to.column_of(made_[i].attribute, made_[i].kind, made_[i].currency);
}

std::size_t row_mapper::add(file_row& r) {
    if (adopted_ < rows_.columns().size()) adopt_new_columns();
    for (const auto& l : lookups_) l->join(r);
    staged_.clear();
    value_count_ = 0;
    for (event_plan& e : events_)
        if (!stage(e, r)) return 0;
    if (staged_.empty()) return 0;
    std::string_view lead;
    if (!read_lead(r, lead)) return 0;
    commit(lead);
    return staged_.size();
}

inline bool row_mapper::read_lead(file_row& r, std::string_view& lead) {
    if (!read_key(lead_column_, "a lead", r, lead)) return false;
    if (lead.empty() || lead.size() > max_text_bytes) return reject(r, lead_column_, *fault_of_lead(lead));
    if (lead.find('\0') != std::string_view::npos)
        return reject(r, lead_column_, "found " + quoted(lead) + ", expected a lead without NUL characters");
    if (lead_kind_.empty()) return true;
    kind_and_lead_ = stored_key(lead_id(lead_kind_, lead));
    if (auto fault = fault_of_lead(kind_and_lead_)) return reject(r, lead_column_, std::move(*fault));
    lead = kind_and_lead_;
    return true;
}

inline bool row_mapper::stage(event_plan& e, file_row& r) {
    const file_cell& time = r.cells[e.time_column];
    if (is_blank(time)) return true;
    if (time.kind == cell_kind::nested) return reject_nested(r, e.time_column);
    const auto micros = e.format.read(time.text);
    if (!micros) return reject(r, e.time_column, e.format.why_not(time.text));

    staged_event& event = staged_.emplace_back();
    event.name = e.name;
    event.time = *micros;
    if (e.name_column != none) {
        if (!read_key(e.name_column, "the name of an event", r, event.name)) return false;
        if (auto fault = fault_of_name(event.name)) return reject(r, e.name_column, std::move(*fault));
    }
    if (e.id_column != none && r.cells[e.id_column].kind != cell_kind::missing) {
        if (!read_key(e.id_column, "an event id", r, event.id)) return false;
        if (event.id.size() > max_text_bytes) return reject(r, e.id_column, *fault_of_text(event.id));
    }
    for (attribute_plan& a : e.attributes)
        if (!stage_value(a, r)) return false;
    event.values_end = value_count_;
    return true;
}

inline bool row_mapper::stage_value(attribute_plan& a, file_row& r) {
    const file_cell& c = r.cells[a.column];
    if (c.kind == cell_kind::missing) return true;
    if (c.kind == cell_kind::nested) return reject_nested(r, a.column);
    const value_kind kind = a.type == attribute_type::as_read ? kind_of(c.kind) : kind_of(a.type);
    if (kind == value_kind::text) return stage_text(a, r);
    if (kind == value_kind::time && is_blank(c)) return true;
    const auto bits = read_bits(c.text, kind, a.currency, format_);
    if (!bits) return reject(r, a.column, why_not(c.text, kind, a.currency, format_));
    push(a, kind, *bits);
    return true;
}

inline bool row_mapper::stage_text(attribute_plan& a, file_row& r) {
    const std::string_view text = r.cells[a.column].text;
    if (text.size() > max_text_bytes) return reject(r, a.column, *fault_of_text(text));
    push(a, value_kind::text, 0, text);
    return true;
}

inline void row_mapper::push(attribute_plan& a, value_kind kind, std::int64_t bits, std::string_view text) {
    std::size_t& target = a.targets[static_cast<std::size_t>(kind)];
    if (target == none) target = make_column({a.name, kind, a.currency});
    if (value_count_ == values_.size()) values_.resize(2 * value_count_ + 8);
    staged_value& v = values_[value_count_++];
    v.target = target;
    v.bits = bits;
    v.text = text;
}

std::size_t row_mapper::make_column(const column_name& name) {
    const std::size_t made = to_->column_of(name.attribute, name.kind, name.currency);
    if (made == made_.size()) made_.push_back(name);
    return made;
}

// Reads what names something: text or a whole number.
inline bool row_mapper::read_key(std::size_t column, const char* what, file_row& r,
                                 std::string_view& key) const {
    const file_cell& c = r.cells[column];
    key = c.text;
    if (c.kind == cell_kind::text || is_whole_number(c)) return true;
    const std::string found = c.kind == cell_kind::missing ? "nothing" : std::string(c.text);
    return reject(r, column, "found " + found + ", expected " + what + " as text or as a whole number");
}

// Always false, so that readers can end with it.
bool row_mapper::reject(file_row& r, std::size_t column, std::string reason) const {
    r.fault = {rows_.place(column), rows_.columns()[column], std::move(reason)};
    return false;
}

bool row_mapper::reject_nested(file_row& r, std::size_t column) const {
    return reject(r, column, "found " + std::string(r.cells[column].text) + ", expected a single value");
}

inline void row_mapper::commit(std::string_view lead) {
    const staged_value* next = values_.data();
    for (const staged_event& e : staged_) {
        to_->add_row(lead, e.name, e.time);
        if (!e.id.empty()) to_->set_id(e.id);
        for (const auto* const end = values_.data() + e.values_end; next != end; ++next)
            if (to_->columns[next->target].texts)
                to_->set_text(next->target, next->text);
            else
                to_->set(next->target, next->bits);
    }
}

}  // namespace weir::inline v1
