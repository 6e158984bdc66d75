// weir/ingest.hpp - load(store, csv{"events.csv"}): files become events, bad rows are counted and named.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <weir/error.hpp>
#include <weir/store.hpp>

namespace weir {
inline namespace v1 {

enum class attribute_type : std::uint8_t { as_read, text, integer, number, money, time, boolean };

/// One column (or JSON key) that becomes an attribute. A blank cell and a JSON null are a missing value.
struct attribute_mapping {
    std::string column{};
    std::string name{};                             ///< of the attribute; empty: the column's
    attribute_type type = attribute_type::as_read;  ///< as_read: CSV text, JSON as it stands
    std::string currency{};  ///< for money: "EUR"; the column holds major units, "19.99"
    friend bool operator==(const attribute_mapping&, const attribute_mapping&) = default;
};

/// One event that a row may yield. A row whose time column is empty does not yield it.
struct event_mapping {
    std::string event{};         ///< a fixed name ...
    std::string event_column{};  ///< ... or the column that holds it
    std::string time = "time";
    std::string time_format{};  ///< empty: the mapping's
    std::string id{};           ///< column with the event id, if any
    /// None: every column that does not say who, what or when (lead, event_column, time, id) for any event.
    std::optional<std::vector<attribute_mapping>> attributes{};
    friend bool operator==(const event_mapping&, const event_mapping&) = default;
};

/// Joins columns of a second CSV file to each row: those of the one row of `file` that has the same `key`.
///
/// They serve as the row's own columns do, for times and names too. One that no event mentions becomes an
/// attribute of every event. A row without a match misses them. The second file (with the separator of the
/// first, a comma for JSON lines) has to be right: a wrong row, or a key that stands twice, is an error.
struct lookup_mapping {
    std::string file{};  ///< a path for fopen; the command weir looks beside the mapping, then the source
    std::string key{};   ///< a column of both files
    std::vector<std::string> attributes{};
    friend bool operator==(const lookup_mapping&, const lookup_mapping&) = default;
};

/// A column with a key that the row's events bear beside that of their lead: {"user", "user_id"}. A blank one
/// is none. It becomes the attribute "keys.user", which derive(snapshot, identity) knows.
struct key_mapping {
    std::string kind{};
    std::string column{};
    friend bool operator==(const key_mapping&, const key_mapping&) = default;
};

/// Says how rows become events. The default reads columns lead, event and time; all others are attributes.
struct mapping {
    /// The column that names the lead.
    std::string lead = "lead";
    std::string lead_kind{};              ///< the kind of that key, "user"; empty: it has none
    std::string time_format = "iso";      ///< iso, unix_s, unix_ms, unix_us or a pattern, "%d.%m.%Y %H:%M"
    std::string zone = "UTC";             ///< of times that carry no offset
    std::vector<event_mapping> events{};  ///< empty: column "event" at column "time"
    std::vector<lookup_mapping> lookups{};
    std::vector<key_mapping> keys{};  ///< further keys of the lead, of every event
    friend bool operator==(const mapping&, const mapping&) = default;
};
/// Reads {"lead": ..., "events": [...]}; unknown keys are refused. Errors: bad_input, unknown_name,
/// unsupported (a named zone in a build without zones).
WEIR_API result<mapping> mapping_from_json(std::string_view);
WEIR_API std::string to_json(const mapping&);

/// A CSV file (RFC 4180; LF, CRLF or CR; a byte-order mark is skipped) with a header line.
struct csv {
    std::string path{};
    weir::mapping mapping{};
    std::optional<std::string> content{};  ///< read instead of the file; path then only names it in messages
    char separator = ',';
};
/// A file with one JSON object in each line; blank lines are skipped. A key that a row lacks is a missing
/// value. "keys": {"user": "42"} holds keys, each a value "keys.user".
struct json_lines {
    std::string path{};
    weir::mapping mapping{};
    std::optional<std::string> content{};
};

/// A row that yielded nothing because it could not be read.
struct rejected_row {
    std::int64_t line = 0;    ///< from 1, the line where the row begins
    std::int64_t column = 0;  ///< from 1, the field; 0: the whole row
    std::string field{};      ///< its name, if it has one
    std::string reason{};     ///< what was found, what was expected
    friend bool operator==(const rejected_row&, const rejected_row&) = default;
};

/// Says what became of the rows: rows == rows with events + without_event + rejected.
struct load_report {
    std::int64_t rows = 0;
    std::int64_t events = 0;         ///< accepted
    std::int64_t without_event = 0;  ///< rows whose times are all empty
    std::int64_t rejected = 0;
    std::int64_t duplicate = 0, conflicting = 0, erased = 0, future = 0;  ///< events left out, see receipt
    std::int64_t late = 0;                                                ///< of the accepted, see receipt
    std::vector<rejected_row> samples{};                                  ///< the first ten rejected rows
    friend bool operator==(const load_report&, const load_report&) = default;
};

/// Reads a file in batches of 65,536 rows, so that its size does not matter, and appends them to the store.
///
/// A row that cannot be read is rejected as a whole, counted and sampled; the rest goes on. A ragged row,
/// invalid UTF-8, a NUL byte, a time that is not in the format or lies in a gap of daylight saving, excess
/// decimals of money, a CSV field of more than 1 MiB, a JSON line of more than 16 MiB: all such rows are
/// rejected. An ambiguous local time is the earlier one. Errors: io (file), unknown_name (a mapped column is
/// not in the header; a suggestion is given), bad_input (no header, a mapping that contradicts itself),
/// unsupported (a named zone in a build without zones), limit_exceeded (16,384 columns; memory_budget:
/// batches appended before stay), invalid_question (threads).
///
/// With two or more threads one reads while the caller's appends; more than two are of no more use, as where
/// a row ends depends on every quote before it. Nothing else depends on their number: neither the order of
/// arrival nor the report, an error, or any byte of an answer. `as_of` is not looked at.
WEIR_API result<load_report> load(store&, const csv&, const scope& how = {});
WEIR_API result<load_report> load(store&, const json_lines&, const scope& how = {});

}  // namespace v1
}  // namespace weir
