// scan/predicate.hpp - a condition made ready to be asked of many events of one snapshot.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <weir/condition.hpp>

#include "scan/attribute_reader.hpp"

namespace weir::inline v1 {

/// Immutable after construction and shared by threads; the snapshot must outlive it.
///
/// `lead.x` is the last value of x among the lead's events with time <= that of the event, in total order:
/// all events of the same instant count, so arrival decides only which of several equal-time values is the
/// last.
class predicate {
public:
    predicate(const snapshot::impl&, const condition&);
    predicate(predicate&&) noexcept;
    predicate& operator=(predicate&&) noexcept;
    ~predicate();

    bool always() const;
    /// Asks for rows[at], given all rows of the lead up to at least the end of that instant.
    bool holds(std::span<const row> rows, std::size_t at) const;
    /// Asks at an instant at which nothing happened: the event's own attributes are missing, and `lead.x` is
    /// the last value among `rows`, all of which are past.
    bool holds_after(std::span<const row> rows) const;
    /// Whether a `lead.x` that it reads is the last among `past` of several equal-time values that differ.
    bool is_disputed(std::span<const row> past) const;
    /// Attributes that it reads as `lead.x`.
    const std::vector<std::string>& of_lead() const;

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

}  // namespace weir::inline v1
