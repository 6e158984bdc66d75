// show/grid.hpp - a table as texts for a screen or a page: empty columns left out, long tables cut and said.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <weir/table.hpp>

namespace weir::inline v1 {

struct grid {
    struct cell_text {
        std::string main{};
        std::string parts{}, interval{};  ///< of a rate
    };
    std::vector<std::string> headings{};
    std::vector<bool> to_the_right{};  ///< numbers
    std::vector<bool> one_line{};      ///< not to be broken: numbers, times and buckets
    std::vector<std::vector<cell_text>> rows{};
    std::size_t rows_left_out = 0;
    std::vector<std::string> always_zero{};  ///< names of columns that hold 0 alone, and are left out
};

/// Null in the columns group and bucket reads "all". Columns of nulls alone are left out.
grid grid_of(const table&, std::size_t most_rows);

}  // namespace weir::inline v1
