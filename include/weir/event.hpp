// weir/event.hpp - what a lead did, when, with which attributes; and the buffer that carries many of them.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include <weir/error.hpp>
#include <weir/time.hpp>
#include <weir/value.hpp>

namespace weir {
inline namespace v1 {

/// A lead's key: text, or a kind and text ("cookie", "c-81"). An integer is its decimal text.
class WEIR_API lead_id {
public:
    lead_id() = default;
    template <text S> lead_id(const S& key) : key_(std::string_view(key)) {}
    template <detail::integer I> lead_id(I key) : key_(std::to_string(key)) {}
    template <text K, text V>
    lead_id(const K& kind, const V& key) : kind_(std::string_view(kind)), key_(std::string_view(key)) {}
    const std::string& kind() const { return kind_; }
    const std::string& key() const { return key_; }
    friend bool operator==(const lead_id&, const lead_id&) = default;
    friend WEIR_API std::ostream& operator<<(std::ostream&, const lead_id&);

private:
    std::string kind_{}, key_{};
};
/// Prints the key, or "kind:key".
WEIR_API std::string to_string(const lead_id&);

/// {.lead = 42, .name = "signup", .time = t, .attributes = {{"channel", "ads"}}}
struct event {
    lead_id lead{};
    std::string name{};
    instant time{};
    std::vector<named_value> attributes{};
    std::string id{};  ///< optional: a second event with this id is a duplicate, and is left out
    friend bool operator==(const event&, const event&) = default;
};

/// A columnar append buffer. Fill it in one thread, append it to a store, use it again after clear().
///
/// add() never fails. A wrong event (no lead, no name, text that is not UTF-8, a number that is not finite,
/// a name of more than 128 bytes, a text of more than 64 KiB) makes append() of the whole batch fail, and the
/// error names the first such event: a host's batch is applied as a whole or not at all.
class WEIR_API batch {
public:
    batch();
    batch(const batch&);
    batch(batch&&) noexcept;
    batch& operator=(batch) noexcept;
    ~batch();

    batch& add(const event&);
    std::size_t size() const;
    bool empty() const { return size() == 0; }
    void clear();

    struct impl;
    const impl& data() const { return *impl_; }
    impl& data() { return *impl_; }

private:
    std::unique_ptr<impl> impl_;
};

}  // namespace v1
}  // namespace weir
