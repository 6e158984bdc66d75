// oracle/lifecycle.hpp - the fold of a lead's events into stages, told as the rules are written.
#pragma once

#include <weir/lifecycle.hpp>

#include "oracle/facts.hpp"
#include "oracle/sheet.hpp"

namespace oracle {

/// Stages count from 0, exits follow; nowhere is -1.
using place = int;
inline constexpr place nowhere = -1;

struct visit {
    place where = nowhere, before = nowhere;
    std::string stage{};
    micros from = 0;
    std::optional<micros> until{};
    int entry = 1, version = 1;
    std::string move{}, cause{}, reason{};
    bool stated = false, filled = false;
    fact event{};  ///< the stage event, as others read it
};
struct refusal {
    micros time = 0;
    std::string event{}, policy{}, target{};
};
struct history {
    std::vector<visit> visits{};
    std::vector<refusal> refusals{};
    bool disputed = false;      ///< arrival decided what a rule read, or which fact made a move
    bool unknown_word = false;  ///< a word that is no stage: derive() fails if the policy says so
};
/// Histories by lead; a lead without any visit or refusal has an empty one.
using histories = std::map<std::string, history>;

histories derive(const people&, const weir::lifecycle&, std::optional<micros> as_of, fault = fault::none);

/// The leads with the stage events added, and raw events of their names hidden.
people staged(const people&, const weir::lifecycle&, const histories&);

/// Holds the visits and refusals against those that the engine found.
std::string difference(const histories&, const weir::stage_history&);

}  // namespace oracle
