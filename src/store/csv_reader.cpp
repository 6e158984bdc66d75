// csv_reader.cpp - a small state machine over the bytes of the window; it may stop at any of them.
#include "store/csv_reader.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/fail.hpp"
#include "store/file_row.hpp"

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
    fields_.clear();
    fault_.reset();
}

// What most lines are: complete in the window, without a quote, ended by LF alone, and clean. Any other is
// left to the state machine.
bool csv_reader::take_plain_line() {
    const char* const data = text_.data();
    const std::size_t room = std::min(text_.size(), max_csv_field_bytes);
    const auto* const end = static_cast<const char*>(std::memchr(data, '\n', room));
    if (end == nullptr) return false;
    const std::string_view line(data, static_cast<std::size_t>(end - data));
    if (line.find('"') != line.npos || line.find('\r') != line.npos || fault_of_bytes(line)) return false;
    after_cr_ = false;
    cut_plain(line);
    count_line_end('\n');
    at_ = line.size() + 1;
    return true;
}

// Finds separators eight bytes at a time: adding 0x7f to seven bits leaves the high bit of a zero byte alone
// unset.
void csv_reader::cut_plain(std::string_view line) {
    constexpr std::uint64_t low_bits = 0x7f7f7f7f7f7f7f7f;
    const std::uint64_t separators = static_cast<unsigned char>(separator_) * 0x0101010101010101U;
    std::size_t begin = 0;
    const auto take = [&](std::size_t end) {
        if (++field_count_ <= max_columns) fields_.emplace_back(line.data() + begin, end - begin);
        begin = end + 1;
    };
    std::size_t at = 0;
    for (; at + 8 <= line.size(); at += 8) {
        std::uint64_t word;
        std::memcpy(&word, line.data() + at, sizeof word);
        word ^= separators;
        for (std::uint64_t hits = ~(((word & low_bits) + low_bits) | word | low_bits); hits != 0;
             hits &= hits - 1)
            take(at + static_cast<std::size_t>(std::countr_zero(hits)) / 8);
    }
    for (; at < line.size(); ++at)
        if (line[at] == separator_) take(at);
    take(line.size());
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
        fields_.emplace_back(data + s.begin, size);
        if (clean) continue;
        if (auto reason = fault_of_bytes(fields_.back())) report(fields_.size(), std::move(*reason));
    }
}

void csv_reader::report(std::size_t column, std::string reason) {
    if (!fault_) fault_ = problem{column, std::move(reason)};
}

}  // namespace weir::inline v1
