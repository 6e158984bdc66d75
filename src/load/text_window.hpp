// load/text_window.hpp - a file, or a text that stands for it, seen through a window that slides and grows.
#pragma once

#include <cstddef>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::inline v1 {

/// The reader drops what it is done with at the front and asks for more at the back, so that memory follows
/// the longest row and not the file. A byte-order mark at the beginning is skipped.
class text_window {
public:
    /// Reads `content` if there is one (it must outlive the window), else the file. Throws io.
    text_window(std::string path, const std::optional<std::string>& content);

    /// As many bytes behind the end may be read as well; they mean nothing.
    static constexpr std::size_t padding = 64;

    char* data() { return buffer_.data() + begin_; }
    std::size_t size() const { return end_ - begin_; }
    void drop(std::size_t bytes) { begin_ += bytes; }
    /// Appends more bytes, which may move the data; false at the end of the text. Throws io.
    bool grow();

private:
    struct closer {
        void operator()(std::FILE* f) const { std::fclose(f); }
    };
    std::size_t read(char* to, std::size_t room);

    std::string path_;
    std::unique_ptr<std::FILE, closer> file_{};
    std::string_view rest_{};  // of the content
    std::vector<char> buffer_{};
    std::size_t begin_ = 0, end_ = 0;
};

}  // namespace weir::inline v1
