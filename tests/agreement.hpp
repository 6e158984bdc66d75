// agreement.hpp - one world put to the engine and to the oracle.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "oracle/facts.hpp"
#include "world.hpp"

namespace weir_test {

/// All that the engine says of a world. Equal answers print as equal bytes.
struct told {
    std::string error{};  ///< of the verb that refused; the answers end there
    std::vector<weir::stage_history> histories{};
    std::optional<weir::flow_table> flow{};
    std::optional<weir::funnel_table> funnel{};
};
told ask(const funnel_world&, const layout& = {});
told ask(const lifecycle_world&, const layout& = {});
/// What it says of events that are in a store already.
told ask(const funnel_world&, const weir::snapshot&, int threads = 1);
told ask(const lifecycle_world&, const weir::snapshot&, int threads = 1);
/// The answers as tables: of the histories, the flow, the funnel.
std::vector<weir::answer> answers_of(const told&);

/// Changes an answer before it is held against the oracle's.
using spoiler = std::function<void(weir::answer&)>;
/// Holds what the engine said against the oracle, with a fault planted in either. Says where they differ, or
/// "".
std::string disagreement(const funnel_world&, const told&, oracle::fault = oracle::fault::none,
                         const spoiler& = {});
std::string disagreement(const lifecycle_world&, const told&, oracle::fault = oracle::fault::none,
                         const spoiler& = {});

/// Of questions about steps lead by lead: what the oracle holds against the counts of the engine, or "".
std::string disagreement(const funnel_world&, const weir::compare_table&,
                         oracle::fault = oracle::fault::none);
std::string disagreement(const funnel_world&, const weir::drop_off_table&,
                         oracle::fault = oracle::fault::none);
/// The same over the stages of a world's lifecycle.
std::string disagreement(const lifecycle_world&, const weir::compare_table&);
std::string disagreement(const lifecycle_world&, const weir::drop_off_table&);

/// Says where two of the engine's own accounts differ, or "".
std::string difference(const told&, const told&);

/// A world as text, to be read by people.
std::string print(const funnel_world&);
std::string print(const lifecycle_world&);

}  // namespace weir_test
