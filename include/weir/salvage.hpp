// weir/salvage.hpp - what can still be read of a damaged store becomes a new one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <weir/error.hpp>
#include <weir/store.hpp>

namespace weir {
inline namespace v1 {

struct salvage_options {
    /// Goes on where frames of the log are lost that may have erased leads, or MANIFEST. Those leads are in
    /// the new store then. False: corrupt, and no store is made.
    bool accept_lost_erasures = false;
    /// As store_options::allow_network, for both directories.
    bool allow_network = false;
};

/// Says what came through and what did not.
struct salvage_report {
    std::int64_t events = 0, leads = 0;  ///< in the new store
    std::int64_t lost_events = 0;        ///< of files that could not be read; those of the log are not known
    std::int64_t lost_frames = 0;        ///< of the log, known by their numbers: each a batch or an erasure
    bool erasures_may_be_lost = false;   ///< see salvage_options
    std::vector<std::string> lost{};     ///< a line for each file, column or stretch of a log, and why
    friend bool operator==(const salvage_report&, const salvage_report&) = default;
};

/// Reads what can be read of the store in a directory and writes it as a new one into another, which must be
/// empty or not there. The old one is not changed; nobody may write it meanwhile.
///
/// A segment whose leads, names or times are damaged is lost as a whole, with a damaged attribute the
/// attribute alone. Frames of the log count one by one, also behind damage. Leads that are known to be
/// erased, and suppressed ones, stay so. Event ids stay known.
///
/// Without a good copy of MANIFEST the other files tell what they hold, but nobody knows who was erased:
/// leads whose bytes were not purged yet are back, and none is suppressed any more. Where a crash left files
/// beside those that took their place, it is corrupt all the same, for both hold the same events.
///
/// Errors: corrupt if erasures may be lost, or as just said; io, unsupported as store::open(); bad_input if
/// the new directory holds anything. Cost: reads the store and writes what is left; the log and one segment
/// at a time are held in memory.
WEIR_API result<salvage_report> salvage(const std::string& from, const std::string& to,
                                        const salvage_options& = {});

}  // namespace v1
}  // namespace weir
