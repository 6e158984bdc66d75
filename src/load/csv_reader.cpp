// csv_reader.cpp - a small state machine over the bytes of the window; it may stop at any of them.
#include "load/csv_reader.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "base/fail.hpp"
#include "base/text.hpp"
#include "load/file_row.hpp"

namespace weir::inline v1 {
namespace {

// Puts one quote in place of two. The text only shrinks, so it stays where it is.
std::size_t undouble_quotes(char* text, std::size_t size) {
    std::size_t to = 0;
    for (std::size_t from = 0; from < size; ++from) {
        text[to++] = text[from];
        if (text[from] == '"') ++from;
    }
    return to;
}

constexpr std::size_t block = 64;
static_assert(block <= text_window::padding);

// A bit for each byte of a block that is a separator, a quote, a control character or no ASCII. The first
// loop is one for a compiler to make of it what its machine has; then each eight bytes that are 0 or 1 become
// bits.
std::uint64_t marks_in(const char* bytes, char separator) {
    std::array<unsigned char, block> marks;
    for (std::size_t i = 0; i < block; ++i) {
        const auto c = static_cast<signed char>(bytes[i]);
        marks[i] =
            static_cast<unsigned char>((c < ' ') | (c == '"') | (c == static_cast<signed char>(separator)));
    }
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < block; i += 8) {
        std::uint64_t word;
        std::memcpy(&word, marks.data() + i, sizeof word);
        bits |= (word * 0x0102040810204080U >> 56) << i;
    }
    return bits;
}

}  // namespace

csv_reader::csv_reader(text_window& text, char separator) : text_(text), separator_(separator) {
    constexpr std::string_view not_separators{"\"\r\n\0", 4};
    if (not_separators.find(separator) != std::string_view::npos)
        fail(errc::bad_input, "the separator is a quote, a line end or NUL, expected one like ',' or ';'",
             "separator");
    for (const char c : {separator, '"', '\r', '\n'}) ends_bare_[static_cast<unsigned char>(c)] = true;
}

bool csv_reader::next() {
    text_.drop(at_);
    at_ = 0;
    if (!skip_blank_lines()) return false;
    begin_record();
    if (take_plain_line()) return true;
    at_ = field_count_ = kept_ = 0;
    while (!scan()) {
        if (grow()) continue;
        finish_at_end();
        break;
    }
    cut();
    return true;
}

bool csv_reader::skip_blank_lines() {
    while (text_.size() > 0 || text_.grow()) {
        const char c = *text_.data();
        if (c != '\n' && c != '\r') return true;
        count_line_end(c);
        text_.drop(1);
    }
    return false;
}

void csv_reader::begin_record() {
    state_ = state::field_start;
    dropping_ = false;
    record_line_ = line_;
    field_count_ = 0;
    spans_.clear();
    kept_ = 0;
    fault_.reset();
}

// What most lines are: complete in the window, without a quote, ended by LF or CRLF, and clean. Any other is
// left to the state machine.
bool csv_reader::take_plain_line() {
    const char* const data = text_.data();
    const char separator = separator_;
    const std::size_t room = std::min(text_.size(), max_csv_field_bytes);
    std::size_t begin = 0, count = 0;
    bool ascii = true;
    for (std::size_t at = 0; at < room && count < max_columns - block; at += block) {
        if (fields_.size() < count + block) fields_.resize(2 * count + block);
        std::string_view* const fields = fields_.data();
        std::uint64_t marks = marks_in(data + at, separator);
        if (room - at < block) marks &= (std::uint64_t{1} << (room - at)) - 1;
        for (; marks != 0; marks &= marks - 1) {
            const std::size_t end = at + static_cast<std::size_t>(std::countr_zero(marks));
            const char c = data[end];
            if (c == separator) {
                fields[count++] = {data + begin, end - begin};
                begin = end + 1;
            } else if (c == '\n' || (c == '\r' && end + 1 < room && data[end + 1] == '\n')) {
                fields[count++] = {data + begin, end - begin};
                kept_ = field_count_ = count;
                at_ = end + (c == '\n' ? 1 : 2);
                return end_plain_line(end, ascii);
            } else if (c == '"' || c == '\r' || c == '\0') {
                return false;
            } else {
                ascii = ascii && static_cast<signed char>(c) > 0;
            }
        }
    }
    return false;
}

bool csv_reader::end_plain_line(std::size_t size, bool ascii) {
    if (!ascii && !valid_utf8({text_.data(), size})) return false;
    after_cr_ = false;
    count_line_end('\n');
    return true;
}

void csv_reader::keep(std::string_view field) {
    if (kept_ == fields_.size()) fields_.resize(2 * kept_ + block);
    fields_[kept_++] = field;
}

// True at the end of the record, false when it needs more bytes.
bool csv_reader::scan() {
    while (at_ < text_.size()) {
        switch (state_) {
            case state::field_start: begin_field(); break;
            case state::bare:
                if (scan_bare()) return true;
                break;
            case state::quoted: scan_quoted(); break;
            case state::quote_in_quoted:
                if (scan_after_quote()) return true;
                break;
        }
    }
    return false;
}

void csv_reader::begin_field() {
    has_doubled_quotes_ = false;
    after_cr_ = false;
    const bool quote = text_.data()[at_] == '"';
    if (quote) ++at_;
    state_ = quote ? state::quoted : state::bare;
    field_begin_ = at_;
}

bool csv_reader::scan_bare() {
    const char* const data = text_.data();
    const std::size_t size = text_.size();
    while (at_ < size && !ends_bare_[static_cast<unsigned char>(data[at_])]) ++at_;
    if (at_ == size) return false;
    if (data[at_] != '"') return end_at(data[at_], at_);
    report(field_count_ + 1, "found a quote inside a field that does not begin with one");
    ++at_;
    return false;
}

void csv_reader::scan_quoted() {
    const char* const data = text_.data();
    const std::size_t size = text_.size();
    for (; at_ < size && data[at_] != '"'; ++at_) count_line_end(data[at_]);
    if (at_ == size) return;
    field_end_ = at_++;
    after_cr_ = false;  // the quote stands between a CR and what follows
    state_ = state::quote_in_quoted;
}

bool csv_reader::scan_after_quote() {
    const char c = text_.data()[at_];
    if (c == separator_ || c == '\r' || c == '\n') return end_at(c, field_end_);
    if (c == '"') {
        has_doubled_quotes_ = true;
        ++at_;
        state_ = state::quoted;
    } else {
        report(field_count_ + 1,
               "found text after the closing quote, expected a separator or the end of the line");
        state_ = state::bare;
    }
    return false;
}

// Ends the field at the byte that stops it; true if that ends the record as well.
bool csv_reader::end_at(char stop, std::size_t field_end) {
    end_field(field_end);
    ++at_;
    state_ = state::field_start;
    if (stop == separator_) return false;
    count_line_end(stop);
    return true;
}

void csv_reader::end_field(std::size_t end) {
    ++field_count_;
    if (dropping_ || field_count_ > max_columns) return;
    const std::size_t size = end - field_begin_;
    if (size > max_csv_field_bytes)
        report(field_count_, "found a field of " + std::to_string(size) + " bytes, at most " +
                                 std::to_string(max_csv_field_bytes) + " are allowed");
    spans_.push_back({field_begin_, size, has_doubled_quotes_});
}

void csv_reader::count_line_end(char c) {
    if (c == '\r' || (c == '\n' && !after_cr_)) ++line_;
    after_cr_ = c == '\r';
}

bool csv_reader::grow() {
    const std::size_t field_end = state_ == state::quote_in_quoted ? field_end_ : at_;
    if (state_ != state::field_start && !dropping_ && field_end - field_begin_ > max_csv_field_bytes) {
        report(field_count_ + 1, "found a field of more than " + std::to_string(max_csv_field_bytes) +
                                     " bytes (is a quote missing?)");
        dropping_ = true;
    }
    if (at_ > max_csv_record_bytes) {
        report(0, "found a row of more than " + std::to_string(max_csv_record_bytes) + " bytes");
        dropping_ = true;
    }
    if (dropping_) {
        text_.drop(at_);
        at_ = 0;
    }
    return text_.grow();
}

void csv_reader::finish_at_end() {
    if (state_ == state::field_start) field_begin_ = at_;
    if (state_ == state::quoted) report(field_count_ + 1, "found a quote that is never closed");
    end_field(state_ == state::quote_in_quoted ? field_end_ : at_);
}

// Makes the fields of a complete record, and checks their bytes.
void csv_reader::cut() {
    if (fault_) return;
    char* const data = text_.data();
    const bool clean = !fault_of_bytes({data, at_});
    for (const span& s : spans_) {
        const std::size_t size = s.has_doubled_quotes ? undouble_quotes(data + s.begin, s.size) : s.size;
        keep({data + s.begin, size});
        if (clean) continue;
        if (auto reason = fault_of_bytes(fields_[kept_ - 1])) report(kept_, std::move(*reason));
    }
}

void csv_reader::report(std::size_t column, std::string reason) {
    if (!fault_) fault_ = problem{column, std::move(reason)};
}

}  // namespace weir::inline v1
