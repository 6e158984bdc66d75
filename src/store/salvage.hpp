// store/salvage.hpp - salvage() on directories that are open already.
#pragma once

#include <memory>

#include <weir/salvage.hpp>

#include "disk/file.hpp"

namespace weir::inline v1 {

/// Throws as salvage() fails.
salvage_report salvage_store(std::unique_ptr<disk::directory> from, std::unique_ptr<disk::directory> to,
                             const salvage_options&);

}  // namespace weir::inline v1
