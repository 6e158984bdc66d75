// load/csv_reader.hpp - records of CSV (RFC 4180), one after the other, out of a text of any size.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "load/text_window.hpp"

namespace weir::inline v1 {

inline constexpr std::size_t max_csv_field_bytes = std::size_t{1} << 20;
inline constexpr std::size_t max_csv_record_bytes = std::size_t{64} << 20;

/// Lines end in LF, CRLF or CR; blank lines are skipped. A quote opens a quoted field only as its first byte.
/// What is wrong with a record is its fault, and the next record begins at the next line end outside quotes.
class csv_reader {
public:
    struct problem {
        std::size_t column = 0;  ///< from 1; 0: the whole record
        std::string reason{};
    };

    /// Throws bad_input for a separator that is a quote, a line end or NUL.
    csv_reader(text_window& text, char separator);

    /// Reads the next record; false at the end.
    bool next();
    /// The physical line where the record begins, from 1.
    std::int64_t line() const { return record_line_; }
    /// Valid until next(); at most max_columns of them.
    std::span<const std::string_view> fields() const { return {fields_.data(), kept_}; }
    /// All fields of the record, also those beyond max_columns.
    std::size_t field_count() const { return field_count_; }
    const std::optional<problem>& fault() const { return fault_; }

private:
    enum class state : std::uint8_t { field_start, bare, quoted, quote_in_quoted };
    struct span {
        std::size_t begin, size;
        bool has_doubled_quotes;
    };

    bool skip_blank_lines();
    void begin_record();
    bool take_plain_line();
    bool end_plain_line(std::size_t size, bool ascii);
    void keep(std::string_view field);
    bool scan();
    void begin_field();
    bool scan_bare();
    void scan_quoted();
    bool scan_after_quote();
    bool end_at(char, std::size_t field_end);
    void end_field(std::size_t end);
    void count_line_end(char);
    bool grow();
    void finish_at_end();
    void cut();
    void report(std::size_t column, std::string reason);

    text_window& text_;
    char separator_;
    std::array<bool, 256> ends_bare_{};  // bytes at which a run of a bare field stops

    state state_ = state::field_start;
    std::size_t at_ = 0;           // the next byte, counted from the beginning of the window = of the record
    std::size_t field_begin_ = 0;  // after the opening quote
    std::size_t field_end_ = 0;    // of a quoted field: its closing quote
    bool has_doubled_quotes_ = false;
    bool after_cr_ = false;  // an LF that follows belongs to the same line end
    bool dropping_ = false;  // the record is too long: only its end is looked for

    std::int64_t line_ = 1, record_line_ = 1;
    std::size_t field_count_ = 0;
    std::vector<span> spans_{};
    std::vector<std::string_view> fields_{};
    std::size_t kept_ = 0;  // of fields_
    std::optional<problem> fault_{};
};

}  // namespace weir::inline v1
