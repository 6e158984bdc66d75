// load/row_mapper.hpp - a mapping compiled against the columns of a file: turns rows into events of a batch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <weir/ingest.hpp>

#include "load/file_row.hpp"
#include "load/lookup.hpp"
#include "load/time_format.hpp"
#include "segment/batch_data.hpp"

namespace weir::inline v1 {

class row_mapper {
public:
    /// The mapping has passed check_mapping(); rows must outlive this. Throws what class lookup and
    /// row_source::column() throw.
    row_mapper(const mapping&, char separator, row_source& rows);

    /// From here on events go to this batch, which no other mapper has filled.
    void begin(batch::impl& to);
    /// Adds the events of a good row to the batch and gives their number. All or none: with a fault in the
    /// row afterwards nothing was added.
    std::size_t add(file_row&);

private:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    struct attribute_plan {
        std::size_t column;
        std::string name;
        attribute_type type;
        weir::currency currency;
        /// Columns of every batch by value_kind, made when the first such value comes.
        std::array<std::size_t, 6> targets{none, none, none, none, none, none};
    };
    struct event_plan {
        std::string name;
        std::size_t name_column, time_column, id_column;  ///< none: not mapped
        time_format format;
        bool takes_others;
        std::vector<attribute_plan> attributes{};
    };

    // A row is put together here before it goes to the batch.
    struct staged_value {
        std::size_t target;
        std::int64_t bits;
        std::string_view text;  ///< if the target holds texts
    };
    struct staged_event {
        std::string_view name{}, id{};
        std::int64_t time = 0;
        std::size_t values_end = 0;
    };

    void compile_event(const event_mapping&, const mapping&);
    void compile_keys(const std::vector<key_mapping>&);
    void compile_attribute(event_plan&, const attribute_mapping&);
    void compile_unmentioned_joins();
    void compile_join(event_plan&, const std::string& column);
    std::size_t use(const std::string& column);
    bool is_used(std::size_t column) const { return column < used_.size() && used_[column]; }
    bool is_attribute(std::size_t column) const;
    bool is_mapped_key(const std::string& attribute) const;
    void adopt_new_columns();

    bool stage(event_plan&, file_row&);
    bool stage_value(attribute_plan&, file_row&);
    bool stage_text(attribute_plan&, file_row&);
    void push(attribute_plan&, value_kind, std::int64_t bits, std::string_view text = {});
    std::size_t make_column(const column_name&);
    bool read_lead(file_row&, std::string_view& lead);
    bool read_key(std::size_t column, const char* what, file_row&, std::string_view& key) const;
    bool reject(file_row&, std::size_t column, std::string reason) const;
    bool reject_nested(file_row&, std::size_t column) const;
    void commit(std::string_view lead);

    row_source& rows_;
    batch::impl* to_ = nullptr;
    std::vector<column_name> made_{};  // the columns of batches, in their order
    time_format format_;
    std::size_t lead_column_ = 0;
    std::string lead_kind_, kind_and_lead_{};  // the second: of the row, if the first is there
    std::vector<std::unique_ptr<lookup>> lookups_{};
    std::vector<event_plan> events_{};
    std::vector<std::string> mapped_keys_{};  // attributes that the mapping's keys become
    std::vector<bool> used_{};  // columns that say who, what or when, and so are no attributes by themselves
    std::size_t adopted_ = 0;   // columns that were offered to the events that take all others
    std::vector<staged_event> staged_{};
    std::vector<staged_value> values_{};
    std::size_t value_count_ = 0;  // of values_
};

}  // namespace weir::inline v1
