// growth.hpp - how the cost of a funnel grows with its steps and its groups.
#pragma once

#include <iosfwd>

#include <weir.hpp>

namespace weir_bench {

/// Writes a table: funnels of one to seven steps, then Q1 by attributes of 12 to 20,000 values, with two
/// threads.
void print_growth(const weir::snapshot&, int runs, std::ostream&);

/// Prints what each policy of a funnel costs beside the default, as Markdown.
void print_axes(const weir::snapshot&, int runs, std::ostream&);

}  // namespace weir_bench
