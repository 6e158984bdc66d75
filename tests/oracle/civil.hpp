// oracle/civil.hpp - calendar buckets by counting days from 1970 on: in UTC, at fixed offsets, and from 2008
// on in a few zones with summer time, whose rules are written down here and not read from a database.
#pragma once

#include <string>

#include <weir/time.hpp>

#include "oracle/facts.hpp"

namespace oracle {

struct bucket {
    micros begin = 0, end = 0;
    std::string label{};
};
bucket bucket_at(micros, const weir::calendar&, fault = fault::none);

}  // namespace oracle
