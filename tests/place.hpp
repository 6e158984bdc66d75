// place.hpp - a directory of its own for a test, beside the build.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace weir_test {

/// Is not there when it is made; it goes with this.
class place {
public:
    place() {
        static std::atomic<int> count = 0;
        path_ = std::filesystem::current_path() /
                ("store-" + std::to_string(::getpid()) + '-' + std::to_string(++count));
        std::filesystem::remove_all(path_);
    }
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    ~place() { std::filesystem::remove_all(path_); }
    std::string path() const { return path_.string(); }
    std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (const auto& e : std::filesystem::directory_iterator(path_)) all.push_back(e.path().filename());
        std::sort(all.begin(), all.end());
        return all;
    }
    std::string content() const {
        std::string all;
        for (const auto& name : names()) {
            std::ifstream in(path_ / name, std::ios::binary);
            all.append(std::istreambuf_iterator<char>(in), {});
        }
        return all;
    }

private:
    std::filesystem::path path_{};
};

}  // namespace weir_test
