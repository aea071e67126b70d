// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief The whole comparison: which runs, in which order, and what they came to.

#include "contender.hpp"
#include "outcome.hpp"
#include "support/figure.hpp"
#include "support/progress.hpp"
#include "workload.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace alloy::bench {

/// Every run of one contender in one cell, a round each.
struct series {
    const contender* who;
    std::vector<double> values; ///< Empty if a run failed or gave another checksum.
    std::uint64_t alignment;    ///< What its small blocks had at least; bytes.

    [[nodiscard]] bool failed() const noexcept { return values.empty(); }
};

/// A cell and those who took part in it, the base first.
struct column {
    cell of;
    std::vector<series> all;

    /// @return Null if `who` did not take part, or failed.
    [[nodiscard]] const series* find(const contender* who) const noexcept;
};

struct experiment {
    std::vector<column> columns;
    std::vector<std::string> objections; ///< A sentence for each series that failed.
};

/// `of`'s values over `to`'s, round by round. @pre Neither failed.
[[nodiscard]] figure ratio(const series& of, const series& to);

/// Runs all contenders in rounds, those of a cell one after another, in another order each time.
/// @throws run_failed A run of the base failed.
[[nodiscard]] experiment conduct(const std::vector<entrant>& who, const std::vector<cell>& cells,
                                 int rounds, std::uint64_t divisor, progress& shown);

} // namespace alloy::bench
