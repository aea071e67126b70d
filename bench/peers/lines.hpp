// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief A chart of a table whose columns are steps of one quantity.

#include "experiment.hpp"
#include "workload.hpp"

#include <string>

namespace alloy::bench {

/// A line for each contender over the columns of the table, as SVG for a page; both axes grow by
/// factors. Empty if fewer than two columns were measured.
[[nodiscard]] std::string lines_of(const table& which, const experiment& of);

} // namespace alloy::bench
