// store/recovery.hpp - the logs of a store read back, one after another.
#pragma once

#include <functional>

#include "store/store_files.hpp"

namespace weir::inline v1 {

/// Calls a function for each log that MANIFEST leaves to read, in order. Each has to go on where the one
/// before it ended. Throws corrupt if anything that was acknowledged is damaged or missing.
void for_each_log(const store_files&, const manifest&,
                  const std::function<void(const log_contents&, const disk::file_identity&)>&);

/// Throws unsupported for a directory that is not this machine's own, unless it is allowed.
void check_is_local(const disk::directory&, bool allow_network);

}  // namespace weir::inline v1
