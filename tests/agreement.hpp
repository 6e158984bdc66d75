// agreement.hpp - one world put to the engine and to the oracle.
#pragma once

#include <string>

#include "oracle/facts.hpp"
#include "oracle/lifecycle.hpp"
#include "world.hpp"

namespace weir_test {

/// Says where engine and oracle differ over a funnel, or "".
std::string disagreement(const funnel_world&, oracle::fault = oracle::fault::none);

/// Both sides of a lifecycle. Each member says where they differ, or "".
class lifecycle_trial {
public:
    explicit lifecycle_trial(const lifecycle_world&, oracle::fault = oracle::fault::none);
    std::string history() const;
    std::string flow() const;
    std::string funnel() const;
    std::string all() const;
    /// The engine's derivation.
    const weir::result<weir::snapshot>& derived() const { return derived_; }
    const oracle::histories& told() const { return told_; }

private:
    const lifecycle_world& world_;
    oracle::fault planted_;
    oracle::people people_;
    std::optional<oracle::micros> as_of_;
    weir::result<weir::snapshot> derived_;
    oracle::histories told_{};
    bool must_fail_ = false;
};

/// A world as text, to be read by people.
std::string print(const funnel_world&);
std::string print(const lifecycle_world&);

}  // namespace weir_test
