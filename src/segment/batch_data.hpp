// segment/batch_data.hpp - what a batch holds: events as columns, texts replaced by codes of the batch.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weir/event.hpp>

#include "segment/column_name.hpp"
#include "segment/content_hash.hpp"
#include "segment/text_table.hpp"

namespace weir::inline v1 {

struct batch::impl {
    struct column {
        column_name name;
        std::unique_ptr<text_table> texts;  ///< only of kind text
        std::vector<std::uint32_t> rows{};  ///< ascending: the rows that have a value
        std::vector<std::int64_t> bits{};
        std::uint32_t attribute = 0;  ///< code of its name
    };
    struct fault {
        std::size_t event;  ///< index in the batch
        std::string reason;
    };

    std::unique_ptr<text_table> lead_keys = std::make_unique<text_table>();
    std::unique_ptr<text_table> event_names = std::make_unique<text_table>();
    std::unique_ptr<text_table> column_keys = std::make_unique<text_table>();  ///< code = index into columns
    std::unique_ptr<text_table> attributes = std::make_unique<text_table>();   ///< names, all of them good
    std::vector<std::uint32_t> met{};  ///< by attribute: 1 + the last row of add() that has it
    std::vector<std::uint32_t> leads{}, events{};
    std::vector<std::int64_t> times{};
    std::vector<column> columns{};
    std::vector<std::pair<std::uint32_t, content_hash>>
        ids{};                           ///< (row, that of its event id), rows ascending
    std::optional<fault> first_fault{};  ///< makes append() refuse the batch
    std::size_t likely_column = 0;       ///< what column_of() will be asked for next

    /// Where values of this name go; stays valid for the life of the batch (also across clear()).
    std::size_t column_of(std::string_view attribute, value_kind, const currency&);
    /// Begins a row; lead_key is the stored form, see stored_key(). set() then fills it.
    void add_row(std::string_view lead_key, std::string_view event_name, std::int64_t time);
    /// Fills the last row by one attribute of an event, or says why that cannot be.
    std::optional<std::string> set(const named_value&);
    void take_back_row();
    void set(std::size_t into, std::int64_t bits) { set(columns[into], bits); }
    void set_text(std::size_t into, std::string_view text) {
        set(columns[into], columns[into].texts->insert(text));
    }
    void set_id(std::string_view id) {
        ids.emplace_back(static_cast<std::uint32_t>(leads.size() - 1), hash_of_text(id));
    }

private:
    std::uint32_t attribute_of(std::string_view name);
    void set(column& into, std::int64_t bits) {
        into.rows.push_back(static_cast<std::uint32_t>(leads.size() - 1));
        into.bits.push_back(bits);
    }
};

// The limits of a row's parts.
inline constexpr std::size_t max_name_bytes = 128;
inline constexpr std::size_t max_text_bytes = 64 * 1024;

/// Why a lead key, event name or text cannot be stored, or none: empty, not UTF-8, too long.
std::optional<std::string> fault_of_lead(std::string_view key);
std::optional<std::string> fault_of_name(std::string_view name);  ///< of an event or attribute
std::optional<std::string> fault_of_text(std::string_view text);  ///< of an attribute's value

/// A lead as the dictionaries hold it: the key alone, or kind NUL key. lead_of() undoes it.
std::string stored_key(const lead_id&);
lead_id lead_of(std::string_view stored);

}  // namespace weir::inline v1
