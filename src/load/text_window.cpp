// text_window.cpp - reads in large pieces and keeps what is not yet dropped in one run of memory.
#include "load/text_window.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/fail.hpp"
#include "base/tuned.hpp"

namespace weir::inline v1 {
namespace {

constexpr std::size_t piece = tuned<std::size_t>(256 << 10, 100);
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

[[noreturn]] void fail_to(const char* verb, const std::string& path) {
    fail(errc::io, std::string("cannot ") + verb + " the file: " + std::generic_category().message(errno),
         path);
}

}  // namespace

text_window::text_window(std::string path, const std::optional<std::string>& content)
    : path_(std::move(path)) {
    if (content) {
        rest_ = *content;
    } else {
        file_.reset(std::fopen(path_.c_str(), "rbe"));  // e: not inherited by programs that the host starts
        if (!file_) fail_to("open", path_);
        std::setvbuf(file_.get(), nullptr, _IONBF, 0);  // the window is the buffer
    }
    grow();
    if (std::string_view(data(), size()).starts_with(byte_order_mark)) drop(byte_order_mark.size());
}

bool text_window::grow() {
    if (begin_ > 0) {
        std::memmove(buffer_.data(), data(), size());
        end_ -= begin_;
        begin_ = 0;
    }
    const std::size_t more = file_ ? piece : std::min(piece, rest_.size());
    if (end_ + more + padding > buffer_.size()) buffer_.resize(std::max(end_ + more, 2 * end_) + padding);
    const std::size_t got = read(buffer_.data() + end_, more);
    end_ += got;
    return got > 0;
}

std::size_t text_window::read(char* to, std::size_t room) {
    if (!file_) {
        const std::size_t got = std::min(room, rest_.size());
        std::copy_n(rest_.data(), got, to);
        rest_.remove_prefix(got);
        return got;
    }
    const std::size_t got = std::fread(to, 1, room, file_.get());
    if (got < room && std::ferror(file_.get()) != 0) fail_to("read", path_);
    return got;
}

}  // namespace weir::inline v1
