// memory_file.hpp - a file that is bytes in memory, for tests of file formats.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "disk/file.hpp"

namespace weir_test {

class memory_file final : public weir::disk::file {
public:
    memory_file() = default;
    explicit memory_file(std::vector<std::byte> content) : bytes(std::move(content)) {}

    std::uint64_t size() const override { return bytes.size(); }
    std::size_t read(std::uint64_t offset, std::span<std::byte> to) const override {
        if (offset >= bytes.size()) return 0;
        const std::size_t n = std::min<std::size_t>(to.size(), bytes.size() - offset);
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), n, to.begin());
        return n;
    }
    /// Never takes more than 1000 bytes at once.
    std::size_t append(std::span<const std::byte> more) override {
        const auto some = more.first(std::min<std::size_t>(more.size(), 1000));
        bytes.insert(bytes.end(), some.begin(), some.end());
        return some.size();
    }
    void sync() override { synced = bytes.size(); }

    std::vector<std::byte> bytes{};
    std::size_t synced = 0;  ///< bytes that are durable
};

}  // namespace weir_test
