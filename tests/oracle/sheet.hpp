// oracle/sheet.hpp - the oracle's answers, and how they are held against those of the engine.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <weir/table.hpp>

#include "oracle/facts.hpp"

namespace oracle {

struct sheet {
    std::string name{};
    std::vector<std::string> columns{};
    std::vector<std::vector<weir::cell>> rows{};
};

struct verdict {
    std::optional<micros> as_of{};
    /// Leads of whom arrival alone decided which value is read, by attribute; those with a 0 are not said.
    std::map<std::string, std::int64_t> disputed{};
    std::int64_t excluded = 0;  ///< leads that an exclusion disqualifies
    std::int64_t without_account = 0;
    bool period_open = false;   ///< the period ends after as_of
    std::vector<sheet> sheets{};
};

/// Says where the two differ, or "".
std::string difference(const verdict&, const weir::answer&);
std::string difference(const sheet&, const weir::table&);

// Rates and quantiles, from their definitions.
weir::rate of_independent(std::int64_t n, std::int64_t of);
weir::rate of_dependent(std::int64_t n, std::int64_t of);
weir::rate without_meaning();
weir::cell mean(const std::vector<std::int64_t>& values);
weir::cell quantile(std::vector<std::int64_t> values, int percent);
/// A null for none.
weir::cell optional_text(const std::optional<std::string>&);

}  // namespace oracle
