// oracle/civil.hpp - calendar buckets by counting days from 1970 on, in UTC and fixed offsets.
#pragma once

#include <string>

#include <weir/time.hpp>

#include "oracle/facts.hpp"

namespace oracle {

struct bucket {
    micros begin = 0, end = 0;
    std::string label{};
};
bucket bucket_at(micros, const weir::calendar&);

}  // namespace oracle
