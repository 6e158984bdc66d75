// segment/dictionary.hpp - a table of texts that any thread may read and extend.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string_view>
#include <vector>

#include "segment/text_table.hpp"

namespace weir::inline v1 {

/// at() takes no lock: a thread may call it for a code that it inserted or found itself, or that reached it
/// through another synchronisation (a published snapshot).
class dictionary {
public:
    using code = text_table::code;

    code insert(std::string_view text) {
        const std::unique_lock lock(mutex_);
        return texts_.insert(text);
    }
    /// Inserts all texts of a table, or of a list; gives their codes in that order.
    std::vector<code> insert(const text_table& all) {
        const std::unique_lock lock(mutex_);
        return texts_.insert(all);
    }
    std::vector<code> insert(std::span<const std::string_view> all) {
        const std::unique_lock lock(mutex_);
        return texts_.insert(all);
    }
    std::optional<code> find(std::string_view text) const {
        const std::shared_lock lock(mutex_);
        return texts_.find(text);
    }
    std::string_view at(code c) const { return texts_.at(c); }
    code size() const {
        const std::shared_lock lock(mutex_);
        return texts_.size();
    }
    /// Bytes held.
    std::int64_t memory() const {
        const std::shared_lock lock(mutex_);
        return texts_.memory();
    }

private:
    mutable std::shared_mutex mutex_{};
    text_table texts_{};
};

}  // namespace weir::inline v1
