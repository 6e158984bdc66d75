// measure/grouping.hpp - the group that a lead belongs to by an attribute, and all groups in one order.
//
// Each worker of a scan keeps its own groups; afterwards merge_groups() gives them the order of the answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "scan/attribute_reader.hpp"
#include "scan/scan.hpp"

namespace weir::inline v1 {

/// The group of leads without the attribute.
inline constexpr std::string_view no_group = "(none)";

/// The value that one event of a lead decides.
struct touch {
    datum value{};          ///< missing: no event carries the attribute
    bool disputed = false;  ///< events of the deciding instant read differently; the total order decided
};
/// Which of the rows count: all that were given, or only raw events.
enum class touching : std::uint8_t { given, raw };

/// The rows with time <= until.
std::span<const row> up_to(std::span<const row>, std::int64_t until);
/// The first and the last event with time <= until, in total order, that carries the attribute.
touch first_touch(const attribute_reader&, std::span<const row>, std::int64_t until,
                  touching = touching::given);
touch last_touch(const attribute_reader&, std::span<const row>, std::int64_t until,
                 touching = touching::given);

/// The groups that one worker met, numbered from 0 as they came. The reader must outlive it.
///
/// Values that read alike are one group, and a value that reads "(none)" joins the leads without a value.
class group_set {
public:
    /// Throws limit_exceeded as soon as there are more than max_groups.
    group_set(const attribute_reader& reader, int max_groups) : reader_(&reader), max_groups_(max_groups) {}
    /// The number of the group of a value; a missing one belongs to "(none)".
    std::size_t number_of(const datum& d) {
        const bool known = d.column == quick_column_ && static_cast<std::uint64_t>(d.bits) < quick_.size() &&
                           quick_[static_cast<std::size_t>(d.bits)] > 0;
        return known ? quick_[static_cast<std::size_t>(d.bits)] - 1 : look_up(d);
    }
    /// The text of each group, by number.
    const std::vector<std::string>& texts() const { return texts_; }
    bool is_none(std::size_t number) const { return number == none_; }
    /// True if a value was met that reads "(none)".
    bool value_reads_none() const { return value_reads_none_; }

private:
    struct hash {
        std::size_t operator()(const datum& d) const noexcept {
            return static_cast<std::size_t>((static_cast<std::uint64_t>(d.bits) + d.column) *
                                            0x9E3779B97F4A7C15U);
        }
    };
    std::size_t look_up(const datum&);
    void make_quick(const datum&, std::size_t number);
    std::size_t add(std::string text);

    const attribute_reader* reader_;
    int max_groups_;
    std::unordered_map<datum, std::size_t, hash> by_value_{};
    // Numbers + 1 by code of the texts of one column, 0 where unknown: what breakdowns mostly meet.
    static constexpr std::size_t most_codes = 1 << 16;
    std::uint32_t quick_column_ = datum::none;
    std::vector<std::size_t> quick_{};
    std::unordered_map<std::string, std::size_t> by_text_{};
    std::vector<std::string> texts_{};
    std::size_t none_ = static_cast<std::size_t>(-1);  ///< the number of "(none)"
    bool value_reads_none_ = false;
};

/// The groups of all workers: by text, "(none)" last. The order does not depend on who met them.
struct group_order {
    std::vector<std::string> texts{};
    std::vector<std::vector<std::size_t>> places{};  ///< [worker][number] -> index into texts
    bool value_reads_none = false;
};
/// Throws limit_exceeded for more than max_groups.
group_order merge_groups(std::span<const group_set>, int max_groups);

/// Throws limit_exceeded for more than max_groups.
void check_groups(std::size_t groups, int max_groups);

/// Of the attributes that there are as many as a note of a missing one needs: those asked for, if all of them
/// are there, else all. Sorted; "" is not asked for.
std::vector<std::string> known_attributes(const snapshot::impl&, std::vector<std::string> asked);
/// Notes an attribute that no event carries; "" is none. `known` is sorted.
void note_missing_attribute(const snapshot::impl&, std::string_view attribute,
                            std::vector<std::string>& notes);
void note_missing_attribute(const std::vector<std::string>& known, std::string_view attribute,
                            std::vector<std::string>& notes);
/// Says of how many leads the order of arrival decided an attribute.
std::string arrival_note(std::string_view attribute, std::int64_t leads);
/// Says that a value of the attribute reads "(none)".
std::string reads_none_note(std::string_view attribute);

}  // namespace weir::inline v1
